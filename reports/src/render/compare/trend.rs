//! One campaign over many runs: how each check's margin, each workload's speed and each device's energy went
//! from run to run, and how they are spread.

use super::super::figure::{Figure, Limit, Panel, Pen, TimeAxis, Trace};
use super::super::frame::Frame;
use super::super::pdf::{Block, Fonts, PdfError, Row, Table, numbers, text};
use super::super::words::{count, number, several};
use super::{page, paper};
use crate::verdict::Verdict;

/// Runs that are listed, panels of a figure and figures of margins at most.
const LISTED: usize = 300;
const PANELS: usize = 6;
const FIGURES: usize = 4;

/// A run that is over, as far as its summary tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Its name.
    pub id: String,
    /// When it began: UTC, RFC 3339; may be empty.
    pub started: String,
    /// What ran on the boards, in a word or two; may be empty.
    pub firmware: String,
    /// What it said.
    pub verdict: Verdict,
    /// Its numbers, in the order of its checks, workloads and devices.
    pub numbers: Vec<Told>,
}

/// A number of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it is of: a check, a workload, a device.
    pub name: String,
    /// Which number of it.
    pub kind: Kind,
    /// The number; a check may have none.
    pub value: Option<f64>,
    /// Symbol of its unit; may be empty.
    pub unit: String,
    /// What the check said; `None` for what is no check.
    pub verdict: Option<Verdict>,
}

/// What a number of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What a check has left of its allowance.
    Margin,
    /// Answers in a second.
    Rate,
    /// Median latency.
    Latency,
    /// Energy over the run.
    Energy,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Margin => "margin",
            Kind::Rate => "rate",
            Kind::Latency => "median latency",
            Kind::Energy => "energy",
        }
    }
}

/// Runs of one campaign, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// The campaign.
    pub campaign: String,
    /// What made the report: `bench 0.1.0`.
    pub made_by: String,
    /// The runs.
    pub runs: Vec<Past>,
}

/// One number from run to run.
struct Line<'a> {
    name: &'a str,
    kind: Kind,
    unit: &'a str,
    /// Place of the run, and the number.
    points: Vec<(usize, f64)>,
    verdicts: [usize; 3],
}

impl Runs {
    /// The report as a PDF.
    ///
    /// # Errors
    /// If the document cannot be put together.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        paper(&self.frame(), |fonts| self.blocks(fonts))
    }

    /// The report for a browser.
    pub fn html(&self) -> String {
        page(&self.frame(), |fonts| self.blocks(fonts))
    }

    fn frame(&self) -> Frame {
        let title = format!(
            "{}: {}",
            self.campaign,
            several(self.runs.len() as u64, "run")
        );
        let last = self.runs.last();
        Frame {
            title: title.clone(),
            description: "One campaign over many runs".to_owned(),
            left: self.campaign.clone(),
            right: several(self.runs.len() as u64, "run"),
            foot: self.made_by.clone(),
            end: self.made_by.clone(),
            creator: self.made_by.clone(),
            id: last.map(|run| run.id.clone()).unwrap_or_default(),
            keywords: "bench-trend".to_owned(),
            date: last.map(|run| run.started.clone()).unwrap_or_default(),
            ..Frame::default()
        }
    }

    fn blocks(&self, fonts: &Fonts) -> Vec<Block> {
        let lines = self.lines();
        let of = |verdict| {
            self.runs
                .iter()
                .filter(|run| run.verdict == verdict)
                .count()
        };
        let (failed, unknown) = (of(Verdict::Fail), of(Verdict::Inconclusive));
        let verdict = match (failed, unknown, self.runs.len()) {
            (1.., _, _) => Verdict::Fail,
            (0, 0, 1..) => Verdict::Pass,
            _ => Verdict::Inconclusive,
        };
        let mut blocks = vec![
            Block::Section(format!(
                "{} over {}",
                self.campaign,
                several(self.runs.len() as u64, "run")
            )),
            Block::Banner(verdict, self.because(&lines, failed, unknown)),
            Block::Gap(9.0),
            Block::Keys(vec![
                (self.runs.len().to_string(), "runs".to_owned()),
                (of(Verdict::Pass).to_string(), "passed".to_owned()),
                (failed.to_string(), "failed".to_owned()),
                (unknown.to_string(), "could not be decided".to_owned()),
            ]),
            Block::Contents(
                ["Spread", "From run to run", "Runs"]
                    .map(str::to_owned)
                    .into(),
            ),
            Block::Gap(10.0),
            Block::Section("Spread".to_owned()),
            Block::Table(spread(fonts, &lines)),
            Block::Gap(14.0),
            Block::Section("From run to run".to_owned()),
        ];
        self.figures(&lines, &mut blocks);
        blocks.push(Block::Section("Runs".to_owned()));
        blocks.push(Block::Table(self.table(fonts)));
        if let Some(left) = self.runs.len().checked_sub(LISTED).filter(|left| *left > 0) {
            let more = several(left as u64, "earlier run");
            blocks.push(Block::Text(format!("`bench runs` lists {more}.")));
        }
        blocks
    }

    fn because(&self, lines: &[Line<'_>], failed: usize, unknown: usize) -> String {
        let often = lines
            .iter()
            .filter(|line| line.verdicts[0] > 0)
            .max_by_key(|line| line.verdicts[0]);
        let mut told = match (failed, unknown) {
            (0, 0) => format!("All {} passed.", several(self.runs.len() as u64, "run")),
            _ => format!(
                "{failed} of {} failed, {unknown} could not be decided.",
                several(self.runs.len() as u64, "run")
            ),
        };
        if let Some(often) = often {
            let times = several(often.verdicts[0] as u64, "time");
            told.push_str(&[" “", often.name, "” failed most often: ", &times, "."].concat());
        }
        told
    }

    /// Each number that any run has, in the order of the latest run that has it.
    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for (place, run) in self.runs.iter().enumerate() {
            for told in &run.numbers {
                let key = (told.kind, told.name.as_str());
                let at = *places.entry(key).or_insert_with(|| {
                    lines.push(Line {
                        name: &told.name,
                        kind: told.kind,
                        unit: &told.unit,
                        points: Vec::new(),
                        verdicts: [0; 3],
                    });
                    lines.len() - 1
                });
                let line = &mut lines[at];
                if let Some(value) = told.value.filter(|value| value.is_finite()) {
                    line.points.push((place, value));
                }
                if let Some(verdict) = told.verdict {
                    let rank = match verdict {
                        Verdict::Fail => 0,
                        Verdict::Inconclusive => 1,
                        Verdict::Pass => 2,
                    };
                    line.verdicts[rank] += 1;
                }
            }
        }
        lines.sort_by_key(|line| line.kind);
        lines
    }

    fn figures(&self, lines: &[Line<'_>], blocks: &mut Vec<Block>) {
        let shown = lines.iter().filter(|line| !line.points.is_empty());
        let panels: Vec<Panel> = shown.map(panel).collect();
        let left = panels.len().saturating_sub(PANELS * FIGURES);
        for (place, some) in panels.chunks(PANELS).take(FIGURES).enumerate() {
            let title = match place {
                0 => "Margins, speed and energy",
                _ => "Margins, speed and energy, continued",
            };
            let figure = Figure {
                title: title.to_owned(),
                time: TimeAxis {
                    end: (self.runs.len().max(2) + 1) as f64,
                    epoch: None,
                    eclipses: Vec::new(),
                    counts: Some("run".to_owned()),
                    measure: None,
                },
                panels: some.to_vec(),
            };
            let height = 40.0 + 100.0 * some.len() as f32;
            blocks.push(Block::Figure(figure, height));
            blocks.push(Block::Gap(12.0));
        }
        if left > 0 {
            let more = several(left as u64, "more number");
            blocks.push(Block::Text(format!("The table above has {more}.")));
        }
        if panels.is_empty() {
            blocks.push(Block::Text("No run told a number.".to_owned()));
        }
    }

    fn table(&self, fonts: &Fonts) -> Table {
        let columns = vec![
            text("verdict", 80.0),
            numbers("run", 26.0),
            text("name", 190.0),
            text("begun, UTC", 105.0),
            text("firmware", 120.0),
        ];
        let first = self.runs.len().saturating_sub(LISTED);
        let rows = self
            .runs
            .iter()
            .enumerate()
            .skip(first)
            .map(|(place, run)| {
                let mut row = Row::of([
                    run.verdict.to_string(),
                    (place + 1).to_string(),
                    run.id.clone(),
                    run.started.clone(),
                    run.firmware.clone(),
                ]);
                row.verdict = Some(run.verdict);
                row
            });
        Table::new(fonts, columns, rows.collect())
    }
}

/// One number from run to run; below zero a margin is broken.
fn panel(line: &Line<'_>) -> Panel {
    let points = line
        .points
        .iter()
        .map(|&(place, value)| ((place + 1) as f64, value));
    let end = line
        .points
        .last()
        .map_or(1.0, |(place, _)| (place + 1) as f64);
    let limits = (line.kind == Kind::Margin).then(|| Limit {
        label: "0".to_owned(),
        value: 0.0,
        during: vec![(0.0, end)],
    });
    Panel {
        quantity: format!("{}: {}", line.name, line.kind.name()),
        unit: line.unit.to_owned(),
        weight: 1.0,
        with_zero: false,
        traces: vec![Trace {
            label: line.kind.name().to_owned(),
            pen: Pen::First,
            lines: vec![points.collect()],
            extremes: Vec::new(),
        }],
        limits: limits.into_iter().collect(),
        bands: Vec::new(),
        worst: Vec::new(),
    }
}

/// How each number is spread over the runs, and where it goes.
fn spread(fonts: &Fonts, lines: &[Line<'_>]) -> Table {
    let columns = vec![
        text("what", 131.0),
        text("number", 62.0),
        numbers("runs", 30.0),
        numbers("failed", 34.0),
        numbers("least", 46.0),
        numbers("median", 46.0),
        numbers("most", 46.0),
        numbers("first", 46.0),
        numbers("last", 46.0),
        text("unit", 34.0),
    ];
    let rows = lines.iter().map(|line| {
        let mut sorted: Vec<f64> = line.points.iter().map(|&(_, value)| value).collect();
        sorted.sort_by(f64::total_cmp);
        let told =
            |value: Option<&f64>| value.map_or_else(|| "–".to_owned(), |value| number(*value));
        let middle = sorted.get(sorted.len().saturating_sub(1) / 2);
        let failed = match line.kind {
            Kind::Margin => count(line.verdicts[0] as u64),
            _ => "–".to_owned(),
        };
        Row::of([
            line.name.to_owned(),
            line.kind.name().to_owned(),
            count(line.points.len() as u64),
            failed,
            told(sorted.first()),
            told(middle),
            told(sorted.last()),
            told(line.points.first().map(|(_, value)| value)),
            told(line.points.last().map(|(_, value)| value)),
            line.unit.to_owned(),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}
