//! The satellite of an orbit: its defaults, and what the file says else.

use profiles::orbit::{Spacecraft, SpacecraftError};
use serde_json::{Map, Value};

use crate::config::campaign::{RawSection, RawSetting, RawValue};
use crate::config::load::Loader;
use crate::config::number_help;
use crate::config::refusal::{Refusal, nearest};

/// Most cells in a row or strings side by side: a kilovolt is hundreds.
const MOST_CELLS: f64 = 10_000.0;

/// The satellite of these sections; each wrong value is refused where it stands.
pub(super) fn spacecraft(loader: &mut Loader, sections: &[RawSection]) -> Spacecraft {
    let defaults = Spacecraft::default();
    let Ok(Value::Object(mut whole)) = serde_json::to_value(&defaults) else {
        return defaults;
    };
    for section in sections {
        for setting in &section.settings {
            let refusal = set(loader, &mut whole, section, setting);
            loader.refusals.extend(refusal);
        }
    }
    match serde_json::from_value::<Spacecraft>(Value::Object(whole)) {
        Ok(spacecraft) => {
            if let Err(error) = spacecraft.check() {
                loader.refusals.push(impossible(sections, &error));
            }
            spacecraft
        }
        Err(error) => {
            if let Some(section) = sections.first() {
                let message = format!("the satellite is wrong: {error}");
                let place = &section.name.place;
                let refusal = Refusal::at(place, message, "in these sections");
                loader.refusals.push(refusal);
            }
            defaults
        }
    }
}

/// A number with which no satellite can be, at its place.
fn impossible(sections: &[RawSection], error: &SpacecraftError) -> Refusal {
    let written = |field: &str| {
        let (section, key) = field.split_once('.')?;
        let mut sections = sections.iter();
        let section = sections.find(|s| table_name(s.key) == section)?;
        section.settings.iter().find(|s| s.key.value == key)
    };
    // Of two that do not go together, the one that somebody wrote.
    let setting = written(error.field).or_else(|| written(error.beside?));
    let key = error.field.rsplit('.').next().unwrap_or_default();
    let message = format!("`{key}` is {}", error.value);
    let expected = format!("expected a number {}", error.expected);
    match setting {
        Some(setting) => Refusal::at(&setting.place, message, expected),
        None => Refusal::nowhere(format!("{message}: {expected}")),
    }
}

/// Sets one value, or says why not.
fn set(
    loader: &Loader,
    whole: &mut Map<String, Value>,
    section: &RawSection,
    setting: &RawSetting,
) -> Option<Refusal> {
    let key = &setting.key;
    let table = table_name(section.key);
    let known = whole.get_mut(table).and_then(Value::as_object_mut)?;
    let Some(place) = known.get_mut(&key.value) else {
        let keys: Vec<&str> = known.keys().map(String::as_str).collect();
        let help = nearest(&key.value, keys.iter().copied());
        let message = format!("unknown key `{}` in {}", key.value, section.name.value);
        let expected = format!("expected one of: {}", keys.join(", "));
        return Some(Refusal::at(&key.place, message, expected).maybe_help(help));
    };
    let expected = match (&*place, &setting.value) {
        (Value::Number(old), RawValue::Number(new)) if !old.is_u64() => {
            let alone = alone(table, &key.value, *new);
            // A number that is wrong by itself goes no further: the others are still checked.
            let error = alone.and_then(|satellite| satellite.check_each().err());
            let Some(error) = error else {
                *place = (*new).into();
                return None;
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
                return None;
            }
            format!("expected a whole number from {least} to {MOST_CELLS}")
        }
        (Value::String(_), RawValue::Text(new)) => {
            if alone(table, &key.value, new.as_str()).is_some() {
                *place = new.clone().into();
                return None;
            }
            format!("expected \"{}\"", place.as_str().unwrap_or_default())
        }
        (Value::String(_), _) => "expected a text in quotes".to_owned(),
        _ => "expected a number".to_owned(),
    };
    let found = loader.sources.quoted(&setting.place);
    let message = format!("`{}` is {found}", key.value);
    let help = match &setting.value {
        RawValue::Text(text) if place.is_number() => number_help(text),
        _ => None,
    };
    Some(Refusal::at(&setting.place, message, expected).maybe_help(help))
}

/// A section, as the satellite's tables are named.
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
