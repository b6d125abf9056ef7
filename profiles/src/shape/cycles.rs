//! Thermal cycles between a hot and a cold plateau, as test standards ask.
//!
//! The numbers of the standards are those in common use and were not read from their texts:
//! compare them with the edition that a test must meet.

use super::sampled;
use crate::time::{BenchTime, Period, Window};

/// A series of cycles: from the ambient to the hot plateau, to the cold one, and so on; after the
/// last cold plateau back to the ambient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycles {
    /// When the first ramp begins.
    pub start: BenchTime,
    /// Temperature before and after, degC.
    pub ambient_celsius: f64,
    /// The upper plateau, degC, the margin counted.
    pub hot_celsius: f64,
    /// The lower plateau, degC, the margin counted.
    pub cold_celsius: f64,
    /// How long a plateau is kept, s.
    pub dwell_seconds: f64,
    /// How fast it goes from one to the other, K/min.
    pub kelvin_per_minute: f64,
    /// How often.
    pub count: u32,
    /// How far the temperature may be off on a plateau, K; to the hot side of the hot one and
    /// to the cold side of the cold one.
    pub tolerance_kelvin: f64,
}

/// Test standards for units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// ECSS-E-ST-10-03C, qualification: 10 K beyond the design limits, 8 cycles, dwell 2 h, at
    /// most 20 K/min, tolerance 4 K.
    EcssQualification,
    /// ECSS-E-ST-10-03C, acceptance: 5 K beyond, 4 cycles, else the same.
    EcssAcceptance,
    /// GSFC-STD-7000, protoflight: 10 K beyond what is expected, 8 cycles, dwell 4 h, no ramp
    /// given (3 K/min here), tolerance 2 K.
    GsfcProtoflight,
    /// GSFC-STD-7000, acceptance: 5 K beyond, else the same.
    GsfcAcceptance,
}

impl Standard {
    /// The cycles for a unit whose limits are `[cold, hot]`, degC.
    pub fn cycles(self, start: BenchTime, [cold, hot]: [f64; 2]) -> Cycles {
        let (margin, count, hours, ramp, tolerance_kelvin) = match self {
            Standard::EcssQualification => (10.0, 8, 2.0, 20.0, 4.0),
            Standard::EcssAcceptance => (5.0, 4, 2.0, 20.0, 4.0),
            Standard::GsfcProtoflight => (10.0, 8, 4.0, 3.0, 2.0),
            Standard::GsfcAcceptance => (5.0, 8, 4.0, 3.0, 2.0),
        };
        Cycles {
            start,
            ambient_celsius: 22.0,
            hot_celsius: hot + margin,
            cold_celsius: cold - margin,
            dwell_seconds: hours * 3_600.0,
            kelvin_per_minute: ramp,
            count,
            tolerance_kelvin,
        }
    }
}

impl Cycles {
    /// The corners as times after the start, s, and temperatures, degC.
    fn corners(&self) -> Vec<(f64, f64)> {
        let mut corners = vec![(0.0, self.ambient_celsius)];
        let mut to = |celsius: f64, dwell: f64| {
            let (at, from) = corners.last().copied().unwrap_or_default();
            let ramp = 60.0 * (celsius - from).abs() / self.kelvin_per_minute;
            corners.push((at + ramp, celsius));
            corners.push((at + ramp + dwell, celsius));
        };
        for _ in 0..self.count {
            to(self.hot_celsius, self.dwell_seconds);
            to(self.cold_celsius, self.dwell_seconds);
        }
        to(self.ambient_celsius, 0.0);
        corners
    }

    /// When the temperature is to be at rest, each with the plateau's value, degC.
    pub fn plateaus(&self) -> Vec<(Window, f64)> {
        let at = |seconds: f64| self.start.plus_micros((seconds * 1e6).round() as u64);
        let corners = self.corners();
        let pairs = corners.windows(2).skip(1).step_by(2);
        pairs
            .filter(|pair| pair[1].0 > pair[0].0)
            .map(|pair| {
                let window = Window {
                    start: at(pair[0].0),
                    end: at(pair[1].0),
                };
                (window, pair[0].1)
            })
            .collect()
    }

    /// How long all of it takes, s.
    pub fn seconds(&self) -> f64 {
        self.corners().last().map_or(0.0, |corner| corner.0)
    }

    /// The value at `at`, degC.
    pub fn value_at(&self, at: BenchTime) -> f64 {
        let seconds = at.micros_since(self.start) as f64 * 1e-6;
        let corners = self.corners();
        let after = corners.partition_point(|(corner, _)| *corner <= seconds);
        match (corners.get(after.wrapping_sub(1)), corners.get(after)) {
            (Some((t0, from)), Some((t1, to))) => from + (to - from) * (seconds - t0) / (t1 - t0),
            _ => self.ambient_celsius,
        }
    }

    /// The values at the start of `window` and every `every` from there.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_test_has_its_plateaus() {
        let cycles = Standard::EcssAcceptance.cycles(BenchTime::ZERO, [-20.0, 50.0]);
        let plateaus = cycles.plateaus();
        assert_eq!(plateaus.len(), 8);
        for (place, (window, celsius)) in plateaus.iter().enumerate() {
            assert!((window.seconds() - 7_200.0).abs() < 1e-3);
            let expected = if place % 2 == 0 { 55.0 } else { -25.0 };
            assert!((celsius - expected).abs() < 1e-9);
            for at in [window.start.plus_micros(1), window.end] {
                assert!((cycles.value_at(at) - expected).abs() < 1e-6, "{place}");
            }
        }
        // 22 to 55, seven times 80 K, -25 to 22, all at 20 K/min, and eight times two hours.
        let ramps = (33.0 + 7.0 * 80.0 + 47.0) / 20.0 * 60.0;
        assert!((cycles.seconds() - ramps - 8.0 * 7_200.0).abs() < 1e-6);
        let far = BenchTime::from_secs_f64(1e6);
        assert!((cycles.value_at(far) - 22.0).abs() < 1e-9);
    }
}
