//! Gates on more than one machine: shards handed to a scheduler that is there already, and the decision
//! over all of them afterwards. `bench` has no daemon of its own; it writes what `sbatch` and `kubectl`
//! read, or starts processes.

mod fill;
mod kubernetes;
mod local;
mod shell;
mod slurm;

use std::path::PathBuf;

use crate::gate::{GatePace, Hardware};

pub use local::Local;
use shell::Tool;

/// Who runs the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Processes on this machine.
    Local,
    /// A job array of Slurm's, and a job that depends on it.
    Slurm,
    /// An indexed job of Kubernetes', and a job after it.
    Kubernetes,
}

/// What is handed to an engine.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The gate's name.
    pub name: String,
    /// The gate's file, as it was given.
    pub file: PathBuf,
    /// Firmware to judge instead of the file's.
    pub firmware: Vec<PathBuf>,
    /// How many shards.
    pub shards: u32,
    /// The folder for everything, absolute.
    pub out: PathBuf,
    /// The folder that relative paths are from, absolute.
    pub here: PathBuf,
    /// The program, absolute.
    pub program: PathBuf,
    /// How bench time passes.
    pub pace: GatePace,
    /// What the gate's file says of the machines that it needs.
    pub hardware: Hardware,
}

/// A file that an engine reads: its name in the folder, and its text.
pub type Written = (&'static str, String);

impl Submission {
    /// The folder of shard `index`, which is from one.
    pub fn shard(&self, index: u32) -> PathBuf {
        self.out.join(format!("shard-{index}"))
    }

    /// The folders of all shards, in order.
    pub fn folders(&self) -> Vec<PathBuf> {
        (1..=self.shards).map(|index| self.shard(index)).collect()
    }

    /// The folder with the decision over all of them.
    pub fn merged(&self) -> PathBuf {
        self.out.join("merged")
    }

    /// What `engine` reads: the shards, and the decision over them. Nothing for processes here.
    ///
    /// # Errors
    /// What is missing for it, or a path that cannot be written into its files.
    pub fn files(&self, engine: Engine) -> Result<Vec<Written>, String> {
        match engine {
            Engine::Local => Ok(Vec::new()),
            Engine::Slurm => slurm::files(self),
            Engine::Kubernetes => kubernetes::files(self),
        }
    }

    /// Hands it over, tells what the jobs are called, and what the one with the decision ended with if
    /// that is waited for.
    ///
    /// # Errors
    /// In the engine's own words.
    pub fn hand_over(
        &self,
        engine: Engine,
        wait: bool,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Option<i32>, String> {
        match engine {
            Engine::Local => Err("processes here are not handed over".to_owned()),
            Engine::Slurm => slurm::hand_over(self, wait, tell),
            Engine::Kubernetes => kubernetes::hand_over(self, wait, tell),
        }
    }

    /// The name of its jobs: letters, digits and hyphens, at most 40, as Kubernetes wants them.
    fn job(&self) -> String {
        let slug = crate::slug(&self.name).replace('_', "-");
        let name: String = format!("bench-{slug}").chars().take(40).collect();
        name.trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests;
