//! `limits`: yellow and red limits that depend on the phase or step, with persistence, in the
//! manner of a control room (ECSS-E-ST-70-31C, monitoring data).
//!
//! A value outside its red limits for a number of samples in a row fails; outside its yellow
//! limits it is told. Where several contexts fit, the first that is written counts; outside all
//! of them the limits without a context do.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::{BenchTime, Window};

use super::moments::{Moment, Moments};
use super::tally::{Question, Seen, keep_worst};
use super::{Check, CheckSetup, Kind, Target, number};
use crate::event::Event;
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "limits",
    summary: "a channel keeps its yellow and red limits, which may depend on phase or step",
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
            help: "others by phase or step: `umbra: red 20..36, yellow 22..34; soak: red ..40`",
        },
        OptionSpec {
            name: "samples",
            kind: OptionKind::Number {
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

/// From, to; infinite where open.
type Band = [f64; 2];

const OPEN: Band = [f64::NEG_INFINITY, f64::INFINITY];

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bands {
    yellow: Band,
    red: Band,
}

/// The limits without a context, and those of each.
struct Limits {
    everywhere: Bands,
    contexts: Vec<(String, Bands)>,
}

impl Limits {
    fn of(options: &Options) -> Result<Limits, String> {
        let band = |least: &str, most: &str| {
            let band = [
                options.number(least).unwrap_or(OPEN[0]),
                options.number(most).unwrap_or(OPEN[1]),
            ];
            (band[0] <= band[1]).then_some(band).ok_or_else(|| {
                let [low, high] = band;
                format!("{least} {low} is above {most} {high}")
            })
        };
        let everywhere = Bands {
            yellow: band("yellow_min", "yellow_max")?,
            red: band("red_min", "red_max")?,
        };
        let contexts = options.text("contexts").unwrap_or_default();
        let contexts: Result<Vec<_>, String> = contexts
            .split(';')
            .filter(|context| !context.trim().is_empty())
            .map(context)
            .collect();
        let limits = Limits {
            everywhere,
            contexts: contexts?,
        };
        let mut all = limits.contexts.iter().map(|(_, bands)| bands);
        let open = |bands: &Bands| bands.red == OPEN && bands.yellow == OPEN;
        if open(&limits.everywhere) && all.all(open) {
            return Err("needs a red or yellow limit, for all contexts or for one".to_owned());
        }
        Ok(limits)
    }
}

/// `umbra: red 20..36, yellow 22..34`.
fn context(text: &str) -> Result<(String, Bands), String> {
    let wrong = |what: &str| {
        let text = text.trim();
        format!("`{text}`: {what}; expected `context: red 20..36, yellow ..34`")
    };
    let (name, bands) = text.split_once(':').ok_or_else(|| wrong("no colon"))?;
    let mut told = Bands {
        yellow: OPEN,
        red: OPEN,
    };
    for part in bands.split(',') {
        let (colour, range) = part
            .trim()
            .split_once(' ')
            .ok_or_else(|| wrong("a colour without a range"))?;
        let (least, most) = range
            .split_once("..")
            .ok_or_else(|| wrong("a range without `..`"))?;
        let end = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => text
                .parse()
                .ok()
                .filter(|end: &f64| end.is_finite())
                .ok_or_else(|| wrong("an end that is no number")),
        };
        let band = [end(least, OPEN[0])?, end(most, OPEN[1])?];
        if band[0] > band[1] {
            return Err(wrong("a range that ends before it begins"));
        }
        match colour {
            "red" => told.red = band,
            "yellow" => told.yellow = band,
            _ => return Err(wrong("a colour that is neither red nor yellow")),
        }
    }
    Ok((name.trim().to_owned(), told))
}

/// Moments in a row outside one colour's limits.
#[derive(Default)]
struct Excursion {
    count: u64,
    worst: Option<Seen>,
}

struct LimitCheck {
    question: Question,
    moments: Moments,
    limits: Limits,
    /// Phases and steps, by the name that contexts have.
    places: Vec<(String, Window)>,
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
        let header = setup.header;
        let phases = header.phases.iter();
        let phases = phases.map(|interval| (interval.phase.name().to_owned(), interval.window));
        let steps = header.steps.iter();
        let steps = steps.map(|step| (step.name.clone(), step.window));
        let limits = Limits::of(&setup.spec.options).unwrap_or(Limits {
            everywhere: Bands {
                yellow: OPEN,
                red: OPEN,
            },
            contexts: Vec::new(),
        });
        let question = Question::new(setup);
        LimitCheck {
            moments: Moments::new(&setup.spec),
            limits,
            places: phases.chain(steps).collect(),
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

    fn bands(&self, at: BenchTime) -> Bands {
        let here = |name: &str| {
            let mut places = self.places.iter();
            places.any(|(place, window)| place == name && window.contains(at))
        };
        let mut contexts = self.limits.contexts.iter();
        let found = contexts.find(|(name, _)| here(name));
        found.map_or(self.limits.everywhere, |(_, bands)| *bands)
    }

    fn take(&mut self, moment: &Moment) {
        if moment.window != self.window {
            self.close();
            self.window = moment.window;
        }
        let bands = self.bands(moment.at);
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
        if let Some(moment) = self.moments.push(window, event) {
            self.take(&moment);
        }
    }

    fn failing(&self) -> bool {
        self.worst_red.is_some_and(|worst| !worst.is_inside()) || self.red.count >= self.persistence
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

#[cfg(test)]
mod tests {
    use super::*;
    use profiles::option::OptionValue;

    fn limits(contexts: &str) -> Result<Limits, String> {
        let mut options = Options::default();
        options.set("contexts", OptionValue::Text(contexts.to_owned()));
        Limits::of(&options)
    }

    #[test]
    fn contexts_are_read() {
        let limits = limits("umbra: red 20..36, yellow ..34; hot soak: yellow -5..").unwrap();
        let umbra = Bands {
            red: [20.0, 36.0],
            yellow: [f64::NEG_INFINITY, 34.0],
        };
        let soak = Bands {
            red: OPEN,
            yellow: [-5.0, f64::INFINITY],
        };
        let expected = [("umbra".to_owned(), umbra), ("hot soak".to_owned(), soak)];
        assert_eq!(limits.contexts, expected);
    }

    #[test]
    fn wrong_contexts_are_refused() {
        for (text, why) in [
            ("umbra red 1..2", "no colon"),
            ("umbra: red", "without a range"),
            ("umbra: red 1-2", "without `..`"),
            ("umbra: red a..2", "no number"),
            ("umbra: red 3..2", "ends before"),
            ("umbra: blue 1..2", "neither red nor yellow"),
            ("", "needs a red or yellow limit"),
        ] {
            let error = limits(text).err().unwrap();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
