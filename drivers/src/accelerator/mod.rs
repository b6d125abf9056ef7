//! Accelerator boards: one line per make.

pub mod network;

mod role;

pub use role::{Accelerator, Heard, Inference, Question};

use crate::model::{BoardSetup, Model};

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn Accelerator, BoardSetup>] = &[];
