//! The wiring file: what is there. Names of devices, and what they are.

use super::campaign::{RawSetting, settings};
use super::interlock::{RawInterlock, interlocks};
use super::reader::{Located, Node, TableReader};
use super::refusal::{Place, is_near};

/// A wiring as written.
#[derive(Clone, Debug)]
pub struct RawWiring {
    /// The bench's name.
    pub name: String,
    /// Its devices.
    pub devices: Vec<RawDevice>,
    /// Its interlocks.
    pub interlocks: Vec<RawInterlock>,
    /// Whether devices may be missing because the file could not be read as a whole.
    pub lost: bool,
}

impl RawWiring {
    /// Stands for a wiring that could not be read at all.
    pub fn unread() -> RawWiring {
        RawWiring {
            name: String::new(),
            devices: Vec::new(),
            interlocks: Vec::new(),
            lost: true,
        }
    }
}

/// `[device.NAME]`.
#[derive(Clone, Debug)]
pub struct RawDevice {
    /// Its place.
    pub place: Place,
    /// Its name.
    pub name: Located<String>,
    /// Its role.
    pub role: Option<Located<String>>,
    /// Its model.
    pub model: Option<Located<String>>,
    /// Its link.
    pub link: Option<Located<String>>,
    /// How often it is asked, s.
    pub poll: Option<Located<f64>>,
    /// Who plays its set points: the bench, or the instrument itself.
    pub play: Option<Located<&'static str>>,
    /// How long its line may be away, s.
    pub reconnect: Option<Located<f64>>,
    /// The rule against latch-ups.
    pub latch_up: Option<RawLatchUp>,
    /// How its line wants to be talked to.
    pub line: Option<RawLine>,
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
    /// The source at which it measures, in the emulated plant.
    pub measures: Option<Located<String>>,
    /// The day on which it was calibrated.
    pub calibrated: Option<Located<String>>,
    /// The last day on which that counts.
    pub calibration_due: Option<Located<String>>,
    /// The serial number that it must have.
    pub serial: Option<Located<String>>,
    /// How accurate its channels are, by its certificate.
    pub accuracy: Vec<RawAccuracy>,
}

/// `accuracy` of a device: the largest error of one channel.
#[derive(Clone, Debug)]
pub struct RawAccuracy {
    /// The channel.
    pub channel: Located<String>,
    /// Per cent of the reading.
    pub percent: Option<Located<f64>>,
    /// What comes to that, in the channel's unit.
    pub offset: Option<Located<f64>>,
    /// Whether it has another key, which is refused already.
    pub is_misspelt: bool,
}

/// `latch_up` of a source: when power is cut.
#[derive(Clone, Debug)]
pub struct RawLatchUp {
    /// Its place.
    pub place: Place,
    /// Above which current, A.
    pub above_amps: Option<Located<f64>>,
    /// For how long, s.
    pub lasts: Option<Located<f64>>,
    /// How long power is off, s.
    pub cut: Option<Located<f64>>,
    /// How often at most.
    pub most: Option<Located<u64>>,
}

/// `line` of a device: pauses in seconds, and whether the line echoes.
#[derive(Clone, Debug)]
pub struct RawLine {
    /// Its place.
    pub place: Place,
    /// From one command to the next.
    pub gap: Option<Located<f64>>,
    /// From an answer to the next command.
    pub turnaround: Option<Located<f64>>,
    /// After each character.
    pub byte_gap: Option<Located<f64>>,
    /// Whether what is sent is heard.
    pub echo: Option<Located<bool>>,
}

pub(super) fn wiring(root: &TableReader<'_>) -> RawWiring {
    let name = root.get("name").and_then(|node| node.text());
    let table = root
        .required("device")
        .and_then(|node| node.table("[device]"));
    let misspelt = |(name, _): &(Located<String>, Node<'_>)| {
        name.value != "device" && is_near(&name.value, "device")
    };
    let lost = table.is_none() || root.entries().iter().any(misspelt);
    let entries = table.map(|table| table.entries()).unwrap_or_default();
    RawWiring {
        name: name.map_or_else(|| "bench".to_owned(), |name| name.value),
        devices: entries.into_iter().map(device).collect(),
        interlocks: interlocks(root),
        lost,
    }
}

fn device((name, node): (Located<String>, Node<'_>)) -> RawDevice {
    let mut device = RawDevice {
        place: name.place.clone(),
        name,
        role: None,
        model: None,
        link: None,
        poll: None,
        play: None,
        reconnect: None,
        latch_up: None,
        line: None,
        limits: Vec::new(),
        options: Vec::new(),
        faults: Vec::new(),
        powered_by: None,
        inside: None,
        measures: None,
        calibrated: None,
        calibration_due: None,
        serial: None,
        accuracy: Vec::new(),
    };
    let Some(table) = node.table(&format!("[device.{}]", device.name.value)) else {
        return device;
    };
    let text = |key| table.get(key).and_then(|node| node.text());
    let required = |key| table.required(key).and_then(|node| node.text());
    let section = |key| {
        let table = table.get(key).and_then(|node| node.table(key));
        table.map(|table| settings(&table, &[])).unwrap_or_default()
    };
    (device.role, device.model) = (required("role"), required("model"));
    device.link = required("link");
    device.poll = table.get("poll").and_then(|node| node.duration());
    let players = ["bench", "instrument"];
    device.play = table.get("play").and_then(|node| node.choice(&players));
    device.reconnect = table.get("reconnect").and_then(|node| node.duration());
    device.latch_up = table.get("latch_up").and_then(|node| latch_up(&node));
    device.line = table.get("line").and_then(|node| line(&node));
    device.limits = section("limits");
    device.options = section("options");
    device.faults = section("faults");
    (device.powered_by, device.inside) = (text("powered_by"), text("inside"));
    device.measures = text("measures");
    device.calibrated = text("calibrated");
    device.calibration_due = text("calibration_due");
    device.serial = text("serial");
    device.accuracy = accuracies(&table);
    table.finish();
    device
}

fn accuracies(table: &TableReader<'_>) -> Vec<RawAccuracy> {
    let table = table.get("accuracy").and_then(|n| n.table("accuracy"));
    let entries = table.map(|table| table.entries()).unwrap_or_default();
    let read = entries.into_iter().filter_map(|(channel, node)| {
        let table = node.table(&format!("accuracy of {}", channel.value))?;
        let number = |key| table.get(key).and_then(|node| node.number());
        let (percent, offset) = (number("percent"), number("offset"));
        let keys = [&percent, &offset].into_iter().flatten().count();
        let is_misspelt = table.entries().len() > keys;
        table.finish();
        Some(RawAccuracy {
            channel,
            percent,
            offset,
            is_misspelt,
        })
    });
    read.collect()
}

fn latch_up(node: &Node<'_>) -> Option<RawLatchUp> {
    let table = node.table("latch_up")?;
    let required = |key| table.required(key).and_then(|node| node.duration());
    let above_amps = table.required("above_amps").and_then(|node| node.number());
    let (lasts, cut) = (required("for"), required("cut"));
    let rule = RawLatchUp {
        place: table.place().clone(),
        above_amps,
        lasts,
        cut,
        most: table.get("most").and_then(|node| node.whole()),
    };
    table.finish();
    Some(rule)
}

fn line(node: &Node<'_>) -> Option<RawLine> {
    let table = node.table("line")?;
    let pause = |key| table.get(key).and_then(|node| node.duration());
    let line = RawLine {
        place: table.place().clone(),
        gap: pause("gap"),
        turnaround: pause("turnaround"),
        byte_gap: pause("byte_gap"),
        echo: table.get("echo").and_then(|node| node.truth()),
    };
    table.finish();
    Some(line)
}
