//! What right answers took, as a distribution: blocks of them, held against those of a golden.
//!
//! Answers that follow each other depend on each other, so blocks decide, as for latencies. What the
//! meter is off by is the same in golden and run where the same meter measured both: it changes no
//! ratio, so it does not count. Where another did, what both may be off by makes the interval wider.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::blocks::{CONFIDENCE, Standing, blocks_for};
use crate::statistics::{Effect, Spread};

/// How much more an answer may take where the golden does not say: 5 %, as a part.
pub const MORE: f64 = 0.05;

/// What right answers of one workload took in one phase or plateau.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// How many right answers it rests on.
    pub right: u64,
    /// Of one right answer, J.
    pub joules: f64,
    /// Its expanded uncertainty (k = 2), J: of the meter, and of what lies between samples.
    pub uncertainty: f64,
    /// What measured it: the device, and its model.
    pub meter: String,
    /// Right answers in each block.
    pub answers: u64,
    /// How many blocks.
    pub count: u64,
    /// Of a right answer, from block to block: its typical value, J, and the standard deviation of its
    /// natural logarithm.
    pub each: [f64; 2],
}

/// Energies by workload, then by phase or plateau.
pub type Energies = BTreeMap<String, BTreeMap<String, Energy>>;

impl Energy {
    fn spread(&self) -> Spread {
        let [typical, deviation] = self.each;
        Spread {
            blocks: self.count,
            typical,
            deviation,
        }
    }

    /// Whether every number can be.
    pub(super) fn is_sensible(&self) -> bool {
        let [typical, deviation] = self.each;
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let length = |value: f64| value >= 0.0 && value.is_finite();
        positive(self.joules)
            && positive(typical)
            && length(self.uncertainty)
            && length(deviation)
            && self.answers >= 1
            && self.count >= 2
    }

    /// How `now` lies to this golden, and whether it takes more than `more` beyond it for sure.
    pub fn against(&self, now: &Energy, more: f64) -> Option<(Standing, Effect)> {
        let effect = Effect::between(&self.spread(), &now.spread(), CONFIDENCE)?;
        let effect = if self.meter == now.meter {
            effect
        } else {
            let off = |it: &Energy| it.uncertainty / it.joules;
            let meters = off(self).hypot(off(now));
            let (ratio, half) = (effect.ratio.ln(), (effect.high / effect.ratio).ln());
            let half = half.hypot(meters);
            Effect {
                low: (ratio - half).exp(),
                high: (ratio + half).exp(),
                ..effect
            }
        };
        let limit = 1.0 + more;
        let standing = if effect.low > limit {
            Standing::Regressed
        } else if effect.high <= limit {
            Standing::Holds
        } else {
            Standing::Undecided
        };
        Some((standing, effect))
    }

    /// How many right answers a run needs beside this golden, so that a tenth more is found and a run
    /// that takes no more holds, each in 95 of 100 runs. `None` where the golden has too few blocks.
    pub fn answers_needed(&self, more: f64) -> Option<u64> {
        let blocks = blocks_for(
            (self.each[1], self.count),
            1.0,
            1.0 + more,
            Some(self.count),
        );
        blocks.map(|blocks| blocks * self.answers)
    }

    /// The same in words.
    pub fn needed(&self, more: f64) -> String {
        let both = || {
            let blocks = blocks_for((self.each[1], self.count), 1.0, 1.0 + more, None);
            blocks.map(|blocks| blocks * self.answers)
        };
        match (self.answers_needed(more), both()) {
            (Some(answers), _) => format!("a run needs {answers} right answers"),
            (None, Some(both)) => {
                format!("too few for any run: golden and run need {both} right answers each")
            }
            (None, None) => format!("answers differ too much for {} %", more * 100.0),
        }
    }
}
