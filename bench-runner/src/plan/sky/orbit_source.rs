//! From the source of an orbit as it is written to one that can be flown, or to refusals.

use profiles::orbit::{
    Description, Elements, ElementsError, Ephemeris, Kepler, MeanElements, Orbit, Plane,
    PropagationError, Utc,
};

use std::ops::Range;
use std::path::Path;

use crate::config::folder::Folder;
use crate::config::load::{LONGEST_FILE, Loader};
use crate::config::orbit::presets;
use crate::config::orbit::source::{Format, RawSource, source};
use crate::config::{Located, Place, Refusal, TableReader};

/// An orbit that was found.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) orbit: Orbit,
    /// Its element set, where it has one.
    pub(crate) lines: Vec<String>,
    /// The file that it was in, by the name that a copy has.
    pub(crate) file: Option<(String, Vec<u8>)>,
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
) -> Option<Found> {
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
    Some(Found {
        name: "described orbit".to_owned(),
        orbit: Orbit::from_kepler(&kepler),
        lines: Vec::new(),
        file: None,
    })
}

/// An orbit that comes with the program, from when it says unless the file says another time.
fn of_preset(
    loader: &mut Loader,
    name: &Located<String>,
    (from, phase_deg): (Option<Utc>, f64),
) -> Option<Found> {
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
    let found = orbit(loader, &folder, &inner, (from.or(start), phase_deg))?;
    Some(Found {
        name: title,
        // It comes with the program: nothing is copied.
        file: None,
        ..found
    })
}

/// Two or three lines in the file itself; columns are marked inside their quotes.
fn of_lines(loader: &mut Loader, lines: &[Located<String>], place: &Place) -> Option<Found> {
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
            return refuse(loader, &marked, ELEMENT_SET, error);
        }
    };
    made(loader, place, of_elements(&elements), None)
}

/// What files and lines hold, as messages say it.
const ELEMENT_SET: &str = "element set";

/// Name, orbit and lines of an element set.
fn of_elements(elements: &Elements) -> Made {
    let lines = elements.lines().map(str::to_owned).to_vec();
    (elements.name().to_owned(), Orbit::new(elements), lines)
}

/// What is made of a source, before it is known whether it flies.
type Made = (String, Result<Orbit, PropagationError>, Vec<String>);

fn of_file(
    loader: &mut Loader,
    folder: &Folder,
    format: Format,
    path: &Located<String>,
) -> Option<Found> {
    let what = match format {
        Format::Tle => ELEMENT_SET,
        Format::Omm => "OMM",
        Format::Oem => "OEM",
    };
    let bytes = bytes_of(loader, folder, path, what)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let read = match format {
        Format::Tle => Elements::parse(text).map(|elements| of_elements(&elements)),
        Format::Omm => MeanElements::parse(text).map(|elements| {
            let orbit = Orbit::from_mean(&elements);
            (elements.name, orbit, Vec::new())
        }),
        Format::Oem => Ephemeris::parse(text).map(|ephemeris| {
            let name = ephemeris.name().to_owned();
            (name, Ok(Orbit::from_ephemeris(ephemeris)), Vec::new())
        }),
    };
    match read {
        Ok(read) => {
            // The name alone: the copy stays in the run's folder, wherever the file is.
            let name = Path::new(&path.value).file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            made(loader, &path.place, read, Some((name, bytes)))
        }
        Err(error) => {
            let file = loader.sources.add(&folder.label(&path.value), text);
            let span = columns(text, error.line, &error.columns);
            refuse(loader, &Place { file, span }, what, error)
        }
    }
}

/// The bytes of a file that is text; what is wrong is told where it is named.
fn bytes_of(
    loader: &mut Loader,
    folder: &Folder,
    path: &Located<String>,
    what: &str,
) -> Option<Vec<u8>> {
    let label = folder.label(&path.value);
    let (message, help) = match folder.read(&path.value) {
        Err(why) => (
            format!("cannot read {label}: {why}"),
            folder.nearest(&path.value),
        ),
        Ok(bytes) if bytes.len() > LONGEST_FILE => {
            (format!("{label} is longer than {LONGEST_FILE} bytes"), None)
        }
        Ok(bytes) if std::str::from_utf8(&bytes).is_err() => (format!("{label} is not text"), None),
        Ok(bytes) => return Some(bytes),
    };
    let what = if what == ELEMENT_SET {
        "a file with a two-line element set".to_owned()
    } else {
        format!("a CCSDS {what} file")
    };
    let refusal = Refusal::at(&path.place, message, format!("expected {what}"));
    loader.refusals.push(refusal.maybe_help(help));
    None
}

/// Columns of a line, both from one, as bytes of the text.
fn columns(text: &str, line: usize, columns: &Range<usize>) -> Range<usize> {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let start = std::iter::once(0).chain(starts).nth(line - 1);
    let Some(start) = start else {
        return text.len()..text.len();
    };
    let line = text[start..].lines().next().unwrap_or_default();
    // Columns are characters, places are bytes.
    let byte = |column: usize| {
        let mut places = line.char_indices().map(|(at, _)| at);
        start + places.nth(column.saturating_sub(1)).unwrap_or(line.len())
    };
    byte(columns.start)..byte(columns.end)
}

fn refuse<T>(loader: &mut Loader, place: &Place, what: &str, error: ElementsError) -> Option<T> {
    let found = if error.found.starts_with("the end of") {
        error.found
    } else {
        format!("`{}`", error.found)
    };
    let columns = match error.columns.len() {
        0 | 1 => format!("column {}", error.columns.start),
        _ => format!(
            "columns {} to {}",
            error.columns.start,
            error.columns.end - 1
        ),
    };
    let line = error.line;
    let message = format!("unreadable {what}: line {line}, {columns}: found {found}");
    let expected = format!("expected {}", error.expected);
    loader.refusals.push(Refusal::at(place, message, expected));
    None
}

fn made(
    loader: &mut Loader,
    place: &Place,
    (name, orbit, lines): Made,
    file: Option<(String, Vec<u8>)>,
) -> Option<Found> {
    match orbit {
        Ok(orbit) => Some(Found {
            name,
            orbit,
            lines,
            file,
        }),
        Err(error) => {
            let message = format!("SGP4 cannot propagate these elements: {error}");
            let refusal = Refusal::at(place, message, "this element set");
            loader.refusals.push(refusal);
            None
        }
    }
}
