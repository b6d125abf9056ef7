//! The same value at all times.

use super::sampled;
use crate::time::{BenchTime, Period, Window};

/// The same value at all times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The value, in the unit of its use.
    pub value: f64,
}

impl Constant {
    /// The value.
    pub fn value_at(&self, _at: BenchTime) -> f64 {
        self.value
    }

    /// The value at the start of `window` and every `every` from there.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }
}
