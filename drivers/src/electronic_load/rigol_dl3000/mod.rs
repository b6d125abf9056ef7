//! Rigol DL3021 and DL3031: SCPI on USB, LAN (port 5555) and RS-232, by the DL3000 programming guide.

mod driver;
mod emulator;
mod words;

use profiles::option::OptionSpec;

use super::role::ElectronicLoad;
use crate::link::Pacing;
use crate::model::Model;
use crate::options::{deadline, latency, rating, serial};

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
    ratings_by: |_| None,
    guards_itself: true,
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

const OPTIONS: [OptionSpec; 3] = [deadline(1.0), latency(0.015), serial("DL3A000000001")];

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
