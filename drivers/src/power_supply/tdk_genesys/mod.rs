//! TDK-Lambda Genesys: programmable supplies from 750 W to 15 kW with a language of their own on
//! RS-232 and RS-485. Up to 31 of them share one line, each with an address; only the one that was
//! addressed last speaks (GEN user manual 83-530-000, chapter 8; GEN 2400 W, pages 73 to 79).

mod driver;
mod emulator;
mod level;
mod line;
mod session;
#[cfg(test)]
mod tests;
mod unit;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};

use super::role::PowerSupply;
use crate::link::Pacing;
use crate::model::{Model, Rating};
use crate::options::{deadline, latency, load_ohm, over_current, rated, serial};

/// Any supply of the series; which one is an option.
pub(super) const MODEL: Model<dyn PowerSupply> = Model {
    name: "tdk-genesys",
    summary: "TDK-Lambda Genesys power supply, 40 V, 38 A, or another of the series",
    options: &OPTIONS,
    ratings: &rated(40.0, 38.0),
    ratings_by: |options| options.text("unit").and_then(ratings),
    guards_itself: true,
    pacing: Pacing::Serial {
        baud: 9_600,
        bits_per_byte: 10,
    },
    drive: |setup| Ok(Box::new(driver::Supply::new(setup))),
    emulate: |setup| Box::new(emulator::Supply::new(&setup)),
    transcript: include_str!("transcript.txt"),
};

const OPTIONS: [OptionSpec; 8] = [
    deadline(1.0),
    OptionSpec {
        name: "address",
        kind: OptionKind::Whole {
            min: 0.0,
            max: 30.0,
            unit: "",
        },
        default: Some(OptionDefault::Number(6.0)),
        help: "address on the line",
    },
    OptionSpec {
        name: "unit",
        kind: OptionKind::Choice(&[
            "GEN6-200",
            "GEN8-180",
            "GEN12.5-120",
            "GEN20-76",
            "GEN30-50",
            "GEN40-38",
            "GEN60-25",
            "GEN80-19",
            "GEN80-65",
            "GEN100-15",
            "GEN150-10",
            "GEN300-5",
        ]),
        default: Some(OptionDefault::Text("GEN40-38")),
        help: "which supply of the series: its volts and amperes",
    },
    over_current(
        "limit",
        "what the supply does at its current limit: hold it, or switch off by foldback",
    ),
    OptionSpec {
        name: "checksum",
        kind: OptionKind::Choice(&["off", "on"]),
        default: Some(OptionDefault::Text("off")),
        help: "whether messages carry a checksum",
    },
    latency(0.010),
    load_ohm(
        0.001,
        "emulator: a resistor at the output, if nothing else is there",
    ),
    serial("0000001-0001"),
];

/// Ratings by a wiring's option `unit`.
fn ratings(unit: &str) -> Option<&'static [Rating]> {
    traits(unit).map(|traits| traits.ratings.as_slice())
}

/// What tells the supplies of the series apart.
#[derive(Debug)]
struct Traits {
    /// As `IDN?` has it.
    unit: &'static str,
    ratings: [Rating; 2],
    /// Levels of over-voltage protection (user manual, table of OVP ranges), V.
    over_voltage: [f64; 2],
    /// Highest under-voltage limit, V.
    under_voltage: f64,
}

impl Traits {
    fn volts(&self) -> f64 {
        self.ratings[0].value
    }

    fn amps(&self) -> f64 {
        self.ratings[1].value
    }
}

const fn row(
    unit: &'static str,
    volts: f64,
    amps: f64,
    over_voltage: [f64; 2],
    under_voltage: f64,
) -> Traits {
    Traits {
        unit,
        ratings: rated(volts, amps),
        over_voltage,
        under_voltage,
    }
}

static GEN40_38: Traits = row("GEN40-38", 40.0, 38.0, [2.0, 44.0], 38.0);

static OTHERS: [Traits; 11] = [
    row("GEN6-200", 6.0, 200.0, [0.5, 7.5], 5.7),
    row("GEN8-180", 8.0, 180.0, [0.5, 10.0], 7.6),
    row("GEN12.5-120", 12.5, 120.0, [1.0, 15.0], 11.9),
    row("GEN20-76", 20.0, 76.0, [1.0, 24.0], 19.0),
    row("GEN30-50", 30.0, 50.0, [2.0, 36.0], 28.5),
    row("GEN60-25", 60.0, 25.0, [5.0, 66.0], 57.0),
    row("GEN80-19", 80.0, 19.0, [5.0, 88.0], 76.0),
    row("GEN80-65", 80.0, 65.0, [5.0, 88.0], 76.0),
    row("GEN100-15", 100.0, 15.0, [5.0, 110.0], 95.0),
    row("GEN150-10", 150.0, 10.0, [5.0, 165.0], 142.0),
    row("GEN300-5", 300.0, 5.0, [5.0, 330.0], 285.0),
];

fn traits(unit: &str) -> Option<&'static Traits> {
    let mut rows = OTHERS.iter().chain([&GEN40_38]);
    rows.find(|row| row.unit == unit)
}

/// Sum of the characters, of which two hexadecimal digits follow a `$` (user manual, 8.5.5).
fn checksum(text: &str) -> u8 {
    text.bytes().fold(0, u8::wrapping_add)
}

/// Most of its over-voltage level that may be programmed: above it `E01`.
const SHARE_OF_PROTECTION: f64 = 0.95;

/// Bits of the fault register (user manual, table 7-7).
mod fault {
    /// Foldback protection has switched off.
    pub(super) const FOLDBACK: u8 = 8;
    /// Over-voltage protection has tripped.
    pub(super) const OVER_VOLTAGE: u8 = 16;
    /// Over-temperature.
    pub(super) const OVER_TEMPERATURE: u8 = 4;
    /// Shut off, or disabled, at the rear panel.
    pub(super) const INHIBITED: u8 = 32 | 128;
}

/// Bits of the status register (user manual, table 7-8).
mod state {
    /// On, in constant voltage.
    pub(super) const VOLTAGE: u8 = 1;
    /// On, in constant current.
    pub(super) const CURRENT: u8 = 2;
    /// No fault that is enabled.
    pub(super) const NO_FAULT: u8 = 4;
    /// A fault that is enabled.
    pub(super) const FAULT: u8 = 8;
    /// Comes back by itself after a power failure.
    pub(super) const AUTO_RESTART: u8 = 16;
    /// Foldback protection is armed.
    pub(super) const FOLDBACK: u8 = 32;
    /// Its front panel has it.
    pub(super) const LOCAL: u8 = 128;
}
