//! The satellite's own numbers: the defaults, and what a file says else.

use profiles::orbit::Spacecraft;
use serde_json::Value;

use crate::config::load::Loader;
use crate::config::refusal::nearest;
use crate::config::satellite::lists_of;
use crate::config::{Place, Refusal, TableReader};

/// One key of a section.
#[derive(Debug)]
struct RawSetting {
    key: String,
    key_place: Place,
    place: Place,
    value: Value,
}

/// A section: `[array]`.
#[derive(Debug)]
pub(super) struct RawSection {
    name: &'static str,
    settings: Vec<RawSetting>,
}

/// The sections of a table.
pub(super) fn sections(table: &TableReader<'_>) -> Vec<RawSection> {
    let mut sections = Vec::new();
    for (key, name) in [
        ("array", "solar_array"),
        ("battery", "battery"),
        ("load", "load"),
        ("thermal", "thermal"),
    ] {
        let Some(section) = table.get(key).and_then(|node| node.table(key)) else {
            continue;
        };
        let entries = section.entries().into_iter();
        let entries = entries.filter(|(key, _)| !lists_of(name).contains(&key.value.as_str()));
        let settings = entries.filter_map(|(key, node)| {
            let value = if key.value == "cell" {
                Value::from(node.text()?.value)
            } else {
                let number = node.number()?.value;
                // Counts stay whole, so that serde takes them for counts.
                if number.fract() == 0.0 && (0.0..1e9).contains(&number) {
                    Value::from(number as u64)
                } else {
                    Value::from(number)
                }
            };
            Some(RawSetting {
                key: key.value,
                key_place: key.place,
                place: node.place.clone(),
                value,
            })
        });
        sections.push(RawSection {
            name,
            settings: settings.collect(),
        });
    }
    sections
}

/// The satellite of these sections; each wrong value is refused where it stands.
pub(super) fn spacecraft(loader: &mut Loader, sections: &[RawSection]) -> Spacecraft {
    let mut spacecraft = Spacecraft::default();
    for section in sections {
        for setting in &section.settings {
            match with(&spacecraft, section.name, setting) {
                Ok(changed) => spacecraft = changed,
                Err(refusal) => loader.refusals.push(*refusal),
            }
        }
    }
    if let Err(error) = spacecraft.check() {
        let written = |field: &str| {
            let (section, key) = field.split_once('.')?;
            let section = sections.iter().find(|raw| raw.name == section)?;
            section.settings.iter().find(|raw| raw.key == key)
        };
        // Of two that do not go together, the one that somebody wrote.
        if let Some(setting) = written(error.field).or_else(|| written(error.beside?)) {
            let key = error.field.rsplit('.').next().unwrap_or_default();
            let message = format!("`{key}` is {}", error.value);
            let expected = format!("expected a number {}", error.expected);
            let refusal = Refusal::at(&setting.place, message, expected);
            loader.refusals.push(refusal);
        }
    }
    spacecraft
}

fn with(
    spacecraft: &Spacecraft,
    section: &str,
    setting: &RawSetting,
) -> Result<Spacecraft, Box<Refusal>> {
    let mut whole = serde_json::to_value(spacecraft).unwrap_or_default();
    let known = whole.get_mut(section).and_then(Value::as_object_mut);
    let wrong = |why: String| {
        let message = format!("`{}` is wrong", setting.key);
        Box::new(Refusal::at(&setting.place, message, why))
    };
    let Some(known) = known else {
        return Err(wrong("no such section".to_owned()));
    };
    if !known.contains_key(&setting.key) {
        let keys: Vec<&str> = known.keys().map(String::as_str).collect();
        let help = nearest(&setting.key, keys.iter().copied())
            .unwrap_or_else(|| format!("known keys: {}", keys.join(", ")));
        let message = format!("unknown key `{}`", setting.key);
        let refusal = Refusal::at(&setting.key_place, message, "nobody reads this");
        return Err(Box::new(refusal.help(help)));
    }
    known.insert(setting.key.clone(), setting.value.clone());
    let changed: Spacecraft =
        serde_json::from_value(whole).map_err(|error| wrong(error.to_string()))?;
    match changed.check_each() {
        Ok(()) => Ok(changed),
        Err(error) => Err(wrong(format!("expected a number {}", error.expected))),
    }
}
