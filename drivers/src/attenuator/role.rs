//! What each attenuator must do.

use async_trait::async_trait;
use profiles::quantity::Decibels;

use crate::device::Device;
use crate::error::DeviceError;

/// What an attenuator may be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossRange {
    /// Least attenuation: with less, the receiver behind it may be harmed.
    pub least: Decibels,
    /// Most attenuation: the link is cut.
    pub most: Decibels,
}

/// A programmable attenuator in the path of a radio link. The first channel of
/// [`Device::channels`] is `attenuation`, in dB. It is safe at its most attenuation: whatever
/// transmits into it, the receiver hears the least.
#[async_trait]
pub trait Attenuator: Device {
    /// Takes the range, and cuts the link; before anything is told.
    async fn protect(&mut self, range: LossRange) -> Result<(), DeviceError>;

    /// Programs the attenuation to the step of the hardware that is nearest, and reads it back.
    async fn program(&mut self, loss: Decibels) -> Result<(), DeviceError>;
}
