//! Links: one end of a wire that moves chunks. A chunk is some bytes on a stream, or one frame
//! on CAN; a link stamps what arrives with bench time and does not look inside.

pub mod can;
mod faults;
mod memory;

use bytes::Bytes;
use profiles::time::BenchTime;

pub use faults::LinkFaults;
pub use memory::Pacing;

use crate::clock::Clock;
use crate::error::LinkError;

/// What arrived, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When its last byte was there.
    pub at: BenchTime,
    /// The bytes.
    pub chunk: Bytes,
}

/// One end of a wire.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    faults: Option<LinkFaults>,
}

#[derive(Debug)]
enum Wire {
    Memory(memory::End),
}

impl Link {
    /// Two ends of one wire in this process: what one sends, the other receives.
    pub fn pair(clock: Clock, pacing: Pacing) -> (Link, Link) {
        let (near, far) = memory::pair(clock, pacing);
        (
            Link {
                wire: Wire::Memory(near),
                faults: None,
            },
            Link {
                wire: Wire::Memory(far),
                faults: None,
            },
        )
    }

    /// The same link, on which what is *received* is dropped or damaged now and then.
    #[must_use]
    pub fn with_faults(mut self, faults: LinkFaults) -> Link {
        self.faults = Some(faults);
        self
    }

    /// Sends one chunk now.
    ///
    /// # Errors
    /// If the far end is gone or takes nothing more.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), LinkError> {
        self.send_at(BenchTime::ZERO, chunk).await
    }

    /// Sends one chunk at `at`, which must not be past, or now for [`BenchTime::ZERO`]. Chunks
    /// keep their order.
    ///
    /// # Errors
    /// If the far end is gone or takes nothing more.
    #[expect(clippy::unused_async, reason = "a wire that is not memory has to wait")]
    pub async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        match &mut self.wire {
            Wire::Memory(end) => end.send_at(at, chunk),
        }
    }

    /// Waits for the next chunk. Cancel-safe: dropping the future loses nothing.
    ///
    /// # Errors
    /// If the far end is gone and nothing is left.
    pub async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            let arrival = match &mut self.wire {
                Wire::Memory(end) => end.receive().await?,
            };
            match &mut self.faults {
                None => return Ok(arrival),
                Some(faults) => {
                    if let Some(chunk) = faults.pass(arrival.chunk) {
                        return Ok(Arrival {
                            at: arrival.at,
                            chunk,
                        });
                    }
                }
            }
        }
    }
}
