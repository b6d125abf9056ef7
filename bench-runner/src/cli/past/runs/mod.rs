//! `bench runs`: the runs in a folder, found by what they left; two of them side by side.

mod compare;
pub(super) mod index;

use std::path::PathBuf;

use serde_json::Value;

use crate::cli::{complain, print};
use crate::exit::Exit;
use index::Run;

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
    /// Only runs in which a check with this in its name did not pass
    #[arg(long, value_name = "CHECK")]
    failing: Option<String>,
    /// Compare two runs: what was asked of them, verdicts, margins, throughput, energy, clocks
    #[arg(long, num_args = 2, value_names = ["RUN", "RUN"])]
    compare: Option<Vec<PathBuf>>,
    /// Read every run's folder anew, whatever the index says
    #[arg(long)]
    rebuild: bool,
    /// JSON lines
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    if let Some([one, other]) = args.compare.as_deref() {
        return compare::compare(one, other, args.json);
    }
    if !args.folder.is_dir() {
        complain(&format!("Error: {} is no folder\n", args.folder.display()));
        return Exit::Refused;
    }
    let mut runs = index::runs(&args.folder, args.rebuild);
    runs.retain(|run| wanted(args, run));
    runs.sort_by(|a, b| {
        (text(&a.facts, "started"), &a.folder).cmp(&(text(&b.facts, "started"), &b.folder))
    });
    let lines = runs.iter().map(|run| {
        if args.json {
            format!("{}\n", run.facts)
        } else {
            line(run)
        }
    });
    print(&lines.collect::<String>());
    if runs.is_empty() {
        complain(&format!("no run in {} fits\n", args.folder.display()));
        return Exit::Inconclusive;
    }
    Exit::Passed
}

fn wanted(args: &Args, run: &Run) -> bool {
    let campaign = text(&run.facts, "campaign");
    let part = args.campaign.as_deref().unwrap_or_default();
    let verdict = args.verdict.as_deref();
    let since = args.since.as_deref().unwrap_or_default();
    let findings = run.facts["findings"].as_array();
    let fails = |check: &str| {
        let mut findings = findings.into_iter().flatten();
        findings.any(|f| text(f, "check").contains(check) && text(f, "verdict") != "pass")
    };
    // Times in RFC 3339 of one zone sort as text.
    campaign.contains(part)
        && verdict.is_none_or(|verdict| text(&run.facts, "verdict") == verdict)
        && text(&run.facts, "started") >= since
        && args.failing.as_deref().is_none_or(fails)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn line(run: &Run) -> String {
    let (folder, facts) = (run.folder.display(), &run.facts);
    if facts["verdict"].is_null() {
        return format!("{:<20}  CUT OFF       {folder}\n", "");
    }
    let started: String = text(facts, "started").chars().take(19).collect();
    let verdict = text(facts, "verdict").to_uppercase();
    let (because, campaign) = (text(facts, "because"), text(facts, "campaign"));
    format!("{started:<20}  {verdict:<12}  {folder}  {campaign}: {because}\n")
}
