//! What the drivers of supplies have in common: their channels, and what a supply's answers come
//! to.

use profiles::channel::ChannelSpec;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;

use super::role::SupplyLimits;
use crate::error::DeviceErrorKind;

/// States of the channel `output`.
const OUTPUT: [&str; 3] = ["off", "on", "protected"];
/// States of the channel `mode`.
const MODE: [&str; 8] = [
    "off",
    "constant_voltage",
    "constant_current",
    "unregulated",
    "over_voltage",
    "over_current",
    "over_temperature",
    "inhibited",
];

/// What an output does, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Off,
    ConstantVoltage,
    ConstantCurrent,
    Unregulated,
    OverVoltage,
    OverCurrent,
    OverTemperature,
    Inhibited,
}

impl Mode {
    /// Whether the output is latched off.
    pub(super) fn is_tripped(self) -> bool {
        matches!(
            self,
            Mode::OverVoltage | Mode::OverCurrent | Mode::OverTemperature | Mode::Inhibited
        )
    }
}

/// `volts`, `amps`, `output`, `mode`.
pub(super) fn channels() -> Vec<ChannelSpec> {
    vec![
        ChannelSpec::number("volts", Volts::UNIT),
        ChannelSpec::number("amps", Amperes::UNIT),
        ChannelSpec::states("output", &OUTPUT),
        ChannelSpec::states("mode", &MODE),
    ]
}

/// What was measured. A tripped output is `protected` even where it was switched off afterwards:
/// it stays latched until the trip is cleared.
pub(super) fn readings(volts: f64, amps: f64, on: bool, mode: Mode) -> [Reading; 4] {
    let output = if mode.is_tripped() { 2 } else { u16::from(on) };
    [
        Reading::number(0, volts),
        Reading::number(1, amps),
        Reading::state(2, output),
        Reading::state(3, mode as u16),
    ]
}

/// Whether an answer is this boolean.
pub(super) fn is(answer: f64, state: bool) -> bool {
    (answer - f64::from(u8::from(state))).abs() < 0.5
}

/// What a supply cannot be told itself is refused by its driver.
///
/// # Errors
/// If the setting is above what the supply was armed with.
pub(super) fn below(
    ceiling: Option<SupplyLimits>,
    asked: &str,
    volts: Option<Volts>,
    amps: Amperes,
) -> Result<(), DeviceErrorKind> {
    let above = ceiling.is_some_and(|ceiling| {
        amps > ceiling.amps || volts.is_some_and(|volts| volts > ceiling.volts)
    });
    if !above {
        return Ok(());
    }
    Err(DeviceErrorKind::Refused {
        asked: asked.to_owned(),
        code: 0,
        text: "above the ceiling that the supply was armed with".to_owned(),
    })
}
