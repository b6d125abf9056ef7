//! Where the Sun is, as the satellite's frame sees it.
//!
//! Meeus, Astronomical Algorithms, 2nd edition, chapter 25, plus planetary and lunar terms
//! fitted to the JPL ephemeris DE421 over 2000 to 2050, which take the error of the longitude
//! from 35 to about 3.5 arcsec. The ecliptic latitude (at most 1.2 arcsec) is left out.

mod nutation;
mod track;

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

/// Constant of aberration as the longitude of the Sun meets it, light time included, arcsec
/// (Meeus, equation 25.10).
const ABERRATION: f64 = 20.4898;

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

/// One term of the fitted series: multiples of the mean longitudes and arcseconds.
struct Term {
    venus: f64,
    earth: f64,
    mars: f64,
    jupiter: f64,
    moon: f64,
    cos: f64,
    sin: f64,
}

/// A term from the multiples of V, E, Ma, J and D and the factors of cosine and sine, arcsec.
const fn term(multiples: [i8; 5], cos: f64, sin: f64) -> Term {
    Term {
        venus: multiples[0] as f64,
        earth: multiples[1] as f64,
        mars: multiples[2] as f64,
        jupiter: multiples[3] as f64,
        moon: multiples[4] as f64,
        cos,
        sin,
    }
}

/// The twelve largest periodic corrections to Meeus' longitude: perturbations by Venus, Mars
/// and Jupiter, and the Earth's swing about its barycentre with the Moon.
const TERMS: [Term; 12] = [
    term([0, -1, 0, 1, 0], -0.0658, 7.1423),
    term([0, 0, 0, 0, 1], 0.0005, 6.4683),
    term([2, -2, 0, 0, 0], -0.0207, -5.4972),
    term([1, -1, 0, 0, 0], -0.0038, 4.8393),
    term([0, -2, 0, 2, 0], 0.0160, -2.7264),
    term([0, 0, 0, 1, 0], 0.3530, -2.5999),
    term([2, -3, 0, 0, 0], 2.4681, -0.0413),
    term([0, -2, 2, 0, 0], -0.1203, 2.1571),
    term([0, -1, 2, 0, 0], 1.1600, 1.3616),
    term([0, -1, 0, 2, 0], 1.2556, 0.9299),
    term([3, -4, 0, 0, 0], 1.2589, -0.0344),
    term([3, -5, 0, 0, 0], -0.1739, -1.0605),
];

/// Where the Sun is on the mean ecliptic of date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SolarLongitude {
    /// Longitude from the mean equinox of date, rad, not reduced to one turn.
    pub radians: f64,
    /// Distance, astronomical units.
    pub distance_au: f64,
}

impl SolarLongitude {
    /// The Sun's longitude and distance at `at`.
    pub fn at(at: Utc, direction: SunDirection) -> SolarLongitude {
        let t = at.julian_centuries_tt();
        let mean_longitude = 280.466_46 + (36_000.769_83 + 0.000_303_2 * t) * t;
        let anomaly = (357.529_11 + (35_999.050_29 - 0.000_153_7 * t) * t).to_radians();
        let eccentricity = 0.016_708_634 - (0.000_042_037 + 0.000_000_126_7 * t) * t;
        let centre = (1.914_602 - (0.004_817 + 0.000_014 * t) * t) * anomaly.sin()
            + (0.019_993 - 0.000_101 * t) * (2.0 * anomaly).sin()
            + 0.000_289 * (3.0 * anomaly).sin();
        let true_anomaly = anomaly + centre.to_radians();
        let distance_au = 1.000_001_018 * (1.0 - eccentricity * eccentricity)
            / (1.0 + eccentricity * true_anomaly.cos());
        let aberration = match direction {
            SunDirection::Apparent => ABERRATION / distance_au,
            SunDirection::Geometric => 0.0,
        };
        let arcsec = fitted_correction(t) - aberration;
        SolarLongitude {
            radians: (mean_longitude + centre + arcsec / 3_600.0).to_radians(),
            distance_au,
        }
    }
}

/// Correction to the geometric longitude, arcsec; `t` in Julian centuries of TT since J2000.
fn fitted_correction(t: f64) -> f64 {
    let venus = (181.979_801 + 58_517.815_676 * t).to_radians();
    let earth = (100.466_457 + 35_999.372_851 * t).to_radians();
    let mars = (355.433 + 19_140.299_331 * t).to_radians();
    let jupiter = (34.351_519 + 3_034.905_675 * t).to_radians();
    let moon = (297.850_204 + 445_267.111_480 * t).to_radians();
    let periodic: f64 = TERMS
        .iter()
        .map(|term| {
            let angle = term.venus * venus
                + term.earth * earth
                + term.mars * mars
                + term.jupiter * jupiter
                + term.moon * moon;
            let (sin, cos) = angle.sin_cos();
            term.cos * cos + term.sin * sin
        })
        .sum();
    -8.160 + (-6.075 + 6.877 * t) * t + periodic
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
    let (x, y) = (cos_longitude, sin_longitude * cos_obliquity);
    let (sin_equinox, cos_equinox) = nutation.equation_of_equinoxes().sin_cos();
    let unit = Vector::new(
        x * cos_equinox + y * sin_equinox,
        y * cos_equinox - x * sin_equinox,
        sin_longitude * sin_obliquity,
    );
    unit * (sun.distance_au * ASTRONOMICAL_UNIT_KM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uncorrected_series_is_meeus() {
        // Example 25.a: 1992-10-13 0h TD; 58.184 s later than UTC reads then (26 s + 32.184 s
        // = 58.184 s ahead). Meeus finds 199.90987 deg and R = 0.99766 without our terms.
        let at = Utc::parse("1992-10-12T23:59:00.816Z").unwrap();
        let sun = SolarLongitude::at(at, SunDirection::Geometric);
        let fitted = fitted_correction(at.julian_centuries_tt()) / 3_600.0;
        let degrees = (sun.radians.to_degrees() - fitted).rem_euclid(360.0);
        assert!((degrees - 199.909_87).abs() < 1e-5, "{degrees}");
        // He prints 0.99766; the exact ephemeris he quotes is 0.99760853.
        assert!((sun.distance_au - 0.997_66).abs() < 5e-6);
    }

    #[test]
    fn the_fitted_series_is_nearer_to_the_exact_answer() {
        // The same example computed with the whole VSOP87 gives an apparent longitude of
        // 199 deg 54' 21.818" with a nutation of +15.908".
        let at = Utc::parse("1992-10-12T23:59:00.816Z").unwrap();
        let sun = SolarLongitude::at(at, SunDirection::Apparent);
        let exact = 199.0 + 54.0 / 60.0 + (21.818 - 15.908) / 3_600.0;
        let error = (sun.radians.to_degrees().rem_euclid(360.0) - exact) * 3_600.0;
        assert!(error.abs() < 4.0, "{error} arcsec");
    }

    #[test]
    fn the_apparent_sun_trails_by_the_aberration() {
        let at = Utc::parse("2025-06-25T18:00:00Z").unwrap();
        let apparent = sun_position(at, SunDirection::Apparent);
        let geometric = sun_position(at, SunDirection::Geometric);
        let arcsec = apparent.angle(geometric).to_degrees() * 3_600.0;
        assert!((arcsec - 20.155).abs() < 0.01, "{arcsec}");
        assert!(
            geometric.cross(apparent).z < 0.0,
            "the apparent Sun is ahead"
        );
    }
}
