//! The telemetry dictionary: a TOML file that says which packets there are and what stands in
//! them, in the manner of a mission database's packet and parameter tables.
//!
//! ```toml
//! [[packet]]
//! name = "housekeeping"
//! apid = 0x42
//! service = 3
//! subtype = 25
//! structure = 1
//! field = [
//!     { name = "bus_volts", type = "u16", unit = "V", calibration = [0.0, 0.001] },
//!     { name = "state", type = "u3", states = ["off", "idle", "busy"] },
//!     { type = "u5" },
//! ]
//! ```
//!
//! Fields stand back to back, most significant bit first. A field without a name is spare. The
//! value is `calibration[0] + calibration[1] * raw`; outside `range` it is damage.

use profiles::channel::ChannelSpec;
use serde::Deserialize;

use super::plan::{Coding, FieldPlan, Meaning, PacketPlan, Plan};

/// A dictionary that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    /// The file is no TOML of this form.
    #[error("cannot read the dictionary: {0}")]
    Syntax(String),
    /// A packet's fields do not make sense.
    #[error("packet `{packet}`, field `{field}`: {why}")]
    Field {
        /// The packet.
        packet: String,
        /// The field.
        field: String,
        /// What is wrong.
        why: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDictionary {
    packet: Vec<RawPacket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPacket {
    name: String,
    apid: u16,
    service: u8,
    subtype: u8,
    structure: Option<u16>,
    field: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    unit: String,
    calibration: Option<[f64; 2]>,
    range: Option<[f64; 2]>,
    #[serde(default)]
    states: Vec<String>,
}

impl Plan {
    /// Compiles a dictionary.
    ///
    /// # Errors
    /// If the text is no dictionary.
    pub fn compile(text: &str) -> Result<Plan, DictionaryError> {
        let raw: RawDictionary = toml::from_str(text)
            .map_err(|error| DictionaryError::Syntax(error.to_string().trim_end().to_owned()))?;
        let mut plan = Plan {
            packets: Vec::new(),
            channels: Vec::new(),
        };
        for packet in raw.packet {
            let compiled = compile_packet(packet, &mut plan.channels)?;
            plan.packets.push(compiled);
        }
        Ok(plan)
    }
}

fn compile_packet(
    packet: RawPacket,
    channels: &mut Vec<ChannelSpec>,
) -> Result<PacketPlan, DictionaryError> {
    let refuse = |field: &RawField, why| DictionaryError::Field {
        packet: packet.name.clone(),
        field: field.name.clone().unwrap_or_else(|| "spare".to_owned()),
        why,
    };
    let mut bit = if packet.structure.is_some() { 16 } else { 0 };
    let mut fields = Vec::new();
    for field in &packet.field {
        let (coding, bits) = coding(&field.kind).map_err(|why| refuse(field, why))?;
        if let Some(name) = &field.name {
            let (window, lead) = (bit / 8, (bit % 8) as u32);
            if lead + bits > 64 {
                return Err(refuse(field, "spans more than eight octets"));
            }
            let meaning = meaning(field, coding).map_err(|why| refuse(field, why))?;
            if channels.iter().any(|channel| *channel.name == **name) {
                return Err(refuse(field, "there is a field of this name before"));
            }
            fields.push(FieldPlan {
                channel: channels.len() as u16,
                window,
                shift: 64 - lead - bits,
                bits,
                coding,
                meaning,
            });
            let states: Vec<&str> = field.states.iter().map(String::as_str).collect();
            channels.push(if states.is_empty() {
                ChannelSpec::number(name, &field.unit)
            } else {
                ChannelSpec::states(name, &states)
            });
        }
        bit += bits as usize;
    }
    if let Some(last) = packet.field.last().filter(|_| bit % 8 != 0) {
        return Err(refuse(last, "the packet does not end at an octet"));
    }
    let octets = bit / 8;
    slide_windows(&mut fields, octets);
    Ok(PacketPlan {
        name: packet.name,
        apid: packet.apid,
        service: packet.service,
        subtype: packet.subtype,
        structure: packet.structure,
        octets,
        fields,
    })
}

/// Moves windows that reach beyond the packet back into it, so that each is one load.
fn slide_windows(fields: &mut [FieldPlan], octets: usize) {
    let last = octets.saturating_sub(8);
    for field in fields {
        let back = field.window.saturating_sub(last);
        field.window -= back;
        field.shift -= 8 * back as u32;
    }
}

/// `u12`, `i16`, `f32`: the coding and its bits.
fn coding(kind: &str) -> Result<(Coding, u32), &'static str> {
    let wrong = "the type is none of u1 to u64, i2 to i64, f32 and f64";
    let bits: u32 = kind
        .get(1..)
        .and_then(|bits| bits.parse().ok())
        .ok_or(wrong)?;
    match (&kind[..1], bits) {
        ("u", 1..=64) => Ok((Coding::Unsigned, bits)),
        ("i", 2..=64) => Ok((Coding::Signed, bits)),
        ("f", 32) => Ok((Coding::Float32, bits)),
        ("f", 64) => Ok((Coding::Float64, bits)),
        _ => Err(wrong),
    }
}

fn meaning(field: &RawField, coding: Coding) -> Result<Meaning, &'static str> {
    let [offset, slope] = field.calibration.unwrap_or([0.0, 1.0]);
    let [min, max] = field.range.unwrap_or([f64::MIN, f64::MAX]);
    if field.states.is_empty() {
        if slope == 0.0 || !slope.is_finite() || !offset.is_finite() {
            return Err("a calibration needs a slope, and both of its terms finite");
        }
        if min > max {
            return Err("the range ends before it begins");
        }
        Ok(Meaning::Number {
            offset,
            slope,
            min,
            max,
        })
    } else if coding != Coding::Unsigned || field.calibration.is_some() || field.range.is_some() {
        Err("states are unsigned, and have neither calibration nor range")
    } else {
        Ok(Meaning::State {
            states: field.states.len() as u16,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::TmPacket;
    use super::super::time::Time;
    use super::*;
    use crate::telemetry::Decoded;
    use profiles::reading::Reading;

    const TEXT: &str = r#"
        [[packet]]
        name = "adc"
        apid = 50
        service = 3
        subtype = 25
        structure = 7
        field = [
            { name = "gain", type = "u3" },
            { type = "u1" },
            { name = "raw", type = "u12", unit = "V", calibration = [-4.0, 0.25], range = [-4, 900] },
            { name = "acc", type = "i20" },
            { name = "mode", type = "u2", states = ["off", "on", "fault"] },
            { type = "u2" },
            { name = "volts", type = "f32", unit = "V" },
        ]
    "#;

    fn decode(plan: &Plan, source: &[u8]) -> Vec<Decoded> {
        let packet = TmPacket {
            apid: 50,
            count: 0,
            service: 3,
            subtype: 25,
            message: 0,
            destination: 0,
            time: Time::days_and_millis(0),
            source,
        };
        let mut out = Vec::new();
        assert!(plan.decode(&packet, |decoded| out.push(decoded)));
        out
    }

    #[test]
    fn fields_stand_back_to_back_from_the_most_significant_bit() {
        let plan = Plan::compile(TEXT).unwrap();
        // 101 0 000000001010, then -2 in twenty bits, 01, 00, and 1.5.
        let source = [0, 7, 0xa0, 0x0a, 0xff, 0xff, 0xe4, 0x3f, 0xc0, 0, 0];
        let readings = [
            Reading::number(0, 5.0),
            Reading::number(1, -1.5),
            Reading::number(2, -2.0),
            Reading::state(3, 1),
            Reading::number(4, 1.5),
        ];
        assert_eq!(decode(&plan, &source), readings.map(Decoded::Reading));
        let values = [5.0, -1.5, -2.0, 1.0, 1.5];
        let mut out = vec![9];
        plan.encode(plan.packet("adc").unwrap(), &values, &mut out);
        assert_eq!(out[1..], source);
    }

    #[test]
    fn values_out_of_range_are_damage() {
        let plan = Plan::compile(TEXT).unwrap();
        let source = [0, 7, 0xaf, 0xff, 0, 0, 0x0c, 0x7f, 0xc0, 0, 0];
        let damaged = decode(&plan, &source)
            .iter()
            .filter(|decoded| matches!(decoded, Decoded::Damaged(_)))
            .count();
        assert_eq!(damaged, 3, "1019.75 V, state 3 and not a number");
    }

    #[test]
    fn another_length_is_damage() {
        let plan = Plan::compile(TEXT).unwrap();
        assert!(matches!(
            decode(&plan, &[0, 7, 1])[..],
            [Decoded::Damaged(_)]
        ));
    }

    #[test]
    fn wrong_dictionaries_are_refused_by_field() {
        for (from, to, why) in [
            ("i20", "i99", "i2 to i64"),
            ("i20", "i21", "end at an octet"),
            ("0.25", "0.0", "slope"),
            ("\"acc\"", "\"gain\"", "of this name"),
            ("[-4, 900]", "[4, -4]", "ends before"),
            ("apid", "apdi", "apdi"),
        ] {
            let error = Plan::compile(&TEXT.replace(from, to))
                .unwrap_err()
                .to_string();
            assert!(error.contains(why), "{to}: {error}");
        }
    }
}
