//! What each thermal chamber must do.

use async_trait::async_trait;
use profiles::quantity::{Celsius, CelsiusPerMinute};

use crate::device::Device;
use crate::error::DeviceError;

/// The temperatures that a chamber may be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CelsiusRange {
    /// Lowest.
    pub min: Celsius,
    /// Highest.
    pub max: Celsius,
}

/// A chamber that conditions air. The first two channels of [`Device::channels`] are `air` and
/// `target`.
#[async_trait]
pub trait ThermalChamber: Device {
    /// Arms the controller's set point limits, and reads them back.
    async fn protect(&mut self, range: CelsiusRange) -> Result<(), DeviceError>;

    /// Programs the air temperature. A controller without a rate limit of its own ignores
    /// `slew`: its profile must then be told in small steps.
    async fn program(
        &mut self,
        target: Celsius,
        slew: Option<CelsiusPerMinute>,
    ) -> Result<(), DeviceError>;
}
