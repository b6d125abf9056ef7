//! Who feeds whom: supplies, their buses, and boards as loads of constant power.

use profiles::quantity::{Amperes, Volts};

use super::{BoardNode, Bus, Drive};

#[derive(Debug, Default)]
pub(super) struct BusNode {
    pub(super) drive: Drive,
    pub(super) state: Bus,
}

/// One step, quasi-static: converters hold their power, so a board's current is `P / V`; a supply
/// in limit lets the voltage fall until the current is what it allows.
pub(super) fn step(buses: &mut [BusNode], boards: &mut [BoardNode]) {
    for (index, bus) in buses.iter_mut().enumerate() {
        let volts = if bus.drive.on { bus.drive.volts.0 } else { 0.0 };
        // By name, so that the sum has the same bits whatever the order of the wiring.
        let mut fed: Vec<&mut BoardNode> = boards
            .iter_mut()
            .filter(|board| board.bus.is_some_and(|bus| bus.0 == index))
            .collect();
        fed.sort_by(|a, b| a.name.cmp(&b.name));
        let demand: f64 = fed.iter().map(|board| current(board, volts)).sum();
        let limit = bus.drive.limit.0.max(0.0);
        let limiting = bus.drive.on && demand > limit;
        // In limit the loads see the voltage at which their power takes just the limit.
        let volts = if limiting {
            volts * limit / demand
        } else {
            volts
        };
        let mut total = 0.0;
        for board in &mut fed {
            let amps = current(board, volts);
            board.state.amps = Amperes(amps);
            board.state.volts = Volts(volts - amps * board.traits.harness_ohm);
            total += amps;
        }
        bus.state = Bus {
            volts: Volts(volts),
            amps: Amperes(total.min(limit)),
            limiting,
        };
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
