//! The table of an orbit as it is written: `[orbit]` of a campaign, or a file of its own.

pub(crate) mod presets;
pub(crate) mod satellite;
pub(crate) mod source;
pub(crate) mod surroundings;

use self::satellite::RawLists;
use self::source::{KEYS, RawSource, shadow_table, source};
use self::surroundings::RawSurroundings;
use super::campaign::{RawSection, settings};
use super::{Located, TableReader};

/// An orbit and the satellite on it, as written.
#[derive(Clone, Debug)]
pub struct RawOrbit {
    /// Where the orbit comes from, if that could be read.
    pub(crate) source: Option<RawSource>,
    /// UTC from which a description holds; the start if absent.
    pub epoch: Option<Located<String>>,
    /// Where on a described orbit the satellite is then, deg from the ascending node.
    pub phase_deg: f64,
    /// UTC at T0, RFC 3339; the elements' epoch if absent.
    pub start: Option<Located<String>>,
    /// Shape of the Earth's shadow.
    pub earth: &'static str,
    /// Direction of the Sun.
    pub sun: &'static str,
    /// Effective height of the atmosphere that casts shadow, km.
    pub atmosphere_km: Option<Located<f64>>,
    /// Settings of the satellite, by section.
    pub settings: Vec<RawSection>,
    /// Lumps, joints and tasks of the satellite.
    pub(crate) lists: RawLists,
    /// Stations, other satellites, particles.
    pub(crate) around: RawSurroundings,
}

/// Words for the direction of the Sun.
const SUNS: [&str; 2] = ["apparent", "geometric"];

/// Reads the table of an orbit, whose sections are named behind `path`. Where the table's own
/// name is misspelt it is that of its sections only, and nobody misses a source in it.
pub(crate) fn orbit(table: &TableReader<'_>, path: &str, is_misspelt: bool) -> RawOrbit {
    let is_named = table.get("elements").is_some() || KEYS.iter().any(|k| table.get(k).is_some());
    let source = (is_named || !is_misspelt).then(|| source(table)).flatten();
    let start = table.get("start").and_then(|node| node.instant());
    let epoch = table.get("epoch").and_then(|node| node.instant());
    let phase = table.get("phase").and_then(|node| node.number());
    let pick = |table: &TableReader<'_>, key, words: &[&'static str]| {
        let word = table.get(key).and_then(|node| node.choice(words));
        word.map(|word| word.value)
    };
    let mut sun = pick(table, "sun", &SUNS).unwrap_or("apparent");
    let (mut earth, mut atmosphere_km) = ("oblate", None);
    if let Some(shadow) = shadow_table(table) {
        let shapes = ["oblate", "spherical", "ellipsoid", "sphere"];
        earth = pick(&shadow, "earth", &shapes).unwrap_or(earth);
        sun = pick(&shadow, "sun", &SUNS).unwrap_or(sun);
        atmosphere_km = shadow.get("atmosphere_km").and_then(|node| node.number());
        shadow.finish();
    }
    let mut sections = Vec::new();
    for key in ["array", "battery", "load", "thermal"] {
        let Some(node) = table.get(key) else {
            continue;
        };
        let name = Located {
            value: format!("[{path}{key}]"),
            place: node.place.clone(),
        };
        if let Some(section) = node.table(&name.value) {
            let settings = settings(&section, satellite::lists_of(key));
            sections.push(RawSection {
                key,
                name,
                settings,
            });
        }
    }
    RawOrbit {
        source,
        epoch,
        phase_deg: phase.map_or(0.0, |phase| phase.value),
        start,
        earth,
        sun,
        atmosphere_km,
        settings: sections,
        lists: satellite::read(table),
        around: surroundings::read(table),
    }
}
