//! What a link hears, and when.

use std::time::Duration;

use bytes::Bytes;
use profiles::time::BenchTime;

/// What arrived, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When its last byte was there.
    pub at: BenchTime,
    /// How that is known.
    pub stamp: Stamp,
    /// The bytes.
    pub chunk: Bytes,
}

/// How it is known when something was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// It was read then, or its line was played.
    Read,
    /// The kernel stamped it when its driver handed it over.
    Kernel,
    /// The adapter stamped it. The time is the adapter's own, since it was switched on.
    Adapter(Duration),
}

impl Arrival {
    /// Something that was there when it was read.
    pub fn new(at: BenchTime, chunk: Bytes) -> Arrival {
        Arrival {
            at,
            stamp: Stamp::Read,
            chunk,
        }
    }
}
