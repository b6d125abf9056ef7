//! A Monte Carlo study: how every margin is distributed over its runs, and with what it goes.

use super::super::figure::{Bar, Figure, Panel, Pen, TimeAxis, Trace};
use super::super::frame::Frame;
use super::super::html;
use super::super::pdf::{self, Block, Fonts, PdfError, Row, Table, digests, numbers, text};
use super::super::words::{number, quantity, several};
use crate::statistics::Correlation;
use crate::verdict::Verdict;

/// Histograms, bars of what goes with what, and commands at most.
const HISTOGRAMS: usize = 24;
const BARS: usize = 40;
const COMMANDS: usize = 30;
/// Height of a histogram, points.
const HEIGHT: f32 = 118.0;

/// A study that was flown.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// The campaign.
    pub campaign: String,
    /// What made the report: `bench 0.1.0`.
    pub made_by: String,
    /// What tells it from other studies: SHA-256 of all that was asked.
    pub id: String,
    /// What it says.
    pub verdict: Verdict,
    /// The reason, in a sentence or two.
    pub because: String,
    /// How many runs were flown, and how many of them did not pass.
    pub runs: (u64, u64),
    /// What draws.
    pub seed: u64,
    /// What was varied.
    pub inputs: Vec<Input>,
    /// The checks, in the campaign's order.
    pub checks: Vec<Check>,
}

/// What was varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Where it stands in the campaign.
    pub key: String,
    /// From what it was drawn.
    pub distribution: String,
    /// The least and the greatest that was drawn, as written.
    pub drawn: Option<(String, String)>,
}

/// A check over all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Unit of its margins; may be empty.
    pub unit: String,
    /// Runs in which it failed, and could not say.
    pub failed: u64,
    /// Runs in which it could not say.
    pub inconclusive: u64,
    /// The share that failed, of the runs in which it could say.
    pub share: f64,
    /// From where to where that lies at 95 % (Clopper and Pearson).
    pub interval: [f64; 2],
    /// Least margin, 5 %, median, 95 %, greatest; none if it has no margins.
    pub spread: Option<[f64; 5]>,
    /// How many margins lie in each of equal steps from the least to the greatest.
    pub histogram: Vec<u64>,
    /// The run with the least margin, its seed, and the command that runs it alone.
    pub worst: Option<(u64, u64, String)>,
    /// With which of [`Study::inputs`] the margin goes, by their places (Spearman's ρ).
    pub goes_with: Vec<(usize, Correlation)>,
}

impl Study {
    /// The report as a PDF. It has no date, so that the same study gives the same bytes; it is PDF/UA-1.
    ///
    /// # Errors
    /// If the document cannot be put together.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        let fonts = Fonts::new();
        pdf::document(&fonts, &self.frame(), &self.blocks(&fonts))
    }

    /// The report for a browser.
    pub fn html(&self) -> String {
        let fonts = Fonts::new();
        html::page(&self.frame(), &self.blocks(&fonts))
    }

    fn frame(&self) -> Frame {
        let runs = several(self.runs.0, "run");
        let short = self.id.get(..12).unwrap_or(&self.id);
        Frame {
            title: format!("{}: Monte Carlo, {runs}", self.campaign),
            description: "How margins are distributed over runs with other values".to_owned(),
            left: self.campaign.clone(),
            right: format!("Monte Carlo, {runs}, seed {}", self.seed),
            foot: format!("{}  ·  question {short}…", self.made_by),
            end: format!("{} · question SHA-256 {}", self.made_by, self.id),
            creator: self.made_by.clone(),
            id: self.id.clone(),
            keywords: format!("bench-monte-carlo question={}", self.id),
            ..Frame::default()
        }
    }

    /// The checks, those that failed most often first, then those whose least margin is the tightest.
    fn worst_first(&self) -> Vec<&Check> {
        let mut checks: Vec<&Check> = self.checks.iter().collect();
        let rel = |check: &Check| {
            check.spread.map_or(f64::INFINITY, |[min, _, median, ..]| {
                min / median.abs().max(f64::MIN_POSITIVE)
            })
        };
        checks.sort_by(|a, b| {
            let often = b.share.total_cmp(&a.share);
            often.then(rel(a).total_cmp(&rel(b)))
        });
        checks
    }

    fn blocks(&self, fonts: &Fonts) -> Vec<Block> {
        let (runs, bad) = self.runs;
        let checks = self.worst_first();
        let failing = checks.iter().filter(|check| check.failed > 0).count();
        let mut blocks = vec![
            Block::Section(format!("{}: Monte Carlo", self.campaign)),
            Block::Banner(self.verdict, self.because.clone()),
            Block::Gap(9.0),
            Block::Keys(vec![
                (runs.to_string(), "runs".to_owned()),
                (bad.to_string(), "did not pass".to_owned()),
                (
                    format!("{failing} / {}", checks.len()),
                    "checks fail at times".to_owned(),
                ),
                (self.inputs.len().to_string(), "values varied".to_owned()),
            ]),
        ];
        let contents = blocks.len();
        blocks.push(Block::Heading("Margins over all runs".to_owned()));
        if checks.is_empty() {
            blocks.push(Block::Text("No check was made.".to_owned()));
        }
        blocks.push(Block::Table(spread(fonts, &checks)));
        blocks.push(Block::Gap(14.0));
        blocks.push(Block::Section("What was varied".to_owned()));
        self.varied(fonts, &mut blocks);
        self.sensitivity(&checks, &mut blocks);
        distributions(&checks, &mut blocks);
        commands(fonts, &checks, &mut blocks);
        let titles = blocks[1..].iter().filter_map(|block| match block {
            Block::Section(title) => Some(title.clone()),
            _ => None,
        });
        let titles = Block::Contents(titles.collect());
        blocks.splice(contents..contents, [titles, Block::Gap(10.0)]);
        blocks
    }

    fn varied(&self, fonts: &Fonts, blocks: &mut Vec<Block>) {
        if self.inputs.is_empty() {
            blocks.push(Block::Text(
                "Nothing but the seed: runs differ by noise and chance alone.".to_owned(),
            ));
            return;
        }
        let columns = vec![
            text("value", 180.0),
            text("drawn from", 181.0),
            text("least drawn", 80.0),
            text("greatest drawn", 80.0),
        ];
        let rows = self.inputs.iter().map(|input| {
            let none = || ("–".to_owned(), "–".to_owned());
            let (low, high) = input.drawn.clone().unwrap_or_else(none);
            Row::of([input.key.clone(), input.distribution.clone(), low, high])
        });
        blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
        blocks.push(Block::Gap(14.0));
    }

    fn sensitivity(&self, checks: &[&Check], blocks: &mut Vec<Block>) {
        if self.inputs.is_empty() {
            return;
        }
        blocks.push(Block::Section("What margins go with".to_owned()));
        let pairs = checks.iter().flat_map(|check| {
            let pairs = check.goes_with.iter();
            pairs.filter_map(|(place, found)| Some((*check, self.inputs.get(*place)?, found)))
        });
        let mut pairs: Vec<(&Check, &Input, &Correlation)> = pairs.collect();
        pairs.sort_by(|a, b| b.2.rho.abs().total_cmp(&a.2.rho.abs()));
        let left = pairs.len().saturating_sub(BARS);
        let bars: Vec<Bar> = pairs
            .iter()
            .take(BARS)
            .map(|(check, input, found)| bar(check, input, found))
            .collect();
        if bars.is_empty() {
            blocks.push(Block::Text(
                "No margin can be ranked against a value: too few runs, or neither varies."
                    .to_owned(),
            ));
            return;
        }
        blocks.push(Block::Text(SAID.to_owned()));
        blocks.push(Block::Gap(5.0));
        blocks.push(Block::Bars(bars));
        if left > 0 {
            let more = several(left as u64, "weaker pair");
            blocks.push(Block::Text(format!("There are {more}.")));
        }
        blocks.push(Block::Gap(14.0));
    }
}

const SAID: &str = "Bars show the size of Spearman’s rank correlation ρ of each margin with each value that \
     has an order: at 100 % the ranks are the same, or reversed. With a plus the margin grows with the \
     value, with a minus it shrinks. p is how likely as much is by chance.";

fn bar(check: &Check, input: &Input, found: &Correlation) -> Bar {
    let size = found.rho.abs();
    let sign = if found.rho < 0.0 { "−" } else { "+" };
    let p = if found.p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p {:.3}", found.p)
    };
    let margin = format!("{sign}{size:.2}, {p}");
    // The end of a key tells more than its begin.
    let key = input.key.rsplit('.').next().unwrap_or(&input.key);
    Bar {
        label: format!("{} ~ {key}", check.name),
        share: 1.0 - size,
        spoken: Some(format!("{} with {}: {margin}", check.name, input.key)),
        margin,
        verdict: Verdict::Pass,
    }
}

fn spread(fonts: &Fonts, checks: &[&Check]) -> Table {
    let columns = vec![
        text("check", 118.0),
        numbers("min", 44.0),
        numbers("5 %", 44.0),
        numbers("median", 44.0),
        numbers("95 %", 44.0),
        numbers("max", 44.0),
        text("unit", 32.0),
        text("failing, with 95 % interval", 111.0),
        numbers("worst run", 40.0),
    ];
    let rows = checks.iter().map(|check| {
        let spread = check.spread.map(|numbers| numbers.map(number));
        let [min, p5, median, p95, max] =
            spread.unwrap_or_else(|| std::array::from_fn(|_| "–".to_owned()));
        let worst = check.worst.as_ref();
        let mut row = Row::of([
            check.name.clone(),
            min,
            p5,
            median,
            p95,
            max,
            check.unit.clone(),
            failing(check),
            worst.map_or_else(|| "–".to_owned(), |(run, ..)| run.to_string()),
        ]);
        if check.inconclusive > 0 {
            let times = several(check.inconclusive, "run");
            row.remark = Some(format!("could not be decided in {times}."));
        }
        row
    });
    Table::new(fonts, columns, rows.collect())
}

/// `1.20 % (0.62 to 2.09 %)`
fn failing(check: &Check) -> String {
    let [low, high] = check.interval.map(|share| 100.0 * share);
    match check.failed {
        0 => format!("none (at most {high:.2} %)"),
        _ => format!("{:.2} % ({low:.2} to {high:.2} %)", 100.0 * check.share),
    }
}

fn distributions(checks: &[&Check], blocks: &mut Vec<Block>) {
    blocks.push(Block::Section("Distributions".to_owned()));
    let with: Vec<&&Check> = checks.iter().filter(|it| it.spread.is_some()).collect();
    if with.is_empty() {
        blocks.push(Block::Text("No check told a margin.".to_owned()));
    }
    for check in with.iter().take(HISTOGRAMS) {
        if let Some(figure) = histogram(check) {
            blocks.push(Block::Figure(figure, HEIGHT));
            blocks.push(Block::Gap(8.0));
        }
    }
    if let Some(left) = with.len().checked_sub(HISTOGRAMS).filter(|left| *left > 0) {
        let more = several(left as u64, "more distribution");
        blocks.push(Block::Text(format!("monte-carlo.json holds {more}.")));
    }
}

/// How often each margin was found, with the limit at 0 and three quantiles.
fn histogram(check: &Check) -> Option<Figure> {
    let [min, p5, median, p95, max] = check.spread?;
    // A margin that never varies still needs a width.
    let (low, high) = if max > min {
        (min, max)
    } else {
        let half = (0.05 * min.abs()).max(1e-6);
        (min - half, max + half)
    };
    let steps: &[u64] = match check.histogram.as_slice() {
        all if max > min => all,
        all => &[all.iter().sum()],
    };
    let span = high - low;
    let most = steps.iter().copied().max().unwrap_or(0) as f64;
    // The limit is shown unless the margins would shrink to a line beside it.
    let shows_limit = low <= 1.5 * span && high >= -1.5 * span;
    let (begin, end) = match shows_limit {
        true => (low.min(0.0), high.max(0.0)),
        false => (low, high),
    };
    let pad = 0.03 * (end - begin);
    let width = span / steps.len().max(1) as f64;
    let mut stairs = vec![(low, 0.0)];
    for (place, step) in steps.iter().enumerate() {
        let from = low + place as f64 * width;
        let height = *step as f64;
        // Not quite upright: plots in browsers have one value at each place.
        stairs.push((from + 1e-4 * width, height));
        stairs.push((from + width, height));
    }
    stairs.push((high + 1e-4 * width, 0.0));
    let upright = |label: String, pen, at: f64| Trace {
        label,
        pen,
        lines: vec![vec![(at, 0.0), (at + 2e-4 * span, 1.04 * most)]],
        extremes: Vec::new(),
    };
    let told = |name: &str, value: f64| format!("{name}: {}", quantity(value, &check.unit));
    let mut traces = vec![
        Trace {
            label: "runs".to_owned(),
            pen: Pen::First,
            lines: vec![stairs],
            extremes: Vec::new(),
        },
        upright(told("5 %", p5), Pen::Second, p5),
        upright(told("median", median), Pen::Third, median),
        upright(told("95 %", p95), Pen::Fourth, p95),
    ];
    if shows_limit {
        traces.push(upright("limit at 0".to_owned(), Pen::Command, 0.0));
    }
    let caption = match &*check.unit {
        "" => "margin".to_owned(),
        unit => format!("margin / {unit}"),
    };
    Some(Figure {
        title: format!("{}: {} failing", check.name, failing(check)),
        time: TimeAxis::of_measure(caption, begin - pad, end + pad),
        panels: vec![Panel {
            quantity: "runs".to_owned(),
            unit: String::new(),
            weight: 1.0,
            with_zero: true,
            traces,
            limits: Vec::new(),
            bands: Vec::new(),
            worst: Vec::new(),
        }],
    })
}

fn commands(fonts: &Fonts, checks: &[&Check], blocks: &mut Vec<Block>) {
    let columns = vec![
        text("check", 92.0),
        numbers("run", 32.0),
        numbers("seed", 82.0),
        digests(
            "the command that runs it alone, with record and report",
            315.0,
        ),
    ];
    let rows = checks.iter().filter_map(|check| {
        let (run, seed, command) = check.worst.clone()?;
        let name = check.name.clone();
        Some(Row::of([name, run.to_string(), seed.to_string(), command]))
    });
    let rows: Vec<Row> = rows.take(COMMANDS).collect();
    if !rows.is_empty() {
        blocks.push(Block::Section("Worst runs".to_owned()));
        blocks.push(Block::Table(Table::new(fonts, columns, rows)));
    }
}
