//! Vötsch (Weiss) VT 4002 and its relatives with a S!MPAC controller: ASCII-2 on RS-232 and RS-485,
//! and SIMSERV beside it on Ethernet (port 2049). Facts: the description of the protocol that the
//! controllers themselves give to `$01?`, as public clients have kept it, and those clients
//! (`pyVT4002` and others).

mod driver;
mod emulator;
mod simserv;
mod state;
#[cfg(test)]
mod tests;

use profiles::option::OptionSpec;

use super::cabinet;
use super::options;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::Model;

/// A bench-top temperature chamber.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "votsch-vt4002",
    summary: "Vötsch VT 4002 with S!MPAC, ASCII-2 (and SIMSERV)",
    options: &OPTIONS,
    ratings: &options::ratings(REACH),
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Chamber::new(setup))),
    emulate: |setup| Box::new(emulator::Chamber::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// What a VT 4002 reaches, °C.
const REACH: [f64; 2] = [-40.0, 130.0];
/// Digital channels in a message.
const CHANNELS: usize = 32;
/// The digital channel that starts the chamber.
const START: usize = 1;

const OPTIONS: [OptionSpec; 6] = [
    options::deadline(1.0),
    options::address(0.0, 31.0, 1.0, "address that the controller is set to"),
    options::safe_celsius(REACH),
    options::latency(0.03),
    cabinet::SENSOR,
    cabinet::DOOR,
];

/// A number as ASCII-2 writes it: `0023.0`, `-040.0`.
fn decimal(value: f64) -> String {
    let value = (value * 10.0).round() / 10.0;
    let value = if value.abs() < 0.05 { 0.0 } else { value };
    format!("{value:06.1}")
}
