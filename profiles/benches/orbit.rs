//! A day of an orbit at one second, edges found to the microsecond.

use std::hint::black_box;

use divan::Bencher;
use profiles::orbit::{Elements, Orbit, ShadowModel, Spacecraft, SunTrack, Utc, phases, predict};
use profiles::time::{BenchTime, Window};

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

/// All edges of a year: what the season view and a mission plan need.
#[divan::bench(sample_count = 5)]
fn edges_of_a_year(bencher: Bencher<'_, '_>) {
    let (orbit, start) = scene();
    bencher.bench_local(|| phases(&orbit, start, minutes(525_600), ShadowModel::default()));
}
