//! Power supplies: one line per make.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod contract;
mod front;
mod heard;
mod keysight_663xb;
mod keysight_channels;
mod keysight_e363xa;
#[cfg(test)]
mod played;
#[cfg(test)]
mod rig;
mod rigol_dp800;
mod role;
mod scpi;
mod stage;
mod tdk_genesys;

pub use role::{PowerSupply, SupplyLimits};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn PowerSupply>] = &[
    keysight_663xb::MODEL_6632B,
    keysight_663xb::MODEL_6633B,
    keysight_663xb::MODEL_6634B,
    keysight_e363xa::MODEL_E3631A,
    keysight_e363xa::MODEL_E3632A,
    keysight_channels::MODEL_E36312A,
    keysight_channels::MODEL_N6705B,
    rigol_dp800::MODEL_DP832,
    tdk_genesys::MODEL,
    scpi::MODEL,
];
