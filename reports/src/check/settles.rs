//! `settles`: a channel reaches its target soon after each window opens, and stays there.

use profiles::option::{OptionKind, OptionSpec, Options};

use super::moments::{Moment, Moments};
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target};
use crate::event::Event;
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "settles",
    summary: "a channel reaches target ± tolerance in time, and stays",
    target: Target::Channel,
    options: &[
        OptionSpec {
            name: "target",
            kind: OptionKind::Number {
                min: f64::MIN,
                max: f64::MAX,
                unit: "",
            },
            default: None,
            help: "value to reach",
        },
        OptionSpec {
            name: "tolerance",
            kind: OptionKind::Number {
                min: 0.0,
                max: f64::MAX,
                unit: "",
            },
            default: None,
            help: "how far from the target is near enough",
        },
        OptionSpec {
            name: "within",
            kind: OptionKind::Duration,
            default: None,
            help: "how long it may take from the start of each window",
        },
    ],
    validate,
    build: |setup| Box::new(Settles::new(setup)),
};

fn validate(options: &Options) -> Result<(), String> {
    let missing = ["target", "tolerance", "within"]
        .into_iter()
        .find(|name| options.number(name).is_none());
    match missing {
        Some(name) => Err(format!("needs `{name}`")),
        None => Ok(()),
    }
}

#[derive(Clone)]
struct Settles {
    question: Question,
    moments: Moments,
    target: f64,
    tolerance: f64,
    within_us: u64,
    /// For each window, how many moments were judged.
    judged: Vec<u64>,
    worst: Option<Seen>,
    /// For each window, how long it took to come near for good, µs; `None` while it is away.
    settled: Vec<Option<u64>>,
}

impl Settles {
    fn new(setup: &CheckSetup<'_>) -> Settles {
        let question = Question::new(setup);
        let windows = setup.spec.windows.len();
        let number = |name| question.option(name).unwrap_or(0.0);
        Settles {
            moments: Moments::new(&setup.spec),
            target: number("target"),
            tolerance: number("tolerance"),
            within_us: (number("within") * 1e6) as u64,
            question,
            judged: vec![0; windows],
            worst: None,
            settled: vec![None; windows],
        }
    }

    fn take(&mut self, moment: &Moment) {
        let Some(named) = self.question.spec().windows.get(moment.window) else {
            return;
        };
        let elapsed = moment.at.micros_since(named.window.start);
        let farther = (moment.low - self.target).abs() > (moment.high - self.target).abs();
        let value = if farther { moment.low } else { moment.high };
        let side = if value < self.target { -1.0 } else { 1.0 };
        let seen = Seen {
            at: moment.at,
            value,
            limit: self.target + side * self.tolerance,
            margin: self.tolerance - (value - self.target).abs(),
        };
        let near = seen.is_inside();
        let settled = &mut self.settled[moment.window];
        *settled = near.then(|| settled.unwrap_or(elapsed));
        if elapsed >= self.within_us {
            self.judged[moment.window] += 1;
            keep_worst(&mut self.worst, seen);
        }
    }

    /// The first window in which nothing was seen after its time to settle.
    fn unjudged(&self) -> Option<String> {
        let place = self.judged.iter().position(|&count| count == 0)?;
        let named = &self.question.spec().windows[place];
        let since = named.window.start.plus_micros(self.within_us);
        let subject = self.question.subject();
        Some(if since >= named.window.end {
            format!(
                "{} from {} is shorter than the {} s that {subject} has to settle",
                named.name,
                named.window.start,
                self.within_us as f64 * 1e-6
            )
        } else {
            format!("no sample of {subject} in {} from {since} on", named.name)
        })
    }

    fn found(&self, found: Finding, worst: &Seen) -> Finding {
        Finding {
            expected: Some(self.target),
            ..self.question.finding_at(found, worst)
        }
    }

    fn sentence(&self, worst: &Seen) -> String {
        let question = &self.question;
        let goal = format!("{} ± {}", self.target, question.bound(self.tolerance));
        let (subject, value) = (question.subject(), question.amount(worst.value));
        let when = question.when(worst.at);
        if worst.is_inside() {
            let slowest = self.settled.iter().flatten().max().copied().unwrap_or(0);
            let seconds = slowest as f64 * 1e-6;
            return format!(
                "{subject} settles at {goal} within {seconds:.3} s; farthest {value} {when}"
            );
        }
        let within = self.within_us as f64 * 1e-6;
        format!("{subject} {value} not at {goal} {when}, {within} s or more after the start")
    }
}

impl Check for Settles {
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
        if samples == 0 {
            return question.unseen();
        }
        let failed = self.worst.filter(|worst| !worst.is_inside());
        match (failed, self.unjudged(), self.worst) {
            (Some(worst), ..) => {
                let found = question.finding(Verdict::Fail, samples, self.sentence(&worst));
                self.found(found, &worst)
            }
            (None, None, Some(worst)) => {
                let found = question.finding(Verdict::Pass, samples, self.sentence(&worst));
                self.found(found, &worst)
            }
            (None, unjudged, _) => {
                let because = unjudged.unwrap_or_else(|| "nothing was asked".to_owned());
                question.finding(Verdict::Inconclusive, samples, because)
            }
        }
    }
}
