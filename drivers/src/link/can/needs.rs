//! What one device needs of a bus that it shares with others.

use super::{BusFrame, CanId};

/// Identifiers of the frames that lead to and from one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusNeeds {
    /// Frames that the device sends, and its driver wants to hear.
    pub hears: Vec<CanId>,
    /// Frames that its driver sends.
    pub says: Vec<CanId>,
}

impl BusNeeds {
    /// Whether a frame on the bus is one that the driver wants to hear. What the controller tells
    /// of errors concerns everybody.
    pub fn wants(&self, frame: &BusFrame) -> bool {
        frame.id().is_none_or(|id| self.hears.contains(&id))
    }

    /// All identifiers, each once.
    pub(super) fn identifiers(&self) -> Vec<CanId> {
        let mut identifiers: Vec<CanId> = self.hears.iter().chain(&self.says).copied().collect();
        identifiers.sort_unstable();
        identifiers.dedup();
        identifiers
    }
}
