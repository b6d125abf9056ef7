//! Runs watched: read from their records while they are written, shown on a terminal, as lines, as a page
//! and as metrics. A watcher only reads; a run does not know of it.

pub mod device;
pub mod find;
pub mod live;
pub mod metrics;
pub mod page;
pub mod plain;
pub mod screen;
pub mod series;
#[cfg(test)]
pub(crate) mod story;
pub mod watched;
pub(crate) mod words;
