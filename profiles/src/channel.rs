//! Channels: what a device measures, named and with a unit, found by number while running.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::name::DeviceName;

/// The description of one channel, made once before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSpec {
    /// Name within its device: `volts`, `board_temperature`.
    pub name: Arc<str>,
    /// Symbol of the unit: `V`, `°C`; empty for none.
    pub unit: Arc<str>,
    /// For a channel of states: their names, found by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Arc<str>>,
}

impl ChannelSpec {
    /// A channel of numbers.
    pub fn number(name: &str, unit: &str) -> ChannelSpec {
        ChannelSpec {
            name: name.into(),
            unit: unit.into(),
            states: Vec::new(),
        }
    }

    /// A channel of named states, numbered from zero.
    pub fn states(name: &str, states: &[&str]) -> ChannelSpec {
        ChannelSpec {
            name: name.into(),
            unit: "".into(),
            states: states.iter().map(|&state| state.into()).collect(),
        }
    }
}

/// The full name of a channel: `device.channel`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChannelName {
    /// Whose it is.
    pub device: DeviceName,
    /// Which of its channels.
    pub channel: Arc<str>,
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.device, self.channel)
    }
}
