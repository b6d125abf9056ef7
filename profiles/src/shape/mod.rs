//! Shapes: values over bench time that are no physics, but somebody's wish.

mod constant;
mod cycles;
mod ramp;
mod table;

pub use constant::Constant;
pub use cycles::{CycleError, CycleSpec, Cycles, Leg, Standard, Stretch};
pub use ramp::Ramp;
pub use table::{Between, Table, TableError};

use crate::time::{BenchTime, Period, Window};

/// One of the shapes.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// The same at all times.
    Constant(Constant),
    /// A straight line between two values.
    Ramp(Ramp),
    /// Values from a file.
    Table(Table),
    /// Between two plateaus, as test standards ask.
    Cycles(Cycles),
}

impl Shape {
    /// The value at `at`.
    pub fn value_at(&self, at: BenchTime) -> f64 {
        match self {
            Shape::Constant(constant) => constant.value_at(at),
            Shape::Ramp(ramp) => ramp.value_at(at),
            Shape::Table(table) => table.value_at(at),
            Shape::Cycles(cycles) => cycles.value_at(at),
        }
    }

    /// The values at the start of `window` and every `every` from there, as long as they fall
    /// inside.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }
}

/// `value` at the start of `window` and every `every` from there, the end left out.
fn sampled(
    window: Window,
    every: Period,
    value: impl Fn(BenchTime) -> f64,
) -> Vec<(BenchTime, f64)> {
    std::iter::successors(Some(window.start), |at| Some(*at + every))
        .take_while(|at| *at < window.end)
        .map(|at| (at, value(at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_fill_a_half_open_window() {
        let shape = Shape::Ramp(Ramp {
            from: 0.0,
            to: 10.0,
            over: Window {
                start: BenchTime::from_millis(1_000),
                end: BenchTime::from_millis(2_000),
            },
        });
        let window = Window {
            start: BenchTime::from_millis(500),
            end: BenchTime::from_millis(2_500),
        };
        let samples = shape.sampled(window, Period::millis(500));
        let values: Vec<f64> = samples.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [0.0, 0.0, 5.0, 10.0]);
        assert_eq!(samples[3].0, BenchTime::from_millis(2_000));
    }
}
