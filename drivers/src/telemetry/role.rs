//! What each telemetry decoder must do.

use profiles::reading::{Damage, Reading};

/// What a decoder made of some bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decoded {
    /// A value.
    Reading(Reading),
    /// Bytes that meant nothing.
    Damaged(Damage),
}

/// Chunks to readings. Pure; never fails; every byte is accounted for.
pub trait Decoder: Send {
    /// Takes a chunk of any length; the same bytes in other chunks give the same result.
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Decoded>);
}
