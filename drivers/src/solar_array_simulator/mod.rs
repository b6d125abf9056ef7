//! Solar-array simulators: one line per make.

#[cfg(test)]
mod contract;
mod keysight_sas;
#[cfg(test)]
mod played;
#[cfg(test)]
mod rig;
mod role;

pub use role::{ArrayLimits, SolarArraySimulator};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn SolarArraySimulator>] = &[
    keysight_sas::MODEL_E4360A,
    keysight_sas::MODEL_E4362A,
    keysight_sas::MODEL_E4350B,
    keysight_sas::MODEL_E4351B,
];
