//! These supplies as state machines.

use super::machine::Machine;
use super::words::{Meaning, words};
use super::{Kind, Traits};
use crate::emulator::Emulator;
use crate::model::EmulatorSetup;
use crate::power_supply::front::{Dialect, Front};
use crate::scpi::responder::Responder;

/// Longest line: a list of 512 steps, with room.
const LONGEST_LINE: usize = 1 << 14;

static MODULAR: Dialect<Machine, Meaning> = Dialect {
    words: || words(Kind::Modular),
    ..BENCH
};

const BENCH: Dialect<Machine, Meaning> = Dialect {
    words: || words(Kind::Bench),
    carry_out: Machine::carry_out,
    stages: |machine| &mut machine.stages,
    act: Machine::act,
    next_action: Machine::next_action,
    settle: Machine::settle,
};

/// The supply that a wiring describes.
pub(super) fn supply(setup: &EmulatorSetup, traits: &'static Traits) -> Box<dyn Emulator> {
    static BENCHES: Dialect<Machine, Meaning> = BENCH;
    let serial = setup.options.text("serial").unwrap_or("0");
    let identity = format!(
        "{},{},{serial},{}",
        traits.maker, traits.model, traits.firmware
    );
    let responder = Responder::new(identity).on_a_bus(LONGEST_LINE);
    let noise = (0..traits.channels.len()).map(|index| {
        let purpose = format!("noise {index}");
        setup.seed.stream(setup.device.as_str(), &purpose)
    });
    let machine = Machine::new(traits, serial, noise.collect());
    let dialect = match traits.kind {
        Kind::Modular => &MODULAR,
        Kind::Bench => &BENCHES,
    };
    let channel = setup.options.number("channel").unwrap_or(1.0) as usize;
    let placed = channel.clamp(1, traits.channels.len()) - 1;
    Box::new(Front::new(setup, dialect, responder, machine, placed))
}
