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

#[test]
fn short_eclipses_are_not_missed() {
    let model = ShadowModel::default();
    let mut short = 0;
    // At the equinox the Sun is at right ascension 0 and this plane stands 67 deg from it where
    // the node is 67 and 113 deg behind; fine steps find dips of some seconds.
    for step in 0..40 {
        let made_up = dawn_dusk(65.0 + 0.1 * f64::from(step));
        let found = phases(
            &made_up.orbit(),
            MadeUp::start(),
            seconds(0.0, 7_200.0),
            model,
        );
        let dark: Vec<f64> = found
            .unwrap()
            .iter()
            .filter(|interval| interval.phase != Phase::Sunlit)
            .map(|interval| interval.window.seconds())
            .collect();
        short += dark.iter().filter(|seconds| **seconds < 60.0).count();
        let total: f64 = dark.iter().sum();
        let counted = f64::from(counted(made_up, model));
        assert!(
            (total - counted).abs() <= 4.0,
            "{made_up:?}: {total} s, counted {counted}"
        );
    }
    assert!(
        short >= 2,
        "only {short} grazing eclipses: this tests nothing"
    );
}
