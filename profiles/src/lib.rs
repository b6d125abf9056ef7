//! The words of the bench and the physics behind them.
//!
//! Everything with a value over bench time lives here: what is commanded (set points in a
//! [`timeline`]), what is heard ([`reading`]s) and what is expected. A profile is a commanded
//! series, a recording is a heard series, a golden is an expected series; that is why a crate
//! named for profiles also holds readings. Nothing here does I/O, knows a runtime or reads a
//! clock: the same input gives the same output.

pub mod channel;
pub mod command;
pub mod correlation;
pub mod name;
pub mod option;
pub mod orbit;
pub mod phase;
pub mod physics;
pub mod quantity;
pub mod reading;
pub mod seed;
pub mod selection;
pub mod shape;
pub mod template;
pub mod time;
pub mod timeline;
