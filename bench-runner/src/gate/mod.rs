//! The gate: campaigns × firmware × conditions × seeds, run as processes of their own, held against
//! what was accepted before, and decided with a reason.
//!
//! A gate never repeats a run until it passes. A run that failed is repeated to learn whether it fails
//! again; one that does not is *flaky*, which is no pass.

mod baseline;
mod decide;
mod file;
mod matrix;
mod merge;
mod pool;
mod result;
mod shard;
mod told;

pub use baseline::Baseline;
pub use decide::{Decision, decide};
pub use file::{GateFile, GatePace, Hardware, Keep};
pub use matrix::{Job, jobs, of_shard};
pub use merge::{Unmerged, merge};
pub use pool::{Pool, Starting};
pub use result::{GateRun, JobResult, Speed, Try};
pub use shard::Shard;
pub use told::{annotations, text, write};

/// What a gate leaves in its folder, for `bench gate merge` and for whoever looks later.
pub const RESULT_FILE: &str = "gate.json";
