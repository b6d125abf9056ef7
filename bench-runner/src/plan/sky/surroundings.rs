//! Whom the satellite can talk to and what it flies through, resolved, and the named stretches of
//! bench time that come of it: `contact:svalbard`, `link:p1s2`, `saa`, `polar`.

use profiles::orbit::{
    Contact, Crosslink, DownLink, LinkPoint, Orbit, PropagationError, RadiationModel, Region,
    Station, Utc, contact_points, contacts, crosslinks, link_points, region_windows,
};
use profiles::time::{Period, Window};
use reports::header::{NamedWindow, Pass};

use super::orbit_source::orbit;
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit::surroundings::RawSurroundings;
use crate::config::{Located, Refusal};

/// What comes before a station's name in the name of a window.
pub(crate) const CONTACT: &str = "contact";
/// What comes before another satellite's name.
pub(crate) const LINK: &str = "link";
/// Regions of the radiation belts, as windows are named.
pub(crate) const REGIONS: [(&str, Region); 2] =
    [("saa", Region::Anomaly), ("polar", Region::Polar)];

/// Who and what surrounds a satellite.
pub(crate) struct Surroundings {
    pub(crate) stations: Vec<Station>,
    pub(crate) others: Vec<(String, Orbit)>,
    pub(crate) crosslink: Crosslink,
    pub(crate) downlink: Option<DownLink>,
    pub(crate) radiation: Option<RadiationModel>,
}

impl Surroundings {
    /// Resolves what is written. Descriptions hold from `from`, constellations from `begin`.
    pub(crate) fn new(
        loader: &mut Loader,
        folder: &Folder,
        raw: &RawSurroundings,
        (from, begin): (Option<Utc>, Utc),
    ) -> Option<Surroundings> {
        let before = loader.refusals.len();
        let stations = raw.stations.iter().map(|station| &station.name);
        twice(loader, "station", stations);
        let satellites = raw.others.iter().map(|other| &other.name);
        twice(loader, "satellite", satellites);
        let mut others = Vec::new();
        for other in &raw.others {
            let found = orbit(loader, folder, &other.source, (from, 0.0))?;
            others.push((other.name.value.clone(), found.orbit));
        }
        others.extend(members(loader, raw, begin)?);
        if loader.refusals.len() > before {
            return None;
        }
        let stations = raw.stations.iter().map(|station| Station {
            name: station.name.value.clone(),
            latitude_deg: station.place[0],
            longitude_deg: station.place[1],
            height_m: station.place[2],
            mask_deg: station.place[3],
        });
        Some(Surroundings {
            stations: stations.collect(),
            others,
            crosslink: Crosslink {
                skim_km: raw.skim_km,
                max_range_km: raw.max_range_km,
            },
            downlink: raw.downlink,
            radiation: raw.radiation.as_ref().map(|radiation| radiation.model),
        })
    }

    /// The names that windows can have here, whether they happen or not.
    pub(crate) fn names(&self) -> Vec<String> {
        let stations = self
            .stations
            .iter()
            .map(|s| format!("{CONTACT}:{}", s.name));
        let others = self.others.iter().map(|(name, _)| format!("{LINK}:{name}"));
        let regions = REGIONS.iter().map(|(name, _)| (*name).to_owned());
        stations.chain(others).chain(regions).collect()
    }

    /// The contacts with the stations, in order of time.
    pub(crate) fn contacts(
        &self,
        (orbit, start): (&Orbit, Utc),
        span: Window,
    ) -> Result<Vec<Contact>, PropagationError> {
        contacts(orbit, start, span, &self.stations)
    }

    /// What each of the contacts can bring down; none without a down-link.
    pub(crate) fn passes(
        &self,
        (orbit, start): (&Orbit, Utc),
        contacts: &[Contact],
    ) -> Result<Vec<Pass>, PropagationError> {
        let Some(downlink) = &self.downlink else {
            return Ok(Vec::new());
        };
        let mut passes = Vec::new();
        for contact in contacts {
            let mut stations = self.stations.iter();
            let Some(station) = stations.find(|station| station.name == contact.station) else {
                continue;
            };
            let mbit = downlink.volume_mbit(orbit, start, station, contact)?;
            passes.push(Pass {
                station: contact.station.clone(),
                window: contact.window,
                capacity_bytes: mbit * 1e6 / 8.0,
            });
        }
        Ok(passes)
    }

    /// The link `name` over its windows: `link:p1s2`, `contact:svalbard`. `None` if there is none
    /// of that name.
    pub(crate) fn points(
        &self,
        (orbit, start): (&Orbit, Utc),
        name: &str,
        windows: &[Window],
        every: Period,
    ) -> Option<Result<Vec<LinkPoint>, PropagationError>> {
        let (kind, whom) = name.split_once(':')?;
        if kind == LINK {
            let (_, other) = self.others.iter().find(|(name, _)| name == whom)?;
            return Some(link_points([orbit, other], start, windows, every));
        }
        let mut stations = self.stations.iter().filter(|_| kind == CONTACT);
        let station = stations.find(|station| station.name == whom)?;
        Some(contact_points((orbit, station), start, windows, every))
    }

    /// The windows of contacts and links within `span`, station by station and satellite by
    /// satellite.
    pub(crate) fn windows(
        &self,
        (orbit, start): (&Orbit, Utc),
        span: Window,
        contacts: &[Contact],
    ) -> Result<Vec<NamedWindow>, PropagationError> {
        let contacts = contacts.iter().map(|contact| NamedWindow {
            name: format!("{CONTACT}:{}", contact.station),
            window: contact.window,
        });
        let mut windows: Vec<NamedWindow> = contacts.collect();
        for (name, other) in &self.others {
            let found = crosslinks([orbit, other], start, span, self.crosslink)?;
            windows.extend(named(&format!("{LINK}:{name}"), found));
        }
        Ok(windows)
    }
}

/// The windows of the regions within `span`.
pub(crate) fn regions(
    flown: (&Orbit, Utc),
    span: Window,
) -> Result<Vec<NamedWindow>, PropagationError> {
    let mut windows = Vec::new();
    for (name, region) in REGIONS {
        windows.extend(named(name, region_windows(flown, span, region)?));
    }
    Ok(windows)
}

fn named(name: &str, windows: Vec<Window>) -> impl Iterator<Item = NamedWindow> {
    windows.into_iter().map(move |window| NamedWindow {
        name: name.to_owned(),
        window,
    })
}

/// Whether a window of this full name is meant by `name`: by the same, or by all of its kind.
pub(crate) fn is_called(full: &str, name: &str) -> bool {
    let of_kind = full.strip_prefix(name);
    full == name
        || (name == CONTACT || name == LINK) && of_kind.is_some_and(|rest| rest.starts_with(':'))
}

/// Refuses the second of two with one name: by it nobody could say which is meant.
fn twice<'a>(loader: &mut Loader, what: &str, names: impl Iterator<Item = &'a Located<String>>) {
    let names: Vec<&Located<String>> = names.collect();
    for (index, name) in names.iter().enumerate() {
        let mut earlier = names.iter().take(index);
        if earlier.any(|other| other.value == name.value) {
            let message = format!("two of the {what}s are named `{}`", name.value);
            let refusal = Refusal::at(&name.place, message, "expected another name");
            loader.refusals.push(refusal);
        }
    }
}

/// The satellites of a constellation, by plane and seat; its elements hold from `epoch`.
fn members(loader: &mut Loader, raw: &RawSurroundings, epoch: Utc) -> Option<Vec<(String, Orbit)>> {
    let Some((constellation, node_deg, place)) = &raw.constellation else {
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
