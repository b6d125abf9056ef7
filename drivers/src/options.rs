//! Options and ratings that makes of several families have.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::Period;

use crate::model::Rating;

/// How long an answer may take.
pub(crate) const fn deadline(seconds: f64) -> OptionSpec {
    OptionSpec {
        name: "deadline",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(seconds)),
        help: "how long an answer may take",
    }
}

/// The deadline that is set.
pub(crate) fn deadline_of(options: &Options, otherwise: f64) -> Period {
    let seconds = options.number("deadline").unwrap_or(otherwise);
    Period::from_millis((seconds * 1e3).round() as u32).unwrap_or(Period::millis(1))
}

/// Time from question to answer.
pub(crate) const fn latency(seconds: f64) -> OptionSpec {
    OptionSpec {
        name: "latency",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(seconds)),
        help: "emulator: time from question to answer",
    }
}

/// The latency that is set, µs.
pub(crate) fn latency_us(options: &Options, otherwise: f64) -> u64 {
    (options.number("latency").unwrap_or(otherwise) * 1e6).round() as u64
}

/// The serial number that an emulator answers.
pub(crate) const fn serial(default: &'static str) -> OptionSpec {
    OptionSpec {
        name: "serial",
        kind: OptionKind::Text,
        default: Some(OptionDefault::Text(default)),
        help: "emulator: serial number that it answers",
    }
}

/// What a source does at its current limit.
pub(crate) const fn over_current(default: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name: "over_current",
        kind: OptionKind::Choice(&["limit", "trip"]),
        default: Some(OptionDefault::Text(default)),
        help,
    }
}

/// A resistor at an emulated output, of at least `min` ohms; none if nothing is said.
pub(crate) const fn load_ohm(min: f64, help: &'static str) -> OptionSpec {
    OptionSpec {
        name: "load_ohm",
        kind: OptionKind::Number {
            min,
            max: 1e6,
            unit: "Ω",
        },
        default: Some(OptionDefault::Unset),
        help,
    }
}

/// What a source can do at most.
pub(crate) const fn rated(volts: f64, amps: f64) -> [Rating; 2] {
    [rating("volts", volts), rating("amps", amps)]
}

/// A number that a make can do at most, by the key of the wiring's limit.
pub(crate) const fn rating(name: &'static str, value: f64) -> Rating {
    Rating { name, value }
}
