//! Electronic loads: one line per make.

#[cfg(test)]
mod contract;
mod rigol_dl3000;
mod role;

pub use role::{ElectronicLoad, LoadLimits};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn ElectronicLoad>] =
    &[rigol_dl3000::MODEL_DL3021, rigol_dl3000::MODEL_DL3031];
