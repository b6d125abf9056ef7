//! What a board's station knows: what was asked, what comes next, what was heard.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use drivers::accelerator::Question;
use drivers::device::Identity;
use profiles::command::PowerMode;
use profiles::seed::Stream;
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;

use super::flow::Flow;
use crate::plan::{BoardWork, Scenario};
use crate::run::mesh::Seat;

/// What a board's station knows.
pub(in crate::run) struct State {
    pub(super) work: Option<BoardWork>,
    pub(super) stream: Stream,
    /// Asked before the next query.
    pub(super) queue: VecDeque<Question>,
    pub(super) asked: Option<Asked>,
    pub(super) heard_at: Option<BenchTime>,
    /// Who it said it is.
    pub(super) identity: Option<Identity>,
    pub(super) working: bool,
    pub(super) mode: PowerMode,
    pub(super) loaded: bool,
    /// Queries so far.
    pub(super) queries: u32,
    /// The last error of its bus that was told, and when.
    pub(super) bus_error: Option<(BenchTime, String)>,
    /// Outputs that were fetched, by input and digest.
    pub(super) known: BTreeSet<(u16, u32)>,
    /// An input with a wrong output, while it is asked again.
    pub(super) repeats: Option<Repeats>,
    pub(super) flow: Flow,
    /// Its place in a mesh, from which its work comes then.
    pub(super) seat: Option<Seat>,
    /// What happened at that place, to be told.
    pub(super) tasks: Vec<EventKind>,
    /// How many wrong outputs were asked again.
    pub(super) repeated: u32,
}

/// An input that is asked again because its output was wrong.
pub(super) struct Repeats {
    pub(super) slot: u16,
    /// The digest of the output that was wrong.
    pub(super) digest: u32,
    pub(super) asked: u16,
    pub(super) left: u16,
    /// The digests of what came.
    pub(super) answers: Vec<u32>,
}

/// A question under way.
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) at: BenchTime,
    pub(super) deadline: BenchTime,
    pub(super) tries: u32,
}

impl State {
    pub(in crate::run) fn new(
        work: Option<BoardWork>,
        stream: Stream,
        seat: Option<Seat>,
    ) -> State {
        let flow = match &work {
            Some(work) => Flow::new(work.scenario, work.inputs.len()),
            None => Flow::new(Scenario::SingleStream, 0),
        };
        State {
            flow,
            seat,
            tasks: Vec::new(),
            work,
            stream,
            queue: VecDeque::new(),
            asked: None,
            heard_at: None,
            identity: None,
            working: false,
            mode: PowerMode::Full,
            loaded: false,
            queries: 0,
            bus_error: None,
            known: BTreeSet::new(),
            repeats: None,
            repeated: 0,
        }
    }

    /// The board forgot everything: tell it again.
    pub(super) fn start_over(&mut self) {
        self.queue.clear();
        self.asked = None;
        self.loaded = false;
        self.flow.lost();
        if self.identity.is_none() {
            self.queue.push_back(Question::Identify);
        }
        if self.mode != PowerMode::Full {
            self.queue.push_back(Question::Mode(self.mode));
        }
        if self.working {
            self.queue_inputs();
        }
    }

    pub(super) fn queue_inputs(&mut self) {
        let inputs = self.work.iter().flat_map(|work| work.inputs.iter());
        for (slot, bytes) in (0..).zip(inputs) {
            self.queue.push_back(Question::LoadInput {
                slot,
                bytes: Arc::clone(bytes),
            });
        }
    }

    /// The next question, if there is one to ask.
    pub(super) fn next(&mut self, now: BenchTime) -> Option<Question> {
        if let Some(question) = self.queue.pop_front() {
            return Some(question);
        }
        let inputs = self.work.as_ref().map_or(0, |work| work.inputs.len()) as u32;
        if !self.working || !self.loaded || inputs == 0 {
            return None;
        }
        if let Some(repeats) = &self.repeats {
            self.queries += 1;
            return Some(Question::Infer {
                query: self.queries - 1,
                slot: repeats.slot,
            });
        }
        if let Some(seat) = &mut self.seat {
            let slot = seat.next(now, &mut self.tasks)?;
            self.queries += 1;
            return Some(Question::Infer {
                query: self.queries - 1,
                slot,
            });
        }
        if !self.flow.asks(now, &mut self.stream) {
            return None;
        }
        let (query, drawn) = (self.queries, self.stream.below(u64::from(inputs)));
        self.queries += 1;
        let slot = if query < inputs { query } else { drawn as u32 };
        Some(Question::Infer {
            query,
            slot: slot as u16,
        })
    }

    pub(super) fn patience(&self, question: &Question) -> Period {
        match question {
            Question::LoadInput { .. } => Period::millis(30_000),
            Question::FetchOutput { .. } => Period::millis(10_000),
            Question::Infer { .. } => self
                .work
                .as_ref()
                .map_or(Period::millis(5_000), |work| work.deadline),
            Question::Identify | Question::Mode(_) | Question::Stop => Period::millis(2_000),
        }
    }
}

/// What a question is called in the record.
pub(super) fn name(question: &Question) -> &'static str {
    match question {
        Question::Identify => "identify",
        Question::LoadInput { .. } => "load input",
        Question::Infer { .. } => "infer",
        Question::FetchOutput { .. } => "fetch output",
        Question::Mode(_) => "power mode",
        Question::Stop => "stop",
    }
}
