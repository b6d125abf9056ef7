//! Predictions as set points.

use profiles::command::Command;
use profiles::name::DeviceName;
use profiles::orbit::{
    Follow, Prediction, ShadowModel, Spacecraft, SupplyCeiling, chamber_timeline, predict,
    supply_timeline,
};
use profiles::phase::Phase;
use profiles::quantity::{Amperes, Volts};
use profiles::time::{BenchTime, Period};
use profiles::timeline::Timeline;

use crate::reference::{ISS, seconds};

fn prediction() -> Prediction {
    let span = seconds(0.0, 6_000.0);
    let spacecraft = Spacecraft::default();
    predict(
        &ISS.orbit(),
        ISS.start(),
        span,
        &spacecraft,
        ShadowModel::default(),
    )
    .unwrap()
}

fn device() -> DeviceName {
    DeviceName::new("bus").unwrap()
}

const CEILING: SupplyCeiling = SupplyCeiling {
    volts: Volts(29.0),
    amps: Amperes(15.0),
};

fn supply(timeline: &Timeline) -> Vec<(BenchTime, f64, f64)> {
    timeline
        .iter()
        .map(|point| match point.command {
            Command::Supply { volts, limit } => (point.at, volts.0, limit.0),
            ref other => panic!("a supply is told {other:?}"),
        })
        .collect()
}

#[test]
fn a_supply_follows_the_bus() {
    let prediction = prediction();
    let window = seconds(10.0, 5_500.0);
    let timeline = supply_timeline(
        &prediction,
        &device(),
        window,
        Period::millis(10_000),
        CEILING,
    );
    let points = supply(&timeline);
    assert_eq!(points[0].0, window.start);
    for pair in points.windows(2) {
        let (volts, amps) = (pair[1].1 - pair[0].1, pair[1].2 - pair[0].2);
        assert!(pair[0].0 < pair[1].0);
        assert!(volts.abs() >= 5e-3 || amps.abs() >= 5e-3, "nothing new");
    }
    for (at, volts, amps) in &points {
        assert!(window.contains(*at));
        assert_eq!(at.as_micros() % 1_000, 0);
        let point = prediction.at(*at);
        assert!((point.bus_volts - volts).abs() < 1e-12);
        assert!((point.limit_amps.min(15.0) - amps).abs() < 1e-12);
    }
    // The wiring's current holds; a voltage above its rating is left for the plan to refuse.
    assert!(points.iter().all(|(_, _, amps)| *amps <= 15.0));
    assert!(points.iter().any(|(_, volts, _)| *volts > CEILING.volts.0));
}

#[test]
fn the_last_set_point_is_never_far_from_the_truth() {
    let prediction = prediction();
    let window = seconds(0.0, 6_000.0);
    let every = Period::millis(1_000);
    let points = supply(&supply_timeline(
        &prediction,
        &device(),
        window,
        every,
        CEILING,
    ));
    for point in prediction
        .track
        .iter()
        .filter(|point| window.contains(point.at))
    {
        let last = points
            .iter()
            .rfind(|(at, _, _)| *at <= point.at.ceil_millis())
            .unwrap();
        let slack = if point.light > 0.0 && point.light < 1.0 {
            0.2
        } else {
            0.03
        };
        assert!(
            (last.1 - point.bus_volts).abs() < slack,
            "{point:?} {last:?}"
        );
    }
}

#[test]
fn edges_and_seconds_of_a_penumbra_get_set_points() {
    let prediction = prediction();
    let window = seconds(0.0, 6_000.0);
    let every = Period::millis(600_000);
    let points = supply(&supply_timeline(
        &prediction,
        &device(),
        window,
        every,
        CEILING,
    ));
    let penumbra = prediction
        .phases
        .iter()
        .find(|interval| interval.phase == Phase::Penumbra)
        .unwrap();
    let inside = points
        .iter()
        .filter(|(at, _, _)| penumbra.window.contains(*at))
        .count();
    assert!(
        inside >= 8,
        "{inside} set points in a penumbra of nine seconds"
    );
    // The load steps down where the umbra begins, so that the edge cannot be skipped.
    let umbra = penumbra.window.end.ceil_millis();
    assert!(points.iter().any(|(at, _, _)| *at == umbra));
}

#[test]
fn a_chamber_follows_the_baseplate() {
    let prediction = prediction();
    let window = seconds(0.0, 6_000.0);
    let timeline = chamber_timeline(
        &prediction,
        &device(),
        window,
        Period::millis(10_000),
        &Follow::default(),
    );
    let targets: Vec<f64> = timeline
        .iter()
        .map(|point| match point.command {
            Command::Chamber { target, slew: None } => target.0,
            ref other => panic!("a chamber is told {other:?}"),
        })
        .collect();
    assert!((100..600).contains(&targets.len()), "{}", targets.len());
    assert!(
        targets
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).abs() >= 0.05)
    );
}

#[test]
fn an_empty_window_has_no_set_point() {
    let window = seconds(10.0, 10.0);
    let every = Period::millis(1_000);
    assert!(supply_timeline(&prediction(), &device(), window, every, CEILING).is_empty());
    assert!(
        chamber_timeline(&prediction(), &device(), window, every, &Follow::default()).is_empty()
    );
}

#[test]
fn a_chamber_never_moves_faster_than_it_may() {
    let prediction = prediction();
    let window = seconds(0.0, 6_000.0);
    let fast = |kelvin_per_minute| {
        let follow = Follow {
            kelvin_per_minute,
            ..Follow::default()
        };
        let every = Period::millis(10_000);
        let timeline = chamber_timeline(&prediction, &device(), window, every, &follow);
        let told: Vec<(f64, f64)> = timeline
            .iter()
            .map(|point| match &point.command {
                Command::Chamber { target, .. } => (point.at.as_secs_f64(), target.0),
                other => panic!("{other:?}"),
            })
            .collect();
        told
    };
    // The rate from one that is told to the next; what was not told moved by less than 0.05 K.
    let fastest = |told: &[(f64, f64)]| {
        let rates = told.windows(2).map(|pair| {
            let moved = (pair[1].1 - pair[0].1).abs();
            60.0 * moved / (pair[1].0 - pair[0].0)
        });
        rates.fold(0.0, f64::max)
    };
    let free = fastest(&fast(None));
    let held = fast(Some(0.1));
    assert!(free > 0.3, "{free}: nothing to hold");
    assert!(fastest(&held) < 0.1 + 1e-6, "{}", fastest(&held));
    assert!(held.len() > 10);
    let nobody = Follow {
        lump: "nobody".into(),
        kelvin_per_minute: None,
    };
    let every = Period::millis(10_000);
    assert!(chamber_timeline(&prediction, &device(), window, every, &nobody).is_empty());
}
