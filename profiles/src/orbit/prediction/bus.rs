//! The bus: array, battery and load at one voltage.

use super::heat::Heat;
use super::ledger::{EnergyBalance, Ledger};
use super::{Place, TrackPoint};
use crate::orbit::spacecraft::Spacecraft;
use crate::physics::battery::Pack;
use crate::physics::solar_cell::IvCurve;
use crate::time::BenchTime;

/// Charge below which a step's mean voltage of the source is not told by its energy, C.
const LEAST_COULOMBS: f64 = 1e-3;

/// The spacecraft's state, and what does not change.
pub(super) struct Bus<'a> {
    spacecraft: &'a Spacecraft,
    pack: Pack,
    heat: Heat,
    soc: f64,
    array_celsius: f64,
    /// The last voltage, from which the search for the next one starts, V.
    volts: f64,
    /// The last point's surroundings, with what follows from them.
    here: Here,
    energy: EnergyBalance,
    /// In the battery at the start and now, J.
    stored: [f64; 2],
}

/// What holds from one point to the next.
#[derive(Clone, Copy)]
struct Here {
    place: Place,
    curve: IvCurve,
    load_watts: f64,
}

impl<'a> Bus<'a> {
    pub(super) fn new(spacecraft: &'a Spacecraft, light: f64) -> Bus<'a> {
        let pack = spacecraft.battery.pack();
        let soc = spacecraft.battery.initial_soc.clamp(0.0, 1.0);
        let array = &spacecraft.solar_array;
        Bus {
            spacecraft,
            pack,
            heat: Heat::new(spacecraft),
            soc,
            array_celsius: array.rest_celsius(light),
            volts: pack.open_circuit_volts(soc),
            here: Here {
                place: Place::NOWHERE,
                curve: array.curve(0.0, 0.0),
                load_watts: 0.0,
            },
            energy: EnergyBalance::default(),
            stored: [pack.stored_joules(soc); 2],
        }
    }

    /// Finds the voltage of the bus in `place`, and with it all the rest.
    pub(super) fn point(&mut self, at: BenchTime, place: Place, beta_deg: f64) -> TrackPoint {
        let array = &self.spacecraft.solar_array;
        let curve = array.curve(place.flux, self.array_celsius);
        let load_watts = self.spacecraft.load.watts(place.phase, at);
        self.here = Here {
            place,
            curve,
            load_watts,
        };
        let given = self.pack.discharge_limit(self.soc);
        let battery_amps = self.battery_amps(self.pack.resistance_ohm);
        self.volts = self.pack.terminal_volts(self.soc, battery_amps);
        let array_amps = curve.current_at(self.volts);
        TrackPoint {
            at,
            light: place.light,
            flux_w_m2: place.flux,
            array_watts: array_amps * self.volts,
            array_celsius: self.array_celsius,
            load_watts,
            battery_soc: self.soc,
            bus_volts: self.volts,
            limit_amps: array_amps + given,
            baseplate_celsius: self.heat.baseplate(),
            beta_deg,
        }
    }

    /// Temperatures of the lumps beside the baseplate, degC.
    pub(super) fn nodes(&self) -> impl Iterator<Item = f64> {
        self.heat.others()
    }

    /// What flowed so far.
    pub(super) fn totals(&self) -> Ledger {
        Ledger {
            energy: EnergyBalance {
                stored: self.stored[1] - self.stored[0],
                ..self.energy
            },
            heat: self.heat.totals(),
        }
    }

    /// Current out of the battery, A, at which the currents at the bus add up to nothing, as far
    /// as the battery goes: what it must not take goes to the shunt, what it cannot give is
    /// missing.
    fn battery_amps(&self, resistance: f64) -> f64 {
        let wanted = self.balance(resistance);
        let taken = self.pack.charge_limit(self.soc, self.heat.baseplate());
        wanted.clamp(-taken, self.pack.discharge_limit(self.soc))
    }

    /// The same without limits, behind a source of this resistance.
    fn balance(&self, resistance: f64) -> f64 {
        let Here {
            curve, load_watts, ..
        } = self.here;
        let source = self.pack.open_circuit_volts(self.soc);
        let mut volts = self.volts;
        let mut battery_amps = 0.0;
        // Newton's method from the last second's voltage; two rounds do but at an edge.
        for _ in 0..8 {
            let (array_amps, slope) = curve.point_at(volts);
            battery_amps = load_watts / volts - array_amps;
            let error = source - battery_amps * resistance - volts;
            let gradient = -resistance * (-load_watts / (volts * volts) - slope) - 1.0;
            let next = (volts - error / gradient).clamp(0.5 * source, 2.0 * source);
            let done = (next - volts).abs() < 1e-9;
            volts = next;
            if done {
                break;
            }
        }
        battery_amps
    }

    /// Lets `seconds` pass since the last point. The currents are those of the middle of the
    /// step, at which the source has moved by half the charge: of the second order, and no
    /// energy is lost in it.
    pub(super) fn advance(&mut self, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        let Here {
            place,
            curve,
            load_watts,
        } = self.here;
        let moved = self.pack.volts_per_coulomb(self.soc) * 0.5 * seconds;
        let resistance = self.pack.resistance_ohm + moved;
        let wanted = self.battery_amps(resistance);
        let (after, amps) = self.pack.draw(self.soc, wanted, seconds);
        let stored = self.pack.stored_joules(after);
        // The mean voltage of the source is what it gave over its charge, corners of its curve
        // and all, so that the books close over each step.
        let coulombs = amps * seconds;
        let source = if coulombs.abs() > LEAST_COULOMBS {
            (self.stored[1] - stored) / coulombs
        } else {
            self.pack.open_circuit_volts(self.soc) - amps * moved
        };
        let volts = source - amps * self.pack.resistance_ohm;
        let array_watts = curve.current_at(volts) * volts;
        let left = array_watts + amps * volts - load_watts;
        self.energy.array += array_watts * seconds;
        self.energy.load += load_watts * seconds;
        self.energy.shunt += left.max(0.0) * seconds;
        self.energy.unserved += (-left).max(0.0) * seconds;
        self.energy.loss += amps * amps * self.pack.resistance_ohm * seconds;
        self.stored[1] = stored;
        self.soc = after;
        let array = &self.spacecraft.solar_array;
        let rest = array.rest_celsius(place.light);
        self.array_celsius = rest
            + (self.array_celsius - rest) * (-seconds / array.settling_seconds.max(1e-3)).exp();
        self.heat.advance(place, load_watts, seconds);
    }
}
