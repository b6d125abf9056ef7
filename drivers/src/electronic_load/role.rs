//! What each electronic load must do.

use async_trait::async_trait;
use profiles::command::{Sink, Switch};
use profiles::quantity::{Amperes, Volts, Watts};

use crate::device::Device;
use crate::error::DeviceError;

/// Ceilings of what a load may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadLimits {
    /// Most voltage at its input.
    pub volts: Volts,
    /// Most current.
    pub amps: Amperes,
    /// Most power.
    pub watts: Watts,
}

/// An electronic load with one input. The first three channels of [`Device::channels`] are
/// `volts`, `amps` and `watts`.
#[async_trait]
pub trait ElectronicLoad: Device {
    /// Switches the input off, and takes the ceilings; before anything is switched on.
    async fn protect(&mut self, ceiling: LoadLimits) -> Result<(), DeviceError>;

    /// Programs what is held constant, and reads it back.
    async fn program(&mut self, sink: Sink) -> Result<(), DeviceError>;

    /// Switches the input, and reads it back.
    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError>;
}
