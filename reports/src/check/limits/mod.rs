//! `limits`: yellow and red limits that depend on phase, step, plateau or mode, with persistence,
//! in the manner of a control room (ECSS-E-ST-70-31C, monitoring data).
//!
//! A value outside its red limits for a number of samples in a row fails; outside its yellow
//! limits it is told. Where several contexts fit, the first that is written counts; outside all
//! of them the limits without a context do.

mod contexts;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use contexts::{Band, Bands, Contexts, Limits};
pub use contexts::{Condition, conditions};

use super::moments::{Moment, Moments};
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target, number};
use crate::event::{Event, EventKind};
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "limits",
    summary: "a channel keeps its yellow and red limits, which may depend on phase, step, plateau or mode",
    target: Target::Channel,
    options: &[
        number("red_min", "smallest value that is no alarm"),
        number("red_max", "largest value that is no alarm"),
        number("yellow_min", "smallest value that is no warning"),
        number("yellow_max", "largest value that is no warning"),
        OptionSpec {
            name: "contexts",
            kind: OptionKind::Text,
            default: Some(OptionDefault::Unset),
            help: "others by phase, step, window or state: `umbra & mode=full: red 20..36, yellow 22..34; hot: red ..40`",
        },
        OptionSpec {
            name: "samples",
            kind: OptionKind::Whole {
                min: 1.0,
                max: 1e6,
                unit: "",
            },
            default: Some(OptionDefault::Number(1.0)),
            help: "how many samples in a row must be outside to count",
        },
    ],
    validate: |options| Limits::of(options).map(|_| ()),
    build: |setup| Box::new(LimitCheck::new(setup)),
};

/// Moments in a row outside one colour's limits.
#[derive(Clone, Default)]
struct Excursion {
    count: u64,
    worst: Option<Seen>,
}

#[derive(Clone)]
struct LimitCheck {
    question: Question,
    moments: Moments,
    everywhere: Bands,
    contexts: Contexts,
    persistence: u64,
    red: Excursion,
    yellow: Excursion,
    /// The worst of what counts, or of what is inside.
    worst_red: Option<Seen>,
    worst_yellow: Option<Seen>,
    yellow_count: u64,
    forgiven: u64,
    window: usize,
}

impl LimitCheck {
    fn new(setup: &CheckSetup<'_>) -> LimitCheck {
        let limits = Limits::of(&setup.spec.options).unwrap_or_default();
        let question = Question::new(setup);
        LimitCheck {
            moments: Moments::new(&setup.spec),
            everywhere: limits.everywhere,
            contexts: Contexts::new(&limits.contexts, setup.header, setup.spec.subject),
            persistence: question.option("samples").unwrap_or(1.0) as u64,
            question,
            red: Excursion::default(),
            yellow: Excursion::default(),
            worst_red: None,
            worst_yellow: None,
            yellow_count: 0,
            forgiven: 0,
            window: 0,
        }
    }

    fn take(&mut self, moment: &Moment) {
        if moment.window != self.window {
            self.close();
            self.window = moment.window;
        }
        let bands = self.contexts.at(moment.at).unwrap_or(self.everywhere);
        let (red, yellow) = (seen(moment, bands.red), seen(moment, bands.yellow));
        if red.is_inside() {
            self.close_red();
            keep_worst(&mut self.worst_red, red);
        } else {
            self.red.count += 1;
            keep_worst(&mut self.red.worst, red);
        }
        if yellow.is_inside() {
            self.close_yellow();
        } else {
            self.yellow.count += 1;
            keep_worst(&mut self.yellow.worst, yellow);
        }
    }

    fn close(&mut self) {
        self.close_red();
        self.close_yellow();
    }

    /// Ends an excursion: it counts if it lasted.
    fn close_red(&mut self) {
        let Excursion { count, worst } = std::mem::take(&mut self.red);
        match worst {
            Some(worst) if count >= self.persistence => keep_worst(&mut self.worst_red, worst),
            Some(_) => self.forgiven += 1,
            None => {}
        }
    }

    fn close_yellow(&mut self) {
        let Excursion { count, worst } = std::mem::take(&mut self.yellow);
        if let Some(worst) = worst.filter(|_| count >= self.persistence) {
            keep_worst(&mut self.worst_yellow, worst);
            self.yellow_count += 1;
        }
    }

    fn sentence(&self, worst: &Seen) -> String {
        let question = &self.question;
        let (subject, when) = (question.subject(), question.when(worst.at));
        let told = if worst.value.is_nan() {
            format!("{subject} is not a number {when}")
        } else {
            format!("{subject} {} {when}", question.amount(worst.value))
        };
        if !worst.is_inside() {
            let limit = question.bound(worst.limit);
            return format!("{told}, outside its red limit of {limit}");
        }
        let warned = match &self.worst_yellow {
            None => String::new(),
            Some(yellow) => format!(
                "; {} times outside yellow limits, worst {} of {} {}",
                self.yellow_count,
                question.amount(yellow.value),
                question.bound(yellow.limit),
                question.when(yellow.at)
            ),
        };
        let excused = match self.forgiven {
            0 => String::new(),
            count => format!(
                "; {count} red excursions of fewer than {} samples",
                self.persistence
            ),
        };
        format!("{told} is nearest to its red limits{warned}{excused}")
    }
}

/// The nearer end of a band, and the room there is to it.
fn seen(moment: &Moment, band: Band) -> Seen {
    let at = |value: f64, limit: f64, margin: f64| Seen {
        at: moment.at,
        value,
        limit,
        margin,
    };
    let below = at(moment.low, band[0], moment.low - band[0]);
    let above = at(moment.high, band[1], band[1] - moment.high);
    if above.is_worse_than(&below) {
        above
    } else {
        below
    }
}

impl Check for LimitCheck {
    fn observe(&mut self, window: usize, event: &Event) {
        if let EventKind::Sampled { readings } = &event.kind {
            self.contexts.hear(event.at, readings);
        }
        if let Some(moment) = self.moments.push(window, event) {
            self.take(&moment);
        }
    }

    fn failing(&self) -> bool {
        self.worst_red.is_some_and(|worst| !worst.is_inside()) || self.red.count >= self.persistence
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        if let Some(moment) = self.moments.last() {
            self.take(&moment);
        }
        self.close();
        let (question, samples) = (&self.question, self.moments.samples);
        match self.worst_red {
            None if samples == 0 => question.unseen(),
            None => {
                let because = format!("{} was never inside its red limits", question.subject());
                question.finding(Verdict::Inconclusive, samples, because)
            }
            Some(worst) => {
                let inside = worst.is_inside();
                let verdict = if inside { Verdict::Pass } else { Verdict::Fail };
                let found = question.finding(verdict, samples, self.sentence(&worst));
                question.finding_at(found, &worst)
            }
        }
    }
}
