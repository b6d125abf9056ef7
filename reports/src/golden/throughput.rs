//! The throughput golden: how fast each workload answered in each phase of the orbit, and how
//! far a run may fall behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use profiles::time::{BenchTime, Window};
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use super::meter::Meter;
use crate::event::{Event, EventKind};
use crate::header::{Header, NamedWindow, Subject};

/// How fast one workload answered in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// How many answers it rests on.
    pub samples: u64,
    /// Completed inferences during the phase, 1/s.
    pub rate: f64,
    /// Half of the answers took no longer, ms on the board's clock.
    pub p50_ms: f64,
    /// Nine in ten took no longer, ms.
    pub p90_ms: f64,
    /// Ninety-nine in a hundred took no longer, ms.
    pub p99_ms: f64,
    /// What blocks of them tell, if they are enough for blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
}

/// Cells by workload, then by phase.
pub type Cells = BTreeMap<String, BTreeMap<String, Cell>>;

/// How far a run may lie from the golden, as parts of the golden's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// How much slower: 0.03 for 3 %.
    pub slower: f64,
    /// How much faster, if that is judged at all: an answer that comes too soon may be none.
    pub faster: Option<f64>,
}

/// Expected latencies and rates, accepted by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThroughputGolden {
    /// The campaign that it was measured in.
    pub campaign: String,
    /// How far a run may lie from it.
    pub band: Band,
    /// What was measured.
    #[serde(rename = "workload")]
    pub workloads: Cells,
}

/// Why a text is no throughput golden.
#[derive(Debug, thiserror::Error)]
pub enum ThroughputError {
    /// It is not what the format asks for.
    #[error("throughput.toml: {0}")]
    Toml(#[from] toml::de::Error),
    /// A number cannot be.
    #[error("throughput.toml: {0}")]
    Senseless(String),
}

impl ThroughputGolden {
    /// Reads `throughput.toml`.
    ///
    /// # Errors
    /// If it is not what the format asks for.
    pub fn from_toml(text: &str) -> Result<ThroughputGolden, ThroughputError> {
        let golden: ThroughputGolden = toml::from_str(text)?;
        let positive = |value: f64| value > 0.0 && value.is_finite();
        for (workload, phases) in &golden.workloads {
            for (phase, cell) in phases {
                let numbers = [cell.rate, cell.p50_ms, cell.p90_ms, cell.p99_ms];
                let blocks = cell.blocks.is_none_or(|blocks| {
                    let each = [blocks.p50, blocks.p90, blocks.interval];
                    let numbers = each
                        .iter()
                        .all(|[t, d]| positive(*t) && *d >= 0.0 && d.is_finite());
                    numbers && blocks.answers >= 2 && blocks.count >= 2
                });
                if !numbers.into_iter().all(positive) || !blocks {
                    let why = format!(
                        "`{workload}` in `{phase}` has a number that is not above 0, or blocks that are none"
                    );
                    return Err(ThroughputError::Senseless(why));
                }
            }
        }
        let Band { slower, faster } = golden.band;
        if !(0.0..1.0).contains(&slower) || faster.is_some_and(|f| !(0.0..1.0).contains(&f)) {
            let why = "a band is a part from 0 to below 1".to_owned();
            return Err(ThroughputError::Senseless(why));
        }
        Ok(golden)
    }

    /// Takes what was measured in the run of `header` as what is expected from now on. Cells
    /// without an answer are left out: nothing can be compared with them.
    pub fn accept(header: &Header, cells: &Cells, band: Band) -> ThroughputGolden {
        let mut workloads = cells.clone();
        for phases in workloads.values_mut() {
            phases.retain(|_, cell| cell.samples > 0 && cell.rate > 0.0 && cell.p50_ms > 0.0);
        }
        workloads.retain(|_, phases| !phases.is_empty());
        ThroughputGolden {
            campaign: header.campaign.clone(),
            band,
            workloads,
        }
    }

    /// How many answers of a workload each phase needs to be decided, and how long they take at the
    /// golden's rate, s; only for phases whose blocks are known.
    pub fn needed(&self, workload: &str) -> Vec<(&str, u64, f64)> {
        let phases = self.workloads.get(workload).into_iter().flatten();
        let told = phases.filter_map(|(phase, cell)| {
            let blocks = cell.blocks?;
            let answers = blocks.answers_needed(self.band);
            let answers = answers.unwrap_or_else(|| blocks.answers_needed_of_both(self.band));
            Some((phase.as_str(), answers, answers as f64 / cell.rate))
        });
        told.collect()
    }

    /// The text of `throughput.toml`: the same golden, the same text.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!("campaign = {}\n\n[band]\n", quoted(&self.campaign));
        let mut line = |key: &str, value: f64| {
            writeln!(text, "{key} = {value:?}").expect("writing to a String cannot fail");
        };
        line("slower", self.band.slower);
        if let Some(faster) = self.band.faster {
            line("faster", faster);
        }
        for (workload, phases) in &self.workloads {
            for (phase, cell) in phases {
                let Cell {
                    samples,
                    rate,
                    p50_ms,
                    p90_ms,
                    p99_ms,
                    blocks,
                } = cell;
                write!(
                    text,
                    "\n[workload.{}.{}]\nsamples = {samples}\nrate = {rate:?}\n\
                     p50_ms = {p50_ms:?}\np90_ms = {p90_ms:?}\np99_ms = {p99_ms:?}\n",
                    quoted(workload),
                    quoted(phase)
                )
                .expect("writing to a String cannot fail");
                if let Some(blocks) = blocks {
                    let name = format!("workload.{}.{}.blocks", quoted(workload), quoted(phase));
                    text.push_str(&block_lines(&name, blocks, self.band));
                }
            }
        }
        text
    }
}

/// A table of a cell's blocks, with how many answers it takes to be held against them.
fn block_lines(name: &str, blocks: &Blocks, band: Band) -> String {
    let needed = if let Some(answers) = blocks.answers_needed(band) {
        format!("a run needs {answers} answers")
    } else {
        let both = blocks.answers_needed_of_both(band);
        format!("too few for any run: golden and run need {both} answers each")
    };
    let pair = |[typical, deviation]: [f64; 2]| format!("[{typical:?}, {deviation:?}]");
    format!(
        "\n# {needed}\n[{name}]\nanswers = {}\ncount = {}\np50 = {}\np90 = {}\ninterval = {}\n",
        blocks.answers,
        blocks.count,
        pair(blocks.p50),
        pair(blocks.p90),
        pair(blocks.interval)
    )
}

/// Measures the cells of a whole run: each workload inside the windows of its throughput checks,
/// or from start to end where no check asks.
#[derive(Clone, Debug)]
pub struct Gauge {
    meters: Vec<(String, crate::event::DeviceId, Meter)>,
}

impl Gauge {
    /// A gauge for the run of `header`.
    pub fn new(header: &Header) -> Gauge {
        let whole = [NamedWindow {
            name: "whole run".to_owned(),
            window: Window {
                start: BenchTime::ZERO,
                end: header.end,
            },
        }];
        let meters = header
            .workloads
            .iter()
            .enumerate()
            .map(|(place, workload)| {
                let subject = Subject::Workload {
                    workload: place as u16,
                };
                let asked = header
                    .checks
                    .iter()
                    .filter(|check| check.kind == "throughput" && check.subject == subject);
                let mut windows: Vec<NamedWindow> = asked
                    .flat_map(|check| check.windows.iter().cloned())
                    .collect();
                // Checks may share a window; each answer counts once.
                windows.sort_by_key(|named| (named.window.start, named.window.end));
                windows.dedup();
                if windows.is_empty() {
                    windows = whole.to_vec();
                }
                let meter = Meter::new(header, &windows);
                (workload.name.clone(), workload.device, meter)
            });
        Gauge {
            meters: meters.collect(),
        }
    }

    /// Takes one event; times never go back.
    pub fn observe(&mut self, event: &Event) {
        if let EventKind::Inferred(inferred) = &event.kind {
            for (_, device, meter) in &mut self.meters {
                if *device == event.device {
                    meter.observe(event.at, inferred.latency_us);
                }
            }
        }
    }

    /// What was measured.
    pub fn cells(self) -> Cells {
        let each = self.meters.into_iter();
        each.map(|(name, _, meter)| (name, meter.cells(|_| None).into_iter().collect()))
            .collect()
    }
}
