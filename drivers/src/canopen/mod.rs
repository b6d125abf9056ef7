//! CANopen (CiA 301), as far as ECSS-E-ST-50-15C asks it of a node: network management with
//! heartbeat, service data objects (expedited and segmented), and process data objects.
//!
//! Frames in, frames out; nothing here knows a bus or a clock.

mod dictionary;
mod nmt;
mod node;
mod pdo;
mod sdo;
#[cfg(test)]
mod tests;

pub use dictionary::{Abort, Dictionary, Entry, Key};
pub use nmt::{Command, State, heartbeat, read_heartbeat};
pub use node::Node;
pub use pdo::{Field, pack, unpack};
pub use sdo::{Client, Outcome, Server};

/// Identifier of network management.
pub const NMT: u16 = 0x000;
/// Identifier of the synchronization object.
pub const SYNC: u16 = 0x080;
/// Base identifier of what a node answers to service data requests.
pub const SDO_ANSWER: u16 = 0x580;
/// Base identifier of service data requests.
pub const SDO_REQUEST: u16 = 0x600;
/// Base identifier of heartbeats.
pub const HEARTBEAT: u16 = 0x700;
/// Base identifier of a node's first process data object.
pub const TPDO: u16 = 0x180;
