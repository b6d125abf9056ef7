//! Measures rates and latencies of a workload, cell by cell: in each phase of the orbit, on each plateau,
//! or in each step, and there in each bin of the board's temperature.

use std::collections::BTreeMap;

use profiles::time::{BenchTime, Window};

use super::blocks::{Answered, Blocks};
use super::conditions::{Bin, Surroundings};
use super::throughput::Cell;
use crate::event::{Event, EventKind};
use crate::header::{DeviceHeader, Header, NamedWindow};

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
    /// Stretches of time in order, each with the place of its phase.
    spans: Vec<(Window, usize)>,
    cursor: usize,
    phases: Vec<PhaseAnswers>,
    surroundings: Surroundings,
}

/// The answers of one phase, plateau or step.
#[derive(Clone, Debug)]
pub(crate) struct PhaseAnswers {
    pub(crate) name: String,
    /// How long it was, s.
    seconds: f64,
    pub(crate) answers: Vec<Answered>,
}

impl PhaseAnswers {
    /// How many answers the board gave in each bin of ten kelvins, where it told its temperature.
    pub(crate) fn bins(&self) -> BTreeMap<Bin, u64> {
        let mut bins = BTreeMap::new();
        for bin in self.answers.iter().filter_map(|it| it.bin) {
            *bins.entry(bin).or_insert(0) += 1;
        }
        bins
    }

    /// All of it as one cell, in blocks of so many answers, or as a golden has them.
    pub(crate) fn whole(&self, length: Option<u64>) -> Cell {
        cell(&self.answers, self.seconds, length)
    }

    /// Only what was answered in `bin`. Its time is that from each answer before to such an answer.
    pub(crate) fn inside(&self, bin: Bin, length: Option<u64>) -> Cell {
        let inside = self.answers.iter().filter(|it| it.bin == Some(bin));
        let inside: Vec<Answered> = inside.copied().collect();
        let seconds = if inside.len() == self.answers.len() {
            self.seconds
        } else {
            let micros: u64 = inside.iter().filter_map(|it| it.interval_us).sum();
            micros as f64 * 1e-6
        };
        let cell = cell(&inside, seconds, length);
        Cell {
            celsius: Some(bin.edges()),
            ..cell
        }
    }
}

impl Meter {
    /// Measures inside `windows`, each cut at the phases of the orbit, or at the steps where
    /// there is no orbit; `board` is what tells the temperature.
    pub(crate) fn new(
        header: &Header,
        windows: &[NamedWindow],
        board: Option<&DeviceHeader>,
    ) -> Meter {
        let mut meter = Meter {
            surroundings: Surroundings::new(board),
            ..Meter::default()
        };
        for NamedWindow { name, window } in cuts(header, windows) {
            meter.add(&name, window);
        }
        meter
    }

    fn add(&mut self, name: &str, window: Window) {
        let known = self.phases.iter().position(|phase| phase.name == name);
        let place = known.unwrap_or_else(|| {
            self.phases.push(PhaseAnswers {
                name: name.to_owned(),
                seconds: 0.0,
                answers: Vec::new(),
            });
            self.phases.len() - 1
        });
        self.phases[place].seconds += window.seconds();
        self.spans.push((window, place));
    }

    /// Nothing after `reached` was measured: rates are of the time until then.
    pub(crate) fn cut_short(&mut self, reached: BenchTime) {
        for (window, place) in &mut self.spans {
            if window.end > reached {
                let kept = Window {
                    start: window.start.min(reached),
                    end: reached,
                };
                self.phases[*place].seconds -= window.seconds() - kept.seconds();
                *window = kept;
            }
        }
    }

    /// Takes what the board tells or answers; times never go back.
    pub(crate) fn observe(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Sampled { readings } => self.surroundings.take(event.at, readings),
            EventKind::Inferred(inferred) => self.answered(event.at, inferred.latency_us),
            _ => {}
        }
    }

    fn answered(&mut self, at: BenchTime, latency_us: u32) {
        while let Some((window, place)) = self.spans.get(self.cursor) {
            if at < window.end {
                if window.contains(at) {
                    self.phases[*place].answers.push(Answered {
                        at,
                        latency_us,
                        interval_us: None,
                        stretch: self.cursor,
                        bin: Bin::of(self.surroundings.at(at).celsius),
                    });
                }
                return;
            }
            self.cursor += 1;
        }
    }

    /// What was measured, in the order in which the run meets its phases.
    pub(crate) fn phases(mut self) -> Vec<PhaseAnswers> {
        for phase in &mut self.phases {
            // Answers of one time may have come in any order.
            phase.answers.sort_by_key(|it| (it.at, it.latency_us));
            let mut before: Option<Answered> = None;
            for now in &mut phase.answers {
                let neighbour = before.filter(|before| before.stretch == now.stretch);
                now.interval_us = neighbour.map(|before| now.at.micros_since(before.at));
                before = Some(*now);
            }
        }
        self.phases
    }
}

fn cell(answers: &[Answered], seconds: f64, length: Option<u64>) -> Cell {
    let samples = answers.len() as u64;
    let length = length.unwrap_or_else(|| Blocks::length(samples));
    let mut latencies: Vec<u32> = answers.iter().map(|it| it.latency_us).collect();
    latencies.sort_unstable();
    Cell {
        samples,
        celsius: None,
        rate: if seconds > 0.0 {
            samples as f64 / seconds
        } else {
            0.0
        },
        p50_ms: percentile(&latencies, 50),
        p90_ms: percentile(&latencies, 90),
        p99_ms: percentile(&latencies, 99),
        blocks: Blocks::cut(answers, length),
    }
}

/// The nearest-rank percentile of sorted latencies in µs, in ms; zero for none.
fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    f64::from(micros) / 1_000.0
}
