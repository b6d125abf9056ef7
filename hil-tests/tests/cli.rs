//! The command line: what each verb says, and the code that it ends with.
//!
//! 1. help of the program and of each verb;
//! 2. `plan` of the quickstart; `list`; completions of every shell;
//! 3. refusals: a dozen things wrong at once, each with its place; broken and missing files;
//! 4. command lines that make no sense;
//! 5. `init`, and what it wrote planned and run; never over what is there;
//! 6. `run`, `judge` and `report` of the smoke campaign: texts, folders and codes;
//! 7. `--json`: each line is JSON, and the last one is the summary;
//! 8. no colours where nobody sees them, nor where `NO_COLOR` is set;
//! 9. `BENCH_WIRING` and `--seed` are heeded.

use std::fs;
use std::path::Path;
use std::process::Command;

use hil_tests::program::{Program, Said};
use hil_tests::scene::{Scene, bench_folder};
use tempfile::TempDir;

use crate::smoke;

const VERBS: [&str; 26] = [
    "run",
    "resume",
    "plan",
    "gate",
    "submit",
    "profile",
    "init",
    "decode",
    "golden",
    "torture",
    "monte-carlo",
    "can",
    "list",
    "emulate",
    "devices",
    "doctor",
    "console",
    "safe",
    "judge",
    "report",
    "export",
    "replay",
    "runs",
    "watch",
    "serve",
    "completions",
];

fn in_folder(folder: &Path, arguments: &[&str]) -> Said {
    Program::new(env!("CARGO_BIN_EXE_bench-under-test"), folder).run(arguments)
}

fn bench(arguments: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let said = in_folder(folder.path(), arguments);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    said
}

/// Snapshots of what was said, without what differs from day to day.
fn settle(name: &str, said: &Said) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(
        r"in [0-9.]+ s: [0-9]+ times real time",
        "in [SECONDS]: [RATIO]",
    );
    settings.add_filter(r"bench [0-9]+\.[0-9]+\.[0-9]+", "bench [VERSION]");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, said.all()));
}

#[test]
fn help() {
    settle("help", &bench(&["--help"]));
    for verb in VERBS {
        settle(&format!("help_{verb}"), &bench(&[verb, "--help"]));
    }
    let said = bench(&["--version"]);
    assert_eq!((said.code, said.out.starts_with("bench ")), (Some(0), true));
}

#[test]
fn plan_of_the_quickstart() {
    settle("plan", &bench(&["plan"]));
}

#[test]
fn list() {
    settle("list", &bench(&["list"]));
    let whole = bench(&["list"]).out;
    for what in ["makes", "formats", "checks"] {
        let part = bench(&["list", what]);
        assert_eq!(part.code, Some(0));
        assert!(!part.out.is_empty() && whole.contains(&part.out), "{what}");
    }
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = bench(&["completions", shell]);
        assert_eq!(said.code, Some(0), "{shell}");
        for verb in VERBS {
            assert!(said.out.contains(verb), "{shell}: {verb}");
        }
    }
}

const WRONG_CAMPAIGN: &str = r#"name = "everything wrong"
goldens = "../goldens"
sead = 7

[orbit]
elements = "wrong.tle"

[[step]]
name = "first"
length = "5 m"

[[step]]
name = "second"
length = "10 s"
set = [
  { device = "bus_suply", volts = 28.0, limit_amps = 1.0 },
  { device = "bus_supply", volts = 35.0, limit_amps = 1.0 },
  { device = "bus_supply", volts = "28 V", limit_amps = 1.0 },
  { device = "bus_supply", volts = 28.0 },
  { device = "chamber", volts = 28.0, limit_amps = 1.0 },
  { device = "chamber", celsius = -30.0 },
  { device = "payload", inject = "bit-flip", byte = 1 },
]

[[workload]]
name = "w"
device = "chamber"
golden = "no-such-golden"

[[check]]
name = "a"
kind = "in_rang"
channel = "bus_supply.volts"

[[check]]
name = "b"
kind = "in_range"
channel = "bus_supply.volt"
max = 1.0

[[check]]
name = "c"
kind = "in_range"
channel = "bus_supply.volts"
during = "secnd"
max = 1.0

[[check]]
name = "d"
kind = "in_range"
channel = "bus_supply.volts"
min = 3.0
max = 1.0

[[check]]
name = "e"
kind = "no_loss"
channel = "bus_supply.volts"
"#;

const WRONG_WIRING: &str = r#"[device.bus_supply]
role = "power-supply"
model = "keysight-6633b"
link = "memory"
poll = "1 s"
limits = { volts = 30.0, amps = 2.0 }

[device.chamber]
role = "thermal-chamber"
model = "watlow-f4"
link = "memory"
limits = { min_celsius = -20.0, max_celsius = 999.0 }

[device.payload]
role = "accelerator"
model = "ccsds-serial"
link = "memry"
powered_by = "bus"
options = { network = "gpt", baud = 1 }

[device.other]
role = "power-suply"
model = "keysight-6633b"
link = "memory"

[device.another]
role = "power-supply"
model = "keysight-9999"
link = "memory"
"#;

/// The real element set with another checksum.
fn wrong_elements() -> String {
    let right = fs::read_to_string(bench_folder().join("campaigns/iss.tle")).unwrap();
    assert_eq!(right.matches("9994").count(), 1);
    right.replace("9994", "9995")
}

#[test]
fn everything_wrong_is_said_at_once() {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/wrong.toml"), WRONG_CAMPAIGN).unwrap();
    fs::write(scene.path("campaigns/wrong.tle"), wrong_elements()).unwrap();
    fs::write(scene.path("wiring/wrong.toml"), WRONG_WIRING).unwrap();
    let arguments = ["campaigns/wrong.toml", "--wiring", "wiring/wrong.toml"];
    let plan = in_folder(&scene.path("."), &[&["plan"], &arguments[..]].concat());
    settle("refusals", &plan);
    let run = in_folder(&scene.path("."), &[&["run"], &arguments[..]].concat());
    assert_eq!((run.code, &run.err), (Some(2), &plan.err));
    assert!(!scene.path("runs").exists());
}

#[test]
fn what_is_wrong_in_the_plan_is_said_at_once() {
    // Files whose every value is well-formed, but which do not go together.
    let scene = Scene::of("smoke")
        .asking("volts = 28.0", "volts = 33.9")
        .asking("celsius = 20.0", "celsius = 61.0")
        .asking(
            "during  = \"work\"\nmin     = 27.0",
            "during  = \"wrk\"\nmin     = 27.0",
        )
        .asking(
            "kind   = \"no_loss\"\ndevice = \"payload\"",
            "kind   = \"no_los\"\ndevice = \"payload\"",
        )
        .asking(
            "channel = \"payload.bus_volts\"",
            "channel = \"payload.bus_vlts\"",
        )
        .wired("volts = 34.0, amps = 2.0", "volts = 30.0, amps = 2.0")
        .device("chamber", "serial = 5");
    let said = in_folder(
        &scene.path("."),
        &["plan", scene.campaign(), "-w", "wiring/emulated.toml"],
    );
    settle("refusals_of_the_plan", &said);
}

#[test]
fn broken_and_missing_files_are_refused() {
    let scene = Scene::of("smoke")
        .asking("length = \"60 s\"", "length = 60 s\"")
        .wired("model  = \"watlow-f4\"", "model  = ");
    let wiring = ["--wiring", "wiring/emulated.toml"];
    let said = in_folder(
        &scene.path("."),
        &[&["plan", scene.campaign()], &wiring[..]].concat(),
    );
    settle("refusals_syntax", &said);
    let said = in_folder(
        &scene.path("."),
        &["plan", "no.toml", "--wiring", "none.toml"],
    );
    settle("refusals_missing", &said);
    fs::write(scene.path("binary.toml"), [0xFF, 0xFE, 0]).unwrap();
    let said = in_folder(&scene.path("."), &["plan", "binary.toml"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("not UTF-8"), "{}", said.err);
}

#[test]
fn wrong_elements_are_shown() {
    let scene = Scene::of("eclipse_ride_through");
    fs::write(scene.path("campaigns/iss.tle"), wrong_elements()).unwrap();
    let said = in_folder(&scene.path("."), &["plan", scene.campaign()]);
    settle("refusals_elements", &said);
}

#[test]
fn command_lines_without_sense_are_refused() {
    for arguments in [
        &[][..],
        &["rnu"],
        &["run", "--pace", "slow"],
        &["run", "--seed", "-1"],
        &["judge"],
        &["judge", "--accept-golden"],
        &["list", "everything"],
        &["completions", "tcsh"],
        // Nothing is written under a name that promises something else.
        &["profile", "iss", "--plot", "nowhere/iss.jpg"],
        &["profile", "iss", "--series", "nowhere/iss.xlsx"],
    ] {
        let said = bench(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
        assert!(said.out.is_empty() && !said.err.is_empty(), "{arguments:?}");
    }
    let said = bench(&["judge", "no-such-run"]);
    assert_ne!(said.code, Some(0));
    assert!(said.err.contains("no-such-run"), "{}", said.err);
}

#[test]
fn what_init_writes_can_be_planned_and_run() {
    let folder = TempDir::new().unwrap();
    let said = in_folder(folder.path(), &["init", "mine"]);
    settle("init", &said);
    let again = in_folder(folder.path(), &["init", "mine"]);
    settle("init_again", &again);
    let files = ["mine/campaign.toml", "--wiring", "mine/wiring.toml"];
    let plan = in_folder(folder.path(), &[&["plan"], &files[..]].concat());
    assert_eq!(plan, bench(&["plan"]), "the quickstart, in files");
    let run = in_folder(
        folder.path(),
        &[&["run", "--out", "out"], &files[..]].concat(),
    );
    assert_eq!(run.code, Some(0), "{}", run.all());
    for file in ["record.mcap", "manifest.json", "report.pdf", "junit.xml"] {
        assert!(folder.path().join("out").join(file).exists(), "{file}");
    }
}

#[test]
fn run_judge_and_report_of_the_smoke_campaign() {
    let scene = Scene::of("smoke");
    let files = [scene.campaign(), "--wiring", "wiring/emulated.toml"];
    let run = in_folder(
        &scene.path("."),
        &[&["run", "--out", "out/run"], &files[..]].concat(),
    );
    settle("run", &run);
    let record = fs::read(scene.path("out/run/record.mcap")).unwrap();
    assert!(
        record == smoke().file("record.mcap"),
        "the same as in process"
    );
    settle("judge", &in_folder(&scene.path("."), &["judge", "out/run"]));
    settle(
        "report",
        &in_folder(&scene.path("."), &["report", "out/run"]),
    );
    let again = in_folder(
        &scene.path("."),
        &[&["run", "--out", "out/run"], &files[..]].concat(),
    );
    settle("run_again", &again);
    let accepted = in_folder(
        &scene.path("."),
        &["judge", "out/run", "--accept-golden", "throughput.toml"],
    );
    assert_eq!(accepted.code, Some(0), "{}", accepted.all());
    let golden = fs::read_to_string(scene.path("throughput.toml")).unwrap();
    assert!(golden.contains("[workload.\"cloud mask\"."), "{golden}");
    fs::write(scene.path("out/run/inputs/wiring.toml"), "").unwrap();
    let damaged = in_folder(&scene.path("."), &["judge", "out/run"]);
    assert_eq!(damaged.code, Some(7), "{}", damaged.all());
}

#[test]
fn runs_go_into_new_folders_of_their_own() {
    let scene = Scene::of("smoke");
    let arguments = ["run", scene.campaign(), "--wiring", "wiring/emulated.toml"];
    for _ in 0..2 {
        assert_eq!(in_folder(&scene.path("."), &arguments).code, Some(0));
    }
    assert_eq!(fs::read_dir(scene.path("runs/smoke")).unwrap().count(), 2);
}

#[test]
fn json_lines_are_json() {
    let scene = Scene::of("smoke");
    let said = in_folder(
        &scene.path("."),
        &[
            "run",
            scene.campaign(),
            "--wiring",
            "wiring/emulated.toml",
            "--json",
            "--out",
            "out",
        ],
    );
    assert_eq!((said.code, &*said.err), (Some(0), ""));
    let lines: Vec<serde_json::Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, events) = lines.split_last().unwrap();
    assert!(events.iter().all(|line| line["type"] != "summary"));
    assert!(events.iter().all(|line| line["t_s"].is_number()));
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["verdict"], "pass");
    assert_eq!(summary["exit_code"], 0);
    let judged = in_folder(&scene.path("."), &["judge", "out", "--json"]);
    let judged: serde_json::Value = serde_json::from_str(&judged.out).unwrap();
    assert_eq!(judged["findings"], summary["findings"]);
}

#[test]
fn nobody_is_sent_colours_that_did_not_ask() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["plan"][..], &["plan", "none.toml"], &["--help"], &["rnu"]] {
        let said = in_folder(folder.path(), arguments);
        assert!(!said.all().contains('\u{1b}'), "{arguments:?}");
    }
    // On a terminal there are colours, unless somebody does not want them.
    let program = env!("CARGO_BIN_EXE_bench-under-test");
    fs::write(folder.path().join("wrong.toml"), "name = 5\n").unwrap();
    let on_terminal = |no_color: &str| {
        let line = format!("'{program}' plan wrong.toml");
        let output = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .current_dir(folder.path())
            .env("NO_COLOR", no_color)
            .env("TERM", "xterm")
            .env_remove("BENCH_WIRING")
            .output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Ok(with), Ok(without)) = (on_terminal(""), on_terminal("1")) else {
        eprintln!("skipped: no `script` here to play a terminal");
        return;
    };
    assert!(with.contains("\u{1b}["), "{with}");
    assert!(!without.contains("\u{1b}["), "{without}");
    assert!(without.contains("wrong.toml"), "{without}");
}

#[test]
fn the_environment_and_the_seed_are_heeded() {
    let scene = Scene::of("smoke").wired("name = \"emulated bench\"", "name = \"another bench\"");
    let program = Program::new(env!("CARGO_BIN_EXE_bench-under-test"), &scene.path("."));
    let mut command = program.command(&["plan", scene.campaign(), "--seed", "99"]);
    let output = command
        .env("BENCH_WIRING", "wiring/emulated.toml")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("another bench"), "{text}");
    assert!(text.contains("seed 99"), "{text}");
}

#[test]
fn what_is_wrong_is_told_with_its_file_and_what_to_do() {
    let (_place, run) = smoke().lay_out();
    let verified = in_folder(&run, &["report", "."]);
    assert_eq!(verified.code, Some(0), "{}", verified.all());
    let verified = in_folder(&run, &["report", "verify", "report.pdf"]);
    let last = verified.out.lines().last();
    assert_eq!(
        last,
        Some("The report is of this run."),
        "{}",
        verified.all()
    );
    let over = in_folder(&run, &["report", "--over", ".", "--campaign", "cold"]);
    assert!(
        over.err.contains("no run of such a campaign, but of smoke"),
        "{}",
        over.all()
    );
    // What is no campaign is not begun by `init`.
    let faults = in_folder(&run, &["plan", "--faults", "none.toml"]);
    assert!(faults.err.contains("cannot read none.toml"));
    assert!(!faults.err.contains("bench init"), "{}", faults.all());
    let record = run.join("record.mcap");
    let whole = fs::read(&record).unwrap();
    fs::write(&record, &whole[..whole.len() / 2]).unwrap();
    let half = in_folder(&run, &["judge", "."]);
    assert_eq!(half.code, Some(7), "{}", half.all());
    let help = "`bench export . --out rest.mcap` saves what can be read of it";
    assert!(half.err.contains(help), "{}", half.err);
    let saved = in_folder(&run, &["export", ".", "--out", "rest.mcap"]);
    assert_eq!(saved.code, Some(0), "the help helps: {}", saved.all());
    fs::write(&record, "time;volts\n").unwrap();
    let other = in_folder(&run, &["judge", "."]);
    assert_eq!(other.code, Some(7), "{}", other.all());
    assert!(
        other
            .err
            .starts_with("Error: ./record.mcap: is no MCAP file\n  Help: "),
        "{}",
        other.err
    );
    let vary = "orbit.battery.capacity=7..8";
    let study = in_folder(&run, &["monte-carlo", "--vary", vary, "--runs", "2"]);
    assert_eq!(study.code, Some(2), "{}", study.all());
    assert!(
        study.err.starts_with("Error: unknown key `capacity`"),
        "{}",
        study.err
    );
}
