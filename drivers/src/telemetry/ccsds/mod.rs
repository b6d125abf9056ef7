//! CCSDS space packets with the headers of the packet utilisation standard (ECSS-E-ST-70-41C).

pub mod checksum;
mod decoder;
pub mod dictionary;
pub mod line;
pub mod packet;
pub mod plan;
pub mod pus;
pub mod scanner;
mod sequence;
pub mod time;
pub mod transfer_frame;

pub use decoder::{Received, Receiver, TelemetryDecoder};
pub use sequence::SequenceCounts;
