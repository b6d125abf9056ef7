//! A DP832 as a state machine.

use profiles::time::BenchTime;

use super::OUTPUTS;
use super::panel::Panel;
use super::words::{Meaning, words};
use crate::emulator::Emulator;
use crate::model::EmulatorSetup;
use crate::power_supply::front::{Dialect, Front};
use crate::scpi::responder::Responder;

/// Longest line.
const LONGEST_LINE: usize = 1_024;

static DIALECT: Dialect<Panel, Meaning> = Dialect {
    words,
    carry_out: Panel::carry_out,
    stages: |panel| &mut panel.stages,
    // Nothing here is due by itself.
    act: |_, _| {},
    next_action: |_| BenchTime::MAX,
    settle: Panel::settle,
};

/// The supply that a wiring describes.
#[expect(clippy::needless_pass_by_value, reason = "what a model's row calls")]
pub(super) fn supply(setup: EmulatorSetup) -> Box<dyn Emulator> {
    let serial = setup.options.text("serial").unwrap_or("0");
    let identity = format!("RIGOL TECHNOLOGIES,DP832,{serial},00.01.14");
    // It ends its answers with LF alone, on its serial port too.
    let responder = Responder::new(identity).on_a_bus(LONGEST_LINE);
    let noise = (0..OUTPUTS.len()).map(|index| {
        let purpose = format!("noise {index}");
        setup.seed.stream(setup.device.as_str(), &purpose)
    });
    let panel = Panel::new(noise.collect());
    let channel = setup.options.number("channel").unwrap_or(1.0) as usize;
    let placed = channel.clamp(1, OUTPUTS.len()) - 1;
    Box::new(Front::new(&setup, &DIALECT, responder, panel, placed))
}
