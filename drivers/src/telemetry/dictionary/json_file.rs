//! Dictionaries as JSON: a list of packets with fields in order.
//!
//! ```json
//! {"name": "eps", "packets": [
//!   {"name": "EPS_HK", "apid": 17, "pus": {"service": 3, "subtype": 25}, "time": "cds", "fields": [
//!     {"name": "sid", "type": "u8", "const": 1},
//!     {"name": "bus_mv", "type": "u16", "cal": [0.0, 0.001], "unit": "V"},
//!     {"name": "mode", "type": "bits", "bits": 3},
//!     {"name": "acc", "type": "sbits", "bits": 20},
//!     {"name": "n", "type": "u16"},
//!     {"name": "sample", "type": "u16", "count": "n"},
//!     {"name": "tail", "type": "bytes", "count": "rest"}]}]}
//! ```
//!
//! `count` is a number, the name of an earlier field, or `rest`; `cal` are the terms of a
//! polynomial, lowest first. A packet without `pus` has no secondary header. Keys that only a
//! generator of test data needs (`weight`, `range`, `pattern`) are passed over.

use serde::Deserialize;

use super::{
    Calibration, Coding, Count, Dictionary, DictionaryError, Field, Limits, Packet, Service,
};

#[derive(Deserialize)]
struct RawDictionary {
    #[serde(default)]
    name: String,
    packets: Vec<RawPacket>,
}

#[derive(Deserialize)]
struct RawPacket {
    name: String,
    apid: u16,
    pus: Option<RawPus>,
    #[serde(default)]
    fields: Vec<RawField>,
}

#[derive(Deserialize)]
struct RawPus {
    service: Option<u8>,
    subtype: Option<OneOrMore>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(u8),
    More(Vec<u8>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawCount {
    Number(u32),
    Text(String),
}

#[derive(Deserialize)]
struct RawField {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    bits: Option<u32>,
    count: Option<RawCount>,
    #[serde(rename = "const")]
    constant: Option<u64>,
    cal: Option<Vec<f64>>,
    #[serde(default)]
    unit: String,
}

impl OneOrMore {
    pub(super) fn list(self) -> Vec<u8> {
        match self {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        }
    }
}

/// Reads a dictionary in JSON.
///
/// # Errors
/// If it is none, with line and column, or with packet and field.
pub fn read(text: &str) -> Result<Dictionary, DictionaryError> {
    let raw: RawDictionary = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| DictionaryError::Syntax(error.to_string()))?;
    let packets: Result<Vec<Packet>, DictionaryError> =
        raw.packets.into_iter().map(packet).collect();
    Ok(Dictionary {
        name: raw.name,
        packets: packets?,
        derived: Vec::new(),
    })
}

fn packet(raw: RawPacket) -> Result<Packet, DictionaryError> {
    let RawPacket { name, apid, .. } = raw;
    if apid > 0x7ff {
        let why = format!("application process {apid} has more than 11 bits: 0 to 2047");
        return Err(DictionaryError::content(format!("packet `{name}`"), why));
    }
    let mut fields: Vec<Field> = Vec::new();
    for raw in raw.fields {
        let place = || {
            let field = raw.name.as_deref().unwrap_or("spare");
            format!("packet `{name}`, field `{field}`")
        };
        let (coding, bits) = coding(&raw.kind, raw.bits)
            .ok_or_else(|| DictionaryError::content(place(), unknown_type(&raw.kind)))?;
        let count = count(raw.count.as_ref(), &fields)
            .map_err(|why| DictionaryError::content(place(), why))?;
        fields.push(Field {
            coding,
            bits,
            count,
            constant: raw.constant,
            calibration: raw.cal.map_or(Calibration::None, Calibration::Polynomial),
            states: Vec::new(),
            unit: raw.unit,
            limits: Limits::default(),
            name: raw.name,
        });
    }
    let service = raw.pus.map(|pus| Service {
        service: pus.service,
        subtypes: pus.subtype.map_or_else(Vec::new, OneOrMore::list),
    });
    Ok(Packet {
        name,
        apid,
        service,
        fields,
    })
}

fn unknown_type(kind: &str) -> String {
    format!(
        "type `{kind}` is none of u1 to u64, i2 to i64, f32, f64, bits, sbits (with `bits`), bytes and text"
    )
}

/// `u12`, `i16`, `f32`, `bytes`, `text`, or `bits` and `sbits` with their number.
pub(super) fn coding(kind: &str, bits: Option<u32>) -> Option<(Coding, u32)> {
    match kind {
        "bits" => return bits.map(|bits| (Coding::Unsigned, bits)),
        "sbits" => return bits.map(|bits| (Coding::Signed, bits)),
        "bytes" | "octets" => return Some((Coding::Octets, 8)),
        "text" | "str" | "string" => return Some((Coding::Text, 8)),
        _ => {}
    }
    let bits: u32 = kind.get(1..)?.parse().ok()?;
    match (kind.get(..1)?, bits) {
        ("u", 1..=64) => Some((Coding::Unsigned, bits)),
        ("i", 2..=64) => Some((Coding::Signed, bits)),
        ("f", 32 | 64) => Some((Coding::Float, bits)),
        _ => None,
    }
}

/// How many, with names looked up among the fields before.
pub(super) fn count(raw: Option<&RawCount>, before: &[Field]) -> Result<Count, String> {
    match raw {
        None => Ok(Count::One),
        Some(RawCount::Number(count)) => Ok(Count::Fixed(*count)),
        Some(RawCount::Text(text)) if text == "rest" => Ok(Count::Rest),
        Some(RawCount::Text(name)) => before
            .iter()
            .rposition(|field| field.name.as_deref() == Some(name))
            .map(|place| Count::Field(place as u16))
            .ok_or_else(|| {
                format!("count `{name}` is neither a number, nor `rest`, nor a field before it")
            }),
    }
}
