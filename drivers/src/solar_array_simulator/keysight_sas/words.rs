//! The words that the emulators understand, with their meanings: those of the E4360 user's guide
//! (pages 64 to 75) and of the E4350B operating guide (chapter 7).

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to a solar-array simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    Save,
    Recall,
    Clear,
    Preset,
    Trigger,
    Level(Level),
    Mode,
    CurveSource,
    Resolution,
    TableName,
    Output,
    OverCurrent,
    ClearProtection,
    Measure(Quantity, Fresh),
    Table(TableWord),
    List(ListWord),
    Initiate,
    Abort,
    Status(Group, Register),
    ChannelCount,
    ChannelModel,
    ChannelSerial,
    ChannelOptions,
    /// Remote and local: the emulator has no front panel to lock.
    Panel,
    /// A switch that is kept and told again, and does nothing here.
    Switch(usize),
}

/// A number of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Volts,
    VoltsTriggered,
    Amps,
    AmpsTriggered,
    OverVoltage,
    OverCurrent,
    Delay,
    Isc,
    Imp,
    Voc,
    Vmp,
    Scale,
    VoltsOffset,
    AmpsOffset,
}

/// How many levels there are.
pub(super) const LEVELS: usize = Level::AmpsOffset as usize + 1;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Volts,
    Amps,
}

/// Whether a measurement is made, or told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    Yes,
    No,
}

/// What is done with tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableWord {
    Select,
    Volts,
    Amps,
    VoltsPoints,
    AmpsPoints,
    Copy,
    Delete,
    DeleteAll,
    Catalog,
}

/// What is done with lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListWord {
    Isc,
    Imp,
    Voc,
    Vmp,
    Dwell,
    Points,
    Step,
    Count,
    Last,
}

/// A group of status registers.
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

/// Switches and settings that clients write and read, and that do nothing to the output here.
pub(super) const SWITCHES: [&str; 14] = [
    "*PSC[?]",
    "DISPlay[:WINDow][:STATe][?]",
    "DISPlay[:WINDow]:MODE[?]",
    "DISPlay[:WINDow]:TEXT[:DATA][?]",
    "DISPlay[:WINDow]:VIEW[?]",
    "OUTPut:PROTection:COUPle[?]",
    "OUTPut:INHibit:MODE[?]",
    "OUTPut:COUPle[:STATe][?]",
    "OUTPut:RELay[:STATe][?]",
    "OUTPut:DFI[:STATe][?]",
    "OUTPut:DFI:SOURce[?]",
    "SYSTem:COMMunicate:RLSTate[?]",
    "TRIGger:TRANsient:SOURce[?]",
    "INITiate:CONTinuous[?]",
];

const LEVEL_WORDS: [(&str, Level); 15] = [
    (
        "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]",
        Level::Volts,
    ),
    (
        "[SOURce:]VOLTage[:LEVel]:TRIGgered[:AMPLitude][?]",
        Level::VoltsTriggered,
    ),
    (
        "[SOURce:]VOLTage:PROTection[:LEVel][:AMPLitude][?]",
        Level::OverVoltage,
    ),
    ("[SOURce:]VOLTage:SAS:VOC[?]", Level::Voc),
    ("[SOURce:]VOLTage:SAS:VMP[?]", Level::Vmp),
    ("[SOURce:]VOLTage:TABLe:OFFSet[?]", Level::VoltsOffset),
    (
        "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude][?]",
        Level::Amps,
    ),
    (
        "[SOURce:]CURRent[:LEVel]:TRIGgered[:AMPLitude][?]",
        Level::AmpsTriggered,
    ),
    (
        "[SOURce:]CURRent:PROTection[:LEVel][:AMPLitude][?]",
        Level::OverCurrent,
    ),
    ("[SOURce:]CURRent:SAS:ISC[?]", Level::Isc),
    ("[SOURce:]CURRent:SAS:IMP[?]", Level::Imp),
    ("[SOURce:]CURRent:SAS:SCALe[?]", Level::Scale),
    ("[SOURce:]CURRent:TABLe:OFFSet[?]", Level::AmpsOffset),
    ("OUTPut:PROTection:DELay[?]", Level::Delay),
    ("OUTPut:PROTection:DELay:TIME[?]", Level::Delay),
];

const WORDS: [(&str, Meaning); 55] = {
    use Fresh::{No, Yes};
    use Group::{Operation, Questionable};
    use Quantity::{Amps, Volts};
    use Register::{Condition, Enable, Event, Negative, Positive};
    [
        ("*RST", Meaning::Reset),
        ("*SAV", Meaning::Save),
        ("*RCL", Meaning::Recall),
        ("*TRG", Meaning::Trigger),
        ("*CLS", Meaning::Clear),
        ("STATus:PRESet", Meaning::Preset),
        ("[SOURce:]CURRent:MODE[?]", Meaning::Mode),
        ("[SOURce:]CURRent:MODE:DTABle[?]", Meaning::Resolution),
        ("[SOURce:]CURRent:SAS:MODE[?]", Meaning::CurveSource),
        ("[SOURce:]CURRent:TABLe:NAME[?]", Meaning::TableName),
        ("[SOURce:]CURRent:PROTection:STATe[?]", Meaning::OverCurrent),
        ("OUTPut[:STATe][?]", Meaning::Output),
        ("OUTPut:PROTection:CLEar", Meaning::ClearProtection),
        (
            "MEASure[:SCALar]:VOLTage[:DC]?",
            Meaning::Measure(Volts, Yes),
        ),
        (
            "MEASure[:SCALar]:CURRent[:DC]?",
            Meaning::Measure(Amps, Yes),
        ),
        ("FETCh[:SCALar]:VOLTage[:DC]?", Meaning::Measure(Volts, No)),
        ("FETCh[:SCALar]:CURRent[:DC]?", Meaning::Measure(Amps, No)),
        ("MEMory:TABLe:SELect[?]", Meaning::Table(TableWord::Select)),
        (
            "MEMory:TABLe:VOLTage[:MAGNitude][?]",
            Meaning::Table(TableWord::Volts),
        ),
        (
            "MEMory:TABLe:CURRent[:MAGNitude][?]",
            Meaning::Table(TableWord::Amps),
        ),
        (
            "MEMory:TABLe:VOLTage:POINts?",
            Meaning::Table(TableWord::VoltsPoints),
        ),
        (
            "MEMory:TABLe:CURRent:POINts?",
            Meaning::Table(TableWord::AmpsPoints),
        ),
        ("MEMory:TABLe:COPY", Meaning::Table(TableWord::Copy)),
        ("MEMory:COPY:TABLe", Meaning::Table(TableWord::Copy)),
        ("MEMory:DELete[:NAME]", Meaning::Table(TableWord::Delete)),
        ("MEMory:DELete:ALL", Meaning::Table(TableWord::DeleteAll)),
        (
            "MEMory:CATalog[:TABLe]?",
            Meaning::Table(TableWord::Catalog),
        ),
        ("MEMory:TABLe:CATalog?", Meaning::Table(TableWord::Catalog)),
        ("[SOURce:]LIST:SAS:ISC[?]", Meaning::List(ListWord::Isc)),
        ("[SOURce:]LIST:SAS:IMP[?]", Meaning::List(ListWord::Imp)),
        ("[SOURce:]LIST:SAS:VOC[?]", Meaning::List(ListWord::Voc)),
        ("[SOURce:]LIST:SAS:VMP[?]", Meaning::List(ListWord::Vmp)),
        ("[SOURce:]LIST:DWELl[?]", Meaning::List(ListWord::Dwell)),
        (
            "[SOURce:]LIST:DWELl:POINts?",
            Meaning::List(ListWord::Points),
        ),
        ("[SOURce:]LIST:STEP[?]", Meaning::List(ListWord::Step)),
        ("[SOURce:]LIST:COUNt[?]", Meaning::List(ListWord::Count)),
        (
            "[SOURce:]LIST:TERMinate:LAST[?]",
            Meaning::List(ListWord::Last),
        ),
        ("INITiate[:IMMediate]:TRANsient", Meaning::Initiate),
        ("INITiate[:IMMediate]", Meaning::Initiate),
        ("TRIGger[:TRANsient][:IMMediate]", Meaning::Trigger),
        ("ABORt[:TRANsient]", Meaning::Abort),
        (
            "STATus:QUEStionable[:EVENt]?",
            Meaning::Status(Questionable, Event),
        ),
        (
            "STATus:QUEStionable:CONDition?",
            Meaning::Status(Questionable, Condition),
        ),
        (
            "STATus:QUEStionable:ENABle[?]",
            Meaning::Status(Questionable, Enable),
        ),
        (
            "STATus:QUEStionable:PTRansition[?]",
            Meaning::Status(Questionable, Positive),
        ),
        (
            "STATus:QUEStionable:NTRansition[?]",
            Meaning::Status(Questionable, Negative),
        ),
        (
            "STATus:OPERation[:EVENt]?",
            Meaning::Status(Operation, Event),
        ),
        (
            "STATus:OPERation:CONDition?",
            Meaning::Status(Operation, Condition),
        ),
        (
            "STATus:OPERation:ENABle[?]",
            Meaning::Status(Operation, Enable),
        ),
        (
            "STATus:OPERation:PTRansition[?]",
            Meaning::Status(Operation, Positive),
        ),
        (
            "STATus:OPERation:NTRansition[?]",
            Meaning::Status(Operation, Negative),
        ),
        ("SYSTem:CHANnel[:COUNt]?", Meaning::ChannelCount),
        ("SYSTem:CHANnel:MODel?", Meaning::ChannelModel),
        ("SYSTem:CHANnel:SERial?", Meaning::ChannelSerial),
        ("SYSTem:CHANnel:OPTion?", Meaning::ChannelOptions),
    ]
};

const PANEL: [&str; 3] = ["SYSTem:REMote", "SYSTem:LOCal", "SYSTem:RWLock"];

/// The table, compiled once for all simulators of the family.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let levels = LEVEL_WORDS.map(|(pattern, level)| (pattern, Meaning::Level(level)));
        let switches = (0..).zip(SWITCHES);
        let switches = switches.map(|(index, pattern)| (pattern, Meaning::Switch(index)));
        let panel = PANEL.map(|pattern| (pattern, Meaning::Panel));
        table(WORDS.into_iter().chain(levels).chain(switches).chain(panel))
    })
}
