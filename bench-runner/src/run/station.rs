//! Stations: one task looks after one device. Orders in, what was raised out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use drivers::clock::Clock;
use drivers::link::{Direction, Witness};
use drivers::player::Point;
use profiles::command::Command;
use profiles::reading::Reading;
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use tokio::sync::mpsc::Sender;

use super::interlocks::{Fired, Interlocks};
use super::pulse::Pulse;

/// Somebody wants the run to stop: set by a signal, seen by the dispatcher.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    hurried: Arc<AtomicBool>,
    pulse: Pulse,
}

impl Stop {
    /// The pulse of the run that is told to stop by this.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Asks the run to stop and to leave the bench safe; asked again, it does so in a hurry.
    pub fn ask(&self) {
        if self.asked.swap(true, Ordering::Relaxed) {
            self.hurry();
        }
    }

    /// Asks for it with shorter deadlines, and with nothing left out.
    pub fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether somebody is in a hurry.
    pub fn hurried(&self) -> bool {
        self.hurried.load(Ordering::Relaxed)
    }
}

/// What a station is told.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// Carry this out; it is due at `at`.
    Apply { at: BenchTime, task: Task },
    /// An interlock holds: carry this out at once.
    React { rule: usize, command: Command },
    /// Leave the device safe, then end.
    MakeSafe,
}

/// What is due at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    /// Tell the device this.
    Tell(Command),
    /// Have the instrument keep a list of set points.
    Upload(Arc<[Point]>),
    /// Start the list: this is its first set point.
    Start(Command),
    /// The instrument comes to this set point of its list by itself.
    Next(Command),
    /// And to this, its last.
    Last(Command),
}

/// What a station raises.
#[derive(Debug)]
pub(super) enum Raised {
    /// The device answered, is the right one, and is armed.
    Ready,
    /// The device does not answer: nothing may be switched on.
    Absent(String),
    /// The device failed: the run cannot go on.
    Fault(String),
    /// A limit tripped in the device, or a reading is beyond one.
    Tripped(String),
    /// An interlock began to hold.
    Fired(Fired),
    /// What an interlock asks for was carried out, or not.
    Reacted {
        rule: usize,
        result: Result<BenchTime, String>,
    },
    /// The device is safe, or is not: its station ends.
    Left(DeviceId, Result<(), String>),
}

/// Events kept until the dispatcher takes them: a hundred times what four fast lines tell in the
/// longest time between two looks.
const MOST: usize = 1 << 20;

/// More was told than is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// What happened, until the dispatcher takes it. Stations do not wake the dispatcher for it: it
/// looks by itself, many events at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Happenings(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    events: Vec<Event>,
    lost: bool,
}

impl Happenings {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, event: Event) {
        let mut told = self.lock();
        if told.events.len() < MOST {
            told.events.push(event);
        } else {
            told.lost = true;
        }
    }

    /// Everything since the last time, in the order in which it was told.
    ///
    /// # Errors
    /// If some of it was lost.
    pub(super) fn take(&self, into: &mut Vec<Event>) -> Result<(), Lost> {
        let mut told = self.lock();
        into.append(&mut told.events);
        if told.lost { Err(Lost) } else { Ok(()) }
    }
}

/// A station's way to raise things.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    pub(super) device: DeviceId,
    pub(super) raised: Sender<Raised>,
    pub(super) happenings: Happenings,
    pub(super) interlocks: Interlocks,
}

impl Reporter {
    /// Raises something that the dispatcher must see at once. One that is gone wants nothing.
    pub(super) async fn raise(&self, raised: Raised) {
        let _gone = self.raised.send(raised).await;
    }

    /// Something happened at `at`.
    pub(super) fn tell(&self, at: BenchTime, kind: EventKind) {
        self.happenings.push(Event {
            at,
            device: self.device,
            kind,
        });
    }

    /// A witness of the device's line, who tells of each chunk.
    pub(super) fn witness(&self, clock: Clock) -> Witness {
        let reporter = self.clone();
        Witness::new(move |direction, at, chunk| {
            let sent = direction == Direction::Sent;
            let octets: Arc<[u8]> = chunk[..].into();
            let at = if sent { clock.now() } else { at };
            reporter.tell(at, EventKind::Wire { sent, octets });
        })
    }

    /// The device told values at `at`.
    pub(super) fn sampled(&self, at: BenchTime, readings: &[Reading]) {
        for fired in self.interlocks.heard(self.device, at, readings) {
            // Each rule fires once, and there is room for a thousand.
            let _gone = self.raised.try_send(Raised::Fired(fired));
        }
        self.tell(
            at,
            EventKind::Sampled {
                readings: readings.into(),
            },
        );
    }
}
