//! Upsets and latch-ups along an orbit, as a seeded schedule of injections.
//!
//! A compact picture and no AP9: a background of cosmic rays, more of it over the poles, and the
//! South Atlantic Anomaly as one ellipse. Between 500 and 800 km it gives the pattern that a
//! board meets (runs of some six passes through the anomaly, twice a day); rates of a real part
//! come from its own test, as a table against time or as numbers for the three regions.

use serde::{Deserialize, Serialize};

use super::frame::to_earth_fixed;
use super::links::windows::above_zero;
use super::propagation::{Orbit, PropagationError};
use super::utc::Utc;
use super::vector::Vector;
use crate::command::{Command, Fault};
use crate::name::DeviceName;
use crate::seed::{Seed, Stream};
use crate::shape::Table;
use crate::time::{BenchTime, Window};
use crate::timeline::{SetPoint, Timeline};

/// The anomaly at 500 to 800 km: its middle (latitude and longitude, deg) and half its extent.
/// In the outline a sun-synchronous orbit of 550 km spends 4.7 % of its time.
const ANOMALY: [f64; 4] = [-26.0, -50.0, 22.0, 45.0];

/// The north pole of the geomagnetic dipole (IGRF-13 for 2025): latitude and longitude, deg.
const DIPOLE: [f64; 2] = [80.7, -72.7];

/// Geomagnetic latitude beyond which the field hardly shields, deg: the polar horns.
const POLAR_DEG: f64 = 60.0;

/// Where in the belts a satellite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Shielded by the field.
    Quiet,
    /// Over a magnetic pole.
    Polar,
    /// In the South Atlantic Anomaly.
    Anomaly,
}

/// Rates of a part, per day of stay in each region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RadiationModel {
    /// Upsets a day outside of horns and anomaly.
    pub quiet_per_day: f64,
    /// Upsets a day over the poles.
    pub polar_per_day: f64,
    /// Upsets a day in the middle of the anomaly; it falls to the quiet rate at its outline.
    pub anomaly_per_day: f64,
    /// Latch-ups and functional interrupts for each upset.
    pub latch_up_share: f64,
}

impl Default for RadiationModel {
    /// About four upsets a day in a sun-synchronous orbit, most of them in the anomaly: some
    /// 50 MB of unprotected memory at 1e-8 a bit and day, an order of magnitude and no more.
    fn default() -> RadiationModel {
        RadiationModel {
            quiet_per_day: 0.8,
            polar_per_day: 2.5,
            anomaly_per_day: 120.0,
            latch_up_share: 0.01,
        }
    }
}

/// What a particle does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A bit of memory turns over.
    Upset,
    /// The part must be switched off or reset.
    LatchUp,
}

impl RadiationModel {
    /// Upsets a day at `position` (TEME, km).
    pub fn upsets_per_day(&self, position: Vector, at: Utc) -> f64 {
        let (latitude, longitude) = place(position, at);
        let depth = depth_of_anomaly(latitude, longitude);
        let outside = if geomagnetic_deg(latitude, longitude).abs() > POLAR_DEG {
            self.polar_per_day
        } else {
            self.quiet_per_day
        };
        outside + (self.anomaly_per_day - outside).max(0.0) * depth
    }

    /// The most upsets a day anywhere.
    fn highest(&self) -> f64 {
        self.quiet_per_day
            .max(self.polar_per_day)
            .max(self.anomaly_per_day)
    }
}

impl Region {
    /// The region at `position` (TEME, km).
    pub fn at(position: Vector, at: Utc) -> Region {
        let (latitude, longitude) = place(position, at);
        if depth_of_anomaly(latitude, longitude) > 0.0 {
            Region::Anomaly
        } else if geomagnetic_deg(latitude, longitude).abs() > POLAR_DEG {
            Region::Polar
        } else {
            Region::Quiet
        }
    }
}

/// Geocentric latitude and longitude, deg.
fn place(position: Vector, at: Utc) -> (f64, f64) {
    let fixed = to_earth_fixed(position, at);
    let latitude = (fixed.z / fixed.norm()).asin().to_degrees();
    (latitude, fixed.y.atan2(fixed.x).to_degrees())
}

/// 1 in the middle of the anomaly, 0 at its outline and beyond.
fn depth_of_anomaly(latitude: f64, longitude: f64) -> f64 {
    inside_of_anomaly(latitude, longitude).max(0.0)
}

/// As [`depth_of_anomaly`], and below 0 outside.
fn inside_of_anomaly(latitude: f64, longitude: f64) -> f64 {
    let [middle, meridian, height, width] = ANOMALY;
    let across = (longitude - meridian + 180.0).rem_euclid(360.0) - 180.0;
    let rho = ((latitude - middle) / height).powi(2) + (across / width).powi(2);
    1.0 - rho
}

/// The stretches of `span` that the satellite spends in `region`; [`Region::Polar`] includes what
/// of the anomaly is that near a pole, which is none.
///
/// # Errors
/// If the satellite has no position somewhere in the span.
pub fn region_windows(
    (orbit, start): (&Orbit, Utc),
    span: Window,
    region: Region,
) -> Result<Vec<Window>, PropagationError> {
    above_zero(span, |seconds| {
        let utc = start.plus_seconds(seconds);
        let (latitude, longitude) = place(orbit.position(utc)?, utc);
        let anomaly = inside_of_anomaly(latitude, longitude);
        let polar = geomagnetic_deg(latitude, longitude).abs() - POLAR_DEG;
        Ok(match region {
            Region::Anomaly => anomaly,
            Region::Polar => polar,
            Region::Quiet => -anomaly.max(polar),
        })
    })
}

fn geomagnetic_deg(latitude: f64, longitude: f64) -> f64 {
    let [pole, meridian] = DIPOLE.map(f64::to_radians);
    let (sin, cos) = latitude.to_radians().sin_cos();
    let turned = (longitude.to_radians() - meridian).cos();
    (sin * pole.sin() + cos * pole.cos() * turned)
        .asin()
        .to_degrees()
}

/// When what happens in `span`: a Poisson process whose rate follows the orbit, or `table`
/// (upsets a day against bench time) where the user has one. The same seed and name give the
/// same schedule.
///
/// # Errors
/// If the satellite has no position somewhere in the span.
pub fn radiation_effects(
    (orbit, start): (&Orbit, Utc),
    span: Window,
    model: &RadiationModel,
    table: Option<&Table>,
    stream: &mut Stream,
) -> Result<Vec<(BenchTime, Effect)>, PropagationError> {
    let highest = match table {
        Some(table) => table.highest(),
        None => model.highest(),
    };
    let mut found = Vec::new();
    if highest <= 0.0 {
        return Ok(found);
    }
    // By thinning (Lewis and Shedler 1979): candidates at the highest rate, each kept with the
    // share that the rate at its time is of it.
    let mut seconds = span.start.as_secs_f64();
    loop {
        seconds -= (1.0 - stream.unit()).ln() * 86_400.0 / highest;
        let at = BenchTime::from_secs_f64(seconds);
        if at >= span.end {
            return Ok(found);
        }
        let rate = if let Some(table) = table {
            table.value_at(at)
        } else {
            let utc = start.plus_seconds(seconds);
            model.upsets_per_day(orbit.position(utc)?, utc)
        };
        if stream.unit() * highest < rate {
            let latch_up = stream.unit() < model.latch_up_share;
            let effect = if latch_up {
                Effect::LatchUp
            } else {
                Effect::Upset
            };
            found.push((at, effect));
        }
    }
}

/// What a latch-up takes, A: from tens of milliamperes to amperes, by the part and where it is hit
/// (JEDEC JESD57A, 2017, has no figure; supervisors of boards trip at a few hundred milliamperes).
const LATCH_UP_AMPS: f64 = 0.5;

/// Effects as injections into a board with `bytes` of memory: an upset turns a bit over, a
/// latch-up draws current until power goes.
///
/// # Panics
/// If the effects are not in order of time, as [`radiation_effects`] gives them.
pub fn injections(
    effects: &[(BenchTime, Effect)],
    device: &DeviceName,
    bytes: u32,
    seed: Seed,
) -> Timeline {
    let mut stream = seed.stream(device.as_str(), "radiation places");
    let mut timeline = Timeline::default();
    for (at, effect) in effects {
        let fault = match effect {
            Effect::LatchUp => Fault::LatchUp {
                amps: LATCH_UP_AMPS,
            },
            Effect::Upset => Fault::BitFlip {
                byte: stream.below(u64::from(bytes)) as u32,
                bit: stream.below(8) as u8,
            },
        };
        timeline
            .push(SetPoint {
                at: at.ceil_millis(),
                device: device.clone(),
                command: Command::Inject(fault),
            })
            .expect("effects are in order of time");
    }
    timeline
}
