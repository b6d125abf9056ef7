//! Rigol DL3021 and DL3031: SCPI on USB, LAN (port 5555) and RS-232, by the DL3000 programming guide.

mod driver;
mod emulator;
mod words;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::role::ElectronicLoad;
use crate::link::Pacing;
use crate::model::{Model, Rating};

/// The load of 200 W.
pub(super) const MODEL_DL3021: Model<dyn ElectronicLoad> = Model {
    name: "rigol-dl3021",
    summary: "Rigol DL3021 electronic load, 150 V, 40 A, 200 W",
    options: &OPTIONS,
    ratings: &[
        rating("volts", 150.0),
        rating("amps", 40.0),
        rating("watts", 200.0),
    ],
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Load::new(setup, &DL3021))),
    emulate: |setup| Box::new(emulator::Load::new(&setup, &DL3021)),
    transcript: include_str!("transcript_dl3021.txt"),
};

/// The load of 350 W.
pub(super) const MODEL_DL3031: Model<dyn ElectronicLoad> = Model {
    name: "rigol-dl3031",
    summary: "Rigol DL3031 electronic load, 150 V, 60 A, 350 W",
    ratings: &[
        rating("volts", 150.0),
        rating("amps", 60.0),
        rating("watts", 350.0),
    ],
    drive: |setup| Ok(Box::new(driver::Load::new(setup, &DL3031))),
    emulate: |setup| Box::new(emulator::Load::new(&setup, &DL3031)),
    transcript: include_str!("transcript_dl3031.txt"),
    ..MODEL_DL3021
};

const fn rating(name: &'static str, value: f64) -> Rating {
    Rating { name, value }
}

const OPTIONS: [OptionSpec; 3] = [
    OptionSpec {
        name: "deadline",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(1.0)),
        help: "how long an answer may take",
    },
    OptionSpec {
        name: "latency",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(0.015)),
        help: "emulator: time from question to answer",
    },
    OptionSpec {
        name: "serial",
        kind: OptionKind::Text,
        default: Some(OptionDefault::Text("DL3A000000001")),
        help: "emulator: serial number that it answers",
    },
];

/// What tells the loads apart.
#[derive(Debug)]
struct Traits {
    model: &'static str,
    max_volts: f64,
    max_amps: f64,
    max_watts: f64,
    /// The smaller of the two ranges of current, A.
    low_amps: f64,
}

/// Resistances that can be held, ohm.
const OHMS: (f64, f64) = (0.08, 15_000.0);

const DL3021: Traits = Traits {
    model: "DL3021",
    max_volts: 150.0,
    max_amps: 40.0,
    max_watts: 200.0,
    low_amps: 4.0,
};

const DL3031: Traits = Traits {
    model: "DL3031",
    max_volts: 150.0,
    max_amps: 60.0,
    max_watts: 350.0,
    low_amps: 6.0,
};
