//! Speed with its effect and interval, energy, and what was asked differently.

use std::collections::{BTreeMap, BTreeSet};

use super::super::pdf::{Block, Fonts, Row, Table, digests, numbers, text};
use super::super::words::{count, number, signed};
use super::{Pair, SIDES};
use crate::report::{Answers, Report, WorkloadStory};
use crate::statistics::{Effect, Spread};

/// Of a hundred such intervals so many hold the truth.
const CONFIDENCE: f64 = 0.95;

/// Points of the run with fewer answers tell little of a median.
const FEWEST_ANSWERS: u64 = 5;

/// The workload of that name.
fn workload<'a>(report: &'a Report, name: &str) -> Option<&'a WorkloadStory> {
    let place = report
        .header
        .workloads
        .iter()
        .position(|w| w.name == name)?;
    report.workloads.get(place)
}

/// The names of both runs' workloads, in the order of B.
fn workloads(pair: Pair<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for report in [pair.now, pair.before] {
        for workload in &report.header.workloads {
            if !names.contains(&workload.name) {
                names.push(workload.name.clone());
            }
        }
    }
    names
}

/// How a number of a workload changed, with its interval: each point of the run is one block.
fn effect(pair: Pair<'_>, name: &str, value: fn(&Answers) -> f64) -> Option<Effect> {
    let spread = |report| {
        let moments = &workload(report, name)?.moments;
        let full = moments.iter().filter(|m| m.answers.count >= FEWEST_ANSWERS);
        Spread::of(&full.map(|m| value(&m.answers)).collect::<Vec<f64>>())
    };
    Effect::between(&spread(pair.before)?, &spread(pair.now)?, CONFIDENCE)
}

/// A change as people say it: `+3.20 % (2.90 to 3.50)`.
fn said(effect: Option<Effect>) -> String {
    let Some(effect) = effect else {
        return "–".to_owned();
    };
    let percent = |ratio: f64| signed(100.0 * (ratio - 1.0));
    format!(
        "{} % ({} to {})",
        percent(effect.ratio),
        percent(effect.low),
        percent(effect.high)
    )
}

/// Key numbers: how speed and energy changed.
pub(super) fn keys(pair: Pair<'_>) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for name in workloads(pair).into_iter().take(2) {
        if let Some(found) = effect(pair, &name, Answers::rate) {
            let percent = signed(100.0 * (found.ratio - 1.0)) + " %";
            keys.push((percent, format!("rate of {name}")));
        }
    }
    let joules = |report: &Report| {
        let devices = report.of_role("power-supply");
        let each = devices.filter_map(|(_, device, story)| story.energy_joules(device));
        each.reduce(|sum, more| sum + more)
    };
    if let (Some(a), Some(b)) = (joules(pair.before), joules(pair.now))
        && a > 0.0
    {
        let percent = signed(100.0 * (b - a) / a) + " %";
        keys.push((percent, "energy from the bus".to_owned()));
    }
    keys
}

/// Rate and latencies, whole run and by phase.
pub(super) fn speeds(fonts: &Fonts, pair: Pair<'_>, blocks: &mut Vec<Block>) {
    let names = workloads(pair);
    if names.is_empty() {
        return;
    }
    blocks.push(Block::Section("Speed".to_owned()));
    let columns = vec![
        text("workload", 130.0),
        numbers("rate, B against A", 128.0),
        numbers("median latency", 131.0),
        numbers("90th percentile", 132.0),
    ];
    let rows = names.iter().map(|name| {
        Row::of([
            name.clone(),
            said(effect(pair, name, Answers::rate)),
            said(effect(pair, name, |a| f64::from(a.p50_us))),
            said(effect(pair, name, |a| f64::from(a.p90_us))),
        ])
    });
    blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
    blocks.push(Block::Text(
        "Ratios of what is typical, with the interval that holds 95 of 100 such ratios (Welch's, over the points of \
         the run that the figures show). An interval that holds 0 tells of no change."
            .to_owned(),
    ));
    blocks.push(Block::Gap(8.0));
    for name in names {
        blocks.push(Block::Heading(name.clone()));
        blocks.push(Block::Table(by_phase(fonts, pair, &name)));
        blocks.push(Block::Gap(8.0));
    }
    blocks.push(Block::Gap(6.0));
}

fn by_phase(fonts: &Fonts, pair: Pair<'_>, name: &str) -> Table {
    let columns = vec![
        text("phase", 67.0),
        numbers("answers A", 48.0),
        numbers("B", 44.0),
        numbers("rate 1/s A", 48.0),
        numbers("B", 40.0),
        numbers("p50 ms A", 48.0),
        numbers("B", 41.0),
        numbers("p90 ms A", 48.0),
        numbers("B", 41.0),
        numbers("p99 ms A", 48.0),
        numbers("B", 42.0),
    ];
    let sides = [pair.before, pair.now].map(|report| workload(report, name));
    let mut phases: Vec<&str> = Vec::new();
    for phase in sides.iter().flatten().flat_map(|story| &story.phases) {
        if !phases.contains(&phase.phase.as_str()) {
            phases.push(&phase.phase);
        }
    }
    let of = |story: Option<&'_ WorkloadStory>, phase: Option<&str>| match phase {
        None => story.and_then(|story| story.overall.clone()),
        Some(name) => {
            let mut phases = story.into_iter().flat_map(|story| story.phases.clone());
            phases
                .find(|told| told.phase == name)
                .map(|told| told.answers)
        }
    };
    let rows = phases.into_iter().map(Some).chain([None]).map(|phase| {
        let both = sides.map(|story| of(story, phase));
        let pick = |value: &dyn Fn(&Answers) -> String| {
            both.each_ref()
                .map(|side| side.as_ref().map_or_else(|| "–".to_owned(), value))
        };
        let millis = |us: u32| format!("{:.2}", f64::from(us) * 1e-3);
        let mut cells = vec![phase.unwrap_or("whole run").to_owned()];
        cells.extend(pick(&|a| count(a.count)));
        cells.extend(pick(&|a| format!("{:.2}", a.rate())));
        cells.extend(pick(&|a| millis(a.p50_us)));
        cells.extend(pick(&|a| millis(a.p90_us)));
        cells.extend(pick(&|a| millis(a.p99_us)));
        Row {
            cells,
            ..Row::default()
        }
    });
    Table::new(fonts, columns, rows.collect())
}

/// Energy of each device that tells its power.
pub(super) fn energy(fonts: &Fonts, pair: Pair<'_>, blocks: &mut Vec<Block>) {
    let of = |report: &Report| -> BTreeMap<String, f64> {
        let devices = report.header.devices.iter().zip(&report.devices);
        let told = devices.filter_map(|(device, story)| {
            Some((device.name.clone(), story.energy_joules(device)? / 3_600.0))
        });
        told.collect()
    };
    let sides = [pair.before, pair.now].map(of);
    let names: BTreeSet<&String> = sides.iter().flat_map(BTreeMap::keys).collect();
    if names.is_empty() {
        return;
    }
    let columns = vec![
        text("device", 200.0),
        numbers("energy Wh, A", 107.0),
        numbers("B", 107.0),
        numbers("change", 107.0),
    ];
    let rows = names.into_iter().map(|name| {
        let both = sides.each_ref().map(|side| side.get(name).copied());
        let told = both.map(|value| value.map_or_else(|| "–".to_owned(), number));
        let by = match both {
            [Some(a), Some(b)] if a > 0.0 => signed(100.0 * (b - a) / a) + " %",
            _ => "–".to_owned(),
        };
        let [a, b] = told;
        Row::of([name.clone(), a, b, by])
    });
    blocks.push(Block::Section("Energy".to_owned()));
    blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
    blocks.push(Block::Gap(14.0));
}

/// What was asked of the runs differently: settings, software, devices, and files by their SHA-256.
pub(super) fn asked(fonts: &Fonts, pair: Pair<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::Section("What was asked of them".to_owned()));
    let facts = [pair.before, pair.now].map(facts);
    let names: BTreeSet<&String> = facts.iter().flat_map(BTreeMap::keys).collect();
    let all = names.len();
    let differing = names
        .into_iter()
        .filter(|name| facts[0].get(*name) != facts[1].get(*name));
    let rows: Vec<Row> = differing
        .map(|name| {
            let told = facts
                .each_ref()
                .map(|side| side.get(name).cloned().unwrap_or_else(|| "–".to_owned()));
            let [a, b] = told;
            Row::of([name.clone(), a, b])
        })
        .collect();
    let same = all - rows.len();
    if !rows.is_empty() {
        let columns = vec![
            text("what differs", 151.0),
            digests(SIDES[0], 185.0),
            digests(SIDES[1], 185.0),
        ];
        blocks.push(Block::Table(Table::new(fonts, columns, rows)));
    }
    blocks.push(Block::Text(format!(
        "{} of {} facts are the same in both: settings, versions, identities of devices, and the SHA-256 of each input.",
        count(same as u64),
        count(all as u64)
    )));
}

fn facts(report: &Report) -> BTreeMap<String, String> {
    let manifest = &report.manifest;
    let mut facts = BTreeMap::new();
    let mut fact = |name: String, value: String| {
        facts.insert(name, value);
    };
    fact("campaign".to_owned(), manifest.campaign.clone());
    fact("wiring".to_owned(), manifest.wiring.clone());
    fact("pace".to_owned(), manifest.pace.clone());
    fact("seed".to_owned(), manifest.seed.to_string());
    fact("ending".to_owned(), report.ending.to_string());
    fact("length, s".to_owned(), number(manifest.sim_seconds));
    for (name, version) in &manifest.versions {
        fact(format!("version of {name}"), version.clone());
    }
    for (device, who) in &manifest.identities {
        let words = [&who.maker, &who.model, &who.serial, &who.firmware].map(String::as_str);
        let told: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        fact(format!("device {device}"), told.join(", "));
    }
    for input in report.header.inputs.iter().chain(&manifest.record) {
        fact(format!("file {}", input.path), input.sha256.clone());
    }
    facts
}
