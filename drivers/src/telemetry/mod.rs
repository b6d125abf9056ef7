//! Telemetry: framings, packets and dictionaries that turn bytes into readings.

pub mod ccsds;
#[cfg(test)]
mod contract;
pub mod dbc;
pub mod dictionary;
pub mod framing;
mod role;
pub mod text;

pub use role::{Decoded, Decoder};

/// What boards speak, as `bench list formats` shows it: name and what it is.
pub static FORMATS: &[(&str, &str)] = &[
    (
        "ccsds-pus-cobs",
        "CCSDS space packets with PUS-C headers and CRC-16, COBS-framed on a stream",
    ),
    ("dbc", "CAN 2.0 frames described by a DBC file"),
    (
        "isotp",
        "ISO 15765-2 transfers on a pair of CAN identifiers",
    ),
];
