//! The first page: the verdict, the numbers behind it, and the checks.

use super::super::super::words::{self, count, duration, number, quantity, several};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Moment, Row, Table, numbers, room_for, words as text};
use crate::report::{DeviceStory, Report};
use crate::verdict::{Finding, Verdict};

/// How many checks the first page has room for. Of more it has the worst, and all come after the overview.
const ON_COVER: usize = 17;

/// How many checks are listed; of more, the worst. Two hundred are five pages.
const LISTED: usize = 200;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let style = report.header.style.as_ref();
    let title = style.and_then(|style| style.title.as_ref());
    let title = title.unwrap_or(&report.header.campaign).clone();
    let mut blocks = vec![Block::Section(title)];
    if !report.header.description.is_empty() {
        blocks.push(Block::Text(report.header.description.clone()));
        blocks.push(Block::Gap(5.0));
    }
    blocks.push(Block::Banner(report.verdict, words::because(report)));
    blocks.push(Block::Gap(9.0));
    blocks.push(Block::Keys(keys(report)));
    if is_long(report) {
        let worst = words::worst_first(report).into_iter().take(ON_COVER);
        let worst: Vec<&Finding> = worst.map(|place| &report.findings[place]).collect();
        let all = count(report.findings.len() as u64);
        let title = format!("The {ON_COVER} worst of {all} checks");
        blocks.push(Block::Heading(title));
        blocks.push(Block::Table(checks(fonts, report, &worst)));
        return blocks;
    }
    blocks.push(Block::Heading("Checks".to_owned()));
    if report.findings.is_empty() {
        blocks.push(Block::Text("No check was made.".to_owned()));
    }
    let all: Vec<&Finding> = report.findings.iter().collect();
    blocks.push(Block::Table(checks(fonts, report, &all)));
    blocks.extend(uncertainty(&all));
    blocks
}

/// What `±` means, where it stands.
fn uncertainty(findings: &[&Finding]) -> Option<Block> {
    let known = findings.iter().any(|found| found.uncertainty.is_some());
    known.then(|| {
        Block::Text(
            "±: how far the value may be off, by its maker or certificate; of an energy k = 2, of a ratio half its \
             interval."
                .to_owned(),
        )
    })
}

/// Whether there are more checks than the first page shows.
fn is_long(report: &Report) -> bool {
    report.findings.len() > ON_COVER
}

/// All checks, where the first page has only the worst of them.
pub(super) fn rest_of_checks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    if !is_long(report) {
        return Vec::new();
    }
    let shown = shown(report);
    let mut blocks = vec![
        Block::Section("Checks".to_owned()),
        Block::Table(checks(fonts, report, &shown)),
    ];
    blocks.extend(uncertainty(&shown));
    blocks.extend(rest(report, &shown).map(Block::Text));
    blocks.push(Block::Gap(14.0));
    blocks
}

/// The findings that are listed: all in the order of the campaign, or the worst of very many.
fn shown(report: &Report) -> Vec<&Finding> {
    if report.findings.len() <= LISTED {
        return report.findings.iter().collect();
    }
    let worst = words::worst_first(report).into_iter().take(LISTED);
    worst.map(|place| &report.findings[place]).collect()
}

/// What of the findings is not listed.
fn rest(report: &Report, shown: &[&Finding]) -> Option<String> {
    let left = report
        .findings
        .len()
        .checked_sub(shown.len())
        .filter(|left| *left > 0)?;
    let of = |verdict| {
        let all = report
            .findings
            .iter()
            .filter(|f| f.verdict == verdict)
            .count();
        all - shown.iter().filter(|f| f.verdict == verdict).count()
    };
    let (failed, unknown) = (of(Verdict::Fail), of(Verdict::Inconclusive));
    Some(format!(
        "These are the {} worst. Of {}, {} failed and {} could not be decided; summary.json has them all.",
        shown.len(),
        several(left as u64, "more check"),
        count(failed as u64),
        count(unknown as u64),
    ))
}

/// The numbers that a reader asks first.
fn keys(report: &Report) -> Vec<(String, String)> {
    let mut keys: Vec<(String, String)> = Vec::new();
    let mut key = |value: String, what: &str| keys.push((value, what.to_owned()));
    let length = duration(report.manifest.sim_seconds);
    match report.orbits() {
        Some(orbits) => key(format!("{orbits:.2}"), &format!("orbits in {length}")),
        None => key(length, "on the bench's clock"),
    }
    let of = |verdict| {
        report
            .findings
            .iter()
            .filter(|f| f.verdict == verdict)
            .count()
    };
    let all = report.findings.len();
    let passed = count(of(Verdict::Pass) as u64);
    key(format!("{passed} / {}", count(all as u64)), "checks passed");
    let answers = report.workloads.iter().filter_map(|w| w.overall.as_ref());
    let answers: u64 = answers.map(|answers| answers.count).sum();
    if !report.workloads.is_empty() {
        key(count(answers), "inferences answered");
    }
    let readings = report
        .devices
        .iter()
        .map(|device| device.counts.readings)
        .sum();
    key(count(readings), "readings");
    if let Some(joules) = energy(report) {
        key(quantity(joules / 3_600.0, "Wh"), "drawn from the bus");
    }
    for (name, what, highest) in [
        ("bus_volts", "lowest board input", false),
        ("junction_temperature", "hottest junction", true),
    ] {
        if let Some((value, unit)) = extreme(report, "accelerator", name, highest) {
            key(quantity(value, &unit), what);
        }
    }
    let damages: u64 = report
        .devices
        .iter()
        .map(|device| device.counts.damages)
        .sum();
    key(count(damages), "damages in telemetry");
    keys.truncate(8);
    keys
}

/// Energy of the supplies, or of the boards where no supply tells its power, in joules.
pub(super) fn energy(report: &Report) -> Option<f64> {
    let joules = |(_, device, story): (_, _, &DeviceStory)| story.energy_joules(device);
    let of = |role| {
        report
            .of_role(role)
            .filter_map(joules)
            .reduce(|sum, more| sum + more)
    };
    of("power-supply").or_else(|| of("accelerator"))
}

/// The lowest or highest value of a channel over all devices of a role.
pub(super) fn extreme(
    report: &Report,
    role: &str,
    channel: &str,
    highest: bool,
) -> Option<(f64, String)> {
    let mut worst: Option<(f64, String)> = None;
    for (_, device, story) in report.of_role(role) {
        let place = device
            .channels
            .iter()
            .position(|spec| &*spec.name == channel);
        let Some(place) = place else { continue };
        let Some((low, high)) = story.channels[place].range() else {
            continue;
        };
        let value = if highest { high } else { low };
        let worse = worst
            .as_ref()
            .is_none_or(|(known, _)| (value > *known) == highest);
        if worse {
            worst = Some((value, device.channels[place].unit.to_string()));
        }
    }
    worst
}

fn checks(fonts: &Fonts, report: &Report, findings: &[&Finding]) -> Table {
    let has_utc = report.header.epoch.is_some();
    let has_uncertainty = findings.iter().any(|found| found.uncertainty.is_some());
    let units = findings.iter().map(|found| room_for(fonts, &found.unit));
    let unit = units.fold(28.0, f32::max).min(56.0);
    // What UTC, the uncertainty and long units take is given by names, which may be broken.
    let names = match (has_utc, has_uncertainty) {
        (true, true) => -7.0,
        (true, false) => 9.0,
        (false, true) => 14.0,
        (false, false) => 30.0,
    } - (unit - 28.0) / 2.0;
    let mut columns = vec![
        text("verdict", 74.0),
        text("check", 79.0 + names),
        text("subject", 77.0 + names),
        numbers("value", 40.0),
        numbers("limit", 39.0),
        numbers("margin", 40.0),
        text("unit", unit),
        text("phase", 42.0),
        numbers("time", 41.0),
    ];
    if has_utc {
        columns.insert(8, numbers("UTC", 43.0));
    }
    if has_uncertainty {
        columns.insert(6, numbers("±", 32.0));
    }
    let rows = findings.iter().map(|finding| {
        let told = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
        let at = finding.at.map_or_else(|| "–".to_owned(), words::clock);
        let mut row = Row::of([
            finding.verdict.to_string(),
            finding.check.clone(),
            finding.subject.clone(),
            told(finding.value),
            told(finding.limit),
            told(finding.margin),
            finding.unit.clone(),
            finding.phase.clone().unwrap_or_else(|| "–".to_owned()),
            at,
        ]);
        if has_utc {
            let utc = finding.at.and_then(|at| words::utc_clock(report, at));
            row.cells.insert(8, utc.unwrap_or_else(|| "–".to_owned()));
        }
        if has_uncertainty {
            let uncertainty = finding.uncertainty.map(words::rough);
            row.cells
                .insert(6, uncertainty.unwrap_or_else(|| "–".to_owned()));
        }
        row.verdict = Some(finding.verdict);
        row.moment = finding.at.map(|at| Moment {
            seconds: at.as_secs_f64(),
            value: finding.value,
            subject: finding.subject.clone(),
            check: finding.check.clone(),
        });
        if finding.verdict != Verdict::Pass {
            let samples = several(finding.samples, "sample");
            let reason = finding.because.trim_end_matches('.');
            row.remark = Some(format!("{reason} ({samples}; {}).", finding.during));
        }
        row
    });
    Table::new(fonts, columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_unit_stays_in_one_line_and_the_names_make_room() {
        let (fonts, mut report) = (Fonts::new(), sample::report());
        report.findings[0].unit = "unanswered".to_owned();
        report.findings[0].uncertainty = Some(0.5);
        let findings: Vec<&Finding> = report.findings.iter().collect();
        let table = checks(&fonts, &report, &findings);
        let is_unit = |cell: &&Vec<String>| cell.concat() == "unanswered";
        let unit = table.lines_of(0).iter().find(is_unit);
        assert_eq!(unit.map(Vec::len), Some(1), "{:?}", table.lines_of(0));
    }
}
