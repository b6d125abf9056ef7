//! Latencies: how fast a board answered, over time and by phase.

use std::collections::BTreeMap;

use profiles::time::{BenchTime, Window};

use crate::event::Inferred;
use crate::header::Header;

use super::series::Grid;

/// Points of the rate and of the percentiles over the run: each needs enough answers to have a
/// meaningful ninetieth percentile.
const POINTS: u64 = 240;

/// How many answers are kept for exact percentiles; 16 MB, days of inference.
const ANSWERS_KEPT: usize = 4_000_000;

/// How many inputs with their first output are remembered.
const INPUTS_KEPT: usize = 4_096;

/// Answers during a stretch of time, told in five numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// How many.
    pub count: u64,
    /// During how many seconds.
    pub seconds: f64,
    /// Fastest, µs.
    pub min_us: u32,
    /// Half of them were as fast as this, µs.
    pub p50_us: u32,
    /// Nine in ten were, µs.
    pub p90_us: u32,
    /// Ninety-nine in a hundred were, µs.
    pub p99_us: u32,
    /// Slowest, µs.
    pub max_us: u32,
}

impl Answers {
    /// The numbers of `latencies`, which end up in order; `None` for none.
    fn of(latencies: &mut [u32], seconds: f64) -> Option<Answers> {
        latencies.sort_unstable();
        let (&min_us, &max_us) = (latencies.first()?, latencies.last()?);
        Some(Answers {
            count: latencies.len() as u64,
            seconds,
            min_us,
            p50_us: percentile(latencies, 50),
            p90_us: percentile(latencies, 90),
            p99_us: percentile(latencies, 99),
            max_us,
        })
    }

    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 {
            self.count as f64 / self.seconds
        } else {
            0.0
        }
    }
}

/// The nearest rank, as MLPerf counts: the smallest value that `percent` of all do not exceed.
pub(super) fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// Answers in one phase or step, all its stretches together.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseAnswers {
    /// The phase's or step's name.
    pub phase: String,
    /// Its answers.
    pub answers: Answers,
    /// How they are spread, µs: the fastest, and what each per cent of them did not exceed, from 1 to 99.
    pub spread: Vec<u32>,
}

/// Answers during one point of the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The stretch.
    pub window: Window,
    /// Its answers.
    pub answers: Answers,
}

/// How one workload went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkloadStory {
    /// Over the run.
    pub moments: Vec<Moment>,
    /// By phase, in order of first appearance.
    pub phases: Vec<PhaseAnswers>,
    /// All of it.
    pub overall: Option<Answers>,
    /// Round trips on the bench's clock.
    pub round_trip: Option<Answers>,
    /// From the first answer to the last.
    pub active: Option<Window>,
    /// Queries that were not answered.
    pub no_response: u64,
    /// Whole outputs that were fetched.
    pub outputs_fetched: u64,
    /// Inputs that were asked.
    pub inputs: u64,
    /// Answers whose digest differs from the first one to the same input.
    pub changed: u64,
}

/// The stretches of a run's phases, or of its steps where there is no orbit.
pub(super) struct Stretches {
    names: Vec<String>,
    windows: Vec<(Window, usize)>,
}

impl Stretches {
    pub(super) fn new(header: &Header) -> Stretches {
        let named: Vec<(Window, String)> = if header.phases.is_empty() {
            let steps = header.steps.iter();
            steps.map(|step| (step.window, step.name.clone())).collect()
        } else {
            let phases = header.phases.iter();
            phases
                .map(|p| (p.window, p.phase.name().to_owned()))
                .collect()
        };
        let mut names: Vec<String> = Vec::new();
        let mut windows = Vec::new();
        for (window, name) in named {
            let place = names
                .iter()
                .position(|known| *known == name)
                .unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
            windows.push((window, place));
        }
        Stretches { names, windows }
    }

    /// Each name with its stretches, in order of first appearance.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, Vec<Window>)> {
        let names = self.names.iter().enumerate();
        names.map(|(name, told)| {
            let of_name = self.windows.iter().filter(|(_, place)| *place == name);
            (told.as_str(), of_name.map(|(window, _)| *window).collect())
        })
    }

    /// Seconds of the named stretches within `active`.
    fn seconds(&self, name: usize, active: &Window) -> f64 {
        let of_name = self.windows.iter().filter(|(_, place)| *place == name);
        let shared = of_name.filter_map(|(window, _)| window.overlap(active));
        shared.map(|window| window.seconds()).sum()
    }
}

/// Gathers the answers of one workload.
pub(super) struct LatencyGatherer {
    grid: Grid,
    place: u64,
    current: Vec<u32>,
    current_window: Window,
    by_phase: Vec<Vec<u32>>,
    cursor: usize,
    round_trips: Vec<u32>,
    first_digests: BTreeMap<u16, u32>,
    story: WorkloadStory,
    kept: usize,
}

impl LatencyGatherer {
    pub(super) fn new(end: BenchTime, stretches: &Stretches) -> LatencyGatherer {
        LatencyGatherer {
            grid: Grid::new(end, POINTS),
            place: 0,
            current: Vec::new(),
            current_window: Window {
                start: BenchTime::ZERO,
                end: BenchTime::ZERO,
            },
            by_phase: vec![Vec::new(); stretches.names.len()],
            cursor: 0,
            round_trips: Vec::new(),
            first_digests: BTreeMap::new(),
            story: WorkloadStory::default(),
            kept: 0,
        }
    }

    pub(super) fn answer(&mut self, at: BenchTime, answer: Inferred, stretches: &Stretches) {
        let place = self.grid.place(at);
        if place != self.place {
            self.close_moment();
            self.place = place;
        }
        if self.current.is_empty() {
            self.current_window.start = at;
        }
        self.current.push(answer.latency_us);
        self.current_window.end = at;
        let active = self
            .story
            .active
            .get_or_insert(Window { start: at, end: at });
        active.end = at;
        if self.kept < ANSWERS_KEPT {
            self.kept += 1;
            self.round_trips.push(answer.round_trip_us);
            while stretches
                .windows
                .get(self.cursor)
                .is_some_and(|(w, _)| w.end <= at)
            {
                self.cursor += 1;
            }
            if let Some((window, name)) = stretches.windows.get(self.cursor)
                && window.start <= at
            {
                self.by_phase[*name].push(answer.latency_us);
            }
        }
        self.digest(answer.input, answer.digest);
    }

    fn digest(&mut self, input: u16, digest: u32) {
        if let Some(first) = self.first_digests.get(&input) {
            self.story.changed += u64::from(*first != digest);
        } else if self.first_digests.len() < INPUTS_KEPT {
            self.first_digests.insert(input, digest);
        }
    }

    pub(super) fn no_response(&mut self) {
        self.story.no_response += 1;
    }

    pub(super) fn output_fetched(&mut self) {
        self.story.outputs_fetched += 1;
    }

    /// Turns the answers of the current point into numbers. Its length is the time between its
    /// first and last answer, stretched by the one interval that this leaves out.
    fn close_moment(&mut self) {
        let heard = self.current_window.seconds();
        let count = self.current.len() as f64;
        let seconds = if count > 1.0 {
            heard * count / (count - 1.0)
        } else {
            0.0
        };
        if let Some(answers) = Answers::of(&mut self.current, seconds) {
            // A single answer has a latency but no rate; it would draw a false zero.
            if answers.count > 1 {
                self.story.moments.push(Moment {
                    window: self.current_window,
                    answers,
                });
            }
        }
        self.current.clear();
    }

    pub(super) fn finish(mut self, stretches: &Stretches) -> WorkloadStory {
        self.close_moment();
        let Some(active) = self.story.active else {
            return self.story;
        };
        let mut all: Vec<u32> = Vec::with_capacity(self.kept);
        for (place, latencies) in self.by_phase.iter_mut().enumerate() {
            let seconds = stretches.seconds(place, &active);
            if let Some(answers) = Answers::of(latencies, seconds) {
                let percents = (1..100).map(|percent| percentile(latencies, percent));
                let spread = std::iter::once(answers.min_us).chain(percents).collect();
                self.story.phases.push(PhaseAnswers {
                    phase: stretches.names[place].clone(),
                    answers,
                    spread,
                });
            }
            all.append(latencies);
        }
        self.story.inputs = self.first_digests.len() as u64;
        self.story.overall = Answers::of(&mut all, active.seconds());
        self.story.round_trip = Answers::of(&mut self.round_trips, active.seconds());
        self.story
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let answers = Answers::of(&mut (1..=10).rev().collect::<Vec<u32>>(), 2.0).unwrap();
        assert_eq!((answers.p50_us, answers.p90_us, answers.p99_us), (5, 9, 10));
        assert_eq!((answers.min_us, answers.max_us), (1, 10));
        assert!((answers.rate() - 5.0).abs() < 1e-12);
        assert_eq!(Answers::of(&mut [], 1.0), None);
    }

    #[test]
    fn the_spread_of_a_phase_is_what_each_per_cent_did_not_exceed() {
        let end = BenchTime::from_millis(1_000);
        let window = Window {
            start: BenchTime::ZERO,
            end,
        };
        let stretches = Stretches {
            names: vec!["sunlit".to_owned()],
            windows: vec![(window, 0)],
        };
        let mut gatherer = LatencyGatherer::new(end, &stretches);
        for answer in (1..=200).rev() {
            let at = BenchTime::from_micros(u64::from(200 - answer) * 1_000);
            let answer = Inferred {
                input: 0,
                latency_us: answer,
                round_trip_us: answer,
                digest: 0,
                first_us: None,
            };
            gatherer.answer(at, answer, &stretches);
        }
        let story = gatherer.finish(&stretches);
        let spread = &story.phases[0].spread;
        assert_eq!(spread.len(), 100);
        assert_eq!(
            (spread[0], spread[1], spread[50], spread[99]),
            (1, 2, 100, 198)
        );
    }
}
