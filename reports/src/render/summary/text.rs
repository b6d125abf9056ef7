//! The console summary: the verdict, the reason, and a line for each check.

use std::fmt::Write;

use super::super::words;
use crate::report::{Kind, PhaseAnswers, Report};
use crate::verdict::{Finding, Verdict};

/// Widest check name before it is cut off.
const NAME: usize = 36;
/// Faults told one by one.
const FAULTS: usize = 12;
/// Pieces of evidence told of each check.
const PIECES: usize = 8;

/// The report for the console; `colour` adds ANSI colours and nothing else.
pub fn text(report: &Report, colour: bool) -> String {
    let mut out = String::new();
    let verdict = painted(&report.verdict.to_string(), report.verdict, colour);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{verdict}  {}", report.header.campaign);
    let _ = writeln!(out, "{}", words::because(report));
    let _ = writeln!(out);
    table(&mut out, report, colour);
    speeds(&mut out, report);
    clocks(&mut out, report);
    faults(&mut out, report);
    gaps(&mut out, report);
    interlocks(&mut out, report);
    let _ = writeln!(out, "{}", closing(report));
    // Consoles and logs get the hyphen that every font has.
    out.replace('−', "-").replace('\u{a0}', " ")
}

fn painted(text: &str, verdict: Verdict, colour: bool) -> String {
    let code = match verdict {
        Verdict::Pass => "32",
        Verdict::Inconclusive => "33",
        Verdict::Fail => "31",
    };
    if colour {
        format!("\u{1b}[1;{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn table(out: &mut String, report: &Report, colour: bool) {
    if report.findings.is_empty() {
        return;
    }
    let head = ["", "check", "value", "limit", "margin", "unit", "when"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(report.findings.iter().map(row));
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (place, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let room = " ".repeat(width - cell.chars().count());
            let shown = match (column, place) {
                (0, 1..) => painted(cell, report.findings[place - 1].verdict, colour),
                _ => cell.clone(),
            };
            // Numbers stand at the right of their columns.
            let (first, second) = match column {
                2..=4 => (room, shown),
                _ => (shown, room),
            };
            line.extend([&*first, &*second, "  "]);
        }
        let _ = writeln!(out, "{}", line.trim_end());
        if let Some(finding) = place.checked_sub(1).map(|place| &report.findings[place])
            && finding.verdict != Verdict::Pass
        {
            let _ = writeln!(out, "{:width$}  {}", "", finding.because, width = widths[0]);
        }
        if let Some(finding) = place.checked_sub(1).map(|place| &report.findings[place]) {
            evidence(out, finding, widths[0]);
        }
    }
    let _ = writeln!(out);
}

/// The first pieces that a finding rests on; the report has them all.
fn evidence(out: &mut String, finding: &Finding, width: usize) {
    for piece in finding.evidence.iter().take(PIECES) {
        let at = piece
            .at
            .map_or(String::new(), |at| format!(" {}", words::clock(at)));
        let _ = writeln!(out, "{:width$}    {}{at}: {}", "", piece.what, piece.text);
    }
    if let Some(more) = finding.evidence.len().checked_sub(PIECES + 1) {
        let more = more + 1;
        let _ = writeln!(out, "{:width$}    and {more} more in the report", "");
    }
}

fn row(finding: &Finding) -> [String; 7] {
    let number = |value: Option<f64>| value.map_or(String::new(), words::number);
    let when = match (finding.at, &finding.phase) {
        (Some(at), Some(phase)) => format!("{} {phase}", words::clock(at)),
        (Some(at), None) => words::clock(at),
        (None, _) => String::new(),
    };
    let mut name: String = finding.check.chars().take(NAME).collect();
    if finding.check.chars().count() > NAME {
        name.pop();
        name.push('…');
    }
    [
        finding.verdict.to_string(),
        name,
        number(finding.value),
        number(finding.limit),
        number(finding.margin),
        finding.unit.clone(),
        when,
    ]
}

fn speeds(out: &mut String, report: &Report) {
    let workloads = report.header.workloads.iter().zip(&report.workloads);
    let told: Vec<(&str, &PhaseAnswers)> = workloads
        .flat_map(|(header, story)| story.phases.iter().map(|phase| (&*header.name, phase)))
        .collect();
    let longest = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let names = longest(&mut told.iter().map(|(name, _)| *name));
    let phases = longest(&mut told.iter().map(|(_, phase)| &*phase.phase));
    let millis = |us: u32| f64::from(us) / 1e3;
    for (name, phase) in &told {
        let a = &phase.answers;
        let _ = writeln!(
            out,
            "{name:<names$}  {:<phases$}  {:>8.2}/s  p50 {:>8.2} ms  p90 {:>8.2} ms  {} answers",
            phase.phase,
            a.rate(),
            millis(a.p50_us),
            millis(a.p90_us),
            words::count(a.count),
        );
    }
    if !told.is_empty() {
        let _ = writeln!(out);
    }
}

/// Devices' own clocks against bench time.
fn clocks(out: &mut String, report: &Report) {
    let devices = report.header.devices.iter().zip(&report.devices);
    let mut told = false;
    for (header, story) in devices {
        if let Some(clock) = story.clock() {
            let _ = writeln!(out, "{}  clock {}", header.name, words::clock_rate(clock));
            told = true;
        }
    }
    if told {
        let _ = writeln!(out);
    }
}

/// What was broken on purpose, the first of it.
fn faults(out: &mut String, report: &Report) {
    let all = report.story.count(Kind::Injected);
    if all == 0 {
        return;
    }
    let _ = writeln!(out, "Faults injected: {}", words::count(all));
    let mut told = 0;
    for entry in report.story.of(Kind::Injected).take(FAULTS) {
        let (at, name) = (words::clock(entry.at), report.device_name(entry.device));
        let times = match entry.times {
            1 => String::new(),
            times => format!(", {times} times"),
        };
        told += u64::from(entry.times);
        let _ = writeln!(out, "  {at}  {name}: {}{times}", entry.text);
    }
    if all > told {
        let _ = writeln!(out, "  and {} more in the record", words::count(all - told));
    }
    let _ = writeln!(out);
}

/// Where the run was cut off, and with what it went on.
fn gaps(out: &mut String, report: &Report) {
    for gap in &report.header.gaps {
        let (from, to) = (words::clock(gap.window.start), words::clock(gap.window.end));
        let with = &gap.with;
        let _ = writeln!(out, "gap  {from} to {to}: cut off, and went on with {with}");
    }
    if !report.header.gaps.is_empty() {
        let _ = writeln!(out);
    }
}

/// The interlocks, and whether they held: what came of it is a finding.
fn interlocks(out: &mut String, report: &Report) {
    for interlock in &report.header.interlocks {
        let held = report.interlock(interlock).is_some();
        let told = if held { "held" } else { "did not hold" };
        let (name, when) = (&interlock.name, &interlock.when);
        let _ = writeln!(out, "interlock  {name}: {when}: {told}");
    }
    if !report.header.interlocks.is_empty() {
        let _ = writeln!(out);
    }
}

fn closing(report: &Report) -> String {
    let counted = [
        Kind::Damaged,
        Kind::Retried,
        Kind::NoResponse,
        Kind::Booted,
        Kind::LinkLost,
        Kind::PowerCut,
        Kind::BusError,
        Kind::Interlock,
        Kind::Resumed,
        Kind::Failed,
    ];
    let troubles: Vec<String> = counted
        .into_iter()
        .filter(|kind| report.story.count(*kind) > 0)
        .map(|kind| kind.counted(report.story.count(kind)))
        .collect();
    let troubles = if troubles.is_empty() {
        String::new()
    } else {
        format!("; {}", troubles.join(", "))
    };
    let length = words::duration(report.manifest.sim_seconds);
    let ending = report.ending.to_string();
    format!(
        "{ending} after {length}, {} events{troubles}",
        words::count(report.events)
    )
}
