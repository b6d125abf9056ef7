//! Two runs side by side: what was asked of them, verdicts and margins, throughput, energy, clocks.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{index, text};
use crate::cli::{no_run, print};
use crate::exit::Exit;

/// What was asked, and how it went.
const ASKED: [&str; 10] = [
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

/// Rows of a table: what, in the first run, in the second.
struct Section {
    title: &'static str,
    rows: Vec<(String, Value, Value)>,
}

/// Says how the runs stand to each other; exit code 1 if findings differ.
pub(super) fn compare(one: &Path, other: &Path, as_json: bool) -> Exit {
    for folder in [one, other] {
        if let Some(exit) = no_run(folder) {
            return exit;
        }
    }
    let (a, b) = (index::read(one).facts, index::read(other).facts);
    let sections = [
        asked(&a, &b),
        findings(&a, &b),
        throughput(&a, &b),
        by_device(&a, &b, "energy, J", |device| device["energy_j"].clone()),
        by_device(&a, &b, "clock drift, ppm", |device| {
            device["clock"]["drift_ppm"].clone()
        }),
    ];
    let equal = sections[1].rows.iter().all(|(_, one, other)| one == other);
    let same_record = !a["record"].is_null() && a["record"] == b["record"];
    print(&if as_json {
        in_json(&sections, same_record)
    } else {
        in_words(&sections, same_record, equal)
    });
    if equal { Exit::Passed } else { Exit::Failed }
}

/// What was asked differently; what is equal is not told.
fn asked(a: &Value, b: &Value) -> Section {
    let differing = ASKED.iter().filter(|key| a[**key] != b[**key]);
    let rows = differing.map(|key| {
        (
            (*key).to_owned(),
            brief(key, &a[*key]),
            brief(key, &b[*key]),
        )
    });
    Section {
        title: "asked",
        rows: rows.collect(),
    }
}

/// Inputs by path and the beginning of their SHA-256, which is all that a person compares.
fn brief(key: &str, value: &Value) -> Value {
    if key != "inputs" {
        return value.clone();
    }
    let files = value.as_array().into_iter().flatten();
    let files = files.map(|file| {
        let sum: String = text(file, "sha256").chars().take(8).collect();
        format!("{} {sum}", text(file, "path"))
    });
    json!(files.collect::<Vec<_>>().join(", "))
}

/// Verdict, value and margin of each check that either run has.
fn findings(a: &Value, b: &Value) -> Section {
    let list = |facts: &Value| facts["findings"].as_array().cloned().unwrap_or_default();
    let (ones, others) = (list(a), list(b));
    let same = |a: &Value, b: &Value| {
        ["check", "kind", "subject", "during"]
            .iter()
            .all(|key| a[key] == b[key])
    };
    let told = |finding: Option<&Value>| {
        finding.map_or(Value::Null, |finding| {
            json!({
                "verdict": finding["verdict"], "value": finding["value"],
                "margin": finding["margin"], "unit": finding["unit"],
            })
        })
    };
    let mut rows = Vec::new();
    for finding in &ones {
        let other = others.iter().find(|other| same(finding, other));
        let name = text(finding, "check").to_owned();
        rows.push((name, told(Some(finding)), told(other)));
    }
    for finding in others.iter().filter(|b| !ones.iter().any(|a| same(a, b))) {
        rows.push((
            text(finding, "check").to_owned(),
            Value::Null,
            told(Some(finding)),
        ));
    }
    Section {
        title: "findings",
        rows,
    }
}

/// Answers a second, and latencies, of each workload over all and by phase.
fn throughput(a: &Value, b: &Value) -> Section {
    let mut rows = Vec::new();
    for workload in keys(&a["workloads"], &b["workloads"]) {
        let (one, other) = (&a["workloads"][&workload], &b["workloads"][&workload]);
        let mut row = |phase: &str, one: &Value, other: &Value| {
            for (key, unit) in [
                ("rate_per_s", "1/s"),
                ("p50_ms", "p50 ms"),
                ("p99_ms", "p99 ms"),
            ] {
                let name = format!("{workload}, {phase}, {unit}");
                rows.push((name, one[key].clone(), other[key].clone()));
            }
        };
        row("all", &one["overall"], &other["overall"]);
        for phase in keys(&one["phases"], &other["phases"]) {
            row(&phase, &one["phases"][&phase], &other["phases"][&phase]);
        }
    }
    Section {
        title: "throughput",
        rows,
    }
}

/// A number of each device that has it in either run.
fn by_device(a: &Value, b: &Value, title: &'static str, of: fn(&Value) -> Value) -> Section {
    let names = keys(&a["devices"], &b["devices"]).into_iter();
    let rows = names.filter_map(|name| {
        let (one, other) = (of(&a["devices"][&name]), of(&b["devices"][&name]));
        let is_told = !(one.is_null() && other.is_null());
        is_told.then_some((name, one, other))
    });
    Section {
        title,
        rows: rows.collect(),
    }
}

/// The keys that either has, in order.
fn keys(a: &Value, b: &Value) -> BTreeSet<String> {
    let of = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect());
    let mut all: BTreeSet<String> = of(a).unwrap_or_default();
    all.extend(of(b).unwrap_or_default());
    all
}

fn in_json(sections: &[Section], same_record: bool) -> String {
    let mut all = json!({"equal_records": same_record});
    for section in sections {
        let rows = section.rows.iter();
        let rows = rows.map(|(what, one, other)| {
            json!({"what": what, "first": one, "second": other, "equal": one == other})
        });
        all[section.title] = rows.collect();
    }
    format!("{all}\n")
}

/// A table for each section. What differs is marked in front, with its difference behind.
fn in_words(sections: &[Section], same_record: bool, equal: bool) -> String {
    let mut told = String::new();
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        told.extend([section.title, "\n"]);
        let rows = section.rows.iter().map(|(what, one, other)| {
            let mark = if one == other { ' ' } else { '*' };
            let cells = [format!("{mark} {what}"), cell(one), cell(other)];
            (cells, difference(one, other))
        });
        let rows: Vec<([String; 3], String)> = rows.collect();
        let [first, second, third] = [0, 1, 2].map(|column| {
            let widths = rows.iter().map(|(cells, _)| cells[column].chars().count());
            widths.max().unwrap_or(0)
        });
        for ([what, one, other], by) in &rows {
            let line = format!("{what:<first$}  {one:<second$} | {other:<third$}  {by}");
            told.extend([line.trim_end(), "\n"]);
        }
    }
    if same_record {
        told += "the records are equal to the byte\n";
    }
    if equal {
        told += "the findings are equal\n";
    }
    told
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(finding) if finding.contains_key("verdict") => {
            let number = |key: &str| finding[key].as_f64().map(|number| format!("{number:.4}"));
            let unit = text(value, "unit");
            let verdict = text(value, "verdict").to_uppercase();
            match (number("value"), number("margin")) {
                (Some(value), Some(margin)) => format!("{verdict} {value} {unit}, margin {margin}"),
                (Some(value), None) => format!("{verdict} {value} {unit}"),
                (None, _) => verdict,
            }
        }
        other => other.to_string(),
    }
}

/// By how much the second is more than the first, where both are numbers.
fn difference(one: &Value, other: &Value) -> String {
    let number = |value: &Value| value.as_f64().or_else(|| value.get("value")?.as_f64());
    match (number(one), number(other)) {
        (Some(a), Some(b)) if a.to_bits() != b.to_bits() && a != 0.0 => {
            format!("{:+.2} %", (b - a) / a.abs() * 100.0)
        }
        _ => String::new(),
    }
}
