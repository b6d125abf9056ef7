//! Thermotron 3800, and the 8200 and 8800 that came after it: mnemonics on a serial line. A 3800
//! does not answer what it is told, and needs a second for it; an 8200 answers a number, 0 for
//! done. Facts: `PyMeasure`'s class for the 3800, and Thermotron's interface command descriptions
//! for the 8800.

mod driver;
mod emulator;
#[cfg(test)]
mod tests;

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};

use super::cabinet;
use super::options;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::Model;

/// The controller, in a chamber of the usual reach.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "thermotron-3800",
    summary: "Thermotron 3800 or 8200 chamber controller, mnemonics",
    options: &OPTIONS,
    ratings: &options::ratings(REACH),
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Chamber::new(setup))),
    emulate: |setup| Box::new(emulator::Chamber::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// What a chamber with cascade refrigeration reaches, °C.
const REACH: [f64; 2] = [-73.0, 177.0];

const OPTIONS: [OptionSpec; 7] = [
    options::deadline(1.0),
    options::safe_celsius(REACH),
    OptionSpec {
        name: "dialect",
        kind: OptionKind::Choice(&["3800", "8200"]),
        default: Some(OptionDefault::Text("3800")),
        help: "3800: answers nothing that it is told; 8200 and 8800: a number, 0 for done",
    },
    options::latency(0.03),
    OptionSpec {
        name: "recovery",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(0.9)),
        help: "emulator: how long a 3800 that was told something hears nothing else",
    },
    cabinet::SENSOR,
    cabinet::DOOR,
];

/// Bits of `MODE?`.
mod mode {
    /// Stopped; it can be edited.
    pub(super) const STOP: u16 = 2;
    /// Holding; it can be edited.
    pub(super) const HOLD: u16 = 8;
    /// Runs at its manual set point.
    pub(super) const MANUAL: u16 = 16;
}

/// Whether it answers what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// It does not.
    Old,
    /// It does, with a number.
    New,
}

impl Dialect {
    fn of(options: &Options) -> Dialect {
        match options.text("dialect") {
            Some("8200") => Dialect::New,
            _ => Dialect::Old,
        }
    }
}
