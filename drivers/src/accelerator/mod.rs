//! Accelerator boards: one line per make.

mod board;
mod ccsds_serial;
#[cfg(test)]
mod contract;
mod dbc_can;
mod firmware;
mod mlperf_tiny;
pub mod network;
mod role;

pub use board::{board_traits, pacing};
pub use firmware::{Suffered, Witness, firmware};
pub use role::{Accelerator, Heard, Inference, Question};

use crate::model::{BoardSetup, Model};

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn Accelerator, BoardSetup>] =
    &[ccsds_serial::MODEL, dbc_can::MODEL, mlperf_tiny::MODEL];
