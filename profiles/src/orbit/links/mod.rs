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
