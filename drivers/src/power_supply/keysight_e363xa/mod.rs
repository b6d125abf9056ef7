//! Keysight (Agilent, HP) E3631A and E3632A: linear supplies with an RS-232 port, SCPI. The first
//! has three outputs behind one switch and no protection that can be set; the second has one
//! output of two ranges, and guards its volts and its amperes.

mod driver;
mod emulator;
mod instruments;
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
use crate::options::{deadline, latency, load_ohm, over_current, rated};

/// Eleven bits for each byte: the port has two stop bits (E3632A user's guide, page 62).
const RS232: Pacing = Pacing::Serial {
    baud: 9_600,
    bits_per_byte: 11,
};

/// The supply with three outputs.
pub(super) const MODEL_E3631A: Model<dyn PowerSupply> = Model {
    name: "keysight-e3631a",
    summary: "Keysight (Agilent, HP) E3631A power supply, 25 V, 1 A, and two more outputs",
    options: &[
        DEADLINE,
        OptionSpec {
            name: "output",
            kind: OptionKind::Choice(&["p6v", "p25v", "n25v"]),
            default: Some(OptionDefault::Text("p25v")),
            help: "which output is used; the others stay at 0 V",
        },
        LATENCY,
        LOAD,
        INTERFACE,
    ],
    ratings: P25V.ratings,
    ratings_by: |options| options.text("output").and_then(ratings),
    guards_itself: false,
    pacing: RS232,
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &E3631A))),
    emulate: |setup| emulator::supply(&setup, &E3631A),
    transcript: include_str!("transcript_e3631a.txt"),
};

/// The supply with two ranges.
pub(super) const MODEL_E3632A: Model<dyn PowerSupply> = Model {
    name: "keysight-e3632a",
    summary: "Keysight (Agilent, HP) E3632A power supply, 30 V, 4 A or 15 V, 7 A",
    options: &[
        DEADLINE,
        OptionSpec {
            name: "range",
            kind: OptionKind::Choice(&["p15v", "p30v"]),
            default: Some(OptionDefault::Text("p30v")),
            help: "which range is used: 15 V and 7 A, or 30 V and 4 A",
        },
        over_current(
            "limit",
            "what the supply does at its current limit: hold it, or switch off",
        ),
        LATENCY,
        LOAD,
        INTERFACE,
    ],
    ratings: P30V.ratings,
    ratings_by: |options| options.text("range").and_then(ratings),
    guards_itself: true,
    pacing: RS232,
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &E3632A))),
    emulate: |setup| emulator::supply(&setup, &E3632A),
    transcript: include_str!("transcript_e3632a.txt"),
};

const DEADLINE: OptionSpec = deadline(1.0);

const LATENCY: OptionSpec = latency(0.010);

const LOAD: OptionSpec = load_ohm(
    0.01,
    "emulator: a resistor at each output that nothing else is at",
);

const INTERFACE: OptionSpec = OptionSpec {
    name: "interface",
    kind: OptionKind::Choice(&["rs232", "gpib"]),
    default: Some(OptionDefault::Text("rs232")),
    help: "emulator: on RS-232 it is told nothing before SYST:REM; GPIB needs none",
};

/// Ratings by a wiring's option `output` or `range`.
fn ratings(word: &str) -> Option<&'static [Rating]> {
    let outputs = [P6V, P25V, N25V, P15V, P30V];
    let found = outputs
        .into_iter()
        .find(|output| output.name.eq_ignore_ascii_case(word))?;
    Some(found.ratings)
}

/// What tells the two apart.
#[derive(Debug)]
struct Traits {
    /// Model in the answer to `*IDN?`.
    model: &'static str,
    /// Firmware in that answer, as supplies of that age tell it.
    firmware: &'static str,
    kind: Kind,
    /// Its outputs; or the two ranges of its only one.
    outputs: [&'static OutputTraits; 3],
}

/// How the outputs are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Three outputs behind one switch.
    Triple,
    /// One output with two ranges.
    Ranged,
}

/// One output, or one range of an output.
#[derive(Debug)]
struct OutputTraits {
    /// As `INST:SEL` and `VOLT:RANG` have it.
    name: &'static str,
    /// Whether its volts are below zero.
    negative: bool,
    /// What the wiring may ask for.
    ratings: &'static [Rating; 2],
    /// Largest voltage that can be programmed: 3 % above the rating.
    max_volts: f64,
    /// Largest current limit that can be programmed.
    max_amps: f64,
    /// Current limit after `*RST`.
    reset_amps: f64,
    meter: Meter,
}

/// The steps are the resolutions of read-back in the guides' specifications; the noise of one
/// measurement, about two thirds of a step, is assumed.
const fn meter(volts_step: f64, amps_step: f64) -> Meter {
    Meter {
        volts_step,
        amps_step,
        volts_noise: 0.6 * volts_step,
        amps_noise: 0.6 * amps_step,
    }
}

const P6V: OutputTraits = OutputTraits {
    name: "P6V",
    negative: false,
    ratings: &rated(6.0, 5.0),
    max_volts: 6.18,
    max_amps: 5.15,
    reset_amps: 5.0,
    meter: meter(0.000_5, 0.000_5),
};

const P25V: OutputTraits = OutputTraits {
    name: "P25V",
    negative: false,
    ratings: &rated(25.0, 1.0),
    max_volts: 25.75,
    max_amps: 1.03,
    reset_amps: 1.0,
    meter: meter(0.001_5, 0.000_1),
};

const N25V: OutputTraits = OutputTraits {
    name: "N25V",
    negative: true,
    ratings: &rated(25.0, 1.0),
    max_volts: 25.75,
    max_amps: 1.03,
    reset_amps: 1.0,
    meter: meter(0.001_5, 0.000_1),
};

const P15V: OutputTraits = OutputTraits {
    name: "P15V",
    negative: false,
    ratings: &rated(15.0, 7.0),
    max_volts: 15.45,
    max_amps: 7.21,
    reset_amps: 7.0,
    meter: meter(0.000_5, 0.000_5),
};

const P30V: OutputTraits = OutputTraits {
    name: "P30V",
    negative: false,
    ratings: &rated(30.0, 4.0),
    max_volts: 30.9,
    max_amps: 4.12,
    reset_amps: 4.0,
    meter: meter(0.000_5, 0.000_5),
};

static E3631A: Traits = Traits {
    model: "E3631A",
    firmware: "2.1-5.0-1.0",
    kind: Kind::Triple,
    outputs: [&P6V, &P25V, &N25V],
};

static E3632A: Traits = Traits {
    model: "E3632A",
    firmware: "1.1-5.0-1.0",
    kind: Kind::Ranged,
    outputs: [&P15V, &P30V, &P30V],
};

impl Traits {
    /// How many outputs there are.
    fn count(&self) -> usize {
        match self.kind {
            Kind::Triple => self.outputs.len(),
            Kind::Ranged => 1,
        }
    }
}

/// Largest levels of the E3632A's protection, V and A (user's guide, pages 87 and 90): what they
/// are after `*RST`.
const MOST_VOLTS: f64 = 32.0;
const MOST_AMPS: f64 = 7.5;
/// Least level of its over-voltage protection, V.
const LEAST_VOLTS: f64 = 1.0;

/// Bits of the questionable status register, and of the summary of one output.
mod questionable {
    /// The output is in constant current.
    pub(super) const CURRENT: u16 = 1;
    /// The output is in constant voltage.
    pub(super) const VOLTAGE: u16 = 2;
    /// Over-temperature, or the fan.
    pub(super) const TEMPERATURE: u16 = 16;
    /// Over-voltage protection has tripped.
    pub(super) const OVER_VOLTAGE: u16 = 512;
    /// Over-current protection has tripped.
    pub(super) const OVER_CURRENT: u16 = 1_024;
    /// An output of several has something to tell.
    pub(super) const INSTRUMENTS: u16 = 8_192;
}
