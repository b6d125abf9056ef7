//! Rendering: the report as people and programs read it. Nothing here decides anything; every
//! form tells the same findings.

pub mod chart;
pub mod figure;
pub mod junit;
pub mod pdf;
pub mod png;
pub mod summary;
pub(crate) mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use crate::report::{Correctness, GoldenBand};
