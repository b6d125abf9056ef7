//! What an end of a bus has heard and what it waits for: a state machine without a socket.

use std::collections::VecDeque;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use rustix::io::Errno;

use super::interface::Settings;
use super::read::Read;
use super::stamp::{self, AdapterClock};
use crate::clock::Clock;
use crate::error::LinkError;
use crate::link::Arrival;
use crate::link::can::{BusFrame, BusNeeds, BusTrouble, Classes, ErrorFrame};

/// How long a frame may wait for a bus that is busy, or on which nobody acknowledges.
const CONFIRMED: Period = Period::millis(1_000);
/// How long a controller may stay off the bus.
const BUS_OFF: Period = Period::millis(2_000);
/// Destroyed frames, and the time for which nothing else came, after which the bus counts as
/// misunderstood.
const ONLY_ERRORS: (u32, Period) = (20, Period::millis(1_000));

#[derive(Debug)]
pub(super) struct Heard {
    pub(super) needs: Option<BusNeeds>,
    name: String,
    settings: Settings,
    clock: Clock,
    /// Read, and not yet taken.
    inbox: VecDeque<Arrival>,
    /// Sent, and not yet seen on the bus.
    unconfirmed: VecDeque<(BenchTime, Bytes)>,
    /// Told when the inbox is empty: nothing that came before is lost.
    troubles: VecDeque<BusTrouble>,
    /// Since when the controller is off the bus.
    off_since: Option<BenchTime>,
    /// Destroyed frames since the last good one, and when the first of them came.
    errors: u32,
    errors_since: BenchTime,
    /// Whether any good frame was ever heard or confirmed.
    understood: bool,
    adapter: AdapterClock,
    last: BenchTime,
    /// Frames that the kernel threw away so far.
    lost: u32,
    gone: bool,
}

impl Heard {
    pub(super) fn new(name: &str, settings: Settings, clock: Clock) -> Heard {
        Heard {
            needs: None,
            name: name.to_owned(),
            settings,
            clock,
            inbox: VecDeque::new(),
            unconfirmed: VecDeque::new(),
            troubles: VecDeque::new(),
            off_since: None,
            errors: 0,
            errors_since: BenchTime::ZERO,
            understood: false,
            adapter: AdapterClock::default(),
            last: BenchTime::ZERO,
            lost: 0,
            gone: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn unconfirmed(&self) -> usize {
        self.unconfirmed.len()
    }

    /// A frame was handed to the interface.
    pub(super) fn sent(&mut self, chunk: Bytes) {
        let frame = BusFrame::from_bytes(&chunk);
        let id = frame.as_ref().and_then(BusFrame::id);
        // Where the kernel keeps back what is not needed, it keeps back its return too.
        let returns = self.needs.as_ref().is_none_or(|needs| {
            let all = needs.hears.is_empty() && needs.says.is_empty();
            all || id.is_some_and(|id| needs.has(id))
        });
        if returns {
            self.unconfirmed.push_back((self.clock.now(), chunk));
        }
    }

    /// What is told next, if anything is.
    pub(super) fn next(&mut self) -> Option<Result<Arrival, LinkError>> {
        if let Some(arrival) = self.inbox.pop_front() {
            return Some(Ok(arrival));
        }
        if let Some(trouble) = self.troubles.pop_front() {
            return Some(Err(LinkError::Bus(trouble)));
        }
        self.gone.then_some(Err(LinkError::Closed))
    }

    /// When something that is waited for is overdue.
    pub(super) fn due(&self) -> BenchTime {
        let sent = self.unconfirmed.front().map(|(at, _)| *at + CONFIRMED);
        let off = self.off_since.map(|since| since + BUS_OFF);
        sent.into_iter().chain(off).min().unwrap_or(BenchTime::MAX)
    }

    /// Something is overdue.
    pub(super) fn overdue(&mut self) {
        let now = self.clock.now();
        if self.off_since.is_some_and(|since| since + BUS_OFF <= now) {
            self.off_since = None;
            self.troubles.push_back(BusTrouble::BusOff {
                interface: self.name.clone(),
                limit: BUS_OFF,
            });
        }
        let mut sent = self.unconfirmed.iter();
        if sent.any(|(at, _)| *at + CONFIRMED <= now) {
            // A device that is off acknowledges nothing, which is no fault of the bus. It is
            // told in the words in which drivers tell it that give up a frame by themselves.
            self.unconfirmed.clear();
            let frame = ErrorFrame {
                classes: Classes::TX_TIMEOUT,
                detail: [0; 8],
            };
            let at = now.max(self.last);
            self.inbox.push_back(Arrival::new(at, frame.to_bytes()));
        }
    }

    /// A frame was read.
    pub(super) fn take(&mut self, read: &Read) {
        let (at, stamp) = stamp::arrival(self.clock, read.stamps, &mut self.adapter, self.last);
        self.last = at;
        self.count_lost(read.lost);
        if read.own {
            self.confirmed(&read.chunk);
            return;
        }
        match BusFrame::from_bytes(&read.chunk) {
            Some(BusFrame::Error(error)) => self.controller(at, &error),
            Some(_) => self.understood(),
            None => {}
        }
        self.inbox.push_back(Arrival {
            at,
            stamp,
            chunk: read.chunk.clone(),
        });
    }

    /// What was sent was on the bus. Frames of one socket return in the order in which they left;
    /// those before it that did not return were given up.
    fn confirmed(&mut self, chunk: &Bytes) {
        self.understood();
        if let Some(position) = self.unconfirmed.iter().position(|(_, sent)| sent == chunk) {
            self.unconfirmed.drain(..=position);
        }
    }

    fn understood(&mut self) {
        self.understood = true;
        self.errors = 0;
        self.off_since = None;
    }

    fn controller(&mut self, at: BenchTime, error: &ErrorFrame) {
        if error.is_bus_off() {
            self.off_since.get_or_insert(at);
            // What the controller still had to send is gone.
            self.unconfirmed.clear();
        }
        if error.classes.has(Classes::RESTARTED) || error.is_active_again() {
            self.off_since = None;
        }
        if !error.is_destroyed_frame() {
            return;
        }
        if self.errors == 0 {
            self.errors_since = at;
        }
        self.errors += 1;
        let (most, length) = ONLY_ERRORS;
        if !self.understood && self.errors >= most && self.errors_since + length <= at {
            self.troubles.push_back(BusTrouble::OnlyErrors {
                interface: self.name.clone(),
                errors: self.errors,
                last: error.to_string(),
                bit_rate: self.settings.bit_rate,
            });
            self.errors = 0;
        }
    }

    /// The kernel counts on and on, in 32 bits.
    fn count_lost(&mut self, lost: Option<u32>) {
        let Some(lost) = lost else { return };
        let frames = lost.wrapping_sub(self.lost);
        self.lost = lost;
        if frames > 0 {
            self.troubles.push_back(BusTrouble::Lost {
                interface: self.name.clone(),
                frames,
            });
        }
    }

    /// The socket failed.
    ///
    /// # Errors
    /// If nobody knows why.
    pub(super) fn failed(&mut self, errno: Errno) -> Result<BusTrouble, LinkError> {
        let interface = self.name.clone();
        let (trouble, gone) = match errno {
            Errno::NETDOWN => (BusTrouble::Down { interface }, false),
            Errno::NODEV | Errno::NXIO => (BusTrouble::Gone { interface }, true),
            errno => return Err(LinkError::Failed(std::io::Error::from(errno).to_string())),
        };
        self.unconfirmed.clear();
        // Sending and receiving both meet it.
        if !self.gone && self.troubles.back() != Some(&trouble) {
            self.troubles.push_back(trouble.clone());
        }
        self.gone |= gone;
        Ok(trouble)
    }
}

#[cfg(test)]
mod tests;
