//! Several devices on one line, as on RS-485: each has a tap, and one task has the line. On the
//! bench's side it lets one conversation end before another begins; on the side of emulators it
//! lets all of them hear, and whoever is asked answer.

mod arbiter;
mod party;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use profiles::time::BenchTime;
use tokio::sync::mpsc::{self, Receiver, Sender, WeakSender};
use tokio::sync::{Mutex, oneshot};

use super::manners::Manners;
use super::{Arrival, LineSpec, Link, Wire};
use crate::clock::Clock;
use crate::error::LinkError;

/// What taps may ask before the line's task takes it.
const ASKED: usize = 64;
/// Chunks that may wait for one tap. Nobody lets that many wait who is listening.
const HEARD: usize = 1_024;

/// Which tap.
type TapId = u64;

/// What arrived at a tap, or why nothing will.
type Heard = Result<Arrival, LinkError>;

/// What taps ask of the line's task.
#[derive(Debug)]
enum Asked {
    Join(TapId, Sender<Heard>),
    Leave(TapId),
    Send(Sending),
    Release(TapId),
}

/// A chunk that a tap wants to send.
#[derive(Debug)]
struct Sending {
    tap: TapId,
    chunk: Bytes,
    sent: oneshot::Sender<Result<(), LinkError>>,
}

/// A line that several devices share. Opened when it is first tapped, closed when nobody is left,
/// and opened again when it is tapped after it was lost.
#[derive(Clone, Debug)]
pub struct Bus {
    line: LineSpec,
    manners: Manners,
    clock: Clock,
    opened: Arc<Mutex<Opened>>,
}

#[derive(Debug, Default)]
struct Opened {
    /// The way to the line's task, while it has one.
    asked: Option<WeakSender<Asked>>,
    taps: TapId,
}

impl Bus {
    /// A line that is not opened yet.
    pub fn new(line: LineSpec, manners: Manners, clock: Clock) -> Bus {
        Bus {
            line,
            manners,
            clock,
            opened: Arc::default(),
        }
    }

    /// The line.
    pub fn line(&self) -> &LineSpec {
        &self.line
    }

    /// An end of the line for one device. What it sends waits until the others' conversations are
    /// over; it hears what comes while the line is its own, until it lets go of it
    /// ([`Link::release`]) or nothing more comes.
    ///
    /// # Errors
    /// If the line cannot be opened.
    pub async fn tap(&self) -> Result<Link, LinkError> {
        let mut opened = self.opened.lock().await;
        let asked = opened.asked.as_ref().and_then(WeakSender::upgrade);
        // A task that ended has left its channel closed.
        let asked = if let Some(asked) = asked.filter(|asked| !asked.is_closed()) {
            asked
        } else {
            let link = Link::open(&self.line, self.clock).await?;
            let link = link.with_manners(self.manners.clone(), &self.line, self.clock);
            let (asked, asks) = mpsc::channel(ASKED);
            opened.asked = Some(asked.downgrade());
            tokio::spawn(arbiter::run(link, asks, self.clock));
            asked
        };
        opened.taps += 1;
        Tap::join(opened.taps, asked).await
    }
}

/// Shares the end of an emulated line among so many emulators: all hear what comes, and what one
/// sends goes out. With `echo` the line repeats what comes, as an adapter on two wires does that
/// hears itself. Emulators do not hear one another, as on four wires.
///
/// # Panics
/// Outside a runtime.
pub async fn party(trunk: Link, count: usize, echo: bool) -> Vec<Link> {
    let (asked, asks) = mpsc::channel(ASKED);
    tokio::spawn(party::run(trunk, asks, echo));
    let mut taps = Vec::new();
    for tap in 0..count {
        let joined = Tap::join(tap as TapId, asked.clone()).await;
        taps.extend(joined.ok());
    }
    taps
}

/// One end of a shared line.
#[derive(Debug)]
pub(super) struct Tap {
    id: TapId,
    asked: Sender<Asked>,
    heard: Receiver<Heard>,
}

impl Tap {
    async fn join(id: TapId, asked: Sender<Asked>) -> Result<Link, LinkError> {
        let (hear, heard) = mpsc::channel(HEARD);
        let joined = asked.send(Asked::Join(id, hear)).await;
        joined.map_err(|_| LinkError::Closed)?;
        Ok(Wire::Tap(Tap { id, asked, heard }).end())
    }

    /// Sends when the line is free.
    pub(super) async fn send_at(&mut self, at: BenchTime, chunk: Bytes) -> Result<(), LinkError> {
        debug_assert!(at < BenchTime::MAX, "a line is not told in advance");
        let (sent, done) = oneshot::channel();
        let tap = self.id;
        let asked = self
            .asked
            .send(Asked::Send(Sending { tap, chunk, sent }))
            .await;
        asked.map_err(|_| LinkError::Closed)?;
        done.await.unwrap_or(Err(LinkError::Closed))
    }

    /// Lets go of the line.
    pub(super) fn release(&mut self) {
        // A full queue is emptied soon, and the line is then let go of by its silence.
        let _soon = self.asked.try_send(Asked::Release(self.id));
    }

    pub(super) async fn receive(&mut self) -> Heard {
        self.heard.recv().await.unwrap_or(Err(LinkError::Closed))
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // A tap that nobody hears is also found out when it is next told something.
        let _gone = self.asked.try_send(Asked::Leave(self.id));
    }
}
