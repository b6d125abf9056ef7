//! The index of a folder of runs: what each run's files say of it, so that they need not be read
//! each time.
//!
//! It is a memory and no truth: each of its lines names the lengths and times of the files that it
//! was made from, and counts only while they have them. It can be deleted, damaged or be somebody
//! else's to write; then the folders are read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::execute::MANIFEST_FILE;
use crate::watch::find;

/// The index, in the folder that was listed.
const INDEX_FILE: &str = ".runs.jsonl";

const SUMMARY_FILE: &str = "summary.json";

/// A run, and what its folder says of it.
pub(in crate::cli::past) struct Run {
    pub(in crate::cli::past) folder: PathBuf,
    pub(in crate::cli::past) facts: Value,
}

/// All runs below `folder`, by the index where it holds, else by their files.
pub(in crate::cli::past) fn runs(folder: &Path, rebuild: bool) -> Vec<Run> {
    let index = folder.join(INDEX_FILE);
    let written = fs::read_to_string(&index).unwrap_or_default();
    let mut known = if rebuild {
        BTreeMap::new()
    } else {
        understood(&written)
    };
    let (mut runs, mut lines) = (Vec::new(), String::new());
    for place in find::folders(folder) {
        let within = place.strip_prefix(folder).unwrap_or(&place);
        let name = within.to_string_lossy().into_owned();
        let stamp = stamp(&place);
        let same = known.remove(&name).filter(|(then, _)| *then == stamp);
        let mut facts = same.map_or_else(|| facts(&place), |(_, facts)| facts);
        let line = json!({"run": name, "files": stamp, "facts": facts});
        lines.extend([line.to_string(), "\n".to_owned()]);
        facts["folder"] = json!(place.to_string_lossy());
        runs.push(Run {
            folder: place,
            facts,
        });
    }
    if lines != written {
        keep(&index, &lines);
    }
    runs
}

/// Facts of one run, read from its files.
pub(in crate::cli::past) fn read(folder: &Path) -> Run {
    Run {
        folder: folder.to_owned(),
        facts: facts(folder),
    }
}

/// Lines that can be read, by run; others are as if they were not there.
fn understood(written: &str) -> BTreeMap<String, (Value, Value)> {
    let lines = written.lines().filter_map(|line| {
        let mut line: Value = serde_json::from_str(line).ok()?;
        let name = line["run"].as_str()?.to_owned();
        let facts = line["facts"].take();
        facts
            .is_object()
            .then(|| (name, (line["files"].take(), facts)))
    });
    lines.collect()
}

/// Length and time of change, in ns, of the files that facts are read from.
fn stamp(folder: &Path) -> Value {
    let of = |name: &str| {
        let known = fs::metadata(folder.join(name)).ok()?;
        let changed = known.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some((known.len(), changed.as_nanos().to_string()))
    };
    json!([of(MANIFEST_FILE), of(SUMMARY_FILE)])
}

fn facts(folder: &Path) -> Value {
    let of = |name: &str| -> Value {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    };
    let (manifest, summary) = (of(MANIFEST_FILE), of(SUMMARY_FILE));
    let mut facts = json!({});
    for key in [
        "campaign",
        "wiring",
        "started",
        "ended",
        "seed",
        "pace",
        "versions",
        "identities",
        "inputs",
        "record",
        "ending",
        "verdict",
        "exit_code",
        "sim_seconds",
    ] {
        facts[key] = manifest[key].clone();
    }
    for key in ["because", "findings", "workloads", "devices"] {
        facts[key] = summary[key].clone();
    }
    facts
}

/// Writes the index beside itself and puts it in place, so that nobody sees half of it. A folder
/// that may not be written has none.
fn keep(index: &Path, lines: &str) {
    let new = index.with_extension(format!("jsonl.{}", std::process::id()));
    let kept = fs::write(&new, lines).and_then(|()| fs::rename(&new, index));
    if kept.is_err() {
        let _not_there = fs::remove_file(&new);
    }
}
