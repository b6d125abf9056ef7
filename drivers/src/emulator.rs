//! Emulators: devices played at the far end of a link, and the one loop that serves them.

use std::collections::VecDeque;

use bytes::Bytes;
use profiles::command::Fault;
use profiles::time::BenchTime;
use tokio::sync::mpsc::Receiver;

use crate::clock::{Alarm, Clock};
use crate::error::LinkError;
use crate::link::Link;
use crate::plant::{Plant, SharedPlant};

/// A device played at the far end of a link: bytes and a time in, bytes out. A synchronous state
/// machine: no clock, no sockets, no waiting.
pub trait Emulator: Send {
    /// A chunk arrived.
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox);

    /// When it next acts by itself: a telemetry frame, the end of a computation.
    /// [`BenchTime::MAX`] for never.
    fn next_action(&self) -> BenchTime;

    /// Acts: called at or after [`Emulator::next_action`], which must then move on.
    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox);

    /// Breaks, as told.
    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant);

    /// Whether it can go on no more: its end of the link closes.
    fn is_over(&self) -> bool {
        false
    }
}

/// What an emulator sends: chunks, and when their first bit leaves.
#[derive(Debug, Default)]
pub struct Outbox {
    chunks: Vec<(BenchTime, Bytes)>,
}

impl Outbox {
    /// Sends a chunk that leaves at `at` (a reply's latency is the emulator's to choose).
    pub fn send_at(&mut self, at: BenchTime, chunk: impl Into<Bytes>) {
        self.chunks.push((at, chunk.into()));
    }

    /// Everything sent, in order; for tests.
    pub fn take(&mut self) -> Vec<(BenchTime, Bytes)> {
        std::mem::take(&mut self.chunks)
    }
}

/// Serves one emulator on one link until the link or the bench ends.
///
/// # Errors
/// If the far end takes nothing more. A far end that closes is the normal end.
pub async fn serve(
    mut emulator: Box<dyn Emulator>,
    mut link: Link,
    mut faults: Receiver<Fault>,
    clock: Clock,
    plant: SharedPlant,
) -> Result<(), LinkError> {
    enum Next {
        Heard(Bytes),
        Act,
        Broken(Fault),
        Send,
        End,
    }
    let mut out = Outbox::default();
    let mut leaving: VecDeque<(BenchTime, Bytes)> = VecDeque::new();
    let (mut alarm, mut departure) = (Alarm::new(clock), Alarm::new(clock));
    loop {
        // What a line takes only at its time waits here, while the emulator goes on listening.
        let due = leaving
            .front()
            .map_or(BenchTime::MAX, |(at, chunk)| link.takes_at(*at, chunk));
        let next = tokio::select! {
            biased;
            fault = faults.recv() => fault.map_or(Next::End, Next::Broken),
            arrival = link.receive() => match arrival {
                Ok(arrival) => Next::Heard(arrival.chunk),
                // A bus that is in trouble may mend; a device on it lives on.
                Err(LinkError::Bus(_)) => Next::Send,
                Err(_) => Next::End,
            },
            () = alarm.at(emulator.next_action()) => Next::Act,
            () = departure.at(due), if !leaving.is_empty() => Next::Send,
        };
        let at = clock.now();
        {
            let mut plant = plant.lock();
            plant.advance(at);
            match next {
                Next::Heard(chunk) => emulator.receive(at, &chunk, &mut plant, &mut out),
                Next::Act => emulator.act(at, &mut plant, &mut out),
                Next::Broken(fault) => emulator.inject(at, &fault, &mut plant),
                Next::Send => {}
                Next::End => return Ok(()),
            }
        }
        if emulator.is_over() {
            return Ok(());
        }
        let chunks = out.chunks.drain(..);
        leaving.extend(chunks.map(|(leaves, chunk)| (leaves.max(at), chunk)));
        let takes =
            |link: &Link, (leaves, chunk): &(BenchTime, Bytes)| link.takes_at(*leaves, chunk) <= at;
        while let Some((leaves, chunk)) = leaving.pop_front_if(|next| takes(&link, next)) {
            match link.send_at(leaves, chunk).await {
                Ok(()) | Err(LinkError::Bus(_)) => {}
                Err(LinkError::Closed) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
