//! The file of an orbit as it is written; what it means is for [`super::resolve`].

use crate::config::orbit::{RawOrbit, orbit};
use crate::config::{Node, Place, TableReader};

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
    pub(super) length: Option<RawLength>,
    pub(super) orbit: RawOrbit,
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

pub(super) fn read(root: &TableReader<'_>) -> RawFlight {
    let name = root.get("name").and_then(|node| node.text());
    let name = name.map(|name| name.value);
    let of = |table: &TableReader<'_>, path| RawFlight {
        name: name.clone(),
        length: table.get("duration").and_then(|node| length(&node)),
        orbit: orbit(table, path, false),
    };
    let table = root.get("orbit").and_then(|node| node.table("[orbit]"));
    let Some(table) = table else {
        return of(root, "");
    };
    for key in OF_CAMPAIGNS {
        root.get(key);
    }
    let raw = of(&table, "orbit.");
    table.finish();
    raw
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
