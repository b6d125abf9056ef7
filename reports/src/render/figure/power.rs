//! Power: what the bus gave, and what the orbit asked of it.

use crate::event::DeviceId;
use crate::header::DeviceHeader;
use crate::report::{DeviceStory, Report};

use super::build::{PanelBuilder, time_axis};
use super::{Figure, Panel};

/// Roles that measure what is on the bus.
pub(super) const ON_THE_BUS: [&str; 4] = [
    "power-supply",
    "solar-array-simulator",
    "electronic-load",
    "power-analyser",
];

/// Voltage, current and power of the supplies and of what they feed; one figure.
pub fn supply_power(report: &Report) -> Figure {
    let mut panels = Vec::new();
    volts(report, &mut panels);
    amps(report, &mut panels);
    watts(report, &mut panels);
    Figure {
        title: "Bus".to_owned(),
        time: time_axis(report),
        panels,
    }
}

fn volts(report: &Report, panels: &mut Vec<Panel>) {
    let mut panel = PanelBuilder::new(report, "bus voltage", "V").weight(1.15);
    for (id, device, story) in on_the_bus(report) {
        panel.channel(&device.name, id, "volts");
        panel.command(&format!("{} set point", device.name), story, "volts");
    }
    panel.add_to(panels);
    // Apart from the bus: a board sits so close below it that neither could be read.
    let mut inputs = PanelBuilder::new(report, "voltage at the boards", "V");
    for (id, device, _) in report.of_role("accelerator") {
        inputs.channel(&device.name, id, "bus_volts");
    }
    inputs.add_to(panels);
}

fn amps(report: &Report, panels: &mut Vec<Panel>) {
    let mut panel = PanelBuilder::new(report, "current", "A").with_zero();
    for (id, device, story) in on_the_bus(report) {
        panel.channel(&device.name, id, "amps");
        panel.command(&format!("{} limit", device.name), story, "limit");
    }
    for (id, device, _) in report.of_role("accelerator") {
        panel.channel(&format!("{} input", device.name), id, "bus_amps");
    }
    panel.add_to(panels);
}

fn watts(report: &Report, panels: &mut Vec<Panel>) {
    let mut panel = PanelBuilder::new(report, "power", "W").with_zero();
    let boards = report.of_role("accelerator");
    for (id, device, story) in on_the_bus(report).chain(boards) {
        let label = match &*device.role {
            "accelerator" => format!("{} input", device.name),
            _ => device.name.clone(),
        };
        match &story.power {
            Some(power) => panel.series(&label, &power.series),
            None => ["watts", "bus_watts"]
                .into_iter()
                .for_each(|name| panel.channel(&label, id, name)),
        }
    }
    panel.add_to(panels);
}

/// The devices that measure what is on the bus, sources first.
fn on_the_bus(report: &Report) -> impl Iterator<Item = (DeviceId, &DeviceHeader, &DeviceStory)> {
    let roles = ON_THE_BUS.into_iter();
    roles.flat_map(|role| report.of_role(role))
}

/// The orbit's own power: array, load and battery, as the profile computed them.
pub fn orbit_power(report: &Report) -> Figure {
    let mut panels = Vec::new();
    let mut watts = PanelBuilder::new(report, "array and load", "W").with_zero();
    for (id, _, _) in report.of_role("profile") {
        watts.channel("array", id, "array_watts");
        watts.channel("load", id, "load_watts");
    }
    watts.add_to(&mut panels);
    let mut charge = PanelBuilder::new(report, "battery state of charge", "");
    for (id, _, _) in report.of_role("profile") {
        charge.channel("state of charge", id, "battery_soc");
    }
    charge.add_to(&mut panels);
    Figure {
        title: "Orbit: array, load and battery".to_owned(),
        time: time_axis(report),
        panels,
    }
}
