//! `responds`: a workload's board answers every query in time.

use profiles::time::BenchTime;

use super::tally::Question;
use super::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "responds",
    summary: "every query of a workload is answered",
    target: Target::Workload,
    options: &[],
    validate: |_| Ok(()),
    build: |setup| Box::new(Responds::new(setup)),
};

#[derive(Clone)]
struct Responds {
    question: Question,
    answers: u64,
    silences: u64,
    first: Option<(BenchTime, u16, u64)>,
}

impl Responds {
    fn new(setup: &CheckSetup<'_>) -> Responds {
        let mut question = Question::new(setup);
        "unanswered".clone_into(&mut question.unit);
        Responds {
            question,
            answers: 0,
            silences: 0,
            first: None,
        }
    }
}

impl Check for Responds {
    fn observe(&mut self, _window: usize, event: &Event) {
        match &event.kind {
            EventKind::Inferred(_) => self.answers += 1,
            EventKind::NoResponse { input, waited_us } => {
                self.silences += 1;
                let silence = (event.at, *input, *waited_us);
                // The smallest, so that the order of silences of one time does not matter.
                self.first = Some(self.first.map_or(silence, |first| first.min(silence)));
            }
            _ => {}
        }
    }

    fn failing(&self) -> bool {
        self.silences > 0
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(self: Box<Self>) -> Finding {
        let question = &self.question;
        let (subject, samples) = (question.subject(), self.answers + self.silences);
        let told = |found: Finding| Finding {
            value: Some(self.silences as f64),
            limit: Some(0.0),
            margin: Some(-(self.silences as f64)),
            ..found
        };
        match self.first {
            None if samples == 0 => question.unseen(),
            None => {
                let because = format!("{subject} answered all of {samples} queries");
                told(question.finding(Verdict::Pass, samples, because))
            }
            Some((at, input, waited)) => {
                let because = format!(
                    "{subject} left {} of {samples} queries without an answer, first input {input} \
                     after {} ms {}",
                    self.silences,
                    waited / 1_000,
                    question.when(at)
                );
                let found = told(question.finding(Verdict::Fail, samples, because));
                Finding {
                    at: Some(at),
                    phase: question.place(at).map(str::to_owned),
                    ..found
                }
            }
        }
    }
}
