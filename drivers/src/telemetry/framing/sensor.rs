//! The packet of a sensor node inside a frame, little-endian: type (u8), sequence count (u16),
//! milliseconds (u32), payload, and CRC-16/IBM-3740 over all before it.
//!
//! | type | payload |
//! |---|---|
//! | 1 | inertial: acceleration (3 × i16), rate (3 × i16), temperature in 0.01 °C (i16) |
//! | 2 | power: volts (f32), amperes (f32), state (u8) |
//! | 3 | data: their number (u16), octets |
//! | 4 | text in UTF-8 |

use nom::combinator::{all_consuming, map_opt, rest};
use nom::multi::length_data;
use nom::number::complete::{le_f32, le_i16, le_u8, le_u16, le_u32};
use nom::{IResult, Parser};

use crate::telemetry::ccsds::checksum::pec;

/// Octets of a packet without payload.
pub const SMALLEST: usize = 9;

/// A packet whose checksum is right.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorPacket<'a> {
    /// What it holds.
    pub kind: u8,
    /// Sequence count.
    pub count: u16,
    /// Time on the node's own clock, ms.
    pub millis: u32,
    /// Its payload; none if the type is unknown or the payload does not fit it.
    pub payload: Option<Payload<'a>>,
}

/// What a packet holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    /// Type 1.
    Inertial {
        /// Raw acceleration of each axis.
        acceleration: [i16; 3],
        /// Raw rate of each axis.
        rate: [i16; 3],
        /// Temperature in 0.01 °C.
        centi_celsius: i16,
    },
    /// Type 2.
    Power {
        /// Volts.
        volts: f32,
        /// Amperes.
        amps: f32,
        /// State.
        state: u8,
    },
    /// Type 3.
    Data(&'a [u8]),
    /// Type 4.
    Text(&'a str),
}

/// Why a frame holds no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSensorPacket {
    /// It has fewer octets than the smallest packet.
    #[error("shorter than {SMALLEST} octets")]
    Short,
    /// The checksum does not match.
    #[error("wrong checksum")]
    Checksum,
}

impl<'a> SensorPacket<'a> {
    /// Reads the content of a frame.
    ///
    /// # Errors
    /// If it is no packet.
    pub fn read(content: &'a [u8]) -> Result<SensorPacket<'a>, NoSensorPacket> {
        if content.len() < SMALLEST {
            return Err(NoSensorPacket::Short);
        }
        let (covered, sum) = content.split_at(content.len() - 2);
        if pec(covered).to_le_bytes() != *sum {
            return Err(NoSensorPacket::Checksum);
        }
        let header: IResult<&[u8], (u8, u16, u32)> = (le_u8, le_u16, le_u32).parse(covered);
        let (inner, (kind, count, millis)) = header.map_err(|_| NoSensorPacket::Short)?;
        Ok(SensorPacket {
            kind,
            count,
            millis,
            payload: payload(kind, inner),
        })
    }
}

fn payload(kind: u8, octets: &[u8]) -> Option<Payload<'_>> {
    let read: IResult<&[u8], Payload<'_>> = match kind {
        1 => all_consuming((axes, axes, le_i16))
            .map(|(acceleration, rate, centi_celsius)| Payload::Inertial {
                acceleration,
                rate,
                centi_celsius,
            })
            .parse(octets),
        2 => all_consuming((le_f32, le_f32, le_u8))
            .map(|(volts, amps, state)| Payload::Power { volts, amps, state })
            .parse(octets),
        3 => all_consuming(length_data(le_u16))
            .map(Payload::Data)
            .parse(octets),
        4 => map_opt(rest, |text| std::str::from_utf8(text).ok())
            .map(Payload::Text)
            .parse(octets),
        _ => return None,
    };
    read.ok().map(|(_, payload)| payload)
}

fn axes(octets: &[u8]) -> IResult<&[u8], [i16; 3]> {
    (le_i16, le_i16, le_i16)
        .map(|(x, y, z)| [x, y, z])
        .parse(octets)
}
