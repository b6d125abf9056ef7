//! `bench can dump`, `send` and `replay` on buses: behind adapters and servers of this process, and
//! on an interface of the kernel's with other people's tools at its other end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use drivers::link::Link;
use drivers::link::can::BusFrame;
use drivers::link::can::candump;
use hil_tests::emulators::Emulators;
use hil_tests::program::{Program, Said};
use tempfile::TempDir;

use super::{Bus, PATIENCE, off_buses, on_buses, real};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A board that has power of its own.
const BOARD: &str = "[device.payload]\nrole = \"accelerator\"\nmodel = \"dbc-can\"\n\
                     link = \"memory\"\noptions = { telemetry_hz = 50 }\n";

/// Frames as `candump -L` writes them, in 90 ms.
const LOG: &str = "(1700000000.000000) can0 123#DEADBEEF
(1700000000.010000) can0 18FF0001#00
(1700000000.030000) can0 123#R4
(1700000000.090000) can0 7FF#0102030405060708
";

fn dbc() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../drivers/src/accelerator/dbc_can/board.dbc");
    path.display().to_string()
}

/// A folder with the wiring of a board, and a log.
fn folder() -> (TempDir, Program) {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("wiring")).unwrap();
    fs::write(folder.path().join("wiring/emulated.toml"), BOARD).unwrap();
    fs::write(folder.path().join("drive.log"), LOG).unwrap();
    let program = Program::new(PROGRAM, folder.path());
    (folder, program)
}

fn can(program: &Program, arguments: &[&str]) -> Said {
    program.run(&[&["can"], arguments].concat())
}

/// The frames of a log without their times.
fn frames(log: &str) -> Vec<&str> {
    let frames = log.lines().filter(|line| line.starts_with('('));
    frames.filter_map(|line| line.split(' ').nth(2)).collect()
}

/// Looks at the emulated board, tells it something, and looks again.
fn told_and_looked_at(more: &[&str], link: impl Fn(&Path) -> String) {
    let (folder, program) = folder();
    let board = Emulators::start(&program, more);
    let (link, dbc) = (link(&folder.path().join("run/payload")), dbc());
    let dump = || {
        let rate = ["--bit-rate", "1000000"];
        let dump = ["dump", &link, "--dbc", &dbc, "-n", "40"];
        let said = can(&program, &[&dump[..], &rate].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.err.contains("40 frames, "), "{}", said.err);
        said.out
    };
    let before = dump();
    assert!(before.contains("    ACC_POWER  bus_volts=27.9"), "{before}");
    assert!(before.contains("  state=idle  mode=full  "), "{before}");
    // What it shows is a log: decoding it gives the same.
    let log: String = before
        .lines()
        .filter(|line| line.starts_with('('))
        .fold(String::new(), |log, line| log + line + "\n");
    fs::write(folder.path().join("dumped.log"), &log).unwrap();
    let said = can(&program, &["decode", "dumped.log", "--dbc", &dbc]);
    let decoded = said.out.lines().filter(|line| line.contains("\"phys\":{"));
    let shown = before.lines().filter(|line| line.starts_with("    "));
    assert_eq!(decoded.count(), shown.count(), "{}", said.err);

    // Service 5 chooses the power mode; there is room for one frame.
    let said = can(&program, &["send", &link, "6A0#020501CCCCCCCCCC"]);
    assert_eq!(said.all(), "exit code 0\n");
    let after = dump();
    assert!(after.contains("  state=idle  mode=reduced  "), "{after}");
    board.end();
}

#[test]
fn a_board_behind_an_adapter_is_looked_at_and_told() {
    off_buses(|| {
        told_and_looked_at(&[], |path| format!("slcan:{}@1000000", path.display()));
    });
}

#[test]
fn a_board_behind_a_server_is_looked_at_and_told() {
    off_buses(|| {
        told_and_looked_at(&["--tcp"], |path| {
            let address = fs::read_to_string(path).unwrap();
            format!("socketcand:{}/can0", address.trim())
        });
    });
}

#[test]
fn a_log_is_replayed_through_an_adapter_at_its_times() {
    off_buses(|| {
        let (folder, program) = folder();
        let path = folder.path().join("adapter");
        real(async |clock| {
            let mut device = Link::publish_slcan(&path, clock, 500_000).unwrap();
            let link = format!("slcan:{}@500000", path.display());
            let begun = clock.now();
            let replay = ["can", "replay", "drive.log", &link, "--speed", "0.5"];
            let replay = program.command(&replay).spawn().unwrap();
            let mut heard = String::new();
            for after in [0, 20_000, 60_000, 180_000] {
                let arrival = clock.within(PATIENCE, device.receive()).await;
                let arrival = arrival.expect("heard nothing").unwrap();
                // Twice as slow as they were recorded, and never earlier than that.
                let at = arrival.at.micros_since(begun);
                assert!(at >= after, "{at} µs, recorded after {after}");
                let frame = BusFrame::from_bytes(&arrival.chunk).unwrap();
                candump::write(0, "can0", &frame, &mut heard);
                heard.push('\n');
            }
            assert_eq!(frames(&heard), frames(LOG));
            let Output { status, stderr, .. } = replay.wait_with_output().unwrap();
            let said = String::from_utf8(stderr).unwrap();
            assert!(status.success(), "{said}");
            assert!(
                said.starts_with("4 frames sent, none later than "),
                "{said}"
            );
        });
    });
}

#[test]
fn a_dump_ends_with_its_adapter_and_says_so() {
    off_buses(|| {
        let (folder, program) = folder();
        let mut board = Emulators::start(&program, &[]);
        let link = format!(
            "slcan:{}@1000000",
            folder.path().join("run/payload").display()
        );
        let mut dump = program.command(&["can", "dump", &link]).spawn().unwrap();
        let mut lines = BufReader::new(dump.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert_eq!(frames(&first).len(), 1, "{first}");
        board.kill();
        // What was on its way is shown; then there is nothing more.
        lines.for_each(|line| assert_eq!(frames(&line.unwrap()).len(), 1));
        let Output { status, stderr, .. } = dump.wait_with_output().unwrap();
        let err = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(3), "{err}");
        assert!(err.starts_with("Error: "), "{err}");
    });
}

/// A program of can-utils, which others wrote.
fn can_utils(arguments: &[&str]) -> Child {
    let (program, arguments) = arguments.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped());
    command
        .spawn()
        .expect("can-utils is installed with user-mode Linux")
}

/// Waits until a program hears everything on a bus.
fn until_somebody_listens(bus: &Bus) {
    let listens = |lists: String| {
        let mut lines = lists.lines();
        lines.any(|line| line.trim_start().starts_with(&bus.0))
    };
    while !listens(fs::read_to_string("/proc/net/can/rcvlist_all").unwrap()) {
        std::thread::yield_now();
    }
}

/// Does something again and again until a program has seen enough.
fn until_it_ends(mut child: Child, again: impl Fn()) -> Output {
    while child.try_wait().unwrap().is_none() {
        again();
    }
    child.wait_with_output().unwrap()
}

#[test]
fn candump_shows_what_is_replayed_and_sent() {
    on_buses(|| {
        let (_folder, program) = folder();
        let bus = Bus::new();
        let link = format!("can:{}", bus.0);
        // What is sent until candump listens is for nobody.
        let dump = can_utils(&["candump", "-L", "-n", "3", &bus.0]);
        let told = until_it_ends(dump, || {
            let send = ["send", &link, "ACC_POWER", "bus_volts=28", "--dbc", &dbc()];
            let said = can(&program, &send);
            assert_eq!(said.all(), "exit code 0\n");
        });
        let told = String::from_utf8(told.stdout).unwrap();
        assert_eq!(frames(&told), ["100#606D000000000000"; 3]);

        let dump = can_utils(&["candump", "-L", "-n", "4", &bus.0]);
        until_somebody_listens(&bus);
        let said = can(&program, &["replay", "drive.log", &link, "--speed", "0.1"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let told = String::from_utf8(dump.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(frames(&told), frames(LOG));
        // Ten times as long as in the log; a machine that is kept busy may be late with the first.
        let time = |line: Option<&str>| -> f64 {
            let line = line.unwrap().strip_prefix('(').unwrap();
            line.split(')').next().unwrap().parse().unwrap()
        };
        let span = time(told.lines().last()) - time(told.lines().next());
        assert!(span > 0.45, "{span} s\n{}", said.err);
    });
}

#[test]
fn a_dump_shows_what_cansend_sends_and_what_a_controller_tells() {
    on_buses(|| {
        let (_folder, program) = folder();
        let bus = Bus::new();
        let link = format!("can:{}", bus.0);
        for text in ["123#DEADBEEF", "18FF0001#R", "100#606D000000000000"] {
            let arguments = ["can", "dump", &link, "-n", "2", "--dbc", &dbc()];
            let dump = program.command(&arguments).spawn().unwrap();
            let told = until_it_ends(dump, || {
                let sent = can_utils(&["cansend", &bus.0, text]).wait();
                assert!(sent.unwrap().success());
            });
            let out = String::from_utf8(told.stdout).unwrap();
            assert_eq!(frames(&out), [text; 2]);
            let power = out.matches("    ACC_POWER  bus_volts=28 V").count();
            assert_eq!(power, if text.starts_with("100") { 2 } else { 0 }, "{out}");
        }
        let arguments = ["can", "dump", &link, "-n", "1", "--style", "zero"];
        let dump = program.command(&arguments).spawn().unwrap();
        // An error frame, as controllers give them to the kernel: 0x40 is bus off.
        let told = until_it_ends(dump, || {
            let sent = can_utils(&["cansend", &bus.0, "20000040#0000000000000000"]).wait();
            assert!(sent.unwrap().success());
        });
        let out = String::from_utf8(told.stdout).unwrap();
        assert!(out.contains("ERRORFRAME  bus off"), "{out}");
    });
}

#[test]
fn a_bus_that_is_not_there_or_goes_down_ends_a_dump_with_a_word() {
    on_buses(|| {
        let (_folder, program) = folder();
        let bus = Bus::new();
        let link = format!("can:{}", bus.0);
        let said = can(&program, &["dump", "can:can77"]);
        assert_eq!((said.code, said.out.as_str()), (Some(3), ""));
        assert!(
            said.err.contains("there is no CAN interface of that name"),
            "{}",
            said.err
        );
        let dump = program.command(&["can", "dump", &link]).spawn().unwrap();
        until_somebody_listens(&bus);
        bus.set("down");
        let told = dump.wait_with_output().unwrap();
        let err = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(3), "{err}");
        assert!(
            err.contains(&format!("`sudo ip link set {} up`", bus.0)),
            "{err}"
        );
        let said = can(&program, &["send", &link, "123#"]);
        assert_eq!(said.code, Some(3));
        assert!(
            said.err.contains("it is down: `sudo ip link set"),
            "{}",
            said.err
        );
    });
}
