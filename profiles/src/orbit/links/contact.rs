//! When a ground station sees the satellite.
//!
//! Geometric elevation over the WGS84 ellipsoid; no refraction (at 5 deg it would lengthen a
//! contact by some 2 s at either end) and no light time.

use serde::{Deserialize, Serialize};

use super::windows::above_zero;
use crate::orbit::frame::to_earth_fixed;
use crate::orbit::propagation::{Orbit, PropagationError};
use crate::orbit::shadow::{EARTH_FLATTENING, EARTH_RADIUS_KM};
use crate::orbit::utc::Utc;
use crate::orbit::vector::Vector;
use crate::time::Window;

/// A ground station by its geodetic place (WGS84).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Latitude, deg, north positive.
    pub latitude_deg: f64,
    /// Longitude, deg, east positive.
    pub longitude_deg: f64,
    /// Height over the ellipsoid, m.
    #[serde(default)]
    pub height_m: f64,
    /// Lowest elevation at which it talks, deg.
    #[serde(default = "default_mask")]
    pub mask_deg: f64,
}

/// Five degrees, as most stations have it.
fn default_mask() -> f64 {
    5.0
}

/// One pass of the satellite over a station.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Of the station.
    pub station: String,
    /// From acquisition to loss of signal, cut at the span.
    pub window: Window,
    /// Highest elevation, deg, to about 0.01.
    pub highest_deg: f64,
}

impl Station {
    /// Its place in the frame that turns with the Earth, km, and the upward direction there.
    fn place(&self) -> (Vector, Vector) {
        let (sin_lat, cos_lat) = self.latitude_deg.to_radians().sin_cos();
        let (sin_lon, cos_lon) = self.longitude_deg.to_radians().sin_cos();
        let squared = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING);
        let normal = EARTH_RADIUS_KM / (1.0 - squared * sin_lat * sin_lat).sqrt();
        let height = self.height_m * 1e-3;
        let up = Vector::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat);
        let across = (normal + height) * cos_lat;
        let along = (normal * (1.0 - squared) + height) * sin_lat;
        (Vector::new(across * cos_lon, across * sin_lon, along), up)
    }

    /// Elevation of a satellite at `position` (TEME, km), deg.
    pub fn elevation_deg(&self, position: Vector, at: Utc) -> f64 {
        let (place, up) = self.place();
        let ray = to_earth_fixed(position, at) - place;
        (ray.dot(up) / ray.norm()).asin().to_degrees()
    }

    /// Distance to a satellite at `position` (TEME, km), km.
    pub fn range_km(&self, position: Vector, at: Utc) -> f64 {
        (to_earth_fixed(position, at) - self.place().0).norm()
    }
}

/// The passes of `span` over each station, in the order of the stations; `start` is bench time
/// zero.
///
/// # Errors
/// If the satellite has no position somewhere in the span.
pub fn contacts(
    orbit: &Orbit,
    start: Utc,
    span: Window,
    stations: &[Station],
) -> Result<Vec<Contact>, PropagationError> {
    let mut found = Vec::new();
    for station in stations {
        let elevation = |seconds: f64| {
            let at = start.plus_seconds(seconds);
            Ok::<f64, PropagationError>(station.elevation_deg(orbit.position(at)?, at))
        };
        let windows = above_zero(span, |seconds| Ok(elevation(seconds)? - station.mask_deg))?;
        for window in windows {
            let (from, length) = (window.start.as_secs_f64(), window.seconds());
            let mut highest_deg = f64::MIN;
            for part in 0..=100 {
                let seconds = from + length * f64::from(part) / 100.0;
                highest_deg = highest_deg.max(elevation(seconds)?);
            }
            found.push(Contact {
                station: station.name.clone(),
                window,
                highest_deg,
            });
        }
    }
    Ok(found)
}
