//! The campaign file: what is asked. Shapes and numbers; nothing is looked up yet.

use profiles::command::PowerMode;
use profiles::phase::Phase;

use super::reader::{Located, Node, Notes, TableReader};
use super::refusal::{Place, Refusal};
use super::units::{DURATION_HELP, orbits, seconds};

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
    /// The checks.
    pub checks: Vec<RawCheck>,
}

/// `[orbit]`.
#[derive(Clone, Debug)]
pub struct RawOrbit {
    /// File of the elements, relative to the campaign.
    pub elements: Located<String>,
    /// UTC at T0, RFC 3339; the elements' epoch if absent.
    pub start: Option<Located<String>>,
    /// Shape of the Earth's shadow.
    pub earth: &'static str,
    /// Direction of the Sun.
    pub sun: &'static str,
    /// Effective height of the atmosphere that casts shadow, km.
    pub atmosphere_km: f64,
    /// Settings of the satellite, by section.
    pub settings: Vec<RawSection>,
}

/// A section of settings: `[orbit.array]`.
#[derive(Clone, Debug)]
pub struct RawSection {
    /// Its name.
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
    pub after: f64,
    /// Supply voltage, V.
    pub volts: Option<Located<f64>>,
    /// Supply current limit, A.
    pub limit_amps: Option<Located<f64>>,
    /// Supply output.
    pub output: Option<Located<&'static str>>,
    /// Chamber temperature, °C.
    pub celsius: Option<Located<f64>>,
    /// Chamber rate, K/min.
    pub slew: Option<Located<f64>>,
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
}

/// One entry of `profile`.
#[derive(Clone, Debug)]
pub struct RawProfile {
    /// The device.
    pub device: Located<String>,
    /// `orbit` or `ramp`.
    pub kind: Located<&'static str>,
    /// How often it is told, s.
    pub every: Option<Located<f64>>,
    /// Start of a ramp.
    pub from: Option<Located<f64>>,
    /// End of a ramp.
    pub to: Option<Located<f64>>,
    /// Current limit along a supply's ramp, A.
    pub limit_amps: Option<Located<f64>>,
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
    /// `single-stream`.
    pub scenario: &'static str,
    /// Steps in which it runs; all if absent.
    pub during: Option<Vec<Located<String>>>,
    /// Power mode in each phase of the orbit.
    pub modes: Vec<(Phase, PowerMode)>,
}

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

pub(super) fn campaign(root: &TableReader<'_>) -> Option<RawCampaign> {
    let name = root.required("name").and_then(|node| node.text());
    let description = root.get("description").and_then(|node| node.text());
    let seed = root.get("seed").and_then(|node| node.whole());
    let goldens = root.get("goldens").and_then(|node| node.text());
    let orbit = root.get("orbit").and_then(|node| orbit(&node));
    let steps = tables(root, "step", step);
    let workloads = tables(root, "workload", workload);
    let checks = tables(root, "check", check);
    Some(RawCampaign {
        name: name?,
        description: description.map(|text| text.value).unwrap_or_default(),
        seed: seed.map_or(0, |seed| seed.value),
        goldens: goldens.map_or_else(|| "../goldens".to_owned(), |text| text.value),
        orbit,
        steps,
        workloads,
        checks,
    })
}

fn tables<T>(
    root: &TableReader<'_>,
    key: &'static str,
    read: impl Fn(&Node<'_>) -> Option<T>,
) -> Vec<T> {
    let nodes = root
        .get(key)
        .and_then(|node| node.list())
        .unwrap_or_default();
    nodes.iter().filter_map(read).collect()
}

fn orbit(node: &Node<'_>) -> Option<RawOrbit> {
    let table = node.table("[orbit]")?;
    let elements = table.required("elements").and_then(|node| node.text());
    let start = table.get("start").and_then(|node| node.text());
    let (mut earth, mut sun, mut atmosphere_km) = ("ellipsoid", "apparent", 0.0);
    if let Some(shadow) = table.get("shadow").and_then(|node| node.table("shadow")) {
        let pick = |key, words: &[&'static str]| {
            shadow
                .get(key)
                .and_then(|node| node.choice(words))
                .map(|word| word.value)
        };
        earth = pick("earth", &["ellipsoid", "sphere"]).unwrap_or(earth);
        sun = pick("sun", &["apparent", "geometric"]).unwrap_or(sun);
        let height = shadow.get("atmosphere_km").and_then(|node| node.number());
        atmosphere_km = height.map_or(0.0, |height| height.value);
        shadow.finish();
    }
    let mut sections = Vec::new();
    for name in ["array", "battery", "load", "thermal"] {
        if let Some(node) = table.get(name) {
            let name = Located {
                value: name.to_owned(),
                place: node.place.clone(),
            };
            if let Some(section) = node.table(&format!("[orbit.{}]", name.value)) {
                sections.push(RawSection {
                    name,
                    settings: settings(&section, &[]),
                });
            }
        }
    }
    table.finish();
    Some(RawOrbit {
        elements: elements?,
        start,
        earth,
        sun,
        atmosphere_km,
        settings: sections,
    })
}

/// Every entry of a table but those with the keys in `known`.
pub(super) fn settings(table: &TableReader<'_>, known: &[&str]) -> Vec<RawSetting> {
    let entries = table.entries().into_iter();
    let settings = entries.filter(|(key, _)| !known.contains(&key.value.as_str()));
    settings
        .map(|(key, node)| RawSetting {
            key,
            value: node.raw(),
            place: node.place.clone(),
        })
        .collect()
}

fn step(node: &Node<'_>) -> Option<RawStep> {
    let table = node.table("[[step]]")?;
    let name = table.required("name").and_then(|node| node.text());
    let length = table.required("length").and_then(|node| length(&node));
    let set = tables(&table, "set", set);
    let profiles = tables(&table, "profile", profile);
    table.finish();
    Some(RawStep {
        name: name?,
        length: length?,
        set,
        profiles,
    })
}

fn length(node: &Node<'_>) -> Option<Located<RawLength>> {
    let text = node.text()?;
    let value = seconds(&text.value)
        .map(RawLength::Seconds)
        .or_else(|| orbits(&text.value).map(RawLength::Orbits));
    match value {
        Some(value) => Some(Located {
            value,
            place: text.place,
        }),
        None => node.refuse(
            format!("`{}` is no length of a step", text.value),
            format!("{DURATION_HELP}, or `orbits`"),
        ),
    }
}

fn set(node: &Node<'_>) -> Option<RawSet> {
    let table = node.table("`set`")?;
    let number = |key| table.get(key).and_then(|node| node.number());
    let set = RawSet {
        place: node.place.clone(),
        device: table.required("device").and_then(|node| node.text())?,
        after: table
            .get("after")
            .and_then(|node| node.duration())
            .map_or(0.0, |s| s.value),
        volts: number("volts"),
        limit_amps: number("limit_amps"),
        output: table
            .get("output")
            .and_then(|node| node.choice(&["on", "off"])),
        celsius: number("celsius"),
        slew: number("slew_k_per_min"),
        mode: table
            .get("mode")
            .and_then(|node| node.choice(PowerMode::NAMES)),
        inject: table
            .get("inject")
            .and_then(|node| node.choice(&["mute", "bit-flip", "over-voltage-trip", "reset"])),
        byte: table.get("byte").and_then(|node| node.whole()),
        bit: table.get("bit").and_then(|node| node.whole()),
        length: table.get("length").and_then(|node| node.duration()),
    };
    table.finish();
    Some(set)
}

fn profile(node: &Node<'_>) -> Option<RawProfile> {
    let table = node.table("`profile`")?;
    let number = |key| table.get(key).and_then(|node| node.number());
    let device = table.required("device").and_then(|node| node.text());
    let kind = table
        .required("kind")
        .and_then(|node| node.choice(&["orbit", "ramp"]));
    let every = table.get("every").and_then(|node| node.duration());
    let (from, to, limit_amps) = (number("from"), number("to"), number("limit_amps"));
    table.finish();
    Some(RawProfile {
        device: device?,
        kind: kind?,
        every,
        from,
        to,
        limit_amps,
    })
}

fn workload(node: &Node<'_>) -> Option<RawWorkload> {
    let table = node.table("[[workload]]")?;
    let name = table.required("name").and_then(|node| node.text());
    let device = table.required("device").and_then(|node| node.text());
    let golden = table.required("golden").and_then(|node| node.text());
    let scenario = table
        .get("scenario")
        .and_then(|node| node.choice(&["single-stream"]));
    let during = table.get("during").and_then(|node| node.texts());
    let mut modes = Vec::new();
    if let Some(table) = table.get("mode").and_then(|node| node.table("`mode`")) {
        for phase in Phase::ALL {
            let mode = table
                .get(phase.name())
                .and_then(|node| node.choice(PowerMode::NAMES));
            if let Some(mode) = mode.and_then(|word| PowerMode::from_name(word.value)) {
                modes.push((phase, mode));
            }
        }
        table.finish();
    }
    table.finish();
    let scenario = scenario.map_or("single-stream", |word| word.value);
    Some(RawWorkload {
        name: name?,
        device: device?,
        golden: golden?,
        scenario,
        during,
        modes,
    })
}

fn check(node: &Node<'_>) -> Option<RawCheck> {
    const COMMON: [&str; 7] = [
        "name", "kind", "channel", "device", "workload", "during", "after",
    ];
    let table = node.table("[[check]]")?;
    let name = table.required("name").and_then(|node| node.text());
    let kind = table.required("kind").and_then(|node| node.text());
    let mut target = None;
    for key in ["channel", "device", "workload"] {
        if let Some(text) = table.get(key).and_then(|node| node.text()) {
            if target.is_some() {
                let message = "a check watches one thing";
                table.note(Refusal::at(
                    &text.place,
                    message,
                    "expected only one of these",
                ));
            }
            target = Some((key, text));
        }
    }
    let during = table.get("during").and_then(|node| node.texts());
    let after = table.get("after").and_then(|node| node.duration());
    Some(RawCheck {
        place: node.place.clone(),
        name: name?,
        kind: kind?,
        target,
        during,
        after: after.map_or(0.0, |seconds| seconds.value),
        settings: settings(&table, &COMMON),
    })
}

impl Node<'_> {
    /// The value for a setting that is looked up later.
    pub(super) fn raw(&self) -> RawValue {
        let quiet = Notes::new(self.place.file);
        let quiet = self.noting(&quiet);
        if let Some(number) = quiet.number() {
            RawValue::Number(number.value)
        } else if let Some(text) = quiet.text() {
            RawValue::Text(text.value)
        } else {
            RawValue::Other
        }
    }
}
