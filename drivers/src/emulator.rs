//! Emulators: devices played at the far end of a link, and the one loop that serves them. What
//! can happen to any device, whatever its make, happens in that loop: to its line, to its power,
//! to what it sees.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use profiles::command::{Fault, LineFault};
use profiles::time::BenchTime;
use tokio::sync::mpsc::Receiver;

use crate::clock::{Alarm, Clock};
use crate::error::LinkError;
use crate::link::{Link, Socket, Trouble};
use crate::plant::{Place, Plant, Seen, SharedPlant};

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
    emulator: Box<dyn Emulator>,
    link: Link,
    faults: Receiver<Fault>,
    clock: Clock,
    plant: SharedPlant,
) -> Result<(), LinkError> {
    let played = Played::new(emulator, link);
    played.serve(faults, clock, plant).await
}

/// What surrounds an emulator that can be broken in every way: its place in the plant, the socket
/// that its line is plugged into, and another of the same kind, for when it starts anew.
pub struct Surroundings {
    /// Where it is in the plant.
    pub place: Place,
    /// Whether it is a load there, and no source.
    pub is_load: bool,
    /// Where its line is plugged in, where that can be pulled out.
    pub socket: Option<Socket>,
    /// The chance of its line's trouble.
    pub trouble: Trouble,
    /// Makes it as it is when its power comes.
    pub anew: Box<dyn Fn() -> Box<dyn Emulator> + Send>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Surroundings");
        shown.field("place", &self.place);
        shown.field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// An emulator at the far end of a link, and what is wrong with it.
pub struct Played {
    emulator: Box<dyn Emulator>,
    /// The far end; `None` while its line is pulled out.
    link: Option<Link>,
    surroundings: Option<Surroundings>,
    /// When its line is plugged in again.
    plugs_at: BenchTime,
    /// When its power comes again.
    powers_at: BenchTime,
    /// What it goes on seeing while its converters are stuck, and until when.
    stuck: Option<(BenchTime, Seen)>,
    /// What waits to leave, and when its first bit does.
    leaving: VecDeque<(BenchTime, Bytes)>,
}

/// What the loop does next.
enum Next {
    Heard(Bytes),
    Act,
    Broken(Fault),
    Mend,
    Send,
    End,
}

impl Played {
    /// An emulator to which nothing happens but what it does itself.
    pub fn new(emulator: Box<dyn Emulator>, link: Link) -> Played {
        Played {
            emulator,
            link: Some(link),
            surroundings: None,
            plugs_at: BenchTime::MAX,
            powers_at: BenchTime::MAX,
            stuck: None,
            leaving: VecDeque::new(),
        }
    }

    /// The same in surroundings in which everything can happen to it.
    #[must_use]
    pub fn in_surroundings(self, surroundings: Surroundings) -> Played {
        Played {
            surroundings: Some(surroundings),
            ..self
        }
    }

    /// Serves it until its link or the bench ends.
    ///
    /// # Errors
    /// If the far end takes nothing more. A far end that closes is the normal end.
    pub async fn serve(
        mut self,
        mut faults: Receiver<Fault>,
        clock: Clock,
        plant: SharedPlant,
    ) -> Result<(), LinkError> {
        let mut alarms = [clock; 3].map(Alarm::new);
        loop {
            let next = self.next(&mut faults, &mut alarms).await;
            let at = clock.now();
            {
                let mut plant = plant.lock();
                plant.advance(at);
                if !self.take(next, at, &mut plant) {
                    return Ok(());
                }
            }
            match self.depart(at).await {
                Ok(()) => {}
                Err(LinkError::Closed) if self.returns() => {
                    // The bench let go of the line; it may take it again.
                    self.link = None;
                    self.plugs_at = at;
                }
                Err(LinkError::Closed) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether its line can be plugged in again after somebody let go of it.
    fn returns(&self) -> bool {
        let mut surroundings = self.surroundings.iter();
        surroundings.any(|around| around.socket.is_some())
    }

    async fn next(&mut self, faults: &mut Receiver<Fault>, alarms: &mut [Alarm; 3]) -> Next {
        let is_off = self.powers_at != BenchTime::MAX;
        let acts = if is_off {
            BenchTime::MAX
        } else {
            self.emulator.next_action()
        };
        let [alarm, departure, mending] = alarms;
        let stuck_until = self.stuck.as_ref().map_or(BenchTime::MAX, |stuck| stuck.0);
        let mends = self.plugs_at.min(self.powers_at).min(stuck_until);
        // What a line takes only at its time waits here, while the emulator goes on listening.
        let due = match (&self.link, self.leaving.front()) {
            (Some(link), Some((at, chunk))) => link.takes_at(*at, chunk),
            _ => BenchTime::MAX,
        };
        let may_return = self.returns();
        let link = &mut self.link;
        let hear = async {
            match link {
                Some(link) => link.receive().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            fault = faults.recv() => fault.map_or(Next::End, Next::Broken),
            arrival = hear => match arrival {
                Ok(arrival) => Next::Heard(arrival.chunk),
                // A bus that is in trouble may mend; a device on it lives on.
                Err(LinkError::Bus(_)) => Next::Send,
                Err(_) if may_return => {
                    self.link = None;
                    self.plugs_at = BenchTime::ZERO;
                    Next::Send
                }
                Err(_) => Next::End,
            },
            () = mending.at(mends) => Next::Mend,
            () = alarm.at(acts) => Next::Act,
            () = departure.at(due) => Next::Send,
        }
    }

    /// Does what is next; `false` at the end.
    fn take(&mut self, next: Next, at: BenchTime, plant: &mut Plant) -> bool {
        let mut out = Outbox::default();
        if let Some((until, seen)) = &self.stuck {
            plant.show((at < *until).then(|| seen.clone()));
        }
        match next {
            Next::Heard(chunk) => self.hear(at, chunk, plant, &mut out),
            Next::Act => self.emulator.act(at, plant, &mut out),
            Next::Broken(fault) => self.broken(at, &fault, plant),
            Next::Mend => self.mend(at),
            Next::Send => {}
            Next::End => return false,
        }
        plant.show(None);
        for (leaves, chunk) in out.chunks {
            let leaves = leaves.max(at);
            let left = match &mut self.surroundings {
                Some(around) => around.trouble.back(leaves, chunk),
                None => Some((leaves, chunk)),
            };
            self.leaving.extend(left);
        }
        !self.emulator.is_over()
    }

    fn hear(&mut self, at: BenchTime, chunk: Bytes, plant: &mut Plant, out: &mut Outbox) {
        let is_off = self.powers_at != BenchTime::MAX;
        let (heard, echoes) = match &mut self.surroundings {
            Some(around) => around.trouble.towards(at, chunk.clone()),
            None => (Some(chunk.clone()), false),
        };
        if echoes {
            self.leaving.push_back((at, chunk));
        }
        if let Some(heard) = heard.filter(|_| !is_off) {
            self.emulator.receive(at, &heard, plant, out);
        }
    }

    /// Breaks: in the surroundings, or in the emulator itself.
    fn broken(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        let after = |millis: &u32| at.plus_micros(u64::from(*millis) * 1_000);
        let Some(around) = &mut self.surroundings else {
            return self.emulator.inject(at, fault, plant);
        };
        let is_board = matches!(around.place, Place::Board(_));
        match fault {
            Fault::Line {
                how: LineFault::Unplugged,
                millis,
            } => {
                if let Some(socket) = &around.socket {
                    socket.pull();
                    self.link = None;
                    self.leaving.clear();
                    self.plugs_at = later(self.plugs_at, after(millis));
                }
            }
            Fault::Line { how, millis } => around.trouble.begin(after(millis), *how),
            Fault::BrownOut { share, millis } => {
                plant.brown_out(around.place, *share, after(millis));
            }
            Fault::Weak { share, millis } => {
                if let Place::Air(air) = around.place {
                    plant.weaken(air, *share, after(millis));
                }
            }
            Fault::PowerCycle { millis } => {
                plant.power_off(around.place, around.is_load);
                self.emulator = (around.anew)();
                self.leaving.clear();
                self.stuck = None;
                self.powers_at = later(self.powers_at, after(millis));
            }
            Fault::Stuck { millis } if !is_board => {
                self.stuck = Some((after(millis), plant.seen()));
            }
            fault => self.emulator.inject(at, fault, plant),
        }
    }

    /// What was away is back.
    fn mend(&mut self, at: BenchTime) {
        if self.powers_at <= at {
            self.powers_at = BenchTime::MAX;
        }
        if self.stuck.as_ref().is_some_and(|(until, _)| *until <= at) {
            self.stuck = None;
        }
        if self.plugs_at <= at {
            self.plugs_at = BenchTime::MAX;
            let mut sockets = self.surroundings.iter();
            let socket = sockets.find_map(|around| around.socket.as_ref());
            self.link = socket.map(Socket::plug);
        }
    }

    /// Sends what the line takes now.
    async fn depart(&mut self, at: BenchTime) -> Result<(), LinkError> {
        let Some(link) = &mut self.link else {
            self.leaving.clear();
            return Ok(());
        };
        let takes =
            |link: &Link, (leaves, chunk): &(BenchTime, Bytes)| link.takes_at(*leaves, chunk) <= at;
        while let Some((leaves, chunk)) = self.leaving.pop_front_if(|next| takes(&*link, next)) {
            match link.send_at(leaves, chunk).await {
                Ok(()) | Err(LinkError::Bus(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// When something is back that was away until `known` ([`BenchTime::MAX`] where it was there), and
/// is away until `until` now.
fn later(known: BenchTime, until: BenchTime) -> BenchTime {
    if known == BenchTime::MAX {
        until
    } else {
        known.max(until)
    }
}
