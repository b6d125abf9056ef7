//! A device, as it stands.

use profiles::time::BenchTime;
use reports::event::{Event, EventKind};

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Unheard,
    /// It answers.
    Answers,
    /// Its line is lost and waited for.
    Away,
    /// It cut power against a latch-up.
    PowerCut,
    /// It failed for good.
    Failed,
    /// It was made safe.
    Safe,
    /// It could not be made safe.
    Unsafe,
}

impl State {
    /// In a word or two.
    pub const fn word(self) -> &'static str {
        match self {
            State::Unheard => "not heard",
            State::Answers => "answers",
            State::Away => "LINK LOST",
            State::PowerCut => "POWER CUT",
            State::Failed => "FAILED",
            State::Safe => "safe",
            State::Unsafe => "NOT SAFE",
        }
    }

    /// Whether somebody should look.
    pub const fn is_bad(self) -> bool {
        matches!(
            self,
            State::Away | State::PowerCut | State::Failed | State::Unsafe
        )
    }
}

/// A device, so far.
#[derive(Clone, Debug, Default)]
pub struct DeviceLive {
    /// How it is.
    pub state: State,
    /// Maker and model, once it said so.
    pub identity: String,
    /// When it was heard last.
    pub heard: Option<BenchTime>,
    /// How often it told values.
    pub samples: u64,
    /// Its answered queries.
    pub inferences: u64,
    /// Bytes that meant nothing, and packets that never came: occasions.
    pub damaged: u64,
    /// Queries without an answer.
    pub unanswered: u64,
    /// Questions that were asked again.
    pub retried: u64,
    /// How often it started by itself.
    pub boots: u64,
}

impl DeviceLive {
    /// Takes an event of the device.
    pub(super) fn take(&mut self, event: &Event) {
        let mut heard = true;
        match &event.kind {
            EventKind::Sampled { .. } => self.samples += 1,
            EventKind::Inferred(_) => self.inferences += 1,
            EventKind::Identified { maker, model, .. } => {
                self.identity = format!("{maker} {model}");
            }
            EventKind::Booted => self.boots += 1,
            EventKind::LinkRestored { .. } | EventKind::PowerBack { .. } => {
                self.state = State::Answers;
            }
            EventKind::Damaged { .. } => self.damaged += 1,
            EventKind::MadeSafe => self.state = State::Safe,
            EventKind::PowerCut { .. } => self.state = State::PowerCut,
            other => {
                heard = false;
                match other {
                    EventKind::NoResponse { .. } => self.unanswered += 1,
                    EventKind::Retried { .. } => self.retried += 1,
                    EventKind::LinkLost { .. } => self.state = State::Away,
                    EventKind::DeviceFailed { .. } => self.state = State::Failed,
                    EventKind::NotMadeSafe { .. } => self.state = State::Unsafe,
                    _ => {}
                }
            }
        }
        if heard {
            self.heard = Some(event.at);
            if self.state == State::Unheard {
                self.state = State::Answers;
            }
        }
    }
}
