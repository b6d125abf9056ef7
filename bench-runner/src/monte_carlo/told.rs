//! What is told of a study: to people, to programs, and to tools that read tables.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use reports::render::compare::study::Replay;
use reports::statistics::Method;
use serde_json::json;

use super::margins::CONFIDENCE;
use super::paper;
use super::{Flown, Margins, RESULT_FILE, Study, margins};
use crate::exit::{Exit, TABLE};
use crate::table::{Form, Row, Table};

/// Commands that are told at most; the others are in the file.
const COMMANDS: usize = 5;

/// What people read.
pub fn text(study: &Study) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{}  {}: {}",
        study.exit().name(),
        study.campaign,
        passed(study)
    );
    let endings: Vec<String> = endings(study)
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let _ = writeln!(out, "  endings  {}", endings.join(", "));
    let _ = writeln!(out, "  seed     {}", study.seed);
    for (key, distribution) in &study.varied {
        let _ = writeln!(out, "  varied   {key} = {distribution}");
    }
    let checks = margins(study);
    table(&mut out, &checks);
    commands(&mut out, study, &checks);
    out
}

/// The share that did not pass.
pub(super) fn passed(study: &Study) -> String {
    let all = study.flown.len() as u64;
    let bad = study.flown.iter().filter(|it| it.code != Some(0)).count() as u64;
    let interval = Method::ClopperPearson.interval(bad, all, CONFIDENCE);
    format!(
        "{bad} of {all} runs did not pass: {:.2} % ({:.2} to {:.2} % at {:.0} %)",
        100.0 * bad as f64 / all.max(1) as f64,
        100.0 * interval.low,
        100.0 * interval.high,
        100.0 * CONFIDENCE,
    )
}

/// How many ended how.
pub(super) fn endings(study: &Study) -> BTreeMap<&'static str, u64> {
    let mut endings: BTreeMap<&str, u64> = BTreeMap::new();
    for flown in &study.flown {
        *endings.entry(code(flown)).or_default() += 1;
    }
    endings
}

fn code(flown: &Flown) -> &'static str {
    let exit = flown.code.and_then(|code| TABLE.get(usize::from(code)));
    exit.map_or("DIED", |(_, name, _)| name)
}

fn table(out: &mut String, checks: &[Margins]) {
    let width = checks
        .iter()
        .map(|it| it.check.chars().count())
        .max()
        .unwrap_or(0)
        .max(6);
    let _ = writeln!(
        out,
        "\n{:<width$}  {:>9} {:>9} {:>9} {:>9} {:>9}  {:<6} failing            worst run",
        "margin", "min", "5 %", "median", "95 %", "max", "unit"
    );
    for it in checks {
        let _ = write!(out, "{:<width$} ", it.check);
        match it.margin {
            Some(of) => {
                for value in [of.min, of.p5, of.median, of.p95, of.max] {
                    let _ = write!(out, " {:>9}", short(value));
                }
            }
            None => {
                let _ = write!(
                    out,
                    " {:>9} {:>9} {:>9} {:>9} {:>9}",
                    "-", "-", "-", "-", "-"
                );
            }
        }
        let share = failing(it);
        let worst = it.worst_run.map_or_else(String::new, |run| run.to_string());
        let _ = writeln!(out, "  {:<6} {share:<18} {worst}", it.unit);
        if it.inconclusive > 0 {
            let _ = writeln!(
                out,
                "{:<width$}   inconclusive in {} of {} runs",
                "", it.inconclusive, it.runs
            );
        }
    }
}

/// The share that failed, with its interval.
pub(super) fn failing(it: &Margins) -> String {
    if it.failed == 0 {
        return format!("none (< {:.2} %)", 100.0 * it.interval[1]);
    }
    format!(
        "{:.2} % ({:.2}..{:.2})",
        100.0 * it.share,
        100.0 * it.interval[0],
        100.0 * it.interval[1]
    )
}

/// Four significant digits.
fn short(value: f64) -> String {
    let digits = if value == 0.0 {
        0.0
    } else {
        value.abs().log10().floor()
    };
    let places = (3.0 - digits).clamp(0.0, 6.0) as usize;
    format!("{value:.places$}")
}

/// How to see the worst of them again.
fn commands(out: &mut String, study: &Study, checks: &[Margins]) {
    for one in to_look_at(study, checks) {
        let _ = writeln!(out, "\n{}", one.title);
        for said in &one.said {
            let _ = writeln!(out, "  {said}");
        }
        let _ = writeln!(out, "  {}", one.command);
    }
}

/// The runs that somebody should look at first: the worst of each check that failed, and those that ended
/// as no other did.
pub(super) fn to_look_at(study: &Study, checks: &[Margins]) -> Vec<Replay> {
    let mut told: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for it in checks.iter().filter(|it| it.failed > 0) {
        if let Some(run) = it.worst_run {
            told.entry(run).or_default().push(&it.check);
        }
    }
    let bad = |flown: &&Flown| flown.code != Some(0);
    for flown in study.flown.iter().filter(bad) {
        // One that did not end as others do has a story of its own.
        if flown.code != Some(Exit::Failed as u8) && told.len() < COMMANDS {
            told.entry(flown.draw.run).or_default();
        }
    }
    let told = told.iter().take(COMMANDS);
    let found = told.filter_map(|(run, checks)| {
        let flown = study.flown.iter().find(|it| it.draw.run == *run)?;
        let ending = flown.ending.lines().next().unwrap_or_default();
        let what = if checks.is_empty() {
            code(flown).to_owned()
        } else {
            checks.join(", ")
        };
        let failed = flown.findings.iter().filter(|it| it.verdict == "fail");
        Some(Replay {
            title: format!("run {run}: {what} {ending}").trim_end().to_owned(),
            said: failed
                .take(3)
                .map(|found| format!("{}: {}", found.check, found.because))
                .collect(),
            command: study.command(&flown.draw),
        })
    });
    found.collect()
}

/// Writes everything into the study's folder: the runs, the distributions and the tables.
///
/// # Errors
/// If a file cannot be written.
pub fn write(study: &Study, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let checks = margins(study);
    let worst: BTreeMap<&str, String> = checks
        .iter()
        .filter_map(|it| {
            let flown = study
                .flown
                .iter()
                .find(|one| Some(one.draw.run) == it.worst_run)?;
            Some((it.check.as_str(), study.command(&flown.draw)))
        })
        .collect();
    let mut whole = serde_json::to_value(study).map_err(io::Error::other)?;
    whole["exit_code"] = json!(study.exit() as u8);
    whole["checks"] = json!(checks);
    whole["worst"] = json!(worst);
    let json = serde_json::to_string_pretty(&whole).map_err(io::Error::other)?;
    fs::write(folder.join(RESULT_FILE), json + "\n")?;
    fs::write(folder.join("monte-carlo.txt"), text(study))?;
    let paper = paper::of(study, &checks);
    fs::write(
        folder.join("report.pdf"),
        paper.pdf().map_err(io::Error::other)?,
    )?;
    fs::write(folder.join("report.html"), paper.html())?;
    for (name, form) in [("runs.csv", Form::Csv), ("runs.parquet", Form::Parquet)] {
        rows(study, &folder.join(name), form)?;
    }
    Ok(())
}

/// A row for each value of each run: what was drawn, and what each check found.
fn rows(study: &Study, path: &Path, form: Form) -> io::Result<()> {
    let mut table = Table::create(path, form, None)?;
    for flown in &study.flown {
        let row = Row {
            place: flown.draw.run,
            ..Row::default()
        };
        table.push(&Row {
            source: "run",
            field: "seed",
            text: Some(&flown.draw.seed.to_string()),
            ..row
        })?;
        table.push(&Row {
            source: "run",
            field: "ending",
            value: flown.code.map(f64::from),
            text: Some(code(flown)),
            ..row
        })?;
        for setting in &flown.draw.set {
            table.push(&Row {
                source: "varied",
                field: &setting.key,
                value: setting.value.parse().ok(),
                text: Some(setting.value.trim_matches('"')),
                ..row
            })?;
        }
        for found in &flown.findings {
            for (source, value) in [("margin", found.margin), ("value", found.value)] {
                table.push(&Row {
                    source,
                    field: &found.check,
                    value,
                    text: Some(&found.verdict),
                    unit: &found.unit,
                    ..row
                })?;
            }
        }
    }
    table.finish()?;
    Ok(())
}
