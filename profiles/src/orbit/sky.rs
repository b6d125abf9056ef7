//! What changes slowly along an orbit: the Sun's distance and its height over the orbit's
//! plane. Sampled once a minute and interpolated, because each sample costs a microsecond or
//! two and a track has a point a second.

use super::propagation::{Orbit, PropagationError};
use super::shadow::EARTH_RADIUS_KM;
use super::sun::{ASTRONOMICAL_UNIT_KM, SOLAR_CONSTANT, SunDirection, SunTrack};
use super::utc::Utc;
use super::vector::Vector;
use crate::time::{BenchTime, Window};

/// Time between samples, s. The plane's wobble by the Earth's flattening has half a revolution
/// for its period, so that a straight line over a minute errs by less than 1e-4 deg.
const STEP: f64 = 60.0;

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sky {
    /// Irradiance outside of any shadow, W/m².
    pub(super) flux: f64,
    /// Height of the Sun over the plane of the osculating orbit, deg.
    pub(super) beta_deg: f64,
    /// Share of the sunlight that an Earth of albedo 1 would throw on a plate that faces it:
    /// its view factor times the cosine of the Sun's zenith angle below the satellite.
    pub(super) earthshine: f64,
    /// View factor of the Earth from a plate that faces it.
    pub(super) earth_view: f64,
}

/// Samples over a span.
pub(super) struct Skies {
    origin: f64,
    samples: Vec<Sky>,
}

impl Skies {
    pub(super) fn over(orbit: &Orbit, start: Utc, span: Window) -> Result<Skies, PropagationError> {
        let origin = span.start.as_secs_f64();
        let count = (span.seconds() / STEP).ceil() as usize + 1;
        let sun = SunTrack::over(start, span, SunDirection::Geometric);
        let samples = (0..count)
            .map(|index| {
                // The last sample is at the end: nothing beyond the span is asked for.
                let into = (STEP * index as f64).min(span.seconds());
                let seconds = origin + into;
                sky(orbit, start.plus_seconds(seconds), sun.at(seconds))
            })
            .collect::<Result<_, _>>()?;
        Ok(Skies { origin, samples })
    }

    pub(super) fn at(&self, at: BenchTime) -> Sky {
        let place = ((at.as_secs_f64() - self.origin) / STEP).max(0.0);
        let last = self.samples.len() - 1;
        let before = self.samples[(place as usize).min(last)];
        let after = self.samples[(place as usize + 1).min(last)];
        let share = place.fract();
        Sky {
            flux: before.flux + (after.flux - before.flux) * share,
            beta_deg: before.beta_deg + (after.beta_deg - before.beta_deg) * share,
            earthshine: before.earthshine + (after.earthshine - before.earthshine) * share,
            earth_view: before.earth_view + (after.earth_view - before.earth_view) * share,
        }
    }
}

fn sky(orbit: &Orbit, at: Utc, sun: Vector) -> Result<Sky, PropagationError> {
    let state = orbit.state(at)?;
    let normal = state.position.cross(state.velocity).unit();
    let radius = state.position.norm();
    let zenith_cosine = state.position.dot(sun) / (radius * sun.norm());
    let distance = sun.norm() / ASTRONOMICAL_UNIT_KM;
    let earth_view = (EARTH_RADIUS_KM / radius).powi(2);
    Ok(Sky {
        flux: SOLAR_CONSTANT / (distance * distance),
        beta_deg: normal.dot(sun.unit()).asin().to_degrees(),
        earthshine: zenith_cosine.max(0.0) * earth_view,
        earth_view,
    })
}
