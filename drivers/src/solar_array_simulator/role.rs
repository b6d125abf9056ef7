//! What each solar-array simulator must do.

use async_trait::async_trait;
use profiles::command::Switch;
use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts, Watts};

use crate::device::Device;
use crate::error::DeviceError;

/// Ceilings of a simulator's output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArrayLimits {
    /// Over-voltage protection level: most open-circuit voltage.
    pub volts: Volts,
    /// Over-current protection level: most short-circuit current.
    pub amps: Amperes,
    /// Most power of a curve's knee.
    pub watts: Watts,
}

/// A source that has the curve of a solar array. The first three channels of
/// [`Device::channels`] are `volts`, `amps` and `output`.
///
/// A curve without light is an output that is off: it stays so, in state `dark`, until it is told
/// a curve with light again.
#[async_trait]
pub trait SolarArraySimulator: Device {
    /// Arms the trip levels, and reads them back; before anything is switched on.
    async fn protect(&mut self, ceiling: ArrayLimits) -> Result<(), DeviceError>;

    /// Programs a curve, all of its points at once, and reads it back. What is refused leaves the
    /// last curve in force.
    async fn program(&mut self, points: &ArrayPoints) -> Result<(), DeviceError>;

    /// Switches the output, and reads it back. Nothing is switched on without a curve.
    async fn switch(&mut self, state: Switch) -> Result<(), DeviceError>;
}
