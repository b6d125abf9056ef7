//! The station of a board: hears everything it tells, and feeds it its workload.
//!
//! The workload is MLPerf's single stream: the next query goes out when the last is answered.
//! Each input is asked once in order, so that every golden is held against something; then
//! inputs are drawn at random with the campaign's seed. An output that was not seen before is
//! fetched whole, and so is one in a while that was.

mod state;

use std::sync::Arc;

use bytes::Bytes;
use drivers::accelerator::{Accelerator, Heard, Inference, Question};
use drivers::clock::{Alarm, Clock};
use drivers::device::Identity;
use drivers::link::{Arrival, Link};
use profiles::command::{Command, Fault, Work};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Period};
use reports::event::{EventKind, Inferred};
use tokio::sync::mpsc::{Receiver, Sender};

pub(super) use state::State;
use state::{Asked, name};

use super::station::{Order, Raised, Reporter};

/// A board that told nothing for this long is not asked anything.
const ALIVE: Period = Period::millis(3_000);
/// Tries of a question that is not a query.
const TRIES: u32 = 3;
/// One known output in so many is fetched again: the board must not only answer right once.
const REFETCH_ONE_IN: u64 = 256;

/// The station of one board.
pub(super) struct BoardStation {
    pub(super) accelerator: Box<dyn Accelerator>,
    pub(super) link: Link,
    pub(super) faults: Sender<Fault>,
    pub(super) clock: Clock,
    pub(super) orders: Receiver<Order>,
    pub(super) reporter: Reporter,
    pub(super) state: State,
}

impl BoardStation {
    /// Looks after the board until it is told to leave it safe.
    pub(super) async fn run(mut self) {
        self.reporter.raise(Raised::Ready).await;
        let mut heard = Vec::new();
        let mut alarm = Alarm::new(self.clock);
        loop {
            let deadline = self
                .state
                .asked
                .as_ref()
                .map_or(BenchTime::MAX, |asked| asked.deadline);
            let went_on = tokio::select! {
                biased;
                order = self.orders.recv() => self.order(order).await,
                arrival = self.link.receive() => match arrival {
                    Ok(arrival) => self.hear(&arrival, &mut heard).await,
                    Err(error) => self.lost(&error.to_string()).await,
                },
                () = alarm.at(deadline) => self.timed_out().await,
            };
            if !went_on {
                break;
            }
            self.ask_next().await;
        }
        self.make_safe(&mut heard).await;
    }

    async fn lost(&mut self, why: &str) -> bool {
        self.reporter.tell(
            self.clock.now(),
            EventKind::DeviceFailed {
                why: why.to_owned(),
            },
        );
        self.reporter.raise(Raised::Fault(why.to_owned())).await;
        while let Some(Order::Apply { .. }) = self.orders.recv().await {}
        false
    }

    /// Takes an order; `false` at the end.
    async fn order(&mut self, order: Option<Order>) -> bool {
        let Some(Order::Apply { at, command }) = order else {
            return false;
        };
        match &command {
            Command::Accelerator(Work::Start) => {
                self.state.working = true;
                if !self.state.loaded {
                    self.state.queue_inputs();
                }
            }
            Command::Accelerator(Work::Stop) => self.state.working = false,
            Command::Accelerator(Work::Mode(mode)) => {
                self.state.mode = *mode;
                self.state.queue.push_back(Question::Mode(*mode));
            }
            Command::Inject(fault) => {
                let _emulator_gone = self.faults.send(fault.clone()).await;
            }
            Command::Supply { .. } | Command::SupplyOutput(_) | Command::Chamber { .. } => {}
        }
        let now = self.clock.now();
        let late_us = now.micros_since(at);
        self.reporter
            .tell(now, EventKind::SetPointApplied { command, late_us });
        true
    }

    async fn hear(&mut self, arrival: &Arrival, heard: &mut Vec<Heard>) -> bool {
        let mut owed = Vec::new();
        self.accelerator.hear(&arrival.chunk, heard, &mut owed);
        self.send(owed).await;
        let mut readings: Vec<Reading> = Vec::new();
        for what in heard.drain(..) {
            match what {
                Heard::Reading(reading) => readings.push(reading),
                what => self.heard(arrival.at, what).await,
            }
        }
        if !readings.is_empty() {
            let was_silent = self.is_silent(arrival.at);
            self.state.heard_at = Some(arrival.at);
            self.reporter.sampled(arrival.at, &readings);
            if was_silent && self.state.asked.is_none() && self.state.queries == 0 {
                self.state.start_over();
            }
        }
        true
    }

    fn is_silent(&self, now: BenchTime) -> bool {
        self.state.heard_at.is_none_or(|heard| heard + ALIVE < now)
    }

    async fn heard(&mut self, at: BenchTime, what: Heard) {
        match what {
            Heard::Reading(_) => {}
            Heard::Damaged(damage) => {
                self.reporter.tell(at, EventKind::Damaged { damage });
            }
            Heard::Booted => {
                self.reporter.tell(at, EventKind::Booted);
                self.state.heard_at = Some(at);
                self.unanswered(at);
                self.state.start_over();
            }
            Heard::Identity(identity) => self.identified(at, identity),
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
            Heard::Refused { code, text } => self.refused(at, code, &text).await,
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

    fn identified(&mut self, at: BenchTime, identity: Identity) {
        self.answers(|asked| matches!(asked, Question::Identify));
        if !self.state.identified {
            self.state.identified = true;
            let Identity {
                maker,
                model,
                serial,
                firmware,
            } = identity;
            let event = EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            };
            self.reporter.tell(at, event);
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
        });
        self.reporter.tell(at, event);
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
        self.state.known.insert((input, digest));
        self.reporter.tell(
            at,
            EventKind::OutputFetched {
                input,
                digest,
                output,
            },
        );
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

    /// The time for an answer is over.
    async fn timed_out(&mut self) -> bool {
        let now = self.clock.now();
        let Some(asked) = self.state.asked.take() else {
            return true;
        };
        let query = matches!(asked.question, Question::Infer { .. });
        if query || asked.tries >= TRIES {
            self.give_up(now, &asked);
        } else {
            let why = format!("no answer within {}", self.state.patience(&asked.question));
            let asked_what = name(&asked.question).to_owned();
            self.reporter.tell(
                now,
                EventKind::Retried {
                    asked: asked_what,
                    why,
                },
            );
            self.ask(asked.question, asked.tries + 1).await;
        }
        true
    }

    fn give_up(&mut self, now: BenchTime, asked: &Asked) {
        let input = match asked.question {
            Question::Infer { slot, .. }
            | Question::LoadInput { slot, .. }
            | Question::FetchOutput { slot } => slot,
            Question::Identify | Question::Mode(_) | Question::Stop => return,
        };
        let waited_us = now.micros_since(asked.at);
        self.reporter
            .tell(now, EventKind::NoResponse { input, waited_us });
    }

    /// A query that the board will never answer, because it started anew.
    fn unanswered(&mut self, at: BenchTime) {
        if let Some(asked) = self.state.asked.take()
            && matches!(asked.question, Question::Infer { .. })
        {
            self.give_up(at, &asked);
        }
    }

    async fn ask_next(&mut self) {
        if self.state.asked.is_none()
            && !self.is_silent(self.clock.now())
            && let Some(question) = self.state.next()
        {
            self.ask(question, 1).await;
        }
    }

    async fn ask(&mut self, question: Question, tries: u32) {
        let mut chunks = Vec::new();
        self.accelerator.ask(&question, &mut chunks);
        self.send(chunks).await;
        let at = self.clock.now();
        let deadline = at + self.state.patience(&question);
        self.state.asked = Some(Asked {
            question,
            at,
            deadline,
            tries,
        });
    }

    async fn send(&mut self, chunks: Vec<Bytes>) {
        for chunk in chunks {
            // A closed link is met again, and told, at the next receive.
            if self.link.send(chunk).await.is_err() {
                return;
            }
        }
    }

    /// Stops the board's work. A board that does not answer is made safe by its supply.
    async fn make_safe(&mut self, heard: &mut Vec<Heard>) {
        self.state.working = false;
        self.state.queue.clear();
        let alive = !self.is_silent(self.clock.now());
        if alive {
            self.ask(Question::Stop, 1).await;
            let deadline = self.clock.now() + Period::millis(2_000);
            while self.state.asked.is_some() {
                match self.clock.until(deadline, self.link.receive()).await {
                    Some(Ok(arrival)) => {
                        self.hear(&arrival, heard).await;
                    }
                    Some(Err(_)) | None => break,
                }
            }
        }
        let stopped = self.state.asked.is_none();
        if alive && stopped {
            self.reporter.tell(self.clock.now(), EventKind::MadeSafe);
        }
        self.reporter
            .raise(Raised::Left(self.reporter.device, Ok(())))
            .await;
    }
}
