//! Set points that are held for a while, against the satellite's own.

use profiles::orbit::{
    HeldError, Orbit, Prediction, ShadowModel, Spacecraft, SunTrack, Utc, held_error, predict,
};
use profiles::physics::array_curve::ArrayPoints;
use profiles::time::{BenchTime, Period};

use crate::reference::{ISS, seconds};

fn scene() -> (Orbit, Utc, Spacecraft, Prediction) {
    let (orbit, start) = (ISS.orbit(), ISS.start());
    let spacecraft = Spacecraft::default();
    let span = seconds(0.0, 6_000.0);
    let prediction = predict(&orbit, start, span, &spacecraft, ShadowModel::default()).unwrap();
    (orbit, start, spacecraft, prediction)
}

fn held(every: u32) -> HeldError {
    let (orbit, start, spacecraft, prediction) = scene();
    let flown = (&orbit, start, ShadowModel::default());
    let every = Period::millis(every);
    held_error(flown, &prediction, &spacecraft.solar_array, every).unwrap()
}

#[test]
fn a_shorter_update_costs_less_in_proportion() {
    let errors = [10_000, 1_000, 100, 10].map(|every| held(every).knee_watts.value);
    println!("most power off by {errors:.3?} W at 10 s, 1 s, 0.1 s and 10 ms");
    // A penumbra of nine seconds goes past whole within ten: all of the power.
    assert!(errors[0] > 0.95 * held(10_000).array_watts);
    for pair in errors[1..].windows(2) {
        let ratio = pair[0] / pair[1];
        assert!((8.0..12.0).contains(&ratio), "{ratio}");
    }
}

#[test]
fn the_worst_is_what_a_search_over_all_instants_finds() {
    // Apart from the code under test: exact light at every 50 ms of the first exit, the curve
    // of the last whole second against each.
    let (orbit, start, spacecraft, prediction) = scene();
    let model = ShadowModel::default();
    let sun = SunTrack::over(start, seconds(0.0, 6_000.0), model.sun);
    let watts = |millis: u64| {
        let at = BenchTime::from_millis(millis);
        let point = prediction.at(at);
        let seconds = at.as_secs_f64();
        let position = orbit.position(start.plus_seconds(seconds)).unwrap();
        let light = model.lit_fraction(position, sun.at(seconds));
        let full = prediction.at(BenchTime::from_millis(600_000)).flux_w_m2;
        let curve = spacecraft
            .solar_array
            .curve(full * light, point.array_celsius);
        ArrayPoints::of(&curve).knee_watts().0
    };
    let mut worst = 0.0_f64;
    for millis in (2_799_000..2_813_000).step_by(50) {
        let held = watts(millis - millis % 1_000);
        worst = worst.max((held - watts(millis)).abs());
    }
    let found = held(1_000).knee_watts;
    println!(
        "{worst:.3} W by search, {:.3} W at {}",
        found.value, found.at
    );
    // The search ends 50 ms before each update.
    assert!(
        found.value > worst && found.value < 1.08 * worst,
        "{found:?} {worst}"
    );
}

#[test]
fn a_supply_is_worst_off_where_the_load_and_the_light_jump() {
    let error = held(10_000);
    let [entry, exit] = [699.88, 2_810.39];
    let near = |at: BenchTime| {
        let seconds = at.as_secs_f64();
        (entry..entry + 30.0).contains(&seconds) || (exit - 30.0..exit + 30.0).contains(&seconds)
    };
    assert!(near(error.limit_amps.at), "{:?}", error.limit_amps);
    assert!(
        error.limit_amps.value > 4.0,
        "the array's current comes and goes"
    );
    assert!(
        error.bus_volts.value > 0.5 && near(error.bus_volts.at),
        "{:?}",
        error.bus_volts
    );
    assert!(error.share(error.knee_watts.value) <= 1.0);
}
