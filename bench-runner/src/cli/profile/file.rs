//! The file of an orbit as it is written; what it means is for [`super::resolve`].

use crate::config::{Located, Node, Place, TableReader};

use crate::config::orbit_source::{RawSource, shadow_table, source, within};
use crate::config::satellite::{self as lists, RawLists};
use crate::config::surroundings::{self, RawSurroundings};

use super::satellite::{self, RawSection};

/// How long.
#[derive(Debug)]
pub(super) enum RawLength {
    Seconds(f64),
    /// A count, and where it stands.
    Orbits(f64, Place),
}

/// Shortest and longest profile, s.
pub(super) const LENGTHS: std::ops::RangeInclusive<f64> = 1.0..=400.0 * 86_400.0;

/// The whole file.
#[derive(Debug)]
pub(super) struct RawFlight {
    pub(super) name: Option<String>,
    pub(super) source: RawSource,
    pub(super) phase_deg: f64,
    pub(super) epoch: Option<Located<String>>,
    pub(super) start: Option<Located<String>>,
    pub(super) length: Option<RawLength>,
    pub(super) spherical: bool,
    pub(super) geometric: bool,
    pub(super) atmosphere_km: f64,
    pub(super) sections: Vec<RawSection>,
    pub(super) lists: RawLists,
    pub(super) around: RawSurroundings,
}

/// Keys of a campaign that say nothing about the orbit.
const OF_CAMPAIGNS: [&str; 6] = [
    "description",
    "seed",
    "goldens",
    "step",
    "workload",
    "check",
];

pub(super) fn read(root: &TableReader<'_>) -> Option<RawFlight> {
    let name = root.get("name").and_then(|node| node.text());
    let name = name.map(|name| name.value);
    match root.get("orbit") {
        Some(node) => {
            for key in OF_CAMPAIGNS {
                root.get(key);
            }
            let table = node.table("[orbit]")?;
            let raw = orbit(&table, name);
            table.finish();
            raw
        }
        None => orbit(root, name),
    }
}

fn orbit(table: &TableReader<'_>, name: Option<String>) -> Option<RawFlight> {
    let source = source(table);
    let number = |key| table.get(key).and_then(|node| node.number());
    let phase_deg = number("phase").map_or(0.0, |phase| phase.value);
    let instant = |key| table.get(key).and_then(|node| node.instant());
    let (epoch, start) = (instant("epoch"), instant("start"));
    let length = table.get("duration").and_then(|node| length(&node));
    let (mut spherical, mut geometric, mut atmosphere_km) = (false, sun(table), 0.0);
    if let Some(shadow) = shadow_table(table) {
        let earth = shadow.get("earth");
        let words = ["oblate", "spherical", "ellipsoid", "sphere"];
        if let Some(word) = earth.and_then(|node| node.choice(&words)) {
            spherical = word.value.starts_with("spher");
        }
        geometric |= sun(&shadow);
        let height = shadow
            .get("atmosphere_km")
            .and_then(|node| within(&node, 0.0, 200.0));
        atmosphere_km = height.unwrap_or(0.0);
        shadow.finish();
    }
    let around = surroundings::read(table);
    Some(RawFlight {
        name,
        phase_deg,
        epoch,
        start,
        length,
        spherical,
        geometric,
        atmosphere_km,
        sections: satellite::sections(table),
        lists: lists::read(table),
        around,
        source: source?,
    })
}

/// Whether the geometric Sun is asked for.
fn sun(table: &TableReader<'_>) -> bool {
    let word = table
        .get("sun")
        .and_then(|node| node.choice(&["apparent", "geometric"]));
    word.is_some_and(|word| word.value == "geometric")
}

fn length(node: &Node<'_>) -> Option<RawLength> {
    // A number alone can only be seconds.
    if let Some(seconds) = node.raw_number() {
        if LENGTHS.contains(&seconds) {
            return Some(RawLength::Seconds(seconds));
        }
        let message = format!("a profile of {seconds} s");
        return node.refuse(message, "expected from 1 s to 400 d");
    }
    let text = node.text()?.value;
    let count = text
        .strip_suffix("orbits")
        .or_else(|| text.strip_suffix("orbit"))
        .and_then(|count| count.trim().parse::<f64>().ok());
    if let Some(count) = count.filter(|count| *count > 0.0 && count.is_finite()) {
        return Some(RawLength::Orbits(count, node.place.clone()));
    }
    match crate::config::seconds(&text) {
        Some(seconds) if LENGTHS.contains(&seconds) => Some(RawLength::Seconds(seconds)),
        _ => node.refuse(
            format!("`{text}` is no length of a profile"),
            "expected 1 s to 400 d, like \"24 h\", or \"3 orbits\"",
        ),
    }
}
