//! Verdicts: findings, of which the worst wins, and endings.

use std::collections::BTreeMap;
use std::fmt;

use profiles::time::BenchTime;
use serde::{Deserialize, Serialize};

/// What the checks say. Ordered by weight: the worst finding is the verdict, and no finding at
/// all is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything asked was seen and is right.
    Pass,
    /// Not enough was seen to say.
    Inconclusive,
    /// Something was seen that is wrong.
    Fail,
}

impl Verdict {
    /// The worst of `findings`; inconclusive for none.
    pub fn of(findings: &[Finding]) -> Verdict {
        findings
            .iter()
            .map(|finding| finding.verdict)
            .max()
            .unwrap_or(Verdict::Inconclusive)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Pass => "PASS",
            Verdict::Inconclusive => "INCONCLUSIVE",
            Verdict::Fail => "FAIL",
        })
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's name.
    pub check: String,
    /// Its kind, as campaigns spell it.
    pub kind: String,
    /// What it watched: a channel, a device, a workload.
    pub subject: String,
    /// During what: names of phases and steps, or "whole run".
    pub during: String,
    /// What it says.
    pub verdict: Verdict,
    /// Why, in one sentence with the value, the limit and the unit.
    pub because: String,
    /// The worst value, if there is one.
    pub value: Option<f64>,
    /// The limit that the worst value comes nearest to or breaks.
    pub limit: Option<f64>,
    /// Unit of value, limit and margin.
    pub unit: String,
    /// Distance from the limit, positive inside.
    pub margin: Option<f64>,
    /// By how much the value may be wrong, in its unit: what the maker or a certificate says of the channel
    /// that told it, or twice the standard uncertainty where the check works one out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<f64>,
    /// What was expected, in the value's unit, where the limit is a distance from it: the golden's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// When the worst value was seen.
    pub at: Option<BenchTime>,
    /// The phase or step in which it was seen.
    pub phase: Option<String>,
    /// How many samples the finding rests on.
    pub samples: u64,
    /// What it rests on, piece by piece, where a check has more to tell than one number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// One piece of what a finding rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is about, in a word: `transient`, `silent`, `umbra`.
    pub what: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<BenchTime>,
    /// The phase or step of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// It, in a sentence.
    pub text: String,
    /// Its numbers, with units in their names, for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, f64>,
}

impl Evidence {
    /// A piece without time and place. Numbers that are none are left out: JSON has no word for them.
    pub fn new(what: &str, text: String, numbers: &[(&str, f64)]) -> Evidence {
        let finite = numbers.iter().filter(|(_, value)| value.is_finite());
        Evidence {
            what: what.to_owned(),
            text,
            numbers: finite
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
            ..Evidence::default()
        }
    }
}

/// How far a check is with its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its first window is yet to come.
    Waiting,
    /// It is in a window, or between two.
    Watching,
    /// All its windows are over.
    Done,
}

/// How a check stands while the run goes on.
#[derive(Clone, Debug)]
pub struct Standing {
    /// How far it is.
    pub progress: Progress,
    /// What it would answer now.
    pub finding: Finding,
}

/// How a run ended, apart from what the checks say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// All steps ran.
    Completed,
    /// An instrument, a link or the bench failed.
    BenchFault {
        /// How.
        why: String,
    },
    /// By a signal, or the run was killed and only its record is left.
    Interrupted {
        /// Where the record ends, if the run was killed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A device is absent: nothing was switched on.
    Absent {
        /// Which, and what was tried.
        why: String,
    },
    /// A limit tripped during the run.
    Interlock {
        /// Which.
        why: String,
    },
    /// The safe state could not be confirmed.
    Unsafe {
        /// Which device, and why.
        why: String,
    },
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Completed => f.write_str("completed"),
            Ending::BenchFault { why } => write!(f, "bench fault: {why}"),
            Ending::Interrupted { why: None } => f.write_str("interrupted"),
            Ending::Interrupted { why: Some(why) } => write!(f, "interrupted: {why}"),
            Ending::Absent { why } => write!(f, "hardware absent: {why}"),
            Ending::Interlock { why } => write!(f, "interlock: {why}"),
            Ending::Unsafe { why } => write!(f, "SAFE STATE NOT CONFIRMED: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_finding_is_inconclusive() {
        assert_eq!(Verdict::of(&[]), Verdict::Inconclusive);
    }

    #[test]
    fn a_failure_outweighs_what_is_unknown() {
        assert!(Verdict::Fail > Verdict::Inconclusive);
        assert!(Verdict::Inconclusive > Verdict::Pass);
    }
}
