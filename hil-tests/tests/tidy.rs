//! The rules of the house that no compiler holds. Each test names every offender at once.
//!
//! 1. the six arrows between the crates, and no other;
//! 2. no file over 400 lines, tests apart;
//! 3. every module says what it is for: it starts with `//!`;
//! 4. every `select!` is biased;
//! 5. every family has its role and its contract;
//! 6. every test file is named in its `main.rs`;
//! 7. the traits are the ones that are documented;
//! 8. no folder of sources holds more than 14 files;
//! 9. no path, address or mirror of anyone's machine;
//! 10. nothing left to do, ignored without a reason, or iterated at random;
//! 11. the wall clock is read in the places that are known, and nowhere else;
//! 12. the tree in `docs/ARCHITECTURE.md` is the one that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use hil_tests::sources::{Source, files, rust, texts, workspace};

const CRATES: [&str; 5] = [
    "profiles",
    "drivers",
    "reports",
    "bench-runner",
    "hil-tests",
];

/// Families: rooms with a fixed furniture.
const FAMILIES: [&str; 9] = [
    "drivers/src/electronic_load",
    "drivers/src/power_analyser",
    "drivers/src/power_supply",
    "drivers/src/solar_array_simulator",
    "drivers/src/thermal_chamber",
    "drivers/src/attenuator",
    "drivers/src/accelerator",
    "drivers/src/telemetry",
    "reports/src/check",
];

/// The traits of the house; another one needs a decision record.
const TRAITS: [&str; 12] = [
    "Accelerator",
    "Attenuator",
    "Check",
    "Decoder",
    "Device",
    "ElectronicLoad",
    "Emulator",
    "Observer",
    "Player",
    "PowerSupply",
    "SolarArraySimulator",
    "ThermalChamber",
];

const MOST_LINES: usize = 400;
const MOST_FILES: usize = 14;

/// Fails with everything that is wrong, if anything is.
fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

/// The lines of a source that are not comments, with their numbers.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(source.text.lines());
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// This file names what it forbids.
fn others(mut sources: Vec<Source>) -> Vec<Source> {
    sources.retain(|source| source.path != "hil-tests/tests/tidy.rs");
    sources
}

fn manifest(name: &str) -> toml::Table {
    let text = fs::read_to_string(workspace().join(name).join("Cargo.toml")).unwrap();
    text.parse().unwrap()
}

fn arrows(name: &str) -> BTreeSet<String> {
    let manifest = manifest(name);
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = tables
        .iter()
        .filter_map(|key| manifest.get(*key)?.as_table());
    let names = tables.flat_map(|table| table.keys().cloned());
    names
        .filter(|name| CRATES.contains(&name.as_str()))
        .collect()
}

#[test]
fn crates_depend_downwards_only() {
    let allowed = BTreeMap::from([
        ("profiles", vec![]),
        ("drivers", vec!["profiles"]),
        ("reports", vec!["profiles"]),
        ("bench-runner", vec!["drivers", "profiles", "reports"]),
        (
            "hil-tests",
            vec!["bench-runner", "drivers", "profiles", "reports"],
        ),
    ]);
    let mut wrong = Vec::new();
    for (name, allowed) in &allowed {
        let found = arrows(name);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        if found != *allowed {
            wrong.push(format!("{name} depends on {found:?}, not {allowed:?}"));
        }
    }
    none(&wrong, "the six arrows");
    let workspace = manifest("");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let members: Vec<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, CRATES);
}

#[test]
fn no_file_is_longer_than_its_reader_is_patient() {
    let long = |source: &Source| {
        let lines = source.lines_without_tests();
        (!source.is_test() && lines > MOST_LINES).then(|| format!("{}: {lines}", source.path))
    };
    none(
        &rust().iter().filter_map(long).collect::<Vec<_>>(),
        "at most 400 lines",
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = |source: &Source| {
        // Attributes of a fuzz target's crate may come first.
        let mut lines = source.text.lines().filter(|line| !line.starts_with("#!["));
        let first = lines.find(|line| !line.is_empty());
        let told = first.is_some_and(|line| line.starts_with("//! "));
        (!told).then(|| source.path.clone())
    };
    none(
        &rust().iter().filter_map(silent).collect::<Vec<_>>(),
        "starts with `//!`",
    );
}

#[test]
fn every_select_is_biased() {
    let call = concat!("select", "! {");
    let mut wrong = Vec::new();
    for source in &rust() {
        for (at, _) in source.text.match_indices(call) {
            let rest = source.text[at + call.len()..].trim_start();
            if !rest.starts_with("biased;") {
                let line = source.text[..at].lines().count();
                wrong.push(format!("{}:{line}", source.path));
            }
        }
    }
    none(&wrong, "`biased;` first");
}

#[test]
fn every_family_has_its_furniture() {
    let files = files();
    let has = |path: &str| files.iter().any(|file| file == path);
    let mut wrong = Vec::new();
    for family in FAMILIES {
        if !has(&format!("{family}/role.rs")) {
            wrong.push(format!("{family} has no role.rs"));
        }
        if !has(&format!("{family}/contract.rs")) && !has(&format!("{family}/contract/mod.rs")) {
            wrong.push(format!("{family} has no contract.rs"));
        }
    }
    none(&wrong, "a family is a room");
    // A room that is new is furnished too.
    let roles = files
        .iter()
        .filter_map(|file| file.strip_suffix("/role.rs"));
    let unknown: Vec<&str> = roles.filter(|room| !FAMILIES.contains(room)).collect();
    assert_eq!(unknown, [""; 0], "name them here");
}

#[test]
fn no_test_file_is_forgotten() {
    let sources = rust();
    let mut wrong = Vec::new();
    for main in &sources {
        let folder = main.folder();
        if main.name() != "main.rs" || !folder.contains("/tests") {
            continue;
        }
        for source in &sources {
            let inside = source.path.strip_prefix(folder);
            let Some(inside) = inside.and_then(|path| path.strip_prefix('/')) else {
                continue;
            };
            let module = match inside.split_once('/') {
                Some((module, "mod.rs")) => module,
                Some(_) => continue,
                None => inside.trim_end_matches(".rs"),
            };
            let named = format!("mod {module};");
            if module != "main" && !main.text.lines().any(|line| line.ends_with(&named)) {
                wrong.push(source.path.clone());
            }
        }
    }
    none(&wrong, "named in main.rs");
}

#[test]
fn traits_are_the_documented_ones() {
    let mut wrong = Vec::new();
    let mut found = BTreeSet::new();
    for source in &rust() {
        for (line, text) in code(source) {
            let public = text.trim_start().strip_prefix("pub");
            let rest = public.and_then(|rest| rest.split_once("trait "));
            let Some((visible, name)) = rest else {
                continue;
            };
            if !(visible.trim().is_empty() || visible.trim().starts_with('(')) {
                continue;
            }
            let end = name
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(name.len());
            if !TRAITS.contains(&&name[..end]) {
                wrong.push(format!("{}:{line}: {}", source.path, &name[..end]));
            }
            found.insert(name[..end].to_owned());
        }
    }
    none(&wrong, "twelve traits");
    assert!(found.len() <= TRAITS.len());
}

#[test]
fn no_folder_of_sources_is_crowded() {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for source in &rust() {
        folders.entry(source.folder().to_owned()).or_default();
    }
    for file in files() {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(count) = folders.get_mut(folder) {
            *count += 1;
        }
    }
    let crowded = folders.iter().filter(|(_, count)| **count > MOST_FILES);
    let crowded = crowded.map(|(folder, count)| format!("{folder}: {count}"));
    none(&crowded.collect::<Vec<_>>(), "at most 14 files");
}

#[test]
fn nothing_tells_of_anyones_machine() {
    let homes = ["/home/", "/work/", "/root/", "/Users/", "C:\\Users"];
    let mut wrong = Vec::new();
    for source in &others(texts()) {
        for (line, text) in (1..).zip(source.text.lines()) {
            let home = homes.iter().any(|home| text.contains(home));
            if home || !strange_hosts(text).is_empty() {
                wrong.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    none(&wrong, "no path or host of anyone's machine");
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let other = lock
        .lines()
        .filter(|line| line.starts_with("source = ") && *line != public);
    none(
        &other.map(str::to_owned).collect::<Vec<_>>(),
        "crates come from crates.io",
    );
    // Where crates are fetched from is a matter of each machine.
    assert!(!files().iter().any(|file| file.starts_with(".cargo/")));
}

/// Hosts in a line's addresses that only one network knows: numbers, ports, mirrors.
fn strange_hosts(line: &str) -> Vec<&str> {
    let addresses = line
        .match_indices("://")
        .map(|(at, found)| &line[at + found.len()..]);
    let hosts = addresses.map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-._:@".contains(c)));
        &rest[..end.unwrap_or(rest.len())]
    });
    let mirrors = [
        "artifactory",
        "nexus",
        "mirror",
        "proxy",
        ".internal",
        ".local",
        "@",
    ];
    let strange = |host: &&str| {
        let numbers = host.chars().all(|c| c.is_ascii_digit() || ".:".contains(c));
        let mirror = mirrors.iter().any(|word| host.contains(word));
        !host.is_empty() && (numbers || mirror)
    };
    hosts.filter(strange).collect()
}

#[test]
fn strange_hosts_are_told_from_public_ones() {
    let strange = |line| strange_hosts(line).len();
    assert_eq!(
        strange("see https://docs.rs/mcap and http://www.w3.org/2000/svg"),
        0
    );
    assert_eq!(strange("index = \"https://user@crates.example/index\""), 1);
    assert_eq!(
        strange("http://10.0.0.1:8080/simple https://mirror.example/x"),
        2
    );
}

#[test]
fn nothing_is_left_to_do_or_to_chance() {
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        "#[ignore]",
        concat!("Hash", "Map"),
        concat!("Hash", "Set"),
        "#[allow(",
        "FIXME",
        "XXX",
    ];
    let mut wrong = Vec::new();
    for source in &others(rust()) {
        for (line, text) in code(source) {
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                wrong.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    none(&wrong, "forbidden words");
}

#[test]
fn wall_clocks_say_why() {
    let clocks = [
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
    ];
    // Only a run's manifest, folder and supervisor and a gate's result have a date, only people are told how long they waited, and
    // logs of candump have the time of day.
    let known = [
        "bench-runner/src/cli/can/wire.rs",
        "bench-runner/src/cli/console.rs",
        "bench-runner/src/cli/gate.rs",
        "bench-runner/src/cli/run.rs",
        "bench-runner/src/execute/mod.rs",
        "bench-runner/src/supervise/watch.rs",
        "drivers/src/clock.rs",
    ];
    let mut wrong = Vec::new();
    for source in &others(rust()) {
        let apart = ["/benches/", "/examples/"];
        let apart = source.is_test() || apart.iter().any(|part| source.path.contains(part));
        if apart || known.contains(&source.path.as_str()) {
            continue;
        }
        for (line, text) in code(source) {
            // Tokio's clock is the bench's own.
            let wall = clocks.iter().any(|clock| text.contains(clock));
            if wall && !text.contains("tokio::time::Instant::now") {
                wrong.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    none(&wrong, "wall clocks");
}

/// Paths in the fenced blocks that draw folders as trees: a first line that ends in `/`, then a
/// name on each line with what it is for, deeper than the folder that it lies in.
fn drawn(text: &str) -> Vec<String> {
    let blocks = text.split("```").skip(1).step_by(2);
    let mut paths = Vec::new();
    for block in blocks {
        let mut lines = block.lines().skip(1).peekable();
        if !lines.peek().is_some_and(|line| line.ends_with('/')) {
            continue;
        }
        let mut open: Vec<(usize, String)> = Vec::new();
        for line in lines {
            let bare = line.trim_start_matches([' ', '│', '├', '└', '─']);
            let depth = line.chars().count() - bare.chars().count();
            let Some(name) = bare.split_whitespace().next() else {
                continue;
            };
            open.retain(|(other, _)| *other < depth);
            let parent = open.last().map_or("", |(_, path)| path);
            let path = format!("{parent}{name}");
            if name.ends_with('/') {
                open.push((depth, path.clone()));
            }
            paths.push(path);
        }
    }
    paths
}

#[test]
fn the_architecture_draws_what_is_there() {
    let Ok(text) = fs::read_to_string(workspace().join("docs/ARCHITECTURE.md")) else {
        return;
    };
    let drawn = drawn(&text);
    assert!(!drawn.is_empty(), "no folder is drawn");
    let gone = drawn.iter().filter(|path| !workspace().join(path).exists());
    let mut wrong: Vec<String> = gone
        .map(|path| format!("{path} is drawn, but not there"))
        .collect();
    let mut folders: Vec<String> = rust()
        .iter()
        .filter(|source| source.path.contains("/src/"))
        .map(|source| format!("{}/", source.folder()))
        .collect();
    folders.dedup();
    let undrawn = folders.iter().filter(|folder| !drawn.contains(folder));
    wrong.extend(undrawn.map(|folder| format!("{folder} is there, but not drawn")));
    none(&wrong, "the tree in docs/ARCHITECTURE.md");
}

#[test]
fn a_drawn_tree_is_read() {
    let text = "x\n```text\nno tree\n```\n```text\nprofiles/src/\n  lib.rs   words\n  sun/     \
                where\n    deep/\n  time.rs\n```\n```text\nreports/src/\n  lib.rs\n```\n";
    let expected = [
        "profiles/src/",
        "profiles/src/lib.rs",
        "profiles/src/sun/",
        "profiles/src/sun/deep/",
        "profiles/src/time.rs",
        "reports/src/",
        "reports/src/lib.rs",
    ];
    assert_eq!(drawn(text), expected);
}
