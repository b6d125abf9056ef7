//! From what is written to an orbit that can be flown, or to refusals.

use std::ops::Deref;

use profiles::orbit::Orbit;
use profiles::seed::Seed;
use profiles::shape::Table;
use profiles::time::Period;

use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::{Place, Refusal};
use crate::plan::sky::orbit as plan;
use crate::plan::tables::rate_table;

use super::file::{LENGTHS, RawFlight, RawLength};

/// An orbit, a satellite and whom it talks to, and how that is shown.
pub(super) struct Flight {
    pub(super) satellite: plan::Flight,
    pub(super) name: String,
    pub(super) seconds: f64,
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

impl Deref for Flight {
    type Target = plan::Flight;

    fn deref(&self) -> &plan::Flight {
        &self.satellite
    }
}

pub(super) fn flight(loader: &mut Loader, folder: &Folder, raw: RawFlight) -> Option<Flight> {
    let satellite = plan::flight(loader, folder, &raw.orbit)?;
    let radiation = raw.orbit.around.radiation.as_ref();
    let rates = match radiation.and_then(|radiation| radiation.rates.as_ref()) {
        Some(path) => Some(rate_table(loader, folder, path)?.0),
        None => None,
    };
    Some(Flight {
        place: raw.orbit.source.as_ref()?.place().clone(),
        name: raw.name.unwrap_or_else(|| satellite.name.clone()),
        seconds: length(loader, raw.length.as_ref(), &satellite.orbit)?,
        seed: Seed(radiation.and_then(|radiation| radiation.seed).unwrap_or(0)),
        update: None,
        books: false,
        rates,
        satellite,
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
