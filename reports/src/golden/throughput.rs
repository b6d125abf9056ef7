//! The throughput golden: how fast each workload answered in each phase of the orbit, and how
//! far a run may fall behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use profiles::time::{BenchTime, Window};
use serde::{Deserialize, Serialize};

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
                if !numbers.into_iter().all(positive) {
                    let why = format!("`{workload}` in `{phase}` has a number that is not above 0");
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
                } = cell;
                write!(
                    text,
                    "\n[workload.{}.{}]\nsamples = {samples}\nrate = {rate:?}\n\
                     p50_ms = {p50_ms:?}\np90_ms = {p90_ms:?}\np99_ms = {p99_ms:?}\n",
                    quoted(workload),
                    quoted(phase)
                )
                .expect("writing to a String cannot fail");
            }
        }
        text
    }
}

/// `windows`, each cut at the phases of the orbit, or at the steps where there is no orbit; in order.
/// A window that has a name of its own, such as a plateau, stays whole.
pub(crate) fn cuts(header: &Header, windows: &[NamedWindow]) -> Vec<NamedWindow> {
    let phases = header.phases.iter().map(|p| (p.phase.name(), p.window));
    let steps = header.steps.iter().map(|s| (s.name.as_str(), s.window));
    let cuts: Vec<(&str, Window)> = if header.phases.is_empty() {
        steps.collect()
    } else {
        phases.collect()
    };
    let mut found = Vec::new();
    let mut add = |name: &str, start: BenchTime, end: BenchTime| {
        if start < end {
            let name = name.to_owned();
            let window = Window { start, end };
            found.push(NamedWindow { name, window });
        }
    };
    for NamedWindow { name, window } in windows {
        let own = header.windows.iter().any(|known| known.name == *name);
        let mut start = window.start;
        for (phase, cut) in cuts.iter().filter(|_| !own) {
            let rest = Window { start, ..*window };
            if let Some(shared) = rest.overlap(cut) {
                add(name, start, shared.start);
                add(phase, shared.start, shared.end);
                start = shared.end;
            }
        }
        add(name, start, window.end);
    }
    found
}

/// Measures one workload's cells from its answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    /// Stretches of time in order, each with the place of its cell.
    spans: Vec<(Window, usize)>,
    cursor: usize,
    cells: Vec<(String, f64, Vec<u32>)>,
}

impl Meter {
    /// Measures inside `windows`, each cut at the phases of the orbit, or at the steps where
    /// there is no orbit.
    pub(crate) fn new(header: &Header, windows: &[NamedWindow]) -> Meter {
        let mut meter = Meter {
            spans: Vec::new(),
            cursor: 0,
            cells: Vec::new(),
        };
        for NamedWindow { name, window } in cuts(header, windows) {
            meter.add(&name, window.start, window.end);
        }
        meter
    }

    fn add(&mut self, name: &str, start: BenchTime, end: BenchTime) {
        if start >= end {
            return;
        }
        let window = Window { start, end };
        let known = self.cells.iter().position(|cell| cell.0 == name);
        let cell = known.unwrap_or_else(|| {
            self.cells.push((name.to_owned(), 0.0, Vec::new()));
            self.cells.len() - 1
        });
        self.cells[cell].1 += window.seconds();
        self.spans.push((window, cell));
    }

    /// Nothing after `reached` was measured: rates are of the time until then.
    pub(crate) fn cut_short(&mut self, reached: BenchTime) {
        for (window, cell) in &mut self.spans {
            if window.end > reached {
                let kept = Window {
                    start: window.start.min(reached),
                    end: reached,
                };
                self.cells[*cell].1 -= window.seconds() - kept.seconds();
                *window = kept;
            }
        }
    }

    /// Takes an answer at `at`; times never go back.
    pub(crate) fn observe(&mut self, at: BenchTime, latency_us: u32) {
        while let Some((window, cell)) = self.spans.get(self.cursor) {
            if at < window.end {
                if window.contains(at) {
                    self.cells[*cell].2.push(latency_us);
                }
                return;
            }
            self.cursor += 1;
        }
    }

    /// The cells, in the order in which the run meets them.
    pub(crate) fn cells(self) -> Vec<(String, Cell)> {
        let measured = self
            .cells
            .into_iter()
            .map(|(name, seconds, mut latencies)| {
                latencies.sort_unstable();
                let cell = Cell {
                    samples: latencies.len() as u64,
                    rate: if seconds > 0.0 {
                        latencies.len() as f64 / seconds
                    } else {
                        0.0
                    },
                    p50_ms: percentile(&latencies, 50),
                    p90_ms: percentile(&latencies, 90),
                    p99_ms: percentile(&latencies, 99),
                };
                (name, cell)
            });
        measured.collect()
    }
}

/// The nearest-rank percentile of sorted latencies in µs, in ms; zero for none.
fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    f64::from(micros) / 1_000.0
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
        each.map(|(name, _, meter)| (name, meter.cells().into_iter().collect()))
            .collect()
    }
}
