//! The wiring file: what is there. Names of devices, and what they are.

use super::campaign::{RawSetting, settings};
use super::reader::{Located, Node, TableReader};
use super::refusal::Place;

/// A wiring as written.
#[derive(Clone, Debug)]
pub struct RawWiring {
    /// The bench's name.
    pub name: String,
    /// Its devices.
    pub devices: Vec<RawDevice>,
}

/// `[device.NAME]`.
#[derive(Clone, Debug)]
pub struct RawDevice {
    /// Its place.
    pub place: Place,
    /// Its name.
    pub name: Located<String>,
    /// Its role.
    pub role: Located<String>,
    /// Its model.
    pub model: Located<String>,
    /// Its link.
    pub link: Located<String>,
    /// How often it is asked, s.
    pub poll: Option<Located<f64>>,
    /// What it may be told at most.
    pub limits: Vec<RawSetting>,
    /// The make's own settings.
    pub options: Vec<RawSetting>,
    /// Damage on an emulated link.
    pub faults: Vec<RawSetting>,
    /// The supply that feeds it, in the emulated plant.
    pub powered_by: Option<Located<String>>,
    /// The chamber that it stands in, in the emulated plant.
    pub inside: Option<Located<String>>,
    /// The serial number that it must have.
    pub serial: Option<Located<String>>,
}

pub(super) fn wiring(root: &TableReader<'_>) -> RawWiring {
    let name = root.get("name").and_then(|node| node.text());
    let table = root
        .required("device")
        .and_then(|node| node.table("[device]"));
    let devices = table.map(|table| table.entries()).unwrap_or_default();
    let devices = devices
        .iter()
        .filter_map(|(name, node)| device(name, node))
        .collect();
    RawWiring {
        name: name.map_or_else(|| "bench".to_owned(), |name| name.value),
        devices,
    }
}

fn device(name: &Located<String>, node: &Node<'_>) -> Option<RawDevice> {
    let table = node.table(&format!("[device.{}]", name.value))?;
    let role = table.required("role").and_then(|node| node.text());
    let model = table.required("model").and_then(|node| node.text());
    let link = table.required("link").and_then(|node| node.text());
    let section = |key| {
        let table = table.get(key).and_then(|node| node.table(key));
        table.map(|table| settings(&table, &[])).unwrap_or_default()
    };
    let device = RawDevice {
        place: name.place.clone(),
        name: name.clone(),
        poll: table.get("poll").and_then(|node| node.duration()),
        limits: section("limits"),
        options: section("options"),
        faults: section("faults"),
        powered_by: table.get("powered_by").and_then(|node| node.text()),
        inside: table.get("inside").and_then(|node| node.text()),
        serial: table.get("serial").and_then(|node| node.text()),
        role: role?,
        model: model?,
        link: link?,
    };
    table.finish();
    Some(device)
}
