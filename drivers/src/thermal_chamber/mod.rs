//! Thermal chambers: one line per make.

mod cabinet;
mod calendar;
#[cfg(test)]
mod contract;
mod espec_p300;
mod julabo_fp50;
mod options;
#[cfg(test)]
mod played;
mod program;
#[cfg(test)]
mod rig;
mod role;
mod thermotron_3800;
mod votsch_vt4002;
mod watlow_f4;
mod watlow_f4t;

pub use role::{CelsiusRange, ThermalChamber};

use crate::model::Model;

/// Every make the bench can drive and play.
pub static MODELS: &[Model<dyn ThermalChamber>] = &[
    espec_p300::MODEL,
    julabo_fp50::MODEL,
    thermotron_3800::MODEL,
    votsch_vt4002::MODEL,
    watlow_f4::MODEL,
    watlow_f4t::MODEL,
];
