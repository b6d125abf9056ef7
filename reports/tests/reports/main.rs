//! The crate as others see it: records that survive, judgement of whole runs, goldens.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may fail as tests do"
)]

mod bench_run;
mod damaged;
mod following;
mod forged;
mod golden;
mod judging;
mod once;
mod record;
mod rows;
