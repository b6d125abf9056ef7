//! A run in real time that is killed: what it recorded is readable, and is no pass.
//!
//! 1. the process is killed with SIGKILL in the middle of a step, so that it can do nothing more;
//! 2. its record is readable up to the tear, and holds what was heard until shortly before;
//! 3. `judge` says that it was cut off, and not that it passed;
//! 4. runs that are killed at any moment: no sample that was heard more than a second before is missing
//!    (`BENCH_KILLS=200` for two hundred of them), and every record opens;
//! 5. a run that is asked to stop (SIGINT once or twice, SIGHUP) makes everything safe and says
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

use super::supply::{Supply, Ways, now};
use super::wait;

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
    assert_eq!(judged.exit, Exit::Interrupted);
    let Ending::Interrupted { why: Some(why) } = &judged.report.ending else {
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

/// How many runs are killed: ten, or what `BENCH_KILLS` says.
fn kills() -> u64 {
    let asked = std::env::var("BENCH_KILLS").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(10)
}

/// Runs that are killed at once side by side: they wait most of the time.
const SIDE_BY_SIDE: u64 = 8;

/// A supply alone, on for ten minutes.
const ON: &str = r#"
name = "on"
goldens = "../goldens"

[[step]]
name   = "work"
length = "10 min"
set = [{ device = "bus_supply", volts = 28.0, limit_amps = 1.8 }]

[[check]]
name    = "volts"
kind    = "in_range"
channel = "bus_supply.volts"
max     = 29.0
"#;

/// Kills a run so many milliseconds after its start, and gives how much of what the supply had said is
/// not on the record, and how long before the kill the first of that was said, s.
fn killed_after(millis: u64) -> (usize, f64) {
    let scene = Scene::of("smoke");
    // What it measures is a number that grows by one each time: what is missing is known.
    let supply = Supply::start(Ways {
        counts: true,
        ..Ways::GOOD
    });
    fs::write(scene.path("campaigns/smoke.toml"), ON).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), supply.wiring("20 ms")).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
    let arguments = [
        &["run", scene.campaign(), "--out", "out", "-q"][..],
        &wiring,
    ]
    .concat();
    let mut child = program.command(&arguments).spawn().unwrap();
    // Time goes from its first question.
    while supply.heard().is_empty() {
        wait(1);
    }
    wait(millis);
    child.kill().unwrap();
    let at = now();
    child.wait().unwrap();
    let record = Record::open(&scene.path("out").join(RECORD_FILE)).unwrap();
    assert!(record.torn().is_some());
    let recorded: Vec<f64> = events(&record)
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Sampled { readings } => Some(readings[0].value.as_f64()),
            _ => None,
        })
        .collect();
    let said = supply.said().into_iter();
    // The supervisor asks it, too, later.
    let said = said.filter(|line| line.at < at && line.text.starts_with("0.0"));
    let said: Vec<_> = said.collect();
    // Nothing in the middle is missing, and nothing else is there.
    let counted: Vec<f64> = (1..=recorded.len())
        .map(|count| count as f64 * 1e-4)
        .collect();
    let same = recorded
        .iter()
        .zip(&counted)
        .all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(same, "{recorded:?}");
    let lost = said
        .get(recorded.len())
        .map(|line| (at - line.at).as_secs_f64());
    (
        said.len().saturating_sub(recorded.len()),
        lost.unwrap_or(0.0),
    )
}

#[test]
fn what_was_heard_more_than_a_second_before_a_kill_is_on_the_record() {
    let count = kills();
    let mut lost: Vec<(usize, f64)> = Vec::new();
    for batch in (0..count).step_by(SIDE_BY_SIDE as usize) {
        let turns = batch..count.min(batch + SIDE_BY_SIDE);
        let threads: Vec<_> = turns
            .map(|turn| {
                // Spread over three seconds, which hold some chunks, without a pattern (the golden
                // ratio's multiples).
                let share = (turn as f64 * 0.618_033_988_75).fract();
                let millis = 600 + (share * 3_000.0) as u64;
                std::thread::spawn(move || killed_after(millis))
            })
            .collect();
        lost.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    }
    let mut seconds: Vec<f64> = lost.iter().map(|(_, seconds)| *seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share) as usize];
    let most = lost.iter().map(|(samples, _)| *samples).max().unwrap();
    println!(
        "{count} runs killed: every record opens; the oldest sample that is lost was said before the \
         kill, s: median {:.3}, p99 {:.3}, most {:.3}; samples lost at most {most}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    // On a machine that is busy with other things a run is late; what it owes is a second.
    assert!(at(1.0) < 3.0, "{seconds:?}");
}
