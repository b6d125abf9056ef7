//! Orbits: from elements to eclipses, and from eclipses to what a bench tells its devices.

mod eclipse;
mod elements;
mod facts;
mod frame;
mod held;
mod links;
mod prediction;
mod profile;
mod propagation;
mod radiation;
mod roots;
mod season;
mod shadow;
mod sky;
mod source;
mod spacecraft;
mod sun;
mod utc;
mod vector;

pub use eclipse::{Edge, edges_of, phases};
pub use elements::{Elements, ElementsError};
pub use facts::Facts;
pub use frame::{from_gcrs, to_earth_fixed, to_gcrs};
pub use held::{HeldError, Worst, held_error};
pub use links::{
    Constellation, Contact, Crosslink, DownLink, LinkBudget, LinkPoint, Station, contact_points,
    contacts, crosslinks, light_milliseconds, link_points,
};
pub use prediction::{
    EnergyBalance, Fidelity, HeatTotals, Ledger, NodeTrack, Prediction, TrackPoint, predict,
    predict_in,
};
pub use profile::{Follow, SupplyCeiling, array_timeline, chamber_timeline, supply_timeline};
pub use propagation::{Orbit, PropagationError, State};
pub use radiation::{
    Effect, RadiationModel, Region, injections, radiation_effects, region_windows,
};
pub use season::{Day, Season, seasons, year};
pub use shadow::{Clearance, EARTH_FLATTENING, EARTH_RADIUS_KM, EarthShape, ShadowModel};
pub use source::{Description, Ephemeris, Kepler, MeanElements, Plane};
pub use spacecraft::{
    BASEPLATE, Battery, Cell, Environment, HeatError, HeatPlace, Load, LoadTask, MOST_NODES,
    SolarArray, Spacecraft, SpacecraftError, Thermal, ThermalCase, ThermalJoint, ThermalNode,
};
pub use sun::{
    ASTRONOMICAL_UNIT_KM, Nutation, SOLAR_CONSTANT, SUN_RADIUS_KM, SolarLongitude, SunDirection,
    SunTrack, sun_position,
};
pub use utc::{Utc, UtcError};
pub use vector::Vector;
