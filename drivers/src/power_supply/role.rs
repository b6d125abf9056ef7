//! What each power supply must do.

use async_trait::async_trait;
use profiles::command::Switch;
use profiles::quantity::{Amperes, Volts};

use crate::device::Device;
use crate::error::DeviceError;

/// Ceilings of a supply's output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SupplyLimits {
    /// Over-voltage protection level.
    pub volts: Volts,
    /// Largest current limit that may be programmed.
    pub amps: Amperes,
}

/// A programmable supply with one output. The first three channels of
/// [`Device::channels`] are `volts`, `amps` and `output`.
#[async_trait]
pub trait PowerSupply: Device {
    /// Arms the trip levels, and reads them back; before anything is switched on.
    async fn protect(&mut self, ceiling: SupplyLimits) -> Result<(), DeviceError>;

    /// Programs voltage and current limit.
    async fn program(&mut self, volts: Volts, limit: Amperes) -> Result<(), DeviceError>;

    /// Switches the output, and reads it back.
    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError>;
}
