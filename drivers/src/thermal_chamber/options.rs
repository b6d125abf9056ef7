//! Options that several makes have.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::quantity::Celsius;
use profiles::time::Period;

use crate::model::Rating;

/// Where a chamber is left when nothing else is said, °C.
const SAFE: f64 = 23.0;

/// How long an answer may take.
pub(super) const fn deadline(seconds: f64) -> OptionSpec {
    OptionSpec {
        name: "deadline",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(seconds)),
        help: "how long an answer may take",
    }
}

/// Time from question to answer.
pub(super) const fn latency(seconds: f64) -> OptionSpec {
    OptionSpec {
        name: "latency",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(seconds)),
        help: "emulator: time from question to answer",
    }
}

/// The set point to leave behind, for a chamber of this reach.
pub(super) const fn safe_celsius(reach: [f64; 2]) -> OptionSpec {
    OptionSpec {
        name: "safe_celsius",
        kind: OptionKind::Number {
            min: reach[0],
            max: reach[1],
            unit: "°C",
        },
        default: Some(OptionDefault::Number(SAFE)),
        help: "set point to leave behind; taken into the set point limits",
    }
}

/// Address on a line, up to `max`.
pub(super) const fn address(min: f64, max: f64, default: f64, help: &'static str) -> OptionSpec {
    OptionSpec {
        name: "address",
        kind: OptionKind::Number { min, max, unit: "" },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

/// What a chamber reaches, as ratings.
pub(super) const fn ratings(reach: [f64; 2]) -> [Rating; 2] {
    [
        Rating {
            name: "min_celsius",
            value: reach[0],
        },
        Rating {
            name: "max_celsius",
            value: reach[1],
        },
    ]
}

/// The deadline that is set.
pub(super) fn deadline_of(options: &Options, otherwise: f64) -> Period {
    let seconds = options.number("deadline").unwrap_or(otherwise);
    Period::from_millis((seconds * 1e3).round() as u32).unwrap_or(Period::millis(1))
}

/// The set point to leave behind.
pub(super) fn safe_of(options: &Options) -> Celsius {
    Celsius(options.number("safe_celsius").unwrap_or(SAFE))
}
