//! The log of candump (can-utils), `candump -l` and `candump -L`: one frame on each line,
//! `(seconds.micros) interface ID#DATA`, as [`LogReader`] reads it and [`write()`] writes it.

mod hex;
mod lines;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use lines::Lines;
pub use read::{Direction, Kind, LogReader, Malformed};
pub use write::{hex_digits, write};

/// Octets of the longest frame.
pub const MOST_OCTETS: usize = 64;
