//! `bench report --compare` and `--over`: two runs side by side, or one campaign over many runs, on paper
//! or for a browser.

use std::path::Path;

use reports::render::compare::Pair;
use reports::render::compare::trend::{Kind, Past, Runs, Told};
use reports::verdict::Verdict;
use serde_json::Value;

use super::runs::index;
use crate::cli::{complain, failed, no_run, print};
use crate::execute::judge;
use crate::exit::Exit;

/// Where a comparison goes that is told no other place.
const COMPARISON: &str = "comparison.pdf";

/// Draws two runs side by side. Both are judged again from their records.
pub(in crate::cli) fn compare(runs: [&Path; 2], out: Option<&Path>) -> Exit {
    let out = out.unwrap_or(Path::new(COMPARISON));
    let Some(form) = form(out) else {
        return unknown(out);
    };
    let mut judged = Vec::new();
    for run in runs {
        if let Some(exit) = no_run(run) {
            return exit;
        }
        match judge(run) {
            Ok(outcome) => judged.push(outcome),
            Err(error) => return failed(&error),
        }
    }
    let pair = Pair {
        before: &judged[0].report,
        now: &judged[1].report,
    };
    let drawn = match form {
        Form::Paper => pair.pdf().map_err(|error| error.to_string()),
        Form::Browser => Ok(pair.html().into_bytes()),
    };
    put(drawn, out)
}

/// Draws one campaign over all its runs below a folder.
pub(in crate::cli) fn over(folder: &Path, campaign: Option<&str>, out: Option<&Path>) -> Exit {
    let out = out.unwrap_or(Path::new(COMPARISON));
    let Some(form) = form(out) else {
        return unknown(out);
    };
    if !folder.is_dir() {
        complain(&format!("Error: {} is no folder\n", folder.display()));
        return Exit::Refused;
    }
    let mut found = index::runs(folder, false);
    found.retain(|run| run.facts["campaign"].is_string());
    let mut names: Vec<String> = found
        .iter()
        .map(|run| word(&run.facts, "campaign"))
        .collect();
    names.sort_unstable();
    names.dedup();
    let all = names.join(", ");
    if let Some(wanted) = campaign {
        names.retain(|name| name.contains(wanted));
    }
    let [name] = names.as_slice() else {
        let told = match names.as_slice() {
            [] if all.is_empty() => "holds no run that is over".to_owned(),
            [] => format!("holds no run of such a campaign, but of {all}"),
            many => format!(
                "holds runs of {}; choose one with --campaign",
                many.join(", ")
            ),
        };
        complain(&format!("Error: {} {told}\n", folder.display()));
        return Exit::Refused;
    };
    found.retain(|run| word(&run.facts, "campaign") == *name);
    let mut runs: Vec<Past> = found
        .iter()
        .map(|run| past(&run.folder, &run.facts))
        .collect();
    runs.sort_by(|a, b| (&a.started, &a.id).cmp(&(&b.started, &b.id)));
    let runs = Runs {
        campaign: name.clone(),
        made_by: format!("bench {}", env!("CARGO_PKG_VERSION")),
        runs,
    };
    let drawn = match form {
        Form::Paper => runs.pdf().map_err(|error| error.to_string()),
        Form::Browser => Ok(runs.html().into_bytes()),
    };
    put(drawn, out)
}

enum Form {
    Paper,
    Browser,
}

fn form(out: &Path) -> Option<Form> {
    match out.extension()?.to_str()? {
        "pdf" => Some(Form::Paper),
        "html" => Some(Form::Browser),
        _ => None,
    }
}

fn unknown(out: &Path) -> Exit {
    complain(&format!(
        "Error: {} is neither .pdf nor .html; expected --out FILE.pdf or FILE.html\n",
        out.display()
    ));
    Exit::Refused
}

fn put(drawn: Result<Vec<u8>, String>, out: &Path) -> Exit {
    let written =
        drawn.and_then(|bytes| std::fs::write(out, bytes).map_err(|error| error.to_string()));
    match written {
        Ok(()) => {
            print(&format!("{}\n", out.display()));
            Exit::Passed
        }
        Err(why) => {
            complain(&format!("Error: cannot write {}: {why}\n", out.display()));
            Exit::BenchFault
        }
    }
}

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// A run as its summary tells it.
fn past(folder: &Path, facts: &Value) -> Past {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    let identities = facts["identities"].as_object();
    let mut firmware: Vec<String> = identities
        .into_iter()
        .flatten()
        .map(|(_, who)| word(who, "firmware"))
        .filter(|firmware| !firmware.is_empty())
        .collect();
    firmware.sort_unstable();
    firmware.dedup();
    let mut numbers = Vec::new();
    for finding in facts["findings"].as_array().into_iter().flatten() {
        numbers.push(Told {
            name: word(finding, "check"),
            kind: Kind::Margin,
            value: finding["margin"].as_f64(),
            unit: word(finding, "unit"),
            verdict: Some(verdict(&word(finding, "verdict"))),
        });
    }
    let told = |name: &str, kind, value: &Value, unit: &str| Told {
        name: name.to_owned(),
        kind,
        value: value.as_f64(),
        unit: unit.to_owned(),
        verdict: None,
    };
    for (name, workload) in facts["workloads"].as_object().into_iter().flatten() {
        let overall = &workload["overall"];
        numbers.push(told(name, Kind::Rate, &overall["rate_per_s"], "1/s"));
        numbers.push(told(name, Kind::Latency, &overall["p50_ms"], "ms"));
    }
    for (name, device) in facts["devices"].as_object().into_iter().flatten() {
        if device["energy_j"].is_number() {
            numbers.push(told(name, Kind::Energy, &device["energy_j"], "J"));
        }
    }
    Past {
        id: name.to_string_lossy().into_owned(),
        started: word(facts, "started"),
        firmware: firmware.join(", "),
        verdict: verdict(&word(facts, "verdict")),
        numbers,
    }
}

fn verdict(word: &str) -> Verdict {
    match word.to_lowercase().as_str() {
        "pass" => Verdict::Pass,
        "fail" => Verdict::Fail,
        _ => Verdict::Inconclusive,
    }
}
