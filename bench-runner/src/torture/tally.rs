//! What happens in a run, as far as the rules ask for it.

use std::collections::BTreeSet;

use profiles::command::Command;
use profiles::time::{BenchTime, Window};
use reports::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use reports::header::{Header, Subject};

/// What of a device was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// What it said meant nothing.
    Damaged,
    /// A query was not answered.
    Unanswered,
    /// It failed for good.
    Failed,
}

/// Losses that are kept; more say nothing new.
const MOST: usize = 100_000;

/// Sees every event, and keeps what rules ask for.
#[derive(Debug, Default)]
pub struct Tally {
    /// Devices that said who they are.
    pub(super) identified: BTreeSet<DeviceId>,
    /// Devices whose last word is that they are safe.
    pub(super) safe: BTreeSet<DeviceId>,
    /// What was lost of whom, until the steps were left.
    pub(super) lost: Vec<(BenchTime, DeviceId, Lost)>,
    /// For each check, its device and windows, and in which of them it said anything.
    pub(super) looks: Vec<Look>,
    /// How often each device started anew by itself.
    pub(super) boots: u64,
    /// How many questions were asked again.
    pub(super) retries: u64,
    /// Whether the last event is the end of the run.
    pub(super) has_end: bool,
    abandoned: bool,
}

/// What one check could see.
#[derive(Debug)]
pub(super) struct Look {
    device: Option<DeviceId>,
    pub(super) windows: Vec<(Window, bool)>,
    cursor: usize,
}

impl Tally {
    /// For a run of this header.
    pub fn new(header: &Header) -> Tally {
        let looks = header.checks.iter().map(|check| Look {
            device: match check.subject {
                Subject::Channel { device, .. } => Some(device),
                Subject::Device { .. } | Subject::Workload { .. } => None,
            },
            windows: check
                .windows
                .iter()
                .map(|named| (named.window, false))
                .collect(),
            cursor: 0,
        });
        Tally {
            looks: looks.collect(),
            ..Tally::default()
        }
    }

    /// How often a board started anew by itself.
    pub fn boots(&self) -> u64 {
        self.boots
    }

    fn sampled(&mut self, event: &Event) {
        let looks = self.looks.iter_mut();
        for look in looks.filter(|look| look.device == Some(event.device)) {
            while let Some((window, seen)) = look.windows.get_mut(look.cursor) {
                if event.at >= window.end {
                    look.cursor += 1;
                    continue;
                }
                *seen |= event.at >= window.start;
                break;
            }
        }
    }

    fn lose(&mut self, event: &Event, lost: Lost) {
        if self.lost.len() < MOST {
            self.lost.push((event.at, event.device, lost));
        }
    }
}

impl Observer for Tally {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.has_end = false;
        match &event.kind {
            EventKind::Identified { .. } => {
                self.identified.insert(event.device);
            }
            EventKind::SetPointApplied {
                command: Command::Inject(_),
                ..
            } => {}
            EventKind::MadeSafe => {
                self.safe.insert(event.device);
            }
            EventKind::SetPointApplied { .. } | EventKind::NotMadeSafe { .. } => {
                self.safe.remove(&event.device);
            }
            EventKind::RunEnded { .. } => self.has_end = true,
            EventKind::StepsAbandoned => self.abandoned = true,
            EventKind::Booted => self.boots += 1,
            EventKind::Retried { .. } => self.retries += 1,
            _ if self.abandoned => {}
            EventKind::Sampled { .. } => self.sampled(event),
            EventKind::Damaged { .. } => self.lose(event, Lost::Damaged),
            EventKind::NoResponse { .. } => self.lose(event, Lost::Unanswered),
            EventKind::DeviceFailed { .. } => self.lose(event, Lost::Failed),
            _ => {}
        }
        Ok(())
    }
}
