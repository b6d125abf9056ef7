//! Protobuf by hand: readings, inferences and outputs to bytes and back, with nothing allocated
//! on the way out.
//!
//! A reading's field number is its channel's number plus one; a number is a double, a state an
//! enumeration. Fields stand in the order of the readings, so reading back gives the same list.

use profiles::reading::{Reading, Value};

use super::schema::{inference, output, wire_chunk};
use crate::event::Inferred;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

pub(super) fn put_readings(out: &mut Vec<u8>, readings: &[Reading]) {
    for reading in readings {
        let field = u32::from(reading.channel) + 1;
        match reading.value {
            Value::Number(number) => {
                put_tag(out, field, FIXED64);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Value::State(state) => {
                put_tag(out, field, VARINT);
                put_varint(out, u32::from(state));
            }
        }
    }
}

/// Where in a message of readings one of them stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: u16,
    /// Whether it is a state, in one octet.
    pub(super) is_state: bool,
    /// Its tag, as the two octets before its value are with `mask`: one before it is none of the tag if that
    /// has but one.
    pub(super) tag: u16,
    pub(super) mask: u16,
    /// Where its value is.
    pub(super) value_at: usize,
}

/// Where the readings of a message stand, if they are in order of channels, no channel has two, and each
/// state is a single octet: so that other messages can be held against it.
pub(super) fn places(bytes: &[u8], into: &mut Vec<Place>) -> Option<()> {
    into.clear();
    let mut fields = Fields { rest: bytes };
    while !fields.rest.is_empty() {
        let tag_at = bytes.len() - fields.rest.len();
        let (field, value) = fields.next()?;
        let (is_state, length) = match value {
            Field::Fixed64(_) => (false, 8),
            Field::Varint(state) if state < 0x80 => (true, 1),
            _ => return None,
        };
        let value_at = bytes.len() - fields.rest.len() - length;
        let channel = u16::try_from(field.checked_sub(1)?).ok()?;
        if into.last().is_some_and(|last| last.channel >= channel) {
            return None;
        }
        let (tag, mask) = match bytes[tag_at..value_at] {
            [only] => (u16::from_le_bytes([0, only]), 0xff00),
            [first, last] => (u16::from_le_bytes([first, last]), 0xffff),
            _ => return None,
        };
        into.push(Place {
            channel,
            is_state,
            tag,
            mask,
            value_at,
        });
    }
    Some(())
}

/// Reads a message of as many numbers as there is room for, all on the first fifteen channels; whether it
/// is one. What nearly every message is costs the least so.
pub(super) fn numbers(bytes: &[u8], room: &mut [Reading]) -> bool {
    let (fields, rest) = bytes.as_chunks::<9>();
    if fields.len() != room.len() || !rest.is_empty() {
        return false;
    }
    let are_numbers = |field: &[u8; 9]| field[0] & 0x87 == FIXED64 as u8 && field[0] > 7;
    if !fields.iter().all(are_numbers) {
        return false;
    }
    for (reading, &[tag, a, b, c, d, e, f, g, h]) in room.iter_mut().zip(fields) {
        let number = f64::from_le_bytes([a, b, c, d, e, f, g, h]);
        *reading = Reading::number(u16::from(tag >> 3) - 1, number);
    }
    true
}

pub(super) fn readings(bytes: &[u8], into: &mut Vec<Reading>) -> Option<()> {
    let mut fields = Fields { rest: bytes };
    while !fields.rest.is_empty() {
        // Numbers on the first fifteen channels are nearly all there is: one octet of tag, eight of value.
        if let Some((&[tag, a, b, c, d, e, f, g, h], rest)) = fields.rest.split_first_chunk::<9>()
            && tag & 0x87 == FIXED64 as u8
            && tag > 7
        {
            let number = f64::from_le_bytes([a, b, c, d, e, f, g, h]);
            into.push(Reading::number(u16::from(tag >> 3) - 1, number));
            fields.rest = rest;
            continue;
        }
        let (field, value) = fields.next()?;
        let channel = u16::try_from(field.checked_sub(1)?).ok()?;
        into.push(match value {
            Field::Fixed64(bits) => Reading::number(channel, f64::from_bits(bits)),
            Field::Varint(state) => Reading::state(channel, u16::try_from(state).ok()?),
            Field::Fixed32(_) | Field::Bytes(_) => return None,
        });
    }
    Some(())
}

pub(super) fn put_inferred(out: &mut Vec<u8>, inferred: &Inferred) {
    let numbers = [
        (inference::INPUT, u32::from(inferred.input)),
        (inference::LATENCY, inferred.latency_us),
        (inference::ROUND_TRIP, inferred.round_trip_us),
    ];
    for (field, number) in numbers {
        put_tag(out, field, VARINT);
        put_varint(out, number);
    }
    put_tag(out, inference::DIGEST, FIXED32);
    out.extend_from_slice(&inferred.digest.to_le_bytes());
    if let Some(first) = inferred.first_us {
        put_tag(out, inference::FIRST, VARINT);
        put_varint(out, first);
    }
}

pub(super) fn inferred(bytes: &[u8]) -> Option<Inferred> {
    let mut inferred = Inferred {
        input: 0,
        latency_us: 0,
        round_trip_us: 0,
        digest: 0,
        first_us: None,
    };
    let mut fields = Fields { rest: bytes };
    while !fields.rest.is_empty() {
        match fields.next()? {
            (inference::INPUT, Field::Varint(n)) => inferred.input = u16::try_from(n).ok()?,
            (inference::LATENCY, Field::Varint(n)) => inferred.latency_us = n,
            (inference::ROUND_TRIP, Field::Varint(n)) => inferred.round_trip_us = n,
            (inference::DIGEST, Field::Fixed32(n)) => inferred.digest = n,
            (inference::FIRST, Field::Varint(n)) => inferred.first_us = Some(n),
            _ => return None,
        }
    }
    Some(inferred)
}

pub(super) fn put_output(out: &mut Vec<u8>, digest: u32, bytes: &[u8]) -> Option<()> {
    put_tag(out, output::DIGEST, FIXED32);
    out.extend_from_slice(&digest.to_le_bytes());
    put_tag(out, output::BYTES, LENGTH);
    put_varint(out, u32::try_from(bytes.len()).ok()?);
    out.extend_from_slice(bytes);
    Some(())
}

pub(super) fn output(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut fields = Fields { rest: bytes };
    match (fields.next()?, fields.next()?) {
        ((output::DIGEST, Field::Fixed32(digest)), (output::BYTES, Field::Bytes(bytes))) => {
            Some((digest, bytes))
        }
        _ => None,
    }
}

pub(super) fn put_chunk(out: &mut Vec<u8>, sent: bool, octets: &[u8]) {
    put_tag(out, wire_chunk::SENT, VARINT);
    put_varint(out, u32::from(sent));
    put_tag(out, wire_chunk::OCTETS, LENGTH);
    put_varint(out, octets.len() as u32);
    out.extend_from_slice(octets);
}

pub(super) fn chunk(bytes: &[u8]) -> Option<(bool, &[u8])> {
    let mut fields = Fields { rest: bytes };
    match (fields.next()?, fields.next()?) {
        ((wire_chunk::SENT, Field::Varint(sent)), (wire_chunk::OCTETS, Field::Bytes(octets))) => {
            Some((sent != 0, octets))
        }
        _ => None,
    }
}

fn put_tag(out: &mut Vec<u8>, field: u32, kind: u32) {
    put_varint(out, (field << 3) | kind);
}

fn put_varint(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

enum Field<'a> {
    Varint(u32),
    Fixed32(u32),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// What is left of a message.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<(u32, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            VARINT => Field::Varint(self.varint()?),
            FIXED32 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            FIXED64 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            LENGTH => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Field::Bytes(bytes)
            }
            _ => return None,
        };
        Some((tag >> 3, field))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    fn varint(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}
