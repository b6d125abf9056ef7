//! The appendix: what ran on what, so that the run can be repeated and the report traced.

use super::super::super::words::{count, number, several, utc};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, digests, numbers, words as text};
use crate::header::{Calibration, DeviceHeader};
use crate::report::Report;

/// Rows of each table; a year in orbit has eleven thousand phases.
const LISTED: usize = 250;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Section("What ran on what".to_owned())];
    let mut part = |title: &str, mut table: Table| {
        if table.len() > 0 {
            blocks.push(Block::Heading(title.to_owned()));
            let left = table.shortened(LISTED);
            blocks.push(Block::Table(table));
            if left > 0 {
                let more = several(left as u64, "more row");
                let told = format!("The record's header has {more}.");
                blocks.push(Block::Text(told));
            }
            blocks.push(Block::Gap(12.0));
        }
    };
    part("Run", run(fonts, report));
    part("Devices", devices(fonts, report));
    part("Files, by SHA-256", files(fonts, report));
    let title = match report.header.epoch {
        Some(_) => "Phases of the orbit, UTC",
        None => "Phases of the orbit",
    };
    part(title, phases(fonts, report));
    part("Steps", steps(fonts, report));
    blocks
}

fn run(fonts: &Fonts, report: &Report) -> Table {
    let manifest = &report.manifest;
    let mut rows: Vec<(&str, String)> = vec![
        ("run", manifest.run_id.clone()),
        ("campaign", manifest.campaign.clone()),
        ("wiring", manifest.wiring.clone()),
        ("pace", format!("{} time", manifest.pace)),
        ("seed", manifest.seed.to_string()),
        (
            "wall clock",
            format!("{} to {}", manifest.started, manifest.ended),
        ),
        (
            "bench clock",
            format!(
                "{} s, {} events",
                number(manifest.sim_seconds),
                count(report.events)
            ),
        ),
        (
            "ending",
            format!("{}; exit code {}", report.ending, manifest.exit_code),
        ),
    ];
    let versions = manifest
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    rows.push(("versions", versions.collect::<Vec<String>>().join(", ")));
    if let Some(epoch) = &report.header.epoch {
        rows.push(("T0 on the orbit", epoch.clone()));
    }
    if !report.header.orbit.is_empty() {
        rows.push(("orbit", report.header.orbit.join("\n")));
    }
    let columns = vec![text("", 80.0), digests("", 441.0)];
    let rows = rows
        .into_iter()
        .map(|(what, told)| Row::of([what.to_owned(), told]));
    Table::new(fonts, columns, rows.collect())
}

fn devices(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("device", 70.0),
        text("role", 74.0),
        text("model", 78.0),
        text("link", 84.0),
        text("who answered", 176.0),
        text("kind", 39.0),
    ];
    let rows = report.header.devices.iter().map(|device| {
        let mut who = manifest_words(report, &device.name);
        if let Some(calibration) = &device.calibration {
            who.push_str(&calibrated(calibration));
        }
        who.push_str(&certified(device));
        let kind = match (&*device.role, device.emulated) {
            ("profile", _) => "computed",
            (_, true) => "emulated",
            (_, false) => "real",
        };
        Row::of([
            device.name.clone(),
            device.role.clone(),
            device.model.clone(),
            device.link.clone(),
            who,
            kind.to_owned(),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}

/// When a device was calibrated, as people read it.
fn calibrated(calibration: &Calibration) -> String {
    let mut words = String::new();
    if let Some(done) = &calibration.done {
        words.push_str(", calibrated ");
        words.push_str(done);
    }
    if let Some(due) = &calibration.due {
        let state = if calibration.expired {
            "expired"
        } else {
            "due"
        };
        words.push_str(&[", calibration ", state, " ", due].concat());
    }
    words
}

/// How accurate a device's channels are by its certificate, as people read it.
fn certified(device: &DeviceHeader) -> String {
    let written = device.accuracy.iter().filter(|known| known.certified);
    let words = written.map(|known| {
        let spec = device
            .channels
            .iter()
            .find(|spec| *spec.name == known.channel);
        let unit = spec.map_or("", |spec| &spec.unit);
        let (channel, percent, offset) = (&known.channel, known.percent, known.offset);
        format!(", {channel} within {percent} % and {offset} {unit}")
    });
    words.collect()
}

fn manifest_words(report: &Report, device: &str) -> String {
    let Some(who) = report.manifest.identities.get(device) else {
        return "–".to_owned();
    };
    let mut told: Vec<String> = vec![format!("{} {}", who.maker, who.model).trim().to_owned()];
    if !who.serial.is_empty() {
        told.push(format!("serial {}", who.serial));
    }
    if !who.firmware.is_empty() {
        told.push(format!("firmware {}", who.firmware));
    }
    told.join(", ")
}

fn files(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("file", 182.0),
        numbers("bytes", 62.0),
        digests("SHA-256", 277.0),
    ];
    let manifest = &report.manifest;
    let rows = manifest
        .inputs
        .iter()
        .chain(&manifest.record)
        .map(|file| Row::of([file.path.clone(), count(file.bytes), file.sha256.clone()]));
    Table::new(fonts, columns, rows.collect())
}

fn phases(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("phase", 110.0),
        numbers("from", 128.0),
        numbers("to", 128.0),
        numbers("from, bench time", 84.0),
        numbers("length s", 71.0),
    ];
    let epoch = report.header.epoch.as_deref();
    let phases = report.header.phases.iter();
    let phases = phases.map(|interval| (interval.phase.name(), interval.window));
    let windows = report.header.windows.iter();
    let windows = windows.map(|named| (named.name.as_str(), named.window));
    let rows = phases.chain(windows).map(|(name, window)| {
        let edge = |at| utc(epoch, at).unwrap_or_else(|| "–".to_owned());
        Row::of([
            name.to_owned(),
            edge(window.start),
            edge(window.end),
            window.start.to_string(),
            format!("{:.3}", window.seconds()),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}

fn steps(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("step", 216.0),
        numbers("from", 136.0),
        numbers("length s", 169.0),
    ];
    let rows = report.header.steps.iter().map(|step| {
        let window = step.window;
        Row::of([
            step.name.clone(),
            window.start.to_string(),
            format!("{:.3}", window.seconds()),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}
