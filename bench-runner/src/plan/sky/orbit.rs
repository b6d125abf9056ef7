//! An orbit and the satellite on it: from what is written to what can be flown, or to refusals.

use profiles::orbit::{EarthShape, Facts, Orbit, ShadowModel, Spacecraft, SunDirection, Utc};

use super::orbit_source::{instant, orbit};
use super::satellite::spacecraft;
use super::schedule::Schedule;
use super::surroundings::Surroundings;
use crate::config::Refusal;
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit::RawOrbit;
use crate::config::orbit::source::RawSource;
use crate::plan::Planner;

/// The name under which the orbit's own channels are recorded.
pub(in crate::plan) const DEVICE: &str = "orbit";

/// How far from their epoch elements are of use, days: SGP4 is off by kilometres a day.
const MOST_DAYS: f64 = 30.0;

/// An orbit and the satellite on it, checked.
pub(crate) struct Flight {
    pub(crate) name: String,
    pub(crate) orbit: Orbit,
    pub(crate) start: Utc,
    pub(crate) spacecraft: Spacecraft,
    pub(crate) shadow: ShadowModel,
    /// Its name, and its elements where it has some.
    pub(crate) lines: Vec<String>,
    /// A file that was read for it, by the name that a copy has.
    pub(crate) file: Option<(String, Vec<u8>)>,
    pub(crate) around: Surroundings,
    pub(crate) schedule: Schedule,
}

impl Planner {
    /// Checks the orbit of a campaign. `None` if there is none, or if it is refused; then it is
    /// among what is broken.
    pub(in crate::plan) fn flight(
        &mut self,
        folder: &Folder,
        raw: Option<&RawOrbit>,
    ) -> Option<Flight> {
        let found = flight(&mut self.loader, folder, raw?);
        match &found {
            None => self.broken.section("orbit"),
            Some(flight) => {
                self.happenings = flight.around.names();
                if let Some((name, bytes)) = &flight.file {
                    self.keep_file(name, bytes);
                }
            }
        }
        found
    }
}

/// The orbit and satellite of a table. `None` if nothing can be flown; what else is wrong is
/// refused too.
pub(crate) fn flight(loader: &mut Loader, folder: &Folder, raw: &RawOrbit) -> Option<Flight> {
    let mut spacecraft = spacecraft(loader, &raw.settings);
    loader.refusals.extend(raw.lists.give(&mut spacecraft));
    let shadow = shadow(loader, raw);
    let mut read = |text| instant(text).map_err(|refusal| loader.refusals.push(*refusal));
    let (start, epoch) = (read(raw.start.as_ref()), read(raw.epoch.as_ref()));
    let (start, epoch) = (start.ok()?, epoch.ok()?);
    // Descriptions hold from the start unless they say from when.
    let from = epoch.or(start);
    let found = orbit(loader, folder, raw.source.as_ref()?, (from, raw.phase_deg))?;
    let begin = start.unwrap_or(found.orbit.epoch());
    if let Some(refusal) = stale(raw, &found.orbit, begin) {
        loader.refusals.push(refusal);
        return None;
    }
    let around = Surroundings::new(loader, folder, &raw.around, (from.or(Some(begin)), begin))?;
    let schedule = Schedule::new(&raw.lists, &around.names(), &mut loader.refusals);
    let mut lines = vec![found.name.clone()];
    lines.extend(found.lines);
    lines.extend(Facts::of(&found.orbit, begin).ok().map(|it| it.to_string()));
    Some(Flight {
        name: found.name,
        orbit: found.orbit,
        start: begin,
        spacecraft,
        shadow: shadow?,
        lines,
        file: found.file,
        around,
        schedule,
    })
}

fn shadow(loader: &mut Loader, raw: &RawOrbit) -> Option<ShadowModel> {
    let mut atmosphere_km = 0.0;
    if let Some(height) = &raw.atmosphere_km {
        if !(0.0..=200.0).contains(&height.value) {
            let message = format!("an atmosphere of {} km", height.value);
            let refusal = Refusal::at(&height.place, message, "expected from 0 to 200 km");
            loader.refusals.push(refusal);
            return None;
        }
        atmosphere_km = height.value;
    }
    Some(ShadowModel {
        earth: if raw.earth.starts_with("spher") {
            EarthShape::Sphere
        } else {
            EarthShape::Ellipsoid
        },
        sun: match raw.sun {
            "geometric" => SunDirection::Geometric,
            _ => SunDirection::Apparent,
        },
        atmosphere_km,
    })
}

/// Refuses a start far from the epoch of mean elements.
fn stale(raw: &RawOrbit, orbit: &Orbit, begin: Utc) -> Option<Refusal> {
    let days = begin.seconds_since(orbit.epoch()) / 86_400.0;
    if !orbit.is_of_mean_elements() || days.abs() <= MOST_DAYS {
        return None;
    }
    let message = format!("the start is {days:.0} days from the epoch of the elements");
    let expected = format!("expected within {MOST_DAYS} days of {}", orbit.epoch());
    let start = raw.start.as_ref().map(|start| &start.place);
    let place = start.or(raw.source.as_ref().map(RawSource::place))?;
    let help = "SGP4 is off by kilometres a day; take elements of the time";
    Some(Refusal::at(place, message, expected).help(help))
}
