//! Configuration: text to raw campaigns and wirings, keeping the place of everything in its
//! file. Nothing is looked up here; that is the plan's.

pub mod campaign;
pub mod folder;
pub mod load;
mod reader;
pub mod refusal;
mod units;
pub mod wiring;

pub use reader::{Located, Node, TableReader};
pub use refusal::{Place, Refusal, Refusals, Sources};

pub(crate) use units::seconds;
