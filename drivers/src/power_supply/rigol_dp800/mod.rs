//! Rigol DP832: a linear supply with three outputs, each with a switch and protection of its own
//! (DP800 programming guide).

mod driver;
mod emulator;
mod panel;
mod settings;
#[cfg(test)]
mod tests;
mod words;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::role::PowerSupply;
use super::stage::Meter;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::{deadline, latency, load_ohm, over_current, rated, serial};

/// The supply of twice 30 V and once 5 V.
pub(super) const MODEL_DP832: Model<dyn PowerSupply> = Model {
    name: "rigol-dp832",
    summary: "Rigol DP832 power supply, 30 V, 3 A, and two more outputs",
    options: &OPTIONS,
    ratings: &rated(30.0, 3.0),
    ratings_by: |options| options.number("channel").and_then(ratings),
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Supply::new(setup))),
    emulate: emulator::supply,
    transcript: include_str!("transcript.txt"),
};

const OPTIONS: [OptionSpec; 6] = [
    deadline(1.0),
    OptionSpec {
        name: "channel",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 3.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(1.0)),
        help: "which output is used; the others stay off",
    },
    over_current(
        "limit",
        "what the supply does at its current limit: hold it, or switch off",
    ),
    latency(0.020),
    load_ohm(
        0.01,
        "emulator: a resistor at each output that nothing else is at",
    ),
    serial("DP8C000000001"),
];

/// Ratings by a wiring's option `channel`.
fn ratings(channel: f64) -> Option<&'static [Rating]> {
    let output = OUTPUTS.get((channel as usize).checked_sub(1)?)?;
    Some(&output.ratings)
}

/// One output.
#[derive(Debug)]
struct Output {
    /// As `:APPLy?` has it behind the channel's name.
    range: &'static str,
    ratings: [Rating; 2],
    /// Largest voltage and current that can be programmed.
    most: [f64; 2],
    /// Levels of protection against voltage and current.
    protection: [[f64; 2]; 2],
}

/// The ranges of the guide's tables 2-1 and 2-2.
const fn output(range: &'static str, volts: f64, most: f64, protection: f64) -> Output {
    Output {
        range,
        ratings: rated(volts, 3.0),
        most: [most, 3.2],
        protection: [[0.01, protection], [0.01, 3.3]],
    }
}

static OUTPUTS: [Output; 3] = [
    output("30V/3A", 30.0, 32.0, 33.0),
    output("30V/3A", 30.0, 32.0, 33.0),
    output("5V/3A", 5.0, 5.3, 5.5),
];

/// Volts and amperes after `*RST`.
const RESET: [f64; 2] = [0.0, 1.0];

/// Steps of read-back without the option of high resolution; the noise is assumed.
const METER: Meter = Meter {
    volts_step: 0.001,
    amps_step: 0.000_5,
    volts_noise: 0.001,
    amps_noise: 0.000_3,
};

/// Bits of the summary of one output (guide, table 1-3).
mod summary {
    pub(super) const CURRENT: u16 = 1;
    pub(super) const VOLTAGE: u16 = 2;
    pub(super) const OVER_VOLTAGE: u16 = 4;
    pub(super) const OVER_CURRENT: u16 = 8;
    /// In the questionable register: an output has something to tell (table 1-1).
    pub(super) const INSTRUMENTS: u16 = 8_192;
}
