//! Checks: one line per kind.

mod clock;
mod in_range;
mod inference;
mod limits;
mod moments;
mod no_loss;
mod on_time;
mod responds;
mod role;
mod settles;
mod slew;
mod tally;

#[cfg(test)]
mod contract;

pub use in_range::{GUARD_MAX, GUARD_MIN};
pub use inference::{WRONG_ANSWERS, energies};
pub use limits::{Condition, conditions};
use profiles::option::{OptionDefault, OptionKind, OptionSpec};
pub use role::{Check, CheckSetup, Kind, METER, Target};

/// Every kind of check that a campaign can ask for.
pub static KINDS: &[Kind] = &[
    in_range::KIND,
    limits::KIND,
    settles::KIND,
    slew::KIND,
    clock::KIND,
    no_loss::KIND,
    on_time::KIND,
    responds::KIND,
    inference::matches_golden::KIND,
    inference::throughput::KIND,
    inference::scenario::KIND,
    inference::generation::KIND,
    inference::upsets::KIND,
    inference::energy::KIND,
    inference::mesh::KIND,
];

/// The kind that campaigns spell `name`.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// An option that is any number, in the unit of the channel, or off.
const fn number(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number {
            min: f64::MIN,
            max: f64::MAX,
            unit: "",
        },
        default: Some(OptionDefault::Unset),
        help,
    }
}
