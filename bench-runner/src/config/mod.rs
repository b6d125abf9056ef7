//! Configuration: text to raw campaigns and wirings, keeping the place of everything in its
//! file. Nothing is looked up here; that is the plan's.

pub mod alter;
pub mod campaign;
pub(crate) mod cycles;
pub mod folder;
pub mod interlock;
pub mod load;
pub mod orbit;
mod reader;
pub mod refusal;
pub(crate) mod selection;
mod syntax;
mod units;
pub mod vary;
pub mod wiring;

pub use reader::{Located, Node, TableReader};
pub use refusal::{Place, Refusal, Refusals, Sources};

pub(crate) use units::{number_advice as number_help, seconds};

/// What to write instead of a length of time that is none.
pub(crate) fn duration_help(text: &str) -> Option<String> {
    units::duration_advice(text, false).help
}
