//! Who feeds whom: supplies and arrays, their buses, boards as loads of constant power, and
//! electronic loads.

use profiles::quantity::{Amperes, Volts};
use profiles::time::BenchTime;

use super::array::{Curve, Point};
use super::{BoardNode, BrownOut, Bus, Drive, Extremes, Sink};

/// Below this an electronic load cannot hold its current: its transistors are a resistor, V.
const SINK_KNEE_VOLTS: f64 = 0.1;

/// Over this an electronic load that holds a voltage goes from nothing to its most, V.
const SINK_RISE_VOLTS: f64 = 1e-3;

#[derive(Debug)]
pub(super) struct BusNode {
    pub(super) drive: Drive,
    /// In place of `drive`, where the source has a curve.
    pub(super) curve: Option<Curve>,
    pub(super) sink: Sink,
    /// Current into the electronic load.
    pub(super) sunk: Amperes,
    pub(super) state: Bus,
    pub(super) brown_out: BrownOut,
    pub(super) extremes: Extremes,
}

impl Default for BusNode {
    fn default() -> BusNode {
        BusNode {
            drive: Drive::default(),
            curve: None,
            sink: Sink::default(),
            sunk: Amperes::default(),
            state: Bus::default(),
            brown_out: BrownOut::NONE,
            extremes: Extremes::default(),
        }
    }
}

/// One step, quasi-static: converters hold their power, so a board's current is `P / V`; a supply
/// in limit lets the voltage fall until the current is what it allows; an array and its loads
/// meet on the array's curve.
pub(super) fn step(now: BenchTime, buses: &mut [BusNode], boards: &mut [BoardNode]) {
    for (index, bus) in buses.iter_mut().enumerate() {
        // By name, so that the sum has the same bits whatever the order of the wiring.
        let mut fed: Vec<&mut BoardNode> = boards
            .iter_mut()
            .filter(|board| board.bus.is_some_and(|bus| bus.0 == index))
            .collect();
        fed.sort_by(|a, b| a.name.cmp(&b.name));
        let mut point = bus.point(&fed);
        point.volts *= bus.brown_out.left(now);
        let mut total = bus.sink.amps(point.volts);
        bus.sunk = Amperes(total);
        for board in &mut fed {
            let volts = point.volts * board.brown_out.left(now);
            let amps = current(board, volts);
            board.state.amps = Amperes(amps);
            board.state.volts = Volts(volts - amps * board.traits.harness_ohm);
            total += amps;
        }
        // What a curve gives beyond what is taken goes into the capacitors of who just stopped.
        let amps = if bus.curve.is_some() {
            point.amps
        } else {
            total.min(point.amps)
        };
        bus.state = Bus {
            volts: Volts(point.volts),
            amps: Amperes(amps),
            limiting: point.collapsed,
        };
        bus.witness(now);
    }
}

impl BusNode {
    /// Keeps the most that there was.
    fn witness(&mut self, now: BenchTime) {
        let (state, most) = (self.state, &mut self.extremes);
        if state.volts.0 > most.volts.0.0 {
            most.volts = (state.volts, now);
        }
        if state.amps.0 > most.amps.0.0 {
            most.amps = (state.amps, now);
        }
        if self.sunk.0 > most.sunk.0.0 {
            most.sunk = (self.sunk, now);
        }
    }

    /// Voltage of the bus, the most current there, and whether the source is at its limit.
    fn point(&self, fed: &[&mut BoardNode]) -> Point {
        let demand = |volts: f64| -> f64 {
            let boards: f64 = fed.iter().map(|board| current(board, volts)).sum();
            boards + self.sink.amps(volts)
        };
        if let Some(curve) = &self.curve {
            return curve.meets(demand);
        }
        let volts = if self.drive.on {
            self.drive.volts.0
        } else {
            0.0
        };
        let limit = self.drive.limit.0.max(0.0);
        let asked = demand(volts);
        if !self.drive.on || asked <= limit {
            let (amps, collapsed) = (limit, false);
            return Point {
                volts,
                amps,
                collapsed,
            };
        }
        let point = match self.sink {
            // In limit the loads see the voltage at which their power takes just the limit.
            Sink::Off => Point {
                volts: volts * limit / asked,
                amps: limit,
                collapsed: true,
            },
            _ => Curve::regulated(volts, limit).meets(demand),
        };
        Point {
            collapsed: true,
            ..point
        }
    }
}

impl Sink {
    /// Current into the load at a voltage, A.
    fn amps(self, volts: f64) -> f64 {
        if volts <= 0.0 {
            return 0.0;
        }
        match self {
            Sink::Off => 0.0,
            Sink::Amps(amps) => amps.0.max(0.0) * (volts / SINK_KNEE_VOLTS).min(1.0),
            Sink::Ohms(ohm) => volts / ohm.max(1e-3),
            Sink::Watts { watts, most } => (watts.0.max(0.0) / volts).min(most.0.max(0.0)),
            Sink::Volts { volts: held, most } => {
                most.0.max(0.0) * ((volts - held.0) / SINK_RISE_VOLTS).clamp(0.0, 1.0)
            }
        }
    }
}

/// Current of a load of constant power behind its harness: the smaller root of
/// `R I² - V I + P = 0`; none below the board's smallest voltage.
fn current(board: &BoardNode, volts: f64) -> f64 {
    let (ohm, watts) = (board.traits.harness_ohm, board.draw.0.max(0.0));
    if volts < board.traits.min_volts.0 || volts <= 0.0 {
        return 0.0;
    }
    let discriminant = volts * volts - 4.0 * ohm * watts;
    if discriminant < 0.0 {
        // The harness cannot carry it: the largest power that it can.
        return volts / (2.0 * ohm);
    }
    2.0 * watts / (volts + discriminant.sqrt())
}
