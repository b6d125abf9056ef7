//! Power analysers, between a source and what it feeds: one line per make.

#[cfg(test)]
mod contract;
mod role;
mod yokogawa_wt300e;

pub use role::CHANNELS;

use crate::device::Device;
use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn Device>] = &[yokogawa_wt300e::MODEL_WT310E];
