//! Readings: what a device said about one channel; damage: the bytes that meant nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a device said about one of its channels. It has no time: whoever heard it stamps it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Position in the device's list of channels.
    pub channel: u16,
    /// What it said.
    pub value: Value,
}

impl Reading {
    /// A number on a channel.
    #[inline]
    pub const fn number(channel: u16, value: f64) -> Reading {
        Reading {
            channel,
            value: Value::Number(value),
        }
    }

    /// A state on a channel, by its number.
    #[inline]
    pub const fn state(channel: u16, state: u16) -> Reading {
        Reading {
            channel,
            value: Value::State(state),
        }
    }
}

/// The value of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A number in the channel's unit.
    Number(f64),
    /// One of the channel's named states, by its number.
    State(u16),
}

impl Value {
    /// The number, or the number of the state.
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Value::Number(number) => number,
            Value::State(state) => f64::from(state),
        }
    }
}

/// Bytes that meant nothing, and why. Lost evidence is evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// How many bytes were skipped; zero for a gap in a sequence count.
    pub bytes: u32,
    /// Why.
    pub why: DamageKind,
}

/// Why bytes meant nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// A frame's stuffing or delimiters are wrong.
    Framing,
    /// A frame is shorter than its smallest content.
    TooShort,
    /// A frame is longer than its largest content.
    TooLong,
    /// The checksum does not match.
    Checksum,
    /// A header or a length makes no sense.
    Malformed,
    /// Nothing in the dictionary describes this packet or frame.
    Unknown,
    /// A value lies outside what its definition allows.
    OutOfRange,
    /// The sequence count jumped: this many packets never came.
    Gap {
        /// How many are missing.
        lost: u16,
    },
    /// The sequence count stood still or went back.
    Repeated,
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DamageKind::Framing => f.write_str("broken framing"),
            DamageKind::TooShort => f.write_str("frame too short"),
            DamageKind::TooLong => f.write_str("frame too long"),
            DamageKind::Checksum => f.write_str("wrong checksum"),
            DamageKind::Malformed => f.write_str("malformed header"),
            DamageKind::Unknown => f.write_str("not in the dictionary"),
            DamageKind::OutOfRange => f.write_str("value out of its definition's range"),
            DamageKind::Gap { lost } => write!(f, "{lost} lost before it"),
            DamageKind::Repeated => f.write_str("repeated or out of order"),
        }
    }
}
