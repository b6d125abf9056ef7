//! ESPEC P-300 and SCP-220: the controllers of ESPEC's bench-top and walk-in chambers, lines of
//! text on RS-232, RS-485 or a terminal server. Facts: ESPEC North America's published client
//! (`ChamberConnectLibrary`, p300.py and especinteract.py), and two others for the same protocol
//! (`ATWG` for an SH-641, `espec-pr3j`), which agree with it.

mod driver;
mod emulator;
mod memory;
mod monitor;
mod pattern;
mod play;
mod setting;
mod state;
#[cfg(test)]
mod tests;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::cabinet;
use super::options;
use super::role::ThermalChamber;
use crate::link::Pacing;
use crate::model::Model;

/// The controller, in a temperature and humidity chamber.
pub(super) const MODEL: Model<dyn ThermalChamber> = Model {
    name: "espec-p300",
    summary: "ESPEC P-300 or SCP-220 chamber controller, lines of text",
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

/// What the larger of ESPEC's chambers reach, °C.
const REACH: [f64; 2] = [-70.0, 150.0];
/// How far beyond that the limits may be set, K.
const MARGIN: f64 = 5.0;

const OPTIONS: [OptionSpec; 6] = [
    options::deadline(1.0),
    OptionSpec {
        name: "address",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 16.0,
            unit: "",
        },
        default: Some(OptionDefault::Unset),
        help: "address on RS-485; without it RS-232, where nothing is addressed",
    },
    options::safe_celsius(REACH),
    options::latency(0.05),
    OptionSpec {
        name: "humidity",
        kind: OptionKind::Choice(&["yes", "no"]),
        default: Some(OptionDefault::Text("yes")),
        help: "emulator: whether the chamber controls humidity too",
    },
    cabinet::SENSOR,
];

/// Why a command is not carried out: what stands behind `NA:`.
mod refusal {
    pub(super) const COMMAND: &str = "CMD ERR";
    pub(super) const ADDRESS: &str = "ADDR ERR";
    pub(super) const PARAMETER: &str = "PARA ERR";
    pub(super) const RANGE: &str = "DATA OUT OF RANGE";
    pub(super) const NO_DATA: &str = "DATA NOT READY";
    pub(super) const PROTECTED: &str = "PROTECT ON";
    /// The chamber has no humidity, or no control by the product's temperature.
    pub(super) const NOT_FITTED: &str = "CONT NOT READY-1";
    /// No program runs.
    pub(super) const NO_PROGRAM: &str = "CONT NOT READY-2";
    /// This controller does not know that command.
    pub(super) const NOT_SUPPORTED: &str = "CONT NOT READY-3";
    /// Keys are not locked while the controller is off.
    pub(super) const OFF: &str = "CONT NOT READY-4";
    /// It cannot do that now.
    pub(super) const NOT_READY: &str = "CHB NOT READY";
    /// The program cannot be written to.
    pub(super) const READ_ONLY: &str = "PRGM WRITE ERR-1";
    /// No program is edited.
    pub(super) const NOT_EDITED: &str = "PRGM WRITE ERR-2";
    /// One is edited already.
    pub(super) const EDITED: &str = "PRGM WRITE ERR-4";
    /// Another is edited.
    pub(super) const ANOTHER: &str = "PRGM WRITE ERR-7";
    /// Steps come in order.
    pub(super) const ORDER: &str = "PRGM WRITE ERR-8";
    /// A counter leads nowhere.
    pub(super) const COUNTER: &str = "PRGM WRITE ERR-9";
    /// The program runs.
    pub(super) const RUNS: &str = "PRGM WRITE ERR-10";
    /// A step makes no sense.
    pub(super) const STEP: &str = "PRGM WRITE ERR-13";
}

/// What a command comes to: what it answers, or what stands behind `NA:`.
type Outcome = Result<String, &'static str>;
