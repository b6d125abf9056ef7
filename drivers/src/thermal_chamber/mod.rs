//! Thermal chambers: one line per make.

mod role;

pub use role::{CelsiusRange, ThermalChamber};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn ThermalChamber>] = &[];
