//! `bench runs`: the runs in a folder, found by what they left; two of them compared.
//!
//! There is no index that could be wrong: each run's folder says what it is, and is read anew.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::{complain, print};
use crate::execute::{MANIFEST_FILE, RECORD_FILE};
use crate::exit::Exit;

/// List runs, or compare two
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Folder with runs, however deep
    #[arg(default_value = "runs")]
    folder: PathBuf,
    /// Only runs of campaigns with this in their name
    #[arg(long)]
    campaign: Option<String>,
    /// Only runs with this verdict
    #[arg(long, value_parser = ["pass", "fail", "inconclusive"])]
    verdict: Option<String>,
    /// Only runs that began at this UTC date or later: `2026-11-27`
    #[arg(long)]
    since: Option<String>,
    /// Compare two runs: what was asked of them, and their findings
    #[arg(long, num_args = 2, value_names = ["RUN", "RUN"])]
    compare: Option<Vec<PathBuf>>,
    /// JSON lines
    #[arg(long)]
    json: bool,
}

/// What a run's folder says of it.
struct Run {
    folder: PathBuf,
    manifest: Value,
    summary: Value,
}

/// Deeper folders are not looked into.
const DEEPEST: usize = 6;

pub(in crate::cli) fn main(args: &Args) -> Exit {
    if let Some([one, other]) = args.compare.as_deref() {
        return compare(one, other);
    }
    if !args.folder.is_dir() {
        complain(&format!("Error: {} is no folder\n", args.folder.display()));
        return Exit::Refused;
    }
    let mut runs = Vec::new();
    gather(&args.folder, 0, &mut runs);
    runs.retain(|run| wanted(args, run));
    runs.sort_by(|a, b| {
        (text(&a.manifest, "started"), &a.folder).cmp(&(text(&b.manifest, "started"), &b.folder))
    });
    let lines = runs
        .iter()
        .map(|run| if args.json { json(run) } else { line(run) });
    print(&lines.collect::<String>());
    if runs.is_empty() {
        complain(&format!("no run in {} fits\n", args.folder.display()));
        return Exit::Inconclusive;
    }
    Exit::Passed
}

fn wanted(args: &Args, run: &Run) -> bool {
    let campaign = text(&run.manifest, "campaign");
    let part = args.campaign.as_deref().unwrap_or_default();
    let verdict = args.verdict.as_deref();
    let since = args.since.as_deref().unwrap_or_default();
    // Times in RFC 3339 of one zone sort as text.
    campaign.contains(part)
        && verdict.is_none_or(|verdict| text(&run.manifest, "verdict") == verdict)
        && text(&run.manifest, "started") >= since
}

fn gather(folder: &Path, depth: usize, runs: &mut Vec<Run>) {
    if folder.join(RECORD_FILE).is_file() {
        runs.push(read(folder));
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        // Links could lead in circles.
        if depth < DEEPEST && path.is_dir() && !path.is_symlink() {
            gather(&path, depth + 1, runs);
        }
    }
}

fn read(folder: &Path) -> Run {
    let of = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    };
    Run {
        folder: folder.to_owned(),
        manifest: of(MANIFEST_FILE),
        summary: of("summary.json"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn line(run: &Run) -> String {
    let Run {
        folder,
        manifest,
        summary,
    } = run;
    let folder = folder.display();
    if manifest.is_null() {
        return format!("{:<20}  CUT OFF       {folder}\n", "");
    }
    let started: String = text(manifest, "started").chars().take(19).collect();
    let verdict = text(manifest, "verdict").to_uppercase();
    let because = text(summary, "because");
    let campaign = text(manifest, "campaign");
    format!("{started:<20}  {verdict:<12}  {folder}  {campaign}: {because}\n")
}

fn json(run: &Run) -> String {
    let of = |key: &str| run.manifest.get(key).cloned().unwrap_or(Value::Null);
    let line = serde_json::json!({
        "folder": run.folder.to_string_lossy(),
        "campaign": of("campaign"),
        "started": of("started"),
        "ended": of("ended"),
        "seed": of("seed"),
        "verdict": of("verdict"),
        "exit_code": of("exit_code"),
        "ending": of("ending"),
        "because": run.summary.get("because").cloned().unwrap_or(Value::Null),
    });
    format!("{line}\n")
}

/// Says what differs, key by key; exit code 1 if findings do.
fn compare(one: &Path, other: &Path) -> Exit {
    for folder in [one, other] {
        if let Some(exit) = crate::cli::no_run(folder) {
            return exit;
        }
    }
    let (one, other) = (read(one), read(other));
    let keys = [
        "campaign",
        "wiring",
        "seed",
        "pace",
        "versions",
        "identities",
        "inputs",
        "ending",
        "verdict",
        "sim_seconds",
    ];
    let differing = keys.iter().filter_map(|key| {
        let (a, b) = (&one.manifest[*key], &other.manifest[*key]);
        (a != b).then(|| format!("{key}: {a} | {b}\n"))
    });
    let mut told: String = differing.collect();
    let same_record = one.manifest["record"] == other.manifest["record"];
    if same_record && !one.manifest.is_null() {
        told += "the records are equal to the byte\n";
    }
    let differ = findings(&one.summary, &other.summary);
    for line in &differ {
        told += line;
    }
    if differ.is_empty() {
        told += "the findings are equal\n";
    }
    print(&told);
    if differ.is_empty() {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

fn findings(one: &Value, other: &Value) -> Vec<String> {
    let list = |summary: &Value| summary["findings"].as_array().cloned().unwrap_or_default();
    let (ones, others) = (list(one), list(other));
    let same = |a: &Value, b: &Value| {
        ["check", "kind", "subject", "during"]
            .iter()
            .all(|key| a[key] == b[key])
    };
    let mut differ = Vec::new();
    for a in &ones {
        let name = text(a, "check");
        match others.iter().find(|b| same(a, b)) {
            None => differ.push(format!("{name}: only in the first run\n")),
            Some(b) if a["verdict"] != b["verdict"] || a["value"] != b["value"] => {
                let told = |finding: &Value| {
                    format!(
                        "{} {} {}",
                        text(finding, "verdict"),
                        finding["value"],
                        text(finding, "unit")
                    )
                };
                let (told_a, told_b) = (told(a), told(b));
                differ.push(format!(
                    "{name}: {} | {}\n",
                    told_a.trim_end(),
                    told_b.trim_end()
                ));
            }
            Some(_) => {}
        }
    }
    for b in others.iter().filter(|b| !ones.iter().any(|a| same(a, b))) {
        differ.push(format!("{}: only in the second run\n", text(b, "check")));
    }
    differ
}
