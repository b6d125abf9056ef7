//! Framings: where a message begins and ends on a stream of bytes or of CAN frames.

pub mod cobs;
pub mod isotp;
