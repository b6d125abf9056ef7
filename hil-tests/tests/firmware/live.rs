//! Firmware at its UART, in real time.
//!
//! 1. it answers through a pseudo-terminal, and computes right;
//! 2. a QEMU that is killed ends the run as a bench fault: the board is gone, and nothing passed;
//! 3. a run that is killed leaves no QEMU behind, and its bench is left safe by who watches over it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command};

use bench_runner::exit::Exit;
use bench_runner::supervise::{SUPERVISOR_FILE, Takeover};
use hil_tests::emulators::Emulators;
use hil_tests::program::{Program, Said, children_of};
use hil_tests::sources::workspace;
use tempfile::TempDir;

use super::firmware;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A campaign for the board alone, that works for so long.
fn campaign(length: &str, set: &str) -> String {
    let goldens = workspace().join("hil-tests/goldens");
    let text = fs::read_to_string(workspace().join("hil-tests/firmware/bench/live_keywords.toml"));
    let text = text.unwrap();
    text.replace("\"../../goldens\"", &format!("\"{}\"", goldens.display()))
        .replace(
            "length = \"10 s\"",
            &format!("length = \"{length}\"\n{set}"),
        )
}

fn board(built: &Path, more: &str) -> String {
    let elf = built.join("board.elf");
    format!(
        "[device.payload]\nrole = 'accelerator'\nmodel = 'ccsds-serial'\n\
         link = 'qemu:{}@mps2-an385{more}'\noptions = {{ network = 'mlperf-tiny-kws' }}\n",
        elf.display()
    )
}

struct Live {
    folder: TempDir,
}

impl Live {
    fn new(campaign: &str, wiring: &str) -> Live {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("wiring")).unwrap();
        fs::write(folder.path().join("live.toml"), campaign).unwrap();
        fs::write(folder.path().join("wiring/emulated.toml"), wiring).unwrap();
        Live { folder }
    }

    fn program(&self) -> Program {
        Program::new(PROGRAM, self.folder.path())
    }

    const RUN: [&str; 8] = [
        "run",
        "live.toml",
        "--wiring",
        "wiring/emulated.toml",
        "--out",
        "out",
        "--pace",
        "real",
    ];

    /// Starts it, and waits until it works.
    fn started(&self) -> (Child, BufReader<std::process::ChildStderr>) {
        let mut run = self.program().command(&Live::RUN).spawn().unwrap();
        let mut said = BufReader::new(run.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("step: work") {
            line.clear();
            let length = said.read_line(&mut line).unwrap();
            assert!(length > 0, "it ended before its work began");
        }
        (run, said)
    }
}

/// QEMU, where a run started it: `setpriv` has become it.
fn qemu(run: u32) -> u32 {
    let name = |id: &u32| fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    let children = children_of(run);
    let found = children
        .into_iter()
        .find(|id| name(id).starts_with("qemu-system"));
    found.expect("the run has a QEMU")
}

fn is_there(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
fn until(so: impl Fn() -> bool) {
    for _ in 0..15_000 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("it never comes");
}

#[test]
fn live_firmware_answers_through_a_pseudo_terminal() {
    let Some(built) = firmware() else {
        return;
    };
    // Twenty inputs are loaded first, which takes its time on a busy machine.
    let live = Live::new(&campaign("6 s", ""), &board(built, ",uart=pty"));
    let said: Said = live.program().run(&Live::RUN);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(
        said.out.contains("PASS  keywords are right"),
        "{}",
        said.out
    );
}

#[test]
fn a_qemu_that_is_killed_is_a_bench_fault_and_no_pass() {
    let Some(built) = firmware() else {
        return;
    };
    // Its end of a socket closes with it, that of a pseudo-terminal does not.
    std::thread::scope(|scope| {
        for uart in ["", ",uart=pty"] {
            scope.spawn(move || {
                let live = Live::new(&campaign("60 s", ""), &board(built, uart));
                let (mut run, mut said) = live.started();
                let status = Command::new("kill")
                    .args(["-KILL", &qemu(run.id()).to_string()])
                    .status();
                assert!(status.unwrap().success());
                let mut rest = String::new();
                std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
                let code = run.wait().unwrap().code();
                assert_eq!(code, Some(Exit::BenchFault as i32), "{uart}: {rest}");
                let told = "the firmware in QEMU ended (signal: 9";
                assert!(rest.contains(told), "{uart}: {rest}");
            });
        }
    });
}

#[test]
fn a_run_that_is_killed_leaves_no_qemu_and_a_safe_bench() {
    let Some(built) = firmware() else {
        return;
    };
    let supply = |link: &str| {
        format!(
            "[device.bus_supply]\nrole = 'power-supply'\nmodel = 'keysight-6633b'\n\
             limits = {{ volts = 34.0, amps = 2.0 }}\nlink = '{link}'\n"
        )
    };
    let set = "set = [{ device = \"bus_supply\", volts = 28.0, limit_amps = 1.8 },\n\
               { device = \"bus_supply\", output = \"on\" }]";
    let live = Live::new(&campaign("60 s", set), &supply("memory"));
    let _emulators = Emulators::start(&live.program(), &[]);
    let port = live.folder.path().join("run/bus_supply");
    let link = format!("serial:{}@9600", port.display());
    let wiring = supply(&link) + &board(built, "");
    fs::write(live.folder.path().join("wiring/emulated.toml"), wiring).unwrap();
    let (mut run, said) = live.started();
    let qemu = qemu(run.id());
    // What it goes on to say is read by nobody, and must not stop it.
    std::thread::spawn(move || said.lines().for_each(drop));
    run.kill().unwrap();
    run.wait().unwrap();
    until(|| !is_there(qemu));
    let note = live.folder.path().join("out").join(SUPERVISOR_FILE);
    let read = || -> Option<Takeover> { serde_json::from_slice(&fs::read(&note).ok()?).ok() };
    until(|| read().is_some());
    let takeover = read().unwrap();
    assert!(takeover.is_safe, "{takeover:?}");
    let supply = takeover
        .devices
        .iter()
        .find(|left| left.name == "bus_supply");
    assert_eq!(supply.unwrap().state, "safe");
}
