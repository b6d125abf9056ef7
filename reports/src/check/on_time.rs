//! `on_time`: what a device tells by itself comes in its cycle.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::BenchTime;

use super::moments::Moments;
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target};
use crate::event::Event;
use crate::verdict::{Finding, Verdict};

/// Parts of a cycle that a reading may be later than it, where the campaign does not say: what
/// `bench can dump` calls late.
const SLACK: f64 = 0.5;

pub(super) const KIND: Kind = Kind {
    name: "on_time",
    summary: "a channel is told in each cycle, and not late",
    target: Target::Channel,
    options: &[
        OptionSpec {
            name: "every",
            kind: OptionKind::Duration,
            default: None,
            help: "the cycle in which it is told",
        },
        OptionSpec {
            name: "late",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Unset),
            help: "how much later than a cycle after the last one it may come; half a cycle if left out",
        },
    ],
    validate,
    build: |setup| Box::new(OnTime::new(setup)),
};

fn validate(options: &Options) -> Result<(), String> {
    match options.number("every") {
        Some(every) if every > 0.0 => Ok(()),
        Some(_) => Err("needs an `every` above 0".to_owned()),
        None => Err("needs `every`".to_owned()),
    }
}

#[derive(Clone)]
struct OnTime {
    question: Question,
    moments: Moments,
    every: f64,
    /// The longest time between two readings that is allowed, s.
    most: f64,
    /// For each window, when the channel was last told.
    last: Vec<Option<BenchTime>>,
    /// When the run was cut short.
    reached: BenchTime,
    worst: Option<Seen>,
    late: u64,
}

impl OnTime {
    fn new(setup: &CheckSetup<'_>) -> OnTime {
        let mut question = Question::new(setup);
        let every = question.option("every").unwrap_or(0.0);
        let late = question.option("late").unwrap_or(every * SLACK);
        "s".clone_into(&mut question.unit);
        OnTime {
            moments: Moments::new(&setup.spec),
            every,
            most: every + late,
            last: vec![None; setup.spec.windows.len()],
            reached: BenchTime::MAX,
            question,
            worst: None,
            late: 0,
        }
    }

    /// It was told, or the window ended, at `at`: how long that is after the last time.
    fn take(&mut self, window: usize, at: BenchTime) {
        let Some(named) = self.question.spec().windows.get(window) else {
            return;
        };
        // What was told before the window nobody saw: it begins as if that were just then.
        let before = self.last[window].unwrap_or(named.window.start);
        let value = at.micros_since(before) as f64 * 1e-6;
        let seen = Seen {
            at,
            value,
            limit: self.most,
            // Clocks tell microseconds.
            margin: ((self.most - value) * 1e6).round() * 1e-6,
        };
        self.late += u64::from(!seen.is_inside());
        keep_worst(&mut self.worst, seen);
        self.last[window] = Some(at);
    }
}

impl Check for OnTime {
    fn observe(&mut self, window: usize, event: &Event) {
        let before = self.moments.samples;
        self.moments.push(window, event);
        if self.moments.samples > before && self.last[window] != Some(event.at) {
            self.take(window, event.at);
        }
    }

    fn cut_short(&mut self, reached: BenchTime) {
        self.reached = reached;
    }

    fn failing(&self) -> bool {
        self.late > 0
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        let samples = self.moments.samples;
        if samples == 0 {
            return self.question.unseen();
        }
        let windows = &self.question.spec().windows;
        let ends: Vec<BenchTime> = windows
            .iter()
            .map(|named| named.window.end.min(self.reached))
            .collect();
        for (window, end) in ends.into_iter().enumerate() {
            // One that never came is as late as its window is long.
            if self.last[window].is_none_or(|last| last < end) {
                self.take(window, end);
            }
        }
        let question = &self.question;
        let (subject, every) = (question.subject(), self.every);
        let Some(worst) = self.worst else {
            return question.unseen();
        };
        let (value, when) = (question.amount(worst.value), question.when(worst.at));
        let (verdict, because) = if self.late == 0 {
            let because = format!(
                "{subject} is told each {every} s; at most {value} passed without it, {when}"
            );
            (Verdict::Pass, because)
        } else {
            let times = match self.late {
                1 => "once".to_owned(),
                late => format!("{late} times"),
            };
            let most = question.bound((self.most * 1e6).round() * 1e-6);
            let because = format!(
                "{subject} was late {times}: {value} passed without it {when}, at most {most} \
                 allowed at a cycle of {every} s"
            );
            (Verdict::Fail, because)
        };
        let found = question.finding(verdict, samples, because);
        question.finding_at(found, &worst)
    }
}
