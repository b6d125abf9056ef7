//! Checks of what boards compute: right, fast enough, with how much energy, and under radiation.

pub(super) mod energy;
pub(super) mod generation;
pub(super) mod matches_golden;
pub(super) mod mesh;
mod power;
pub(super) mod scenario;
mod steady;
pub(super) mod throughput;
mod triage;
pub(super) mod upsets;

#[cfg(test)]
mod tests;

pub use energy::energies;
pub use matches_golden::WRONG_ANSWERS;
use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::Window;

use crate::golden::Golden;
use crate::header::{NamedWindow, WorkloadHeader};

/// Input and digest: what an answer is known by.
type Answer = (u16, u32);

/// Least duration of a valid run, s, as in MLPerf Inference.
const MIN_DURATION: f64 = 600.0;

/// How long a run must be to be valid.
const fn min_duration(help: &'static str) -> OptionSpec {
    OptionSpec {
        name: "min_duration",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(MIN_DURATION)),
        help,
    }
}

/// What comes first and does not count.
const fn warm_up(default: f64, help: &'static str) -> OptionSpec {
    OptionSpec {
        name: "warm_up",
        kind: OptionKind::Whole {
            min: 0.0,
            max: 1e6,
            unit: "",
        },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

/// Why a workload's golden cannot be used, if so.
fn unusable(workload: Option<&WorkloadHeader>, golden: Option<&Golden>) -> Option<String> {
    let name = workload.map_or("", |workload| &workload.golden);
    match golden {
        None => Some(format!("golden `{name}` is missing")),
        Some(golden) if !golden.is_accepted() => {
            let state = golden.manifest().state.name();
            Some(format!("golden `{name}` is {state}, not accepted"))
        }
        Some(_) => {
            let expired = workload.and_then(|workload| workload.expired.as_ref());
            expired.map(|day| format!("golden `{name}` counted until {day}"))
        }
    }
}

/// Stretches by name, in order of first appearance.
fn named(stretches: &[NamedWindow]) -> Vec<(&str, Vec<Window>)> {
    let mut found: Vec<(&str, Vec<Window>)> = Vec::new();
    for stretch in stretches {
        match found.iter_mut().find(|(name, _)| *name == stretch.name) {
            Some((_, windows)) => windows.push(stretch.window),
            None => found.push((&stretch.name, vec![stretch.window])),
        }
    }
    found
}
