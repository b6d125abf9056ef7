//! The rest: channels that checks watch and no other figure shows, and the story as lanes.

use serde::Serialize;

use crate::event::DeviceId;
use crate::header::Subject;
use crate::report::{Kind, Report, Series};

use super::super::words;
use super::Figure;
use super::build::{PanelBuilder, time_axis};
use super::power::ON_THE_BUS;

/// Whether a figure of its own shows a channel of a device of that role.
fn is_shown(role: &str, channel: &str) -> bool {
    let shown: &[&str] = match role {
        "accelerator" => &[
            "bus_volts",
            "bus_amps",
            "bus_watts",
            "board_temperature",
            "junction_temperature",
            "clock_mhz",
        ],
        "profile" => &[
            "array_watts",
            "load_watts",
            "battery_soc",
            "baseplate_celsius",
        ],
        "thermal-chamber" => &["air", "target"],
        role if ON_THE_BUS.contains(&role) => &["volts", "amps", "watts", "output"],
        _ => &[],
    };
    shown.contains(&channel)
}

/// Most panels that still read well on one page.
const PANELS: usize = 6;

/// Channels that checks watch and that no other figure shows, one panel each.
pub fn others(report: &Report) -> Figure {
    let mut panels = Vec::new();
    let mut seen: Vec<(DeviceId, u16)> = Vec::new();
    for check in &report.header.checks {
        let Subject::Channel {
            device: id,
            channel,
        } = check.subject
        else {
            continue;
        };
        let Some(device) = report.header.device_at(id) else {
            continue;
        };
        let Some(spec) = device.channels.get(usize::from(channel)) else {
            continue;
        };
        let known = is_shown(&device.role, &spec.name) || seen.contains(&(id, channel));
        if known || panels.len() == PANELS {
            continue;
        }
        seen.push((id, channel));
        let mut panel = PanelBuilder::new(report, &words::spoken(&spec.name), &spec.unit);
        panel.channel(&device.name, id, &spec.name);
        panel.add_to(&mut panels);
    }
    Figure {
        title: "Other checked channels".to_owned(),
        time: time_axis(report),
        panels,
    }
}

/// One device's events on a line of time.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// The device.
    pub label: String,
    /// Its events.
    pub marks: Vec<Mark>,
    /// When it was silent, as `(from, to)` in seconds.
    pub silences: Vec<(f64, f64)>,
}

/// One event on a lane.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mark {
    /// When, in seconds.
    pub at: f64,
    /// Which letter stands for its kind.
    pub letter: char,
}

/// The letter of a kind, for the lanes and for the table of events.
pub(crate) fn letter(kind: Kind) -> char {
    match kind {
        Kind::Identified => 'I',
        Kind::Injected => 'X',
        Kind::Damaged => 'D',
        Kind::Retried => 'R',
        Kind::Repeated => 'W',
        Kind::NoResponse => 'N',
        Kind::Booted => 'B',
        Kind::LinkLost => 'L',
        Kind::LinkRestored => 'K',
        Kind::PowerCut => 'P',
        Kind::PowerBack => 'Q',
        Kind::BusError => 'E',
        Kind::Interlock => 'T',
        Kind::Resumed => 'G',
        Kind::Failed => 'F',
        Kind::Interrupted => 'C',
        Kind::MadeSafe => 'S',
        Kind::NotMadeSafe => 'U',
    }
}

/// The story as lanes, one for each device that has any part in it.
pub fn story(report: &Report) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for (place, (device, told)) in report
        .header
        .devices
        .iter()
        .zip(&report.devices)
        .enumerate()
    {
        if device.role == "profile" {
            continue;
        }
        let entries = report.story.entries().iter();
        let marks = entries
            .filter(|entry| usize::from(entry.device.0) == place)
            .map(|entry| Mark {
                at: entry.at.as_secs_f64(),
                letter: letter(entry.kind),
            });
        let gaps = told.channels.iter().flat_map(Series::gaps);
        let mut silences: Vec<(f64, f64)> = gaps
            .map(|gap| (gap.start.as_secs_f64(), gap.end.as_secs_f64()))
            .collect();
        silences.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        silences.dedup();
        lanes.push(Lane {
            label: device.name.clone(),
            marks: marks.collect(),
            silences,
        });
    }
    lanes
}
