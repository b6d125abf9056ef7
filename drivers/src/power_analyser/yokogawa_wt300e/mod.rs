//! Yokogawa WT310E: one element, SCPI-like words on USB, GPIB or RS-232, and Ethernet, by the
//! communication interface manual IM WT310E-17EN. The analyser that MLPerf and SPEC power use.

mod driver;
mod emulator;
mod items;
mod words;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use crate::device::Device;
use crate::link::Pacing;
use crate::model::Model;
use crate::options::{deadline, latency, serial};

/// The analyser of one element.
pub(super) const MODEL_WT310E: Model<dyn Device> = Model {
    name: "yokogawa-wt310e",
    summary: "Yokogawa WT310E power analyser, one element, 600 V, 20 A",
    options: &OPTIONS,
    ratings: &[],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 57_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Analyser::new(setup))),
    emulate: |setup| Box::new(emulator::Analyser::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

const OPTIONS: [OptionSpec; 4] = [
    deadline(1.0),
    OptionSpec {
        name: "rate",
        kind: OptionKind::Choice(&["100MS", "250MS", "500MS", "1S", "2S", "5S", "10S", "20S"]),
        default: Some(OptionDefault::Text("250MS")),
        help: "how often it measures",
    },
    latency(0.010),
    serial("C2QK00001V"),
];
