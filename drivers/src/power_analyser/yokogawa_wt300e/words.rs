//! The words that the emulator understands, with their meanings.

use std::sync::OnceLock;

use crate::scpi::header::Table;
use crate::scpi::responder::{Word, table};

/// What a header means to a WT310E.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Reset,
    NextError,
    Values,
    Item,
    Count,
    Preset,
    Rate,
    Start,
    Stop,
    IntegrationReset,
    State,
    Timer,
    /// A setting that is kept and told again.
    Kept(usize),
    /// Holds and panels: nothing here waits for them.
    Nothing,
}

/// Settings that do not change what the emulator measures: its bus is direct current.
pub(super) const KEPT: [(&str, &str); 15] = [
    ("COMMunicate:HEADer[?]", "0"),
    ("COMMunicate:VERBose[?]", "0"),
    ("COMMunicate:REMote[?]", "0"),
    ("COMMunicate:LOCKout[?]", "0"),
    ("NUMeric:FORMat[?]", "ASC"),
    ("[INPut:]VOLTage:RANGe[?]", "150"),
    ("[INPut:]VOLTage:AUTO[?]", "1"),
    ("[INPut:]CURRent:RANGe[?]", "5"),
    ("[INPut:]CURRent:AUTO[?]", "1"),
    ("[INPut:]MODE[?]", "DC"),
    ("[INPut:]FILTer:LINE[?]", "0"),
    ("INTEGrate:MODE[?]", "NORM"),
    ("INTEGrate:FUNCtion[?]", "WATT"),
    ("MEASure:AVERaging[:STATe][?]", "0"),
    ("STATus:EESE[?]", "0"),
];

const PATTERNS: [(&str, Meaning); 16] = [
    ("*RST", Meaning::Reset),
    ("*TRG", Meaning::Nothing),
    ("STATus:ERRor?", Meaning::NextError),
    ("NUMeric[:NORMal]:VALue?", Meaning::Values),
    ("NUMeric[:NORMal]:ITEM#[?]", Meaning::Item),
    ("NUMeric[:NORMal]:NUMber[?]", Meaning::Count),
    ("NUMeric[:NORMal]:PRESet", Meaning::Preset),
    ("RATE[?]", Meaning::Rate),
    ("INTEGrate:STARt", Meaning::Start),
    ("INTEGrate:STOP", Meaning::Stop),
    ("INTEGrate:RESet", Meaning::IntegrationReset),
    ("INTEGrate:STATe?", Meaning::State),
    ("INTEGrate:TIMer[?]", Meaning::Timer),
    ("HOLD[?]", Meaning::Nothing),
    ("COMMunicate:WAIT", Meaning::Nothing),
    ("STATus:QMESsage", Meaning::Nothing),
];

/// The table, compiled once.
pub(super) fn words() -> &'static Table<Word<Meaning>> {
    static TABLE: OnceLock<Table<Word<Meaning>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let kept = (0..).zip(KEPT);
        let kept = kept.map(|(index, (pattern, _))| (pattern, Meaning::Kept(index)));
        table(PATTERNS.into_iter().chain(kept))
    })
}
