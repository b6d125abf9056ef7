//! What a board draws, and what its sensors and counters say.

use profiles::command::PowerMode;
use profiles::time::BenchTime;

use super::{Board, Health, Power, Settings};
use crate::plant::Plant;

/// Share of the dynamic power that booting takes.
const BOOT_SHARE: f64 = 0.3;
/// Share of the idle power that is left after a stop, with the accelerator's clock gated.
const PARKED_SHARE: f64 = 0.6;
/// Sensor noise, standard deviations: V, A and K.
const NOISE: [f64; 3] = [0.004, 0.002, 0.05];

impl Board {
    /// What its sensors and counters say.
    pub(crate) fn health(&mut self, at: BenchTime, plant: &Plant) -> Health {
        let state = plant.board(self.id);
        let [volts, amps, kelvin] = NOISE;
        let mut noisy = |value: f64, deviation: f64| value + deviation * self.noise.normal();
        if at >= self.stuck_until {
            self.sensed = [
                noisy(state.volts.0, volts),
                noisy(state.amps.0, amps),
                noisy(state.board.0, kelvin),
                noisy(state.junction.0, kelvin),
            ];
        }
        let [bus_volts, bus_amps, board_temperature, junction_temperature] = self.sensed;
        Health {
            bus_volts,
            bus_amps,
            board_temperature,
            junction_temperature,
            clock_mhz: self.governor.mhz(),
            mode: match self.governor.mode {
                PowerMode::Full => 0.0,
                PowerMode::Reduced => 1.0,
            },
            state: self.state(),
            throttled: f64::from(u8::from(self.governor.throttled)),
            inferences: f64::from(self.counts.inferences),
            ecc_corrected: f64::from(self.counts.corrected),
            rejected: f64::from(self.counts.rejected),
            uptime_s: match self.power {
                Power::On { since } => at.micros_since(since) as f64 * 1e-6,
                Power::Off | Power::Booting { .. } | Power::Hung { .. } => 0.0,
            },
        }
    }

    /// As [`Health::state`] has it: too hot to compute is a fault.
    fn state(&self) -> f64 {
        match self.power {
            Power::Off => 0.0,
            Power::Booting { .. } => 1.0,
            Power::Hung { .. } => 4.0,
            Power::On { .. } if self.governor.overheated => 4.0,
            Power::On { .. } if self.job.is_some() => 3.0,
            Power::On { .. } => 2.0,
        }
    }

    /// Power that it takes now, W.
    pub(super) fn watts(&self) -> f64 {
        let Settings {
            idle_watts,
            busy_watts,
            ..
        } = self.settings;
        let dynamic = (busy_watts - idle_watts).max(0.0);
        self.flaws.watts()
            + match self.power {
                Power::Off => 0.0,
                Power::Booting { .. } => idle_watts + BOOT_SHARE * dynamic,
                Power::On { .. } if self.job.is_some() => {
                    idle_watts + dynamic * self.governor.share()
                }
                Power::On { .. } if self.parked => idle_watts * PARKED_SHARE,
                // An endless loop is no work, and no rest.
                Power::On { .. } | Power::Hung { .. } => idle_watts,
            }
    }
}
