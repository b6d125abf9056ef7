//! Where the satellite is: SGP4 and SDP4 in the frame they were made for, Kepler's motion over
//! an oblate Earth, or a table of states.

use std::sync::Arc;

use super::elements::Elements;
use super::source::{Ephemeris, Kepler, MeanElements};
use super::utc::Utc;
use super::vector::Vector;

/// Equatorial radius of the Earth in WGS72, km, below which SGP4 counts a satellite as decayed.
const WGS72_RADIUS_KM: f64 = 6_378.135;

/// Gravitational parameter of the Earth, km³/s² (IERS Conventions 2010).
pub(super) const EARTH_MU: f64 = 398_600.441_8;

/// What an orbit is made of.
#[derive(Clone)]
enum Source {
    Sgp4(Box<sgp4::Constants>),
    Kepler(Kepler),
    Ephemeris(Arc<Ephemeris>),
}

/// A satellite that can be asked where it is.
#[derive(Clone)]
pub struct Orbit {
    source: Source,
    epoch: Utc,
    period_seconds: f64,
    fastest_limb: f64,
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
    /// A table of states does not reach so far.
    #[error("the ephemeris covers {first} to {last}, not {at}")]
    Uncovered {
        /// When.
        at: Utc,
        /// Its first state.
        first: Utc,
        /// Its last state.
        last: Utc,
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
    /// The model that tells where it is: `sgp4` (mean elements), `kepler-j2` (an ellipse that
    /// drifts as the Earth's oblateness has it) or `ephemeris` (a table of states).
    pub fn model(&self) -> &'static str {
        match self.source {
            Source::Sgp4(_) => "sgp4",
            Source::Kepler(_) => "kepler-j2",
            Source::Ephemeris(_) => "ephemeris",
        }
    }

    /// Whether it comes of mean elements, which are of use for days and not for years.
    pub fn is_of_mean_elements(&self) -> bool {
        matches!(self.source, Source::Sgp4(_))
    }

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
            source: Source::Sgp4(Box::new(constants)),
            epoch: elements.epoch(),
            period_seconds: elements.period_seconds(),
            fastest_limb: fastest_limb(elements.period_seconds(), parsed.eccentricity),
        })
    }

    /// Prepares SGP4 or SDP4 for mean elements that are not in two lines.
    ///
    /// # Errors
    /// If the elements make no orbit.
    pub fn from_mean(elements: &MeanElements) -> Result<Orbit, PropagationError> {
        let unusable = |why: &dyn std::fmt::Display| PropagationError::Unusable {
            why: why.to_string(),
        };
        let orbit = sgp4::Orbit::from_kozai_elements(
            &sgp4::WGS72,
            elements.inclination_deg.to_radians(),
            elements.node_deg.to_radians(),
            elements.eccentricity,
            elements.perigee_deg.to_radians(),
            elements.anomaly_deg.to_radians(),
            elements.mean_motion * std::f64::consts::PI / 720.0,
        )
        .map_err(|why| unusable(&why))?;
        let constants = sgp4::Constants::new(
            sgp4::WGS72,
            sgp4::afspc_epoch_to_sidereal_time,
            elements.epoch.julian_years_utc(),
            elements.drag_term,
            orbit,
        )
        .map_err(|why| unusable(&why))?;
        let period_seconds = 86_400.0 / elements.mean_motion;
        Ok(Orbit {
            source: Source::Sgp4(Box::new(constants)),
            epoch: elements.epoch,
            period_seconds,
            fastest_limb: fastest_limb(period_seconds, elements.eccentricity),
        })
    }

    /// An orbit of osculating size and shape whose plane turns as the Earth's oblateness has it.
    pub fn from_kepler(kepler: &Kepler) -> Orbit {
        let period_seconds = kepler.period_seconds();
        Orbit {
            source: Source::Kepler(kepler.clone()),
            epoch: kepler.epoch,
            period_seconds,
            fastest_limb: fastest_limb(period_seconds, kepler.eccentricity),
        }
    }

    /// A table of states, interpolated.
    pub fn from_ephemeris(ephemeris: Ephemeris) -> Orbit {
        Orbit {
            epoch: ephemeris.first(),
            period_seconds: ephemeris.period_seconds(),
            // Of a table nothing is known but its states: no step is jumped over.
            fastest_limb: f64::INFINITY,
            source: Source::Ephemeris(Arc::new(ephemeris)),
        }
    }

    /// When the elements hold best, or the first state of a table.
    pub fn epoch(&self) -> Utc {
        self.epoch
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
        let State { position, velocity } = match &self.source {
            Source::Sgp4(constants) => {
                // With the constants of the original, but its node not wrapped to 0..360 deg in
                // Lyddane's terms: so were the verification vectors computed. Wrapping moves a
                // deep orbit below 11.5 deg of inclination by up to a kilometre.
                let minutes = sgp4::MinutesSinceEpoch(at.seconds_since(self.epoch) / 60.0);
                let state =
                    constants
                        .propagate(minutes)
                        .map_err(|why| PropagationError::Diverged {
                            at,
                            why: why.to_string(),
                        })?;
                State {
                    position: Vector::from(state.position),
                    velocity: Vector::from(state.velocity),
                }
            }
            Source::Kepler(kepler) => kepler.state(at),
            Source::Ephemeris(ephemeris) => ephemeris.state(at)?,
        };
        let below_km = WGS72_RADIUS_KM - position.norm();
        // Written so that a position that is not a number is refused, too.
        if below_km < 0.0 {
            Ok(State { position, velocity })
        } else {
            Err(PropagationError::Decayed { at, below_km })
        }
    }

    /// Time of one revolution by the mean motion, s.
    pub fn period_seconds(&self) -> f64 {
        self.period_seconds
    }

    /// An upper bound of how fast the Sun can near the limb of the Earth, rad/s.
    pub(super) fn fastest_limb(&self) -> f64 {
        self.fastest_limb
    }
}

/// The bound for an ellipse: the turning at perigee, and the limb's own growth by the change of
/// height. A fifth is added for what perturbations do to the ellipse, and 0.002 to its
/// eccentricity.
fn fastest_limb(period_seconds: f64, eccentricity: f64) -> f64 {
    let eccentricity = (eccentricity + 0.002).min(0.999);
    let motion = std::f64::consts::TAU / period_seconds;
    let axis = (EARTH_MU / (motion * motion)).cbrt();
    let parameter = axis * (1.0 - eccentricity * eccentricity);
    let speed = (EARTH_MU / parameter).sqrt();
    let perigee = axis * (1.0 - eccentricity);
    // No lower than 100 km, where the limb would have no tangent.
    let height = (perigee * perigee - WGS72_RADIUS_KM * WGS72_RADIUS_KM).max(1.2e6);
    let turning = speed * (1.0 + eccentricity) / perigee;
    let growing = WGS72_RADIUS_KM * speed * eccentricity / (perigee * height.sqrt());
    1.2 * (turning + growing)
}

impl std::fmt::Debug for Orbit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orbit")
            .field("epoch", &self.epoch)
            .field("period_seconds", &self.period_seconds)
            .finish_non_exhaustive()
    }
}
