//! CAN telemetry that a DBC file describes.

pub mod columns;
mod compose;
mod cycle;
mod database;
mod decoder;
mod file;
mod message;
mod multiplex;
#[cfg(test)]
mod properties;
mod signal;
#[cfg(test)]
mod tests;

pub use compose::ComposeError;
pub use cycle::{Cycles, Late};
pub use database::{Database, DatabaseError};
pub use decoder::TelemetryDecoder;
pub use file::Flaw;
pub use message::Message;
pub use signal::{Raw, Signal};
