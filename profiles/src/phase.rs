//! Phases of an orbit as named intervals that checks can use.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Window;

/// How much of the Sun's disc the satellite sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All of it.
    Sunlit,
    /// A part.
    Penumbra,
    /// Nothing.
    Umbra,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 3] = [Phase::Sunlit, Phase::Penumbra, Phase::Umbra];

    /// As files spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Sunlit => "sunlit",
            Phase::Penumbra => "penumbra",
            Phase::Umbra => "umbra",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One stretch of one phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseInterval {
    /// Which phase.
    pub phase: Phase,
    /// From when to when.
    pub window: Window,
}
