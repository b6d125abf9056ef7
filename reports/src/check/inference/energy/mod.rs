//! `energy`: what an inference takes from its supply, with its uncertainty, by phase or plateau and by
//! orbit.
//!
//! Energy is the integral of power between the first and the last sample of each stretch, by
//! trapezoids; only right answers share it. That is MLPerf Power's rule that performance and energy
//! come from the same run (Tschand et al., "MLPerf Power", HPCA 2025, section III), without its range
//! settings. Uncertainty is that of the GUM (JCGM 100:2008, 5.1.2): contributions add by squares, and
//! what is told is twice that.

mod beside;
mod blocks;
mod cell;
mod taken;

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::phase::Phase;
use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};

use super::power::{Integral, Meter, Sample, far};
use super::{Answer, named, unusable};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, METER, Target};
use crate::event::{DeviceId, Event, EventKind};
use crate::golden::{self, Golden, ThroughputGolden, cuts};
use crate::header::{NamedWindow, Subject};
use crate::verdict::{Finding, Verdict};
use beside::Beside;
use cell::{Cell, amount, gaps_between};
pub use taken::energies;
use taken::{device_words, meter_name, meter_of};

const fn watts(name: &'static str, unit: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number {
            min: 0.0,
            max: 1e9,
            unit,
        },
        default: Some(OptionDefault::Unset),
        help,
    }
}

pub(in crate::check) const KIND: Kind = Kind {
    name: "energy",
    summary: "energy of an inference from supply or analyser, with uncertainty, by phase and orbit",
    target: Target::Workload,
    options: &[
        watts("max_joules", "J", "largest energy of a right answer"),
        watts(
            "idle_watts",
            "W",
            "power without work: what it takes is told apart",
        ),
        OptionSpec {
            name: METER,
            kind: OptionKind::Text,
            default: Some(OptionDefault::Unset),
            help: "device that measures the power; the board's own telemetry if unset",
        },
    ],
    validate: |_| Ok(()),
    build: |setup| Box::new(Energy::new(setup)),
};

/// Answers that are kept: days of inference.
const MOST_KEPT: usize = 4_000_000;

#[derive(Clone)]
struct Energy {
    question: Question,
    workload: String,
    golden: Option<Arc<Golden>>,
    /// What was measured before, where a throughput golden has it.
    before: Option<ThroughputGolden>,
    unusable: Option<String>,
    board: DeviceId,
    meter_name: String,
    /// The same with its model, as goldens keep it.
    who: String,
    meter_id: Option<DeviceId>,
    meter: Option<Meter>,
    /// Stretches with the names of their cells, in order of time.
    stretches: Vec<NamedWindow>,
    /// Orbits as far as they lie in the windows.
    orbits: Vec<NamedWindow>,
    answers: Vec<(BenchTime, Answer)>,
    right: BTreeMap<Answer, bool>,
}

impl Energy {
    fn new(setup: &CheckSetup<'_>) -> Energy {
        let header = setup.header;
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        let golden = workload
            .and_then(|w| setup.goldens.workloads.get(&w.golden))
            .cloned();
        let board = workload.map_or(DeviceId::BENCH, |workload| workload.device);
        let named = meter_name(&setup.spec);
        let meter_id = meter_of(header, &setup.spec);
        let device = meter_id.and_then(|id| header.device_at(id));
        let stretches = cuts(header, &setup.spec.windows);
        let mut umbras = header.phases.iter().filter(|p| p.phase == Phase::Umbra);
        let starts: Vec<BenchTime> = umbras.by_ref().map(|p| p.window.start).collect();
        let orbits = starts
            .windows(2)
            .enumerate()
            .map(|(place, edges)| NamedWindow {
                name: format!("orbit {}", place + 1),
                window: Window {
                    start: edges[0],
                    end: edges[1],
                },
            });
        Energy {
            question: Question::new(setup),
            workload: workload.map_or(String::new(), |workload| workload.name.clone()),
            before: setup.goldens.throughput.clone(),
            who: device_words(header, meter_id),
            unusable: unusable(workload, golden.as_deref()),
            golden,
            board,
            meter_name: named.unwrap_or("its own telemetry").to_owned(),
            meter_id,
            meter: device.and_then(Meter::new),
            orbits: clipped(orbits, &setup.spec.windows),
            stretches,
            answers: Vec::new(),
            right: BTreeMap::new(),
        }
    }

    fn sampled(&mut self, at: BenchTime, readings: &[Reading]) {
        if let Some(meter) = &mut self.meter {
            meter.take(at, readings);
        }
    }

    fn fetched(&mut self, answer: Answer, output: &[u8]) {
        if let Some(golden) = &self.golden {
            let right = || golden.compare(usize::from(answer.0), output).passes();
            self.right.entry(answer).or_insert_with(right);
        }
    }

    /// The cells of stretches, by name in order of first appearance.
    fn cells(&self, samples: &[Sample], stretches: &[NamedWindow]) -> Vec<Cell> {
        let cells = named(stretches).into_iter();
        let cells = cells.map(|(name, windows)| self.cell(name, samples, &windows));
        cells.collect()
    }

    fn cell(&self, name: &str, samples: &[Sample], windows: &[Window]) -> Cell {
        let mut answers = 0;
        // When right answers came, stretch by stretch.
        let mut times: Vec<Vec<BenchTime>> = Vec::new();
        for window in windows {
            let begin = self.answers.partition_point(|(at, _)| *at < window.start);
            let inside = self.answers[begin..]
                .iter()
                .take_while(|(at, _)| *at < window.end);
            let mut stretch = Vec::new();
            for (at, answer) in inside {
                answers += 1;
                if self.right.get(answer) == Some(&true) {
                    stretch.push(*at);
                }
            }
            times.push(stretch);
        }
        let right = times.iter().map(|stretch| stretch.len() as u64).sum();
        let accuracy = self.meter.as_ref().map(Meter::accuracy);
        let integral = Integral::of(samples, windows, accuracy.unwrap_or_default());
        let count = right as f64;
        let each = integral.joules / count;
        // An inference at an edge lies inside by a part of it, anything from none to all.
        let edges = (windows.len() as f64 * 2.0 / 12.0).sqrt() / count;
        let relative = integral.uncertainty / integral.joules;
        let uncertainty = 2.0 * each * relative.hypot(edges);
        let length = self.golden_of(name).map(|before| before.answers);
        let blocks = blocks::cut(&times, samples, far(samples), length);
        Cell {
            name: name.to_owned(),
            answers,
            right,
            each,
            uncertainty,
            blocks: blocks.map(|blocks| golden::Energy {
                right,
                joules: each,
                uncertainty,
                meter: self.who.clone(),
                answers: blocks.answers,
                count: blocks.spread.blocks,
                each: [blocks.spread.typical, blocks.spread.deviation],
            }),
            integral,
        }
    }

    /// What the golden has of a phase or plateau.
    fn golden_of(&self, cell: &str) -> Option<&golden::Energy> {
        let before = self.before.as_ref()?;
        before.energy.get(&self.workload)?.get(cell)
    }

    /// The verdict on the worst cell.
    fn verdict(&self, worst: &Cell) -> (Verdict, String) {
        let found = format!(
            "an answer of {} takes {} in {}, by {}",
            self.question.subject(),
            amount(worst.each, worst.uncertainty),
            worst.name,
            self.meter_name
        );
        match self.question.option("max_joules") {
            None => (Verdict::Pass, found),
            Some(most) if worst.each + worst.uncertainty <= most => {
                (Verdict::Pass, format!("{found}, at most {most} J asked"))
            }
            Some(most) if worst.each - worst.uncertainty > most => {
                (Verdict::Fail, format!("{found}, at most {most} J asked"))
            }
            Some(most) => {
                let because = format!("{found}: too near to {most} J to tell");
                (Verdict::Inconclusive, because)
            }
        }
    }

    /// Why nothing can be said of these cells, if so.
    fn unmeasured(&self, cells: &[Cell]) -> Option<String> {
        let subject = self.question.subject();
        if self.meter.is_none() {
            return Some(format!(
                "{} measures no power of {subject}",
                self.meter_name
            ));
        }
        if let Some(because) = &self.unusable {
            return Some(because.clone());
        }
        let broken = cells.iter().find(|cell| cell.integral.gaps > 0);
        if let Some(cell) = broken {
            return Some(format!(
                "{} of {} in {}: energy is not known there; if it was off, ask `during` steps in which \
                 it is on",
                gaps_between(cell.integral.gaps),
                self.meter_name,
                cell.name
            ));
        }
        let empty = cells
            .iter()
            .all(|cell| !cell.each.is_finite() || cell.integral.seconds <= 0.0);
        empty.then(|| format!("no right answer of {subject} with a measured power"))
    }
}

/// Windows of `named` as far as they lie in the check's.
fn clipped(named: impl Iterator<Item = NamedWindow>, windows: &[NamedWindow]) -> Vec<NamedWindow> {
    let mut found = Vec::new();
    for NamedWindow { name, window } in named {
        let shared = windows
            .iter()
            .filter_map(|other| window.overlap(&other.window));
        found.extend(shared.map(|window| NamedWindow {
            name: name.clone(),
            window,
        }));
    }
    found
}

impl Check for Energy {
    fn observe(&mut self, _window: usize, event: &Event) {
        match &event.kind {
            EventKind::Sampled { readings } if Some(event.device) == self.meter_id => {
                self.sampled(event.at, readings);
            }
            EventKind::Inferred(inferred)
                if event.device == self.board && self.answers.len() < MOST_KEPT =>
            {
                self.answers
                    .push((event.at, (inferred.input, inferred.digest)));
            }
            EventKind::OutputFetched {
                input,
                digest,
                output,
            } if event.device == self.board => self.fetched((*input, *digest), output),
            _ => {}
        }
    }

    fn cut_short(&mut self, reached: BenchTime) {
        for stretch in self.stretches.iter_mut().chain(&mut self.orbits) {
            stretch.window.end = stretch.window.end.min(reached).max(stretch.window.start);
        }
    }

    /// An integral is known at the end only.
    fn failing(&self) -> bool {
        false
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        self.answers.sort_unstable();
        let samples = self.meter.as_mut().map(Meter::samples).unwrap_or_default();
        let mut cells = self.cells(&samples, &self.stretches);
        // Before work begins a board may be off, and tells nothing.
        cells.retain(|cell| cell.answers > 0);
        let count = self.answers.len() as u64;
        let question = &self.question;
        if count == 0 {
            return question.unseen();
        }
        if let Some(because) = self.unmeasured(&cells) {
            return question.finding(Verdict::Inconclusive, count, because);
        }
        let known = cells.iter().filter(|cell| cell.each.is_finite());
        let worst = known.max_by(|a, b| a.each.total_cmp(&b.each));
        let Some(worst) = worst else {
            return question.unseen();
        };
        let (verdict, because) = self.verdict(worst);
        let limit = question.option("max_joules");
        let mut found = Finding {
            value: Some(worst.each),
            limit,
            unit: "J".to_owned(),
            margin: limit.map(|limit| limit - worst.each),
            uncertainty: Some(worst.uncertainty).filter(|error| error.is_finite()),
            phase: Some(worst.name.clone()),
            ..question.finding(verdict, count, because)
        };
        let beside = Beside::of(self.before.as_ref(), &self.workload, &cells);
        let mut orbits = self.cells(&samples, &self.orbits);
        for orbit in &mut orbits {
            // They are told, and nothing is held against them: each is of other stretches of light.
            orbit.blocks = None;
        }
        let idle = question.option("idle_watts");
        let each = cells.iter().chain(&orbits).map(|cell| cell.evidence(idle));
        found.evidence = each.collect();
        if let Some(beside) = beside {
            beside.tell(&mut found);
        }
        found
    }
}
