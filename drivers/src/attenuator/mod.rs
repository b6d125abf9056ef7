//! Programmable attenuators: one line per make.

#[cfg(test)]
mod contract;
mod mini_circuits_rcdat;
mod role;

pub use role::{Attenuator, LossRange};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn Attenuator>] = &[
    mini_circuits_rcdat::MODEL_6000_60,
    mini_circuits_rcdat::MODEL_8000_90,
];
