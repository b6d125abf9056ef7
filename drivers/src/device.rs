//! What every instrument on the bench can do.

use async_trait::async_trait;
use profiles::channel::ChannelSpec;
use profiles::reading::Reading;
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::player::Player;

/// Who answered: the four fields of IEEE 488.2's `*IDN?`, or what comes nearest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Serial number; empty where the device has none to tell.
    pub serial: String,
    /// Firmware; empty where the device has none to tell.
    pub firmware: String,
}

/// What every instrument can do. All calls have a deadline of their own.
#[async_trait]
pub trait Device: Send {
    /// What [`Device::measure`] reads, in the order of its readings' channel numbers.
    fn channels(&self) -> Vec<ChannelSpec>;

    /// Who answers. Touches nothing.
    async fn identify(&mut self) -> Result<Identity, DeviceError>;

    /// Everything it measures, now.
    async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError>;

    /// Whether its power was away since it was asked last, so that it has forgotten its limits and
    /// settings: the power-on bit of `*ESR?` (IEEE 488.2, 11.5.1.1), which is cleared by being read.
    /// `false` where a make cannot tell.
    async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        Ok(false)
    }

    /// The state to leave behind: nothing plays, outputs off, heaters off, read back. Safe to
    /// repeat.
    async fn make_safe(&mut self) -> Result<(), DeviceError>;

    /// Its way to play a list of set points by itself, if it has one.
    fn player(&mut self) -> Option<&mut dyn Player> {
        None
    }
}
