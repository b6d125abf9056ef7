//! A run that dies on real lines: who watches over it leaves its bench safe.
//!
//! 1. a run that is killed, again and again and at any moment, leaves an output that is off and read
//!    back, and a note in its folder of what was done and how long it took;
//! 2. a run that hangs (SIGSTOP) is killed, and its bench left safe;
//! 3. a run whose supervisor is killed ends by itself as a bench fault, and leaves its bench safe;
//! 4. what ends the run's session or its process group does not end who watches over it;
//! 5. a run that ends by itself leaves no note, and nobody behind;
//! 6. what was left safe stays so: the bench can be run again at once;
//! 7. a run whose lock is another's, as where somebody tidied up the folder of locks, sends nothing more.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::time::Duration;

use bench_runner::exit::Exit;
use bench_runner::supervise::{SUPERVISOR_FILE, Takeover};
use hil_tests::emulators::Emulators;
use hil_tests::program::{Program, children_of};
use hil_tests::scene::Scene;
use reports::verdict::{Ending, Verdict};

use super::supply::{Supply, Ways, now};
use super::wait;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A bench of one supply, on for as long as a test takes.
const CAMPAIGN: &str = r#"
name = "on"
goldens = "../goldens"

[[step]]
name   = "work"
length = "10 min"
set = [
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", output = "on" },
]

[[check]]
name    = "bus voltage in band"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
after   = "2 s"
max     = 29.0
"#;

fn wiring(link: &str) -> String {
    format!(
        "[device.bus_supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\n\
         poll = \"100 ms\"\nlimits = {{ volts = 34.0, amps = 2.0 }}\nlink = \"{link}\"\n"
    )
}

/// A supply at a serial port, in a process of its own, and a campaign that switches it on.
struct Bench {
    scene: Scene,
    _emulators: Emulators,
}

impl Bench {
    fn new() -> Bench {
        let scene = Scene::of("smoke");
        fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
        fs::write(scene.path("wiring/emulated.toml"), wiring("memory")).unwrap();
        let emulators = Emulators::start(&Program::new(PROGRAM, &scene.path(".")), &[]);
        let port = scene.path("run/bus_supply");
        let link = format!("serial:{}@9600", port.display());
        fs::write(scene.path("wiring/emulated.toml"), wiring(&link)).unwrap();
        Bench {
            scene,
            _emulators: emulators,
        }
    }

    /// Starts the campaign by the program, and waits until its work has begun.
    fn run(&self, out: &str) -> Child {
        let program = Program::new(PROGRAM, &self.scene.path("."));
        let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
        let arguments = [&["run", self.scene.campaign(), "--out", out][..], &wiring].concat();
        let mut run = program.command(&arguments).spawn().unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
        let begun = lines.any(|line| line.unwrap().contains("step: work"));
        assert!(begun, "it ended before its work began");
        // What it goes on to say is read by nobody, and must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        run
    }

    /// What the supervisor noted, when it did.
    fn takeover(&self, out: &str) -> Takeover {
        let path = self.scene.path(out).join(SUPERVISOR_FILE);
        let whole = || serde_json::from_slice(&fs::read(&path).ok()?).ok();
        until(|| whole().is_some());
        whole().unwrap()
    }

    /// Asks the supply by hand, past every driver of ours, once nobody holds its port.
    fn output(&self) -> String {
        let path = self.scene.path("run/bus_supply");
        let mut port = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(O_NOCTTY)
            .open(path)
            .unwrap();
        port.write_all(b"OUTP?\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\n") {
            let mut byte = [0];
            port.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        String::from_utf8(answer).unwrap().trim().to_owned()
    }

    fn is_off(&self) {
        assert_eq!(self.output(), "0");
    }
}

/// `O_NOCTTY` of Linux: a port that is opened must not become this process's terminal.
const O_NOCTTY: i32 = 0o400;

/// Waits until it is so, for longer than anything here may take.
fn until(so: impl Fn() -> bool) {
    for _ in 0..15_000 {
        if so() {
            return;
        }
        wait(2);
    }
    panic!("it never comes");
}

fn signal(name: &str, id: u32) {
    let status = Command::new("kill")
        .args([name, "--", &id.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// The supervisor of a run.
fn supervisor(run: &Child) -> u32 {
    let found = children_of(run.id());
    assert_eq!(found.len(), 1, "one supervisor");
    found[0]
}

fn is_there(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_killed_run_leaves_its_bench_safe_again_and_again() {
    let bench = Bench::new();
    let mut seconds = Vec::new();
    for turn in 0..6_u64 {
        let out = format!("out-{turn}");
        let mut run = bench.run(&out);
        // At other moments of its polls and set points each time.
        wait(700 + turn * 37);
        run.kill().unwrap();
        run.wait().unwrap();
        let takeover = bench.takeover(&out);
        assert!(takeover.is_safe, "{takeover:?}");
        assert!(takeover.why.contains("died"), "{takeover:?}");
        let [left] = &takeover.devices[..] else {
            panic!("{takeover:?}");
        };
        assert_eq!((&*left.name, &*left.state), ("bus_supply", "safe"));
        assert!(left.told.contains("output off"), "{left:?}");
        bench.is_off();
        seconds.push(takeover.seconds);
    }
    println!("from the run's death to its output off and confirmed, s: {seconds:?}");
    let judged = bench_runner::execute::judge(&bench.scene.path("out-0")).unwrap();
    assert_ne!(judged.report.verdict, Verdict::Pass);
    let Ending::Interrupted { why: Some(why) } = &judged.report.ending else {
        panic!("{:?}", judged.report.ending);
    };
    assert_eq!(judged.exit, Exit::Interrupted);
    assert!(why.contains("the supervisor left the bench safe"), "{why}");
}

#[test]
fn a_run_that_hangs_is_killed_and_its_bench_left_safe() {
    let bench = Bench::new();
    let mut run = bench.run("out");
    signal("-STOP", run.id());
    let takeover = bench.takeover("out");
    assert!(
        takeover.is_safe && takeover.why.contains("no life"),
        "{takeover:?}"
    );
    assert_eq!(run.wait().unwrap().code(), None, "a signal ended it");
    bench.is_off();
}

#[test]
fn a_run_that_nobody_watches_ends_safe() {
    let bench = Bench::new();
    let mut run = bench.run("out");
    signal("-KILL", supervisor(&run));
    assert_eq!(run.wait().unwrap().code(), Some(Exit::BenchFault as i32));
    bench.is_off();
    let judged = bench_runner::execute::judge(&bench.scene.path("out")).unwrap();
    let told = format!("{:?}", judged.report.ending);
    assert!(told.contains("the supervisor is gone"), "{told}");
}

#[test]
fn what_ends_the_run_does_not_end_who_watches() {
    let bench = Bench::new();
    let mut run = bench.run("out");
    let watcher = supervisor(&run);
    for name in ["-INT", "-TERM", "-HUP"] {
        signal(name, watcher);
    }
    let session = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.to_owned();
        fields.split(' ').nth(3).unwrap().to_owned()
    };
    assert_ne!(session(watcher), session(run.id()), "a session of its own");
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(bench.takeover("out").is_safe);
    bench.is_off();
    until(|| !is_there(watcher));
}

#[test]
fn a_run_that_ends_leaves_no_note_and_nobody_behind() {
    let bench = Bench::new();
    for (turn, name) in ["-INT", "-TERM"].into_iter().enumerate() {
        let out = format!("out-{turn}");
        let mut run = bench.run(&out);
        let watcher = supervisor(&run);
        signal(name, run.id());
        assert_eq!(run.wait().unwrap().code(), Some(Exit::Interrupted as i32));
        until(|| !is_there(watcher));
        assert!(!bench.scene.path(&out).join(SUPERVISOR_FILE).exists());
        bench.is_off();
    }
}

/// The lock that a process holds.
fn lock_of(id: u32) -> (std::path::PathBuf, String) {
    let owner = format!("process {id},");
    let folders = ["/run/lock", "/var/lock"].map(std::path::PathBuf::from);
    let files = folders
        .into_iter()
        .chain([std::env::temp_dir()])
        .flat_map(|folder| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            entries
                .map(|entry| entry.unwrap().path())
                .collect::<Vec<_>>()
        });
    let texts = files.filter_map(|path| Some((fs::read_to_string(&path).ok()?, path)));
    let mut held = texts.filter(|(text, _)| text.starts_with("token ") && text.contains(&owner));
    let (text, path) = held.next().expect("it holds its line");
    (path, text)
}

#[test]
fn a_run_that_was_taken_over_sends_nothing_more() {
    let scene = Scene::of("smoke");
    let supply = Supply::start(Ways::GOOD);
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), supply.wiring("20 ms")).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
    let arguments = [&["run", scene.campaign(), "--out", "out"][..], &wiring].concat();
    let mut run = program.command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("step: work")));
    std::thread::spawn(move || lines.for_each(drop));
    wait(300);
    // Another makes a file of the same name, with the next number.
    let (path, text) = lock_of(run.id());
    let token: u64 = text.lines().next().unwrap()["token ".len()..]
        .parse()
        .unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(
        &path,
        format!("token {}\nprocess 1, campaign other\n", token + 1),
    )
    .unwrap();
    let taken = now();
    assert_eq!(run.wait().unwrap().code(), Some(Exit::Unsafe as i32));
    let judged = bench_runner::execute::judge(&scene.path("out")).unwrap();
    let told = format!("{:?}", judged.report.ending);
    assert!(
        told.contains("taken over: process 1, campaign other"),
        "{told}"
    );
    // What was on its way may arrive; then nothing, until the supervisor asks who is there.
    let late = |line: &&super::supply::Line| line.at > taken + Duration::from_millis(100);
    let heard = supply.heard();
    let first = heard.iter().find(late).map(|line| line.text.as_str());
    assert!(matches!(first, None | Some("*IDN?" | "")), "{first:?}");
    fs::remove_file(&path).unwrap();
}
