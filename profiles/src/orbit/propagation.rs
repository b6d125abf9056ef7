//! Where the satellite is: SGP4 and SDP4 in the frame they were made for.

use super::elements::Elements;
use super::utc::Utc;
use super::vector::Vector;

/// Equatorial radius of the Earth in WGS72, km, below which SGP4 counts a satellite as decayed.
const WGS72_RADIUS_KM: f64 = 6_378.135;

/// A satellite that can be asked where it is.
#[derive(Clone)]
pub struct Orbit {
    constants: sgp4::Constants,
    epoch: Utc,
    period_seconds: f64,
}

/// Position and velocity in TEME.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Position, km.
    pub position: Vector,
    /// Velocity, km/s.
    pub velocity: Vector,
}

/// Why there is no position.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PropagationError {
    /// SGP4 makes no orbit of the elements at all.
    #[error("SGP4 cannot use these elements: {why}")]
    Unusable {
        /// In SGP4's words.
        why: String,
    },
    /// The model left its range.
    #[error("SGP4 has no answer at {at}: {why}")]
    Diverged {
        /// When.
        at: Utc,
        /// In SGP4's words.
        why: String,
    },
    /// The satellite is below the surface: the elements are too old, or it came down.
    #[error("the satellite has decayed: at {at} it is {below_km:.0} km below the surface")]
    Decayed {
        /// When.
        at: Utc,
        /// How far inside a sphere of the Earth's equatorial radius, km.
        below_km: f64,
    },
}

impl Orbit {
    /// Prepares SGP4 or, for periods of 225 min and more, SDP4.
    ///
    /// With the constants of WGS72 and the sidereal time of the original, because elements are
    /// fitted with these; the other ones move a low orbit by some hundred metres.
    ///
    /// # Errors
    /// If the elements make no orbit.
    pub fn new(elements: &Elements) -> Result<Orbit, PropagationError> {
        let unusable = |why: &dyn std::fmt::Display| PropagationError::Unusable {
            why: why.to_string(),
        };
        let [first, second] = elements.lines();
        let parsed = sgp4::Elements::from_tle(None, first.as_bytes(), second.as_bytes())
            .map_err(|why| unusable(&why))?;
        let constants = sgp4::Constants::from_elements_afspc_compatibility_mode(&parsed)
            .map_err(|why| unusable(&why))?;
        Ok(Orbit {
            constants,
            epoch: elements.epoch(),
            period_seconds: elements.period_seconds(),
        })
    }

    /// Position in TEME (true equator, mean equinox of date), km.
    ///
    /// # Errors
    /// If SGP4 has none at `at`, or the satellite has decayed.
    pub fn position(&self, at: Utc) -> Result<Vector, PropagationError> {
        Ok(self.state(at)?.position)
    }

    /// Position and velocity in TEME.
    ///
    /// # Errors
    /// If SGP4 has none at `at`, or the satellite has decayed.
    pub fn state(&self, at: Utc) -> Result<State, PropagationError> {
        let minutes = sgp4::MinutesSinceEpoch(at.seconds_since(self.epoch) / 60.0);
        let state = self
            .constants
            .propagate_afspc_compatibility_mode(minutes)
            .map_err(|why| PropagationError::Diverged {
                at,
                why: why.to_string(),
            })?;
        let position = Vector::from(state.position);
        let below_km = WGS72_RADIUS_KM - position.norm();
        // Written so that a position that is not a number is refused, too.
        if below_km < 0.0 {
            Ok(State {
                position,
                velocity: Vector::from(state.velocity),
            })
        } else {
            Err(PropagationError::Decayed { at, below_km })
        }
    }

    /// Time of one revolution by the mean motion, s.
    pub fn period_seconds(&self) -> f64 {
        self.period_seconds
    }
}

impl std::fmt::Debug for Orbit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orbit")
            .field("epoch", &self.epoch)
            .field("period_seconds", &self.period_seconds)
            .finish_non_exhaustive()
    }
}
