//! The orbit and its physics against published and independently computed references.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test without its reference fails, and one that measures says what it measured"
)]

mod bus;
mod eclipse;
mod element_sets;
mod grazing;
mod heat;
mod held;
mod limb;
mod links;
mod properties;
mod radiation;
mod reference;
mod sgp4;
mod sources;
mod sun;
mod timelines;
