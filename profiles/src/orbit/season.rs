//! The seasons of an orbit: eclipses and the height of the Sun over its plane, day by day.

use super::eclipse::phases;
use super::propagation::{Orbit, PropagationError};
use super::shadow::ShadowModel;
use super::sun::{ASTRONOMICAL_UNIT_KM, SOLAR_CONSTANT, SunDirection, sun_position};
use super::utc::Utc;
use crate::phase::Phase;
use crate::time::{BenchTime, Window};

/// One day's revolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// The middle of the revolution.
    pub at: Utc,
    /// Height of the Sun over the plane of the orbit, deg.
    pub beta_deg: f64,
    /// Sunlight outside of any shadow, W/m².
    pub flux_w_m2: f64,
    /// Time of the revolution in penumbra or umbra, s.
    pub shadow_seconds: f64,
    /// Time of the revolution in umbra, s.
    pub umbra_seconds: f64,
}

/// A run of days with eclipses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Season {
    /// Its first day.
    pub first: Utc,
    /// Its last day.
    pub last: Utc,
    /// How many days.
    pub days: usize,
    /// Longest time of a revolution in any shadow, s.
    pub longest_seconds: f64,
}

/// One revolution a day for `days` days; the first is about `start`. What keeps the days from
/// going on is there too: elements decay, and tables end.
///
/// # Errors
/// If the satellite has no position on the first of them.
pub fn year(
    orbit: &Orbit,
    start: Utc,
    days: usize,
    model: ShadowModel,
) -> Result<(Vec<Day>, Option<PropagationError>), PropagationError> {
    let mut found = vec![one_day(orbit, start, model)?];
    for day in 1..days {
        let at = start.plus_seconds(86_400.0 * day as f64);
        match one_day(orbit, at, model) {
            Ok(day) => found.push(day),
            Err(error) => return Ok((found, Some(error))),
        }
    }
    Ok((found, None))
}

fn one_day(orbit: &Orbit, at: Utc, model: ShadowModel) -> Result<Day, PropagationError> {
    let state = orbit.state(at)?;
    let sun = sun_position(at, SunDirection::Geometric);
    let normal = state.position.cross(state.velocity).unit();
    let period = orbit.period_seconds();
    let span = Window {
        start: BenchTime::ZERO,
        end: BenchTime::from_secs_f64(period),
    };
    let intervals = phases(orbit, at.plus_seconds(-0.5 * period), span, model)?;
    let time_in = |wanted: fn(Phase) -> bool| -> f64 {
        let those = intervals.iter().filter(|interval| wanted(interval.phase));
        // From zero: an empty sum of reals is -0.
        those.fold(0.0, |sum, interval| sum + interval.window.seconds())
    };
    let distance = sun.norm() / ASTRONOMICAL_UNIT_KM;
    Ok(Day {
        at,
        beta_deg: normal.dot(sun.unit()).asin().to_degrees(),
        flux_w_m2: SOLAR_CONSTANT / (distance * distance),
        shadow_seconds: time_in(|phase| phase != Phase::Sunlit),
        umbra_seconds: time_in(|phase| phase == Phase::Umbra),
    })
}

/// The runs of days with eclipses among consecutive days.
pub fn seasons(days: &[Day]) -> Vec<Season> {
    let mut seasons: Vec<Season> = Vec::new();
    let mut running = false;
    for day in days {
        let dark = day.shadow_seconds > 0.0;
        match seasons.last_mut() {
            Some(season) if dark && running => {
                season.last = day.at;
                season.days += 1;
                season.longest_seconds = season.longest_seconds.max(day.shadow_seconds);
            }
            _ if dark => seasons.push(Season {
                first: day.at,
                last: day.at,
                days: 1,
                longest_seconds: day.shadow_seconds,
            }),
            _ => {}
        }
        running = dark;
    }
    seasons
}
