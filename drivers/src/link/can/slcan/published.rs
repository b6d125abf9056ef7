//! An emulated adapter at a pseudo-terminal, which plays a device on a CAN bus: the bus takes the
//! time that frames take on it, the serial line takes none.

use std::collections::VecDeque;
use std::path::Path;

use bytes::Bytes;
use profiles::time::BenchTime;

use super::adapter::{Act, Adapter};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::can::BusFrame;
use crate::link::line::Pace;
use crate::link::{Arrival, Pacing, pty};

/// The device's end of the bus.
#[derive(Debug)]
pub(in crate::link) struct Published {
    port: pty::End,
    adapter: Adapter,
    /// The bus.
    pace: Pace,
    /// Acts of the adapter that are not carried out, in order.
    acts: VecDeque<Act>,
    /// What it says when the frame on its way is on the bus.
    sent: Option<Vec<u8>>,
    clock: Clock,
}

impl Published {
    pub(in crate::link) fn publish(
        path: &Path,
        clock: Clock,
        bit_rate: u32,
    ) -> Result<Published, LinkError> {
        Ok(Published {
            port: pty::End::publish(path, clock, Pacing::Instant)?,
            adapter: Adapter::new(bit_rate),
            pace: Pace::new(clock, Pacing::Can { bit_rate }),
            acts: VecDeque::new(),
            sent: None,
            clock,
        })
    }

    pub(in crate::link) fn over(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        self.pace.gone_at(at, chunk)
    }

    /// Sends a frame on the bus, and the adapter tells it to whoever has opened it.
    pub(in crate::link) async fn send_at(
        &mut self,
        at: BenchTime,
        chunk: Bytes,
    ) -> Result<(), LinkError> {
        self.pace.leave(at, &chunk).await;
        let millis = self.clock.now().as_micros() / 1_000;
        let frame = BusFrame::from_bytes(&chunk);
        let line = frame.and_then(|frame| self.adapter.pass(&frame, millis));
        match line {
            Some(line) => self.port.send_at(BenchTime::ZERO, line.into()).await,
            None => Ok(()),
        }
    }

    /// The next frame that the adapter sends. Cancel-safe.
    pub(in crate::link) async fn receive(&mut self) -> Result<Arrival, LinkError> {
        loop {
            if self.pace.is_coming() {
                let arrival = self.pace.there().await?;
                if let Some(sent) = self.sent.take() {
                    self.port.send_at(BenchTime::ZERO, sent.into()).await?;
                }
                return Ok(arrival);
            }
            match self.acts.pop_front() {
                Some(Act::Answer(answer)) => {
                    self.port.send_at(BenchTime::ZERO, answer.into()).await?;
                }
                Some(Act::Send(frame, sent)) => {
                    self.sent = Some(sent);
                    let now = self.clock.now();
                    self.pace.comes(Arrival::new(now, frame.to_bytes()));
                }
                None => {
                    let heard = self.port.receive().await?;
                    let mut acts = Vec::new();
                    self.adapter.hear(&heard.chunk, &mut acts);
                    self.acts.extend(acts);
                }
            }
        }
    }
}
