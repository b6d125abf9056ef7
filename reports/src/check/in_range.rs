//! `in_range`: a channel stays above `min` and below `max`.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::BenchTime;

use super::moments::{Moment, Moments};
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target, number};
use crate::event::Event;
use crate::rows::Rows;
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "in_range",
    summary: "a channel stays within min and max",
    target: Target::Channel,
    options: &[
        number("min", "smallest value allowed"),
        number("max", "largest value allowed"),
        OptionSpec {
            name: "hold",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Number(0.0)),
            help: "how long it must be outside to count; 0 s: every sample counts",
        },
        OptionSpec {
            name: "guard",
            kind: OptionKind::Choice(&["true", "false"]),
            default: Some(OptionDefault::Text("false")),
            help: "whether the limits are drawn in by the uncertainty of what measures",
        },
    ],
    validate,
    build: |setup| Box::new(InRange::new(setup)),
};

/// By how much `min` and `max` are drawn in, in the channel's unit: what the plan makes of `guard`
/// and the accuracy of the model (guarded acceptance, as JCGM 106 and ILAC-G8 have it).
pub const GUARD_MIN: &str = "guard_min";
/// See [`GUARD_MIN`].
pub const GUARD_MAX: &str = "guard_max";

fn validate(options: &Options) -> Result<(), String> {
    match (options.number("min"), options.number("max")) {
        (None, None) => Err("needs `min`, `max` or both".to_owned()),
        (Some(min), Some(max)) if min > max => Err(format!("min {min} is above max {max}")),
        _ => Ok(()),
    }
}

/// Consecutive moments outside.
#[derive(Clone)]
struct Excursion {
    window: usize,
    since: BenchTime,
    until: BenchTime,
    worst: Option<Seen>,
}

impl Excursion {
    /// How long it has lasted.
    fn seconds(&self) -> f64 {
        self.until.micros_since(self.since) as f64 * 1e-6
    }
}

/// What is nearer to neither limit than something else was.
#[derive(Clone, Copy)]
struct Calm {
    min: f64,
    max: f64,
    margin: f64,
}

impl Calm {
    /// Not a number is never calm.
    fn holds(self, low: f64, high: f64) -> bool {
        low - self.min > self.margin && self.max - high > self.margin
    }

    fn has(self, moment: &Moment) -> bool {
        self.holds(moment.low, moment.high)
    }

    /// How many of `values` are calm until one is not.
    fn ahead(self, values: &[f64]) -> usize {
        let is_calm = |value: &f64| self.holds(*value, *value);
        // Some at a time without a branch between them.
        let mut rest = values;
        while let Some((some, behind)) = rest.split_first_chunk::<32>()
            && some.iter().fold(true, |calm, value| calm & is_calm(value))
        {
            rest = behind;
        }
        let calm = rest.iter().position(|value| !is_calm(value));
        values.len() - rest.len() + calm.unwrap_or(rest.len())
    }
}

#[derive(Clone)]
struct InRange {
    question: Question,
    moments: Moments,
    min: f64,
    max: f64,
    hold: f64,
    guarded: bool,
    worst: Option<Seen>,
    excursion: Option<Excursion>,
    /// How many excursions were too short to count.
    forgiven: u64,
}

impl InRange {
    fn new(setup: &CheckSetup<'_>) -> InRange {
        let question = Question::new(setup);
        InRange {
            moments: Moments::new(&setup.spec),
            min: question.option("min").unwrap_or(f64::NEG_INFINITY)
                + question.option(GUARD_MIN).unwrap_or(0.0),
            max: question.option("max").unwrap_or(f64::INFINITY)
                - question.option(GUARD_MAX).unwrap_or(0.0),
            guarded: question.option(GUARD_MIN).is_some() || question.option(GUARD_MAX).is_some(),
            hold: question.option("hold").unwrap_or(0.0),
            question,
            worst: None,
            excursion: None,
            forgiven: 0,
        }
    }

    /// The nearer limit and the room there is to it.
    fn seen(&self, moment: &Moment) -> Seen {
        let below = Seen {
            at: moment.at,
            value: moment.low,
            limit: self.min,
            margin: moment.low - self.min,
        };
        let above = Seen {
            at: moment.at,
            value: moment.high,
            limit: self.max,
            margin: self.max - moment.high,
        };
        if above.is_worse_than(&below) {
            above
        } else {
            below
        }
    }

    /// What changes nothing, as nearly all does: nothing ends with it, and nothing is worse. `None` while
    /// everything counts.
    fn calm(&self) -> Option<Calm> {
        let worst = self.worst.filter(Seen::is_inside)?;
        self.excursion.is_none().then_some(Calm {
            min: self.min,
            max: self.max,
            margin: worst.margin,
        })
    }

    fn hear(&mut self, window: usize, at: BenchTime, value: f64) {
        if let Some(moment) = self.moments.hear(window, at, value) {
            self.over(&moment);
        }
    }

    /// A moment is over.
    fn over(&mut self, moment: &Moment) {
        if !self.calm().is_some_and(|calm| calm.has(moment)) {
            self.take(moment);
        }
    }

    /// How many of `values` come to nothing, and so may be left out. That holds whatever is told at the time
    /// of the last of them, too: beside what is news they are nearer to no limit.
    fn calm_ahead(&self, values: &[f64]) -> usize {
        let open = self.moments.open();
        let calm = self
            .calm()
            .filter(|calm| open.is_some_and(|open| calm.has(open)));
        calm.map_or(0, |calm| calm.ahead(values))
    }

    fn take(&mut self, moment: &Moment) {
        let seen = self.seen(moment);
        let outside = !seen.is_inside();
        if !outside
            || self
                .excursion
                .as_ref()
                .is_some_and(|e| e.window != moment.window)
        {
            self.close();
        }
        if !outside {
            keep_worst(&mut self.worst, seen);
            return;
        }
        let excursion = self.excursion.get_or_insert(Excursion {
            window: moment.window,
            since: moment.at,
            until: moment.at,
            worst: None,
        });
        excursion.until = moment.at;
        keep_worst(&mut excursion.worst, seen);
    }

    /// Ends an excursion: it counts if it lasted.
    fn close(&mut self) {
        let Some(excursion) = self.excursion.take() else {
            return;
        };
        match excursion.worst {
            Some(worst) if excursion.seconds() >= self.hold => keep_worst(&mut self.worst, worst),
            _ => self.forgiven += 1,
        }
    }

    fn range(&self) -> String {
        match (self.min.is_finite(), self.max.is_finite()) {
            (true, true) => format!(
                "{} to {}",
                self.question.bound(self.min),
                self.question.bound(self.max)
            ),
            (true, false) => format!("at least {}", self.question.bound(self.min)),
            _ => format!("at most {}", self.question.bound(self.max)),
        }
    }

    fn sentence(&self, seen: &Seen) -> String {
        let question = &self.question;
        let (subject, value) = (question.subject(), question.amount(seen.value));
        let (limit, when) = (question.bound(seen.limit), question.when(seen.at));
        let side = if seen.is_inside() {
            return format!(
                "{subject} stays in {}; nearest {value} {when}{}",
                self.range(),
                self.excused()
            );
        } else if seen.value.is_nan() {
            return format!("{subject} is not a number {when}, {} asked", self.range());
        } else if seen.value < self.min {
            "below"
        } else {
            "above"
        };
        let guarded = if self.guarded { " guarded" } else { "" };
        format!("{subject} {value} {side}{guarded} {limit} {when}")
    }

    fn excused(&self) -> String {
        let guard = if self.guarded {
            " (limits guarded by the uncertainty)"
        } else {
            ""
        };
        match self.forgiven {
            0 => guard.to_owned(),
            count => format!("{guard}; {count} excursions shorter than {} s", self.hold),
        }
    }
}

impl Check for InRange {
    fn observe(&mut self, window: usize, event: &Event) {
        if let Some(moment) = self.moments.push(window, event) {
            self.over(&moment);
        }
    }

    fn takes_rows(&self) -> bool {
        true
    }

    fn observe_rows(&mut self, window: usize, rows: &Rows<'_>) {
        let (times, Some(values)) = (rows.times(), rows.of(self.moments.channel())) else {
            return;
        };
        let mut row = 0;
        while let Some(value) = values.get(row) {
            self.hear(window, times[row], *value);
            row += 1;
            let calm = self.calm_ahead(&values[row..]);
            if calm > 0 {
                self.moments.pass(calm);
                row += calm;
            }
        }
    }

    fn failing(&self) -> bool {
        let counts = |excursion: &Excursion| excursion.seconds() >= self.hold;
        self.worst.is_some_and(|worst| !worst.is_inside())
            || self.excursion.as_ref().is_some_and(counts)
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
        match self.worst {
            None if samples == 0 => question.unseen(),
            None => {
                let excused = self.excused();
                let because = format!("{} was never in range{excused}", question.subject());
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
