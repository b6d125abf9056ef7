//! Watlow series F4: the ramping controller of most bench-top chambers, Modbus RTU on RS-232 or
//! RS-485. It is driven by its static set point, before which
//! its profiles are ended; or by a profile of the bench's own.

mod alarm;
mod control;
mod driver;
mod emulator;
mod play;
mod profile;
mod registers;
#[cfg(test)]
mod tests;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::cabinet;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::{deadline, latency};

/// The controller, in a chamber of the usual reach.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "watlow-f4",
    summary: "Watlow series F4 chamber controller, Modbus RTU",
    options: &OPTIONS,
    ratings: &[
        Rating {
            name: "min_celsius",
            value: LOWEST,
        },
        Rating {
            name: "max_celsius",
            value: HIGHEST,
        },
    ],
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 19_200,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Chamber::new(setup))),
    emulate: |setup| Box::new(emulator::Chamber::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// What single-stage and cascade chambers reach, °C; the controller itself would take more.
const LOWEST: f64 = -75.0;
/// See [`LOWEST`].
const HIGHEST: f64 = 200.0;

const OPTIONS: [OptionSpec; 6] = [
    deadline(0.5),
    OptionSpec {
        name: "address",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 247.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(1.0)),
        help: "Modbus address that the controller is set to",
    },
    OptionSpec {
        name: "safe_celsius",
        kind: OptionKind::Number {
            min: LOWEST,
            max: HIGHEST,
            unit: "°C",
        },
        default: Some(OptionDefault::Number(23.0)),
        help: "set point to leave behind; taken into the set point limits",
    },
    OptionSpec {
        name: "model_number",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 65_535.0,
            unit: "",
        },
        default: Some(OptionDefault::Unset),
        help: "number in register 0 to insist on; the emulator answers it",
    },
    latency(0.008),
    cabinet::SENSOR,
];

/// Registers of the F4.
mod register {
    /// Model number.
    pub(super) const MODEL: u16 = 0;
    /// Write 0: save to EEPROM.
    pub(super) const SAVE: u16 = 25;
    /// Process value of input 1.
    pub(super) const AIR: u16 = 100;
    /// 1: the sensor of input 1 is broken.
    pub(super) const INPUT_ERROR: u16 = 101;
    /// Output 1A (heat) in hundredths of a percent.
    pub(super) const HEAT: u16 = 103;
    /// Output 1B (cool) in hundredths of a percent.
    pub(super) const COOL: u16 = 107;
    /// 0 or 1: static set point; 2: a profile runs; 3: a profile holds.
    pub(super) const MODE: u16 = 200;
    /// Static set point 1.
    pub(super) const SET_POINT: u16 = 300;
    /// Write 1: forget the errors of inputs.
    pub(super) const CLEAR_ERRORS: u16 = 311;
    /// Static set point 2.
    pub(super) const SET_POINT_2: u16 = 319;
    /// Write 1: take back alarms that latch.
    pub(super) const CLEAR_ALARMS: u16 = 331;
    /// Write 1: silence alarms.
    pub(super) const SILENCE_ALARMS: u16 = 332;
    /// Type of sensor 1.
    pub(super) const SENSOR: u16 = 600;
    /// Lowest set point 1; the highest follows it.
    pub(super) const LOW_LIMIT: u16 = 602;
    /// Highest set point 1.
    pub(super) const HIGH_LIMIT: u16 = 603;
    /// Digits behind the point of channel 1: 0 or 1.
    pub(super) const DECIMALS: u16 = 606;
    /// 0: °F, 1: °C.
    pub(super) const UNITS: u16 = 901;
    /// Write 1: resume the profile.
    pub(super) const RESUME: u16 = 1_209;
    /// Write 1: hold the profile.
    pub(super) const HOLD: u16 = 1_210;
    /// Write 1: end the profile; the static set point is in force again.
    pub(super) const TERMINATE: u16 = 1_217;
    /// Digital output 1; the others follow at intervals of ten.
    pub(super) const EVENT: u16 = 2_000;
    /// Number of the profile to edit or start.
    pub(super) const PROFILE: u16 = 4_000;
    /// Number of its step.
    pub(super) const STEP: u16 = 4_001;
    /// Write 1: create a profile; 2: insert a step; 3, 4, 256: delete; 5: start.
    pub(super) const ACTION: u16 = 4_002;
}
