//! Where the Sun is, as the satellite's frame sees it.
//!
//! The larger terms of VSOP87, which stay within 0.3 arcsec of the JPL ephemerides from 2020 to
//! 2040, and the nutation of date; no file is read. A series of 180 cosines costs microseconds:
//! whoever asks often takes a [`SunTrack`].

mod nutation;
mod track;
mod vsop;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::utc::Utc;
use super::vector::Vector;
pub use nutation::Nutation;
pub use track::SunTrack;

/// Astronomical unit, km (IAU 2012 Resolution B2).
pub const ASTRONOMICAL_UNIT_KM: f64 = 149_597_870.7;

/// Nominal radius of the Sun, km (IAU 2015 Resolution B3).
pub const SUN_RADIUS_KM: f64 = 695_700.0;

/// Nominal total solar irradiance at one astronomical unit, W/m² (IAU 2015 Resolution B3).
pub const SOLAR_CONSTANT: f64 = 1_361.0;

/// Time in which light travels an astronomical unit, s (IAU 2012 and the speed of light).
const LIGHT_SECONDS_PER_AU: f64 = 499.004_784;

/// Mean distance of the Sun, astronomical units: the first guess of the light time.
const MEAN_DISTANCE_AU: f64 = 1.0;

/// Seconds in a Julian century.
const JULIAN_CENTURY: f64 = 36_525.0 * 86_400.0;

/// From the dynamical equinox of VSOP87 to that of the IAU 2006 precession, arcsec: to the FK5
/// (Meeus, chapter 32) and, per Julian century, from the precession of 1976 to that of 2006
/// (Capitaine et al. 2003).
const EQUINOX: [f64; 2] = [-0.090_33, -0.299_65];

/// Which direction of the Sun casts the shadow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SunDirection {
    /// With light time and annual aberration. In the frame of the Earth rays are straight, so
    /// this is the direction that casts the shadow.
    #[default]
    Apparent,
    /// Without them, as Orekit and Skyfield take it by default; for comparisons.
    Geometric,
}

/// Where the Sun is on the mean ecliptic of date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SolarLongitude {
    /// Longitude from the mean equinox of date, rad, not reduced to one turn.
    pub radians: f64,
    /// Latitude, rad; at most 1.2 arcsec.
    pub latitude: f64,
    /// Distance, astronomical units.
    pub distance_au: f64,
}

impl SolarLongitude {
    /// The Sun's longitude, latitude and distance at `at`.
    ///
    /// The apparent Sun stands where the geometric one stood a light time ago: to the first
    /// order in the Earth's speed that is light time and annual aberration in one, and the
    /// second is 0.001 arcsec.
    pub fn at(at: Utc, direction: SunDirection) -> SolarLongitude {
        let t = at.julian_centuries_tt();
        let earth = match direction {
            SunDirection::Geometric => vsop::earth(t / 10.0),
            SunDirection::Apparent => {
                let light_seconds = LIGHT_SECONDS_PER_AU * MEAN_DISTANCE_AU;
                let first = vsop::earth((t - light_seconds / JULIAN_CENTURY) / 10.0);
                // The distance varies by 1.7 %: eight seconds of light, 0.35 arcsec.
                let rest = LIGHT_SECONDS_PER_AU * (first.distance_au - MEAN_DISTANCE_AU);
                vsop::Place {
                    longitude: first.longitude - rest * first.longitude_rate(),
                    ..first
                }
            }
        };
        let equinox = EQUINOX[0] + EQUINOX[1] * t;
        SolarLongitude {
            radians: earth.longitude + PI + (equinox / 3_600.0).to_radians(),
            latitude: -earth.latitude,
            distance_au: earth.distance_au,
        }
    }
}

/// The Sun's position in TEME, km.
///
/// Nutation turns the equator of date into the true one; the equation of the equinoxes then
/// takes the origin of right ascension from the true equinox back to TEME's mean one. Both
/// equinoxes are of date, so precession is inside already.
pub fn sun_position(at: Utc, direction: SunDirection) -> Vector {
    let sun = SolarLongitude::at(at, direction);
    let nutation = Nutation::at(at);
    let (sin_longitude, cos_longitude) = (sun.radians + nutation.longitude).sin_cos();
    let (sin_obliquity, cos_obliquity) = nutation.true_obliquity.sin_cos();
    let (sin_latitude, cos_latitude) = sun.latitude.sin_cos();
    let x = cos_longitude * cos_latitude;
    let on_ecliptic = sin_longitude * cos_latitude;
    let y = on_ecliptic * cos_obliquity - sin_latitude * sin_obliquity;
    let (sin_equinox, cos_equinox) = nutation.equation_of_equinoxes().sin_cos();
    let unit = Vector::new(
        x * cos_equinox + y * sin_equinox,
        y * cos_equinox - x * sin_equinox,
        on_ecliptic * sin_obliquity + sin_latitude * cos_obliquity,
    );
    unit * (sun.distance_au * ASTRONOMICAL_UNIT_KM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_agrees_with_the_whole_theory() {
        // Meeus, example 25.b: 1992-10-13 0h TD with the whole VSOP87. An apparent longitude
        // of 199 deg 54' 21.818" with a nutation of +15.908", R = 0.99760853, and a latitude of
        // +0.72" (0.62" before the change to the FK5, which is left out).
        let at = Utc::parse("1992-10-12T23:59:00.816Z").unwrap();
        let sun = SolarLongitude::at(at, SunDirection::Apparent);
        let exact = 199.0 + 54.0 / 60.0 + (21.818 - 15.908) / 3_600.0;
        let error = (sun.radians.to_degrees().rem_euclid(360.0) - exact) * 3_600.0;
        assert!(error.abs() < 0.3, "{error} arcsec");
        let latitude = sun.latitude.to_degrees() * 3_600.0;
        assert!((latitude - 0.65).abs() < 0.15, "{latitude} arcsec");
        assert!((sun.distance_au - 0.997_608_53).abs() < 1e-5);
    }

    #[test]
    fn the_apparent_sun_trails_by_the_aberration() {
        let at = Utc::parse("2025-06-25T18:00:00Z").unwrap();
        let apparent = sun_position(at, SunDirection::Apparent);
        let geometric = sun_position(at, SunDirection::Geometric);
        let arcsec = apparent.angle(geometric).to_degrees() * 3_600.0;
        assert!((arcsec - 20.155).abs() < 0.02, "{arcsec}");
        assert!(
            geometric.cross(apparent).z < 0.0,
            "the apparent Sun is ahead"
        );
    }
}
