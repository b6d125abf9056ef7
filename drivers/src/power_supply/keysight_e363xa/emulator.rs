//! A supply of this family as a state machine.

use super::panel::Panel;
use super::words::{Meaning, words};
use super::{Kind, Traits};
use crate::emulator::Emulator;
use crate::model::EmulatorSetup;
use crate::power_supply::front::{Dialect, Front};
use crate::scpi::responder::Responder;

/// Longest line of GPIB.
const LONGEST_LINE: usize = 1_024;

static TRIPLE: Dialect<Panel, Meaning> = Dialect {
    words: || words(Kind::Triple),
    ..RANGED
};

const RANGED: Dialect<Panel, Meaning> = Dialect {
    words: || words(Kind::Ranged),
    carry_out: Panel::carry_out,
    stages: |panel| &mut panel.stages,
    act: Panel::act,
    next_action: Panel::next_action,
    settle: Panel::settle,
};

/// The supply that a wiring describes.
pub(super) fn supply(setup: &EmulatorSetup, traits: &'static Traits) -> Box<dyn Emulator> {
    static RANGES: Dialect<Panel, Meaning> = RANGED;
    let identity = format!("HEWLETT-PACKARD,{},0,{}", traits.model, traits.firmware);
    let on_gpib = setup.options.text("interface") == Some("gpib");
    let responder = Responder::new(identity);
    let responder = if on_gpib {
        responder.on_a_bus(LONGEST_LINE)
    } else {
        responder
    };
    let noise = (0..traits.count()).map(|index| {
        let purpose = format!("noise {index}");
        setup.seed.stream(setup.device.as_str(), &purpose)
    });
    let panel = Panel::new(traits, on_gpib, noise.collect());
    let dialect = match traits.kind {
        Kind::Triple => &TRIPLE,
        Kind::Ranged => &RANGES,
    };
    let output = setup.options.text("output");
    let placed = output.and_then(|name| panel.named(name)).unwrap_or(0);
    Box::new(Front::new(setup, dialect, responder, panel, placed))
}
