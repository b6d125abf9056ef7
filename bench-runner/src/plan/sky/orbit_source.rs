//! From an orbit as it is written to one that can be flown, or to refusals.

use profiles::orbit::{
    Description, Elements, ElementsError, Ephemeris, Kepler, MeanElements, Orbit, Plane, Utc,
};

use std::path::Path;

use super::orbit::MOST_DAYS;
use crate::config::campaign::RawOrbit;
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit_source::{Format, RawSource, source};
use crate::config::{Located, Place, Refusal, TableReader, presets};
use crate::plan::Planner;

impl Planner {
    /// Orbit, start and telling lines of another source than a file of two-line elements.
    pub(in crate::plan) fn described(
        &mut self,
        folder: &Folder,
        raw: &RawOrbit,
        source: &RawSource,
    ) -> Option<(Orbit, Utc, Vec<String>)> {
        let mut read =
            |text: Option<&Located<String>>| instant(text).map_err(|refusal| self.refuse(*refusal));
        let (start, epoch) = (read(raw.start.as_ref()), read(raw.epoch.as_ref()));
        let (start, epoch) = (start.ok()?, epoch.ok()?);
        let from = (epoch.or(start), raw.phase_deg);
        let (name, flown) = orbit(&mut self.loader, folder, source, from)?;
        let start = start.unwrap_or(flown.epoch());
        let mut lines = vec![name];
        match source {
            RawSource::Lines(written, _) => {
                lines.extend(written.iter().map(|line| line.value.clone()));
            }
            RawSource::File(_, path) => {
                // It was read a moment ago.
                let bytes = folder.read(&path.value).ok()?;
                let name = Path::new(&path.value).file_name().unwrap_or_default();
                self.keep_file(&name.to_string_lossy(), &bytes);
            }
            _ => {}
        }
        let days = start.seconds_since(flown.epoch()) / 86_400.0;
        let mean = matches!(
            source,
            RawSource::Lines(..) | RawSource::File(Format::Omm, _) | RawSource::Preset(_)
        );
        if mean && days.abs() > MOST_DAYS {
            self.stale(raw, days, flown.epoch());
            return None;
        }
        Some((flown, start, lines))
    }

    /// Refuses a start far from the epoch of the elements.
    pub(in crate::plan) fn stale(&mut self, raw: &RawOrbit, days: f64, epoch: Utc) {
        let start = raw.start.as_ref().or(raw.elements.as_ref());
        let message = format!("the start is {days:.0} days from the epoch of the elements");
        let expected = format!("expected within {MOST_DAYS} days of {epoch}");
        let refusal = match start {
            Some(start) => Refusal::at(&start.place, message, expected),
            None => Refusal::nowhere(format!("{message}: {expected}")),
        };
        let help = "SGP4 is off by kilometres a day; take elements of the time";
        self.refuse(refusal.help(help));
    }
}

/// The instant of a text, if there is one.
pub(crate) fn instant(text: Option<&Located<String>>) -> Result<Option<Utc>, Box<Refusal>> {
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
pub(crate) fn orbit(
    loader: &mut Loader,
    folder: &Folder,
    source: &RawSource,
    (from, phase_deg): (Option<Utc>, f64),
) -> Option<(String, Orbit)> {
    let (place, described) = match source {
        RawSource::Preset(name) => return of_preset(loader, name, (from, phase_deg)),
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

/// An orbit that comes with the program, from when it says unless the file says another time.
fn of_preset(
    loader: &mut Loader,
    name: &Located<String>,
    (from, phase_deg): (Option<Utc>, f64),
) -> Option<(String, Orbit)> {
    let (folder, file) = presets::find(&name.value)?;
    let (number, text) = loader.text(&folder, &file)?;
    let read = |table: &TableReader<'_>| {
        let start = table.get("start").and_then(|node| node.text());
        let title = table.get("name").and_then(|node| node.text());
        let described = source(table);
        Some((described?, start, title?.value))
    };
    let (inner, start, title) = loader
        .document(number, &text, "the preset", read)
        .flatten()?;
    let start = instant(start.as_ref()).ok().flatten();
    let (_, flown) = orbit(loader, &folder, &inner, (from.or(start), phase_deg))?;
    Some((title, flown))
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
