//! The orbit of a campaign or of a profile as it is written; what it means is for the plan.

use super::presets;
use crate::config::{Located, Node, Place, Refusal, TableReader};

/// Which kind of file elements are in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    Tle,
    Omm,
    Oem,
}

/// Where the orbit comes from.
#[derive(Clone, Debug)]
pub(crate) enum RawSource {
    /// One that comes with the program, by its name.
    Preset(Located<String>),
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

impl RawSource {
    /// Where it stands.
    pub(crate) fn place(&self) -> &Place {
        match self {
            RawSource::Preset(name) | RawSource::File(_, name) => &name.place,
            RawSource::Lines(_, place) | RawSource::Kepler(_, place) => place,
            RawSource::SunSynchronous(altitude, _) | RawSource::Inclined(altitude, ..) => {
                &altitude.place
            }
        }
    }
}

/// The model of eclipses: `eclipse`, or `shadow` as it was called first; not both.
pub(super) fn shadow_table<'a>(table: &TableReader<'a>) -> Option<TableReader<'a>> {
    let (now, before) = (table.get("eclipse"), table.get("shadow"));
    if let (Some(now), Some(_)) = (&now, &before) {
        let message = "the model of eclipses stands here twice";
        return now.refuse(message, "expected `eclipse` alone, without `shadow`");
    }
    let node = now.or(before)?;
    let what = format!("`{}`", node.what);
    node.table(&what)
}

/// A number from `low` to `high`.
pub(crate) fn within(node: &Node<'_>, low: f64, high: f64) -> Option<f64> {
    let number = node.number()?.value;
    if (low..=high).contains(&number) {
        Some(number)
    } else {
        let expected = format!("expected a number from {low} to {high}");
        node.refuse(format!("`{}` is {number}", node.what), expected)
    }
}

/// The keys of sources that a plain file of two-line elements has not.
pub(super) const KEYS: [&str; 6] = ["tle", "omm", "oem", "kepler", "altitude", "preset"];

/// What a table without a source should have.
const EXPECTED: &str = "expected `tle`, `elements`, `omm`, `oem`, `kepler`, `altitude` or `preset`";

/// The one source that the table names.
pub(crate) fn source(table: &TableReader<'_>) -> Option<RawSource> {
    let elements = table.get("elements");
    let others = KEYS.iter().filter_map(|key| table.get(key));
    let mut named = elements.into_iter().chain(others);
    if let Some(second) = named.nth(1) {
        let message = "the orbit has two sources".to_owned();
        return second.refuse(message, "expected one of them alone");
    }
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
    if let Some(node) = table.get("preset") {
        return preset(&node);
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
    let whose = if table.what.starts_with('[') {
        &table.what
    } else {
        "the file"
    };
    let message = format!("{whose} names no orbit");
    table.note(Refusal::at(table.place(), message, EXPECTED));
    None
}

/// An orbit that comes with the program.
fn preset(node: &Node<'_>) -> Option<RawSource> {
    let name = node.text()?;
    if presets::find(&name.value).is_some() {
        return Some(RawSource::Preset(name));
    }
    let message = format!("no preset is named `{}`", name.value);
    let known: Vec<&str> = presets::names().collect();
    let expected = format!("expected one of: {}", known.join(", "));
    node.refuse(message, expected)
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
pub(crate) fn kilometres(node: &Node<'_>) -> Option<Located<f64>> {
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
