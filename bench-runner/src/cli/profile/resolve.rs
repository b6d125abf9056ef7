//! From what is written to an orbit that can be flown, or to refusals.

use profiles::orbit::{
    Crosslink, Description, DownLink, EarthShape, Elements, ElementsError, Ephemeris, Kepler,
    MeanElements, Orbit, Plane, RadiationModel, ShadowModel, Spacecraft, Station, SunDirection,
    Utc,
};
use profiles::seed::Seed;

use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::{Located, Place, Refusal};

use super::file::{Format, RawFlight, RawLength, RawSource};
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
    let mut instant = |text: Option<&Located<String>>| {
        instant(text).map_err(|refusal| loader.refusals.push(*refusal))
    };
    let (start, epoch) = (instant(raw.start.as_ref()), instant(raw.epoch.as_ref()));
    let spacecraft = satellite::spacecraft(loader, &raw.sections);
    let (start, epoch) = (start.ok()?, epoch.ok()?);
    // Descriptions hold from the start unless they say from when.
    let from = epoch.or(start);
    let (name, orbit) = orbit(loader, folder, &raw.source, (from, raw.phase_deg))?;
    let begin = start.unwrap_or(orbit.epoch());
    if let Some(refusal) = too_far(&raw, &orbit, begin) {
        loader.refusals.push(refusal);
        return None;
    }
    let mut others = Vec::new();
    for other in &raw.talk.others {
        let (_, found) = self::orbit(loader, folder, &other.source, (from, 0.0))?;
        others.push((other.name.value.clone(), found));
    }
    others.extend(members(loader, &raw.talk, begin)?);
    Some(Flight {
        name: raw.name.unwrap_or(name),
        seconds: match raw.length {
            None => 86_400.0,
            Some(RawLength::Seconds(seconds)) => seconds,
            Some(RawLength::Orbits(count)) => count * orbit.period_seconds(),
        },
        orbit,
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

/// The instant of a text, if there is one.
fn instant(text: Option<&Located<String>>) -> Result<Option<Utc>, Box<Refusal>> {
    let Some(text) = text else {
        return Ok(None);
    };
    Utc::parse(&text.value).map(Some).map_err(|error| {
        let message = format!("`{}` is no time in UTC: {}", text.value, error.why);
        let expected = "expected a time such as \"2025-06-25T18:00:00Z\"";
        Box::new(Refusal::at(&text.place, message, expected))
    })
}

/// Name and orbit of a source; a description holds from `from` and begins at `phase` deg.
fn orbit(
    loader: &mut Loader,
    folder: &Folder,
    source: &RawSource,
    (from, phase_deg): (Option<Utc>, f64),
) -> Option<(String, Orbit)> {
    let (place, described) = match source {
        RawSource::Lines(lines, place) => return of_lines(loader, lines, place),
        RawSource::File(format, path) => return of_file(loader, folder, *format, path),
        RawSource::Kepler(values, place) => (place, Err(*values)),
        RawSource::SunSynchronous(altitude, ltan) => {
            let plane = Plane::SunSynchronous {
                ltan_hours: ltan.value,
            };
            (&altitude.place, Ok((altitude.value, plane)))
        }
        RawSource::Inclined(altitude, inclination_deg, node_deg) => {
            let plane = Plane::Fixed {
                inclination_deg: *inclination_deg,
                node_deg: *node_deg,
            };
            (&altitude.place, Ok((altitude.value, plane)))
        }
    };
    let Some(epoch) = from else {
        let message = "an orbit without elements needs a `start` (or an `epoch`)";
        loader
            .refusals
            .push(Refusal::at(place, message, "this orbit"));
        return None;
    };
    let kepler = match described {
        Ok((altitude_km, plane)) => Description {
            altitude_km,
            plane,
            phase_deg,
        }
        .elements(epoch),
        Err([semi_major_km, eccentricity, angles @ ..]) => {
            let [inclination, node, perigee, anomaly] = angles.map(f64::to_radians);
            Some(Kepler {
                epoch,
                semi_major_km,
                eccentricity,
                inclination,
                node,
                perigee,
                anomaly,
            })
        }
    };
    let Some(kepler) = kepler else {
        let message = "no plane at this height keeps up with the Sun";
        let expected = "expected a sun-synchronous height, below 5974 km";
        loader.refusals.push(Refusal::at(place, message, expected));
        return None;
    };
    Some(("described orbit".to_owned(), Orbit::from_kepler(&kepler)))
}

/// Two or three lines in the file itself; columns are marked inside their quotes.
fn of_lines(
    loader: &mut Loader,
    lines: &[Located<String>],
    place: &Place,
) -> Option<(String, Orbit)> {
    let texts: Vec<&str> = lines.iter().map(|line| line.value.as_str()).collect();
    let text = texts.join("\n");
    let elements = match Elements::parse(&text) {
        Ok(elements) => elements,
        Err(error) => {
            let marked = match lines.get(error.line - 1) {
                // Behind the opening quote; a text with escapes is marked a little beside.
                Some(line) if lines.len() > 1 && !line.value.contains('\n') => {
                    let (from, to) = (line.place.span.start, line.place.span.end);
                    Place {
                        file: line.place.file,
                        span: (from + error.columns.start).min(to - 1)
                            ..(from + error.columns.end).min(to),
                    }
                }
                _ => place.clone(),
            };
            return refuse(loader, &marked, &error);
        }
    };
    made(loader, elements.name(), place, Orbit::new(&elements))
}

fn of_file(
    loader: &mut Loader,
    folder: &Folder,
    format: Format,
    path: &Located<String>,
) -> Option<(String, Orbit)> {
    let (file, text) = loader.text(folder, &path.value)?;
    let place = &path.place;
    let read = match format {
        Format::Tle => Elements::parse(&text).map(|elements| {
            let orbit = Orbit::new(&elements);
            (elements.name().to_owned(), orbit)
        }),
        Format::Omm => MeanElements::parse(&text).map(|elements| {
            let orbit = Orbit::from_mean(&elements);
            (elements.name, orbit)
        }),
        Format::Oem => Ephemeris::parse(&text).map(|ephemeris| {
            let name = ephemeris.name().to_owned();
            (name, Ok(Orbit::from_ephemeris(ephemeris)))
        }),
    };
    match read {
        Ok((name, orbit)) => made(loader, &name, place, orbit),
        Err(error) => {
            let starts = text.match_indices('\n').map(|(at, _)| at + 1);
            let starts: Vec<usize> = std::iter::once(0).chain(starts).collect();
            let start = starts.get(error.line - 1).copied().unwrap_or(text.len());
            let line = text[start..].lines().next().unwrap_or_default();
            // Columns are characters, places are bytes.
            let column = |column: usize| {
                let mut bytes = line.char_indices().map(|(at, _)| at);
                start + bytes.nth(column - 1).unwrap_or(line.len())
            };
            let span = column(error.columns.start)..column(error.columns.end);
            refuse(loader, &Place { file, span }, &error)
        }
    }
}

fn refuse<T>(loader: &mut Loader, place: &Place, error: &ElementsError) -> Option<T> {
    let columns = match error.columns.len() {
        0 | 1 => format!("column {}", error.columns.start),
        _ => format!(
            "columns {} to {}",
            error.columns.start,
            error.columns.end - 1
        ),
    };
    let message = format!(
        "unreadable orbit: line {}, {columns}: found `{}`",
        error.line, error.found
    );
    let expected = format!("expected {}", error.expected);
    loader.refusals.push(Refusal::at(place, message, expected));
    None
}

fn made(
    loader: &mut Loader,
    name: &str,
    place: &Place,
    orbit: Result<Orbit, profiles::orbit::PropagationError>,
) -> Option<(String, Orbit)> {
    match orbit {
        Ok(orbit) => Some((name.to_owned(), orbit)),
        Err(error) => {
            let refusal = Refusal::at(place, error.to_string(), "these elements");
            loader.refusals.push(refusal);
            None
        }
    }
}
