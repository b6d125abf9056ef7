//! Verbs of many runs: a gate on many machines, a campaign with many values.

pub(super) mod monte_carlo;
pub(super) mod submit;

use crate::gate::Shard;

/// Which part of a whole this process runs.
#[derive(Debug, clap::Args)]
pub(super) struct ShardArgs {
    /// Run one part of so many, as 2/5; `merge` puts them together
    #[arg(long, value_name = "I/N", conflicts_with = "shard_from_env")]
    shard: Option<Shard>,
    /// Ask Slurm, GitLab or Kubernetes which part this is
    #[arg(long)]
    shard_from_env: bool,
}

impl ShardArgs {
    /// The part that is meant; all of it if nobody says.
    pub(super) fn shard(&self) -> Result<Shard, String> {
        match self.shard {
            Some(shard) => Ok(shard),
            None if self.shard_from_env => Shard::from_env(|name| std::env::var(name).ok()),
            None => Ok(Shard::WHOLE),
        }
    }
}

/// How many runs go on at a time, if nobody says.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
