//! CAN telemetry that a DBC file describes.

mod database;
mod decoder;
mod signal;
#[cfg(test)]
mod tests;

pub use database::{Database, DatabaseError, Message};
pub use decoder::TelemetryDecoder;
pub use signal::{Raw, Signal};
