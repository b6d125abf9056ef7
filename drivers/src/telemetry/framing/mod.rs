//! Framings: where a message begins and ends on a stream of bytes or of CAN frames.

pub mod cadu;
pub mod cobs;
pub mod csp;
pub mod isotp;
pub mod sensor;
pub mod split;
pub mod stuffing;
