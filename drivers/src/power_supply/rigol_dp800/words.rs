//! The words that the emulator understands, with their meanings (DP800 programming guide,
//! chapter 2).

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to a DP832. Levels are numbered: 0 for volts, 1 for amperes; 2 for watts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Save,
    Recall,
    Trigger,
    Initiate,
    ClearStatus,
    Options,
    NextError,
    Apply,
    Select,
    SelectNumber,
    /// Of the selected channel, or of the one that the header numbers.
    Level(usize, Whose),
    Triggered(usize, Whose),
    Step(usize, Whose),
    Guard(usize, Whose),
    Guarded(usize, Whose),
    Tripped(usize, Whose),
    Clear(usize, Whose),
    /// The same with the channel among the parameters.
    OutputGuard(usize),
    OutputGuarded(usize),
    OutputTripped(usize),
    OutputClear(usize),
    Output,
    Mode,
    Measure(usize),
    MeasureAll,
    /// A switch of a channel that does nothing here.
    Channel(usize),
    /// A setting of the whole supply that does nothing here.
    Kept(usize),
    Instruments,
    InstrumentsEnable,
    Instrument,
    InstrumentCondition,
    InstrumentEnable,
    /// Whose turn it is, and what beeps.
    Nothing,
}

/// Whose level it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Selected,
    Numbered,
}

/// Switches of channels, off after `*RST`.
pub(super) const CHANNEL: [&str; 3] = [
    "OUTPut:TRACk[:STATe][?]",
    "OUTPut:SENSe[:STATe][?]",
    "OUTPut:TIMEr[:STATe][?]",
];

/// Settings of the whole supply, and what they are after `*RST`.
pub(super) const KEPT: [(&str, &str); 11] = [
    ("DISPlay:MODE[?]", "NORM"),
    ("DISPlay[:WINDow][:STATe][?]", "ON"),
    ("DISPlay[:WINDow]:TEXT[?]", "\"\""),
    ("SYSTem:BEEPer[:STATe][?]", "ON"),
    ("SYSTem:BRIGhtness[?]", "50"),
    ("SYSTem:KLOCk[:STATe][?]", "OFF"),
    ("SYSTem:OTP[?]", "ON"),
    ("SYSTem:ONOFFSync[?]", "OFF"),
    ("SYSTem:TRACKMode[?]", "SYNC"),
    ("SYSTem:POWEron[?]", "DEFault"),
    ("TRIGger[:SEQuence]:SOURce[?]", "BUS"),
];

const PATTERNS: [(&str, Meaning); 33] = [
    ("*RST", Meaning::Reset),
    ("*SAV", Meaning::Save),
    ("*RCL", Meaning::Recall),
    ("*TRG", Meaning::Trigger),
    ("*CLS", Meaning::ClearStatus),
    ("*OPT?", Meaning::Options),
    ("INITiate", Meaning::Initiate),
    ("SYSTem:ERRor[:NEXT]?", Meaning::NextError),
    ("APPLy[?]", Meaning::Apply),
    ("INSTrument[:SELEct][?]", Meaning::Select),
    ("INSTrument[:SELect][?]", Meaning::Select),
    ("INSTrument:NSELect[?]", Meaning::SelectNumber),
    ("OUTPut[:STATe][?]", Meaning::Output),
    ("OUTPut:MODE?", Meaning::Mode),
    ("OUTPut:CVCC?", Meaning::Mode),
    ("OUTPut:OVP:VALue[?]", Meaning::OutputGuard(0)),
    ("OUTPut:OVP[:STATe][?]", Meaning::OutputGuarded(0)),
    ("OUTPut:OVP:QUES?", Meaning::OutputTripped(0)),
    ("OUTPut:OVP:ALAR?", Meaning::OutputTripped(0)),
    ("OUTPut:OVP:CLEAR", Meaning::OutputClear(0)),
    ("OUTPut:OCP:VALue[?]", Meaning::OutputGuard(1)),
    ("OUTPut:OCP[:STATe][?]", Meaning::OutputGuarded(1)),
    ("OUTPut:OCP:QUES?", Meaning::OutputTripped(1)),
    ("OUTPut:OCP:ALAR?", Meaning::OutputTripped(1)),
    ("OUTPut:OCP:CLEAR", Meaning::OutputClear(1)),
    ("MEASure[:VOLTage][:DC]?", Meaning::Measure(0)),
    ("MEASure:CURRent[:DC]?", Meaning::Measure(1)),
    ("MEASure:POWEr[:DC]?", Meaning::Measure(2)),
    ("MEASure:ALL[:DC]?", Meaning::MeasureAll),
    ("SYSTem:REMote", Meaning::Nothing),
    ("SYSTem:LOCal", Meaning::Nothing),
    ("SYSTem:RWLock[:STATe]", Meaning::Nothing),
    ("SYSTem:BEEPer:IMMediate", Meaning::Nothing),
];

const REGISTERS: [(&str, Meaning); 7] = [
    ("OUTPut:OVP:CLEar", Meaning::OutputClear(0)),
    ("OUTPut:OCP:CLEar", Meaning::OutputClear(1)),
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

/// Levels of a channel, once with its number in the header and once without.
macro_rules! levels {
    ($source:literal, $whose:ident) => {
        [
            (
                concat!($source, "VOLTage[:LEVel][:IMMediate][:AMPLitude][?]"),
                Meaning::Level(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent[:LEVel][:IMMediate][:AMPLitude][?]"),
                Meaning::Level(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage[:LEVel][:IMMediate]:STEP[:INCRement][?]"),
                Meaning::Step(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent[:LEVel][:IMMediate]:STEP[:INCRement][?]"),
                Meaning::Step(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage[:LEVel]:TRIGgered[:AMPLitude][?]"),
                Meaning::Triggered(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent[:LEVel]:TRIGgered[:AMPLitude][?]"),
                Meaning::Triggered(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage:PROTection[:LEVel][?]"),
                Meaning::Guard(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent:PROTection[:LEVel][?]"),
                Meaning::Guard(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage:PROTection:STATe[?]"),
                Meaning::Guarded(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent:PROTection:STATe[?]"),
                Meaning::Guarded(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage:PROTection:TRIPped?"),
                Meaning::Tripped(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent:PROTection:TRIPped?"),
                Meaning::Tripped(1, Whose::$whose),
            ),
            (
                concat!($source, "VOLTage:PROTection:CLEar"),
                Meaning::Clear(0, Whose::$whose),
            ),
            (
                concat!($source, "CURRent:PROTection:CLEar"),
                Meaning::Clear(1, Whose::$whose),
            ),
        ]
    };
}

/// The table, compiled once for all supplies of the kind.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let channel = CHANNEL.iter().enumerate();
        let channel = channel.map(|(index, &pattern)| (pattern, Meaning::Channel(index)));
        let kept = KEPT.iter().enumerate();
        let kept = kept.map(|(index, &(pattern, _))| (pattern, Meaning::Kept(index)));
        table(
            PATTERNS
                .into_iter()
                .chain(REGISTERS)
                .chain(levels!("[SOURce:]", Selected))
                .chain(levels!("SOURce#:", Numbered))
                .chain(channel)
                .chain(kept),
        )
    })
}
