//! What it costs to tell a simulator or a supply anew only every so often: the held set point
//! against the satellite's own, at the end of each interval, where it is worst.

use super::prediction::Prediction;
use super::propagation::{Orbit, PropagationError};
use super::shadow::ShadowModel;
use super::sky::Skies;
use super::spacecraft::SolarArray;
use super::sun::SunTrack;
use super::utc::Utc;
use crate::phase::Phase;
use crate::physics::array_curve::ArrayPoints;
use crate::physics::solar_cell::IvCurve;
use crate::time::{BenchTime, Period, Window};

/// The worst of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worst {
    /// How far it is off.
    pub value: f64,
    /// When.
    pub at: BenchTime,
}

impl Worst {
    fn see(&mut self, value: f64, at: BenchTime) {
        if value.abs() > self.value {
            *self = Worst {
                value: value.abs(),
                at,
            };
        }
    }
}

/// What holding set points costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldError {
    /// Most power of the array over the span, W: what shares are of.
    pub array_watts: f64,
    /// Most power of the held curve against that of the array, W: what the update period costs.
    pub knee_watts: Worst,
    /// Power at the voltage of the bus, of the simulator's law through the four held points
    /// against the array's own curve, W: what the law costs as well.
    pub bus_watts: Worst,
    /// Voltage of a supply that plays the bus, V.
    pub bus_volts: Worst,
    /// Current limit of that supply, A.
    pub limit_amps: Worst,
}

impl HeldError {
    /// A power as a share of the array's most, 0 to 1.
    pub fn share(&self, watts: f64) -> f64 {
        if self.array_watts > 0.0 {
            watts / self.array_watts
        } else {
            0.0
        }
    }
}

/// The array at one instant.
struct Now {
    curve: IvCurve,
    points: ArrayPoints,
    bus_volts: f64,
    limit_amps: f64,
}

/// Holds what is told at the start of the span and every `every` from there against the model,
/// in which the light of a penumbra is that of its own instant and not drawn between seconds.
///
/// # Errors
/// If the satellite has no position somewhere in a penumbra.
pub fn held_error(
    (orbit, start, model): (&Orbit, Utc, ShadowModel),
    prediction: &Prediction,
    array: &SolarArray,
    every: Period,
) -> Result<HeldError, PropagationError> {
    let mut found = HeldError::default();
    let (Some(first), Some(last)) = (prediction.track.first(), prediction.track.last()) else {
        return Ok(found);
    };
    let span = Window {
        start: first.at,
        end: last.at,
    };
    let skies = Skies::over(orbit, start, span)?;
    let sun = SunTrack::over(start, span, model.sun);
    let mut phases = prediction.phases.iter().peekable();
    let mut at = span.start;
    let mut held: Option<Now> = None;
    while at <= span.end {
        while phases.next_if(|phase| phase.window.end <= at).is_some() {}
        let mut point = prediction.at(at);
        if phases.peek().is_some_and(|i| i.phase == Phase::Penumbra) {
            let seconds = at.as_secs_f64();
            let position = orbit.position(start.plus_seconds(seconds))?;
            let light = model.lit_fraction(position, sun.at(seconds));
            point.flux_w_m2 = skies.at(at).flux * light;
        }
        let curve = array.curve(point.flux_w_m2, point.array_celsius);
        let now = Now {
            curve,
            points: ArrayPoints::of(&curve),
            bus_volts: point.bus_volts,
            limit_amps: point.limit_amps,
        };
        found.array_watts = found.array_watts.max(now.points.knee_watts().0);
        if let Some(held) = &held {
            compare(held, &now, at, &mut found);
        }
        held = Some(now);
        at = at + every;
    }
    Ok(found)
}

fn compare(held: &Now, now: &Now, at: BenchTime, found: &mut HeldError) {
    let knee = held.points.knee_watts().0 - now.points.knee_watts().0;
    found.knee_watts.see(knee, at);
    let volts = now.bus_volts;
    let simulated = held
        .points
        .curve()
        .map_or(0.0, |curve| curve.amps_at(volts));
    let bus = (simulated - now.curve.current_at(volts)) * volts;
    found.bus_watts.see(bus, at);
    found.bus_volts.see(held.bus_volts - now.bus_volts, at);
    found.limit_amps.see(held.limit_amps - now.limit_amps, at);
}
