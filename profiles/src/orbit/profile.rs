//! A prediction as set points: what a bench tells its supply and its chamber.

use std::collections::BTreeSet;

use super::prediction::{Prediction, TrackPoint};
use super::spacecraft::{BASEPLATE, SolarArray};
use crate::command::Command;
use crate::name::DeviceName;
use crate::phase::Phase;
use crate::physics::array_curve::ArrayPoints;
use crate::quantity::{Amperes, Celsius, Volts};
use crate::time::{BenchTime, Period, Window};
use crate::timeline::{SetPoint, Timeline};

/// A change below which a supply is not told anew, V and A: what a bench supply resolves.
const SUPPLY_RESOLUTION: f64 = 5e-3;

/// A change below which a chamber is not told anew, K: less than chambers hold.
const CHAMBER_RESOLUTION: f64 = 0.05;

/// How often a set point falls inside a penumbra.
const PENUMBRA_STEP: Period = Period::millis(1_000);

/// What the wiring from a supply to the board can bear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SupplyCeiling {
    /// Most voltage. No set point is lowered to it: whoever plans refuses a profile above it,
    /// because a lowered one would test something else.
    pub volts: Volts,
    /// Most current; the limits of all set points are lowered to it.
    pub amps: Amperes,
}

/// The bus of the satellite as set points of a supply: at the start of `window` and every
/// `every` from there, at each edge, and once a second in penumbra; on whole milliseconds, and
/// only where something changes.
pub fn supply_timeline(
    prediction: &Prediction,
    device: &DeviceName,
    window: Window,
    every: Period,
    ceiling: SupplyCeiling,
) -> Timeline {
    let told = |point: &TrackPoint| [point.bus_volts, point.limit_amps.min(ceiling.amps.0)];
    let command = |[volts, amps]: [f64; 2]| Command::Supply {
        volts: Volts(volts),
        limit: Amperes(amps),
    };
    let at = instants(prediction, window, every);
    let points = at.into_iter().map(|at| (at, told(&prediction.at(at))));
    timeline(points, device, SUPPLY_RESOLUTION, command)
}

/// The array of the satellite as curves of a solar-array simulator, at the same instants: four
/// points of the array's own curve at its light and temperature, and a curve of no current in
/// the dark. Whoever draws more than its most power collapses the bus.
pub fn array_timeline(
    prediction: &Prediction,
    array: &SolarArray,
    device: &DeviceName,
    window: Window,
    every: Period,
) -> Timeline {
    let told = |point: &TrackPoint| {
        let points = ArrayPoints::of(&array.curve(point.flux_w_m2, point.array_celsius));
        // In the last of the penumbra there is no knee worth telling.
        if points.curve().is_err() {
            return [0.0; 4];
        }
        [points.isc.0, points.imp.0, points.voc.0, points.vmp.0]
    };
    let command = |[isc, imp, voc, vmp]: [f64; 4]| {
        Command::Curve(ArrayPoints {
            isc: Amperes(isc),
            imp: Amperes(imp),
            voc: Volts(voc),
            vmp: Volts(vmp),
        })
    };
    let at = instants(prediction, window, every);
    let points = at.into_iter().map(|at| (at, told(&prediction.at(at))));
    timeline(points, device, SUPPLY_RESOLUTION, command)
}

/// What of the satellite a chamber follows, and how fast it can.
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    /// The lump, by its name.
    pub lump: String,
    /// Fastest change of what it is told, K/min; as the lump's own if absent.
    pub kelvin_per_minute: Option<f64>,
}

impl Default for Follow {
    /// The baseplate, as fast as it changes.
    fn default() -> Follow {
        Follow {
            lump: BASEPLATE.to_owned(),
            kelvin_per_minute: None,
        }
    }
}

/// A lump of the satellite as set points of a chamber, at the same instants; where it changes
/// faster than the chamber may, the chamber comes after it. Nothing if there is no such lump.
pub fn chamber_timeline(
    prediction: &Prediction,
    device: &DeviceName,
    window: Window,
    every: Period,
    follow: &Follow,
) -> Timeline {
    let command = |[celsius]: [f64; 1]| Command::Chamber {
        target: Celsius(celsius),
        slew: None,
    };
    let mut last: Option<(BenchTime, f64)> = None;
    let told = instants(prediction, window, every)
        .into_iter()
        .filter_map(|at| {
            let wanted = prediction.celsius(&follow.lump, at)?;
            let celsius = match (last, follow.kelvin_per_minute) {
                (Some((before, from)), Some(rate)) => {
                    let most = rate * at.micros_since(before) as f64 / 60e6;
                    wanted.clamp(from - most, from + most)
                }
                _ => wanted,
            };
            last = Some((at, celsius));
            Some((at, [celsius]))
        });
    timeline(told, device, CHAMBER_RESOLUTION, command)
}

/// When a set point may fall, on whole milliseconds inside `window`.
fn instants(prediction: &Prediction, window: Window, every: Period) -> BTreeSet<BenchTime> {
    let steps = |from: BenchTime, until: BenchTime, step: Period| {
        std::iter::successors(Some(from), move |at| Some(*at + step))
            .take_while(move |at| *at < until)
    };
    let mut instants: BTreeSet<BenchTime> = steps(window.start, window.end, every).collect();
    for interval in &prediction.phases {
        let Some(shared) = interval.window.overlap(&window) else {
            continue;
        };
        instants.insert(shared.start);
        if interval.phase == Phase::Penumbra {
            instants.extend(steps(shared.start, shared.end, PENUMBRA_STEP));
        }
    }
    instants
        .into_iter()
        .map(BenchTime::ceil_millis)
        .filter(|at| window.contains(*at))
        .collect()
}

/// The points that differ from the last one told by `resolution` in some value.
fn timeline<const N: usize>(
    points: impl Iterator<Item = (BenchTime, [f64; N])>,
    device: &DeviceName,
    resolution: f64,
    command: impl Fn([f64; N]) -> Command,
) -> Timeline {
    let mut timeline = Timeline::default();
    let mut told: Option<[f64; N]> = None;
    for (at, values) in points {
        let changed = |last: &[f64; N]| {
            last.iter()
                .zip(&values)
                .any(|(last, value)| (value - last).abs() >= resolution)
        };
        if told.as_ref().is_none_or(changed) {
            told = Some(values);
            timeline
                .push(SetPoint {
                    at,
                    device: device.clone(),
                    command: command(values),
                })
                .expect("a set of instants is in order");
        }
    }
    timeline
}
