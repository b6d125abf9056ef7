//! Dictionaries in the bench's own TOML, in the manner of a mission database's tables.
//!
//! ```toml
//! [[container]]                         # what several packets begin with
//! name = "report"
//! field = [{ name = "sid", type = "u8" }]
//!
//! [[packet]]
//! name = "housekeeping"
//! apid = 0x42
//! service = 3                           # left out: no secondary header
//! subtype = 25                          # or a list; left out: any
//! structure = 1                         # the first two octets of its user data
//! extends = "report"
//! field = [
//!     { name = "volts", type = "u16", unit = "V", calibration = [0.0, 0.001], yellow = [22, 34], red = [20, 36] },
//!     { name = "amps", type = "i16", unit = "A", calibration = [0.0, 0.001] },
//!     { name = "state", type = "u3", states = ["off", "idle", "busy"] },
//!     { type = "u5" },                  # spare
//!     { name = "n", type = "u16" },
//!     { name = "sample", type = "i16", count = "n" },
//! ]
//!
//! [[derived]]
//! name = "power"
//! unit = "W"
//! value = "volts * amps"
//! ```
//!
//! Fields stand back to back, most significant bit first. `calibration` holds the terms of a
//! polynomial, lowest first; `points` instead holds pairs of raw and engineering value, with
//! straight lines between them. `states` is a list from 0, or a table from number to name.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::expression::Expression;
use super::json_file::{OneOrMore, RawCount, coding, count};
use super::{Calibration, Derived, Dictionary, DictionaryError, Field, Limits, Packet, Service};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDictionary {
    #[serde(default)]
    name: String,
    #[serde(default)]
    container: Vec<RawContainer>,
    packet: Vec<RawPacket>,
    #[serde(default)]
    derived: Vec<RawDerived>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContainer {
    name: String,
    extends: Option<String>,
    field: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPacket {
    name: String,
    apid: u16,
    service: Option<u8>,
    subtype: Option<OneOrMore>,
    structure: Option<u16>,
    extends: Option<String>,
    #[serde(default)]
    field: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDerived {
    name: String,
    #[serde(default)]
    unit: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    unit: String,
    count: Option<RawCount>,
    #[serde(rename = "const")]
    constant: Option<u64>,
    calibration: Option<Vec<f64>>,
    points: Option<Vec<(f64, f64)>>,
    range: Option<[f64; 2]>,
    yellow: Option<[f64; 2]>,
    red: Option<[f64; 2]>,
    states: Option<RawStates>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawStates {
    List(Vec<String>),
    Table(BTreeMap<String, String>),
}

/// Reads a dictionary in TOML.
///
/// # Errors
/// If it is none, with line and column, or with packet and field.
pub fn read(text: &str) -> Result<Dictionary, DictionaryError> {
    let raw: RawDictionary = toml::from_str(text)
        .map_err(|error| DictionaryError::Syntax(error.to_string().trim_end().to_owned()))?;
    let containers: BTreeMap<&str, &RawContainer> = raw
        .container
        .iter()
        .map(|container| (container.name.as_str(), container))
        .collect();
    let packets: Result<Vec<Packet>, DictionaryError> = raw
        .packet
        .iter()
        .map(|raw| packet(raw, &containers))
        .collect();
    let packets = packets?;
    let derived: Result<Vec<Derived>, DictionaryError> = raw
        .derived
        .iter()
        .map(|raw| derived(raw, &packets))
        .collect();
    Ok(Dictionary {
        name: raw.name,
        derived: derived?,
        packets,
    })
}

fn packet(
    raw: &RawPacket,
    containers: &BTreeMap<&str, &RawContainer>,
) -> Result<Packet, DictionaryError> {
    let place = format!("packet `{}`", raw.name);
    if raw.apid > 0x7ff {
        let why = format!(
            "application process {} has more than 11 bits: 0 to 2047",
            raw.apid
        );
        return Err(DictionaryError::content(place, why));
    }
    if raw.subtype.is_some() && raw.service.is_none() {
        let why = "has a subtype but no service; both belong to the PUS header";
        return Err(DictionaryError::content(place, why));
    }
    let mut fields = Vec::new();
    if let Some(structure) = raw.structure {
        let mut field = Field::unsigned(None, 16);
        field.constant = Some(u64::from(structure));
        fields.push(field);
    }
    for container in inherited(raw.extends.as_deref(), containers, &place)? {
        for raw in &container.field {
            push(raw, &format!("container `{}`", container.name), &mut fields)?;
        }
    }
    for raw in &raw.field {
        push(raw, &place, &mut fields)?;
    }
    let service = raw.service.map(|service| Service {
        service: Some(service),
        subtypes: match &raw.subtype {
            None => Vec::new(),
            Some(OneOrMore::One(one)) => vec![*one],
            Some(OneOrMore::More(more)) => more.clone(),
        },
    });
    Ok(Packet {
        name: raw.name.clone(),
        apid: raw.apid,
        service,
        fields,
    })
}

/// The containers that a packet begins with, the innermost last.
fn inherited<'a>(
    extends: Option<&'a str>,
    containers: &BTreeMap<&str, &'a RawContainer>,
    place: &str,
) -> Result<Vec<&'a RawContainer>, DictionaryError> {
    let mut chain = Vec::new();
    let mut next = extends;
    while let Some(name) = next {
        let Some(&container) = containers.get(name) else {
            let known: Vec<&str> = containers.keys().copied().collect();
            let why = format!("extends `{name}`, which is no container; there are {known:?}");
            return Err(DictionaryError::content(place, why));
        };
        if chain.len() > containers.len() {
            let why = format!("extends `{name}`, which extends itself");
            return Err(DictionaryError::content(place, why));
        }
        chain.push(container);
        next = container.extends.as_deref();
    }
    chain.reverse();
    Ok(chain)
}

fn push(raw: &RawField, of: &str, fields: &mut Vec<Field>) -> Result<(), DictionaryError> {
    let name = raw.name.as_deref().unwrap_or("spare");
    let refuse = |why: String| DictionaryError::content(format!("{of}, field `{name}`"), why);
    if raw.name.is_some() && fields.iter().any(|field| field.name == raw.name) {
        return Err(refuse("there is a field of this name before".to_owned()));
    }
    let (coding, bits) = coding(&raw.kind, None).ok_or_else(|| {
        let kind = &raw.kind;
        refuse(format!(
            "type `{kind}` is none of u1 to u64, i2 to i64, f32, f64, bytes and text"
        ))
    })?;
    let calibration = match (&raw.calibration, &raw.points) {
        (None, None) => Calibration::None,
        (Some(terms), None) if terms.is_empty() || !terms.iter().all(|term| term.is_finite()) => {
            return Err(refuse(
                "a calibration needs at least one term, all finite".to_owned(),
            ));
        }
        (Some(terms), None) => Calibration::Polynomial(terms.clone()),
        (None, Some(points)) => {
            if points.len() < 2 || !points.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(refuse(
                    "points are two or more, in order of raw values".to_owned(),
                ));
            }
            Calibration::Table(points.clone())
        }
        (Some(_), Some(_)) => {
            return Err(refuse(
                "has a calibration and points; only one can be".to_owned(),
            ));
        }
    };
    let limits = Limits {
        yellow: raw.yellow,
        red: raw.red,
        valid: raw.range,
    };
    for range in [limits.yellow, limits.red, limits.valid]
        .into_iter()
        .flatten()
    {
        if range[0].partial_cmp(&range[1]).is_none_or(Ordering::is_gt) {
            return Err(refuse(format!("the range {range:?} ends before it begins")));
        }
    }
    fields.push(Field {
        name: raw.name.clone(),
        coding,
        bits,
        count: count(raw.count.as_ref(), fields).map_err(refuse)?,
        constant: raw.constant,
        calibration,
        states: states(raw.states.as_ref()).map_err(refuse)?,
        unit: raw.unit.clone(),
        limits,
    });
    Ok(())
}

fn states(raw: Option<&RawStates>) -> Result<Vec<(i64, String)>, String> {
    match raw {
        None => Ok(Vec::new()),
        Some(RawStates::List(names)) => Ok((0..).zip(names.iter().cloned()).collect()),
        Some(RawStates::Table(names)) => names
            .iter()
            .map(|(number, name)| {
                let number = number
                    .parse()
                    .map_err(|_| format!("state `{number}` is no whole number"))?;
                Ok((number, name.clone()))
            })
            .collect(),
    }
}

fn derived(raw: &RawDerived, packets: &[Packet]) -> Result<Derived, DictionaryError> {
    let place = format!("derived `{}`", raw.name);
    let value = Expression::parse(&raw.value)
        .map_err(|why| DictionaryError::content(place.clone(), why))?;
    for name in value.names() {
        let mut fields = packets.iter().flat_map(|packet| &packet.fields);
        if !fields.any(|field| field.name.as_deref() == Some(name)) {
            let why = format!("`{name}` in `{}` is no field of a packet", raw.value);
            return Err(DictionaryError::content(place, why));
        }
    }
    Ok(Derived {
        name: raw.name.clone(),
        unit: raw.unit.clone(),
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Coding, Count};
    use super::*;

    const TEXT: &str = r#"
        [[container]]
        name = "head"
        field = [{ name = "sid", type = "u8", const = 7 }]

        [[container]]
        name = "middle"
        extends = "head"
        field = [{ name = "n", type = "u8" }]

        [[packet]]
        name = "hk"
        apid = 0x42
        service = 3
        subtype = 25
        structure = 1
        extends = "middle"
        field = [
            { name = "volts", type = "u16", unit = "V", calibration = [0.0, 0.001], red = [20, 36] },
            { name = "state", type = "u3", states = { "0" = "off", "5" = "on" } },
            { type = "u5" },
            { name = "sample", type = "i16", count = "n" },
        ]

        [[derived]]
        name = "double"
        value = "2 * volts"
    "#;

    #[test]
    fn containers_come_first_and_counts_are_found() {
        let dictionary = read(TEXT).unwrap();
        let fields = &dictionary.packets[0].fields;
        let names: Vec<_> = fields.iter().map(|field| field.name.as_deref()).collect();
        let expected = [
            None,
            Some("sid"),
            Some("n"),
            Some("volts"),
            Some("state"),
            None,
            Some("sample"),
        ];
        assert_eq!(names, expected);
        assert_eq!(fields[6].count, Count::Field(2));
        assert_eq!((fields[6].coding, fields[6].bits), (Coding::Signed, 16));
        assert_eq!(fields[4].state(5), Some("on"));
        assert_eq!(dictionary.derived[0].value.names(), ["volts"]);
    }

    #[test]
    fn wrong_dictionaries_are_refused_with_their_place() {
        for (from, to, why) in [
            ("\"i16\"", "\"i99\"", "i2 to i64"),
            (
                "\"middle\"\n        field = [\n",
                "\"muddle\"\n        field = [\n",
                "no container",
            ),
            (
                "extends = \"head\"",
                "extends = \"middle\"",
                "extends itself",
            ),
            ("0x42", "4096", "11 bits"),
            ("count = \"n\"", "count = \"m\"", "a field before it"),
            ("[20, 36]", "[36, 20]", "before it begins"),
            ("2 * volts", "2 * wolts", "wolts"),
            ("2 * volts", "2 *", "expected"),
            ("service = 3", "", "no service"),
            ("\"n\", type", "\"sid\", type", "of this name"),
        ] {
            let error = read(&TEXT.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(why), "{from} -> {to}: {error}");
        }
    }
}
