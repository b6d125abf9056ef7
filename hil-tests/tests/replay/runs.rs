//! Runs in a folder: listed, found again, and two of them side by side.
//!
//! 1. the index says what the folders say, is no longer believed when they change, and can be
//!    rebuilt from them when it is gone or damaged;
//! 2. runs are found by campaign, verdict and failing check;
//! 3. two runs are compared by verdicts, margins, throughput, energy and clocks.

use std::fs;
use std::path::Path;

use hil_tests::program::{Program, Said};
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use serde_json::Value;

use crate::smoke;

fn lay_out(ran: &Ran, folder: &Path) {
    for (path, bytes) in &ran.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn bench(folder: &Path, arguments: &[&str]) -> Said {
    Program::new(env!("CARGO_BIN_EXE_bench-under-test"), folder).run(arguments)
}

fn lines(said: &Said) -> Vec<Value> {
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The smoke campaign on a board whose clock is fast, with another seed and a supply at 27.5 V.
fn other() -> Ran {
    let options = "options    = { network = \"eo-cloudnet-tiny\" }";
    let fast = options.replace(" }", ", clock_ppm = 40.0, time_code = \"cuc\" }");
    let scene = Scene::of("smoke").wired(options, &fast);
    let scene = scene.asking("volts = 28.0", "volts = 26.5");
    scene.run_with_seed(Some(2))
}

#[test]
fn the_index_is_a_memory_and_no_truth() {
    let place = tempfile::tempdir().unwrap();
    let (runs, index) = (
        place.path().join("runs"),
        place.path().join("runs/.runs.jsonl"),
    );
    lay_out(smoke(), &runs.join("smoke/one"));
    lay_out(smoke(), &runs.join("smoke/two"));
    let list = |more: &[&str]| {
        let said = bench(place.path(), &[&["runs", "--json"], more].concat());
        assert_eq!(said.code, Some(0), "{}", said.all());
        said.out
    };
    let first = list(&[]);
    assert_eq!(first.lines().count(), 2);
    assert_eq!(fs::read_to_string(&index).unwrap().lines().count(), 2);
    assert_eq!(list(&[]), first, "by the index");
    // It is used: what it says of a run that has not changed is believed.
    let written = fs::read_to_string(&index).unwrap();
    fs::write(&index, written.replace("\"smoke\"", "\"smoky\"")).unwrap();
    assert!(list(&[]).contains("smoky"));
    assert_eq!(list(&["--rebuild"]), first);
    // Damaged, or of another program.
    for damaged in [&written[..written.len() / 3], "{}\n[1]\nnonsense\n", ""] {
        fs::write(&index, damaged).unwrap();
        assert_eq!(list(&[]), first);
    }
    // A run that changed is read again, one that is gone is forgotten.
    let manifest = runs.join("smoke/two/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("\"verdict\": \"pass\"", "\"verdict\": \"fail\""),
    )
    .unwrap();
    assert_ne!(list(&[]), first);
    fs::remove_dir_all(runs.join("smoke/two")).unwrap();
    assert_eq!(list(&[]).lines().count(), 1);
    assert_eq!(fs::read_to_string(&index).unwrap().lines().count(), 1);
}

#[test]
fn runs_are_found_by_what_they_are() {
    let place = tempfile::tempdir().unwrap();
    lay_out(smoke(), &place.path().join("runs/one"));
    lay_out(&other(), &place.path().join("runs/two"));
    lay_out(smoke(), &place.path().join("runs/cut"));
    fs::remove_file(place.path().join("runs/cut/manifest.json")).unwrap();
    let found = |more: &[&str]| -> Vec<String> {
        let said = bench(place.path(), &[&["runs", "--json"], more].concat());
        let folders = lines(&said).into_iter();
        folders
            .map(|run| run["folder"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(&[]), ["runs/cut", "runs/one", "runs/two"]);
    assert_eq!(found(&["--verdict", "fail"]), ["runs/two"]);
    assert_eq!(found(&["--failing", "bus voltage"]), ["runs/two"]);
    assert_eq!(
        found(&["--campaign", "smoke", "--verdict", "pass"]),
        ["runs/one"]
    );
    assert_eq!(
        bench(place.path(), &["runs", "--campaign", "none"]).code,
        Some(4)
    );
    assert!(
        bench(place.path(), &["runs"])
            .out
            .contains("CUT OFF       runs/cut")
    );
}

#[test]
fn two_runs_stand_side_by_side() {
    let place = tempfile::tempdir().unwrap();
    lay_out(smoke(), &place.path().join("one"));
    lay_out(&other(), &place.path().join("two"));
    let same = bench(place.path(), &["runs", "--compare", "one", "one"]);
    assert_eq!(same.code, Some(0), "{}", same.all());
    assert!(
        same.out
            .ends_with("the records are equal to the byte\nthe findings are equal\n")
    );
    assert!(
        !same.out.contains('*') && !same.out.contains('%'),
        "{}",
        same.out
    );
    let said = bench(place.path(), &["runs", "--compare", "one", "two"]);
    assert_eq!(said.code, Some(1), "{}", said.all());
    let line = |what: &str| said.out.lines().find(|line| line.contains(what)).unwrap();
    let bus = line("bus voltage in band");
    assert!(
        bus.starts_with("* ") && bus.contains("PASS 2") && bus.contains("FAIL 26."),
        "{bus}"
    );
    assert!(bus.contains("margin -0."), "{bus}");
    assert!(line("cloud mask, all, 1/s").contains(" | "));
    let drift = said.out.split("clock drift, ppm\n").nth(1).unwrap();
    assert!(
        drift.starts_with("* payload  0") && drift.contains("| 4") || drift.contains("| 39."),
        "{drift}"
    );
    let told = bench(place.path(), &["runs", "--compare", "one", "two", "--json"]);
    let told = &lines(&told)[0];
    let energy = told["energy, J"].as_array().unwrap();
    let supply = energy
        .iter()
        .find(|row| row["what"] == "bus_supply")
        .unwrap();
    let joules = |run: &str| supply[run].as_f64().unwrap();
    // A minute or more of two boards of 8 to 24 W, on less volts with more amperes.
    assert!((500.0..3_000.0).contains(&joules("first")), "{supply}");
    assert!(
        (joules("second") / joules("first") - 1.0).abs() < 0.1,
        "{supply}"
    );
    assert_eq!(
        told["findings"].as_array().unwrap().len(),
        smoke().outcome.report.findings.len()
    );
}
