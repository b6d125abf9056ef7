//! A dictionary compiled: each field is an eight-octet window, a shift and a mask, so that a
//! packet costs one load per value and nothing is looked up by name.

use profiles::channel::ChannelSpec;
use profiles::reading::{Damage, DamageKind, Reading};

use super::packet::TmPacket;
use crate::telemetry::Decoded;

/// Octets that are loaded at once.
const WINDOW: usize = 8;

/// All packets of a dictionary.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) packets: Vec<PacketPlan>,
    pub(super) channels: Vec<ChannelSpec>,
}

/// One kind of packet.
#[derive(Clone, Debug)]
pub(super) struct PacketPlan {
    pub(super) name: String,
    pub(super) apid: u16,
    pub(super) service: u8,
    pub(super) subtype: u8,
    /// Structure identifier: the first two octets of its source data.
    pub(super) structure: Option<u16>,
    /// Octets of its source data.
    pub(super) octets: usize,
    pub(super) fields: Vec<FieldPlan>,
}

/// How the bits of a field are a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Unsigned,
    Signed,
    Float32,
    Float64,
}

/// What a field means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// `offset + slope * raw`, from `min` to `max`.
    Number {
        offset: f64,
        slope: f64,
        min: f64,
        max: f64,
    },
    /// One of this many states.
    State { states: u16 },
}

/// Where a field is and what it means.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldPlan {
    pub(super) channel: u16,
    /// First octet of the window.
    pub(super) window: usize,
    /// Bits of the window to the right of the field.
    pub(super) shift: u32,
    pub(super) bits: u32,
    pub(super) coding: Coding,
    pub(super) meaning: Meaning,
}

impl Plan {
    /// The channels, in the order of their numbers.
    pub fn channels(&self) -> &[ChannelSpec] {
        &self.channels
    }

    /// Decodes a packet; `false` if the dictionary has none of this kind.
    pub fn decode(&self, packet: &TmPacket<'_>, mut sink: impl FnMut(Decoded)) -> bool {
        let Some(plan) = self.packets.iter().find(|plan| plan.describes(packet)) else {
            return false;
        };
        if packet.source.len() != plan.octets {
            sink(Decoded::Damaged(Damage {
                bytes: packet.source.len() as u32,
                why: DamageKind::Malformed,
            }));
            return true;
        }
        for field in &plan.fields {
            sink(match field.read(packet.source) {
                Some(reading) => Decoded::Reading(reading),
                None => Decoded::Damaged(Damage {
                    bytes: field.bits.div_ceil(8),
                    why: DamageKind::OutOfRange,
                }),
            });
        }
        true
    }

    /// Number of the packet with this name.
    pub fn packet(&self, name: &str) -> Option<usize> {
        self.packets.iter().position(|packet| packet.name == name)
    }

    /// Appends the source data of packet number `packet`: `values` by channel number, in units or
    /// as numbers of states, rounded to what the packet can say.
    pub fn encode(&self, packet: usize, values: &[f64], out: &mut Vec<u8>) {
        let plan = &self.packets[packet];
        let start = out.len();
        out.resize(start + plan.octets.max(WINDOW), 0);
        let source = &mut out[start..];
        if let Some(structure) = plan.structure {
            source[..2].copy_from_slice(&structure.to_be_bytes());
        }
        for field in &plan.fields {
            field.write(values[usize::from(field.channel)], source);
        }
        out.truncate(start + plan.octets);
    }
}

impl PacketPlan {
    fn describes(&self, packet: &TmPacket<'_>) -> bool {
        self.apid == packet.apid
            && self.service == packet.service
            && self.subtype == packet.subtype
            && self.structure.is_none_or(|structure| {
                packet.source.first_chunk() == Some(&structure.to_be_bytes())
            })
    }
}

impl FieldPlan {
    fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    fn read(&self, source: &[u8]) -> Option<Reading> {
        let raw = load(source, self.window) >> self.shift & self.mask();
        match self.meaning {
            Meaning::State { states } => {
                (raw < u64::from(states)).then(|| Reading::state(self.channel, raw as u16))
            }
            Meaning::Number {
                offset,
                slope,
                min,
                max,
            } => {
                let value = offset + slope * self.coding.number(raw, self.bits);
                // Not a number is in no range.
                (min..=max)
                    .contains(&value)
                    .then(|| Reading::number(self.channel, value))
            }
        }
    }

    fn write(&self, value: f64, source: &mut [u8]) {
        let raw = match self.meaning {
            Meaning::State { .. } => value as u64,
            Meaning::Number { offset, slope, .. } => {
                self.coding.raw((value - offset) / slope, self.bits)
            }
        };
        let mask = self.mask();
        let window = load(source, self.window) & !(mask << self.shift) | (raw & mask) << self.shift;
        source[self.window..self.window + WINDOW].copy_from_slice(&window.to_be_bytes());
    }
}

impl Coding {
    fn number(self, raw: u64, bits: u32) -> f64 {
        match self {
            Coding::Unsigned => raw as f64,
            Coding::Signed => ((raw << (64 - bits)).cast_signed() >> (64 - bits)) as f64,
            Coding::Float32 => f64::from(f32::from_bits(raw as u32)),
            Coding::Float64 => f64::from_bits(raw),
        }
    }

    /// The nearest raw value; casts saturate, and so does the field.
    fn raw(self, number: f64, bits: u32) -> u64 {
        match self {
            Coding::Unsigned => (number.round() as u64).min(u64::MAX >> (64 - bits)),
            Coding::Signed => {
                let most = (u64::MAX >> (65 - bits)).cast_signed();
                (number.round() as i64)
                    .clamp(-most - 1, most)
                    .cast_unsigned()
            }
            Coding::Float32 => u64::from((number as f32).to_bits()),
            Coding::Float64 => number.to_bits(),
        }
    }
}

/// Eight octets from `at` on, most significant first; behind the end stand zeros.
fn load(source: &[u8], at: usize) -> u64 {
    if let Some(window) = source.get(at..).and_then(<[u8]>::first_chunk::<WINDOW>) {
        return u64::from_be_bytes(*window);
    }
    let mut window = [0; WINDOW];
    let rest = source.get(at..).unwrap_or_default();
    window[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(window)
}
