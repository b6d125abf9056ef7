//! Power supplies: one line per make.

#[cfg(test)]
mod contract;
mod keysight_663xb;
#[cfg(test)]
mod rig;
mod role;
mod scpi;

pub use role::{PowerSupply, SupplyLimits};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn PowerSupply>] = &[
    keysight_663xb::MODEL_6632B,
    keysight_663xb::MODEL_6633B,
    keysight_663xb::MODEL_6634B,
    scpi::MODEL,
];
