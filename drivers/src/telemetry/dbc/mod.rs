//! CAN telemetry that a DBC file describes.

mod database;
mod decoder;
mod signal;

pub use database::{Database, DatabaseError, Message};
pub use decoder::TelemetryDecoder;
pub use signal::{Raw, Signal};
