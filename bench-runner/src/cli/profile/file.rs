//! The file of an orbit as it is written; what it means is for [`super::resolve`].

use crate::config::{Located, Node, Place, TableReader};

use super::satellite::{self, RawSection};
use super::talk::{self, RawTalk};

/// Which kind of file elements are in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Format {
    Tle,
    Omm,
    Oem,
}

/// Where the orbit comes from.
#[derive(Debug)]
pub(super) enum RawSource {
    /// Two or three lines.
    Lines(Vec<Located<String>>, Place),
    /// A file beside this one.
    File(Format, Located<String>),
    /// Height and local time of the ascending node.
    SunSynchronous(Located<f64>, Located<f64>),
    /// Height, inclination, node.
    Inclined(Located<f64>, f64, f64),
    /// Semi-major axis, eccentricity, inclination, node, perigee, anomaly.
    Kepler([f64; 6], Place),
}

/// How long.
#[derive(Debug)]
pub(super) enum RawLength {
    Seconds(f64),
    Orbits(f64),
}

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
    pub(super) talk: RawTalk,
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
    let text = |key| table.get(key).and_then(|node| node.text());
    let (epoch, start) = (text("epoch"), text("start"));
    let length = table.get("duration").and_then(|node| length(&node));
    let (mut spherical, mut geometric, mut atmosphere_km) = (false, sun(table), 0.0);
    for key in ["eclipse", "shadow"] {
        let Some(shadow) = table.get(key).and_then(|node| node.table(key)) else {
            continue;
        };
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
    let talk = talk::read(table);
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
        talk,
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

pub(super) fn list<T>(
    table: &TableReader<'_>,
    key: &'static str,
    read: impl Fn(&TableReader<'_>) -> Option<T>,
) -> Vec<T> {
    let nodes = table.get(key).and_then(|node| node.list(key));
    let nodes = nodes.unwrap_or_default();
    let read = |node: &Node<'_>| {
        let table = node.table(key)?;
        let value = read(&table);
        table.finish();
        value
    };
    nodes.iter().filter_map(read).collect()
}

/// A number from `low` to `high`.
pub(super) fn within(node: &Node<'_>, low: f64, high: f64) -> Option<f64> {
    let number = node.number()?.value;
    if (low..=high).contains(&number) {
        Some(number)
    } else {
        let expected = format!("expected a number from {low} to {high}");
        node.refuse(format!("`{}` is {number}", node.what), expected)
    }
}

/// The one source that the table names.
pub(super) fn source(table: &TableReader<'_>) -> Option<RawSource> {
    if let Some(node) = table.get("tle") {
        return Some(RawSource::Lines(node.texts()?, node.place.clone()));
    }
    for (key, format) in [
        ("elements", Format::Tle),
        ("omm", Format::Omm),
        ("oem", Format::Oem),
    ] {
        if let Some(node) = table.get(key) {
            return Some(RawSource::File(format, node.text()?));
        }
    }
    if let Some(node) = table.get("kepler") {
        return kepler(&node);
    }
    if let Some(node) = table.get("altitude") {
        let altitude = kilometres(&node);
        if let Some(node) = table.get("ltan") {
            return Some(RawSource::SunSynchronous(altitude?, clock(&node)?));
        }
        let inclination = table
            .required("inclination")
            .and_then(|node| within(&node, 0.0, 180.0));
        let node = table
            .get("node")
            .map_or(Some(0.0), |node| within(&node, -360.0, 360.0));
        return Some(RawSource::Inclined(altitude?, inclination?, node?));
    }
    let message = "the file names no orbit";
    let expected = "expected `tle`, `elements`, `omm`, `oem`, `kepler` or `altitude`";
    table.note(crate::config::Refusal::at(table.place(), message, expected));
    None
}

fn kepler(node: &Node<'_>) -> Option<RawSource> {
    let table = node.table("`kepler`")?;
    let get = |key, low, high| {
        table
            .required(key)
            .and_then(|node| within(&node, low, high))
    };
    let values = [
        get("semi_major_km", 6_400.0, 1e6),
        get("eccentricity", 0.0, 0.99),
        get("inclination", 0.0, 180.0),
        get("node", -360.0, 360.0),
        get("perigee", -360.0, 360.0),
        get("anomaly", -360.0, 360.0),
    ];
    table.finish();
    let [axis, shape, inclination, ascending, perigee, anomaly] = values;
    let values = [axis?, shape?, inclination?, ascending?, perigee?, anomaly?];
    Some(RawSource::Kepler(values, node.place.clone()))
}

/// A height with its unit: `"550 km"`.
pub(super) fn kilometres(node: &Node<'_>) -> Option<Located<f64>> {
    let text = node.text()?;
    let number = text.value.trim().strip_suffix("km").map(str::trim_end);
    match number.and_then(|number| number.parse::<f64>().ok()) {
        Some(value) if (100.0..=1e6).contains(&value) => Some(Located {
            value,
            place: text.place,
        }),
        _ => node.refuse(
            format!("`{}` is no height of an orbit", text.value),
            "expected a number from 100 and `km`: \"550 km\"",
        ),
    }
}

/// A time of day in hours: `"10:30"`.
fn clock(node: &Node<'_>) -> Option<Located<f64>> {
    let text = node.text()?;
    let parts = text.value.split_once(':');
    let whole = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() == 2);
    match parts.and_then(|(hours, minutes)| Some((whole(hours)?, whole(minutes)?))) {
        Some((hours, minutes)) if hours < 24 && minutes < 60 => Some(Located {
            value: f64::from(hours) + f64::from(minutes) / 60.0,
            place: text.place,
        }),
        _ => node.refuse(
            format!("`{}` is no time of day", text.value),
            "expected hours and minutes: \"10:30\"",
        ),
    }
}

fn length(node: &Node<'_>) -> Option<RawLength> {
    let text = node.text()?.value;
    let count = text
        .strip_suffix("orbits")
        .or_else(|| text.strip_suffix("orbit"))
        .and_then(|count| count.trim().parse::<f64>().ok());
    if let Some(count) = count.filter(|count| *count > 0.0 && *count <= 1e5) {
        return Some(RawLength::Orbits(count));
    }
    match crate::config::seconds(&text) {
        Some(seconds) if (1.0..=400.0 * 86_400.0).contains(&seconds) => {
            Some(RawLength::Seconds(seconds))
        }
        _ => node.refuse(
            format!("`{text}` is no length of a profile"),
            "expected 1 s to 400 d, like \"24 h\", or \"3 orbits\"",
        ),
    }
}
