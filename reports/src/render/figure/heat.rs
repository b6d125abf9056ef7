//! Heat: the chamber's air, the baseplate, the boards and their junctions.

use crate::report::Report;

use super::Figure;
use super::build::{PanelBuilder, time_axis};

/// Temperatures and the clock that follows them; one figure.
pub fn heat(report: &Report) -> Figure {
    let mut panels = Vec::new();
    let mut air = PanelBuilder::new(report, "environment", "°C");
    for (id, device, story) in report.of_role("thermal-chamber") {
        air.channel(&format!("{} air", device.name), id, "air");
        if story.set_points.iter().any(|told| told.name == "target") {
            air.command(&format!("{} target", device.name), story, "target");
        } else {
            air.channel(&format!("{} target", device.name), id, "target");
        }
    }
    for (id, _, _) in report.of_role("profile") {
        air.channel("baseplate, as planned", id, "baseplate_celsius");
    }
    air.add_to(&mut panels);
    for (quantity, channel) in [
        ("board temperature", "board_temperature"),
        ("junction temperature", "junction_temperature"),
    ] {
        let mut panel = PanelBuilder::new(report, quantity, "°C");
        for (id, device, _) in report.of_role("accelerator") {
            panel.channel(&device.name, id, channel);
        }
        panel.add_to(&mut panels);
    }
    let mut clock = PanelBuilder::new(report, "accelerator clock", "MHz")
        .with_zero()
        .weight(0.7);
    for (id, device, _) in report.of_role("accelerator") {
        clock.channel(&device.name, id, "clock_mhz");
    }
    clock.add_to(&mut panels);
    Figure {
        title: "Temperatures".to_owned(),
        time: time_axis(report),
        panels,
    }
}
