//! The satellite's bus and baseplate along real orbits.

use profiles::orbit::{Fidelity, Prediction, ShadowModel, Spacecraft, TrackPoint, predict};
use profiles::phase::Phase;
use profiles::time::{BenchTime, Period};

use crate::reference::{GEO, ISS, Reference, SSO, TWO_DAYS, seconds};

fn prediction(reference: &Reference, hours: f64, spacecraft: &Spacecraft) -> Prediction {
    let span = seconds(0.0, hours * 3_600.0);
    let model = ShadowModel::default();
    predict(
        &reference.orbit(),
        reference.start(),
        span,
        spacecraft,
        model,
    )
    .unwrap()
}

/// Least and most of something along a track.
fn range(prediction: &Prediction, of: impl Fn(&TrackPoint) -> f64) -> (f64, f64) {
    prediction
        .track
        .iter()
        .map(of)
        .fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        })
}

#[test]
fn the_default_satellite_lives_as_small_satellites_do() {
    for reference in [ISS, SSO] {
        let prediction = prediction(&reference, 24.0, &Spacecraft::default());
        let (lowest, highest) = range(&prediction, |point| point.bus_volts);
        let (cold, hot) = range(&prediction, |point| point.baseplate_celsius);
        let (_, array) = range(&prediction, |point| point.array_watts);
        println!("{lowest:.2} to {highest:.2} V, {cold:.1} to {hot:.1} degC, {array:.0} W");
        assert!(lowest > 27.0 && highest < 33.0 && highest - lowest > 1.5);
        assert!(cold > 5.0 && hot < 35.0 && (8.0..25.0).contains(&(hot - cold)));
        assert!((130.0..180.0).contains(&array));
        for interval in &prediction.phases[..prediction.phases.len() - 1] {
            if interval.phase == Phase::Umbra {
                let soc = |at| prediction.at(at).battery_soc;
                let depth = soc(interval.window.start) - soc(interval.window.end);
                assert!((0.10..0.20).contains(&depth), "{depth}");
            }
        }
        let (first, last) = (&prediction.track[0], prediction.track.last().unwrap());
        assert!(last.battery_soc > first.battery_soc, "it starves");
    }
}

#[test]
fn beta_against_skyfield() {
    for reference in [ISS, SSO, GEO] {
        let prediction = prediction(&reference, 48.0, &Spacecraft::default());
        for row in reference.rows("samples_300s.csv") {
            let at = BenchTime::from_secs_f64(row[0].parse().unwrap());
            let error = prediction.at(at).beta_deg - row[13].parse::<f64>().unwrap();
            assert!(error.abs() < 2e-3, "{error} deg at {at}");
        }
    }
}

#[test]
fn what_changes_slowly_has_no_steps() {
    let prediction = prediction(&ISS, 2.0, &Spacecraft::default());
    for pair in prediction.track.windows(2) {
        assert!((pair[1].beta_deg - pair[0].beta_deg).abs() < 3e-4);
        if pair.iter().all(|point| point.light > 0.999_999) {
            assert!((pair[1].flux_w_m2 - pair[0].flux_w_m2).abs() < 1e-4);
        }
    }
}

#[test]
fn the_track_has_a_point_a_second_and_one_at_each_edge() {
    let prediction = prediction(&ISS, 2.0, &Spacecraft::default());
    let times: Vec<BenchTime> = prediction.track.iter().map(|point| point.at).collect();
    assert!(times.is_sorted_by(|a, b| a < b));
    assert_eq!(times[0], BenchTime::ZERO);
    assert_eq!(times.last(), Some(&BenchTime::from_millis(7_200_000)));
    assert_eq!(times.len(), 7_201 + prediction.phases.len() - 1);
    for interval in &prediction.phases {
        let point = prediction.at(interval.window.start);
        let light = match interval.phase {
            Phase::Sunlit => 1.0..=1.0,
            Phase::Umbra => 0.0..=0.0,
            Phase::Penumbra => 0.0..=1.0,
        };
        assert!(light.contains(&point.light));
        assert!(times.contains(&interval.window.start));
    }
}

#[test]
fn light_falls_through_an_entry_and_rises_through_an_exit() {
    let prediction = prediction(&ISS, 2.0, &Spacecraft::default());
    let penumbras: Vec<_> = prediction
        .phases
        .iter()
        .filter(|interval| interval.phase == Phase::Penumbra)
        .collect();
    assert!(penumbras.len() >= 2);
    for (index, interval) in penumbras.iter().enumerate() {
        let light: Vec<f64> = prediction
            .track
            .iter()
            .filter(|point| interval.window.contains(point.at))
            .map(|point| point.light)
            .collect();
        let falls = index % 2 == 0;
        assert!(light.is_sorted_by(|a, b| (a > b) == falls), "{light:?}");
    }
}

#[test]
fn between_points_the_track_is_a_line() {
    let prediction = prediction(&ISS, 0.5, &Spacecraft::default());
    let [a, b] = [&prediction.track[700], &prediction.track[701]];
    let middle = prediction.at(a.at.plus_micros(b.at.micros_since(a.at) / 2));
    assert!((middle.bus_volts - 0.5 * (a.bus_volts + b.bus_volts)).abs() < 1e-9);
    assert!((middle.light - 0.5 * (a.light + b.light)).abs() < 1e-9);
    let beyond = prediction.at(BenchTime::MAX);
    assert_eq!(&beyond, prediction.track.last().unwrap());
    assert_eq!(prediction.at(a.at), *a);
}

#[test]
fn a_span_without_length_has_one_point() {
    let span = seconds(60.0, 60.0);
    let spacecraft = Spacecraft::default();
    let model = ShadowModel::default();
    let prediction = predict(&ISS.orbit(), ISS.start(), span, &spacecraft, model).unwrap();
    assert!(prediction.phases.is_empty());
    assert_eq!(prediction.track.len(), 1);
    assert_eq!(prediction.at(BenchTime::ZERO).at, span.start);
}

#[test]
fn the_bus_gives_less_in_the_shadow() {
    let prediction = prediction(&ISS, 2.0, &Spacecraft::default());
    for point in &prediction.track {
        let battery = Spacecraft::default().battery.max_discharge_amps;
        let array = point.array_watts / point.bus_volts;
        assert!((point.limit_amps - (battery + array)).abs() < 1e-9);
        if point.light == 0.0 {
            assert!(point.array_watts == 0.0);
            assert!((point.load_watts - Spacecraft::default().load.eclipse_watts).abs() < 1e-9);
        }
    }
}

#[test]
fn a_small_battery_runs_empty_and_then_only_the_array_is_left() {
    let mut spacecraft = Spacecraft::default();
    spacecraft.battery.capacity_ah = 0.5;
    let prediction = prediction(&ISS, 2.0, &spacecraft);
    let (empty, _) = range(&prediction, |point| point.battery_soc);
    assert!(empty.abs() < 1e-12);
    let starved = |point: &&TrackPoint| point.battery_soc == 0.0 && point.light == 0.0;
    let point = prediction.track.iter().find(starved).unwrap();
    assert!(point.limit_amps == 0.0);
    assert!(
        prediction
            .track
            .iter()
            .all(|point| point.bus_volts.is_finite())
    );
}

#[test]
fn a_frozen_battery_is_not_charged() {
    let mut spacecraft = Spacecraft::default();
    spacecraft.thermal.initial_celsius = -20.0;
    spacecraft.thermal.min_celsius = -20.0;
    spacecraft.thermal.max_celsius = -10.0;
    let prediction = prediction(&SSO, 48.0, &spacecraft);
    let soc: Vec<f64> = prediction
        .track
        .iter()
        .map(|point| point.battery_soc)
        .collect();
    assert!(soc.is_sorted_by(|a, b| a >= b));
    assert_eq!(prediction.track.last().unwrap().at, TWO_DAYS.end);
}

#[test]
fn sunlight_outside_the_shadow_is_that_of_the_season() {
    // 2025-06-25 is ten days from aphelion: 1361 W/m^2 over (1.0164 AU)^2.
    let prediction = prediction(&ISS, 2.0, &Spacecraft::default());
    let (_, flux) = range(&prediction, |point| point.flux_w_m2);
    assert!((flux - 1_317.4).abs() < 0.5, "{flux}");
}

#[test]
fn half_the_step_is_the_same_battery() {
    let charge = |millis: u32| {
        let fidelity = Fidelity {
            shadow: ShadowModel::default(),
            step: Period::millis(millis),
            ledger: false,
        };
        let spacecraft = Spacecraft::default();
        let day = crate::reference::seconds(0.0, 86_400.0);
        let found = predict(&ISS.orbit(), ISS.start(), day, &spacecraft, fidelity).unwrap();
        found.track.last().unwrap().battery_soc
    };
    let (whole, half) = (charge(1_000), charge(500));
    println!(
        "halving the step: {:.6} %",
        100.0 * (whole / half - 1.0).abs()
    );
    assert!((whole / half - 1.0).abs() < 1e-3, "{whole} {half}");
}

#[test]
fn reflected_sunlight_warms_and_broken_strings_cost() {
    let day = crate::reference::seconds(0.0, 20_000.0);
    let run = |spacecraft: &Spacecraft| {
        predict(
            &ISS.orbit(),
            ISS.start(),
            day,
            spacecraft,
            ShadowModel::default(),
        )
        .unwrap()
    };
    let plain = run(&Spacecraft::default());
    let mut other = Spacecraft::default();
    other.thermal.albedo = 0.3;
    let warmest = |found: &profiles::orbit::Prediction| {
        let celsius = found.track.iter().map(|point| point.baseplate_celsius);
        celsius.fold(f64::MIN, f64::max)
    };
    assert!(warmest(&run(&other)) > warmest(&plain) + 0.2);
    let mut other = Spacecraft::default();
    other.solar_array.failed_strings = 5;
    let watts = run(&other).track[0].array_watts / plain.track[0].array_watts;
    assert!((watts - 0.5).abs() < 0.02, "{watts}");
}
