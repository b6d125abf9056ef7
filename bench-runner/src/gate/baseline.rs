//! The baseline: what a gate measured when a person accepted it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{GateRun, JobResult};

/// What was accepted: for each group of runs (campaign and condition) what each workload told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// How long a run of each group took, s of the wall; shards are cut by it.
    #[serde(default)]
    pub seconds: BTreeMap<String, f64>,
    /// By group, then by device: how often it started at most.
    #[serde(default)]
    pub starts: BTreeMap<String, BTreeMap<String, u64>>,
    /// By group, then by workload: one value for each run.
    #[serde(default)]
    pub speed: BTreeMap<String, BTreeMap<String, Speeds>>,
}

/// What the runs of a group told of one workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speeds {
    /// Half of the answers took no longer, ms on the board's clock.
    pub p50_ms: Vec<f64>,
    /// Ninety-nine in a hundred took no longer, ms.
    pub p99_ms: Vec<f64>,
    /// Answers per second.
    pub rate_per_s: Vec<f64>,
}

impl Speeds {
    /// What these runs of one group told, by workload.
    pub fn of<'a>(runs: impl Iterator<Item = &'a JobResult>) -> BTreeMap<String, Speeds> {
        let mut found: BTreeMap<String, Speeds> = BTreeMap::new();
        for run in runs {
            for (workload, speed) in &run.first().speeds {
                let speeds = found.entry(workload.clone()).or_default();
                speeds.p50_ms.push(speed.p50_ms);
                speeds.p99_ms.push(speed.p99_ms);
                speeds.rate_per_s.push(speed.rate_per_s);
            }
        }
        found
    }
}

/// How often each device started in one of these runs at most.
pub(super) fn starts<'a>(runs: impl Iterator<Item = &'a JobResult>) -> BTreeMap<String, u64> {
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for (device, boots) in runs.flat_map(|run| &run.first().boots) {
        let known = most.entry(device.clone()).or_default();
        *known = (*known).max(*boots);
    }
    most.retain(|_, boots| *boots > 0);
    most
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// If it is not there or is none.
    pub fn read(path: &Path) -> Result<Baseline, String> {
        let name = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            format!("cannot read the baseline {name}: {error}; `--accept-baseline` makes one")
        })?;
        toml::from_str(&text).map_err(|error| format!("{name}: {error}"))
    }

    /// Takes what a gate measured as what is expected from now on.
    pub fn accept(run: &GateRun) -> Baseline {
        let mut baseline = Baseline::default();
        for group in run.groups() {
            let of_group = || run.jobs.iter().filter(|job| job.group == group);
            let seconds: f64 = of_group().map(|job| job.first().seconds).sum();
            let seconds = seconds / of_group().count().max(1) as f64;
            let rounded = (seconds * 10.0).ceil() / 10.0;
            baseline.seconds.insert(group.clone(), rounded);
            let starts = starts(of_group());
            if !starts.is_empty() {
                baseline.starts.insert(group.clone(), starts);
            }
            let speeds = Speeds::of(of_group());
            if !speeds.is_empty() {
                baseline.speed.insert(group, speeds);
            }
        }
        baseline
    }

    /// Its text; the same baseline, the same text.
    ///
    /// # Panics
    /// Never: tables of numbers are TOML.
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(self).expect("tables of numbers are TOML");
        format!("# Accepted by `bench gate --accept-baseline`; review each change of it.\n{text}")
    }
}
