//! A device, as it stands.

use profiles::time::{BenchTime, Period};
use reports::event::{Event, EventKind};

/// Nobody who is asked every second, or every few, keeps silent for so long.
const SILENT: Period = Period::millis(10_000);

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing was heard of it.
    #[default]
    Unheard,
    /// It answers.
    Answers,
    /// It answered, and has not for long.
    Silent,
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
            State::Silent => "silent",
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
    /// When it was heard first, and how often since.
    first: BenchTime,
    times: u64,
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
    /// How it is at `now`: one that answers is silent when it was not heard for ten seconds, and for
    /// five times as long as it takes on average.
    pub fn state_at(&self, now: BenchTime) -> State {
        let Some(heard) = self.heard.filter(|_| self.state == State::Answers) else {
            return self.state;
        };
        let usual = heard.micros_since(self.first) / self.times.max(1);
        let still = now.micros_since(heard);
        if still > SILENT.as_micros() && still > 5 * usual {
            State::Silent
        } else {
            State::Answers
        }
    }

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
            if self.heard.is_none() {
                self.first = event.at;
            } else {
                self.times += 1;
            }
            self.heard = Some(event.at);
            if self.state == State::Unheard {
                self.state = State::Answers;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::event::DeviceId;

    use super::*;

    /// How a device is that answered every `period` seconds for a hundred, `after` seconds later.
    fn heard(period: usize, after: u64) -> State {
        let mut device = DeviceLive::default();
        for second in (0..=100).step_by(period) {
            device.take(&Event {
                at: BenchTime::from_millis(second * 1_000),
                device: DeviceId(0),
                kind: EventKind::Sampled {
                    readings: [].into(),
                },
            });
        }
        device.state_at(BenchTime::from_millis((100 + after) * 1_000))
    }

    #[test]
    fn one_that_is_not_heard_for_long_is_silent() {
        assert_eq!(heard(1, 10), State::Answers);
        assert_eq!(heard(1, 11), State::Silent);
        assert_eq!(heard(10, 50), State::Answers, "asked every ten seconds");
        assert_eq!(heard(10, 51), State::Silent);
        assert_eq!(
            DeviceLive::default().state_at(BenchTime::MAX),
            State::Unheard
        );
    }

    #[test]
    fn one_that_was_made_safe_may_be_silent() {
        let mut device = DeviceLive::default();
        device.take(&Event {
            at: BenchTime::ZERO,
            device: DeviceId(0),
            kind: EventKind::MadeSafe,
        });
        assert_eq!(device.state_at(BenchTime::MAX), State::Safe);
    }
}
