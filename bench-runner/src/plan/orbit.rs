//! The orbit: elements and satellite to phases and a track.

use std::path::Path;

use profiles::orbit::{
    EarthShape, Elements, Orbit, Prediction, ShadowModel, Spacecraft, SunDirection, Utc, predict,
};
use profiles::time::{BenchTime, Window};
use reports::header::StepHeader;
use serde_json::Value;

use super::Planner;
use crate::config::campaign::{RawCampaign, RawOrbit, RawSection, RawSetting, RawValue};
use crate::config::folder::Folder;
use crate::config::refusal::{Place, Refusal, nearest};

/// The name under which the orbit's own channels are recorded.
pub(super) const DEVICE: &str = "orbit";

/// An orbit and the satellite on it, checked.
pub(super) struct Flight {
    pub(super) orbit: Orbit,
    pub(super) start: Utc,
    spacecraft: Spacecraft,
    shadow: ShadowModel,
    lines: Vec<String>,
}

/// What the satellite does over the run.
pub(super) struct Sky {
    pub(super) prediction: Prediction,
    pub(super) start: Utc,
    pub(super) lines: Vec<String>,
}

impl Planner {
    /// Checks the orbit of a campaign.
    pub(super) fn flight(&mut self, folder: &Folder, raw: Option<&RawOrbit>) -> Option<Flight> {
        let raw = raw?;
        let spacecraft = self.spacecraft(&raw.settings);
        let elements = self.elements(folder, raw);
        let start = match &raw.start {
            None => elements.as_ref().map(Elements::epoch),
            Some(text) => match Utc::parse(&text.value) {
                Ok(start) => Some(start),
                Err(error) => {
                    let message = format!("`{}` is no time in UTC: {error}", text.value);
                    let expected = "expected a time such as \"2025-06-25T18:00:00Z\"";
                    self.refuse(Refusal::at(&text.place, message, expected));
                    None
                }
            },
        };
        let (elements, start) = (elements?, start?);
        let days = start.seconds_since(elements.epoch()) / 86_400.0;
        if days.abs() > 30.0 {
            let place = raw
                .start
                .as_ref()
                .map_or(&raw.elements.place, |start| &start.place);
            let message = format!("the start is {days:.0} days from the epoch of the elements");
            let expected = format!("expected within 30 days of {}", elements.epoch());
            let help = "SGP4 is off by kilometres a day; take elements of the time";
            self.refuse(Refusal::at(place, message, expected).help(help));
        }
        let orbit = match Orbit::new(&elements) {
            Ok(orbit) => orbit,
            Err(error) => {
                let message = format!("SGP4 cannot propagate these elements: {error}");
                self.refuse(Refusal::at(
                    &raw.elements.place,
                    message,
                    "this element set",
                ));
                return None;
            }
        };
        let shadow = ShadowModel {
            earth: if raw.earth == "sphere" {
                EarthShape::Sphere
            } else {
                EarthShape::Ellipsoid
            },
            sun: match raw.sun {
                "geometric" => SunDirection::Geometric,
                _ => SunDirection::Apparent,
            },
            atmosphere_km: raw.atmosphere_km,
        };
        let mut lines = vec![elements.name().to_owned()];
        lines.extend(elements.lines().map(str::to_owned));
        Some(Flight {
            orbit,
            start,
            spacecraft,
            shadow,
            lines,
        })
    }

    fn elements(&mut self, folder: &Folder, raw: &RawOrbit) -> Option<Elements> {
        let path = &raw.elements.value;
        let text = match folder.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                let message = format!("{} is not text", folder.label(path));
                self.refuse(Refusal::at(
                    &raw.elements.place,
                    message,
                    "expected an element set",
                ));
                return None;
            }
            Err(why) => {
                let message = format!("cannot read {}: {why}", folder.label(path));
                let expected = "expected a file with a two-line element set";
                self.refuse(Refusal::at(&raw.elements.place, message, expected));
                return None;
            }
        };
        // By its name alone: wherever it lies, a run keeps its copy in its own folder.
        let name = Path::new(path).file_name().unwrap_or_default();
        self.keep_file(&name.to_string_lossy(), text.as_bytes());
        match Elements::parse(&text) {
            Ok(elements) => Some(elements),
            Err(error) => {
                let file = self.loader.sources.add(&folder.label(path), &text);
                let starts = text.match_indices('\n').map(|(at, _)| at + 1);
                let start = std::iter::once(0).chain(starts).nth(error.line - 1);
                let column = |column: usize| start.unwrap_or(0) + column.saturating_sub(1);
                let span = column(error.columns.start)..column(error.columns.end);
                let place = Place { file, span };
                let message = format!("unreadable element set: found {}", error.found);
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
            let name = match section.name.value.as_str() {
                "array" => "solar_array",
                name => name,
            };
            for setting in &section.settings {
                self.spacecraft_setting(&mut whole, name, setting);
            }
        }
        match serde_json::from_value(Value::Object(whole)) {
            Ok(spacecraft) => spacecraft,
            Err(error) => {
                if let Some(section) = sections.first() {
                    let message = format!("the satellite is wrong: {error}");
                    self.refuse(Refusal::at(
                        &section.name.place,
                        message,
                        "in these sections",
                    ));
                }
                defaults
            }
        }
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
            let help = nearest(&key.value, keys.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", keys.join(", ")));
            let message = format!("unknown key `{}`", key.value);
            self.refuse(Refusal::at(&key.place, message, "nobody reads this").help(help));
            return;
        };
        let celsius = key.value.contains("celsius");
        let share = ["soc", "loss", "emissivity", "absorptivity"];
        let share = share.iter().any(|word| key.value.ends_with(word));
        let expected = match (&*place, &setting.value) {
            (Value::Number(old), RawValue::Number(new)) => {
                let whole = old.is_u64();
                let range = if celsius { -273.15..=1e3 } else { 0.0..=1e6 };
                if !range.contains(new) || (share && *new > 1.0) {
                    let share = if share { " to 1" } else { "" };
                    format!("expected a number from {}{share}", range.start())
                } else if whole && (new.fract() != 0.0 || *new < 1.0) {
                    "expected a whole number from 1".to_owned()
                } else {
                    *place = if whole {
                        (*new as u64).into()
                    } else {
                        (*new).into()
                    };
                    return;
                }
            }
            (Value::String(_), RawValue::Text(new)) => {
                *place = new.clone().into();
                return;
            }
            (Value::String(_), _) => "expected a text in quotes".to_owned(),
            _ => "expected a number".to_owned(),
        };
        let message = format!("`{}` is wrong", key.value);
        self.refuse(Refusal::at(&setting.place, message, expected));
    }

    /// What the satellite does over all steps.
    pub(super) fn predict(
        &mut self,
        flight: &Flight,
        steps: &[StepHeader],
        campaign: &RawCampaign,
    ) -> Option<Sky> {
        let end = steps.last()?.window.end;
        let span = Window {
            start: BenchTime::ZERO,
            end,
        };
        match predict(
            &flight.orbit,
            flight.start,
            span,
            &flight.spacecraft,
            flight.shadow,
        ) {
            Ok(prediction) => Some(Sky {
                prediction,
                start: flight.start,
                lines: flight.lines.clone(),
            }),
            Err(error) => {
                if let Some(orbit) = &campaign.orbit {
                    let message = format!("SGP4 cannot propagate these elements: {error}");
                    self.refuse(Refusal::at(
                        &orbit.elements.place,
                        message,
                        "this element set",
                    ));
                }
                None
            }
        }
    }
}
