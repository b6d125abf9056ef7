//! What people ask of an orbit first: how high, how steep, how long, and when it crosses the equator.

use std::fmt;

use super::propagation::{Orbit, PropagationError};
use super::shadow::EARTH_RADIUS_KM;
use super::source::mean_sun_deg;
use super::utc::Utc;
use super::vector::Vector;

/// Points of a revolution that are looked at.
const POINTS: u32 = 180;

/// An orbit in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// Least and greatest height over a sphere of the Earth's equatorial radius in one revolution, km.
    pub altitude_km: (f64, f64),
    /// Inclination of the plane to the equator of date, deg.
    pub inclination_deg: f64,
    /// Local mean solar time at the ascending node, h: 0 to 24.
    pub ltan_hours: f64,
    /// Time of one revolution, s.
    pub period_s: f64,
}

impl Facts {
    /// Those of `orbit` from `at` on. The plane is that of position and velocity at `at`; the local time at
    /// its node is that of the mean Sun (Vallado, Fundamentals of Astrodynamics, section 11.4).
    ///
    /// # Errors
    /// If the orbit has no position somewhere in the revolution.
    pub fn of(orbit: &Orbit, at: Utc) -> Result<Facts, PropagationError> {
        let period_s = orbit.period_seconds();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for point in 0..POINTS {
            let share = f64::from(point) / f64::from(POINTS);
            let there = orbit.position(at.plus_seconds(share * period_s))?;
            let height = there.norm() - EARTH_RADIUS_KM;
            (low, high) = (low.min(height), high.max(height));
        }
        let state = orbit.state(at)?;
        let normal = state.position.cross(state.velocity).unit();
        let node = Vector::new(0.0, 0.0, 1.0).cross(normal);
        let node_deg = node.y.atan2(node.x).to_degrees();
        Ok(Facts {
            altitude_km: (low, high),
            inclination_deg: normal.z.clamp(-1.0, 1.0).acos().to_degrees(),
            ltan_hours: (12.0 + (node_deg - mean_sun_deg(at)) / 15.0).rem_euclid(24.0),
            period_s,
        })
    }
}

/// `altitude 413 to 438 km, inclination 51.64°, LTAN 10:30, period 92.9 min`.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.altitude_km;
        write!(f, "altitude {low:.0} ")?;
        if high - low >= 1.0 {
            write!(f, "to {high:.0} ")?;
        }
        let minutes = (self.ltan_hours * 60.0).round() as u32 % 1_440;
        write!(
            f,
            "km, inclination {:.2}°, LTAN {:02}:{:02}, period {:.1} min",
            self.inclination_deg,
            minutes / 60,
            minutes % 60,
            self.period_s / 60.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::{Description, Plane};
    use super::*;

    #[test]
    fn a_described_orbit_has_what_was_asked_of_it() {
        let at = Utc::parse("2026-01-01T00:00:00Z").unwrap();
        let description = Description {
            altitude_km: 550.0,
            plane: Plane::SunSynchronous { ltan_hours: 10.5 },
            phase_deg: 77.0,
        };
        let orbit = Orbit::from_kepler(&description.elements(at).unwrap());
        let told = Facts::of(&orbit, at).unwrap().to_string();
        // From node to node: the Earth's flattening adds 0.13 % to Kepler's 95.65 min.
        assert_eq!(
            told,
            "altitude 550 km, inclination 97.59°, LTAN 10:30, period 95.8 min"
        );
    }
}
