//! Between the frames: TEME, the celestial one and the one that turns with the Earth.
//!
//! By the crate's nutation, IAU 2006 precession (Capitaine et al. 2003) and the sidereal time of
//! 1982. The frame bias (0.02 arcsec), polar motion (10 m) and UT1 - UTC (below 0.9 s; 46 m for
//! each tenth) are left out.

use super::sun::Nutation;
use super::utc::Utc;
use super::vector::Vector;

/// A vector of TEME in the geocentric celestial frame (GCRF).
pub fn to_gcrs(v: Vector, at: Utc) -> Vector {
    let nutation = Nutation::at(at);
    let v = about_z(v, nutation.equation_of_equinoxes());
    let v = about_x(v, -nutation.true_obliquity);
    let v = about_z(v, -nutation.longitude);
    let v = about_x(v, nutation.mean_obliquity);
    let [zeta, z, theta] = precession(at);
    about_z(about_y(about_z(v, -z), theta), -zeta)
}

/// A vector of the geocentric celestial frame (GCRF) in TEME.
pub fn from_gcrs(v: Vector, at: Utc) -> Vector {
    let [zeta, z, theta] = precession(at);
    let v = about_z(about_y(about_z(v, zeta), -theta), z);
    let nutation = Nutation::at(at);
    let v = about_x(v, -nutation.mean_obliquity);
    let v = about_z(v, nutation.longitude);
    let v = about_x(v, nutation.true_obliquity);
    about_z(v, -nutation.equation_of_equinoxes())
}

/// A vector of TEME in the frame that turns with the Earth (without polar motion).
pub fn to_earth_fixed(v: Vector, at: Utc) -> Vector {
    about_z(v, -sidereal_time(at))
}

/// Greenwich mean sidereal time (IAU 1982), rad, with UTC for UT1.
pub(super) fn sidereal_time(at: Utc) -> f64 {
    let days = at.days_since_j2000_utc();
    let t = days / 36_525.0;
    // The whole turns of the days are left out of the product, for their digits' sake.
    let turns = 0.779_057_273_264 + days.rem_euclid(1.0) + 0.002_737_909_350_795 * days;
    let seconds = (0.093_104 - 6.2e-6 * t) * t * t;
    (turns + seconds / 86_400.0).rem_euclid(1.0) * std::f64::consts::TAU
}

/// The angles zeta, z and theta of precession since J2000, rad.
fn precession(at: Utc) -> [f64; 3] {
    let t = at.julian_centuries_tt();
    [
        2.650_545 + (2_306.083_227 + (0.298_849_9 + 0.018_018_28 * t) * t) * t,
        -2.650_545 + (2_306.077_181 + (1.092_734_8 + 0.018_268_37 * t) * t) * t,
        (2_004.191_903 - (0.429_493_4 + 0.041_822_64 * t) * t) * t,
    ]
    .map(|arcsec: f64| (arcsec / 3_600.0).to_radians())
}

/// Turns a vector by `angle` about the third axis, anticlockwise.
fn about_z(v: Vector, angle: f64) -> Vector {
    let (sin, cos) = angle.sin_cos();
    Vector::new(v.x * cos - v.y * sin, v.x * sin + v.y * cos, v.z)
}

fn about_y(v: Vector, angle: f64) -> Vector {
    let (sin, cos) = angle.sin_cos();
    Vector::new(v.x * cos + v.z * sin, v.y, v.z * cos - v.x * sin)
}

fn about_x(v: Vector, angle: f64) -> Vector {
    let (sin, cos) = angle.sin_cos();
    Vector::new(v.x, v.y * cos - v.z * sin, v.y * sin + v.z * cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let at = Utc::parse("2031-07-01T03:04:05Z").unwrap();
        let v = Vector::new(4_321.0, -5_000.0, 1_234.0);
        assert!((from_gcrs(to_gcrs(v, at), at) - v).norm() < 1e-9);
    }

    #[test]
    fn sidereal_time_of_meeus() {
        // Example 12.b: 1987-04-10 19:21:00 UT, 128.7378734 deg.
        let at = Utc::parse("1987-04-10T19:21:00Z").unwrap();
        assert!((sidereal_time(at).to_degrees() - 128.737_873_4).abs() < 1e-6);
    }
}
