//! The orbit: elements and satellite to phases and a track.

use std::ops::Range;
use std::path::Path;

use profiles::orbit::{
    EarthShape, Elements, Orbit, ShadowModel, Spacecraft, SpacecraftError, SunDirection, Utc,
};
use serde_json::Value;

use super::orbit_source::instant;
use super::schedule::Schedule;
use super::surroundings::Surroundings;
use crate::config::campaign::{RawOrbit, RawSection, RawSetting, RawValue};
use crate::config::folder::Folder;
use crate::config::load::LONGEST_FILE;
use crate::config::number_help;
use crate::config::refusal::{Place, Refusal, nearest};
use crate::plan::Planner;

/// The name under which the orbit's own channels are recorded.
pub(in crate::plan) const DEVICE: &str = "orbit";

/// Most cells in a row or strings side by side: a kilovolt is hundreds.
const MOST_CELLS: f64 = 10_000.0;
/// How far from their epoch elements are of use, days.
pub(in crate::plan) const MOST_DAYS: f64 = 30.0;

/// An orbit and the satellite on it, checked.
pub(in crate::plan) struct Flight {
    pub(in crate::plan) orbit: Orbit,
    pub(in crate::plan) start: Utc,
    pub(in crate::plan) spacecraft: Spacecraft,
    pub(in crate::plan) shadow: ShadowModel,
    pub(in crate::plan) lines: Vec<String>,
    pub(in crate::plan) around: Surroundings,
    pub(in crate::plan) schedule: Schedule,
}

impl Planner {
    /// Checks the orbit of a campaign. `None` if there is none, or if it is refused; then it is
    /// among what is broken.
    pub(in crate::plan) fn flight(
        &mut self,
        folder: &Folder,
        raw: Option<&RawOrbit>,
    ) -> Option<Flight> {
        let raw = raw?;
        let mut spacecraft = self.spacecraft(&raw.settings);
        if let Some(refusal) = raw.lists.give(&mut spacecraft) {
            self.refuse(refusal);
        }
        let shadow = self.shadow(raw);
        let found = match &raw.source {
            Some(source) => self.described(folder, raw, source),
            None => self.of_elements(folder, raw),
        };
        let flight = found.and_then(|(orbit, start, lines)| {
            let around = self.around(folder, raw, start)?;
            let refusals = &mut self.loader.refusals;
            let schedule = Schedule::new(&raw.lists, &around.names(), refusals);
            Some(Flight {
                orbit,
                start,
                spacecraft,
                shadow,
                lines,
                around,
                schedule,
            })
        });
        if flight.is_none() {
            self.broken.section("orbit");
        }
        flight
    }

    /// Orbit, start and telling lines of a file with a two-line element set.
    fn of_elements(
        &mut self,
        folder: &Folder,
        raw: &RawOrbit,
    ) -> Option<(Orbit, Utc, Vec<String>)> {
        let elements = self.elements(folder, raw);
        let start = self.start(raw, elements.as_ref());
        let (elements, start) = elements.zip(start)?;
        let orbit = self.orbit(raw, &elements, start)?;
        let mut lines = vec![elements.name().to_owned()];
        lines.extend(elements.lines().map(str::to_owned));
        Some((orbit, start, lines))
    }

    fn around(&mut self, folder: &Folder, raw: &RawOrbit, start: Utc) -> Option<Surroundings> {
        // What is wrong with an epoch is refused where the orbit itself is read.
        let from = instant(raw.epoch.as_ref()).ok().flatten();
        let times = (from.or(Some(start)), start);
        let around = Surroundings::new(&mut self.loader, folder, &raw.around, times)?;
        self.happenings = around.names();
        Some(around)
    }

    /// The start: the epoch of the elements if none is written.
    fn start(&mut self, raw: &RawOrbit, elements: Option<&Elements>) -> Option<Utc> {
        let Some(text) = &raw.start else {
            return elements.map(Elements::epoch);
        };
        match Utc::parse(&text.value) {
            Ok(start) => Some(start),
            Err(error) => {
                let message = format!("`{}` is no time in UTC", text.value);
                let expected = "expected a time such as \"2025-06-25T18:00:00Z\"";
                let refusal = Refusal::at(&text.place, message, expected);
                self.refuse(refusal.help(error.why));
                None
            }
        }
    }

    fn orbit(&mut self, raw: &RawOrbit, elements: &Elements, start: Utc) -> Option<Orbit> {
        let place = raw.elements.as_ref().map(|elements| &elements.place)?;
        let days = start.seconds_since(elements.epoch()) / 86_400.0;
        if days.abs() > MOST_DAYS {
            self.stale(raw, days, elements.epoch());
            return None;
        }
        match Orbit::new(elements) {
            Ok(orbit) => Some(orbit),
            Err(error) => {
                let message = format!("SGP4 cannot propagate these elements: {error}");
                self.refuse(Refusal::at(place, message, "this element set"));
                None
            }
        }
    }

    fn shadow(&mut self, raw: &RawOrbit) -> ShadowModel {
        let atmosphere_km = raw.atmosphere_km.as_ref().map_or(0.0, |height| {
            if !(0.0..=200.0).contains(&height.value) {
                let message = format!("an atmosphere of {} km", height.value);
                let expected = "expected from 0 to 200 km";
                self.refuse(Refusal::at(&height.place, message, expected));
                self.broken.section("orbit");
            }
            height.value
        });
        ShadowModel {
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
        }
    }

    fn elements(&mut self, folder: &Folder, raw: &RawOrbit) -> Option<Elements> {
        let named = raw.elements.as_ref()?;
        let path = &named.value;
        let label = folder.label(path);
        let bytes = match folder.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let message = format!("cannot read {label}: {why}");
                let expected = "expected a file with a two-line element set";
                let refusal = Refusal::at(&named.place, message, expected);
                self.refuse(refusal.maybe_help(folder.nearest(path)));
                return None;
            }
        };
        if bytes.len() > LONGEST_FILE {
            let message = format!("{label} is longer than {LONGEST_FILE} bytes");
            let expected = "expected a file with one two-line element set";
            self.refuse(Refusal::at(&named.place, message, expected));
            return None;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let message = format!("{label} is not text");
            let expected = "expected a file with a two-line element set";
            self.refuse(Refusal::at(&named.place, message, expected));
            return None;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The name alone: the copy stays in the run's folder, wherever the file is.
        let name = Path::new(path).file_name().unwrap_or_default();
        self.keep_file(&name.to_string_lossy(), &bytes);
        match Elements::parse(text) {
            Ok(elements) => Some(elements),
            Err(error) => {
                let file = self.loader.sources.add(&label, text);
                let span = columns(text, error.line, &error.columns);
                let place = Place { file, span };
                let found = if error.found.starts_with("the end of") {
                    error.found
                } else {
                    format!("`{}`", error.found)
                };
                let message = format!("unreadable element set: found {found}");
                let expected = format!("expected {}", error.expected);
                self.refuse(Refusal::at(&place, message, expected));
                None
            }
        }
    }

    /// The satellite: its defaults, and what the file says else.
    fn spacecraft(&mut self, sections: &[RawSection]) -> Spacecraft {
        let defaults = Spacecraft::default();
        let Ok(Value::Object(mut whole)) = serde_json::to_value(&defaults) else {
            return defaults;
        };
        for section in sections {
            let name = table_name(&section.name.value);
            for setting in &section.settings {
                self.spacecraft_setting(&mut whole, name, setting);
            }
        }
        match serde_json::from_value::<Spacecraft>(Value::Object(whole)) {
            Ok(spacecraft) => {
                if let Err(error) = spacecraft.check() {
                    self.impossible(sections, &error);
                }
                spacecraft
            }
            Err(error) => {
                if let Some(section) = sections.first() {
                    let message = format!("the satellite is wrong: {error}");
                    let place = &section.name.place;
                    self.refuse(Refusal::at(place, message, "in these sections"));
                }
                defaults
            }
        }
    }

    /// Refuses a number with which no satellite can be, at its place.
    fn impossible(&mut self, sections: &[RawSection], error: &SpacecraftError) {
        let written = |field: &str| {
            let (section, key) = field.split_once('.')?;
            let mut sections = sections.iter();
            let section = sections.find(|s| table_name(&s.name.value) == section)?;
            section.settings.iter().find(|s| s.key.value == key)
        };
        // Of two that do not go together, the one that somebody wrote.
        let setting = written(error.field).or_else(|| written(error.beside?));
        let key = error.field.rsplit('.').next().unwrap_or_default();
        let message = format!("`{key}` is {}", error.value);
        let expected = format!("expected a number {}", error.expected);
        self.refuse(match setting {
            Some(setting) => Refusal::at(&setting.place, message, expected),
            None => Refusal::nowhere(format!("{message}: {expected}")),
        });
    }

    fn spacecraft_setting(
        &mut self,
        whole: &mut serde_json::Map<String, Value>,
        section: &str,
        setting: &RawSetting,
    ) {
        let key = &setting.key;
        let Some(known) = whole.get_mut(section).and_then(Value::as_object_mut) else {
            return;
        };
        let Some(place) = known.get_mut(&key.value) else {
            let keys: Vec<&str> = known.keys().map(String::as_str).collect();
            let help = nearest(&key.value, keys.iter().copied());
            let table = section.trim_start_matches("solar_");
            let message = format!("unknown key `{}` in [orbit.{table}]", key.value);
            let expected = format!("expected one of: {}", keys.join(", "));
            self.refuse(Refusal::at(&key.place, message, expected).maybe_help(help));
            return;
        };
        let expected = match (&*place, &setting.value) {
            (Value::Number(old), RawValue::Number(new)) if !old.is_u64() => {
                let alone = alone(section, &key.value, *new);
                // A number that is wrong by itself goes no further: the others are still checked.
                let error = alone.and_then(|satellite| satellite.check_each().err());
                let Some(error) = error else {
                    *place = (*new).into();
                    return;
                };
                format!("expected a number {}", error.expected)
            }
            (Value::Number(_), RawValue::Number(new)) => {
                let least = if key.value == "failed_strings" {
                    0.0
                } else {
                    1.0
                };
                if new.fract() == 0.0 && (least..=MOST_CELLS).contains(new) {
                    *place = (*new as u64).into();
                    return;
                }
                format!("expected a whole number from {least} to {MOST_CELLS}")
            }
            (Value::String(_), RawValue::Text(new)) => {
                if alone(section, &key.value, new.as_str()).is_some() {
                    *place = new.clone().into();
                    return;
                }
                format!("expected \"{}\"", place.as_str().unwrap_or_default())
            }
            (Value::String(_), _) => "expected a text in quotes".to_owned(),
            _ => "expected a number".to_owned(),
        };
        let found = self.loader.sources.quoted(&setting.place);
        let message = format!("`{}` is {found}", key.value);
        let help = match &setting.value {
            RawValue::Text(text) if place.is_number() => number_help(text),
            _ => None,
        };
        self.refuse(Refusal::at(&setting.place, message, expected).maybe_help(help));
    }
}

/// A section of a campaign, as the satellite's tables are named.
fn table_name(section: &str) -> &str {
    match section {
        "array" => "solar_array",
        section => section,
    }
}

/// The default satellite with one other value, if it can hold that.
fn alone(section: &str, key: &str, value: impl Into<Value>) -> Option<Spacecraft> {
    let mut whole = serde_json::to_value(Spacecraft::default()).ok()?;
    *whole.get_mut(section)?.get_mut(key)? = value.into();
    serde_json::from_value(whole).ok()
}

/// Columns of a line, both from one, as bytes of the text.
fn columns(text: &str, line: usize, columns: &Range<usize>) -> Range<usize> {
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let start = std::iter::once(0).chain(starts).nth(line - 1);
    let Some(start) = start else {
        return text.len()..text.len();
    };
    let line = text[start..].lines().next().unwrap_or_default();
    let byte = |column: usize| {
        let mut places = line.char_indices().map(|(at, _)| at);
        start + places.nth(column.saturating_sub(1)).unwrap_or(line.len())
    };
    byte(columns.start)..byte(columns.end)
}
