//! Talking to the devices on the bench, and playing them.
//!
//! A driver and its emulator are the two halves of a [`model::Model`]; both speak over a
//! [`link::Link`] and neither knows what is at the other end. This crate never sees a verdict.

pub mod accelerator;
pub mod accuracy;
pub mod attenuator;
pub mod canopen;
pub mod catalog;
pub mod clock;
pub mod device;
pub mod electronic_load;
pub mod emulator;
pub mod error;
pub mod instrument;
pub mod link;
pub mod model;
pub mod plant;
pub mod player;
pub mod power_analyser;
pub mod power_supply;
pub mod solar_array_simulator;
pub mod telemetry;
pub mod thermal_chamber;

mod ascii;
mod modbus;
mod options;
mod scpi;
mod timer;

#[cfg(test)]
mod rehearsal;
