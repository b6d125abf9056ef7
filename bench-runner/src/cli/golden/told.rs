//! Goldens in words.

use std::collections::BTreeMap;
use std::fmt::Write;

use reports::golden::{Comparator, Comparison, Golden, Provenance, rungs};

use super::shelf::{Speed, Trouble};

/// Most outputs that a difference lists one by one, so that its head stays on a screen of 24 rows.
const MOST: usize = 6;

/// One golden in two lines that fit a terminal: what it is, then where it is from. `today` is
/// `YYYY-MM-DD`.
pub(super) fn line(
    name: &str,
    candidate: bool,
    found: &Result<Golden, Trouble>,
    today: &str,
) -> String {
    let what = if candidate { "candidate" } else { "golden" };
    match found {
        Err(error) => format!("{name:<24} {what:<9} damaged: {error}\n"),
        Ok(golden) => {
            let manifest = golden.manifest();
            let expires = match &manifest.expires {
                Some(day) if manifest.is_over(today) => {
                    format!(", counted until {day} and is over")
                }
                Some(day) => format!(", counts until {day}"),
                None => String::new(),
            };
            format!(
                "{name:<24} {what:<9} {:<8} {}, {} samples{expires}\n    {}; {}\n",
                manifest.state.name(),
                comparator(&manifest.comparator),
                manifest.samples,
                manifest.dialect,
                who(&manifest.provenance)
            )
        }
    }
}

/// A throughput golden in a line.
pub(super) fn throughput(name: &str, found: &Speed) -> String {
    match found {
        Err(error) => format!("{name:<24} speed     damaged: {error}\n"),
        Ok(golden) => {
            let cells: usize = golden.workloads.values().map(BTreeMap::len).sum();
            let answers = golden.workloads.values().flat_map(BTreeMap::values);
            let answers: u64 = answers.map(|cell| cell.samples).sum();
            format!(
                "{name:<24} speed     accepted {cells} cells of {answers} answers, {} % slower at most\n",
                golden.band.slower * 100.0
            )
        }
    }
}

/// Who made a golden's outputs, and who accepted them.
fn who(provenance: &Provenance) -> String {
    let Provenance {
        made_by,
        date,
        accepted_by,
        accepted_on,
        ..
    } = provenance;
    let made = format!("made by {} on {}", or(made_by), or(date));
    if accepted_by.is_empty() {
        made
    } else {
        format!("{made}, accepted by {accepted_by} on {accepted_on}")
    }
}

/// Where a candidate is from, line by line: the run, or whoever made it.
fn origin(provenance: &Provenance) -> String {
    let Provenance {
        run,
        record_sha256,
        board,
        conditions,
        bench,
        date,
        ..
    } = provenance;
    if run.is_empty() {
        return format!("  {}\n", who(provenance));
    }
    let record = record_sha256.get(..12).unwrap_or(record_sha256);
    let mut text = format!(
        "  from run {run}, on {} by bench {}, record {}\n  board {}\n",
        or(date),
        or(bench),
        or(record),
        or(board)
    );
    for condition in conditions.split(", ").filter(|it| !it.is_empty()) {
        // Writing to a String cannot fail.
        let _always_ok = writeln!(text, "    {condition}");
    }
    text
}

fn or(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

fn comparator(comparator: &Comparator) -> &'static str {
    match comparator {
        Comparator::BitExact => "bit-exact",
        Comparator::Tolerance { .. } => "tolerance",
        Comparator::Lsb { .. } => "lsb",
        Comparator::Ulp { .. } => "ulp",
        Comparator::Similarity { .. } => "similarity",
        Comparator::TopK { .. } => "top-k",
        Comparator::Psnr { .. } => "psnr",
        Comparator::Tokens { .. } => "tokens",
        Comparator::TeacherForced { .. } => "teacher-forced",
        Comparator::Detections { .. } => "detections",
    }
}

/// A candidate beside its golden: where it is from, each output by the golden's own comparator, and what
/// of the manifest changed.
pub(super) fn difference(golden: Option<&Golden>, candidate: &Golden) -> String {
    let from = origin(&candidate.manifest().provenance);
    let mut text = format!("{}\n{from}", candidate.name());
    let Some(golden) = golden else {
        let samples = candidate.sample_count();
        // Writing to a String cannot fail.
        let _always_ok = writeln!(text, "  there is no golden yet: {samples} new outputs");
        return text;
    };
    let _always_ok = writeln!(
        text,
        "  in place of what was {}",
        who(&golden.manifest().provenance)
    );
    let compared = golden.against(candidate);
    let counts: Vec<String> = rungs(&compared)
        .into_iter()
        .map(|(rung, count)| format!("{count} {rung}"))
        .collect();
    let _always_ok = writeln!(
        text,
        "  {} outputs by {}: {}",
        compared.len(),
        comparator(&golden.manifest().comparator),
        counts.join(", ")
    );
    let mut differing: Vec<&Comparison> = compared
        .iter()
        .filter(|comparison| comparison.index.is_some() || !comparison.passes())
        .collect();
    // What is wrong first, and of that what is farthest off.
    differing.sort_by(|a, b| {
        let by_rung = a.passes().cmp(&b.passes());
        by_rung.then(b.difference.total_cmp(&a.difference))
    });
    for comparison in differing.iter().take(MOST) {
        let rung = comparison.rung.to_string();
        let _always_ok = writeln!(text, "  {rung:<10} {}", comparison.because);
    }
    if differing.len() > MOST {
        let _always_ok = writeln!(text, "  … and {} more", differing.len() - MOST);
    }
    for (key, old, new) in changes(golden, candidate) {
        let _always_ok = writeln!(text, "  {key}\n  - {old}\n  + {new}");
    }
    text
}

/// What the manifests differ in, beside hashes, state and provenance.
fn changes(golden: &Golden, candidate: &Golden) -> Vec<(&'static str, String, String)> {
    let (old, new) = (golden.manifest(), candidate.manifest());
    let never = |day: &Option<String>| day.clone().unwrap_or_else(|| "never".to_owned());
    [
        ("dialect", old.dialect.clone(), new.dialect.clone()),
        ("model", old.model.sha256.clone(), new.model.sha256.clone()),
        (
            "comparator",
            spelled(&old.comparator),
            spelled(&new.comparator),
        ),
        (
            "noise floor",
            old.noise_floor.to_string(),
            new.noise_floor.to_string(),
        ),
        ("expires", never(&old.expires), never(&new.expires)),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}

/// A comparator as manifests spell it, in one line.
fn spelled(comparator: &Comparator) -> String {
    let text = toml::to_string(comparator).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(", ")
}
