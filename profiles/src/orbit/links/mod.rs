//! Whom the satellite can talk to: ground stations, other satellites, and how fast.

mod budget;
mod constellation;
mod contact;
mod crosslink;
pub(super) mod windows;

pub use budget::{DownLink, LinkBudget};
pub use constellation::Constellation;
pub use contact::{Contact, Station, contacts};
pub use crosslink::{
    Crosslink, LinkPoint, contact_points, crosslinks, light_milliseconds, link_points,
};

use serde::{Deserialize, Serialize};

use crate::time::Window;

/// A named stretch of bench time: a contact or a link, as a phase that checks can use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedWindow {
    /// Of the station or of the other satellite.
    pub name: String,
    /// From when to when.
    pub window: Window,
}

impl From<&Contact> for NamedWindow {
    fn from(contact: &Contact) -> NamedWindow {
        NamedWindow {
            name: contact.station.clone(),
            window: contact.window,
        }
    }
}
