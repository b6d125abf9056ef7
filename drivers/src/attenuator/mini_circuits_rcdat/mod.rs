//! Mini-Circuits RCDAT: text over Telnet on TCP port 23, one command and one answer a line, by the
//! maker's programming manual for programmable attenuators (single-channel models; control over
//! Ethernet).

mod driver;
mod emulator;

use profiles::option::OptionSpec;

use super::role::Attenuator;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::{deadline, latency, rating, serial};

/// Up to 6 GHz, 60 dB.
pub(super) const MODEL_6000_60: Model<dyn Attenuator> = Model {
    name: "mini-circuits-rcdat-6000-60",
    summary: "Mini-Circuits RCDAT-6000-60 attenuator, 1 MHz to 6 GHz, 60 dB",
    options: &OPTIONS,
    ratings: &rated(60.0),
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Instant,
    drive: |setup| Ok(Box::new(driver::Attenuator::new(setup, &RCDAT_6000_60))),
    emulate: |setup| Box::new(emulator::Attenuator::new(&setup, &RCDAT_6000_60)),
    transcript: include_str!("transcript_6000_60.txt"),
};

/// Up to 8 GHz, 90 dB.
pub(super) const MODEL_8000_90: Model<dyn Attenuator> = Model {
    name: "mini-circuits-rcdat-8000-90",
    summary: "Mini-Circuits RCDAT-8000-90 attenuator, 1 MHz to 8 GHz, 90 dB",
    ratings: &rated(90.0),
    drive: |setup| Ok(Box::new(driver::Attenuator::new(setup, &RCDAT_8000_90))),
    emulate: |setup| Box::new(emulator::Attenuator::new(&setup, &RCDAT_8000_90)),
    transcript: include_str!("transcript_8000_90.txt"),
    ..MODEL_6000_60
};

const OPTIONS: [OptionSpec; 3] = [deadline(1.0), latency(0.003), serial("11900000001")];

/// From none to the most that it has, dB.
const fn rated(most: f64) -> [Rating; 2] {
    [rating("min_db", 0.0), rating("max_db", most)]
}

/// What tells the attenuators apart.
#[derive(Debug)]
struct Traits {
    model: &'static str,
    most_db: f64,
}

/// All of them step by a quarter of a decibel.
const STEP_DB: f64 = 0.25;

const RCDAT_6000_60: Traits = Traits {
    model: "RCDAT-6000-60",
    most_db: 60.0,
};

const RCDAT_8000_90: Traits = Traits {
    model: "RCDAT-8000-90",
    most_db: 90.0,
};

/// The nearest step of the hardware, dB.
fn nearest_step(db: f64) -> f64 {
    (db / STEP_DB).round() * STEP_DB
}
