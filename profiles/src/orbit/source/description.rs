//! Plain descriptions of circular orbits: a height and a plane.

use super::kepler::{J2, Kepler};
use crate::orbit::propagation::EARTH_MU;
use crate::orbit::shadow::EARTH_RADIUS_KM;
use crate::orbit::utc::Utc;

/// Days of a tropical year, in which a sun-synchronous plane turns once.
const TROPICAL_YEAR: f64 = 365.242_189_7;

/// How the plane of an orbit lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plane {
    /// Turns with the mean Sun; the ascending node is passed at this mean local time, h.
    SunSynchronous {
        /// Local time of the ascending node, h, 0 to 24.
        ltan_hours: f64,
    },
    /// Given outright.
    Fixed {
        /// Inclination to the equator, deg.
        inclination_deg: f64,
        /// Right ascension of the ascending node at the epoch, deg.
        node_deg: f64,
    },
}

/// A circular orbit in words: "550 km, dawn-dusk".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description {
    /// Height over a sphere of the Earth's equatorial radius, km.
    pub altitude_km: f64,
    /// How the plane lies.
    pub plane: Plane,
    /// Angle from the ascending node at the epoch, deg.
    pub phase_deg: f64,
}

impl Description {
    /// The elements at `epoch`; `None` where the height is below the surface or no plane at it
    /// keeps up with the Sun (above 5,974 km).
    pub fn elements(&self, epoch: Utc) -> Option<Kepler> {
        let semi_major_km = EARTH_RADIUS_KM + self.altitude_km;
        if !(self.altitude_km > 0.0 && semi_major_km.is_finite()) {
            return None;
        }
        let (inclination, node) = match self.plane {
            Plane::Fixed {
                inclination_deg,
                node_deg,
            } => (inclination_deg.to_radians(), node_deg.to_radians()),
            Plane::SunSynchronous { ltan_hours } => (
                sun_synchronous(semi_major_km)?,
                (mean_sun_deg(epoch) + 15.0 * (ltan_hours - 12.0)).to_radians(),
            ),
        };
        Some(Kepler {
            epoch,
            semi_major_km,
            eccentricity: 0.0,
            inclination,
            node,
            perigee: 0.0,
            anomaly: self.phase_deg.to_radians(),
        })
    }
}

/// Inclination whose node turns once in a tropical year, rad.
fn sun_synchronous(semi_major_km: f64) -> Option<f64> {
    let motion = (EARTH_MU / semi_major_km.powi(3)).sqrt();
    let ratio = EARTH_RADIUS_KM / semi_major_km;
    let turning = std::f64::consts::TAU / (TROPICAL_YEAR * 86_400.0);
    let cosine = -turning / (1.5 * J2 * ratio * ratio * motion);
    (cosine >= -1.0).then(|| cosine.acos())
}

/// Right ascension of the mean Sun, deg (Newcomb's mean longitude, as in Meeus, chapter 25).
pub(in crate::orbit) fn mean_sun_deg(at: Utc) -> f64 {
    let t = at.days_since_j2000_utc() / 36_525.0;
    (280.466_46 + (36_000.769_83 + 0.000_303_2 * t) * t).rem_euclid(360.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sun_synchronous_plane_keeps_up_with_the_sun() {
        let epoch = Utc::parse("2025-01-01T12:00:00Z").unwrap();
        for (altitude_km, expected) in [(550.0, 97.593), (600.0, 97.788), (650.0, 97.986)] {
            let description = Description {
                altitude_km,
                plane: Plane::SunSynchronous { ltan_hours: 10.5 },
                phase_deg: 0.0,
            };
            let found = description.elements(epoch).unwrap();
            assert!((found.inclination.to_degrees() - expected).abs() < 6e-4);
            if altitude_km < 560.0 {
                assert!((found.node.to_degrees() - 258.898_17).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn what_cannot_be_is_none() {
        let epoch = Utc::parse("2025-01-01T12:00:00Z").unwrap();
        for altitude_km in [-1.0, 6_100.0, f64::NAN] {
            let description = Description {
                altitude_km,
                plane: Plane::SunSynchronous { ltan_hours: 6.0 },
                phase_deg: 0.0,
            };
            assert_eq!(description.elements(epoch), None);
        }
    }
}
