//! Keysight (Agilent, HP) solar-array simulators, SCPI: the E4350B and E4351B with one output on
//! GPIB, and the E4360A mainframe with E4361A or E4362A modules on GPIB, LAN and USB. On a serial
//! port they are behind a Prologix controller.
//!
//! Words, limits and rules are those of the E4360 user's guide (pages 64 to 75, appendix A) and of
//! the E4350B operating guide (part number 5962-8206); error numbers and status bits those that
//! public drivers of both families read.

mod channel;
mod driver;
mod emulator;
mod list;
mod machine;
mod memory;
mod options;
mod play;
mod registers;
#[cfg(test)]
mod tests;
mod words;

use super::role::SolarArraySimulator;
use crate::link::Pacing;
use crate::model::Model;
use crate::options::rating;
use crate::scpi::status::code;

/// The mainframe with E4361A modules of 65 V and 8.5 A.
pub(super) const MODEL_E4360A: Model<dyn SolarArraySimulator> = Model {
    name: "keysight-e4360a",
    summary: "Keysight (Agilent) E4360A solar-array simulator with E4361A modules, 65 V, 8.5 A",
    options: &options::MODULAR,
    ratings: &[
        rating("volts", 65.0),
        rating("amps", 8.5),
        rating("watts", 510.0),
    ],
    drive: |setup| Ok(Box::new(driver::Simulator::new(setup, &E4361A))),
    emulate: |setup| Box::new(emulator::Simulator::new(&setup, &E4361A)),
    transcript: include_str!("transcripts/e4360a.txt"),
    ..COMMON
};

/// The mainframe with E4362A modules of 130 V and 5 A.
pub(super) const MODEL_E4362A: Model<dyn SolarArraySimulator> = Model {
    name: "keysight-e4362a",
    summary: "Keysight (Agilent) E4360A solar-array simulator with E4362A modules, 130 V, 5 A",
    options: &options::MODULAR,
    ratings: &[
        rating("volts", 130.0),
        rating("amps", 5.0),
        rating("watts", 600.0),
    ],
    drive: |setup| Ok(Box::new(driver::Simulator::new(setup, &E4362A))),
    emulate: |setup| Box::new(emulator::Simulator::new(&setup, &E4362A)),
    transcript: include_str!("transcripts/e4362a.txt"),
    ..COMMON
};

/// The simulator of 65 V and 8 A.
pub(super) const MODEL_E4350B: Model<dyn SolarArraySimulator> = Model {
    name: "keysight-e4350b",
    summary: "Keysight (Agilent, HP) E4350B solar-array simulator, 65 V, 8 A",
    ratings: &[
        rating("volts", 65.0),
        rating("amps", 8.0),
        rating("watts", 480.0),
    ],
    drive: |setup| Ok(Box::new(driver::Simulator::new(setup, &E4350B))),
    emulate: |setup| Box::new(emulator::Simulator::new(&setup, &E4350B)),
    transcript: include_str!("transcripts/e4350b.txt"),
    ..COMMON
};

/// The simulator of 130 V and 4 A.
pub(super) const MODEL_E4351B: Model<dyn SolarArraySimulator> = Model {
    name: "keysight-e4351b",
    summary: "Keysight (Agilent, HP) E4351B solar-array simulator, 130 V, 4 A",
    ratings: &[
        rating("volts", 130.0),
        rating("amps", 4.0),
        rating("watts", 480.0),
    ],
    drive: |setup| Ok(Box::new(driver::Simulator::new(setup, &E4351B))),
    emulate: |setup| Box::new(emulator::Simulator::new(&setup, &E4351B)),
    transcript: include_str!("transcripts/e4351b.txt"),
    ..COMMON
};

/// What they share. A Prologix controller is a USB serial port, whose speed nobody sets.
const COMMON: Model<dyn SolarArraySimulator> = Model {
    name: "",
    summary: "",
    options: &options::SINGLE,
    ratings: &[],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 115_200,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Simulator::new(setup, &E4350B))),
    emulate: |setup| Box::new(emulator::Simulator::new(&setup, &E4350B)),
    transcript: "",
};

/// Which of the two families a simulator speaks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// One output: no channel lists, the standard's error numbers.
    Single,
    /// A mainframe of modules: channel lists, error numbers of their own.
    Modular,
}

/// What tells the simulators apart.
#[derive(Debug)]
struct Traits {
    dialect: Dialect,
    /// Maker in the answer to `*IDN?`.
    maker: &'static str,
    /// Model in the answer to `*IDN?`.
    model: &'static str,
    /// Firmware in the answer to `*IDN?`.
    firmware: &'static str,
    /// What is in each slot.
    module: &'static str,
    /// Largest voltage as a plain supply, V.
    max_volts: f64,
    /// Largest open-circuit voltage, V.
    max_voc: f64,
    /// Largest current, A.
    max_amps: f64,
    /// Largest power of a curve, W.
    max_watts: f64,
    /// Least `|dV/dI|` of a curve, ohm.
    least_ohm: f64,
    /// Largest level of the over-voltage protection, V.
    max_protection: f64,
    /// Largest level of the over-current protection, A.
    max_over_current: f64,
    /// Least step of voltage, measured.
    volts_step: f64,
    /// Least step of current, measured.
    amps_step: f64,
}

impl Traits {
    /// Settings that do not go together.
    const fn conflict(&self) -> i16 {
        self.number(315)
    }

    /// More power than the output has.
    const fn over_rating(&self) -> i16 {
        self.number(328)
    }

    /// The modular family's number, or for the older one the standard's for settings that do not
    /// go together.
    const fn number(&self, modular: i16) -> i16 {
        match self.dialect {
            Dialect::Modular => modular,
            Dialect::Single => code::SETTINGS_CONFLICT,
        }
    }
}

/// Ranges of the E4360 user's guide, page 67 and 72: to the rating and not beyond. Levels of the
/// protections and steps of the converters (16 bits over the range) are assumed.
const E4361A: Traits = Traits {
    dialect: Dialect::Modular,
    maker: "Agilent Technologies",
    model: "E4360A",
    firmware: "A.02.06",
    module: "E4361A",
    max_volts: 60.0,
    max_voc: 65.0,
    max_amps: 8.5,
    max_watts: 510.0,
    least_ohm: 0.25,
    max_protection: 74.0,
    max_over_current: 9.35,
    volts_step: 0.001,
    amps_step: 0.000_15,
};

const E4362A: Traits = Traits {
    module: "E4362A",
    max_volts: 120.0,
    max_voc: 130.0,
    max_amps: 5.0,
    max_watts: 600.0,
    least_ohm: 1.0,
    max_protection: 148.0,
    max_over_current: 5.5,
    volts_step: 0.002,
    amps_step: 0.000_08,
    ..E4361A
};

/// As its ratings, and two per cent: a client of the older family reads back 8.16 A.
const E4350B: Traits = Traits {
    dialect: Dialect::Single,
    maker: "HEWLETT-PACKARD",
    model: "E4350B",
    firmware: "fA.03.01sA.01.01pA.02.02",
    module: "",
    max_volts: 61.2,
    max_voc: 66.3,
    max_amps: 8.16,
    max_watts: 489.6,
    least_ohm: 0.25,
    max_protection: 78.0,
    max_over_current: 8.8,
    volts_step: 0.016,
    amps_step: 0.002,
};

const E4351B: Traits = Traits {
    model: "E4351B",
    max_volts: 122.4,
    max_voc: 132.6,
    max_amps: 4.08,
    least_ohm: 1.0,
    max_protection: 156.0,
    max_over_current: 4.4,
    volts_step: 0.032,
    amps_step: 0.001,
    ..E4350B
};

/// Bits of the questionable condition register, the same in both families as far as both have
/// them.
mod questionable {
    /// Over-voltage protection has tripped.
    pub(super) const OVER_VOLTAGE: u16 = 1;
    /// Over-current protection has tripped.
    pub(super) const OVER_CURRENT: u16 = 2;
    /// The mains failed (E4360), the fuse is blown (E4350B).
    pub(super) const POWER_FAIL: u16 = 4;
    /// Over-temperature protection has tripped.
    pub(super) const OVER_TEMPERATURE: u16 = 16;
    /// The output switched too often (E4360).
    pub(super) const OVER_SWITCHING: u16 = 256;
    /// An input at the back inhibits the output.
    pub(super) const INHIBITED: u16 = 512;
    /// Another channel's protection switched this one off (E4360).
    pub(super) const COUPLED: u16 = 2_048;
    /// All that latch the output off.
    pub(super) const TRIPPED: u16 = OVER_VOLTAGE
        | OVER_CURRENT
        | POWER_FAIL
        | OVER_TEMPERATURE
        | OVER_SWITCHING
        | INHIBITED
        | COUPLED;
}

/// Bits of the operation condition register.
#[derive(Clone, Copy, Debug)]
struct Operation {
    /// Constant voltage.
    voltage: u16,
    /// Constant current.
    current: u16,
    /// The output is off.
    off: u16,
    /// Waits for a trigger.
    waiting: u16,
    /// A list runs.
    running: u16,
}

impl Dialect {
    const fn operation(self) -> Operation {
        match self {
            Dialect::Single => Operation {
                voltage: 256,
                current: 1_024,
                off: 0,
                waiting: 32,
                running: 0,
            },
            Dialect::Modular => Operation {
                voltage: 1,
                current: 2,
                off: 4,
                waiting: 16,
                running: 64,
            },
        }
    }
}
