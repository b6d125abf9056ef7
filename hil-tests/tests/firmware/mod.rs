//! The reference board's firmware in QEMU: upset in its memory, in surroundings that reach it, and
//! live.
//!
//! They need `arm-none-eabi-gcc` and `qemu-system-arm` (`hil-tests/firmware/build.sh --install`).

mod live;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bench_runner::config::folder::Folder;
use bench_runner::plan::{Plan, Request};
use bench_runner::runtime::Pace;
use hil_tests::program::{Program, Said};
use hil_tests::ran::Ran;
use hil_tests::sources::workspace;
use reports::event::{Event, EventKind};
use reports::record::Record;
use tempfile::TempDir;

/// The folder with the firmware, built once; `None` where there is nothing to build or run it with,
/// which only the whole gate minds.
pub(crate) fn firmware() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !there("arm-none-eabi-gcc") || !there("qemu-system-arm") {
            let all = std::env::var_os("BENCH_TEST_EVERYTHING").is_some();
            assert!(!all, "there is no cross compiler or no QEMU");
            return None;
        }
        let root = workspace();
        let built = Command::new(root.join("hil-tests/firmware/build.sh")).output();
        let built = built.unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        Some(root.join("target/firmware"))
    });
    built.as_deref()
}

pub(crate) fn bench(arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let program = Program::new(env!("CARGO_BIN_EXE_bench-under-test"), workspace());
    let mut command = program.command(arguments);
    for name in [
        "CI",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
        "CI_NODE_INDEX",
        "CI_NODE_TOTAL",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    Said::of(&command.output().unwrap())
}

/// A campaign of the reference firmware in a folder of its own.
struct Asked {
    folder: TempDir,
}

const BRING_UP: &str = r#"
seed = 1
[[step]]
name   = "bring-up"
length = "3 s"
set = [
  { device = "chamber", celsius = 20.0 },
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", after = "1 s", output = "on" },
]
[[workload]]
name   = "keyword spotting"
device = "payload"
golden = "keyword-spotting"
during = "work"
"#;

impl Asked {
    /// What follows on the bring-up, with other options of the board.
    fn of(built: &Path, rest: &str, options: &str) -> Asked {
        let folder = TempDir::new().unwrap();
        let here = workspace().join("hil-tests");
        let goldens = here.join("goldens");
        let head = format!("name = 'asked'\ngoldens = '{}'\n", goldens.display());
        fs::write(folder.path().join("asked.toml"), head + BRING_UP + rest).unwrap();
        let wiring = fs::read_to_string(here.join("firmware/bench/lockstep.toml")).unwrap();
        let wiring = wiring
            .replace("../../../target/firmware", built.to_str().unwrap())
            .replace("options    = { ", &format!("options    = {{ {options}"));
        fs::write(folder.path().join("wiring.toml"), wiring).unwrap();
        Asked { folder }
    }

    /// Runs it; what it said, and the bytes of its record.
    fn run(&self, out: &str) -> (Said, Vec<u8>) {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (campaign, wiring, out) = (path("asked.toml"), path("wiring.toml"), path(out));
        let said = bench(&["run", &campaign, "--wiring", &wiring, "--out", &out], &[]);
        let record = fs::read(Path::new(&out).join("record.mcap")).unwrap_or_default();
        (said, record)
    }
}

fn events(record: Vec<u8>) -> Vec<Event> {
    let mut events = Vec::new();
    let record = Record::from_bytes(record).unwrap();
    record
        .for_each(&mut |event| events.push(event.clone()))
        .unwrap();
    events
}

/// When a board said that it started, s.
fn boots(events: &[Event]) -> Vec<f64> {
    let boots = events
        .iter()
        .filter(|event| event.kind == EventKind::Booted);
    boots.map(|event| event.at.as_secs_f64()).collect()
}

/// The same campaign, run twice at once.
fn twice(asked: &Asked) -> ((Said, Vec<u8>), (Said, Vec<u8>)) {
    std::thread::scope(|scope| {
        let again = scope.spawn(|| asked.run("again"));
        (asked.run("out"), again.join().unwrap())
    })
}

/// Three upsets: of a slot that no input is in, of a clock that the main loop waits by, of a weight.
const UPSETS: &str = r#"
[[step]]
name   = "work"
length = "18 s"
[[fault]]
device = "payload"
kind   = "upset"
at     = "11 s"
memory = "slots"
byte   = 34000
bit    = 0
[[fault]]
device = "payload"
kind   = "upset"
at     = "14 s"
memory = "ticks"
byte   = 3
bit    = 7
[[fault]]
device = "payload"
kind   = "upset"
at     = "20 s"
memory = "WEIGHTS"
byte   = 1000
bit    = 6
[[check]]
name     = "upsets"
kind     = "upsets"
workload = "keyword spotting"
margin   = 0.6
"#;

/// Of three injections each had another of these effects.
fn each_once(said: &Said, effects: [&str; 3]) {
    for effect in effects {
        let told = format!("{effect}: 1 of 3 injections");
        assert!(said.out.contains(&told), "{effect}: {}", said.out);
    }
}

#[test]
fn upsets_of_memory_are_masked_hang_or_silently_wrong() {
    let Some(built) = firmware() else {
        return;
    };
    let asked = Asked::of(built, UPSETS, "");
    let ((said, record), (said_again, again)) = twice(&asked);
    let (out, other) = (&said.out, &said_again.out);
    assert!(
        record == again,
        "the same seed gives the same bytes: {out}\nand {other}"
    );
    each_once(&said, ["silent", "hang", "masked"]);
    for place in ["slots+34000", "ticks+3", "WEIGHTS+1000"] {
        assert!(said.out.contains(place), "{place}: {}", said.out);
    }
    let events = events(record);
    let upsets = events.iter().filter_map(|event| match &event.kind {
        EventKind::Upset {
            place,
            bit,
            before,
            after,
            ..
        } => Some((
            event.at.as_micros() / 100_000,
            place.as_str(),
            *bit,
            before ^ after,
        )),
        _ => None,
    });
    let upsets: Vec<_> = upsets.collect();
    assert_eq!(
        upsets,
        [
            (110, "slots+34000", 0, 1),
            (140, "ticks+3", 7, 0x80),
            (200, "WEIGHTS+1000", 6, 0x40),
        ]
    );
    // Power came, and the watchdog bit 1.6 s after the clock jumped.
    let boots = boots(&events);
    assert_eq!(boots.len(), 2, "{boots:?}");
    assert!((15.5..15.8).contains(&boots[1]), "{boots:?}");
}

/// A vector that leads to where no code may be: the handler of faults tells, and ends the firmware. A
/// reset loads it anew. Then that of the handler itself, which nothing needs yet, and the same again: the processor
/// locks up. Numbers of octets are those of Armv7-M's vectors, 4 each: 3 is the hard fault, 24 the timer.
const CRASHES: &str = r#"
[[step]]
name   = "work"
length = "26 s"
[[fault]]
device = "payload"
kind   = "upset"
at     = "11 s"
memory = "vectors"
byte   = 99
bit    = 6
[[fault]]
device = "payload"
kind   = "upset"
at     = "18 s"
memory = "vectors"
byte   = 15
bit    = 6
[[fault]]
device = "payload"
kind   = "upset"
at     = "22 s"
memory = "vectors"
byte   = 99
bit    = 6
[[check]]
name     = "upsets"
kind     = "upsets"
workload = "keyword spotting"
margin   = 0.7
"#;

#[test]
fn firmware_that_an_upset_stops_is_counted_and_reset_and_the_campaign_goes_on() {
    let Some(built) = firmware() else {
        return;
    };
    let asked = Asked::of(built, CRASHES, "");
    let ((said, record), (_, again)) = twice(&asked);
    assert!(record == again, "the same seed gives the same bytes");
    assert_eq!(said.code, Some(0), "{}", said.all());
    each_once(&said, ["detected", "hang", "masked"]);
    let events = events(record);
    let stops = events.iter().filter_map(|event| match &event.kind {
        EventKind::FirmwareStopped { why, by_itself } => {
            Some((event.at.as_secs_f64(), why.as_str(), *by_itself))
        }
        _ => None,
    });
    let [(_, told, true), (at, lockup, false)] = stops.collect::<Vec<_>>()[..] else {
        panic!("{}", said.all());
    };
    assert!(told.contains("(exit status: 101): fault at 0x"), "{told}");
    assert!(
        lockup.contains("(signal: 6): qemu: fatal: Lockup"),
        "{lockup}"
    );
    // Its supervisor waits for 1.6 s; the plant looks ten times a second.
    let boots = boots(&events);
    assert_eq!(boots.len(), 3, "{boots:?}");
    assert!((1.6..1.8).contains(&(boots[2] - at)), "{boots:?} {at}");
}

/// The same campaign in this process, where an earlier run of the same firmware is known.
fn here(asked: &Asked) -> Vec<u8> {
    let place = || Folder::Disk(asked.folder.path().to_owned());
    let plan = Plan::new(&Request {
        campaign: (place(), "asked.toml".to_owned()),
        wiring: (place(), "wiring.toml".to_owned()),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    });
    Ran::of(&plan.unwrap()).file("record.mcap").to_vec()
}

#[test]
fn a_fault_run_that_is_forked_gives_the_bytes_of_one_that_booted() {
    let Some(built) = firmware() else {
        return;
    };
    // Tells what it was started with, and becomes QEMU.
    let place = TempDir::new().unwrap();
    let (program, log) = (place.path().join("qemu"), place.path().join("log"));
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {}\nexec qemu-system-arm \"$@\"\n",
        log.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let asked = |byte: &str| {
        let campaign = UPSETS.replace("34000", byte);
        let asked = Asked::of(built, &campaign, "");
        let wiring = asked.folder.path().join("wiring.toml");
        let text = fs::read_to_string(&wiring).unwrap();
        let with = format!("mode=lockstep,program={}", program.display());
        fs::write(&wiring, text.replace("mode=lockstep", &with)).unwrap();
        asked
    };
    let (one, other) = (asked("34000"), asked("34001"));
    let (booted, other_booted) = (one.run("out").1, other.run("out").1);
    assert!(!booted.is_empty() && booted != other_booted);
    fs::remove_file(&log).unwrap();
    for (asked, booted) in [(&one, &booted), (&one, &booted), (&other, &other_booted)] {
        assert!(here(asked) == *booted, "it differs");
    }
    let starts = fs::read_to_string(&log).unwrap();
    let forks = starts.lines().map(|start| start.contains("-incoming"));
    // The first is learned from, the second keeps a state and tries it, the third is forked.
    assert_eq!(
        forks.collect::<Vec<_>>(),
        [false, false, true, true],
        "{starts}"
    );
}

/// Particles that hit code and vectors of a board every second or so.
const RADIATION: &str = r#"
[orbit]
elements = "ISS"
start    = "2025-06-25T18:00:00Z"
[orbit.radiation]
quiet_per_day   = 60000.0
polar_per_day   = 60000.0
anomaly_per_day = 60000.0
latch_up_share  = 0.0
memory          = ["vectors", "timer", "port_tick", "network_infer"]
[[step]]
name   = "work"
length = "60 s"
[[check]]
name     = "upsets"
kind     = "upsets"
workload = "keyword spotting"
margin   = 0.5
"#;

#[test]
fn a_campaign_outlives_what_particles_do_to_its_firmware() {
    let Some(built) = firmware() else {
        return;
    };
    let elements = workspace().join("hil-tests/campaigns/iss.tle");
    let campaign = RADIATION.replace("ISS", elements.to_str().unwrap());
    let asked = Asked::of(built, &campaign, "");
    let ((said, record), (_, again)) = twice(&asked);
    assert!(record == again, "the same seed gives the same bytes");
    // Passed or not: it was carried out to its end.
    assert!(matches!(said.code, Some(0 | 1 | 4)), "{}", said.all());
    let events = events(record);
    let count = |is: fn(&EventKind) -> bool| events.iter().filter(|e| is(&e.kind)).count();
    let upsets = count(|kind| matches!(kind, EventKind::Upset { .. }));
    let stops = count(|kind| matches!(kind, EventKind::FirmwareStopped { .. }));
    assert!(
        upsets >= 20 && stops >= 3,
        "{upsets} {stops}: {}",
        said.all()
    );
    assert!(boots(&events).len() > stops, "{}", said.all());
    assert!(said.out.contains("injections, "), "{}", said.all());
}

/// What the bus and the heat are, and packets that are damaged on their way.
const SURROUNDINGS: &str = r#"
[[step]]
name   = "work"
length = "30 s"
[[step]]
name   = "after"
length = "2 s"
set    = [{ device = "bus_supply", volts = 24.0, limit_amps = 1.8 }]
[[fault]]
device = "payload"
kind   = "flip"
at     = "8500 ms"
lasts  = "4 s"
share  = 0.5
[[check]]
name    = "throttled"
kind    = "in_range"
channel = "payload.clock_mhz"
during  = "work"
after   = "29 s"
max     = 12.6
[[check]]
name    = "hot"
kind    = "in_range"
channel = "payload.junction_temperature"
during  = "work"
after   = "29 s"
min     = 78.0
max     = 105.0
[[check]]
name    = "bad packets are counted"
kind    = "in_range"
channel = "payload.rejected"
during  = "work"
after   = "10 s"
min     = 1
[[check]]
name    = "the bus"
kind    = "in_range"
channel = "payload.bus_volts"
during  = "after"
after   = "1 s"
min     = 23.0
max     = 24.5
"#;

#[test]
fn supply_heat_and_bad_packets_reach_the_firmware_and_do_not_upset_it() {
    let Some(built) = firmware() else {
        return;
    };
    let hot = "busy_watts = 34.0, heat_capacity = 10.0, ";
    let (said, record) = Asked::of(built, SURROUNDINGS, hot).run("out");
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let events = events(record);
    assert_eq!(
        boots(&events).len(),
        1,
        "a bad packet is no reason to start anew"
    );
    // Half the clock, twice the time.
    let latency = |from: f64, to: f64| -> f64 {
        let inside = events.iter().filter(|event| {
            let at = event.at.as_secs_f64();
            from <= at && at < to
        });
        let inside = inside.filter_map(|event| match event.kind {
            EventKind::Inferred(inferred) => Some(f64::from(inferred.latency_us) * 1e-6),
            _ => None,
        });
        inside.fold(0.0, f64::max)
    };
    let (cold, hot) = (latency(8.0, 18.0), latency(32.0, 38.0));
    assert!((0.8..0.9).contains(&cold), "{cold}");
    assert!((1.5..1.8).contains(&hot), "{hot}");
}

#[test]
fn memory_that_is_not_there_is_refused_with_what_is() {
    let Some(built) = firmware() else {
        return;
    };
    for (from, to, part) in [
        ("\"WEIGHTS\"", "\"weights\"", "there is `WEIGHTS`"),
        ("byte   = 1000", "byte = 26720", "from 0 to 26719"),
        ("bit    = 6", "bit = 8", "from 0 to 7"),
        ("kind   = \"upset\"", "kind = \"reboot\"", "has no `memory`"),
        ("byte   = 34000", "lasts = \"1 s\"", "has no `lasts`"),
    ] {
        let (said, _) = Asked::of(built, &UPSETS.replacen(from, to, 1), "").run("out");
        assert_eq!(said.code, Some(2), "{to}: {}", said.err);
        assert!(said.err.contains(part), "{to}: {}", said.err);
    }
    let folder = TempDir::new().unwrap();
    let stripped = folder.path().join("board.elf");
    let strip = Command::new("arm-none-eabi-strip")
        .arg("-o")
        .args([&stripped, &built.join("board.elf")])
        .status();
    assert!(strip.unwrap().success());
    let (said, _) = Asked::of(folder.path(), UPSETS, "").run("out");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(
        said.err.contains("has no function `lockstep_wait`"),
        "{}",
        said.err
    );
}
