//! Thermal chambers: one line per make.

#[cfg(test)]
mod contract;
mod role;
mod watlow_f4;

pub use role::{CelsiusRange, ThermalChamber};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn ThermalChamber>] = &[watlow_f4::MODEL];
