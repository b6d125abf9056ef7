//! Telemetry: framings, packets and dictionaries that turn bytes into readings.

mod role;

pub use role::{Decoded, Decoder};
