//! The words that the emulator understands, with their meanings (E3631A user's guide, chapter 4;
//! E3632A user's guide, pages 81 to 120).

use std::sync::OnceLock;

use super::Kind;
use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to a supply of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Save,
    Recall,
    Trigger,
    PowerOnClear,
    Apply,
    Volts,
    VoltsStep,
    VoltsTriggered,
    Amps,
    AmpsStep,
    AmpsTriggered,
    Output,
    MeasureVolts,
    MeasureAmps,
    Initiate,
    TriggerDelay,
    TriggerSource,
    Display,
    DisplayText,
    DisplayClear,
    /// Beeps, and what else leaves no trace.
    Nothing,
    Remote,
    Local,
    /// Chooses one of several outputs, by name.
    Select,
    /// Chooses one of several outputs, by number.
    SelectNumber,
    Couple,
    Track,
    Instruments,
    InstrumentsEnable,
    Instrument,
    InstrumentCondition,
    InstrumentEnable,
    Range,
    Protect(Quantity, Protection),
    Relay,
}

/// What is protected against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Volts,
    Amps,
}

/// What is told or asked of a protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    Level,
    State,
    Tripped,
    Clear,
}

const SHARED: [(&str, Meaning); 25] = [
    ("*RST", Meaning::Reset),
    ("*SAV", Meaning::Save),
    ("*RCL", Meaning::Recall),
    ("*TRG", Meaning::Trigger),
    ("*PSC[?]", Meaning::PowerOnClear),
    ("APPLy[?]", Meaning::Apply),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Volts,
    ),
    (
        "[SOURce:]VOLTage[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::VoltsTriggered,
    ),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Amps,
    ),
    (
        "[SOURce:]CURRent[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::AmpsTriggered,
    ),
    ("OUTPut[:STATe][?]", Meaning::Output),
    ("MEASure[:SCALar]:CURRent[:DC]?", Meaning::MeasureAmps),
    ("MEASure[:SCALar][:VOLTage][:DC]?", Meaning::MeasureVolts),
    ("INITiate[:IMMediate]", Meaning::Initiate),
    ("TRIGger[:SEQuence]:DELay[?]", Meaning::TriggerDelay),
    ("TRIGger[:SEQuence]:SOURce[?]", Meaning::TriggerSource),
    ("DISPlay[:WINDow][:STATe][?]", Meaning::Display),
    ("DISPlay[:WINDow]:TEXT[:DATA][?]", Meaning::DisplayText),
    ("DISPlay[:WINDow]:TEXT:CLEar", Meaning::DisplayClear),
    ("DISPlay[:WINDow]:MODE", Meaning::Nothing),
    ("SYSTem:BEEPer[:IMMediate]", Meaning::Nothing),
    ("SYSTem:REMote", Meaning::Remote),
    ("SYSTem:RWLock", Meaning::Remote),
    ("SYSTem:LOCal", Meaning::Local),
    ("OUTPut:RELay[:STATe][?]", Meaning::Relay),
];

const TRIPLE: [(&str, Meaning); 9] = [
    ("INSTrument[:SELect][?]", Meaning::Select),
    ("INSTrument:NSELect[?]", Meaning::SelectNumber),
    ("INSTrument:COUPle[:TRIGger][?]", Meaning::Couple),
    ("OUTPut:TRACk[:STATe][?]", Meaning::Track),
    (
        "STATus:QUEStionable:INSTrument[:EVENt]?",
        Meaning::Instruments,
    ),
    (
        "STATus:QUEStionable:INSTrument:ENABle[?]",
        Meaning::InstrumentsEnable,
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#[:EVENt]?",
        Meaning::Instrument,
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#:CONDition?",
        Meaning::InstrumentCondition,
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#:ENABle[?]",
        Meaning::InstrumentEnable,
    ),
];

const RANGED: [(&str, Meaning); 11] = {
    use Protection::{Clear, Level, State, Tripped};
    use Quantity::{Amps, Volts};
    [
        ("[SOURce:]VOLTage:RANGe[?]", Meaning::Range),
        (
            "[SOURce:]VOLTage[:LEVel][:IMMediate]:STEP[:INCRement][?]",
            Meaning::VoltsStep,
        ),
        (
            "[SOURce:]CURRent[:LEVel][:IMMediate]:STEP[:INCRement][?]",
            Meaning::AmpsStep,
        ),
        (
            "[SOURce:]VOLTage:PROTection[:LEVel][?]",
            Meaning::Protect(Volts, Level),
        ),
        (
            "[SOURce:]VOLTage:PROTection:STATe[?]",
            Meaning::Protect(Volts, State),
        ),
        (
            "[SOURce:]VOLTage:PROTection:TRIPped?",
            Meaning::Protect(Volts, Tripped),
        ),
        (
            "[SOURce:]VOLTage:PROTection:CLEar",
            Meaning::Protect(Volts, Clear),
        ),
        (
            "[SOURce:]CURRent:PROTection[:LEVel][?]",
            Meaning::Protect(Amps, Level),
        ),
        (
            "[SOURce:]CURRent:PROTection:STATe[?]",
            Meaning::Protect(Amps, State),
        ),
        (
            "[SOURce:]CURRent:PROTection:TRIPped?",
            Meaning::Protect(Amps, Tripped),
        ),
        (
            "[SOURce:]CURRent:PROTection:CLEar",
            Meaning::Protect(Amps, Clear),
        ),
    ]
};

/// The table of one kind, compiled once for all supplies of it.
pub(super) fn words(kind: Kind) -> &'static Table<Word<Meaning>> {
    static TRIPLES: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    static RANGES: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    match kind {
        Kind::Triple => TRIPLES.get_or_init(|| table(TRIPLE.into_iter().chain(SHARED))),
        Kind::Ranged => RANGES.get_or_init(|| table(RANGED.into_iter().chain(SHARED))),
    }
}
