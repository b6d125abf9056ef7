//! Checks: one line per kind.

mod role;

pub use role::{Check, CheckSetup, Kind, Target};

/// Every kind of check that a campaign can ask for.
pub static KINDS: &[Kind] = &[];

/// The kind that campaigns spell `name`.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
