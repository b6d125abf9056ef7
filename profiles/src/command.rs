//! Commands: everything the bench can tell a device. A closed set; a new role is a deliberate
//! change.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::physics::array_curve::ArrayPoints;
use crate::quantity::{Amperes, Celsius, CelsiusPerMinute, Decibels, Ohms, Volts, Watts};

/// Everything the bench can tell a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Program a supply's output.
    Supply {
        /// Voltage set point.
        volts: Volts,
        /// Current limit.
        limit: Amperes,
    },
    /// Program the curve of a solar-array simulator. Without light (no current or no voltage) its
    /// output conducts nothing.
    Curve(ArrayPoints),
    /// Switch the output of a supply or a solar-array simulator.
    SupplyOutput(Switch),
    /// Program what an electronic load takes.
    Load(Sink),
    /// Switch the input of an electronic load.
    LoadInput(Switch),
    /// Program a chamber.
    Chamber {
        /// Air temperature to reach.
        target: Celsius,
        /// How fast, at most; `None` leaves it to the chamber.
        slew: Option<CelsiusPerMinute>,
    },
    /// Program what an attenuator takes from a radio link.
    Attenuate(Decibels),
    /// Tell a board what to do.
    Accelerator(Work),
    /// Break an emulated device on purpose; refused on real ones.
    Inject(Fault),
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Conducting.
    On,
    /// Not conducting.
    Off,
}

/// What an electronic load holds constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sink {
    /// The current.
    Amps(Amperes),
    /// The voltage at its input.
    Volts(Volts),
    /// The ratio of voltage to current.
    Ohms(Ohms),
    /// The power.
    Watts(Watts),
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sink::Amps(amps) => write!(f, "sink {amps:.3}"),
            Sink::Volts(volts) => write!(f, "sink at {volts:.3}"),
            Sink::Ohms(ohms) => write!(f, "sink as {ohms:.3}"),
            Sink::Watts(watts) => write!(f, "sink {watts:.3}"),
        }
    }
}

/// What a board is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Load its inputs and infer, one query after the other (MLPerf's single stream).
    Start,
    /// Finish the query under way and stay idle.
    Stop,
    /// Choose the power mode.
    Mode(PowerMode),
}

/// How much power a board may spend on work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerMode {
    /// Full clock.
    #[default]
    Full,
    /// Reduced clock, for the eclipse.
    Reduced,
}

impl PowerMode {
    /// Every mode, as files spell it.
    pub const NAMES: &'static [&'static str] = &["full", "reduced"];

    /// The mode that files spell `name`.
    pub fn from_name(name: &str) -> Option<PowerMode> {
        match name {
            "full" => Some(PowerMode::Full),
            "reduced" => Some(PowerMode::Reduced),
            _ => None,
        }
    }
}

/// A fault of an emulated device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Stops answering and telling, for this many milliseconds.
    Mute {
        /// Length in milliseconds.
        millis: u32,
    },
    /// One bit of the memory that holds a board's network turns over, and stays so.
    BitFlip {
        /// Which byte of the memory image.
        byte: u32,
        /// Which bit of it, 0 to 7.
        bit: u8,
    },
    /// One bit of the memory of real firmware turns over.
    MemoryFlip {
        /// The octet's address.
        address: u64,
        /// Which bit of it, 0 to 7.
        bit: u8,
        /// What is there, as `weights+17`.
        place: String,
    },
    /// One bit of a board's output buffer holds this value, until power goes.
    StuckBit {
        /// Which byte of the output; beyond its end it counts from the start again.
        byte: u32,
        /// Which bit of it, 0 to 7.
        bit: u8,
        /// Whether it is stuck at one.
        high: bool,
    },
    /// One bit of the next output of a board turns over, as by an upset of what it was computed by.
    OutputFlip {
        /// Which byte of the output; beyond its end it counts from the start again.
        byte: u32,
        /// Which bit of it, 0 to 7.
        bit: u8,
    },
    /// One bit of what the next inference of a board holds while it computes turns over, once: of its
    /// activations, of a language model's stream, keys and values.
    ActivationFlip {
        /// Which byte of all that an inference makes, in the order in which it is made; beyond its end it
        /// counts from the start again.
        byte: u32,
        /// Which bit of it, 0 to 7.
        bit: u8,
    },
    /// What a board computes grows with the temperature of its junction above 25 °C.
    Drift {
        /// By so many per cent for each kelvin.
        percent_per_k: f64,
    },
    /// A parasitic thyristor of a board conducts until power goes.
    LatchUp {
        /// The current into it, A.
        amps: f64,
    },
    /// A supply's over-voltage protection trips by itself.
    OverVoltageTrip,
    /// A board resets, as by a single-event functional interrupt.
    Reset,
    /// A board's processor hangs, until its watchdog resets it.
    Hang,
    /// What a board sends on its CAN bus is destroyed, for this many milliseconds, so that its
    /// controller takes itself off the bus.
    BusOff {
        /// Length in milliseconds.
        millis: u32,
    },
    /// A board fills its CAN bus with a frame of its highest priority, for this many milliseconds.
    Babble {
        /// Length in milliseconds.
        millis: u32,
    },
    /// The line to a device does something to what passes, for this many milliseconds.
    Line {
        /// What.
        how: LineFault,
        /// Length in milliseconds.
        millis: u32,
    },
    /// What a device measures stays as it is, for this many milliseconds.
    Stuck {
        /// Length in milliseconds.
        millis: u32,
    },
    /// An instrument's own power goes, and comes after this many milliseconds: it starts anew with
    /// the settings of its factory.
    PowerCycle {
        /// Length in milliseconds.
        millis: u32,
    },
    /// The voltage that a source gives, or that a board gets, breaks down for this many milliseconds.
    BrownOut {
        /// Share of it that is left, 0 to 1.
        share: f64,
        /// Length in milliseconds.
        millis: u32,
    },
    /// A chamber has not the power to get where it is told, for this many milliseconds.
    Weak {
        /// Share of the way from the room's temperature that it comes, 0 to 1.
        share: f64,
        /// Length in milliseconds.
        millis: u32,
    },
}

/// What a line does to what passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineFault {
    /// It is pulled out, and plugged in again afterwards.
    Unplugged,
    /// What the device says comes later.
    Slow {
        /// By so many milliseconds.
        delay_millis: u32,
    },
    /// What the device says arrives as random bytes, as many as there were.
    Garbage,
    /// Only the first half of each chunk that the device says arrives.
    HalfReply,
    /// What the device is told comes back, before it answers.
    Echo,
    /// Each answer is one for another: of the unit with the next address on Modbus, else to another
    /// question.
    WrongUnit,
    /// Chunks never arrive, in both directions.
    Drop {
        /// Share of them, 0 to 1.
        share: f64,
    },
    /// One bit of a chunk turns over, in both directions.
    Flip {
        /// Share of the chunks, 0 to 1.
        share: f64,
    },
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Supply { volts, limit } => write!(f, "{volts:.3}, at most {limit:.3}"),
            Command::Curve(points) if points.isc.0 <= 0.0 => f.write_str("dark"),
            Command::Curve(points) => points.fmt(f),
            Command::SupplyOutput(Switch::On) => f.write_str("output on"),
            Command::SupplyOutput(Switch::Off) => f.write_str("output off"),
            Command::Load(sink) => sink.fmt(f),
            Command::LoadInput(Switch::On) => f.write_str("input on"),
            Command::LoadInput(Switch::Off) => f.write_str("input off"),
            Command::Chamber { target, slew: None } => write!(f, "{target:.1}"),
            Command::Chamber {
                target,
                slew: Some(slew),
            } => {
                write!(f, "{target:.1}, at most {slew:.1}")
            }
            Command::Attenuate(loss) => write!(f, "attenuate {loss:.2}"),
            Command::Accelerator(Work::Start) => f.write_str("start inference"),
            Command::Accelerator(Work::Stop) => f.write_str("stop inference"),
            Command::Accelerator(Work::Mode(PowerMode::Full)) => f.write_str("full power mode"),
            Command::Accelerator(Work::Mode(PowerMode::Reduced)) => {
                f.write_str("reduced power mode")
            }
            Command::Inject(fault) => write!(f, "inject {fault:?}"),
        }
    }
}
