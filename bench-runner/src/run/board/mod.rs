//! The station of a board: hears everything it tells, and feeds it its workload.
//!
//! The workload is MLPerf's single stream: the next query goes out when the last is answered.
//! Each input is asked once in order, so that every golden is held against something; then
//! inputs are drawn at random with the campaign's seed. An output that was not seen before is
//! fetched whole, and so is one in a while that was.

mod answers;
mod flow;
mod repeats;
mod returning;
mod state;
mod tasks;

use bytes::Bytes;
use drivers::accelerator::{Accelerator, Heard, Question};
use drivers::clock::{Alarm, Clock};
use drivers::link::{Arrival, Link};
use profiles::command::{Command, Work};
use profiles::name::DeviceName;
use profiles::reading::Reading;
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;
use tokio::sync::mpsc::Receiver;

use returning::Recovery;
pub(super) use state::State;
use state::{Asked, name};

use super::station::{Order, Raised, Reporter, Task};
use super::way::Way;

/// A board that told nothing for this long is not asked anything.
const ALIVE: Period = Period::millis(3_000);
/// Tries of a question that is not a query.
const TRIES: u32 = 3;
/// One known output in so many is fetched again: the board must not only answer right once.
const REFETCH_ONE_IN: u64 = 256;

/// The station of one board.
pub(super) struct BoardStation {
    pub(super) name: DeviceName,
    /// The serial number that the wiring asks for.
    pub(super) serial: Option<String>,
    pub(super) way: Way,
    pub(super) accelerator: Box<dyn Accelerator>,
    pub(super) link: Link,
    pub(super) clock: Clock,
    pub(super) orders: Receiver<Order>,
    pub(super) reporter: Reporter,
    pub(super) state: State,
}

impl BoardStation {
    /// Looks after the board until it is told to leave it safe.
    pub(super) async fn run(mut self) {
        if let Some(needs) = self.accelerator.bus_needs()
            && let Err(error) = self.link.need(needs)
        {
            self.lost(&error.to_string()).await;
            return self.make_safe(&mut Vec::new()).await;
        }
        self.reporter.raise(Raised::Ready).await;
        if self.accelerator.is_quiet() {
            // One that has power already says so only if it is asked.
            self.state.start_over();
            self.ask_next().await;
        }
        let mut heard = Vec::new();
        let mut alarm = Alarm::new(self.clock);
        loop {
            let deadline = self
                .state
                .asked
                .as_ref()
                .map_or(BenchTime::MAX, |asked| asked.deadline);
            let wakes = self.wakes();
            let went_on = tokio::select! {
                biased;
                order = self.orders.recv() => self.order(order),
                arrival = self.link.receive() => match arrival {
                    Ok(arrival) => self.hear(&arrival, &mut heard).await,
                    Err(error) => self.lost(&error.to_string()).await,
                },
                () = alarm.at(deadline.min(wakes)) => deadline > wakes || self.timed_out().await,
            };
            if !went_on {
                break;
            }
            self.ask_next().await;
        }
        self.make_safe(&mut heard).await;
    }

    /// The line is gone; `false` if it does not come back, or the board is to be left safe.
    async fn lost(&mut self, why: &str) -> bool {
        match self.recover(why).await {
            Recovery::Back => true,
            Recovery::Ended => false,
            Recovery::Gone(why) => self.failed(&why).await,
        }
    }

    async fn failed(&mut self, why: &str) -> bool {
        self.reporter.tell(
            self.clock.now(),
            EventKind::DeviceFailed {
                why: why.to_owned(),
            },
        );
        let why = format!("{}: {why}", self.name);
        self.reporter.raise(Raised::Fault(why)).await;
        while let Some(Order::Apply { .. }) = self.orders.recv().await {}
        false
    }

    /// Takes an order; `false` at the end.
    fn order(&mut self, order: Option<Order>) -> bool {
        let Some(Order::Apply { at, task }) = order else {
            return false;
        };
        // A board plays no lists.
        let Task::Tell(command) = task else {
            return true;
        };
        match &command {
            Command::Accelerator(Work::Start) => {
                self.state.working = true;
                if !self.state.loaded {
                    self.state.queue_inputs();
                }
            }
            Command::Accelerator(Work::Stop) => {
                self.state.working = false;
                self.state.flow.stop();
                self.task_not_begun("its board was told to stop");
            }
            Command::Accelerator(Work::Mode(mode)) => {
                self.state.mode = *mode;
                self.state.queue.push_back(Question::Mode(*mode));
            }
            Command::Inject(_)
            | Command::Supply { .. }
            | Command::Curve(_)
            | Command::SupplyOutput(_)
            | Command::Load(_)
            | Command::LoadInput(_)
            | Command::Chamber { .. }
            | Command::Attenuate(_) => {}
        }
        let now = self.clock.now();
        let late_us = now.micros_since(at);
        self.reporter
            .tell(now, EventKind::SetPointApplied { command, late_us });
        true
    }

    async fn hear(&mut self, arrival: &Arrival, heard: &mut Vec<Heard>) -> bool {
        let mut owed = Vec::new();
        self.accelerator
            .hear(arrival.at, &arrival.chunk, heard, &mut owed);
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
        !self.accelerator.is_quiet() && self.state.heard_at.is_none_or(|heard| heard + ALIVE < now)
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

    /// Asks no more. Only a query counts as unanswered: an input that could not be loaded or an
    /// output that could not be fetched is trouble of another kind, and is tried again later.
    fn give_up(&mut self, now: BenchTime, asked: &Asked) {
        match &asked.question {
            Question::Infer { slot, .. } => {
                let waited_us = now.micros_since(asked.at);
                let slot = *slot;
                self.reporter.tell(
                    now,
                    EventKind::NoResponse {
                        input: slot,
                        waited_us,
                    },
                );
                if !self.repeated(now, slot, None) {
                    self.state.flow.lost();
                    self.task_failed(now, "its board gave no answer");
                }
            }
            question => {
                let why = format!("given up after {TRIES} tries");
                let asked = name(question).to_owned();
                self.reporter.tell(now, EventKind::Retried { asked, why });
            }
        }
        if matches!(asked.question, Question::LoadInput { .. }) {
            self.state.queue.push_back(asked.question.clone());
        }
    }

    /// A query that the board will never answer, because it started anew.
    fn unanswered(&mut self, at: BenchTime) {
        if let Some(asked) = self.state.asked.take()
            && matches!(asked.question, Question::Infer { .. })
        {
            self.give_up(at, &asked);
        }
    }

    /// When the next query arrives, if nothing else keeps it from being asked.
    fn wakes(&self) -> BenchTime {
        let state = &self.state;
        let idle = state.asked.is_none() && state.working && state.loaded;
        let now = self.clock.now();
        if let Some(seat) = &state.seat
            && idle
            && (seat.holds() || !self.is_silent(now))
        {
            seat.wakes(now)
        } else if idle && !self.is_silent(now) {
            state.flow.wakes()
        } else {
            BenchTime::MAX
        }
    }

    async fn ask_next(&mut self) {
        if self.is_silent(self.clock.now()) {
            self.task_not_begun("its board fell silent");
        }
        if self.state.asked.is_none()
            && !self.is_silent(self.clock.now())
            && let Some(question) = self.state.next(self.clock.now())
        {
            self.ask(question, 1).await;
        }
        self.tell_tasks(self.clock.now());
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
        let mut at = BenchTime::ZERO;
        for chunk in chunks {
            // A closed link is met again, and told, at the next receive.
            if self.link.send_at(at, chunk).await.is_err() {
                return;
            }
            let pause = u64::from(self.accelerator.pause_us());
            if pause > 0 {
                at = self.clock.now().max(at).plus_micros(pause);
            }
        }
    }

    /// Stops the board's work. A board that does not answer is made safe by its supply.
    async fn make_safe(&mut self, heard: &mut Vec<Heard>) {
        self.state.working = false;
        self.end_repeats(self.clock.now());
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
        let now = self.clock.now();
        if alive && self.state.asked.is_none() {
            self.reporter.tell(now, EventKind::MadeSafe);
        } else if self.state.heard_at.is_some() {
            let why = "the board is silent; its supply makes it safe".to_owned();
            self.reporter.tell(
                now,
                EventKind::Retried {
                    asked: "stop".to_owned(),
                    why,
                },
            );
        }
        self.reporter
            .raise(Raised::Left(self.reporter.device, Ok(())))
            .await;
    }
}
