//! Telemetry: framings, packets and dictionaries that turn bytes into readings.

pub mod ccsds;
#[cfg(test)]
mod contract;
pub mod dbc;
pub mod framing;
mod role;

pub use role::{Decoded, Decoder};
