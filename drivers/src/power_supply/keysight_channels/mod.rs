//! Keysight supplies of several outputs whose words name them in a list, `(@1,2)`: the E36312A and
//! the N6705B. Both play lists of set points by themselves (E36300 series programming guide,
//! E36311-90008; N6705C operating and service guide, pages 297 and 350).

mod channel;
mod driver;
mod emulator;
mod expected;
mod list;
mod machine;
mod options;
mod play;
#[cfg(test)]
mod tests;
mod words;

use profiles::option::Options;

use super::role::PowerSupply;
use super::stage::Meter;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::rated;

/// Neither has a serial port: a socket, whose delays are the instrument's own.
const SOCKET: Pacing = Pacing::Instant;

/// The supply with three outputs, of 6 V and twice 25 V.
pub(super) const MODEL_E36312A: Model<dyn PowerSupply> = Model {
    name: "keysight-e36312a",
    summary: "Keysight E36312A power supply, 25 V, 1 A, and two more outputs",
    options: &options::E36312A,
    ratings: &rated(25.0, 1.0),
    ratings_by: |options| ratings(&E36312A, options),
    guards_itself: true,
    pacing: SOCKET,
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &E36312A))),
    emulate: |setup| emulator::supply(&setup, &E36312A),
    transcript: include_str!("transcript_e36312a.txt"),
};

/// The mainframe with a module in each of its four slots.
pub(super) const MODEL_N6705B: Model<dyn PowerSupply> = Model {
    name: "keysight-n6705b",
    summary: "Keysight (Agilent) N6705B power analyser with N6754A modules, 60 V, 5 A",
    options: &options::N6705B,
    ratings: &rated(60.0, 5.0),
    ratings_by: |options| ratings(&N6705B, options),
    guards_itself: true,
    pacing: SOCKET,
    drive: |setup| Ok(Box::new(driver::Supply::new(setup, &N6705B))),
    emulate: |setup| emulator::supply(&setup, &N6705B),
    transcript: include_str!("transcript_n6705b.txt"),
};

/// Ratings by a wiring's option `channel`.
fn ratings(traits: &Traits, options: &Options) -> Option<&'static [Rating]> {
    let channel = options.number("channel")? as usize;
    Some(traits.channels.get(channel.checked_sub(1)?)?.ratings)
}

/// What tells the two apart.
#[derive(Debug)]
struct Traits {
    maker: &'static str,
    model: &'static str,
    firmware: &'static str,
    kind: Kind,
    channels: &'static [ChannelTraits],
    /// Most steps of a list.
    steps: usize,
    /// How long a step of a list may take, s.
    dwell: [f64; 2],
}

/// How channels are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By a list, or else the one that is selected.
    Bench,
    /// By a list only; each has a module and registers of its own.
    Modular,
}

/// One output.
#[derive(Debug)]
struct ChannelTraits {
    /// As `INST:SEL` has it beside `CH1`; or the module in the slot.
    name: &'static str,
    ratings: &'static [Rating; 2],
    max_volts: f64,
    max_amps: f64,
    /// Most power, W.
    max_watts: f64,
    /// Highest level of over-voltage protection, V.
    max_protection: f64,
    /// Current limit after `*RST`, A.
    reset_amps: f64,
    meter: Meter,
}

/// Steps and noise of what is measured are assumed: a fraction of what the supplies are specified
/// to measure rightly.
const fn meter(volts_step: f64, amps_step: f64) -> Meter {
    Meter {
        volts_step,
        amps_step,
        volts_noise: 1.5 * volts_step,
        amps_noise: 1.5 * amps_step,
    }
}

const P6V: ChannelTraits = ChannelTraits {
    name: "P6V",
    ratings: &rated(6.0, 5.0),
    max_volts: 6.18,
    max_amps: 5.15,
    max_watts: f64::MAX,
    max_protection: 6.6,
    reset_amps: 5.0,
    meter: meter(0.000_1, 0.000_1),
};

const P25V: ChannelTraits = ChannelTraits {
    name: "P25V",
    ratings: &rated(25.0, 1.0),
    max_volts: 25.75,
    max_amps: 1.03,
    max_watts: f64::MAX,
    max_protection: 27.5,
    reset_amps: 1.0,
    meter: meter(0.000_4, 0.000_02),
};

const N25V: ChannelTraits = ChannelTraits {
    name: "N25V",
    ..P25V
};

/// 60 V and 20 A within 300 W: whatever the volts, 5 A.
const N6754A: ChannelTraits = ChannelTraits {
    name: "N6754A",
    ratings: &rated(60.0, 5.0),
    max_volts: 61.2,
    max_amps: 20.4,
    max_watts: 306.0,
    max_protection: 66.0,
    reset_amps: 1.5,
    meter: meter(0.001, 0.000_5),
};

static E36312A: Traits = Traits {
    maker: "Keysight Technologies",
    model: "E36312A",
    firmware: "1.0.6-1.0.4-1.00",
    kind: Kind::Bench,
    channels: &[P6V, P25V, N25V],
    steps: 100,
    dwell: [0.01, 3_600.0],
};

static N6705B: Traits = Traits {
    maker: "Agilent Technologies",
    model: "N6705B",
    firmware: "D.01.08",
    kind: Kind::Modular,
    channels: &[N6754A, N6754A, N6754A, N6754A],
    steps: 512,
    dwell: [0.0, 262.144],
};

/// Bits of the questionable register of a channel of the N6705B (N6705C guide, page 350).
mod questionable {
    pub(super) const OVER_VOLTAGE: u16 = 1;
    pub(super) const OVER_CURRENT: u16 = 2;
    pub(super) const POWER_LIMIT: u16 = 8;
    pub(super) const OVER_TEMPERATURE: u16 = 16;
    pub(super) const CURRENT_LIMIT: u16 = 128;
    pub(super) const INHIBITED: u16 = 512;
    pub(super) const COUPLED: u16 = 2_048;
}

/// Bits of the operation register of a channel of the N6705B (page 350).
mod operation {
    pub(super) const VOLTAGE: u16 = 1;
    pub(super) const CURRENT: u16 = 2;
    pub(super) const OFF: u16 = 4;
    pub(super) const WAITING: u16 = 16;
    pub(super) const INITIATED: u16 = 64;
}

/// Bits of the summary of one output of the E36312A: as the older E3631A and E3632A have them.
mod summary {
    pub(super) const CURRENT: u16 = 1;
    pub(super) const VOLTAGE: u16 = 2;
    pub(super) const TEMPERATURE: u16 = 16;
    pub(super) const OVER_VOLTAGE: u16 = 512;
    pub(super) const OVER_CURRENT: u16 = 1_024;
    /// In the questionable register: an output has something to tell.
    pub(super) const INSTRUMENTS: u16 = 8_192;
}
