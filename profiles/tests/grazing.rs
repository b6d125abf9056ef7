//! Eclipses that only graze: a search that trusts its samples misses them.

use profiles::orbit::{ShadowModel, Utc, phases, sun_position};
use profiles::phase::Phase;

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
