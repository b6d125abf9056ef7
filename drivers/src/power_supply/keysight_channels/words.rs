//! The words that the emulators understand, with their meanings.

use std::sync::OnceLock;

use super::Kind;
use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to these supplies. Levels are numbered: 0 for volts, 1 for amperes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Save,
    Recall,
    Trigger,
    ClearStatus,
    Preset,
    Apply,
    Select,
    SelectNumber,
    Level(usize),
    Triggered(usize),
    Source(usize),
    Output,
    Protection,
    Guarded(usize),
    ProtectionDelay,
    Tripped(usize),
    ClearOne(usize),
    Clear,
    /// 2 is for watts.
    Measure(usize),
    List(ListWord),
    Initiate,
    Continuous,
    TriggerNow,
    TriggerSource,
    Abort,
    Register(Group, Register),
    Summary(Register),
    /// Front panel, and whose turn it is.
    Panel,
    ChannelCount,
    ChannelModel,
    ChannelSerial,
    ChannelOptions,
    /// A setting that is kept and told again, and does nothing here.
    Kept(usize),
}

/// What is told or asked of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListWord {
    Volts,
    Amps,
    Dwell,
    Begin,
    End,
    VoltsPoints,
    AmpsPoints,
    DwellPoints,
    Count,
    Step,
    Last,
}

/// A group of registers of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Questionable,
    Operation,
}

/// One register of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Register {
    Event,
    Condition,
    Enable,
    Positive,
    Negative,
}

/// Settings that clients write and read, and what they are after `*RST`.
pub(super) const KEPT: [(&str, &str); 17] = [
    ("OUTPut:PMODe[?]", "VOLT"),
    ("OUTPut:DELay:RISE[?]", "0"),
    ("OUTPut:DELay:FALL[?]", "0"),
    ("OUTPut:COUPle[:STATe][?]", "0"),
    ("OUTPut:PROTection:COUPle[?]", "0"),
    ("OUTPut:PROTection:DELay[?]", "0.02"),
    ("OUTPut:INHibit:MODE[?]", "OFF"),
    ("OUTPut:SHORt[:STATe][?]", "0"),
    ("[SOURce:]VOLTage:RANGe[?]", "60"),
    ("[SOURce:]CURRent:RANGe[?]", "20"),
    ("[SOURce:]VOLTage:SLEW[:IMMediate][?]", "9.9E+37"),
    ("[SOURce:]CURRent:SLEW[:IMMediate][?]", "9.9E+37"),
    ("[SOURce:]VOLTage:SENSe[:SOURce][?]", "INT"),
    ("[SOURce:]CURRent:PROTection:DELay:STARt[?]", "SCH"),
    ("SENSe:VOLTage[:DC]:RANGe[:UPPer][?]", "60"),
    ("SENSe:CURRent[:DC]:RANGe[:UPPer][?]", "20"),
    ("SENSe:SWEep:POINts[?]", "1024"),
];

const SHARED: [(&str, Meaning); 49] = [
    ("*RST", Meaning::Reset),
    ("*SAV", Meaning::Save),
    ("*RCL", Meaning::Recall),
    ("*TRG", Meaning::Trigger),
    ("*CLS", Meaning::ClearStatus),
    ("STATus:PRESet", Meaning::Preset),
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Level(0),
    ),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude][?]",
        Meaning::Level(1),
    ),
    (
        "[SOURce:]VOLTage[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::Triggered(0),
    ),
    (
        "[SOURce:]CURRent[:LEVel]:TRIGgered[:AMPLitude][?]",
        Meaning::Triggered(1),
    ),
    ("[SOURce:]VOLTage:MODE[?]", Meaning::Source(0)),
    ("[SOURce:]CURRent:MODE[?]", Meaning::Source(1)),
    (
        "[SOURce:]VOLTage:PROTection[:LEVel][?]",
        Meaning::Protection,
    ),
    ("[SOURce:]VOLTage:PROTection:STATe[?]", Meaning::Guarded(0)),
    ("[SOURce:]VOLTage:PROTection:TRIPped?", Meaning::Tripped(0)),
    ("[SOURce:]VOLTage:PROTection:CLEar", Meaning::ClearOne(0)),
    ("[SOURce:]CURRent:PROTection:STATe[?]", Meaning::Guarded(1)),
    ("[SOURce:]CURRent:PROTection:TRIPped?", Meaning::Tripped(1)),
    ("[SOURce:]CURRent:PROTection:CLEar", Meaning::ClearOne(1)),
    (
        "[SOURce:]CURRent:PROTection:DELay[:TIME][?]",
        Meaning::ProtectionDelay,
    ),
    ("OUTPut[:STATe][?]", Meaning::Output),
    ("OUTPut:PROTection:CLEar", Meaning::Clear),
    ("MEASure[:SCALar]:VOLTage[:DC]?", Meaning::Measure(0)),
    ("MEASure[:SCALar]:CURRent[:DC]?", Meaning::Measure(1)),
    ("MEASure[:SCALar]:POWer[:DC]?", Meaning::Measure(2)),
    ("FETCh[:SCALar]:VOLTage[:DC]?", Meaning::Measure(0)),
    ("FETCh[:SCALar]:CURRent[:DC]?", Meaning::Measure(1)),
    (
        "[SOURce:]LIST:VOLTage[:LEVel][?]",
        Meaning::List(ListWord::Volts),
    ),
    (
        "[SOURce:]LIST:CURRent[:LEVel][?]",
        Meaning::List(ListWord::Amps),
    ),
    ("[SOURce:]LIST:DWELl[?]", Meaning::List(ListWord::Dwell)),
    (
        "[SOURce:]LIST:TOUTput:BOSTep[:DATA][?]",
        Meaning::List(ListWord::Begin),
    ),
    (
        "[SOURce:]LIST:TOUTput:EOSTep[:DATA][?]",
        Meaning::List(ListWord::End),
    ),
    (
        "[SOURce:]LIST:VOLTage:POINts?",
        Meaning::List(ListWord::VoltsPoints),
    ),
    (
        "[SOURce:]LIST:CURRent:POINts?",
        Meaning::List(ListWord::AmpsPoints),
    ),
    (
        "[SOURce:]LIST:DWELl:POINts?",
        Meaning::List(ListWord::DwellPoints),
    ),
    ("[SOURce:]LIST:COUNt[?]", Meaning::List(ListWord::Count)),
    ("[SOURce:]LIST:STEP[?]", Meaning::List(ListWord::Step)),
    (
        "[SOURce:]LIST:TERMinate:LAST[?]",
        Meaning::List(ListWord::Last),
    ),
    ("INITiate[:IMMediate][:TRANsient]", Meaning::Initiate),
    ("INITiate:CONTinuous[:TRANsient][?]", Meaning::Continuous),
    ("TRIGger[:TRANsient][:IMMediate]", Meaning::TriggerNow),
    ("TRIGger[:TRANsient]:SOURce[?]", Meaning::TriggerSource),
    ("ABORt[:TRANsient]", Meaning::Abort),
    ("SYSTem:REMote", Meaning::Panel),
    ("SYSTem:LOCal", Meaning::Panel),
    ("SYSTem:RWLock", Meaning::Panel),
    ("SYSTem:BEEPer[:IMMediate]", Meaning::Panel),
    ("DISPlay[:WINDow]:TEXT:CLEar", Meaning::Panel),
    ("SYSTem:PRESet", Meaning::Reset),
];

const BENCH: [(&str, Meaning); 8] = [
    ("APPLy[?]", Meaning::Apply),
    ("INSTrument[:SELect][?]", Meaning::Select),
    ("INSTrument:NSELect[?]", Meaning::SelectNumber),
    (
        "STATus:QUEStionable:INSTrument[:EVENt]?",
        Meaning::Summary(Register::Event),
    ),
    (
        "STATus:QUEStionable:INSTrument:ENABle[?]",
        Meaning::Summary(Register::Enable),
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#[:EVENt]?",
        Meaning::Register(Group::Questionable, Register::Event),
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#:CONDition?",
        Meaning::Register(Group::Questionable, Register::Condition),
    ),
    (
        "STATus:QUEStionable:INSTrument:ISUMmary#:ENABle[?]",
        Meaning::Register(Group::Questionable, Register::Enable),
    ),
];

const MODULAR: [(&str, Meaning); 14] = {
    use Group::{Operation, Questionable};
    use Register::{Condition, Enable, Event, Negative, Positive};
    [
        (
            "STATus:QUEStionable[:EVENt]?",
            Meaning::Register(Questionable, Event),
        ),
        (
            "STATus:QUEStionable:CONDition?",
            Meaning::Register(Questionable, Condition),
        ),
        (
            "STATus:QUEStionable:ENABle[?]",
            Meaning::Register(Questionable, Enable),
        ),
        (
            "STATus:QUEStionable:PTRansition[?]",
            Meaning::Register(Questionable, Positive),
        ),
        (
            "STATus:QUEStionable:NTRansition[?]",
            Meaning::Register(Questionable, Negative),
        ),
        (
            "STATus:OPERation[:EVENt]?",
            Meaning::Register(Operation, Event),
        ),
        (
            "STATus:OPERation:CONDition?",
            Meaning::Register(Operation, Condition),
        ),
        (
            "STATus:OPERation:ENABle[?]",
            Meaning::Register(Operation, Enable),
        ),
        (
            "STATus:OPERation:PTRansition[?]",
            Meaning::Register(Operation, Positive),
        ),
        (
            "STATus:OPERation:NTRansition[?]",
            Meaning::Register(Operation, Negative),
        ),
        ("SYSTem:CHANnel[:COUNt]?", Meaning::ChannelCount),
        ("SYSTem:CHANnel:MODel?", Meaning::ChannelModel),
        ("SYSTem:CHANnel:SERial?", Meaning::ChannelSerial),
        ("SYSTem:CHANnel:OPTion?", Meaning::ChannelOptions),
    ]
};

/// The table of one kind, compiled once for all supplies of it.
pub(super) fn words(kind: Kind) -> &'static Table<Word<Meaning>> {
    static BENCHES: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    static MODULARS: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    let kept = || {
        let kept = KEPT.iter().enumerate();
        kept.map(|(index, &(pattern, _))| (pattern, Meaning::Kept(index)))
    };
    match kind {
        Kind::Bench => BENCHES.get_or_init(|| table(BENCH.into_iter().chain(SHARED).chain(kept()))),
        Kind::Modular => {
            MODULARS.get_or_init(|| table(MODULAR.into_iter().chain(SHARED).chain(kept())))
        }
    }
}
