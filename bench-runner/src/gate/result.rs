//! What came of the jobs of a gate, as it is kept in `gate.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Shard;

/// A gate, or a shard of one, that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateRun {
    /// Layout of this file.
    pub format: u32,
    /// The gate's name.
    pub gate: String,
    /// SHA-256 of everything that was asked: the gate's file, its baseline, its jobs and their firmware.
    /// Shards of one gate have the same.
    pub question: String,
    /// Which part this is.
    pub shard: Shard,
    /// The names of all jobs of the whole gate.
    pub all: Vec<String>,
    /// How much slower than the baseline it may be.
    pub slower: f64,
    /// What was accepted before, if the gate names it.
    pub baseline: Option<super::Baseline>,
    /// When it began, ms since 1970.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// What came of the jobs of this part.
    pub jobs: Vec<JobResult>,
}

/// What came of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// Its name.
    pub name: String,
    /// What it is compared by.
    pub group: String,
    /// Its campaign's file.
    pub campaign: String,
    /// The command that runs it again.
    pub command: String,
    /// Its runs: one, and one more if that did not pass.
    pub tries: Vec<Try>,
}

/// One run of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// Its exit code; none if it was killed.
    pub code: Option<u8>,
    /// How long it took, s of the wall.
    pub seconds: f64,
    /// SHA-256 of its record; the same run in virtual time has the same.
    pub record: Option<String>,
    /// The findings that did not pass, each as `check: because`; the failures first.
    pub wrong: Vec<Wrong>,
    /// How the run ended, if it did not complete.
    pub ending: Option<String>,
    /// Findings that passed.
    pub passed: u64,
    /// What it printed, if it left no summary.
    pub said: String,
    /// How often each device started.
    #[serde(default)]
    pub boots: BTreeMap<String, u64>,
    /// By workload.
    pub speeds: BTreeMap<String, Speed>,
    /// Its folder, relative to the gate's.
    pub folder: String,
}

/// A finding that did not pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wrong {
    /// The check's name.
    pub check: String,
    /// `fail` or `inconclusive`.
    pub verdict: String,
    /// Why.
    pub because: String,
    /// When the worst was seen, s of bench time.
    pub at_s: Option<f64>,
    /// The phase or step in which it was seen.
    pub phase: Option<String>,
}

/// How fast a workload answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// How many answers.
    pub answers: u64,
    /// Per second.
    pub rate_per_s: f64,
    /// Half took no longer, ms on the board's clock.
    pub p50_ms: f64,
    /// Ninety-nine in a hundred took no longer, ms.
    pub p99_ms: f64,
}

impl GateRun {
    /// The groups of its jobs, in order.
    pub fn groups(&self) -> BTreeSet<String> {
        self.jobs.iter().map(|job| job.group.clone()).collect()
    }
}

impl JobResult {
    /// Its first run, which is the one that counts.
    ///
    /// # Panics
    /// Never: a job is a result when it has been run.
    pub fn first(&self) -> &Try {
        self.tries
            .first()
            .expect("a job is a result when it has been run")
    }

    /// Whether its runs ended in different ways, although they were the same.
    pub fn is_flaky(&self) -> bool {
        self.tries
            .iter()
            .any(|other| other.code != self.first().code)
    }
}

impl Try {
    /// Whether it completed and everything passed.
    pub fn is_pass(&self) -> bool {
        self.code == Some(0)
    }

    /// Why it did not pass, in a sentence.
    pub fn why(&self) -> String {
        let first = self.wrong.first();
        let finding = first.map(|wrong| format!("{}: {}", wrong.check, wrong.because));
        match (finding, &self.ending) {
            (Some(finding), None) => finding,
            // What went wrong on the bench explains what checks missed, but not what they saw.
            (Some(finding), Some(ending)) if self.code == Some(1) => {
                format!("{finding} ({ending})")
            }
            (_, Some(ending)) => ending.clone(),
            (None, None) if !self.said.is_empty() => self.said.clone(),
            (None, None) => match self.code {
                Some(code) => format!("it ended with code {code} and left no summary"),
                None => "it was killed".to_owned(),
            },
        }
    }
}
