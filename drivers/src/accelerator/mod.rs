//! Accelerator boards: one line per make.

pub mod network;

mod role;

pub use role::{Accelerator, Heard, Inference, Question};

use crate::model::{BoardSetup, Model};

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn Accelerator, BoardSetup>] = &[];

/// TEMP
pub fn board_traits(_: &profiles::option::Options) -> crate::plant::BoardTraits {
    crate::plant::BoardTraits {
        min_volts: profiles::quantity::Volts(18.0),
        harness_ohm: 0.05,
        heat_capacity_j_per_k: 200.0,
        air_w_per_k: 0.8,
        junction_k_per_w: 1.5,
    }
}
