//! What a board's station makes of what it hears.

use std::sync::Arc;

use drivers::accelerator::{Heard, Inference, Question};
use drivers::device::Identity;
use drivers::error::DeviceErrorKind;
use profiles::time::{BenchTime, Period};
use reports::event::{EventKind, Inferred};

use super::state::name;
use super::{BoardStation, REFETCH_ONE_IN, TRIES};
use crate::run::instrument::is_expected;
use crate::run::station::Raised;

/// How long the same error of a bus is not told again.
const TOLD_AGAIN: Period = Period::millis(1_000);

impl BoardStation {
    pub(super) async fn heard(&mut self, at: BenchTime, what: Heard) {
        match what {
            Heard::Reading(_) => {}
            Heard::Damaged(damage) => {
                self.reporter.tell(at, EventKind::Damaged { damage });
            }
            Heard::Booted => {
                self.reporter.tell(at, EventKind::Booted);
                self.state.heard_at = Some(at);
                self.unanswered(at);
                self.task_not_begun("its board started anew");
                self.end_repeats(at);
                self.state.start_over();
            }
            Heard::Identity(identity) => self.identified(at, identity).await,
            Heard::Loaded { slot } => {
                if self.answers(
                    |asked| matches!(asked, Question::LoadInput { slot: s, .. } if *s == slot),
                ) {
                    let more = |q: &Question| matches!(q, Question::LoadInput { .. });
                    self.state.loaded = !self.state.queue.iter().any(more);
                }
            }
            Heard::Done => {
                self.answers(|asked| matches!(asked, Question::Mode(_) | Question::Stop));
            }
            Heard::Inferred(inference) => self.inferred(at, inference),
            Heard::Output { slot, bytes } => {
                if self.answers(
                    |asked| matches!(asked, Question::FetchOutput { slot: s } if *s == slot),
                ) {
                    self.output(at, slot, bytes);
                }
            }
            Heard::Bus(error) => self.bus_error(at, error.to_string()),
            Heard::Refused { code, text } => self.refused(at, code, &text).await,
        }
    }

    /// A bus in trouble tells the same up to a thousand times a second.
    fn bus_error(&mut self, at: BenchTime, why: String) {
        let told = self.state.bus_error.as_ref();
        if told.is_none_or(|(then, text)| *text != why || *then + TOLD_AGAIN <= at) {
            self.state.bus_error = Some((at, why.clone()));
            self.reporter.tell(at, EventKind::BusError { why });
        }
    }

    /// Ends the question that is under way, if it is the one that `is`.
    fn answers(&mut self, is: impl Fn(&Question) -> bool) -> bool {
        let answered = self
            .state
            .asked
            .as_ref()
            .is_some_and(|asked| is(&asked.question));
        if answered {
            self.state.asked = None;
        }
        answered
    }

    async fn identified(&mut self, at: BenchTime, identity: Identity) {
        self.answers(|asked| matches!(asked, Question::Identify));
        if let Some(known) = &self.state.identity {
            if *known != identity {
                let wrong = DeviceErrorKind::WrongIdentity {
                    expected: format!("{} serial {}", known.model, known.serial),
                    found: format!("{} serial {}", identity.model, identity.serial),
                };
                let why = wrong.of(&self.name).to_string();
                self.reporter.raise(Raised::Fault(why)).await;
            }
            return;
        }
        self.state.identity = Some(identity.clone());
        let wrong = is_expected(&identity, self.serial.as_deref()).err();
        let Identity {
            maker,
            model,
            serial,
            firmware,
        } = identity;
        self.reporter.tell(
            at,
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            },
        );
        if let Some(wrong) = wrong {
            self.reporter
                .raise(Raised::Fault(wrong.of(&self.name).to_string()))
                .await;
        }
    }

    fn inferred(&mut self, at: BenchTime, inference: Inference) {
        let Some(asked) = &self.state.asked else {
            return;
        };
        let asked_at = asked.at;
        let query = inference.query;
        if !self.answers(|asked| matches!(asked, Question::Infer { query: q, .. } if *q == query)) {
            return;
        }
        let (input, digest) = (inference.slot, inference.digest);
        let event = EventKind::Inferred(Inferred {
            input,
            latency_us: inference.latency_us,
            round_trip_us: at.micros_since(asked_at).min(u64::from(u32::MAX)) as u32,
            digest,
            first_us: inference.first_us,
        });
        self.reporter.tell(at, event);
        if !self.repeated(at, input, Some(digest)) {
            if let Some((samples, latency_us)) = self.state.flow.answered(at) {
                let done = EventKind::QueryDone {
                    samples,
                    latency_us,
                };
                self.reporter.tell(at, done);
            }
            self.task_done(at);
        }
        let again = self.state.stream.below(REFETCH_ONE_IN) == 0;
        if !again && self.state.known.contains(&(input, digest)) {
            return;
        }
        match inference.output {
            Some(bytes) => self.output(at, input, bytes),
            None => self
                .state
                .queue
                .push_back(Question::FetchOutput { slot: input }),
        }
    }

    fn output(&mut self, at: BenchTime, input: u16, output: Arc<[u8]>) {
        let digest = reports::digest::crc32(&output);
        let is_new = self.state.known.insert((input, digest));
        let wrong = is_new && self.is_wrong(input, &output);
        self.reporter.tell(
            at,
            EventKind::OutputFetched {
                input,
                digest,
                output,
            },
        );
        if wrong {
            self.repeat(input, digest);
        }
    }

    async fn refused(&mut self, at: BenchTime, code: i32, text: &str) {
        let Some(asked) = self.state.asked.take() else {
            return;
        };
        let event = EventKind::Retried {
            asked: name(&asked.question).to_owned(),
            why: format!("refused: {code} {text}"),
        };
        self.reporter.tell(at, event);
        if asked.tries < TRIES {
            self.ask(asked.question, asked.tries + 1).await;
        } else {
            self.give_up(at, &asked);
        }
    }
}
