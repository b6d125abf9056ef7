//! The campaign file: what is asked. Shapes and numbers; nothing is looked up yet.

mod fault;
mod mesh;
mod read;
mod report;

use crate::config::cycles::RawCycles;
use crate::config::interlock::RawInterlock;
use crate::config::orbit::RawOrbit;
use crate::config::vary::Varied;
use profiles::command::PowerMode;
use profiles::phase::Phase;

use super::reader::Located;
use super::refusal::Place;
pub(super) use fault::faults;
pub use fault::{FAULT_KINDS, RawFault};
pub use mesh::RawMesh;
pub(super) use read::{campaign, set, settings};
pub use report::RawReport;

/// A campaign as written.
#[derive(Clone, Debug)]
pub struct RawCampaign {
    /// Its name.
    pub name: Located<String>,
    /// What it asks.
    pub description: String,
    /// The seed; the command line may give another.
    pub seed: u64,
    /// Folder of the goldens, relative to the file.
    pub goldens: String,
    /// The orbit, if there is one.
    pub orbit: Option<RawOrbit>,
    /// The steps, in order.
    pub steps: Vec<RawStep>,
    /// The workloads.
    pub workloads: Vec<RawWorkload>,
    /// Work that several boards share.
    pub meshes: Vec<RawMesh>,
    /// The checks.
    pub checks: Vec<RawCheck>,
    /// What breaks on purpose.
    pub faults: Vec<RawFault>,
    /// Limits that are tighter than those of the wiring, by device.
    pub limits: Vec<(Located<String>, Vec<RawSetting>)>,
    /// Interlocks beside those of the wiring.
    pub interlocks: Vec<RawInterlock>,
    /// What it sets of its report's looks.
    pub report: RawReport,
    /// What is drawn anew in each run of a Monte Carlo study.
    pub vary: Vec<Varied>,
    /// What is in the file but could not be read: its section, and its name where that could.
    /// It is refused already; what else names it is not to be blamed for that.
    pub lost: Vec<Lost>,
}

impl RawCampaign {
    /// Stands for a campaign that could not be read at all.
    pub fn unread() -> RawCampaign {
        let sections = ["step", "workload", "mesh", "check", "orbit"];
        let nowhere = Place {
            file: 0,
            span: 0..0,
        };
        RawCampaign {
            name: Located {
                value: String::new(),
                place: nowhere,
            },
            description: String::new(),
            seed: 0,
            goldens: String::new(),
            orbit: None,
            steps: Vec::new(),
            workloads: Vec::new(),
            meshes: Vec::new(),
            checks: Vec::new(),
            faults: Vec::new(),
            limits: Vec::new(),
            interlocks: Vec::new(),
            report: RawReport::default(),
            vary: Vec::new(),
            lost: sections
                .map(|section| Lost {
                    section,
                    name: None,
                })
                .to_vec(),
        }
    }
}

/// Something in the file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// `step`, `workload`, `mesh`, `check`, `orbit` or `goldens`.
    pub section: &'static str,
    /// Its name, where that could be read.
    pub name: Option<String>,
}

/// A section of settings: `[orbit.array]`.
#[derive(Clone, Debug)]
pub struct RawSection {
    /// Its key.
    pub key: &'static str,
    /// Its name, as files head it.
    pub name: Located<String>,
    /// Its settings.
    pub settings: Vec<RawSetting>,
}

/// A key and its value, not yet looked up.
#[derive(Clone, Debug)]
pub struct RawSetting {
    /// The key.
    pub key: Located<String>,
    /// The value.
    pub value: RawValue,
    /// The value's place.
    pub place: Place,
}

/// A value, not yet looked up.
#[derive(Clone, Debug, PartialEq)]
pub enum RawValue {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Something that no setting takes.
    Other,
}

/// How long a step is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawLength {
    /// Seconds.
    Seconds(f64),
    /// Revolutions of the campaign's orbit.
    Orbits(f64),
    /// What was written could not be read.
    Unknown,
}

/// `[[step]]`.
#[derive(Clone, Debug)]
pub struct RawStep {
    /// Its name.
    pub name: Located<String>,
    /// Its length.
    pub length: Located<RawLength>,
    /// What is told at its start.
    pub set: Vec<RawSet>,
    /// What is told over its length.
    pub profiles: Vec<RawProfile>,
}

/// One entry of `set`.
#[derive(Clone, Debug)]
pub struct RawSet {
    /// Its place.
    pub place: Place,
    /// The device.
    pub device: Located<String>,
    /// How long after the step's start, s.
    pub after: Option<Located<f64>>,
    /// Supply voltage, V.
    pub volts: Option<Located<f64>>,
    /// Supply current limit, A.
    pub limit_amps: Option<Located<f64>>,
    /// Points of a simulated array's curve.
    pub curve: RawCurve,
    /// What a load takes: its key, and the value.
    pub sink: Vec<(&'static str, Located<f64>)>,
    /// Load input.
    pub input: Option<Located<&'static str>>,
    /// Supply output.
    pub output: Option<Located<&'static str>>,
    /// Chamber temperature, °C.
    pub celsius: Option<Located<f64>>,
    /// Chamber rate, K/min.
    pub slew: Option<Located<f64>>,
    /// Attenuation, dB.
    pub attenuation: Option<Located<f64>>,
    /// A board's power mode.
    pub mode: Option<Located<&'static str>>,
    /// A fault to inject.
    pub inject: Option<Located<&'static str>>,
    /// Byte of a bit flip.
    pub byte: Option<Located<u64>>,
    /// Bit of a bit flip.
    pub bit: Option<Located<u64>>,
    /// Length of a fault, s.
    pub length: Option<Located<f64>>,
    /// Current of a latch-up, A.
    pub amps: Option<Located<f64>>,
    /// How much outputs grow with temperature, per cent for each kelvin.
    pub percent: Option<Located<f64>>,
    /// Whether all that is written could be read.
    pub is_whole: bool,
}

/// Points of a simulated array's curve, as far as they are written.
#[derive(Clone, Debug, Default)]
pub struct RawCurve {
    /// Short-circuit current, A.
    pub isc: Option<Located<f64>>,
    /// Current at most power, A.
    pub imp: Option<Located<f64>>,
    /// Open-circuit voltage, V.
    pub voc: Option<Located<f64>>,
    /// Voltage at most power, V.
    pub vmp: Option<Located<f64>>,
}

impl RawCurve {
    /// Its keys, with what is written.
    pub fn keys(&self) -> [(&'static str, Option<&Located<f64>>); 4] {
        [
            ("isc_amps", self.isc.as_ref()),
            ("imp_amps", self.imp.as_ref()),
            ("voc_volts", self.voc.as_ref()),
            ("vmp_volts", self.vmp.as_ref()),
        ]
    }
}

/// One entry of `profile`.
#[derive(Clone, Debug)]
pub struct RawProfile {
    /// The device.
    pub device: Located<String>,
    /// `orbit`, `ramp`, `table`, `cycles` or `link`.
    pub kind: Located<&'static str>,
    /// How often it is told, s.
    pub every: Option<Located<f64>>,
    /// File of a table: values against seconds from the step's start.
    pub file: Option<Located<String>>,
    /// Thermal cycles.
    pub(crate) cycles: Option<RawCycles>,
    /// The lump of the satellite that a chamber follows; the baseplate if absent.
    pub node: Option<Located<String>>,
    /// The link that an attenuator plays.
    pub link: Option<Located<String>>,
    /// Distance at which it is attenuated least, km; its nearest in the step if absent.
    pub reference_km: Option<Located<f64>>,
    /// How fast a chamber can follow, K/min.
    pub ramp: Option<Located<f64>>,
    /// Start of a ramp.
    pub from: Option<Located<f64>>,
    /// End of a ramp.
    pub to: Option<Located<f64>>,
    /// Current limit along a supply's ramp, A.
    pub limit_amps: Option<Located<f64>>,
    /// Whether all that is written could be read.
    pub is_whole: bool,
}

/// `[[workload]]`.
#[derive(Clone, Debug)]
pub struct RawWorkload {
    /// Its name.
    pub name: Located<String>,
    /// The board.
    pub device: Located<String>,
    /// Folder of the golden.
    pub golden: Located<String>,
    /// `single-stream`, `multi-stream`, `server` or `offline`.
    pub scenario: &'static str,
    /// Samples of a query, in multi stream.
    pub samples: Option<Located<u64>>,
    /// Queries that arrive in a second, for a server.
    pub rate: Option<Located<f64>>,
    /// How long an answer is waited for, s.
    pub answer_within: Option<Located<f64>>,
    /// How often an input with a wrong output is asked again.
    pub repeats: u16,
    /// Steps in which it runs; all if absent.
    pub during: Option<Vec<Located<String>>>,
    /// Power mode in each phase of the orbit.
    pub modes: Vec<(Phase, PowerMode)>,
    /// Where the modes stand.
    pub modes_place: Option<Place>,
}

/// What `inject` may ask for.
pub const FAULTS: [&str; 13] = [
    "mute",
    "bit-flip",
    "stuck-low",
    "stuck-high",
    "output-flip",
    "activation-flip",
    "drift",
    "latch-up",
    "over-voltage-trip",
    "reset",
    "hang",
    "bus-off",
    "babble",
];

/// The keys that a check of any kind may have.
pub const CHECK_KEYS: [&str; 7] = [
    "name", "kind", "channel", "device", "workload", "during", "after",
];

/// `[[check]]`.
#[derive(Clone, Debug)]
pub struct RawCheck {
    /// Its place.
    pub place: Place,
    /// Its name.
    pub name: Located<String>,
    /// Its kind.
    pub kind: Located<String>,
    /// `channel`, `device` or `workload`, and what it names.
    pub target: Option<(&'static str, Located<String>)>,
    /// Phases and steps; the whole run if absent.
    pub during: Option<Vec<Located<String>>>,
    /// How long after the start of each window it begins to look, s.
    pub after: f64,
    /// Everything else: the kind's own settings.
    pub settings: Vec<RawSetting>,
}
