//! The overview: one page on which everything has a place, however many checks, devices and phases there
//! are. What finds no room is counted.

use profiles::phase::Phase;

use super::super::super::chart::bars_height;
use super::super::super::figure::{self, Span, Strip};
use super::super::super::words::{self, count, duration, number, quantity, several};
use super::super::fonts::{Face, Fonts};
use super::super::layout::{Block, NEW_PAGE, room};
use super::super::table::{Row, Table, words as text};
use super::cover::{self, extreme};
use crate::header::DeviceHeader;
use crate::report::Report;

/// Size of letters in tables, points.
const SIZE: f32 = 7.2;
/// Lines of a cell at most.
const LINES: usize = 2;
/// Devices at most.
const DEVICES: usize = 9;
/// Phases or steps that are drawn one by one at most; of more nothing could be told apart.
const SPANS: usize = 400;
/// Width of the names of what is told, and of what is told.
const NAMES: f32 = 60.0;
const TOLD: f32 = 461.0;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = vec![NEW_PAGE, Block::Section("Overview".to_owned())];
    blocks.push(Block::Table(facts(fonts, report)));
    blocks.push(Block::Gap(10.0));
    let strips = strips(report);
    if !strips.is_empty() {
        let title = "Phases and steps".to_owned();
        blocks.push(Block::Strips(title, strips, figure::time_axis(report)));
        blocks.push(Block::Gap(8.0));
    }
    let (devices, left_out) = devices(fonts, report);
    if devices.len() > 0 {
        blocks.push(Block::Heading("What was tested on what".to_owned()));
        blocks.push(Block::Table(devices));
        if left_out > 0 {
            let more = several(left_out as u64, "more device");
            blocks.push(Block::Text(format!("“What ran on what” has {more}.")));
        }
        blocks.push(Block::Gap(10.0));
    }
    margins(fonts, report, &mut blocks);
    blocks
}

/// The margins, as many as there is room for.
fn margins(fonts: &Fonts, report: &Report, blocks: &mut Vec<Block>) {
    let title = "Margins: how much of its limit each check uses, worst first";
    blocks.push(Block::Heading(title.to_owned()));
    // Two lines of text below them.
    let free = f64::from(room(fonts, blocks)) - 32.0;
    let most = (0..report.findings.len())
        .take_while(|bars| bars_height(*bars + 1) <= free)
        .count();
    let (bars, all) = figure::margins(report, most);
    let left_out = all - bars.len();
    if bars.is_empty() {
        blocks.push(Block::Text("No check has a margin.".to_owned()));
    } else {
        blocks.push(Block::Bars(bars));
    }
    let mut said = Vec::new();
    if left_out > 0 {
        let more = several(left_out as u64, "more margin");
        said.push(format!("{more} found no room: all of them are wider."));
    }
    let without = report.findings.len() - all;
    if without > 0 && all > 0 {
        let more = several(without as u64, "check");
        let (has, was) = match without {
            1 => ("has", "was"),
            _ => ("have", "were"),
        };
        said.push(format!(
            "{more} {has} no margin: no limit in numbers, or nothing that {was} measured."
        ));
    }
    if all > 0 {
        said.push(
            "Hatched: failed. Open: not decided. The dashed line at 100\u{a0}% is the limit."
                .to_owned(),
        );
    }
    if !said.is_empty() {
        blocks.push(Block::Text(said.join(" ")));
    }
    blocks.push(Block::Gap(10.0));
}

/// What there is to say in a line each.
fn facts(fonts: &Fonts, report: &Report) -> Table {
    let mut rows = vec![("run", run(report))];
    if let Some(name) = report.header.orbit.first() {
        let described = report.header.orbit.iter().skip(1);
        let facts = described.filter(|line| line.starts_with("altitude "));
        let told: Vec<&str> = [name].into_iter().chain(facts).map(|s| &**s).collect();
        rows.push(("orbit", told.join(", ")));
    }
    rows.extend(light(report).map(|told| ("light", told)));
    rows.push(("energy", energy(report)));
    rows.push(("heat", heat(report)));
    let columns = vec![text("", NAMES), text("", TOLD)];
    let rows = rows.into_iter().map(|(what, told)| {
        let told = clipped(fonts, &told, TOLD - 8.0);
        Row::of([what.to_owned(), told])
    });
    Table::new(fonts, columns, rows.collect())
}

fn run(report: &Report) -> String {
    let length = duration(report.manifest.sim_seconds);
    let begun = words::utc(
        report.header.epoch.as_deref(),
        profiles::time::BenchTime::ZERO,
    );
    let from = match begun {
        Some(utc) => format!(", T0 is {} UTC on the orbit", &utc[..19]),
        None => String::new(),
    };
    let (pace, seed) = (&report.header.pace, report.header.seed);
    format!("{length} in {pace} time{from}; seed {seed}")
}

/// How much of the run was in light, and how long eclipses were.
fn light(report: &Report) -> Option<String> {
    let phases = &report.header.phases;
    let all: f64 = phases.iter().map(|it| it.window.seconds()).sum();
    if all <= 0.0 {
        return None;
    }
    let of = |phase| {
        let same = phases.iter().filter(move |it| it.phase == phase);
        same.map(|it| it.window.seconds())
    };
    let share = |phase| number((1_000.0 * of(phase).sum::<f64>() / all).round() * 0.1);
    let umbras = of(Phase::Umbra).count() as u64;
    let longest = of(Phase::Umbra).fold(0.0, f64::max);
    let eclipses = match umbras {
        0 => "no eclipse".to_owned(),
        _ => format!(
            "{}, the longest {}",
            several(umbras, "eclipse"),
            duration(longest)
        ),
    };
    let (sun, penumbra, umbra) = (Phase::Sunlit, Phase::Penumbra, Phase::Umbra);
    Some(format!(
        "sunlit {} %, penumbra {} %, umbra {} % of the run; {eclipses}",
        share(sun),
        share(penumbra),
        share(umbra),
    ))
}

/// What was drawn from the bus, by each board, and for an answer.
fn energy(report: &Report) -> String {
    let hours = |joules: f64| quantity(joules / 3_600.0, "Wh");
    let mut told = Vec::new();
    if let Some(joules) = cover::energy(report) {
        told.push(format!("{} drawn from the bus", hours(joules)));
    }
    for (id, device, story) in report.of_role("accelerator").take(3) {
        let Some(joules) = story.energy_joules(device) else {
            continue;
        };
        let workloads = report.header.workloads.iter().zip(&report.workloads);
        let own = workloads.filter(|(workload, _)| workload.device == id);
        let answers: u64 = own
            .filter_map(|(_, story)| story.overall.as_ref())
            .map(|answers| answers.count)
            .sum();
        let each = match answers {
            0 => String::new(),
            _ => format!(
                " ({} for an answer)",
                quantity(joules / answers as f64, "J")
            ),
        };
        let name = words::spoken(&device.name);
        told.push(format!("{name} {}{each}", hours(joules)));
    }
    if let Some((low, high, _)) = range(report, "profile", "battery_soc") {
        let [low, high] = [low, high].map(|share| number((share * 1_000.0).round() * 0.1));
        told.push(format!("battery as planned {low} to {high} %"));
    }
    told_or(&told, "no device told a power")
}

/// From where to where temperatures went.
fn heat(report: &Report) -> String {
    let mut told = Vec::new();
    for (role, channel, name) in [
        ("thermal-chamber", "air", "chamber air"),
        ("profile", "baseplate_celsius", "baseplate as planned"),
        ("accelerator", "board_temperature", "boards"),
        ("accelerator", "junction_temperature", "junctions"),
    ] {
        if let Some((low, high, unit)) = range(report, role, channel) {
            let tenth = |value: f64| number((value * 10.0).round() * 0.1);
            let (low, high) = (tenth(low), tenth(high));
            told.push(format!("{name} {low} to {high} {unit}"));
        }
    }
    told_or(&told, "no device told a temperature")
}

fn told_or(told: &[String], nothing: &str) -> String {
    if told.is_empty() {
        nothing.to_owned()
    } else {
        told.join("; ")
    }
}

/// From where to where a channel went over all devices of a role.
fn range(report: &Report, role: &str, channel: &str) -> Option<(f64, f64, String)> {
    let low = extreme(report, role, channel, false)?;
    let high = extreme(report, role, channel, true)?;
    Some((low.0, high.0, high.1))
}

/// The orbit's phases and the steps of the campaign.
fn strips(report: &Report) -> Vec<Strip> {
    let mut strips = Vec::new();
    let mut strip = |label: &str, spans: Vec<Span>| {
        if !spans.is_empty() && spans.len() <= SPANS {
            let label = label.to_owned();
            strips.push(Strip { label, spans });
        }
    };
    let phases = report.header.phases.iter().map(|it| Span {
        from: it.window.start.as_secs_f64(),
        to: it.window.end.as_secs_f64(),
        state: it.phase.name().to_owned(),
        number: match it.phase {
            // As the plots have them.
            Phase::Sunlit | Phase::Penumbra => 0,
            Phase::Umbra => 4,
        },
    });
    strip("orbit", phases.collect());
    let steps = report.header.steps.iter().enumerate();
    let steps = steps.map(|(place, step)| Span {
        from: step.window.start.as_secs_f64(),
        to: step.window.end.as_secs_f64(),
        state: step.name.clone(),
        number: 1 + (place % 2) as u16,
    });
    strip("steps", steps.collect());
    strips
}

/// The order in which a reader asks for devices.
fn rank(device: &DeviceHeader) -> u8 {
    match &*device.role {
        "accelerator" => 0,
        "power-supply" | "solar-array-simulator" => 1,
        "electronic-load" => 2,
        "thermal-chamber" => 3,
        _ => 4,
    }
}

/// The devices that fit, with what ran on them, and how many do not fit.
fn devices(fonts: &Fonts, report: &Report) -> (Table, usize) {
    let devices = report.header.devices.iter().enumerate();
    let mut devices: Vec<(usize, &DeviceHeader)> = devices
        .filter(|(_, device)| device.role != "profile")
        .collect();
    devices.sort_by_key(|(place, device)| (rank(device), *place));
    let left_out = devices.len().saturating_sub(DEVICES);
    let columns = [66.0, 76.0, 134.0, 48.0, 197.0];
    let rows = devices.into_iter().take(DEVICES).map(|(place, device)| {
        let kind = if device.emulated { "emulated" } else { "real" };
        let cells = [
            words::spoken(&device.name),
            device.role.replace('-', " "),
            answered(report, device),
            kind.to_owned(),
            did(report, place, device),
        ];
        let cells = cells.iter().zip(columns);
        Row {
            cells: cells
                .map(|(cell, width)| clipped(fonts, cell, width - 8.0))
                .collect(),
            ..Row::default()
        }
    });
    let rows = rows.collect();
    let titles = ["device", "role", "model", "kind", "what it did"];
    let columns = titles.into_iter().zip(columns);
    let columns = columns.map(|(title, width)| text(title, width)).collect();
    (Table::new(fonts, columns, rows), left_out)
}

/// Who answered, or what was asked for.
fn answered(report: &Report, device: &DeviceHeader) -> String {
    let who = report.manifest.identities.get(&device.name);
    let who = who.map(|who| format!("{} {}", who.maker, who.model));
    let who = who.filter(|who| !who.trim().is_empty());
    who.map_or_else(|| device.model.clone(), |who| who.trim().to_owned())
}

/// What a board computed, or how often an instrument was told something.
fn did(report: &Report, place: usize, device: &DeviceHeader) -> String {
    let workloads = report.header.workloads.iter().zip(&report.workloads);
    let own = workloads.filter(|(it, _)| usize::from(it.device.0) == place);
    let own: Vec<String> = own
        .map(|(workload, story)| {
            let answers = story.overall.as_ref().map_or(0, |answers| answers.count);
            let wrong: u64 = report
                .correctness
                .iter()
                .filter(|told| told.workload == workload.name)
                .map(|told| told.wrong)
                .max()
                .unwrap_or(0);
            let wrong = match wrong {
                0 => String::new(),
                wrong => format!(", {} wrong", count(wrong)),
            };
            format!("{}: {}{wrong}", workload.name, several(answers, "answer"))
        })
        .collect();
    let counts = report.devices.get(place).map(|story| story.counts);
    let counts = counts.unwrap_or_default();
    match (own.is_empty(), &*device.role) {
        (false, _) => own.join("; "),
        (true, "accelerator") => "no workload".to_owned(),
        (true, _) => format!(
            "{}, {}",
            several(counts.set_points, "set point"),
            several(counts.readings, "reading")
        ),
    }
}

/// A text in at most [`LINES`] lines; the rest is an ellipsis.
fn clipped(fonts: &Fonts, text: &str, width: f32) -> String {
    let face = (Face::Sans, SIZE);
    let lines = fonts.wrap(face, text, width);
    if lines.len() <= LINES {
        return text.to_owned();
    }
    let mut kept: Vec<String> = lines.into_iter().take(LINES).collect();
    if let Some(last) = kept.last_mut() {
        *last = fonts.fitted(face, &format!("{last} …………"), width - 4.0);
        let end = last.trim_end_matches(['…', ' ']).to_owned();
        *last = format!("{end}…");
    }
    kept.join("\n")
}
