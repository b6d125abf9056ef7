//! The words that the emulator understands, with their meanings.

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::message::Domain;
use crate::scpi::responder::{Word, table};

/// What a header means to a 663xB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Trigger,
    Volts,
    VoltsTriggered,
    Amps,
    AmpsTriggered,
    Output,
    OverVoltage,
    OverCurrent,
    /// Whether the output capacitor is connected; a switch at the back says.
    Bandwidth,
    ClearProtection,
    ProtectionDelay,
    MeasureVolts,
    MeasureAmps,
    Initiate,
    InitiateNamed,
    Continuous,
    Abort,
    /// Remote and local: the emulator has no front panel to lock.
    Panel,
    /// A setting that is kept and told again, and does nothing here.
    Kept(usize),
}

/// What a kept setting may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    Boolean,
    /// Told as a whole number.
    Count(Domain),
    Number(Domain),
    Choice(&'static [&'static str]),
    Text,
}

/// Settings that clients of this family write and read: display, relay, digital port, sweep.
pub(super) const KEPT: [(&str, Kept); 14] = [
    ("*PSC[?]", Kept::Boolean),
    ("DISPlay[:WINDow][:STATe][?]", Kept::Boolean),
    (
        "DISPlay[:WINDow]:MODE[?]",
        Kept::Choice(&["NORMal", "TEXT"]),
    ),
    ("DISPlay[:WINDow]:TEXT[:DATA][?]", Kept::Text),
    ("OUTPut:DFI[:STATe][?]", Kept::Boolean),
    (
        "OUTPut:DFI:SOURce[?]",
        Kept::Choice(&["OFF", "QUEStionable", "OPERation", "ESB", "RQS"]),
    ),
    (
        "OUTPut:RI:MODE[?]",
        Kept::Choice(&["OFF", "LATChing", "LIVE"]),
    ),
    ("OUTPut:RELay[:STATe][?]", Kept::Boolean),
    (
        "[SOURce:]DIGital:DATA[:VALue][?]",
        Kept::Count(number("", 0.0, 7.0)),
    ),
    (
        "[SOURce:]DIGital:FUNCtion[?]",
        Kept::Choice(&["RIDFi", "DIGio"]),
    ),
    (
        "SENSe:CURRent[:DC]:RANGe[:UPPer][?]",
        Kept::Number(number("A", 0.0, 10.0)),
    ),
    (
        "SENSe:WINDow[:TYPE][?]",
        Kept::Choice(&["HANNing", "RECTangular"]),
    ),
    (
        "SENSe:SWEep:POINts[?]",
        Kept::Number(number("", 1.0, 4_096.0)),
    ),
    // 15.6 µs to 31200 s.
    (
        "SENSe:SWEep:TINTerval[?]",
        Kept::Number(number("S", 15.6e-6, 31_200.0)),
    ),
];

const fn number(unit: &'static str, min: f64, max: f64) -> Domain {
    Domain {
        unit,
        min,
        max,
        default: max,
    }
}

const PATTERNS: [(&str, Meaning); 23] = [
    ("*RST", Meaning::Reset),
    ("*TRG", Meaning::Trigger),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Volts,
    ),
    (
        "[SOURce:]VOLTage[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::VoltsTriggered,
    ),
    (
        "[SOURce:]VOLTage:PROTection[:LEVel][?]",
        Meaning::OverVoltage,
    ),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Amps,
    ),
    (
        "[SOURce:]CURRent[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::AmpsTriggered,
    ),
    ("[SOURce:]CURRent:PROTection:STATe[?]", Meaning::OverCurrent),
    ("[SOURce:]VOLTage:ALC:BANDwidth?", Meaning::Bandwidth),
    ("OUTPut[:STATe][?]", Meaning::Output),
    ("OUTPut:PROTection:CLEar", Meaning::ClearProtection),
    ("OUTPut:PROTection:DELay[?]", Meaning::ProtectionDelay),
    ("MEASure[:SCALar]:VOLTage[:DC]?", Meaning::MeasureVolts),
    ("MEASure[:SCALar]:CURRent[:DC]?", Meaning::MeasureAmps),
    ("INITiate[:IMMediate][:SEQuence#]", Meaning::Initiate),
    ("INITiate[:IMMediate]:NAME", Meaning::InitiateNamed),
    ("INITiate:CONTinuous[:SEQuence#][?]", Meaning::Continuous),
    ("TRIGger[:SEQuence#][:IMMediate]", Meaning::Trigger),
    ("TRIGger[:TRANsient][:IMMediate]", Meaning::Trigger),
    ("ABORt", Meaning::Abort),
    ("SYSTem:REMote", Meaning::Panel),
    ("SYSTem:LOCal", Meaning::Panel),
    ("SYSTem:RWLock", Meaning::Panel),
];

/// The table, compiled once for all supplies of the family.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let kept = KEPT
            .iter()
            .enumerate()
            .map(|(index, &(pattern, _))| (pattern, Meaning::Kept(index)));
        table(PATTERNS.into_iter().chain(kept))
    })
}
