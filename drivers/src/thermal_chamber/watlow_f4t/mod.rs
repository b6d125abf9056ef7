//! Watlow F4T: the touch-screen successor of the F4, Modbus RTU on RS-232 or RS-485 at 38,400 baud
//! and Modbus/TCP on port 502. Values are IEEE 754 floats in two registers. Facts and registers:
//! Watlow F4T setup and operations manual 0600-0093-0000, chapter 6; `TestEquity` F4T manual,
//! chapter 4; ESPEC's published client.

mod alarm;
mod control;
mod driver;
mod emulator;
mod play;
mod profile;
mod registers;
#[cfg(test)]
mod tests;
mod written;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::cabinet;
use super::options;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::Model;

/// The controller, in a chamber of the usual reach.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "watlow-f4t",
    summary: "Watlow F4T chamber controller, Modbus RTU or TCP",
    options: &OPTIONS,
    ratings: &options::ratings(REACH),
    ratings_by: |_| None,
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 38_400,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Chamber::new(setup))),
    emulate: |setup| Box::new(emulator::Chamber::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

/// What single-stage and cascade chambers reach, °C; the controller itself would take more.
const REACH: [f64; 2] = [-75.0, 200.0];

/// Part number of an F4T for one loop, with profiles.
const PART_NUMBER: &str = "F4T1L2DAA1A1AAA";

const OPTIONS: [OptionSpec; 9] = [
    options::deadline(0.5),
    options::address(
        1.0,
        247.0,
        1.0,
        "Modbus address that the controller is set to",
    ),
    OptionSpec {
        name: "framing",
        kind: OptionKind::Choice(&["rtu", "tcp"]),
        default: Some(OptionDefault::Text("rtu")),
        help: "Modbus RTU, or Modbus/TCP on the controller's own Ethernet port",
    },
    OptionSpec {
        name: "word_order",
        kind: OptionKind::Choice(&["low-high", "high-low"]),
        default: Some(OptionDefault::Text("low-high")),
        help: "which word of a float comes first, as the controller is set",
    },
    options::safe_celsius(REACH),
    OptionSpec {
        name: "part_number",
        kind: OptionKind::Text,
        default: Some(OptionDefault::Unset),
        help: "part number to insist on; the emulator answers it",
    },
    OptionSpec {
        name: "serial",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 2_147_483_647.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(123_456.0)),
        help: "emulator: serial number that it answers",
    },
    options::latency(0.012),
    cabinet::SENSOR,
];

/// Registers of the first loop, and of what belongs to the whole controller.
mod register {
    /// Version of the software, a whole number of 32 bits.
    pub(super) const SOFTWARE: u16 = 4;
    /// Serial number, a whole number of 32 bits.
    pub(super) const SERIAL: u16 = 12;
    /// Part number, one character in each register.
    pub(super) const PART_NUMBER: u16 = 16;
    /// What the loop is told to do.
    pub(super) const MODE: u16 = 2_730;
    /// Lowest set point; the highest follows it.
    pub(super) const LOW_LIMIT: u16 = 2_774;
    /// Highest set point.
    pub(super) const HIGH_LIMIT: u16 = 2_776;
    /// Set point.
    pub(super) const SET_POINT: u16 = 2_782;
    /// Output in manual mode, %.
    pub(super) const MANUAL_POWER: u16 = 2_784;
    /// When the set point ramps.
    pub(super) const RAMP_ACTION: u16 = 2_794;
    /// Unit of the ramp's rate.
    pub(super) const RAMP_SCALE: u16 = 2_796;
    /// Rate of the ramp.
    pub(super) const RAMP_RATE: u16 = 2_798;
    /// Output, %.
    pub(super) const POWER: u16 = 2_808;
    /// Set point that is in force, in the middle of a ramp or a profile.
    pub(super) const CLOSED_LOOP: u16 = 2_810;
    /// What the loop does.
    pub(super) const ACTIVE_MODE: u16 = 2_814;
    /// Process value.
    pub(super) const AIR: u16 = 2_820;
    /// Number of the profile to start; its step and the order follow.
    pub(super) const PROFILE: u16 = 16_558;
    /// Step to start with.
    pub(super) const STEP: u16 = 16_560;
    /// Write [`super::word::START`].
    pub(super) const START: u16 = 16_562;
    /// Write [`super::word::RESUME`].
    pub(super) const RESUME: u16 = 16_564;
    /// Write [`super::word::TERMINATE`] or [`super::word::PAUSE`].
    pub(super) const STOP: u16 = 16_566;
    /// What the profile does.
    pub(super) const STATE: u16 = 16_568;
    /// The profile that runs.
    pub(super) const RUNNING_PROFILE: u16 = 16_588;
    /// Its step.
    pub(super) const RUNNING_STEP: u16 = 16_590;
    /// Number of the profile that is edited.
    pub(super) const EDITED: u16 = 18_888;
    /// Order to the editor.
    pub(super) const EDIT: u16 = 18_890;
    /// Steps of the profile that is edited.
    pub(super) const EDITED_STEPS: u16 = 18_920;
    /// Name of the profile that is edited, one character in each of twenty registers.
    pub(super) const EDITED_NAME: u16 = 18_606;
    /// First step of the profile that is edited.
    pub(super) const EDITED_STEP: u16 = 19_094;
}

/// What the controller calls things.
mod word {
    pub(super) const FIFTY_HERTZ: u16 = 3;
    pub(super) const ALARM_HIGH: u16 = 7;
    pub(super) const ALARM_LOW: u16 = 8;
    pub(super) const AUTO: u16 = 10;
    pub(super) const BOTH: u16 = 13;
    pub(super) const CELSIUS: u16 = 15;
    pub(super) const DEVIATION: u16 = 24;
    pub(super) const END: u16 = 27;
    pub(super) const ERROR: u16 = 28;
    pub(super) const HIGH: u16 = 37;
    pub(super) const HOURS: u16 = 39;
    pub(super) const HOLD: u16 = 47;
    pub(super) const LATCHING: u16 = 49;
    pub(super) const LOW: u16 = 53;
    pub(super) const MANUAL: u16 = 54;
    pub(super) const MINUTES: u16 = 57;
    pub(super) const NO: u16 = 59;
    pub(super) const NON_LATCHING: u16 = 60;
    pub(super) const NONE: u16 = 61;
    pub(super) const OFF: u16 = 62;
    pub(super) const ON: u16 = 63;
    pub(super) const PROCESS: u16 = 76;
    pub(super) const RAMP_RATE: u16 = 81;
    pub(super) const SET_POINT: u16 = 85;
    pub(super) const SOAK: u16 = 87;
    pub(super) const STARTUP: u16 = 88;
    pub(super) const USER: u16 = 100;
    pub(super) const JUMP: u16 = 116;
    pub(super) const OK: u16 = 138;
    pub(super) const PAUSE: u16 = 146;
    pub(super) const RESUME: u16 = 147;
    pub(super) const TERMINATE: u16 = 148;
    pub(super) const RUNNING: u16 = 149;
    pub(super) const ADD: u16 = 1_375;
    pub(super) const UP: u16 = 1_456;
    pub(super) const DOWN: u16 = 1_457;
    pub(super) const TEMPERATURE: u16 = 1_540;
    pub(super) const WAIT: u16 = 1_542;
    pub(super) const UNCHANGED: u16 = 1_557;
    pub(super) const SAFE: u16 = 1_667;
    pub(super) const EDIT: u16 = 1_770;
    pub(super) const DELETE: u16 = 1_772;
    pub(super) const START: u16 = 1_782;
    pub(super) const INSTANT: u16 = 1_927;
    pub(super) const RAMP_TIME: u16 = 1_928;
}

/// In which order the two words of a float stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    LowHigh,
    HighLow,
}

impl Order {
    fn of(options: &profiles::option::Options) -> Order {
        match options.text("word_order") {
            Some("high-low") => Order::HighLow,
            _ => Order::LowHigh,
        }
    }

    fn words(self, value: f32) -> [u16; 2] {
        let bits = value.to_bits();
        let [high, low] = [(bits >> 16) as u16, bits as u16];
        match self {
            Order::LowHigh => [low, high],
            Order::HighLow => [high, low],
        }
    }

    fn whole(self, words: [u16; 2]) -> u32 {
        self.float(words).to_bits()
    }

    fn float(self, [first, second]: [u16; 2]) -> f32 {
        let [high, low] = match self {
            Order::LowHigh => [second, first],
            Order::HighLow => [first, second],
        };
        f32::from_bits(u32::from(high) << 16 | u32::from(low))
    }
}
