//! Goldens in words.

use std::fmt::Write;

use reports::golden::{Comparator, Comparison, Golden, rungs};

use super::shelf::Trouble;

/// Most outputs that a difference lists one by one, so that its head stays on the screen.
const MOST: usize = 12;

/// One golden in a line.
pub(super) fn line(name: &str, candidate: bool, found: &Result<Golden, Trouble>) -> String {
    let what = if candidate { "candidate" } else { "golden" };
    match found {
        Err(error) => format!("{name:<24} {what:<9} damaged: {error}\n"),
        Ok(golden) => {
            let manifest = golden.manifest();
            let by = &manifest.provenance;
            let mut who = format!("made by {} on {}", or(&by.made_by), or(&by.date));
            if !by.accepted_by.is_empty() {
                let accepted = format!(", accepted by {} on {}", by.accepted_by, by.accepted_on);
                who.push_str(&accepted);
            }
            if let Some(expires) = &manifest.expires {
                // Writing to a String cannot fail.
                let _always_ok = write!(who, ", counts until {expires}");
            }
            format!(
                "{name:<24} {what:<9} {:<8} {:<11} {:>4} samples  {}  {who}\n",
                manifest.state.name(),
                comparator(&manifest.comparator),
                manifest.samples,
                manifest.dialect,
            )
        }
    }
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

/// A candidate beside its golden: each output by the golden's own comparator, and what of the
/// manifest changed.
pub(super) fn difference(golden: Option<&Golden>, candidate: &Golden) -> String {
    let mut text = format!("{}\n", candidate.name());
    let Some(golden) = golden else {
        let samples = candidate.sample_count();
        // Writing to a String cannot fail.
        let _always_ok = writeln!(text, "  there is no golden yet: {samples} new outputs");
        return text;
    };
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

/// What the manifests differ in, beside hashes and state.
fn changes(golden: &Golden, candidate: &Golden) -> Vec<(&'static str, String, String)> {
    let (old, new) = (golden.manifest(), candidate.manifest());
    let debug = |text: &dyn std::fmt::Debug| format!("{text:?}");
    [
        ("dialect", old.dialect.clone(), new.dialect.clone()),
        ("model", old.model.sha256.clone(), new.model.sha256.clone()),
        ("comparator", debug(&old.comparator), debug(&new.comparator)),
        (
            "noise floor",
            debug(&old.noise_floor),
            debug(&new.noise_floor),
        ),
        (
            "date",
            old.provenance.date.clone(),
            new.provenance.date.clone(),
        ),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}
