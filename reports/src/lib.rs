//! Recording what happened on the bench, judging it, and telling it.
//!
//! This crate never sees a device: it knows a run by its [`header::Header`] and the
//! [`event::Event`]s that follow, from a run under way or from a record of one.

pub mod check;
pub mod columns;
pub mod digest;
pub mod event;
pub mod golden;
pub mod header;
pub mod judge;
pub mod record;
pub mod render;
pub mod report;
pub mod rows;
pub mod statistics;
pub mod verdict;
