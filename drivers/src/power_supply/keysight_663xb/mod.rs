//! Keysight (Agilent, HP) 6632B, 6633B, 6634B: one linear output of 100 W, SCPI on RS-232. The
//! three differ in their ratings only.

mod driver;
mod emulator;
mod output;
#[cfg(test)]
mod tests;
mod words;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::role::PowerSupply;
use crate::link::Pacing;
use crate::model::Model;
use crate::options::{deadline, latency, over_current, rating};

/// The supply of 20 V and 5 A.
pub(super) const MODEL_6632B: Model<dyn PowerSupply> = Model {
    name: "keysight-6632b",
    summary: "Keysight (Agilent, HP) 6632B power supply, 20 V, 5 A",
    ratings: &[rating("volts", 20.0), rating("amps", 5.0)],
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &K6632B))),
    emulate: |setup| Box::new(emulator::Supply::new(&setup, &K6632B)),
    transcript: include_str!("transcript_6632b.txt"),
    ..COMMON
};

/// The supply of 50 V and 2 A.
pub(super) const MODEL_6633B: Model<dyn PowerSupply> = Model {
    name: "keysight-6633b",
    summary: "Keysight (Agilent, HP) 6633B power supply, 50 V, 2 A",
    ratings: &[rating("volts", 50.0), rating("amps", 2.0)],
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &K6633B))),
    emulate: |setup| Box::new(emulator::Supply::new(&setup, &K6633B)),
    transcript: include_str!("transcript_6633b.txt"),
    ..COMMON
};

/// The supply of 100 V and 1 A.
pub(super) const MODEL_6634B: Model<dyn PowerSupply> = Model {
    name: "keysight-6634b",
    summary: "Keysight (Agilent, HP) 6634B power supply, 100 V, 1 A",
    ratings: &[rating("volts", 100.0), rating("amps", 1.0)],
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &K6634B))),
    emulate: |setup| Box::new(emulator::Supply::new(&setup, &K6634B)),
    transcript: include_str!("transcript_6634b.txt"),
    ..COMMON
};

/// What the three share.
const COMMON: Model<dyn PowerSupply> = Model {
    name: "",
    summary: "",
    options: &OPTIONS,
    ratings: &[],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &K6633B))),
    emulate: |setup| Box::new(emulator::Supply::new(&setup, &K6633B)),
    transcript: "",
};

const OPTIONS: [OptionSpec; 4] = [
    deadline(1.0),
    over_current(
        "limit",
        "what the supply does at its current limit: hold it, or switch off",
    ),
    latency(0.010),
    OptionSpec {
        name: "serial",
        kind: OptionKind::Text,
        default: Some(OptionDefault::Text("0")),
        help: "emulator: serial number that it answers; the family answers 0",
    },
];

/// What tells the three apart.
#[derive(Debug)]
struct Traits {
    /// Model in the answer to `*IDN?`.
    model: &'static str,
    /// Largest voltage that can be programmed: 2.4 % above the rating.
    max_volts: f64,
    /// Largest current limit that can be programmed.
    max_amps: f64,
    /// Largest level of the over-voltage protection.
    max_protection: f64,
    /// Least step of voltage, set and measured.
    volts_step: f64,
    /// Least step of current, set and measured.
    amps_step: f64,
    /// Noise of one voltage measurement, rms.
    volts_noise: f64,
    /// Noise of one current measurement, rms.
    amps_noise: f64,
}

/// The ranges are those that clients of the older 6632A to 6634A check for; the B models' may
/// differ a little. The steps assume a 12-bit converter over the range, and
/// the noise is below a step: neither is from the manual.
const K6632B: Traits = Traits {
    model: "6632B",
    max_volts: 20.475,
    max_amps: 5.118,
    max_protection: 22.0,
    volts_step: 0.005,
    amps_step: 0.00125,
    volts_noise: 0.000_3,
    amps_noise: 0.000_2,
};

const K6633B: Traits = Traits {
    model: "6633B",
    max_volts: 51.118,
    max_amps: 2.0475,
    max_protection: 55.0,
    volts_step: 0.0125,
    amps_step: 0.000_5,
    volts_noise: 0.000_5,
    amps_noise: 0.000_2,
};

const K6634B: Traits = Traits {
    model: "6634B",
    max_volts: 102.38,
    max_amps: 1.0238,
    max_protection: 110.0,
    volts_step: 0.025,
    amps_step: 0.000_25,
    volts_noise: 0.000_5,
    amps_noise: 0.000_2,
};

/// Bits of the questionable condition register.
mod questionable {
    /// Over-voltage protection has tripped.
    pub(super) const OVER_VOLTAGE: u16 = 1;
    /// Over-current protection has tripped.
    pub(super) const OVER_CURRENT: u16 = 2;
    /// The fuse is blown.
    pub(super) const FUSE: u16 = 4;
    /// Over-temperature protection has tripped.
    pub(super) const OVER_TEMPERATURE: u16 = 16;
    /// The remote inhibit input is active.
    pub(super) const INHIBITED: u16 = 512;
    /// All that latch the output off.
    pub(super) const TRIPPED: u16 =
        OVER_VOLTAGE | OVER_CURRENT | FUSE | OVER_TEMPERATURE | INHIBITED;
}

/// Bits of the operation condition register.
mod operation {
    /// Waits for a trigger.
    pub(super) const WAITING: u16 = 32;
    /// Constant voltage.
    pub(super) const VOLTAGE: u16 = 256;
    /// Constant current out of the output.
    pub(super) const CURRENT: u16 = 1_024;
    /// Constant current into the output.
    pub(super) const SINK: u16 = 2_048;
}
