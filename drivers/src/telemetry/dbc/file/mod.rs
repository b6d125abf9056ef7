//! A DBC file as text: what its statements say, and what in it is wrong, by line.
//!
//! DBC files are written by hand and by many programs, and few of them keep to the grammar (Vector
//! Informatik, "DBC File Format Documentation", 1.0.5). What cannot be read is told and left out;
//! the rest is read. What the numbers mean for a frame is for [`super::Database`].

mod flaw;
mod read;
mod skip;
mod statement;
mod words;

pub use flaw::Flaw;
pub(super) use flaw::Flaws;
pub(super) use read::read;

use crate::link::can::CanId;

/// A message, as `BO_` has it.
#[derive(Clone, Debug)]
pub(super) struct MessageText<'a> {
    /// Octets of the file before it.
    pub(super) at: usize,
    pub(super) id: CanId,
    pub(super) name: &'a str,
    pub(super) octets: usize,
    /// `BA_ "GenMsgCycleTime"`: how often it is sent; zero if it is not.
    pub(super) cycle_ms: u32,
    pub(super) signals: Vec<SignalText<'a>>,
}

/// A signal, as `SG_` has it, with what other statements say of it.
#[derive(Clone, Debug)]
pub(super) struct SignalText<'a> {
    pub(super) at: usize,
    pub(super) name: &'a str,
    pub(super) multiplex: Multiplex,
    pub(super) start: usize,
    pub(super) bits: usize,
    pub(super) big_endian: bool,
    pub(super) signed: bool,
    pub(super) factor: f64,
    pub(super) offset: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) unit: &'a str,
    /// `SIG_VALTYPE_`: 1 is IEEE 754 single, 2 double precision.
    pub(super) value_type: u64,
    /// `VAL_`: names of raw values.
    pub(super) names: Vec<(i64, &'a str)>,
    /// `SG_MUL_VAL_`: its multiplexer, and that one's values from and to.
    pub(super) selected_by: Option<(&'a str, Vec<(u64, u64)>)>,
}

/// `M`, `m3`, `m3M` or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Multiplex {
    pub(super) is_selector: bool,
    pub(super) group: Option<u64>,
}
