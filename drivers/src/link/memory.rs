//! A pair of ends in this process, paced as the real line would be.

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

use super::Arrival;
use super::can::CanFrame;
use crate::clock::Clock;
use crate::error::LinkError;

/// Chunks that may wait in one direction. A UART's far end that lets this many wait is broken.
const QUEUE_CHUNKS: usize = 4_096;

/// How long a chunk is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// No time.
    Instant,
    /// An asynchronous serial line: `bits_per_byte` with start, parity and stop bits.
    Serial {
        /// Bits per second.
        baud: u32,
        /// 10 for 8N1, 11 for 8N2 or 8E1.
        bits_per_byte: u32,
    },
    /// A CAN bus with this nominal bit rate; each chunk is one frame.
    Can {
        /// Bits per second.
        bit_rate: u32,
    },
}

impl Pacing {
    /// Time on the wire of one chunk, µs.
    pub fn micros(self, chunk: &[u8]) -> u64 {
        match self {
            Pacing::Instant => 0,
            Pacing::Serial {
                baud,
                bits_per_byte,
            } => {
                let bits = chunk.len() as u64 * u64::from(bits_per_byte);
                (bits * 1_000_000).div_ceil(u64::from(baud.max(1)))
            }
            Pacing::Can { bit_rate } => {
                let bits = CanFrame::from_bytes(chunk).map_or(0, |frame| frame.bits_on_wire());
                (u64::from(bits) * 1_000_000).div_ceil(u64::from(bit_rate.max(1)))
            }
        }
    }
}

/// One end.
#[derive(Debug)]
pub(super) struct End {
    clock: Clock,
    pacing: Pacing,
    /// When the line is free again in this end's direction.
    free_at: BenchTime,
    outgoing: Sender<Arrival>,
    incoming: Receiver<Arrival>,
    /// Taken from the queue, but not arrived yet: `receive` may be dropped while it waits.
    waiting: Option<Arrival>,
}

pub(super) fn pair(clock: Clock, pacing: Pacing) -> (End, End) {
    let (to_far, from_near) = mpsc::channel(QUEUE_CHUNKS);
    let (to_near, from_far) = mpsc::channel(QUEUE_CHUNKS);
    let end = |outgoing, incoming| End {
        clock,
        pacing,
        free_at: BenchTime::ZERO,
        outgoing,
        incoming,
        waiting: None,
    };
    (end(to_far, from_far), end(to_near, from_near))
}

impl End {
    pub(super) fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        let start = self.clock.now().max(at).max(self.free_at);
        let at = start.plus_micros(self.pacing.micros(&chunk));
        match self.outgoing.try_send(Arrival { at, chunk }) {
            Ok(()) => {
                self.free_at = at;
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err(LinkError::Full(QUEUE_CHUNKS)),
            Err(TrySendError::Closed(_)) => Err(LinkError::Closed),
        }
    }

    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        if self.waiting.is_none() {
            self.waiting = Some(self.incoming.recv().await.ok_or(LinkError::Closed)?);
        }
        // Timers keep whole milliseconds, so a chunk that ends within one is heard at its end.
        let at = self
            .waiting
            .as_ref()
            .map_or(BenchTime::ZERO, |next| next.at.ceil_millis());
        if self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
        self.waiting.take().ok_or(LinkError::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paused<F: Future<Output = ()>>(test: F) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(test);
    }

    #[test]
    fn ten_bytes_at_9600_baud_take_ten_and_a_half_milliseconds() {
        paused(async {
            let clock = Clock::start();
            let (mut near, mut far) = pair(
                clock,
                Pacing::Serial {
                    baud: 9_600,
                    bits_per_byte: 10,
                },
            );
            near.send_at(BenchTime::ZERO, Bytes::from_static(&[0; 10]))
                .unwrap();
            let arrival = far.receive().await.unwrap();
            assert_eq!(arrival.at.as_micros(), 10_417);
            assert_eq!(clock.now(), BenchTime::from_millis(11));
        });
    }

    #[test]
    fn a_dropped_receive_loses_nothing_and_order_is_kept() {
        paused(async {
            let clock = Clock::start();
            let (mut near, mut far) = pair(
                clock,
                Pacing::Serial {
                    baud: 1_000,
                    bits_per_byte: 10,
                },
            );
            near.send_at(BenchTime::ZERO, Bytes::from_static(b"a"))
                .unwrap();
            near.send_at(BenchTime::ZERO, Bytes::from_static(b"b"))
                .unwrap();
            assert!(
                clock
                    .until(BenchTime::from_millis(3), far.receive())
                    .await
                    .is_none()
            );
            assert_eq!(far.receive().await.unwrap().chunk, Bytes::from_static(b"a"));
            assert_eq!(far.receive().await.unwrap().chunk, Bytes::from_static(b"b"));
            drop(near);
            assert_eq!(far.receive().await, Err(LinkError::Closed));
        });
    }
}
