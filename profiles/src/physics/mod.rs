//! The physics that profiles and emulated plants share.

pub mod array_curve;
pub mod battery;
pub mod solar_cell;
pub mod thermal_network;
