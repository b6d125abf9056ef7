//! A pair of ends in this process, paced as the real line would be.

mod plug;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use bytes::Bytes;
use profiles::time::BenchTime;

pub use plug::Socket;

use super::Arrival;
use super::can::CanFrame;
use crate::clock::{Alarm, Clock};
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

/// One direction of the wire: what is on it, and who waits for it. Cheaper than a channel, which
/// counts permits that a wire has no use for; a run moves a million chunks.
#[derive(Debug, Default)]
struct Lane {
    chunks: VecDeque<Arrival>,
    waiting: Option<Waker>,
    closed: bool,
}

type SharedLane = Arc<Mutex<Lane>>;

fn lock(lane: &SharedLane) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One end.
#[derive(Debug)]
pub(super) struct End {
    clock: Clock,
    pacing: Pacing,
    /// When the line is free again in this end's direction.
    free_at: BenchTime,
    outgoing: SharedLane,
    incoming: SharedLane,
    alarm: Alarm,
}

pub(super) fn pair(clock: Clock, pacing: Pacing) -> (End, End) {
    let (there, back) = (SharedLane::default(), SharedLane::default());
    let end = |outgoing: &SharedLane, incoming: &SharedLane| End {
        clock,
        pacing,
        free_at: BenchTime::ZERO,
        outgoing: Arc::clone(outgoing),
        incoming: Arc::clone(incoming),
        alarm: Alarm::new(clock),
    };
    (end(&there, &back), end(&back, &there))
}

impl End {
    /// Sends at `at`; at once for [`BenchTime::ZERO`].
    pub(super) fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        let at = if at == BenchTime::ZERO {
            self.clock.now()
        } else {
            at
        };
        let at = at.max(self.free_at).plus_micros(self.pacing.micros(&chunk));
        let waiting = {
            let mut lane = lock(&self.outgoing);
            if lane.closed {
                return Err(LinkError::Closed);
            }
            if lane.chunks.len() >= QUEUE_CHUNKS {
                return Err(LinkError::Full(QUEUE_CHUNKS));
            }
            lane.chunks.push_back(Arrival::new(at, chunk));
            lane.waiting.take()
        };
        self.free_at = at;
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        Ok(())
    }

    /// The next chunk, when its last byte is there. A chunk stays on the wire until then, so
    /// that a `receive` that is dropped while it waits loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        let at = poll_fn(|context| {
            let mut lane = lock(&self.incoming);
            match lane.chunks.front() {
                Some(next) => Poll::Ready(Ok(next.at)),
                None if lane.closed => Poll::Ready(Err(LinkError::Closed)),
                None => {
                    lane.waiting = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await?;
        // Timers keep whole milliseconds, so a chunk that ends within one is heard at its end.
        let at = at.ceil_millis();
        if self.clock.now() < at {
            self.alarm.at(at).await;
        }
        lock(&self.incoming)
            .chunks
            .pop_front()
            .ok_or(LinkError::Closed)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        for lane in [&self.outgoing, &self.incoming] {
            let waiting = {
                let mut lane = lock(lane);
                lane.closed = true;
                lane.waiting.take()
            };
            if let Some(waiting) = waiting {
                waiting.wake();
            }
        }
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
