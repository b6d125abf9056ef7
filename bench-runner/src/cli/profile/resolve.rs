//! From what is written to an orbit that can be flown, or to refusals.

use profiles::orbit::{EarthShape, Orbit, ShadowModel, Spacecraft, SunDirection, Utc};
use profiles::seed::Seed;
use profiles::shape::Table;
use profiles::time::Period;

use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit_source::{Format, RawSource};
use crate::config::{Located, Place, Refusal};
use crate::plan::sky::orbit_source::{instant, orbit};
use crate::plan::sky::schedule::Schedule;
use crate::plan::sky::surroundings::Surroundings;
use crate::plan::tables::rate_table;

use super::file::{LENGTHS, RawFlight, RawLength};
use super::satellite;

/// How far from their epoch elements may be asked, days: SGP4 is off by kilometres a day.
const FARTHEST_DAYS: f64 = 30.0;

/// An orbit, a satellite and whom it talks to.
pub(super) struct Flight {
    pub(super) name: String,
    pub(super) orbit: Orbit,
    pub(super) start: Utc,
    pub(super) seconds: f64,
    pub(super) shadow: ShadowModel,
    pub(super) spacecraft: Spacecraft,
    pub(super) around: Surroundings,
    pub(super) schedule: Schedule,
    /// Where the orbit stands in its file.
    pub(super) place: Place,
    /// Of the schedule of particles.
    pub(super) seed: Seed,
    /// How often a simulator or a supply is told anew, where that is asked.
    pub(super) update: Option<Period>,
    /// Whether running totals of energy and heat are kept.
    pub(super) books: bool,
    /// Upsets a day against time, where the file has its own.
    pub(super) rates: Option<Table>,
}

pub(super) fn flight(loader: &mut Loader, folder: &Folder, raw: RawFlight) -> Option<Flight> {
    let mut read = |text: Option<&Located<String>>| {
        instant(text).map_err(|refusal| loader.refusals.push(*refusal))
    };
    let (start, epoch) = (read(raw.start.as_ref()), read(raw.epoch.as_ref()));
    let mut spacecraft = satellite::spacecraft(loader, &raw.sections);
    loader.refusals.extend(raw.lists.give(&mut spacecraft));
    let (start, epoch) = (start.ok()?, epoch.ok()?);
    // Descriptions hold from the start unless they say from when.
    let from = epoch.or(start);
    let (name, flown) = orbit(loader, folder, &raw.source, (from, raw.phase_deg))?;
    let begin = start.unwrap_or(flown.epoch());
    if let Some(refusal) = too_far(&raw, &flown, begin) {
        loader.refusals.push(refusal);
        return None;
    }
    let around = Surroundings::new(loader, folder, &raw.around, (from, begin))?;
    let schedule = Schedule::new(&raw.lists, &around.names(), &mut loader.refusals);
    let rates = match raw.around.radiation.as_ref().and_then(|r| r.rates.as_ref()) {
        Some(path) => Some(rate_table(loader, folder, path)?.0),
        None => None,
    };
    Some(Flight {
        place: raw.source.place().clone(),
        name: raw.name.unwrap_or(name),
        seconds: length(loader, raw.length.as_ref(), &flown)?,
        orbit: flown,
        start: begin,
        shadow: ShadowModel {
            earth: if raw.spherical {
                EarthShape::Sphere
            } else {
                EarthShape::Ellipsoid
            },
            sun: if raw.geometric {
                SunDirection::Geometric
            } else {
                SunDirection::Apparent
            },
            atmosphere_km: raw.atmosphere_km,
        },
        spacecraft,
        seed: Seed(raw.around.radiation.and_then(|r| r.seed).unwrap_or(0)),
        update: None,
        books: false,
        rates,
        around,
        schedule,
    })
}

/// How long the profile is, s; a day if nothing is said.
fn length(loader: &mut Loader, raw: Option<&RawLength>, orbit: &Orbit) -> Option<f64> {
    let (count, place) = match raw {
        None => return Some(86_400.0),
        Some(RawLength::Seconds(seconds)) => return Some(*seconds),
        Some(RawLength::Orbits(count, place)) => (count, place),
    };
    let seconds = count * orbit.period_seconds();
    if LENGTHS.contains(&seconds) {
        return Some(seconds);
    }
    let message = match seconds {
        short if short < *LENGTHS.start() => format!("{count} orbits are {short:.3e} s"),
        long => format!("{count} orbits are {:.0} d", long / 86_400.0),
    };
    let refusal = Refusal::at(place, message, "expected from 1 s to 400 d");
    loader.refusals.push(refusal);
    None
}

/// Refuses elements that are asked far from their epoch.
fn too_far(raw: &RawFlight, orbit: &Orbit, begin: Utc) -> Option<Refusal> {
    let days = begin.seconds_since(orbit.epoch()) / 86_400.0;
    let of_elements = matches!(
        raw.source,
        RawSource::Lines(..) | RawSource::File(Format::Tle | Format::Omm, _)
    );
    if !of_elements || days.abs() <= FARTHEST_DAYS {
        return None;
    }
    let message = format!("the start is {days:.0} days from the epoch of the elements");
    let expected = format!("expected within {FARTHEST_DAYS} days of {}", orbit.epoch());
    let place = raw.start.as_ref().map(|start| &start.place);
    let refusal = place.map_or_else(
        || Refusal::nowhere(&message),
        |place| Refusal::at(place, &message, expected),
    );
    Some(refusal.help("SGP4 is off by kilometres a day; take elements of the time"))
}
