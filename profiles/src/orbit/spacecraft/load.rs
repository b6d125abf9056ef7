//! What the satellite draws: a base for each phase, and tasks on top of it.

use serde::{Deserialize, Serialize};

use crate::phase::Phase;
use crate::selection::WindowSet;
use crate::time::{BenchTime, Period, Window};

/// What the whole satellite draws, the payload included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// In sunlight and penumbra, W.
    pub sunlit_watts: f64,
    /// In the umbra, W.
    pub eclipse_watts: f64,
    /// What is drawn on top of these, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<LoadTask>,
}

/// A piece of work of the satellite, and what it draws: a workload's schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadTask {
    /// What it is called.
    pub name: String,
    /// What it draws on top of the base, W.
    pub watts: f64,
    /// When it may run: phases, contacts, links, as stretches of time; always if absent.
    #[serde(default)]
    pub during: Option<WindowSet>,
    /// When it begins for the first time.
    #[serde(default)]
    pub after: BenchTime,
    /// How long it runs each time; to the end if absent.
    #[serde(default)]
    pub length: Option<Period>,
    /// Time from one beginning to the next; once if absent.
    #[serde(default)]
    pub every: Option<Period>,
}

impl Default for Load {
    /// A little less than the array's mean in a low orbit, so that the battery slowly fills;
    /// an eclipse takes a sixth of it.
    fn default() -> Load {
        Load {
            sunlit_watts: 95.0,
            eclipse_watts: 75.0,
            tasks: Vec::new(),
        }
    }
}

impl Load {
    /// What is drawn in a phase at a time, W.
    pub fn watts(&self, phase: Phase, at: BenchTime) -> f64 {
        let base = match phase {
            Phase::Sunlit | Phase::Penumbra => self.sunlit_watts,
            Phase::Umbra => self.eclipse_watts,
        };
        let running = self.tasks.iter().filter(|task| task.runs(at));
        base + running.map(|task| task.watts).sum::<f64>()
    }

    /// When a task begins or ends inside `span`, in order, each once.
    pub fn edges(&self, span: Window) -> Vec<BenchTime> {
        let mut edges = Vec::new();
        for task in &self.tasks {
            let windows = task.during.iter().flat_map(WindowSet::windows);
            edges.extend(windows.flat_map(|window| [window.start, window.end]));
            let mut begin = task.after;
            while begin < span.end {
                edges.push(begin);
                edges.extend(task.length.map(|length| begin + length));
                let Some(every) = task.every else { break };
                begin = begin + every;
            }
        }
        edges.retain(|edge| *edge > span.start && *edge < span.end);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

impl LoadTask {
    /// Whether it runs at this time; its end is no part of it.
    pub fn runs(&self, at: BenchTime) -> bool {
        if at < self.after
            || self
                .during
                .as_ref()
                .is_some_and(|during| !during.contains(at))
        {
            return false;
        }
        let since = at.micros_since(self.after);
        let into = self.every.map_or(since, |every| since % every.as_micros());
        self.length.is_none_or(|length| into < length.as_micros())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    fn load() -> Load {
        let task = LoadTask {
            name: "inference".into(),
            watts: 40.0,
            during: Some(WindowSet::new([
                Window {
                    start: BenchTime::ZERO,
                    end: BenchTime::from_millis(12_000),
                },
                Window {
                    start: BenchTime::from_millis(60_000),
                    end: BenchTime::from_millis(100_000),
                },
            ])),
            after: BenchTime::from_millis(10_000),
            length: Some(Period::millis(5_000)),
            every: Some(Period::millis(60_000)),
        };
        Load {
            sunlit_watts: 20.0,
            eclipse_watts: 10.0,
            tasks: vec![task],
        }
    }

    #[test]
    fn a_task_draws_while_it_may_and_at_its_times() {
        let load = load();
        let at = |seconds: u64| BenchTime::from_millis(seconds * 1_000);
        for (phase, seconds, watts) in [
            (Phase::Sunlit, 9, 20.0),
            (Phase::Sunlit, 10, 60.0),
            (Phase::Sunlit, 11, 60.0),
            (Phase::Sunlit, 12, 20.0),
            (Phase::Sunlit, 14, 20.0),
            (Phase::Sunlit, 70, 60.0),
            (Phase::Umbra, 70, 50.0),
            (Phase::Penumbra, 75, 20.0),
        ] {
            assert_eq!(load.watts(phase, at(seconds)), watts, "{phase} {seconds}");
        }
    }

    #[test]
    fn edges_are_those_inside_the_span() {
        let span = Window {
            start: BenchTime::from_millis(10_000),
            end: BenchTime::from_millis(75_000),
        };
        let edges: Vec<u64> = load()
            .edges(span)
            .iter()
            .map(|edge| edge.as_micros() / 1_000_000)
            .collect();
        assert_eq!(edges, [12, 15, 60, 70]);
    }
}
