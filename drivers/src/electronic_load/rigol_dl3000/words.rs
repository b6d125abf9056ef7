//! The words that the emulator understands, with their meanings.

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to a DL3000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Function,
    Input,
    Level(Held),
    Range(Held),
    Measure(Measured),
    /// A limit or a rate that is kept and told again.
    Kept(usize),
    /// Triggers and panel: nothing here waits for them.
    Nothing,
}

/// What is held constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Amps,
    Ohms,
    Volts,
    Watts,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    Volts,
    Amps,
    Ohms,
    Watts,
}

/// Settings that do nothing to a steady load.
pub(super) const KEPT: [&str; 8] = [
    "[SOURce:]CURRent:VLIMt[?]",
    "[SOURce:]CURRent:ILIMt[?]",
    "[SOURce:]CURRent:SLEW[:BOTH][?]",
    "[SOURce:]CURRent:VON[?]",
    "[SOURce:]VOLTage:VLIMt[?]",
    "[SOURce:]VOLTage:ILIMt[?]",
    "[SOURce:]SENSe[:STATe][?]",
    "SYSTem:KEYLock[?]",
];

const PATTERNS: [(&str, Meaning); 21] = [
    ("*RST", Meaning::Reset),
    ("*TRG", Meaning::Nothing),
    ("[SOURce:]FUNCtion[?]", Meaning::Function),
    ("[SOURce:]INPut[:STATe][?]", Meaning::Input),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][?]",
        Meaning::Level(Held::Amps),
    ),
    (
        "[SOURce:]RESistance[:LEVel][:IMMediate][?]",
        Meaning::Level(Held::Ohms),
    ),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][?]",
        Meaning::Level(Held::Volts),
    ),
    (
        "[SOURce:]POWer[:LEVel][:IMMediate][?]",
        Meaning::Level(Held::Watts),
    ),
    ("[SOURce:]CURRent:RANGe[?]", Meaning::Range(Held::Amps)),
    ("[SOURce:]RESistance:RANGe[?]", Meaning::Range(Held::Ohms)),
    ("[SOURce:]VOLTage:RANGe[?]", Meaning::Range(Held::Volts)),
    (
        "MEASure[:SCALar]:VOLTage[:DC]?",
        Meaning::Measure(Measured::Volts),
    ),
    (
        "MEASure[:SCALar]:CURRent[:DC]?",
        Meaning::Measure(Measured::Amps),
    ),
    (
        "MEASure[:SCALar]:RESistance[:DC]?",
        Meaning::Measure(Measured::Ohms),
    ),
    (
        "MEASure[:SCALar]:POWer[:DC]?",
        Meaning::Measure(Measured::Watts),
    ),
    (
        "FETCh[:SCALar]:VOLTage[:DC]?",
        Meaning::Measure(Measured::Volts),
    ),
    (
        "FETCh[:SCALar]:CURRent[:DC]?",
        Meaning::Measure(Measured::Amps),
    ),
    (
        "FETCh[:SCALar]:POWer[:DC]?",
        Meaning::Measure(Measured::Watts),
    ),
    ("SYSTem:REMote", Meaning::Nothing),
    ("SYSTem:LOCal", Meaning::Nothing),
    ("TRIGger", Meaning::Nothing),
];

/// The table, compiled once for all loads of the family.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let kept = (0..).zip(KEPT);
        let kept = kept.map(|(index, pattern)| (pattern, Meaning::Kept(index)));
        table(PATTERNS.into_iter().chain(kept))
    })
}
