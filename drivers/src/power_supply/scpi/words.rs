//! The words that the emulator understands beside its description: those of most SCPI supplies.

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Apply,
    Volts,
    Amps,
    Output,
    OverVoltage,
    OverVoltageState,
    OverVoltageTripped,
    OverCurrent,
    OverCurrentTripped,
    ClearProtection,
    MeasureVolts,
    MeasureAmps,
    MeasureWatts,
    /// Remote and local: the emulator has no front panel to lock.
    Panel,
}

const PATTERNS: [(&str, Meaning); 20] = [
    ("*RST", Meaning::Reset),
    ("APPLy[?]", Meaning::Apply),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Volts,
    ),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Amps,
    ),
    ("OUTPut[:STATe][?]", Meaning::Output),
    (
        "[SOURce:]VOLTage:PROTection[:LEVel][?]",
        Meaning::OverVoltage,
    ),
    (
        "[SOURce:]VOLTage:PROTection:STATe[?]",
        Meaning::OverVoltageState,
    ),
    (
        "[SOURce:]VOLTage:PROTection:TRIPped?",
        Meaning::OverVoltageTripped,
    ),
    (
        "[SOURce:]VOLTage:PROTection:CLEar",
        Meaning::ClearProtection,
    ),
    ("[SOURce:]CURRent:PROTection:STATe[?]", Meaning::OverCurrent),
    (
        "[SOURce:]CURRent:PROTection:TRIPped?",
        Meaning::OverCurrentTripped,
    ),
    (
        "[SOURce:]CURRent:PROTection:CLEar",
        Meaning::ClearProtection,
    ),
    ("OUTPut:PROTection:CLEar", Meaning::ClearProtection),
    ("MEASure[:SCALar]:VOLTage[:DC]?", Meaning::MeasureVolts),
    ("MEASure[:SCALar]:CURRent[:DC]?", Meaning::MeasureAmps),
    ("MEASure[:SCALar]:POWer[:DC]?", Meaning::MeasureWatts),
    ("MEASure?", Meaning::MeasureVolts),
    ("SYSTem:REMote", Meaning::Panel),
    ("SYSTem:LOCal", Meaning::Panel),
    ("SYSTem:RWLock", Meaning::Panel),
];

/// The table, compiled once.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| table(PATTERNS))
}
