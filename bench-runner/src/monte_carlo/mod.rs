//! Monte Carlo: one campaign flown thousands of times in virtual time, each time with other values, and
//! how every margin is distributed over them.
//!
//! What run number N draws depends on the study's seed, on N and on the key alone: not on how many
//! runs there are, on how many at a time, or in which shard.

mod crew;
mod margins;
mod paper;
mod told;
mod worker;

use profiles::seed::Seed;
use serde::{Deserialize, Serialize};

use crate::config::alter::Setting;
use crate::config::vary::Varied;
use crate::exit::{Exit, TABLE};
use crate::gate::Shard;

pub use crew::fly;
pub use margins::{Margins, Spread, margins};
pub use told::{text, write};
pub use worker::{Start, work};

/// What a study leaves in its folder, for `bench monte-carlo merge` and for whoever looks later.
pub const RESULT_FILE: &str = "monte-carlo.json";

/// What one run is run with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Its number, from 1.
    pub run: u64,
    /// Its seed, below 2^53.
    pub seed: u64,
    /// Its values.
    pub set: Vec<Setting>,
}

/// What run number `run` of a study with `seed` is run with.
pub fn draw(seed: Seed, varied: &[Varied], run: u64) -> Draw {
    let purpose = format!("run {run}");
    let set = varied.iter().map(|(key, distribution)| Setting {
        key: key.clone(),
        value: distribution.draw(&mut seed.stream(key, &purpose)),
    });
    Draw {
        run,
        // Programs that read JSON keep 53 bits of a number.
        seed: seed.stream("seed", &purpose).bits() >> 11,
        set: set.collect(),
    }
}

/// What one check found in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The check.
    pub check: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// The worst value.
    pub value: Option<f64>,
    /// Distance from the limit, positive inside.
    pub margin: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// Why, if it did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

/// What became of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flown {
    /// What it was run with.
    #[serde(flatten)]
    pub draw: Draw,
    /// Its exit code; none if its process died.
    pub code: Option<u8>,
    /// Why it did not complete, or why it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ending: String,
    /// What its checks found.
    pub findings: Vec<Found>,
}

/// A study that was flown, or a shard of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Layout of this file.
    pub format: u32,
    /// The campaign's name.
    pub campaign: String,
    /// SHA-256 of everything that was asked. Shards of one study have the same.
    pub question: String,
    /// The command that runs the campaign, without seed and values.
    pub command: String,
    /// What draws.
    pub seed: u64,
    /// How many runs the whole study has.
    pub runs: u64,
    /// Which part this is.
    pub shard: Shard,
    /// What was varied: key and distribution.
    pub varied: Vec<(String, String)>,
    /// What became of the runs of this part, in their order.
    pub flown: Vec<Flown>,
}

impl Study {
    /// The command that runs one of them alone.
    pub fn command(&self, draw: &Draw) -> String {
        let mut command = format!("{} --seed {}", self.command, draw.seed);
        for setting in &draw.set {
            // Values are TOML, and those of times have quotes.
            command = format!("{command} --set '{setting}'");
        }
        command
    }

    /// What it says to the shell. A failure is not hidden behind what could not be run.
    pub fn exit(&self) -> Exit {
        let codes = self.flown.iter().map(|flown| match flown.code {
            Some(code) => TABLE.get(usize::from(code)).map(|(exit, ..)| *exit),
            None => None,
        });
        let rank = |exit: Exit| match exit {
            Exit::Unsafe => 4,
            Exit::Interlock | Exit::Interrupted => 3,
            Exit::Failed => 2,
            Exit::Passed => 0,
            _ => 1,
        };
        let exits = codes.map(|exit| exit.unwrap_or(Exit::BenchFault));
        let worst = exits.max_by_key(|exit| (rank(*exit), *exit));
        // Nothing flown says nothing.
        worst.unwrap_or(Exit::Inconclusive)
    }

    /// Puts shards together.
    ///
    /// # Errors
    /// If one is missing, there twice, or of another study.
    pub fn merge(mut shards: Vec<(String, Study)>) -> Result<Study, String> {
        shards.sort_by_key(|(_, study)| study.shard);
        let Some((first_name, first)) = shards.first().cloned() else {
            return Err("there is nothing to merge: expected the folders of shards".to_owned());
        };
        let mut whole = Study {
            shard: Shard::WHOLE,
            flown: Vec::new(),
            ..first.clone()
        };
        let count = first.shard.count;
        let mut wanted = 0;
        for (name, shard) in shards {
            if shard.question != first.question || shard.shard.count != count {
                return Err(format!(
                    "{first_name} and {name} are not of one study: the campaign, the wiring, the seed, what \
                     is varied or the number of shards was another"
                ));
            }
            wanted += 1;
            let found = shard.shard.index;
            if found < wanted {
                return Err(format!("{name}: shard {found}/{count} is there twice"));
            }
            if found > wanted {
                return Err(missing(wanted, count));
            }
            whole.flown.extend(shard.flown);
        }
        if wanted < count {
            return Err(missing(wanted + 1, count));
        }
        let there = whole.flown.len() as u64;
        whole.flown.sort_by_key(|flown| flown.draw.run);
        let is_whole = (1..)
            .zip(&whole.flown)
            .all(|(n, flown)| flown.draw.run == n);
        if there != whole.runs || !is_whole {
            return Err(format!(
                "{there} of {} runs are there, of {count} shards: one of them was stopped",
                whole.runs
            ));
        }
        Ok(whole)
    }
}

fn missing(index: u32, count: u32) -> String {
    format!("shard {index}/{count} is missing; nothing is told without it")
}

/// The numbers of the runs of a shard: each `count`th.
pub fn of_shard(runs: u64, shard: Shard) -> impl Iterator<Item = u64> {
    let step = shard.count.max(1) as usize;
    (u64::from(shard.index)..=runs).step_by(step)
}

#[cfg(test)]
mod tests;
