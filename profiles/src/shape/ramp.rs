//! A straight line from one value to another.

use super::sampled;
use crate::time::{BenchTime, Period, Window};

/// A straight line from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Value before and at the start, in the unit of its use.
    pub from: f64,
    /// Value at and after the end.
    pub to: f64,
    /// While it moves.
    pub over: Window,
}

impl Ramp {
    /// The value at `at`. A ramp that lasts no time is a step at its start.
    pub fn value_at(&self, at: BenchTime) -> f64 {
        if at < self.over.start {
            self.from
        } else if at >= self.over.end {
            self.to
        } else {
            let gone = at.micros_since(self.over.start) as f64;
            let whole = self.over.end.micros_since(self.over.start) as f64;
            self.from + (self.to - self.from) * (gone / whole)
        }
    }

    /// The values at the start of `window` and every `every` from there.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_is_flat_but_for_its_window() {
        let ramp = Ramp {
            from: 28.0,
            to: 20.0,
            over: Window {
                start: BenchTime::from_millis(1_000),
                end: BenchTime::from_millis(5_000),
            },
        };
        let at = |millis| ramp.value_at(BenchTime::from_millis(millis));
        assert_eq!([at(0), at(1_000), at(2_000)], [28.0, 28.0, 26.0]);
        assert_eq!([at(4_000), at(5_000), at(9_000)], [22.0, 20.0, 20.0]);
    }

    #[test]
    fn a_ramp_without_length_is_a_step() {
        let now = BenchTime::from_millis(1_000);
        let ramp = Ramp {
            from: 1.0,
            to: 2.0,
            over: Window {
                start: now,
                end: now,
            },
        };
        assert_eq!(ramp.value_at(BenchTime::from_micros(999_999)), 1.0);
        assert_eq!(ramp.value_at(now), 2.0);
    }
}
