//! Thermal cycles between a hot and a cold plateau, as test standards ask.
//!
//! The numbers of the standards are defaults in common use, written down from secondary sources:
//! the texts themselves were not at hand. Whoever must meet an edition compares them with it and
//! sets what differs; nothing here claims conformity.

use std::fmt;

use super::sampled;
use crate::time::{BenchTime, Period, Window};

/// A series of cycles: from the ambient to the hot plateau, to the cold one, and so on; after the
/// last cold plateau back to the ambient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CycleSpec {
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
    /// How far below and above the hot plateau the temperature may be, K.
    pub hot_band: [f64; 2],
    /// How far below and above the cold plateau the temperature may be, K.
    pub cold_band: [f64; 2],
}

/// Test standards for units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// ECSS-E-ST-10-03C, qualification of equipment: 10 K beyond the design limits, 8 cycles,
    /// dwell 2 h, at most 20 K/min, hot -0/+4 K and cold -4/+0 K.
    EcssQualification,
    /// ECSS-E-ST-10-03C, acceptance: 5 K beyond, 4 cycles, else the same.
    EcssAcceptance,
    /// GSFC-STD-7000 (GEVS), protoflight of components: 10 K beyond what is expected, 8 cycles,
    /// dwell 4 h, no ramp given (3 K/min here), 2 K either way.
    GsfcProtoflight,
    /// GSFC-STD-7000, acceptance: 5 K beyond, else the same.
    GsfcAcceptance,
}

impl Standard {
    /// All of them, as files spell them.
    pub const NAMES: [(&'static str, Standard); 4] = [
        ("ecss-qualification", Standard::EcssQualification),
        ("ecss-acceptance", Standard::EcssAcceptance),
        ("gsfc-protoflight", Standard::GsfcProtoflight),
        ("gsfc-acceptance", Standard::GsfcAcceptance),
    ];

    /// Beyond the unit's limits, K.
    pub const fn margin_kelvin(self) -> f64 {
        match self {
            Standard::EcssQualification | Standard::GsfcProtoflight => 10.0,
            Standard::EcssAcceptance | Standard::GsfcAcceptance => 5.0,
        }
    }

    /// The document that the defaults are named after.
    pub const fn document(self) -> &'static str {
        match self {
            Standard::EcssQualification | Standard::EcssAcceptance => "ECSS-E-ST-10-03C",
            Standard::GsfcProtoflight | Standard::GsfcAcceptance => "GSFC-STD-7000",
        }
    }

    /// The cycles for a unit whose limits are `[cold, hot]`, degC.
    pub fn cycles(self, start: BenchTime, [cold, hot]: [f64; 2]) -> CycleSpec {
        let (count, hours, ramp, hot_band, cold_band) = match self {
            Standard::EcssQualification => (8, 2.0, 20.0, [0.0, 4.0], [4.0, 0.0]),
            Standard::EcssAcceptance => (4, 2.0, 20.0, [0.0, 4.0], [4.0, 0.0]),
            Standard::GsfcProtoflight | Standard::GsfcAcceptance => {
                (8, 4.0, 3.0, [2.0, 2.0], [2.0, 2.0])
            }
        };
        CycleSpec {
            start,
            ambient_celsius: 22.0,
            hot_celsius: hot + self.margin_kelvin(),
            cold_celsius: cold - self.margin_kelvin(),
            dwell_seconds: hours * 3_600.0,
            kelvin_per_minute: ramp,
            count,
            hot_band,
            cold_band,
        }
    }
}

/// With what no cycles can be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}: it must be {expected}")]
pub struct CycleError {
    /// Which field, as files spell it.
    pub field: &'static str,
    /// What it is.
    pub value: f64,
    /// What it may be.
    pub expected: &'static str,
}

/// What a stretch of the cycles is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Getting warmer.
    RampUp,
    /// At the upper temperature.
    HotPlateau,
    /// Getting colder.
    RampDown,
    /// At the lower temperature.
    ColdPlateau,
}

impl Leg {
    /// As files and reports spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Leg::RampUp => "ramp up",
            Leg::HotPlateau => "hot plateau",
            Leg::RampDown => "ramp down",
            Leg::ColdPlateau => "cold plateau",
        }
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// What it is.
    pub leg: Leg,
    /// Of which cycle, from 1.
    pub cycle: u32,
    /// From when to when.
    pub window: Window,
    /// Temperature at its start and at its end, degC.
    pub celsius: [f64; 2],
}

/// Cycles, laid out in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycles {
    spec: CycleSpec,
    stretches: Vec<Stretch>,
}

impl CycleSpec {
    /// Checks that these are cycles: finite numbers, hot above cold, a ramp that moves.
    ///
    /// # Errors
    /// For the first field that cannot be.
    pub fn check(&self) -> Result<(), CycleError> {
        const CELSIUS: &str = "from -200 to 200 degC";
        let celsius = |value: f64| (-200.0..=200.0).contains(&value);
        let (dwell, ramp) = (self.dwell_seconds, self.kelvin_per_minute);
        let rules = [
            (
                celsius(self.hot_celsius),
                ("hot_celsius", self.hot_celsius, CELSIUS),
            ),
            (
                celsius(self.cold_celsius),
                ("cold_celsius", self.cold_celsius, CELSIUS),
            ),
            (
                self.cold_celsius < self.hot_celsius,
                ("cold_celsius", self.cold_celsius, "below `hot_celsius`"),
            ),
            (
                celsius(self.ambient_celsius),
                ("ambient_celsius", self.ambient_celsius, CELSIUS),
            ),
            (
                (1.0..=30.0 * 86_400.0).contains(&dwell),
                ("dwell", dwell, "from 1 s to 30 d"),
            ),
            (
                (0.01..=100.0).contains(&ramp),
                ("ramp_k_per_min", ramp, "from 0.01 to 100 K/min"),
            ),
            (
                (1..=1_000).contains(&self.count),
                ("count", f64::from(self.count), "from 1 to 1000"),
            ),
        ];
        match rules.into_iter().find(|(good, _)| !good) {
            None => Ok(()),
            Some((_, (field, value, expected))) => Err(CycleError {
                field,
                value,
                expected,
            }),
        }
    }
}

impl Cycles {
    /// Lays the cycles out.
    ///
    /// # Errors
    /// If [`CycleSpec::check`] has one.
    pub fn new(spec: CycleSpec) -> Result<Cycles, CycleError> {
        spec.check()?;
        let mut stretches: Vec<Stretch> = Vec::with_capacity(4 * spec.count as usize + 1);
        // Seconds are summed as reals and rounded once: 1000 cycles drift by nothing.
        let (mut seconds, mut celsius) = (0.0, spec.ambient_celsius);
        let mut go = |cycle: u32, target: f64, plateau: Option<Leg>| {
            let ramp = if target > celsius {
                Leg::RampUp
            } else {
                Leg::RampDown
            };
            let moved = 60.0 * (target - celsius).abs() / spec.kelvin_per_minute;
            let dwell = plateau.map(|leg| (leg, spec.dwell_seconds, [target, target]));
            let legs = [Some((ramp, moved, [celsius, target])), dwell];
            for (leg, length, celsius) in legs.into_iter().flatten() {
                let window = Window {
                    start: after(spec.start, seconds),
                    end: after(spec.start, seconds + length),
                };
                seconds += length;
                if window.start < window.end {
                    stretches.push(Stretch {
                        leg,
                        cycle,
                        window,
                        celsius,
                    });
                }
            }
            celsius = target;
        };
        for cycle in 1..=spec.count {
            go(cycle, spec.hot_celsius, Some(Leg::HotPlateau));
            go(cycle, spec.cold_celsius, Some(Leg::ColdPlateau));
        }
        go(spec.count, spec.ambient_celsius, None);
        Ok(Cycles { spec, stretches })
    }

    /// What they were made of.
    pub fn spec(&self) -> &CycleSpec {
        &self.spec
    }

    /// The stretches, in order and without gaps.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The stretches by the names of their legs, as windows that checks can look at.
    pub fn windows(&self) -> Vec<(String, Window)> {
        let named = self.stretches.iter();
        named
            .map(|stretch| (stretch.leg.name().to_owned(), stretch.window))
            .collect()
    }

    /// From the first ramp to the end of the last.
    pub fn window(&self) -> Window {
        let last = self.stretches.last();
        Window {
            start: self.spec.start,
            end: last.map_or(self.spec.start, |last| last.window.end),
        }
    }

    /// How long all of it takes, s.
    pub fn seconds(&self) -> f64 {
        self.window().seconds()
    }

    /// The stretch at `at`; `None` before the first and after the last.
    pub fn stretch_at(&self, at: BenchTime) -> Option<&Stretch> {
        let after = self.stretches.partition_point(|s| s.window.end <= at);
        let found = self.stretches.get(after);
        found.filter(|stretch| stretch.window.contains(at))
    }

    /// The value at `at`, degC.
    pub fn value_at(&self, at: BenchTime) -> f64 {
        let Some(stretch) = self.stretch_at(at) else {
            return self.spec.ambient_celsius;
        };
        let [from, to] = stretch.celsius;
        let gone = at.micros_since(stretch.window.start) as f64 * 1e-6;
        from + (to - from) * gone / stretch.window.seconds()
    }

    /// The values at the start of `window` and every `every` from there.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }

    /// What a chamber is told to follow the cycles, every `every` along a ramp and at each
    /// corner, on whole milliseconds: a plateau is told once.
    pub fn set_points(&self, every: Period) -> Vec<(BenchTime, f64)> {
        let mut points: Vec<(BenchTime, f64)> = Vec::new();
        for stretch in &self.stretches {
            let Stretch { leg, window, .. } = *stretch;
            let step = match leg {
                Leg::HotPlateau | Leg::ColdPlateau => Period::millis(u32::MAX),
                Leg::RampUp | Leg::RampDown => every,
            };
            // A plateau of more than 49 days, the longest period, is told anew, which is no harm.
            for (at, _) in sampled(window, step, |_| 0.0) {
                let at = at.ceil_millis();
                points.push((at, self.value_at(at)));
            }
        }
        points.push((self.window().end.ceil_millis(), self.spec.ambient_celsius));
        points.dedup_by_key(|(at, _)| *at);
        points
    }
}

fn after(start: BenchTime, seconds: f64) -> BenchTime {
    start.plus_micros((seconds * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn acceptance() -> CycleSpec {
        Standard::EcssAcceptance.cycles(BenchTime::ZERO, [-20.0, 50.0])
    }

    #[test]
    fn an_acceptance_test_has_its_plateaus() {
        let cycles = Cycles::new(acceptance()).unwrap();
        let legs = cycles.stretches().iter();
        let plateaus: Vec<&Stretch> = legs
            .filter(|s| matches!(s.leg, Leg::HotPlateau | Leg::ColdPlateau))
            .collect();
        assert_eq!(plateaus.len(), 8);
        for (place, stretch) in plateaus.iter().enumerate() {
            let window = stretch.window;
            assert!((window.seconds() - 7_200.0).abs() < 1e-3);
            let expected = if place % 2 == 0 { 55.0 } else { -25.0 };
            assert!((stretch.celsius[0] - expected).abs() < 1e-9);
            for at in [window.start, window.end] {
                assert!((cycles.value_at(at) - expected).abs() < 1e-4, "{place}");
            }
        }
        // 22 to 55, seven times 80 K, -25 to 22, all at 20 K/min, and eight times two hours.
        let ramps = (33.0 + 7.0 * 80.0 + 47.0) / 20.0 * 60.0;
        assert!((cycles.seconds() - ramps - 8.0 * 7_200.0).abs() < 1e-6);
        let far = BenchTime::from_secs_f64(1e6);
        assert!((cycles.value_at(far) - 22.0).abs() < 1e-9);
        let names: Vec<String> = cycles.windows().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names[..4],
            ["ramp up", "hot plateau", "ramp down", "cold plateau"]
        );
        assert_eq!(names.last().unwrap(), "ramp up");
    }

    #[test]
    fn what_are_no_cycles_is_refused_by_field() {
        for (change, field) in [
            (
                (|c| c.kelvin_per_minute = 0.0) as fn(&mut CycleSpec),
                "ramp_k_per_min",
            ),
            (|c| c.kelvin_per_minute = f64::NAN, "ramp_k_per_min"),
            (|c| c.count = 0, "count"),
            (|c| c.dwell_seconds = -1.0, "dwell"),
            (|c| c.cold_celsius = 60.0, "cold_celsius"),
            (|c| c.hot_celsius = f64::INFINITY, "hot_celsius"),
            (|c| c.ambient_celsius = f64::NAN, "ambient_celsius"),
        ] {
            let mut spec = acceptance();
            change(&mut spec);
            assert_eq!(Cycles::new(spec).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_chamber_is_told_each_corner() {
        let mut spec = acceptance();
        spec.count = 1;
        let cycles = Cycles::new(spec).unwrap();
        let points = cycles.set_points(Period::millis(60_000));
        // 99 s up, 240 s down, 141 s up: a point a minute, one a plateau, and the end.
        let celsius: Vec<f64> = points
            .iter()
            .map(|(_, c)| (c * 10.0).round() / 10.0)
            .collect();
        let expected = [
            22.0, 42.0, 55.0, 55.0, 35.0, 15.0, -5.0, -25.0, -25.0, -5.0, 15.0, 22.0,
        ];
        assert_eq!(celsius, expected);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }

    proptest! {
        #[test]
        fn stretches_have_no_gap_and_values_stay_between(
            cold in -60.0..20.0_f64, above in 1.0..120.0_f64, ambient in -10.0..40.0_f64,
            dwell in 1.0..20_000.0_f64, ramp in 0.05..30.0_f64, count in 1_u32..20,
            share in 0.0..1.2_f64,
        ) {
            let spec = CycleSpec {
                start: BenchTime::from_millis(5_000),
                ambient_celsius: ambient,
                hot_celsius: cold + above,
                cold_celsius: cold,
                dwell_seconds: dwell,
                kelvin_per_minute: ramp,
                count,
                hot_band: [0.0, 4.0],
                cold_band: [4.0, 0.0],
            };
            let cycles = Cycles::new(spec).unwrap();
            for pair in cycles.stretches().windows(2) {
                prop_assert_eq!(pair[0].window.end, pair[1].window.start);
                prop_assert!((pair[0].celsius[1] - pair[1].celsius[0]).abs() < 1e-9);
            }
            let at = BenchTime::from_secs_f64(share * cycles.seconds());
            let value = cycles.value_at(at);
            prop_assert!(value >= cold.min(ambient) - 1e-9);
            prop_assert!(value <= (cold + above).max(ambient) + 1e-9);
            // It never moves faster than its ramp.
            let later = cycles.value_at(at.plus_micros(1_000_000));
            prop_assert!((later - value).abs() <= ramp / 60.0 + 1e-6);
        }
    }
}
