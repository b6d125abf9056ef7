//! Many frames at once: gathered by message, then read signal by signal into columns.
//!
//! A frame costs a look into a table and a copy of its octets; a signal costs one pass over the
//! octets of all frames of its message, with shift, mask and scale chosen before. Nothing is
//! allocated for a frame.

mod gathered;
mod lookup;
mod read;

pub use gathered::{Gathered, Rows};
pub use lookup::Lookup;
pub use read::{Column, Numbers};
