//! What a run is: configuration to plan, plan to run, run to verdict.

pub mod config;
pub mod exit;
pub mod plan;
pub mod run;
pub mod runtime;
