//! An end of ISO-TP that knows the time: frames leave as far apart as the far end asks, and what
//! has stopped is given up (ISO 15765-2, 9.8: `STmin`, `N_Bs`, `N_Cr`).

use std::collections::VecDeque;

use profiles::reading::Damage;
use profiles::time::{BenchTime, Period};

use super::{Event, IsoTp, Pdu};

/// How long an end waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For flow control, after the frame that asked for it has left (`N_Bs`).
    pub control: Period,
    /// For the next consecutive frame (`N_Cr`).
    pub frame: Period,
}

impl Limits {
    /// The standard's: a second for each (ISO 15765-2, table 16).
    pub const STANDARD: Limits = Limits {
        control: Period::millis(1_000),
        frame: Period::millis(1_000),
    };
}

/// What was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A message to the far end, which told nothing for `N_Bs`.
    Sending,
    /// A message from the far end, of which nothing came for `N_Cr`.
    Receiving(Damage),
}

/// An end of ISO-TP that knows the time. Messages that are to be sent wait for those before them.
#[derive(Clone, Debug)]
pub struct Timed {
    end: IsoTp,
    limits: Limits,
    waiting: VecDeque<Vec<u8>>,
    pdus: Vec<Pdu>,
    /// When flow control counts as lost, and when a frame does.
    control_by: BenchTime,
    frame_by: BenchTime,
    /// How far the message to the far end was when that was last looked at.
    progress: Option<(usize, u8)>,
}

impl Timed {
    /// An end that waits as long as `limits` says.
    pub fn new(end: IsoTp, limits: Limits) -> Timed {
        Timed {
            end,
            limits,
            waiting: VecDeque::new(),
            pdus: Vec::new(),
            control_by: BenchTime::MAX,
            frame_by: BenchTime::MAX,
            progress: None,
        }
    }

    /// Sends a message when those before it are gone. `out`: frames, and when they leave.
    pub fn send(&mut self, at: BenchTime, message: Vec<u8>, out: &mut Vec<(BenchTime, Pdu)>) {
        self.waiting.push_back(message);
        self.flush(at, out);
    }

    /// Takes the data field of one frame.
    pub fn push(
        &mut self,
        at: BenchTime,
        data: &[u8],
        out: &mut Vec<(BenchTime, Pdu)>,
        sink: impl FnMut(Event<'_>),
    ) {
        let pending = self.end.pending();
        self.end.push(data, &mut self.pdus, sink);
        if !self.end.is_receiving() {
            self.frame_by = BenchTime::MAX;
        } else if self.end.pending() != pending {
            self.frame_by = (at + self.limits.frame).ceil_millis();
        }
        self.flush(at, out);
    }

    /// When it next gives something up; [`BenchTime::MAX`] for never.
    pub fn next_action(&self) -> BenchTime {
        self.control_by.min(self.frame_by)
    }

    /// Gives up what has stopped.
    pub fn act(
        &mut self,
        at: BenchTime,
        out: &mut Vec<(BenchTime, Pdu)>,
        mut sink: impl FnMut(Stopped),
    ) {
        if self.control_by <= at {
            self.end.abort_sending();
            sink(Stopped::Sending);
            self.flush(at, out);
        }
        if self.frame_by <= at {
            self.frame_by = BenchTime::MAX;
            if let Some(damage) = self.end.abort_receiving() {
                sink(Stopped::Receiving(damage));
            }
        }
    }

    /// Forgets everything, in both directions.
    pub fn restart(&mut self) {
        self.end.reset();
        self.waiting.clear();
        self.pdus.clear();
        (self.control_by, self.frame_by) = (BenchTime::MAX, BenchTime::MAX);
        self.progress = None;
    }

    /// Gives the frames that are due their times, and begins messages while none waits for flow
    /// control.
    fn flush(&mut self, at: BenchTime, out: &mut Vec<(BenchTime, Pdu)>) {
        let (mut leaves, mut began) = (at, false);
        loop {
            for pdu in self.pdus.drain(..) {
                out.push((leaves, pdu));
                leaves = leaves.plus_micros(u64::from(self.end.separation_us()));
            }
            if self.end.is_sending() {
                break;
            }
            let Some(message) = self.waiting.pop_front() else {
                break;
            };
            self.end.send(&message, &mut self.pdus);
            began = true;
        }
        let progress = self.end.progress();
        if progress.is_none() {
            self.control_by = BenchTime::MAX;
        } else if began || progress != self.progress {
            // What else is said meanwhile gives the far end no more time.
            let last = out.last().map_or(at, |(leaves, _)| *leaves);
            self.control_by = (last.max(at) + self.limits.control).ceil_millis();
        }
        self.progress = progress;
    }
}
