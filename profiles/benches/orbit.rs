//! A day of an orbit at one second, edges found to the microsecond.

use std::hint::black_box;

use divan::Bencher;
use profiles::orbit::{
    Elements, Fidelity, LoadTask, Orbit, ShadowModel, Spacecraft, Station, SunTrack, ThermalJoint,
    ThermalNode, Utc, contacts, phases, predict,
};
use profiles::time::{BenchTime, Period, Window};

const ISS: &str = "\
1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994
2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482";

fn main() {
    divan::main();
}

fn scene() -> (Orbit, Utc) {
    let elements = Elements::parse(ISS).expect("the set is good");
    let orbit = Orbit::new(&elements).expect("the set makes an orbit");
    let start = Utc::parse("2025-06-25T18:00:00Z").expect("the text is an instant");
    (orbit, start)
}

fn minutes(count: u64) -> Window {
    Window {
        start: BenchTime::ZERO,
        end: BenchTime::from_millis(count * 60_000),
    }
}

/// Position, Sun and lit share at each of 86401 seconds, and the edges: what peers compute.
#[divan::bench]
fn day_of_positions_and_light(bencher: Bencher<'_, '_>) {
    let (orbit, start) = scene();
    let model = ShadowModel::default();
    bencher.bench_local(|| {
        let edges = phases(&orbit, start, minutes(1_440), model).expect("it stays up");
        let sun = SunTrack::over(start, minutes(1_440), model.sun);
        let light: f64 = (0..=86_400)
            .map(|second| {
                let seconds = f64::from(second);
                let at = start.plus_seconds(seconds);
                let position = orbit.position(at).expect("it stays up");
                model.lit_fraction(position, sun.at(seconds))
            })
            .sum();
        black_box((edges.len(), light))
    });
}

#[divan::bench]
fn edges_of_a_day(bencher: Bencher<'_, '_>) {
    let (orbit, start) = scene();
    bencher.bench_local(|| phases(&orbit, start, minutes(1_440), ShadowModel::default()));
}

/// Edges, power, battery and baseplate: `predict` over two revolutions and over a day.
#[divan::bench(args = [190, 1_440])]
fn prediction(bencher: Bencher<'_, '_>, length: u64) {
    let (orbit, start) = scene();
    let spacecraft = Spacecraft::default();
    let model = ShadowModel::default();
    bencher.bench_local(|| predict(&orbit, start, minutes(length), &spacecraft, model));
}

/// A baseplate and three lumps beside it, a task that comes and goes.
fn satellite() -> Spacecraft {
    let lump = |name: &str, sun_share, earth_share, load_share| ThermalNode {
        name: name.into(),
        radiator_m2: 0.1,
        sun_share,
        earth_share,
        load_share,
        ..ThermalNode::default()
    };
    let joint = |a: &str, b: &str| ThermalJoint {
        between: [a.into(), b.into()],
        conductance_w_per_k: 2.0,
        radiative_m2: 0.01,
    };
    let mut spacecraft = Spacecraft {
        nodes: vec![
            lump("board", 0.0, 0.0, 0.4),
            lump("radiator", 0.0, 0.6, 0.0),
            lump("panel", 0.8, 0.0, 0.0),
        ],
        joints: vec![
            joint("board", "baseplate"),
            joint("radiator", "baseplate"),
            joint("panel", "radiator"),
        ],
        ..Spacecraft::default()
    };
    spacecraft.load.tasks = vec![LoadTask {
        name: "inference".into(),
        watts: 40.0,
        during: None,
        after: BenchTime::ZERO,
        length: Some(Period::millis(600_000)),
        every: Some(Period::millis(1_800_000)),
    }];
    spacecraft
}

/// Stations from pole to pole.
const STATIONS: [(f64, f64); 5] = [
    (78.23, 15.4),
    (67.86, 20.96),
    (64.8, -147.7),
    (-53.0, -70.8),
    (-72.0, 2.5),
];

/// A whole day as `bench profile` computes it: edges, array, battery, four lumps, the books, and
/// contacts of five stations.
#[divan::bench]
fn whole_day(bencher: Bencher<'_, '_>) {
    let (orbit, start) = scene();
    let spacecraft = satellite();
    let stations = STATIONS.map(|(latitude_deg, longitude_deg)| Station {
        name: "station".into(),
        latitude_deg,
        longitude_deg,
        height_m: 0.0,
        mask_deg: 5.0,
    });
    let fidelity = Fidelity {
        ledger: true,
        ..ShadowModel::default().into()
    };
    bencher.bench_local(|| {
        let day = minutes(1_440);
        let found = predict(&orbit, start, day, &spacecraft, fidelity).expect("it stays up");
        let contacts = contacts(&orbit, start, day, &stations).expect("it stays up");
        black_box((found, contacts))
    });
}

/// All edges of a year: what the season view and a mission plan need.
#[divan::bench(sample_count = 5)]
fn edges_of_a_year(bencher: Bencher<'_, '_>) {
    let (orbit, start) = scene();
    bencher.bench_local(|| phases(&orbit, start, minutes(525_600), ShadowModel::default()));
}
