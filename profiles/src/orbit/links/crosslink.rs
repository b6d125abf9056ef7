//! When two satellites see one another.

use serde::{Deserialize, Serialize};

use super::contact::Station;
use super::windows::above_zero;
use crate::orbit::propagation::{Orbit, PropagationError};
use crate::orbit::shadow::EARTH_RADIUS_KM;
use crate::orbit::utc::Utc;
use crate::orbit::vector::Vector;
use crate::time::{BenchTime, Period, Window};

/// Speed of light, km/s (exact).
const LIGHT_KM_PER_S: f64 = 299_792.458;

/// What a link between satellites needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crosslink {
    /// The ray must clear a sphere of the Earth's equatorial radius by this much, km.
    pub skim_km: f64,
    /// Longest distance, km; none if absent.
    pub max_range_km: Option<f64>,
}

impl Default for Crosslink {
    /// 80 km of air to clear, as optical terminals plan, at any distance.
    fn default() -> Crosslink {
        Crosslink {
            skim_km: 80.0,
            max_range_km: None,
        }
    }
}

impl Crosslink {
    /// How much the worse of both demands is kept by, km; below zero there is no link.
    pub fn margin_km(&self, a: Vector, b: Vector) -> f64 {
        let ray = b - a;
        let share = (-a.dot(ray) / ray.dot(ray)).clamp(0.0, 1.0);
        // Two satellites at one place see one another.
        let nearest = if share.is_nan() { a } else { a + ray * share };
        let clear = nearest.norm() - EARTH_RADIUS_KM - self.skim_km;
        match self.max_range_km {
            Some(longest) => clear.min(longest - ray.norm()),
            None => clear,
        }
    }
}

/// The stretches of `span` in which `a` and `b` have a link; `start` is bench time zero.
///
/// # Errors
/// If either has no position somewhere in the span.
pub fn crosslinks(
    [a, b]: [&Orbit; 2],
    start: Utc,
    span: Window,
    link: Crosslink,
) -> Result<Vec<Window>, PropagationError> {
    above_zero(span, |seconds| {
        let at = start.plus_seconds(seconds);
        Ok(link.margin_km(a.position(at)?, b.position(at)?))
    })
}

/// A link at one instant: a set point for whatever imitates it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkPoint {
    /// When.
    pub at: BenchTime,
    /// Whether there is one.
    pub open: bool,
    /// Distance, km.
    pub range_km: f64,
    /// Time that light needs, one way, ms.
    pub light_ms: f64,
}

/// The link over its windows: at the start of each, every `every` inside, and closed at its end.
///
/// # Errors
/// If either has no position somewhere in them.
pub fn link_points(
    [a, b]: [&Orbit; 2],
    start: Utc,
    windows: &[Window],
    every: Period,
) -> Result<Vec<LinkPoint>, PropagationError> {
    points_over(windows, start, every, |at| {
        Ok((a.position(at)? - b.position(at)?).norm())
    })
}

/// The contact with `station` over its windows, told in the same way.
///
/// # Errors
/// If the satellite has no position somewhere in them.
pub fn contact_points(
    (orbit, station): (&Orbit, &Station),
    start: Utc,
    windows: &[Window],
    every: Period,
) -> Result<Vec<LinkPoint>, PropagationError> {
    points_over(windows, start, every, |at| {
        Ok(station.range_km(orbit.position(at)?, at))
    })
}

fn points_over(
    windows: &[Window],
    start: Utc,
    every: Period,
    range_km: impl Fn(Utc) -> Result<f64, PropagationError>,
) -> Result<Vec<LinkPoint>, PropagationError> {
    let point = |at: BenchTime, open: bool| {
        let range_km = range_km(start.plus_seconds(at.as_secs_f64()))?;
        Ok(LinkPoint {
            at,
            open,
            range_km,
            light_ms: light_milliseconds(range_km),
        })
    };
    let mut points = Vec::new();
    for window in windows {
        let mut at = window.start;
        while at < window.end {
            points.push(point(at, true)?);
            at = at + every;
        }
        points.push(point(window.end, false)?);
    }
    Ok(points)
}

/// Time that light needs for a distance in km, ms, one way.
pub fn light_milliseconds(km: f64) -> f64 {
    km / LIGHT_KM_PER_S * 1e3
}
