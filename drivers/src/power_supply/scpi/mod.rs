//! A supply that the wiring describes: what it is told, asked and answers, line by line. Whatever
//! is left out is as most SCPI supplies have it (Keysight E363x and those that follow it).

mod conversation;
mod description;
mod driver;
mod emulator;
mod output;
#[cfg(test)]
mod tests;
mod words;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::role::PowerSupply;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::{deadline, latency, load_ohm, over_current};

/// The supply that the wiring describes.
pub(super) const MODEL: Model<dyn PowerSupply> = Model {
    name: "scpi",
    summary: "any supply, described line by line in the wiring's options",
    options: &OPTIONS,
    ratings: &[
        Rating {
            name: "volts",
            value: RATED_VOLTS,
        },
        Rating {
            name: "amps",
            value: RATED_AMPS,
        },
    ],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Supply::new(setup)?)),
    emulate: |setup| Box::new(emulator::Supply::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// What a supply that nobody rated can do.
const RATED_VOLTS: f64 = 30.0;
const RATED_AMPS: f64 = 3.0;

const OPTIONS: [OptionSpec; 28] = [
    rated("rated_volts", RATED_VOLTS, "V", "most volts of the output"),
    rated("rated_amps", RATED_AMPS, "A", "most amperes of the output"),
    text(
        "identity",
        "BENCH,SCPI,*",
        "what the answer to `identity_query` must be; * is anything",
    ),
    line("identity_query", &[], "*IDN?", "asks who is there"),
    line("remote", &[], "", "told first: takes the panel's keys away"),
    line(
        "set",
        &["volts", "amps"],
        "",
        "sets both; in place of set_volts and set_amps",
    ),
    line(
        "set_volts",
        &["volts"],
        "VOLT {volts:.3}",
        "sets the voltage",
    ),
    line(
        "set_amps",
        &["amps"],
        "CURR {amps:.4}",
        "sets the current limit",
    ),
    line("volts_query", &[], "", "reads the voltage set point back"),
    line("amps_query", &[], "", "reads the current limit back"),
    line("on", &[], "OUTP ON", "switches the output on"),
    line("off", &[], "OUTP OFF", "switches the output off"),
    line(
        "output_query",
        &[],
        "OUTP?",
        "asks whether the output is on",
    ),
    text("on_answers", "1,ON", "answers that say on, or tripped"),
    line("measure_volts", &[], "MEAS:VOLT?", "measures the voltage"),
    line("measure_amps", &[], "MEAS:CURR?", "measures the current"),
    line(
        "protect",
        &["volts"],
        "VOLT:PROT {volts:.3}",
        "sets the over-voltage protection",
    ),
    line(
        "protect_query",
        &[],
        "VOLT:PROT?",
        "reads the over-voltage protection back",
    ),
    line(
        "over_current_set",
        &["state"],
        "CURR:PROT:STAT {state}",
        "whether it switches off at its current limit: 1 or 0",
    ),
    line(
        "tripped_query",
        &[],
        "VOLT:PROT:TRIP?;:CURR:PROT:TRIP?",
        "asks whether a protection tripped",
    ),
    line(
        "clear",
        &[],
        "VOLT:PROT:CLE;:CURR:PROT:CLE",
        "clears a protection that tripped",
    ),
    line(
        "error_query",
        &[],
        "SYST:ERR?",
        "asks for the oldest error: a number, 0 for none",
    ),
    OptionSpec {
        name: "terminator",
        kind: OptionKind::Choice(&["lf", "crlf", "cr"]),
        default: Some(OptionDefault::Text("lf")),
        help: "what ends a line",
    },
    OptionSpec {
        name: "gap",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(0.0)),
        help: "rest after a line before the next",
    },
    deadline(1.0),
    over_current(
        "limit",
        "what the supply does at its current limit: hold it, or switch off",
    ),
    latency(0.010),
    load_ohm(
        0.01,
        "emulator: a resistor at the output, beside the boards",
    ),
];

const fn rated(
    name: &'static str,
    default: f64,
    unit: &'static str,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number {
            min: 0.001,
            max: 10_000.0,
            unit,
        },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

const fn text(name: &'static str, default: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Text,
        default: Some(OptionDefault::Text(default)),
        help,
    }
}

const fn line(
    name: &'static str,
    fields: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Template(fields),
        default: Some(OptionDefault::Text(default)),
        help,
    }
}
