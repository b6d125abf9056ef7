//! Where orbits come from besides two-line sets: mean elements, Keplerian elements and plain
//! descriptions, tables of states.

mod description;
mod kepler;
mod keys;
mod oem;
mod omm;

pub(super) use description::mean_sun_deg;
pub use description::{Description, Plane};
pub use kepler::Kepler;
pub use oem::Ephemeris;
pub use omm::MeanElements;
