//! Measures rates and latencies of a workload, cell by cell: in each phase of the orbit, on each plateau,
//! or in each step.

use profiles::time::{BenchTime, Window};

use super::blocks::{Answered, Blocks};
use super::throughput::Cell;
use crate::header::{Header, NamedWindow};

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
    cells: Vec<(String, f64, Vec<Answered>)>,
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
                    self.cells[*cell].2.push(Answered {
                        at,
                        latency_us,
                        stretch: self.cursor,
                    });
                }
                return;
            }
            self.cursor += 1;
        }
    }

    /// The cells, in the order in which the run meets them, in blocks as long as `length` says for
    /// a cell of that name, or as a golden has them.
    pub(crate) fn cells(self, length: impl Fn(&str) -> Option<u64>) -> Vec<(String, Cell)> {
        let measured = self.cells.into_iter().map(|(name, seconds, mut answers)| {
            // Answers of one time may have come in any order.
            answers.sort_by_key(|it| (it.at, it.latency_us));
            let samples = answers.len() as u64;
            let length = length(&name).unwrap_or_else(|| Blocks::length(samples));
            let blocks = Blocks::cut(&answers, length);
            let mut latencies: Vec<u32> = answers.iter().map(|it| it.latency_us).collect();
            latencies.sort_unstable();
            let cell = Cell {
                samples,
                rate: if seconds > 0.0 {
                    samples as f64 / seconds
                } else {
                    0.0
                },
                p50_ms: percentile(&latencies, 50),
                p90_ms: percentile(&latencies, 90),
                p99_ms: percentile(&latencies, 99),
                blocks,
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
