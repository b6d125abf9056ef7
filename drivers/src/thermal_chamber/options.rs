//! Options that several makes have.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::quantity::Celsius;

use super::role::CelsiusRange;
use crate::error::DeviceErrorKind;
use crate::model::Rating;
use crate::options::rating;
pub(super) use crate::options::{deadline, deadline_of, latency};

/// Where a chamber is left when nothing else is said, °C.
const SAFE: f64 = 23.0;

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
        kind: OptionKind::Whole { min, max, unit: "" },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

/// What a chamber reaches, as ratings.
pub(super) const fn ratings(reach: [f64; 2]) -> [Rating; 2] {
    [
        rating("min_celsius", reach[0]),
        rating("max_celsius", reach[1]),
    ]
}

/// The set point to leave behind.
pub(super) fn safe_of(options: &Options) -> Celsius {
    Celsius(options.number("safe_celsius").unwrap_or(SAFE))
}

/// Limits that a controller cannot be armed with, held by its driver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    reach: [f64; 2],
    low: f64,
    high: f64,
}

impl Held {
    /// As far as the chamber reaches.
    pub(super) fn new(reach: [f64; 2]) -> Held {
        let [low, high] = reach;
        Held { reach, low, high }
    }

    /// Takes limits that are within its reach.
    pub(super) fn set(&mut self, range: CelsiusRange) -> Result<(), DeviceErrorKind> {
        let [lowest, highest] = self.reach;
        let fits = lowest <= range.min.0 && range.min.0 <= range.max.0 && range.max.0 <= highest;
        if !fits {
            return Err(refused(
                format!("limits {} to {}", range.min, range.max),
                format!("the chamber reaches {lowest} to {highest} °C"),
            ));
        }
        (self.low, self.high) = (range.min.0, range.max.0);
        Ok(())
    }

    /// Whether a set point is within the limits.
    pub(super) fn check(&self, target: Celsius) -> Result<(), DeviceErrorKind> {
        if (self.low..=self.high).contains(&target.0) {
            return Ok(());
        }
        let Held { low, high, .. } = self;
        Err(refused(
            format!("set point {target}"),
            format!("the limits are {low} and {high} °C"),
        ))
    }

    /// What is nearest to `wished` within the limits, °C.
    pub(super) fn nearest(&self, wished: Celsius) -> f64 {
        wished.0.min(self.high).max(self.low)
    }
}

/// What is not told to a controller at all.
pub(super) fn refused(asked: impl Into<String>, text: impl Into<String>) -> DeviceErrorKind {
    DeviceErrorKind::Refused {
        asked: asked.into(),
        code: 0,
        text: text.into(),
    }
}
