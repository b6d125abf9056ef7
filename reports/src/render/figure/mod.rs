//! Figures: what the charts of a report show, as plain data. A figure knows values, labels and
//! styles; where they land on a page is the chart's business.

mod boxes;
mod build;
mod curves;
mod exhibit;
mod heat;
mod histogram;
mod inference;
mod margins;
mod others;
mod power;
mod spoken;
mod spread;
mod states;

use profiles::phase::PhaseInterval;
use serde::Serialize;

pub use build::time_axis;
pub use curves::{Moment, curves, told_of};
pub use exhibit::{Colour, DIFFERS, Drawing, Raster, Shown, exhibit};
pub use heat::heat;
pub use histogram::{Histogram, spoken_histograms};
pub use inference::inference;
pub use margins::{Bar, margins};
pub(crate) use others::letter;
pub use others::{Lane, Mark, others, story};
pub use power::{orbit_power, supply_power};
pub use spoken::{spoken, spoken_bars, spoken_lanes, spoken_panel, spoken_strips};
pub use spread::spread;
pub use states::{Span, Strip, states, windows};

/// A stack of panels over one time axis.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// The time axis.
    pub time: TimeAxis,
    /// The panels, from the top.
    pub panels: Vec<Panel>,
}

/// The time axis: bench time in seconds, with the eclipses.
#[derive(Clone, Debug, Serialize)]
pub struct TimeAxis {
    /// Where it ends, in seconds; it begins at T0.
    pub end: f64,
    /// UTC at T0 on the orbit, if there is one.
    pub epoch: Option<String>,
    /// Phases that are not sunlit.
    pub eclipses: Vec<PhaseInterval>,
    /// What it counts, one by one, where it is no time: `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<String>,
    /// What it measures where it is neither time nor a count: the voltage of a curve, a margin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
}

/// What an axis measures that is no time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// Where it begins, in its unit.
    pub begin: f64,
    /// What it is, with its unit: `voltage / V`.
    pub caption: String,
}

impl TimeAxis {
    /// An axis of something else than time, from `begin` to `end`.
    pub fn of_measure(caption: String, begin: f64, end: f64) -> TimeAxis {
        TimeAxis {
            end,
            epoch: None,
            eclipses: Vec::new(),
            counts: None,
            measure: Some(Measure { begin, caption }),
        }
    }

    /// Where a value lies between begin and end: 0 to 1.
    pub(crate) fn share(&self, at: f64) -> f64 {
        let begin = self.measure.as_ref().map_or(0.0, |measure| measure.begin);
        ((at - begin) / (self.end - begin)).clamp(0.0, 1.0)
    }

    /// How long a figure tells of, in words.
    pub(crate) fn length(&self) -> String {
        match (&self.counts, &self.measure) {
            (Some(what), _) => super::words::several((self.end - 1.0).max(0.0) as u64, what),
            (None, Some(measure)) => {
                let [from, to] = [measure.begin, self.end].map(super::words::number);
                format!("{} from {from} to {to}", measure.caption)
            }
            (None, None) => super::words::duration(self.end),
        }
    }
}

/// One panel: one quantity.
#[derive(Clone, Debug, Serialize)]
pub struct Panel {
    /// What the axis shows: `bus voltage`.
    pub quantity: String,
    /// Symbol of its unit.
    pub unit: String,
    /// Its share of the figure's height.
    pub weight: f64,
    /// Whether the axis must begin at zero.
    pub with_zero: bool,
    /// What is drawn.
    pub traces: Vec<Trace>,
    /// Limits of checks.
    pub limits: Vec<Limit>,
    /// What goldens expect.
    pub bands: Vec<Band>,
    /// Worst values that checks found.
    pub worst: Vec<Spot>,
}

/// How a trace is drawn: colour, weight and dashes differ together, so that any one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pen {
    /// Blue, solid, heavy.
    First,
    /// Vermilion, long dashes.
    Second,
    /// Bluish green, dash and dot.
    Third,
    /// Purple, dots.
    Fourth,
    /// Thin, black, short dashes: what was commanded.
    Command,
}

impl Pen {
    /// The pen of the trace at `place`.
    pub fn at(place: usize) -> Pen {
        [Pen::First, Pen::Second, Pen::Third, Pen::Fourth][place % 4]
    }
}

/// One line with what it hides.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// Its name beside the panel.
    pub label: String,
    /// How it is drawn.
    pub pen: Pen,
    /// Stretches of means, as `(seconds, value)`; a gap lies between two of them.
    #[serde(serialize_with = "told::lines")]
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Every extreme, as `(seconds, min, max)`; empty where the means say it all.
    #[serde(serialize_with = "told::extremes")]
    pub extremes: Vec<(f64, f64, f64)>,
}

/// A limit of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// Its name beside the panel.
    pub label: String,
    /// The limit.
    pub value: f64,
    /// When it holds, as `(from, to)` in seconds.
    pub during: Vec<(f64, f64)>,
}

/// What a golden expects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// From when, in seconds.
    pub from: f64,
    /// To when.
    pub to: f64,
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
}

/// The worst value that a check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spot {
    /// When, in seconds.
    pub at: f64,
    /// Which value.
    pub value: f64,
    /// The value as text.
    pub label: String,
}

impl Figure {
    /// Whether it shows nothing.
    pub fn is_empty(&self) -> bool {
        self.panels.is_empty()
    }
}

/// How snapshots tell long lines: by their length and a few of their points.
mod told {
    use serde::{Serialize, Serializer};

    fn few<T: Copy>(points: &[T]) -> Vec<T> {
        let step = points.len().div_ceil(6).max(1);
        points.iter().step_by(step).copied().collect()
    }

    fn short(value: f64) -> f64 {
        (value * 1e4).round() / 1e4
    }

    #[derive(Serialize)]
    struct Told<T> {
        points: usize,
        some: Vec<T>,
    }

    pub(super) fn lines<S: Serializer>(
        lines: &[Vec<(f64, f64)>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let told = lines.iter().map(|line| {
            let some = few(line).into_iter();
            Told {
                points: line.len(),
                some: some.map(|(t, y)| (short(t), short(y))).collect(),
            }
        });
        serializer.collect_seq(told)
    }

    pub(super) fn extremes<S: Serializer>(
        points: &[(f64, f64, f64)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let some = few(points).into_iter();
        let some: Vec<_> = some
            .map(|(t, a, b)| (short(t), short(a), short(b)))
            .collect();
        Told {
            points: points.len(),
            some,
        }
        .serialize(serializer)
    }
}
