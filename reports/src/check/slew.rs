//! `slew`: a channel changes no faster than allowed.

use std::collections::VecDeque;

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};

use super::moments::{Moment, Moments};
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target};
use crate::event::Event;
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "slew",
    summary: "a channel changes no faster than max_rate",
    target: Target::Channel,
    options: &[
        OptionSpec {
            name: "max_rate",
            kind: OptionKind::Number {
                min: 0.0,
                max: f64::MAX,
                unit: "1/min",
            },
            default: None,
            help: "fastest change allowed, in the channel's unit per minute, up or down",
        },
        OptionSpec {
            name: "span",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Number(60.0)),
            help: "over how long the change is measured, so that noise is not taken for it",
        },
    ],
    validate,
    build: |setup| Box::new(Slew::new(setup)),
};

fn validate(options: &Options) -> Result<(), String> {
    match options.number("max_rate") {
        Some(_) => Ok(()),
        None => Err("needs `max_rate`".to_owned()),
    }
}

#[derive(Clone)]
struct Slew {
    question: Question,
    moments: Moments,
    max_rate: f64,
    span_us: u64,
    /// The moments of the last span, and the one before them.
    recent: VecDeque<Moment>,
    worst: Option<Seen>,
}

impl Slew {
    fn new(setup: &CheckSetup<'_>) -> Slew {
        let mut question = Question::new(setup);
        // A change of temperature is told in kelvins.
        let unit = if question.unit == "°C" {
            "K"
        } else {
            &question.unit
        };
        question.unit = format!("{unit}/min");
        Slew {
            moments: Moments::new(&setup.spec),
            max_rate: question.option("max_rate").unwrap_or(0.0),
            span_us: (question.option("span").unwrap_or(0.0) * 1e6) as u64,
            question,
            recent: VecDeque::new(),
            worst: None,
        }
    }

    fn take(&mut self, moment: &Moment) {
        if self
            .recent
            .back()
            .is_some_and(|last| last.window != moment.window)
        {
            self.recent.clear();
        }
        let is_past = |then: &Moment| moment.at.micros_since(then.at) >= self.span_us;
        while self.recent.get(1).is_some_and(is_past) {
            self.recent.pop_front();
        }
        if let Some(then) = self.recent.front().filter(|then| is_past(then)) {
            let minutes = moment.at.micros_since(then.at) as f64 / 6e7;
            let (up, down) = (moment.high - then.low, moment.low - then.high);
            let change = if up.abs() >= down.abs() { up } else { down };
            let rate = change / minutes;
            let seen = Seen {
                at: moment.at,
                value: rate,
                limit: self.max_rate.copysign(rate),
                margin: self.max_rate - rate.abs(),
            };
            keep_worst(&mut self.worst, seen);
        }
        self.recent.push_back(*moment);
    }
}

impl Check for Slew {
    fn observe(&mut self, window: usize, event: &Event) {
        if let Some(moment) = self.moments.push(window, event) {
            self.take(&moment);
        }
    }

    fn failing(&self) -> bool {
        self.worst.is_some_and(|worst| !worst.is_inside())
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        if let Some(moment) = self.moments.last() {
            self.take(&moment);
        }
        let (question, samples) = (&self.question, self.moments.samples);
        let (subject, span) = (question.subject(), self.span_us as f64 * 1e-6);
        let Some(worst) = self.worst else {
            if samples == 0 {
                return question.unseen();
            }
            let because = format!("no two samples of {subject} lie {span} s apart in one window");
            return question.finding(Verdict::Inconclusive, samples, because);
        };
        let inside = worst.is_inside();
        let verdict = if inside { Verdict::Pass } else { Verdict::Fail };
        let because = format!(
            "{subject} changes by {} over {span} s {}, at most {} allowed",
            question.amount(worst.value),
            question.when(worst.at),
            question.bound(self.max_rate)
        );
        question.finding_at(question.finding(verdict, samples, because), &worst)
    }
}
