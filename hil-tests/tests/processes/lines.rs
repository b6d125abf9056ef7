//! Faults on a real line: what a supply at the end of a pseudo-terminal answers is damaged on its
//! way, in a run in real time.
//!
//! 1. one answer that is garbage, late for ever, half or twice is asked for again, and the run passes;
//! 2. a supply that makes no sense any more, or says nothing, cannot be confirmed off: UNSAFE;
//! 3. another that answers in its place while the line stays is told nothing more: UNSAFE;
//! 4. another from the start is told nothing at all: `BENCH_FAULT`.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use bench_runner::plan::Plan;
use bench_runner::runtime::Pace;
use hil_tests::emulators::Emulators;
use hil_tests::program::Program;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use reports::event::EventKind;
use reports::verdict::{Ending, Verdict};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

const CAMPAIGN: &str = r#"
name = "on"

[[step]]
name   = "on"
length = "4 s"
set = [
  { device = "supply", volts = 12.0, limit_amps = 1.0 },
  { device = "supply", output = "on" },
]

[[check]]
name    = "volts"
kind    = "in_range"
channel = "supply.volts"
during  = "on"
max     = 12.1
"#;

/// The supply, and another that is like it.
const EMULATED: &str = r#"
[device.supply]
role = "power-supply"
model = "keysight-6633b"
link = "memory"

[device.other]
role = "power-supply"
model = "keysight-6633b"
link = "memory"
options = { serial = "77" }
"#;

/// Measurements that are answered as they are before the fault.
const SOUND: u32 = 5;

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Garbage,
    Silence,
    Half,
    Twice,
    /// None comes, and the other supply is there from then on.
    Swap,
}

/// A line with a supply at its far end, and another beside it.
struct Line {
    near: PathBuf,
    /// What each of the two was told.
    told: [Arc<Mutex<Vec<u8>>>; 2],
}

#[derive(Debug)]
struct State {
    fault: Fault,
    /// Answers that are still to be damaged.
    left: u32,
    /// Measurements that were asked for since it was switched on.
    measured: Option<u32>,
    /// Who is at the far end.
    there: usize,
}

fn raw(path: &Path) -> File {
    let port = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut settings = tcgetattr(&port).unwrap();
    settings.make_raw();
    tcsetattr(&port, OptionalActions::Now, &settings).unwrap();
    port
}

impl Line {
    fn new(far: [PathBuf; 2], fault: Fault, times: u32, there: usize) -> Line {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let path = ptsname(&near, Vec::new()).unwrap();
        let path = PathBuf::from(path.to_str().unwrap());
        // Kept open, so that the line is there before and after the bench has it.
        let kept = raw(&path);
        let near = File::from(near);
        let state = Arc::new(Mutex::new(State {
            fault,
            left: times,
            measured: None,
            there,
        }));
        let far = far.map(|path| raw(&path));
        let told = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
        for (index, port) in far.iter().enumerate() {
            let (port, near) = (port.try_clone().unwrap(), near.try_clone().unwrap());
            let state = Arc::clone(&state);
            thread::spawn(move || answers(index, port, near, &state));
        }
        let heard = told.clone();
        thread::spawn(move || questions(near, far, &heard, &state, &kept));
        Line { near: path, told }
    }

    fn told(&self, index: usize) -> String {
        String::from_utf8_lossy(&self.told[index].lock().unwrap()).into_owned()
    }
}

/// Carries what the bench says to who is there.
fn questions(
    mut near: File,
    mut far: [File; 2],
    told: &[Arc<Mutex<Vec<u8>>>; 2],
    state: &Mutex<State>,
    _kept: &File,
) {
    let mut buffer = [0; 512];
    while let Ok(count @ 1..) = near.read(&mut buffer) {
        let there = {
            let mut state = state.lock().unwrap();
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            if text.contains("OUTP 1") {
                state.measured = Some(0);
            }
            let more = text.matches("MEAS").count() as u32;
            state.measured = state.measured.map(|measured| measured + more);
            state.there
        };
        told[there].lock().unwrap().extend(&buffer[..count]);
        if far[there].write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// Carries what one of the two answers to the bench, line by line, if it is there.
fn answers(index: usize, mut port: File, mut near: File, state: &Mutex<State>) {
    let (mut buffer, mut line) = ([0; 512], Vec::new());
    while let Ok(count @ 1..) = port.read(&mut buffer) {
        for &byte in &buffer[..count] {
            line.push(byte);
            if byte != b'\n' {
                continue;
            }
            let answer = std::mem::take(&mut line);
            let mut state = state.lock().unwrap();
            let due = state.measured > Some(SOUND) && state.left > 0;
            if index != state.there {
                continue;
            }
            let fault = if due { state.fault } else { Fault::None };
            state.left -= u32::from(due);
            let sent = match fault {
                Fault::None => answer,
                Fault::Garbage => b"\xff\x00\x80?\r\n".to_vec(),
                Fault::Silence => Vec::new(),
                Fault::Half => answer[..answer.len() / 2].to_vec(),
                Fault::Twice => [answer.clone(), answer].concat(),
                Fault::Swap => {
                    state.there = 1;
                    Vec::new()
                }
            };
            near.write_all(&sent).unwrap();
        }
    }
}

/// Runs the campaign with `times` answers to measurements damaged, and one of the two at the far
/// end at first.
fn run(fault: Fault, times: u32, there: usize, more: &str) -> (Ran, Line) {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), EMULATED).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    let emulators = Emulators::start(&program, &[]);
    let far = ["supply", "other"].map(|name| scene.path("run").join(name));
    let line = Line::new(far, fault, times, there);
    let wiring = format!(
        "[device.supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\npoll = \"100 ms\"\n\
         link = \"serial:{}@9600\"\noptions = {{ deadline = \"1 s\" }}\n{more}\n",
        line.near.display()
    );
    fs::write(scene.path("wiring/emulated.toml"), wiring).unwrap();
    let mut request = scene.request(None);
    request.pace = Pace::Real;
    let plan = Plan::new(&request).unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    let ran = Ran::of(&plan);
    drop(emulators);
    (ran, line)
}

fn retries(ran: &Ran) -> usize {
    let retried = ran.events(|event| matches!(event.kind, EventKind::Retried { .. }));
    retried.len()
}

/// What was said of the failure, and the ending.
fn failure(ran: &Ran) -> String {
    let failed = ran.events(|event| matches!(event.kind, EventKind::DeviceFailed { .. }));
    match failed.first().map(|event| &event.kind) {
        Some(EventKind::DeviceFailed { why }) => why.clone(),
        _ => panic!("no failure: {:?}", ran.ending()),
    }
}

/// Whether a supply was told something that changes what it does.
fn was_told_anything(told: &str) -> bool {
    ["OUTP 0", "OUTP 1", "VOLT ", "CURR ", "PROT"]
        .iter()
        .any(|word| told.contains(word))
}

#[test]
fn one_bad_answer_is_asked_for_again() {
    thread::scope(|scope| {
        for (fault, times) in [
            (Fault::Garbage, 1),
            (Fault::Garbage, 2),
            (Fault::Silence, 1),
            (Fault::Half, 1),
            (Fault::Twice, 1),
        ] {
            scope.spawn(move || {
                let (ran, line) = run(fault, times, 0, "");
                assert_eq!(*ran.ending(), Ending::Completed, "{fault:?}");
                let finding = ran.finding("volts");
                assert_eq!(finding.verdict, Verdict::Pass, "{fault:?}: {finding:?}");
                // The second of two answers answers nothing, and is thrown away.
                let least = if fault == Fault::Twice { 0 } else { times };
                assert!(retries(&ran) >= least as usize, "{fault:?}");
                assert_eq!(ran.unsafe_ends(), [""; 0], "{fault:?}");
                assert!(line.told(1).is_empty());
            });
        }
    });
}

#[test]
fn a_supply_that_makes_no_sense_any_more_is_unsafe() {
    thread::scope(|scope| {
        for fault in [Fault::Garbage, Fault::Silence, Fault::Half] {
            scope.spawn(move || {
                let (ran, line) = run(fault, u32::MAX, 0, "");
                let why = failure(&ran);
                let says = "no answer to `MEAS:VOLT?";
                assert!(why.contains(says), "{fault:?}: {why}");
                let ending = ran.ending();
                assert!(
                    matches!(ending, Ending::Unsafe { .. }),
                    "{fault:?}: {ending:?}"
                );
                // It was told to switch off all the same, whether or not anybody can confirm that.
                let told = line.told(0);
                let (_, after) = told.rsplit_once("OUTP 1").unwrap();
                assert!(after.contains("OUTP 0"), "{fault:?}: {after}");
            });
        }
    });
}

#[test]
fn another_supply_in_its_place_is_told_nothing_more() {
    let (ran, line) = run(Fault::Swap, 1, 0, "");
    let why = failure(&ran);
    assert!(
        why.contains("77") && why.contains("the wiring says"),
        "{why}"
    );
    let ending = ran.ending();
    assert!(matches!(ending, Ending::Unsafe { .. }), "{ending:?}");
    let told = line.told(1);
    assert!(
        told.contains("*IDN?") && !was_told_anything(&told),
        "{told}"
    );
}

#[test]
fn another_supply_from_the_start_is_told_nothing() {
    let (ran, line) = run(Fault::None, 0, 1, "serial = \"US7\"");
    let Ending::BenchFault { why } = ran.ending() else {
        panic!("{:?}", ran.ending());
    };
    assert!(
        why.contains("6633B, 77") && why.contains("serial US7"),
        "{why}"
    );
    assert!(!ran.switched_on());
    let told = line.told(1);
    assert!(
        told.contains("*IDN?") && !was_told_anything(&told),
        "{told}"
    );
    assert!(line.told(0).is_empty());
}
