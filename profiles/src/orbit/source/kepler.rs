//! Keplerian elements whose node, perigee and anomaly drift as the Earth's oblateness has it.
//!
//! The secular rates of the first order in J2 and nothing else: no drag, no short periods. Good
//! for designs that have no element set yet, not for a satellite that flies.

use std::f64::consts::TAU;

use crate::orbit::propagation::{EARTH_MU, State};
use crate::orbit::shadow::EARTH_RADIUS_KM;
use crate::orbit::utc::Utc;
use crate::orbit::vector::Vector;

/// Oblateness of the Earth's gravity (WGS84, from EGM96's C20).
pub(super) const J2: f64 = 1.082_626_683_553_151_3e-3;

/// An orbit by its elements, angles in the true equator and mean equinox of date (TEME).
#[derive(Clone, Debug, PartialEq)]
pub struct Kepler {
    /// When the angles hold.
    pub epoch: Utc,
    /// Semi-major axis, km.
    pub semi_major_km: f64,
    /// Eccentricity, 0 to below 1.
    pub eccentricity: f64,
    /// Inclination to the equator, rad.
    pub inclination: f64,
    /// Right ascension of the ascending node, rad.
    pub node: f64,
    /// Argument of perigee, rad.
    pub perigee: f64,
    /// Mean anomaly, rad.
    pub anomaly: f64,
}

impl Kepler {
    /// Drift of node, perigee and mean anomaly, rad/s.
    fn rates(&self) -> [f64; 3] {
        let motion = (EARTH_MU / self.semi_major_km.powi(3)).sqrt();
        let shape = 1.0 - self.eccentricity * self.eccentricity;
        let ratio = EARTH_RADIUS_KM / (self.semi_major_km * shape);
        let oblate = 1.5 * J2 * ratio * ratio * motion;
        let (sin, cos) = self.inclination.sin_cos();
        [
            -oblate * cos,
            oblate * (2.0 - 2.5 * sin * sin),
            motion + oblate * shape.sqrt() * (1.0 - 1.5 * sin * sin),
        ]
    }

    /// Time from one ascending node to the next, s.
    pub fn period_seconds(&self) -> f64 {
        let [_, perigee, anomaly] = self.rates();
        TAU / (perigee + anomaly)
    }

    /// Position and velocity in TEME.
    pub fn state(&self, at: Utc) -> State {
        let seconds = at.seconds_since(self.epoch);
        let [node_rate, perigee_rate, anomaly_rate] = self.rates();
        let e = self.eccentricity;
        let mean = (self.anomaly + anomaly_rate * seconds) % TAU;
        let eccentric = eccentric_anomaly(mean, e);
        let (sin, cos) = eccentric.sin_cos();
        let minor = (1.0 - e * e).sqrt();
        let distance = 1.0 - e * cos;
        // In the plane of the orbit, from the perigee.
        let (x, y) = (cos - e, minor * sin);
        let speed = self.semi_major_km * anomaly_rate / distance;
        let (vx, vy) = (-sin * speed, minor * cos * speed);
        let (sin_w, cos_w) = (self.perigee + perigee_rate * seconds).sin_cos();
        let (sin_n, cos_n) = (self.node + node_rate * seconds).sin_cos();
        let (sin_i, cos_i) = self.inclination.sin_cos();
        let turned = |x: f64, y: f64| {
            let (along, across) = (x * cos_w - y * sin_w, x * sin_w + y * cos_w);
            Vector::new(
                along * cos_n - across * cos_i * sin_n,
                along * sin_n + across * cos_i * cos_n,
                across * sin_i,
            )
        };
        State {
            position: turned(x, y) * self.semi_major_km,
            velocity: turned(vx, vy),
        }
    }
}

/// Kepler's equation by Newton's method, from a start that converges for every ellipse.
fn eccentric_anomaly(mean: f64, e: f64) -> f64 {
    let mut eccentric = if e < 0.8 {
        mean + e * mean.sin()
    } else {
        std::f64::consts::PI.copysign(mean)
    };
    for _ in 0..30 {
        let (sin, cos) = eccentric.sin_cos();
        let step = (eccentric - e * sin - mean) / (1.0 - e * cos);
        eccentric -= step;
        if step.abs() < 1e-14 {
            break;
        }
    }
    eccentric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ellipse_has_its_anomaly() {
        for e in [0.0, 0.001, 0.5, 0.74, 0.95] {
            for step in -31..31 {
                let mean = f64::from(step) * 0.1;
                let found = eccentric_anomaly(mean, e);
                assert!((found - e * found.sin() - mean).abs() < 1e-12, "{e} {mean}");
            }
        }
    }

    #[test]
    fn velocity_is_the_change_of_position() {
        let epoch = Utc::parse("2025-03-20T00:00:00Z").unwrap();
        let orbit = Kepler {
            epoch,
            semi_major_km: 26_600.0,
            eccentricity: 0.72,
            inclination: 1.1,
            node: 2.0,
            perigee: 4.7,
            anomaly: 0.3,
        };
        let at = |seconds: f64| orbit.state(epoch.plus_seconds(seconds));
        let change = (at(1_001.0).position - at(999.0).position) * 0.5;
        assert!((change - at(1_000.0).velocity).norm() < 2e-3);
    }
}
