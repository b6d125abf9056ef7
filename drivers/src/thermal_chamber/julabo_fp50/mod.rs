//! JULABO circulators with the `in` and `out` commands: FP, HE, SE, HL, CF, MAGIO and their like, here an
//! FP50-HE. They temper what is screwed onto a cold plate, as a board in vacuum is. What is set is
//! not answered; `status` tells what became of it. Facts: chapters "Remote control" of the operating
//! manuals (CF30/CF40 p. 29, SL-6 to SL-26 p. 82, Magio MX p. 91, LC 6 p. 46), and the Python package
//! `julabo`, written on a CF31, an HL-4 and an MS-1000F.

mod driver;
mod emulator;
#[cfg(test)]
mod tests;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::cabinet;
use super::options;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::Model;

/// The circulator, with a bath fluid for all of its reach.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "julabo-fp50",
    summary: "JULABO FP50-HE or another circulator with its commands, for a cold plate",
    options: &OPTIONS,
    ratings: &options::ratings(REACH),
    ratings_by: |_| None,
    guards_itself: true,
    // As it leaves the factory: 7 bits, even parity, RTS/CTS.
    pacing: Pacing::Serial {
        baud: 4_800,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Circulator::new(setup))),
    emulate: |setup| Box::new(emulator::Circulator::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// Working temperatures of an FP50, °C.
const REACH: [f64; 2] = [-50.0, 200.0];

const OPTIONS: [OptionSpec; 6] = [
    options::deadline(1.0),
    options::safe_celsius(REACH),
    OptionSpec {
        name: "control",
        kind: OptionKind::Choice(&["remote", "manual"]),
        default: Some(OptionDefault::Text("remote")),
        help: "emulator: what is chosen at its panel; in manual it takes no settings",
    },
    options::latency(0.02),
    OptionSpec {
        name: "recovery",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(0.2)),
        help: "emulator: how long it hears nothing after a setting; the manual asks for 0.25 s",
    },
    cabinet::SENSOR,
];
