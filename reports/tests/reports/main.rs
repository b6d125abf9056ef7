//! The crate as others see it: records that survive, judgement of whole runs, goldens.

mod bench_run;
mod golden;
mod judging;
mod record;
