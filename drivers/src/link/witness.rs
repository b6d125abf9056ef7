//! Somebody who is told of every chunk that goes over a link, in both directions, before anybody
//! looks into it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use profiles::time::BenchTime;

/// Which way a chunk goes, seen from the near end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the device.
    Sent,
    /// From the device.
    Received,
}

type Tell = dyn Fn(Direction, BenchTime, &Bytes) + Send + Sync;

/// Whom to tell.
#[derive(Clone)]
pub struct Witness(Arc<Tell>);

impl Witness {
    /// A witness that calls `tell` with the direction, the time and the chunk. The time of what is
    /// sent is [`BenchTime::ZERO`] where it goes at once.
    pub fn new(tell: impl Fn(Direction, BenchTime, &Bytes) + Send + Sync + 'static) -> Witness {
        Witness(Arc::new(tell))
    }

    pub(super) fn tell(&self, direction: Direction, at: BenchTime, chunk: &Bytes) {
        (self.0)(direction, at, chunk);
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}
