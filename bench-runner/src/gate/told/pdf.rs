//! The gate on paper: what it came to and why, each run, and how fast it was against the baseline.

use reports::render::pdf::{Line, Part, PdfError, Sheet, Title};
use reports::verdict::Verdict;

use super::super::{Decision, GateRun, JobResult};
use super::words::{headline, is_pass, longer};
use crate::exit::Exit;

/// Rows of one table, at most; the rest is in `gate.json`.
const MOST_ROWS: usize = 2_000;
/// Reasons that are told in the first paragraph.
const FIRST: usize = 3;

const fn words(text: &'static str, share: f32) -> Title {
    Title {
        text,
        share,
        is_number: false,
    }
}

const fn number(text: &'static str, share: f32) -> Title {
    Title {
        is_number: true,
        ..words(text, share)
    }
}

/// The document.
///
/// # Errors
/// If it cannot be put together.
pub(super) fn bytes(run: &GateRun, decision: &Decision) -> Result<Vec<u8>, PdfError> {
    sheet(run, decision).pdf()
}

fn sheet(run: &GateRun, decision: &Decision) -> Sheet {
    let verdict = match decision.exit {
        Exit::Passed => Verdict::Pass,
        Exit::Inconclusive => Verdict::Inconclusive,
        _ => Verdict::Fail,
    };
    let first = decision.reasons.iter().take(FIRST);
    let first = first.map(|reason| format!(" {}: {}.", reason.class, reason.subject));
    let passed = run.jobs.iter().filter(|job| is_pass(job)).count();
    let took = (run.ended_ms - run.started_ms) as f64 * 1e-3;
    let key = |value: String, what: &str| (value, what.to_owned());
    let mut parts = Vec::new();
    if !decision.reasons.is_empty() {
        parts.push(reasons(decision));
    }
    parts.push(runs(run));
    parts.push(compared(run, decision));
    Sheet {
        title: format!("Gate: {}", run.gate),
        made_by: format!("bench {}", env!("CARGO_PKG_VERSION")),
        verdict,
        reason: headline(run, decision) + "." + &first.collect::<String>(),
        keys: vec![
            key(format!("{passed} of {}", run.jobs.len()), "runs passed"),
            key(decision.reasons.len().to_string(), "reasons against it"),
            key(decision.compared.len().to_string(), "comparisons"),
            key(format!("{took:.1} s"), "took"),
        ],
        parts,
    }
}

fn reasons(decision: &Decision) -> Part {
    let line = |reason: &super::super::decide::Reason| Line {
        cells: vec![reason.class.to_owned(), reason.subject.clone()],
        verdict: Some(match reason.exit {
            Exit::Inconclusive => Verdict::Inconclusive,
            _ => Verdict::Fail,
        }),
        remark: Some(match &reason.command {
            Some(command) => format!("{}; again: {command}", reason.why),
            None => reason.why.clone(),
        }),
        link: None,
    };
    let reasons = decision.reasons.iter().take(MOST_ROWS);
    Part {
        title: "Why".to_owned(),
        columns: vec![words("what", 1.0), words("where", 4.0)],
        lines: reasons.map(line).collect(),
        remark: None,
    }
}

fn runs(run: &GateRun) -> Part {
    let line = |job: &JobResult| {
        let first = job.first();
        let report = format!("{}/report.pdf", first.folder);
        let verdict = match (is_pass(job), job.is_flaky()) {
            (true, _) => Verdict::Pass,
            (false, true) => Verdict::Inconclusive,
            (false, false) => Verdict::Fail,
        };
        let boots: u64 = first.boots.values().sum();
        let speeds = first.speeds.values().map(|speed| speed.p50_ms);
        let slowest = speeds.reduce(f64::max);
        Line {
            cells: vec![
                job.name.clone(),
                first.passed.to_string(),
                boots.to_string(),
                slowest.map_or_else(String::new, |ms| format!("{ms:.1}")),
                format!("{:.1}", first.seconds),
                report.clone(),
            ],
            verdict: Some(verdict),
            remark: None,
            link: Some(report),
        }
    };
    let left_out = run.jobs.len().saturating_sub(MOST_ROWS);
    Part {
        title: "Runs".to_owned(),
        columns: vec![
            words("run", 3.4),
            number("passed", 0.8),
            number("starts", 0.8),
            number("p50, ms", 1.0),
            number("took, s", 0.9),
            words("report", 4.6),
        ],
        lines: run.jobs.iter().take(MOST_ROWS).map(line).collect(),
        remark: (left_out > 0).then(|| format!("And {left_out} more, in gate.json.")),
    }
}

fn compared(run: &GateRun, decision: &Decision) -> Part {
    let lines = decision.compared.iter().take(MOST_ROWS).map(|compared| {
        let [now, before] = compared.runs;
        Line {
            cells: vec![
                compared.group.clone(),
                compared.workload.clone(),
                compared.what.to_owned(),
                longer(compared.effect.ratio),
                format!(
                    "{} to {}",
                    longer(compared.effect.low),
                    longer(compared.effect.high)
                ),
                format!("{now} against {before}"),
            ],
            verdict: Some(if compared.is_slower {
                Verdict::Fail
            } else {
                Verdict::Pass
            }),
            remark: None,
            link: None,
        }
    });
    let lines: Vec<Line> = lines.collect();
    let remark = if lines.is_empty() {
        "Nothing was compared: there is no baseline, or this is one shard of several.".to_owned()
    } else {
        format!(
            "How much longer than before it takes, with an interval of 99.9 %; {:.1} % is allowed.",
            run.slower * 100.0
        )
    };
    Part {
        title: "Speed against the baseline".to_owned(),
        columns: vec![
            words("runs", 2.6),
            words("workload", 2.4),
            words("what", 1.0),
            number("longer by", 1.0),
            words("interval", 2.0),
            words("runs", 1.4),
        ],
        lines,
        remark: Some(remark),
    }
}
