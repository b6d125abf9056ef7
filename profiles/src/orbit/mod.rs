//! Orbits: from elements to eclipses, and from eclipses to what a bench tells its devices.

mod columns;
mod eclipse;
mod elements;
mod nutation;
mod prediction;
mod profile;
mod propagation;
mod roots;
mod shadow;
mod sky;
mod spacecraft;
mod sun;
mod sun_track;
mod utc;
mod vector;

pub use eclipse::phases;
pub use elements::{Elements, ElementsError};
pub use nutation::Nutation;
pub use prediction::{Prediction, TrackPoint, predict};
pub use profile::{SupplyCeiling, chamber_timeline, supply_timeline};
pub use propagation::{Orbit, PropagationError, State};
pub use shadow::{Clearance, EARTH_FLATTENING, EARTH_RADIUS_KM, EarthShape, ShadowModel};
pub use spacecraft::{Battery, Cell, Load, SolarArray, Spacecraft, SpacecraftError, Thermal};
pub use sun::{
    ASTRONOMICAL_UNIT_KM, SOLAR_CONSTANT, SUN_RADIUS_KM, SolarLongitude, SunDirection, sun_position,
};
pub use sun_track::SunTrack;
pub use utc::{Utc, UtcError};
pub use vector::Vector;
