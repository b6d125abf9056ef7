//! Verbs about devices without a campaign, against emulators in another process.
//!
//! 1. a supply that a killed run left on is found by `doctor` and by `safe --verify`, switched off
//!    by `safe`, and then found off;
//! 2. `safe` does not call safe what it cannot reach, nor what says it is another;
//! 3. `doctor` tells absent, wrong and busy devices apart, each with its code;
//! 4. `devices` finds who is at a port, leaves a wiring's ports alone, and writes a wiring that
//!    `doctor` finds ready; never over a file that is there;
//! 5. `console` sends lines, keeps what was said, and leaves the output off.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use bench_runner::exit::Exit;
use hil_tests::emulators::Emulators;
use hil_tests::program::{Program, Said, children_of};
use hil_tests::scene::Scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A supply that is switched on at once, and stays on.
const ON: &str = r#"
name = "on"

[[step]]
name   = "on"
length = "3 s"
set = [
  { device = "supply", volts = 12.0, limit_amps = 1.0 },
  { device = "supply", output = "on" },
]

[[step]]
name   = "stay"
length = "60 s"

[[check]]
name    = "volts"
kind    = "in_range"
channel = "supply.volts"
min     = 0.0
"#;

/// A supply and a chamber behind the ports of emulators.
fn scene() -> (Scene, Program) {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), ON).unwrap();
    wire(&scene, "");
    let program = Program::new(PROGRAM, &scene.path("."));
    (scene, program)
}

fn wire(scene: &Scene, more: &str) {
    let run = scene.path("run").display().to_string();
    let text = format!(
        "name = \"two\"\n[device.supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\n\
         link = \"serial:{run}/supply@9600\"\n{more}\n\
         [device.chamber]\nrole = \"thermal-chamber\"\nmodel = \"watlow-f4\"\n\
         link = \"serial:{run}/chamber@19200\"\n"
    );
    fs::write(scene.path("wiring/emulated.toml"), text).unwrap();
}

const WIRING: &str = "wiring/emulated.toml";

fn ended(said: &Said, exit: Exit) {
    assert_eq!(said.code, Some(exit as i32), "{}", said.all());
}

/// Starts a run that switches the supply on, and waits until it is.
fn switch_on(program: &Program) -> std::process::Child {
    let arguments = [
        "run",
        "campaigns/smoke.toml",
        "--wiring",
        WIRING,
        "--pace",
        "real",
    ];
    let arguments = [&arguments[..], &["--out", "out"]].concat();
    let mut run = program.command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().contains("step: stay"));
    assert!(begun, "the step in which it is switched on is over");
    run
}

#[test]
fn what_a_killed_run_left_on_is_found_and_switched_off() {
    let (_scene, program) = scene();
    let emulators = Emulators::start(&program, &[]);
    let mut run = switch_on(&program);
    // While it runs, nobody else touches its devices.
    let said = program.run(&["safe", WIRING]);
    ended(&said, Exit::Busy);
    assert!(said.err.contains("campaign on"), "{}", said.err);
    ended(&program.run(&["doctor", WIRING]), Exit::Busy);
    let on = || {
        let said = program.run(&["safe", WIRING, "--verify"]);
        ended(&said, Exit::Unsafe);
        assert!(said.out.contains("output on"), "{}", said.all());
    };
    // With who watches over it: as when a machine is switched off.
    let both = children_of(run.id()).into_iter().chain([run.id()]);
    let both: Vec<String> = both.map(|id| id.to_string()).collect();
    let kill = Command::new("kill").arg("-KILL").args(&both).status();
    assert!(both.len() == 2 && kill.unwrap().success());
    run.wait().unwrap();
    on();
    let said = program.run(&["doctor", WIRING]);
    ended(&said, Exit::Passed);
    assert!(
        said.out.contains("`bench safe` switches it off"),
        "{}",
        said.out
    );
    // The doctor switches nothing.
    on();
    let said = program.run(&["safe", WIRING]);
    ended(&said, Exit::Passed);
    assert!(said.out.contains("output off"), "{}", said.out);
    ended(&program.run(&["safe", WIRING, "--verify"]), Exit::Passed);
    emulators.end();
}

#[test]
fn what_cannot_be_confirmed_is_not_safe() {
    let (scene, program) = scene();
    let said = program.run(&["safe", WIRING]);
    ended(&said, Exit::Unsafe);
    assert!(
        said.out.contains("is the adapter plugged in"),
        "{}",
        said.out
    );
    let emulators = Emulators::start(&program, &[]);
    wire(&scene, "serial = \"US7\"");
    let said = program.run(&["safe", WIRING]);
    ended(&said, Exit::Unsafe);
    assert!(
        said.out.contains("the wiring says `serial US7`"),
        "{}",
        said.out
    );
    assert!(said.out.contains("safe      chamber"), "{}", said.out);
    emulators.end();
    // Nothing of the quickstart is at the end of a line.
    let scene = Scene::of("smoke");
    let program = Program::new(PROGRAM, &scene.path("."));
    ended(&program.run(&["safe", WIRING]), Exit::Inconclusive);
}

#[test]
fn the_doctor_tells_apart_what_is_wrong() {
    let (scene, program) = scene();
    let said = program.run(&["doctor", WIRING]);
    ended(&said, Exit::Inconclusive);
    assert!(said.out.contains("2 things to mend"), "{}", said.out);
    let emulators = Emulators::start(&program, &[]);
    let said = program.run(&["doctor", WIRING, "--json"]);
    ended(&said, Exit::Passed);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["exit"], "PASSED");
    let findings = told["findings"].as_array().unwrap();
    let of = |name: &str| {
        let of = findings.iter().filter(|finding| finding["subject"] == name);
        of.map(|finding| finding["text"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(
        of("supply")[0].starts_with("HEWLETT-PACKARD 6633B"),
        "{told}"
    );
    assert!(of("supply")[1].contains("output off"), "{told}");
    assert!(of("chamber")[1].contains("air 23"), "{told}");
    wire(&scene, "serial = \"US7\"");
    let said = program.run(&["doctor", WIRING]);
    ended(&said, Exit::BenchFault);
    assert!(said.out.contains("1 thing to mend"), "{}", said.out);
    wire(&scene, "calibration_due = \"2020-01-31\"");
    let said = program.run(&["doctor", WIRING]);
    ended(&said, Exit::Inconclusive);
    assert!(said.out.contains("was due on 2020-01-31"), "{}", said.out);
    assert!(said.out.contains("wall clock"), "{}", said.out);
    emulators.end();
    fs::write(scene.path(WIRING), "[device.x]\n").unwrap();
    ended(&program.run(&["doctor", WIRING]), Exit::Refused);
}

#[test]
fn who_is_at_the_ports_is_found_and_wired() {
    let (scene, program) = scene();
    let emulators = Emulators::start(&program, &[]);
    let ports = ["--port", "run/chamber", "--port", "run/supply"];
    let said = program.run(&[&["devices"][..], &ports, &["--wiring", WIRING]].concat());
    ended(&said, Exit::Passed);
    assert!(
        said.out.contains("left alone: `supply` of the wiring"),
        "{}",
        said.out
    );
    let found = [&["devices"][..], &ports, &["--wiring-out", "found.toml"]].concat();
    let said = program.run(&found);
    ended(&said, Exit::Passed);
    assert!(
        said.out.contains("`keysight-6633b`, at 9600,8N1"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("`watlow-f4`, at 19200,8N1"),
        "{}",
        said.out
    );
    let said = program.run(&["doctor", "found.toml"]);
    ended(&said, Exit::Passed);
    let wiring = fs::read_to_string(scene.path("found.toml")).unwrap();
    ended(&program.run(&found), Exit::Refused);
    assert_eq!(
        fs::read_to_string(scene.path("found.toml")).unwrap(),
        wiring
    );
    emulators.end();
    let said = program.run(&[
        "devices",
        "--port",
        "run/supply",
        "--wiring-out",
        "none.toml",
    ]);
    ended(&said, Exit::Inconclusive);
    assert!(!scene.path("none.toml").exists());
}

#[test]
fn a_session_by_hand_is_kept_and_ends_with_the_output_off() {
    let (scene, program) = scene();
    let emulators = Emulators::start(&program, &[]);
    let arguments = ["console", "supply", "--wiring", WIRING, "--out", "said"];
    let mut command = program.command(&arguments);
    let mut console = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = console.stdin.take().unwrap();
    let mut out = BufReader::new(console.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(out.next().unwrap().contains("HEWLETT-PACKARD 6633B"));
    writeln!(input, "VOLT 5;:CURR 1;:OUTP 1\nOUTP?").unwrap();
    assert!(out.next().unwrap().ends_with("< 1"));
    drop(input);
    assert!(out.next().unwrap().ends_with("# left safe, and read back"));
    assert!(console.wait().unwrap().success());
    let kept = fs::read_to_string(scene.path("said")).unwrap();
    let lines: Vec<&str> = kept
        .lines()
        .map(|line| line.get(11..).unwrap_or(line))
        .collect();
    assert!(lines.contains(&"> VOLT 5;:CURR 1;:OUTP 1"), "{kept}");
    assert!(
        lines.contains(&"< 1") && kept.contains("# left safe"),
        "{kept}"
    );
    let said = program.run(&["safe", WIRING, "--verify"]);
    ended(&said, Exit::Passed);
    // What was said before is not written over.
    ended(&program.run(&arguments), Exit::Refused);

    // A chamber speaks in frames: register 0, the model number.
    let arguments = ["console", "chamber", "--wiring", WIRING, "--hex"];
    let mut command = program.command(&arguments);
    let mut console = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = console.stdin.take().unwrap();
    writeln!(input, "01 03 00 00 00 01 84 0A\nzz").unwrap();
    drop(input);
    let out = console.wait_with_output().unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    assert!(out.contains("< 01 03 02"), "{out}");
    assert!(out.contains("no hexadecimal digits"), "{out}");
    assert!(scene.path("chamber.transcript").exists());
    emulators.end();
}

#[test]
fn nobody_is_talked_to_who_is_not_there() {
    let (_scene, program) = scene();
    let said = program.run(&["console", "psu", "--wiring", WIRING]);
    ended(&said, Exit::Refused);
    assert!(
        said.err.contains("devices: chamber, supply"),
        "{}",
        said.err
    );
    let said = program.run(&["console", "supply", "--wiring", WIRING]);
    ended(&said, Exit::Inconclusive);
    let scene = Scene::of("smoke");
    let program = Program::new(PROGRAM, &scene.path("."));
    let said = program.run(&["console", "bus_supply", "--wiring", WIRING]);
    ended(&said, Exit::Refused);
    assert!(said.err.contains("is in memory"), "{}", said.err);
}
