//! Eclipses that only graze: a search that trusts its samples misses them.

use profiles::orbit::{MeanElements, Orbit, ShadowModel, SunTrack, Utc, phases, sun_position};
use profiles::phase::Phase;
use profiles::time::BenchTime;

use crate::reference::{MadeUp, seconds};

/// A dawn-dusk orbit at 550 km with its plane turned to `node`.
fn dawn_dusk(node: f64) -> MadeUp {
    MadeUp {
        inclination: 97.6,
        node,
        eccentricity: 0,
        anomaly: 0.0,
        revolutions: 15.05,
    }
}

/// Seconds without full sunlight in two hours, counted one by one.
fn counted(made_up: MadeUp, model: ShadowModel) -> i32 {
    let orbit = made_up.orbit();
    let start: Utc = MadeUp::start();
    let dark = |second: &i32| {
        let at = start.plus_seconds(f64::from(*second) + 0.5);
        let position = orbit.position(at).unwrap();
        model.lit_fraction(position, sun_position(at, model.sun)) < 1.0
    };
    (0..7_200).filter(dark).count().try_into().unwrap()
}

/// Every stretch without full sunlight in two hours, s.
fn dark(made_up: MadeUp, model: ShadowModel) -> Vec<f64> {
    let span = seconds(0.0, 7_200.0);
    phases(&made_up.orbit(), MadeUp::start(), span, model)
        .unwrap()
        .iter()
        .filter(|interval| interval.phase != Phase::Sunlit)
        .map(|interval| interval.window.seconds())
        .collect()
}

#[test]
fn short_eclipses_are_not_missed() {
    let model = ShadowModel::default();
    // Between these nodes the orbit leaves the shadow; where exactly is found by halving.
    let (mut shadow, mut light) = (60.0, 75.0);
    for _ in 0..30 {
        let middle = 0.5 * (shadow + light);
        match counted(dawn_dusk(middle), model) {
            0 => light = middle,
            _ => shadow = middle,
        }
    }
    let mut shorter_than_a_step = 0;
    for step in 0..40 {
        // Ever finer towards the edge, down to the four decimal places of an element set.
        let made_up = dawn_dusk(shadow - 0.5 * 0.8_f64.powi(step));
        let found = dark(made_up, model);
        let total: f64 = found.iter().sum();
        let counted = f64::from(counted(made_up, model));
        assert!(
            (total - counted).abs() <= 4.0,
            "{made_up:?}: {found:?} s, counted {counted}"
        );
        shorter_than_a_step += found.iter().filter(|seconds| **seconds < 25.0).count();
    }
    assert!(
        shorter_than_a_step >= 5,
        "only {shorter_than_a_step} grazing eclipses: this tests nothing"
    );
}

/// Jumping over steps must not lose an edge, on ellipses least of all.
#[test]
fn nothing_is_jumped_over() {
    for (mean_motion, eccentricity, inclination_deg, perigee_deg, node_deg) in [
        (2.006, 0.72, 63.4, 270.0, 30.0),
        (2.27, 0.73, 7.0, 178.0, 150.0),
        (1.002_7, 0.27, 63.4, 270.0, 0.0),
        (15.05, 0.001, 97.6, 90.0, 66.0),
        (12.6, 0.1, 28.5, 10.0, 200.0),
        (13.15, 0.002, 87.9, 0.0, 56.0),
    ] {
        let elements = MeanElements {
            name: String::new(),
            epoch: MadeUp::start(),
            mean_motion,
            eccentricity,
            inclination_deg,
            node_deg,
            perigee_deg,
            anomaly_deg: 10.0,
            drag_term: 0.0,
        };
        let orbit = Orbit::from_mean(&elements).unwrap();
        let span = seconds(0.0, 3.0 * 86_400.0);
        let model = ShadowModel::default();
        let found = phases(&orbit, MadeUp::start(), span, model).unwrap();
        let sun = SunTrack::over(MadeUp::start(), span, model.sun);
        let mut intervals = found.iter().peekable();
        for step in 0..129_600_u32 {
            let into = f64::from(step) * 2.0 + 0.5;
            let at = BenchTime::from_secs_f64(into);
            while intervals
                .peek()
                .is_some_and(|interval| interval.window.end <= at)
            {
                intervals.next();
            }
            let position = orbit.position(MadeUp::start().plus_seconds(into)).unwrap();
            let clearance = model.clearance(position, sun.at(into));
            // Within a microsecond of an edge either answer is right.
            if clearance.nearest.abs() < 1e-8 || clearance.farthest.abs() < 1e-8 {
                continue;
            }
            let expected = if clearance.farthest < 0.0 {
                Phase::Umbra
            } else if clearance.nearest < 0.0 {
                Phase::Penumbra
            } else {
                Phase::Sunlit
            };
            let phase = intervals.peek().unwrap().phase;
            assert_eq!(phase, expected, "{mean_motion} rev/day at {into} s");
        }
        println!("{mean_motion} rev/day: {} intervals", found.len());
    }
}
