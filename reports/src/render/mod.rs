//! Rendering: the report as people and programs read it. Nothing here decides anything; every
//! form tells the same findings.

pub mod chart;
pub mod compare;
pub mod figure;
mod frame;
pub mod html;
pub mod junit;
pub mod pdf;
pub mod png;
pub mod seal;
pub mod style;
pub mod summary;
pub mod svg;
pub mod template;
pub(crate) mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use crate::report::{Correctness, GoldenBand};
