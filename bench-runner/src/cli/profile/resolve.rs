//! From what is written to an orbit that can be flown, or to refusals.

use profiles::orbit::{
    Crosslink, DownLink, EarthShape, Orbit, RadiationModel, ShadowModel, Spacecraft, Station,
    SunDirection, Utc,
};
use profiles::seed::Seed;

use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit_source::{Format, RawSource};
use crate::config::{Located, Refusal};
use crate::plan::orbit_source::{instant, orbit};

use super::file::{RawFlight, RawLength};
use super::satellite;
use super::talk::RawTalk;

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
    pub(super) stations: Vec<Station>,
    pub(super) others: Vec<(String, Orbit)>,
    pub(super) crosslink: Crosslink,
    pub(super) downlink: Option<DownLink>,
    pub(super) radiation: Option<(RadiationModel, Seed)>,
}

pub(super) fn flight(loader: &mut Loader, folder: &Folder, raw: RawFlight) -> Option<Flight> {
    let mut read = |text: Option<&Located<String>>| {
        instant(text).map_err(|refusal| loader.refusals.push(*refusal))
    };
    let (start, epoch) = (read(raw.start.as_ref()), read(raw.epoch.as_ref()));
    let spacecraft = satellite::spacecraft(loader, &raw.sections);
    let (start, epoch) = (start.ok()?, epoch.ok()?);
    // Descriptions hold from the start unless they say from when.
    let from = epoch.or(start);
    let (name, flown) = orbit(loader, folder, &raw.source, (from, raw.phase_deg))?;
    let begin = start.unwrap_or(flown.epoch());
    if let Some(refusal) = too_far(&raw, &flown, begin) {
        loader.refusals.push(refusal);
        return None;
    }
    let mut others = Vec::new();
    for other in &raw.talk.others {
        let (_, found) = orbit(loader, folder, &other.source, (from, 0.0))?;
        others.push((other.name.value.clone(), found));
    }
    others.extend(members(loader, &raw.talk, begin)?);
    Some(Flight {
        name: raw.name.unwrap_or(name),
        seconds: match raw.length {
            None => 86_400.0,
            Some(RawLength::Seconds(seconds)) => seconds,
            Some(RawLength::Orbits(count)) => count * flown.period_seconds(),
        },
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
        downlink: raw.talk.downlink,
        radiation: raw.talk.radiation,
        stations: raw
            .talk
            .stations
            .into_iter()
            .map(|station| Station {
                name: station.name,
                latitude_deg: station.place[0],
                longitude_deg: station.place[1],
                height_m: station.place[2],
                mask_deg: station.place[3],
            })
            .collect(),
        others,
        crosslink: Crosslink {
            skim_km: raw.talk.skim_km,
            max_range_km: raw.talk.max_range_km,
        },
    })
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

/// The satellites of a constellation, by plane and seat; its elements hold from `epoch`.
fn members(loader: &mut Loader, talk: &RawTalk, epoch: Utc) -> Option<Vec<(String, Orbit)>> {
    let Some((constellation, node_deg, place)) = &talk.constellation else {
        return Some(Vec::new());
    };
    let Some(orbits) = constellation.elements(epoch, *node_deg) else {
        let message = "no such constellation can fly";
        let refusal = Refusal::at(place, message, "this pattern");
        loader.refusals.push(refusal);
        return None;
    };
    let seats = (constellation.satellites / constellation.planes) as usize;
    let named = orbits.iter().enumerate().map(|(place, kepler)| {
        let name = format!("p{}s{}", place / seats + 1, place % seats + 1);
        (name, Orbit::from_kepler(kepler))
    });
    Some(named.collect())
}
