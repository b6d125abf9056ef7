//! A run in real time that is killed: what it recorded is readable, and is no pass.
//!
//! 1. the process is killed with SIGKILL in the middle of a step, so that it can do nothing more;
//! 2. its record is readable up to the tear, and holds what was heard until shortly before;
//! 3. `judge` says that it was cut off, and not that it passed;
//! 4. a run that is asked to stop (SIGINT once or twice, SIGHUP) makes everything safe and says
//!    INTERRUPTED.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command};

use bench_runner::execute::{self, RECORD_FILE};
use bench_runner::exit::Exit;
use hil_tests::program::Program;
use hil_tests::scene::Scene;
use reports::event::{Event, EventKind};
use reports::record::Record;
use reports::verdict::{Ending, Verdict};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// The smoke campaign with a bring-up of two seconds and endless work.
fn scene() -> Scene {
    Scene::of("smoke")
        .asking("length = \"20 s\"", "length = \"2 s\"")
        .asking("length = \"60 s\"", "length = \"10 min\"")
}

/// Starts the campaign in real time, and waits until it says that the step `work` began.
fn started(scene: &Scene) -> Child {
    let program = Program::new(PROGRAM, &scene.path("."));
    let arguments = [
        "run",
        scene.campaign(),
        "--wiring",
        "wiring/emulated.toml",
        "--out",
        "out",
        "--pace",
        "real",
    ];
    let mut child = program.command(&arguments).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines
        .map(Result::unwrap)
        .find(|line| line.contains("step: work"));
    assert!(begun.is_some(), "it ended before its work began");
    child
}

fn events(record: &Record) -> Vec<Event> {
    let mut events = Vec::new();
    record
        .for_each(&mut |event| events.push(event.clone()))
        .unwrap();
    events
}

#[test]
fn a_killed_run_leaves_a_readable_record_that_is_no_pass() {
    let scene = scene();
    let mut child = started(&scene);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "a signal ended it");
    let folder = scene.path("out");
    assert!(!folder.join("manifest.json").exists());
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    assert!(record.torn().is_some() && !record.is_complete());
    let events = events(&record);
    // Work began at 7 s; chunks are written every second, and events are held back for less.
    let last = events.last().unwrap().at.as_secs_f64();
    assert!(last > 4.0, "the record ends at {last} s");
    let of = |kind: fn(&EventKind) -> bool| events.iter().filter(|e| kind(&e.kind)).count();
    assert!(of(|kind| matches!(kind, EventKind::Sampled { .. })) > 4);
    assert_eq!(of(|kind| matches!(kind, EventKind::Identified { .. })), 2);
    assert_eq!(of(|kind| matches!(kind, EventKind::RunEnded { .. })), 0);
    let judged = execute::judge(&folder).unwrap();
    assert_ne!(judged.report.verdict, Verdict::Pass);
    assert_eq!(judged.exit, Exit::BenchFault);
    let Ending::BenchFault { why } = &judged.report.ending else {
        panic!("{:?}", judged.report.ending);
    };
    assert!(why.contains("cut off"), "{why}");
}

#[test]
fn an_interrupted_run_is_left_safe_and_says_so() {
    interrupted(&["-INT"]);
}

#[test]
fn whoever_hurries_a_run_skips_nothing() {
    interrupted(&["-INT", "-INT"]);
}

#[test]
fn a_run_whose_terminal_hangs_up_is_left_safe() {
    interrupted(&["-HUP"]);
}

/// Sends the signals to a run, and holds it to what it owes to whoever asks it to stop.
fn interrupted(signals: &[&str]) {
    let scene = scene();
    let mut child = started(&scene);
    for signal in signals {
        let kill = Command::new("kill")
            .args([signal, &*child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
    assert_eq!(child.wait().unwrap().code(), Some(Exit::Interrupted as i32));
    let folder = scene.path("out");
    assert!(fs::exists(folder.join("report.pdf")).unwrap());
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    assert!(record.is_complete());
    let events = events(&record);
    let of = |kind: fn(&EventKind) -> bool| events.iter().filter(|e| kind(&e.kind)).count();
    assert_eq!(of(|kind| matches!(kind, EventKind::Interrupted)), 1);
    assert!(of(|kind| matches!(kind, EventKind::MadeSafe)) >= 2);
    assert_eq!(execute::judge(&folder).unwrap().exit, Exit::Interrupted);
}
