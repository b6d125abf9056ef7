//! The same campaign in real time, with its emulators in another process, behind serial ports and
//! sockets.
//!
//! 1. the verdict and each check's finding are those of the run in memory;
//! 2. the header tells which devices are emulated, and what leads to them;
//! 3. a device whose process is killed ends the run at once, and never with a pass: a bench fault,
//!    or an unsafe bench where an instrument can no longer be told to switch off;
//! 4. a port that is not there is absent hardware;
//! 5. while one run holds a line, another is told who does, touches nothing and ends with BUSY; a
//!    run that was killed holds nothing;
//! 6. when every device is silent and the run is asked to stop by SIGTERM, it has tried to leave each
//!    safe, and has recorded that it could not, within the seven seconds before SIGKILL;
//! 7. a device that comes back within the time that its wiring gives it goes on, armed again, if it is
//!    the one that it was; with another in its place the run ends;
//! 8. devices with addresses share one line, with pauses and an echo, each told and heard as if it were
//!    alone; devices without an address, or with the same, are refused there;
//! 9. what is not in memory is refused in virtual time, and cannot be broken on purpose.

mod lines;
mod watch;

use std::fs;
use std::process::Command;

use bench_runner::execute::RECORD_FILE;
use bench_runner::exit::Exit;
use bench_runner::plan::Plan;
use bench_runner::runtime::Pace;
use hil_tests::emulators::Emulators;
use hil_tests::program::Program;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use hil_tests::watched::Watched;
use reports::event::{Event, EventKind};
use reports::verdict::Ending;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A board that works for a few seconds, on a bench of a supply, a chamber and that board.
const CAMPAIGN: &str = r#"
name = "short"
seed = 3
goldens = "../goldens"

[[step]]
name   = "bring-up"
length = "5 s"
set = [
  { device = "chamber", celsius = 20.0 },
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", after = "500 ms", output = "on" },
]

[[step]]
name   = "work"
length = "4 s"
set = [ { device = "bus_supply", volts = 29.0, limit_amps = 1.8 } ]

[[workload]]
name   = "keywords"
device = "payload"
golden = "keyword-spotting"
during = "work"

[[check]]
name    = "bus voltage in band"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
min     = 27.0
max     = 29.5

[[check]]
name    = "board input voltage"
kind    = "in_range"
channel = "payload.bus_volts"
during  = "work"
min     = 25.0

[[check]]
name    = "air"
kind    = "in_range"
channel = "chamber.air"
max     = 24.0

[[check]]
name    = "too strict"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
max     = 28.0

[[check]]
name   = "no payload frame lost"
kind   = "no_loss"
device = "payload"
during = ["work"]

[[check]]
name     = "the payload answers"
kind     = "responds"
workload = "keywords"
"#;

const DEVICES: [&str; 3] = ["bus_supply", "chamber", "payload"];

/// The bench, with a link for each of [`DEVICES`].
fn wiring(links: &[String; 3]) -> String {
    let [supply, chamber, payload] = links;
    format!(
        "[device.bus_supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\n\
         poll = \"250 ms\"\nlimits = {{ volts = 34.0, amps = 2.0 }}\nlink = \"{supply}\"\n\n\
         [device.chamber]\nrole = \"thermal-chamber\"\nmodel = \"watlow-f4\"\n\
         poll = \"500 ms\"\nlink = \"{chamber}\"\n\n\
         [device.payload]\nrole = \"accelerator\"\nmodel = \"ccsds-serial\"\n\
         powered_by = \"bus_supply\"\ninside = \"chamber\"\n\
         options = {{ network = \"mlperf-tiny-kws\" }}\nlink = \"{payload}\"\n"
    )
}

fn memory() -> [String; 3] {
    DEVICES.map(|_| "memory".to_owned())
}

/// The campaign on the bench in memory; other links are told with [`linked`].
fn scene() -> Scene {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    linked(&scene, &memory());
    scene
}

fn linked(scene: &Scene, links: &[String; 3]) {
    fs::write(scene.path("wiring/emulated.toml"), wiring(links)).unwrap();
}

/// Runs the scene as its wiring is now, in real time.
fn run(scene: &Scene) -> Ran {
    let mut request = scene.request(None);
    request.pace = Pace::Real;
    match Plan::new(&request) {
        Ok(plan) => Ran::of(&plan),
        Err(refusals) => panic!("refused:\n{}", refusals.render(false)),
    }
}

/// Plays all devices of a scene, found in its folder `run`.
fn emulate(scene: &Scene, more: &[&str]) -> Emulators {
    Emulators::start(&program(scene), more)
}

fn program(scene: &Scene) -> Program {
    Program::new(PROGRAM, &scene.path("."))
}

fn ports(scene: &Scene) -> [String; 3] {
    let path = |device: &str| scene.path("run").join(device);
    let line = |(device, line): (&str, &str)| format!("serial:{}@{line}", path(device).display());
    let lines = ["9600", "19200,8N1", "115200"];
    let [supply, chamber, payload] = DEVICES;
    [
        line((supply, lines[0])),
        line((chamber, lines[1])),
        line((payload, lines[2])),
    ]
}

fn sockets(scene: &Scene) -> [String; 3] {
    DEVICES.map(|device| {
        let address = fs::read_to_string(scene.path("run").join(device)).unwrap();
        format!("tcp:{}", address.trim())
    })
}

/// What each check found, and what all of them come to.
fn verdicts(ran: &Ran) -> Vec<(String, String)> {
    let report = &ran.outcome.report;
    let findings = report.findings.iter();
    let findings =
        findings.map(|finding| (finding.check.clone(), format!("{:?}", finding.verdict)));
    findings
        .chain([("all".to_owned(), format!("{:?}", ran.outcome.exit))])
        .collect()
}

/// The scene with its emulators, and what the checks find in memory.
fn scene_and_verdicts() -> (Scene, Vec<(String, String)>) {
    let scene = scene();
    let in_memory = scene.run();
    assert_eq!(
        in_memory.outcome.exit,
        Exit::Failed,
        "one check is too strict"
    );
    let verdicts = verdicts(&in_memory);
    (scene, verdicts)
}

#[test]
fn over_ports_the_verdict_is_that_of_memory() {
    let (scene, in_memory) = scene_and_verdicts();
    let emulators = emulate(&scene, &[]);
    linked(&scene, &ports(&scene));
    let ran = run(&scene);
    assert_eq!(verdicts(&ran), in_memory);
    assert_eq!(ran.unsafe_ends(), Vec::<String>::new());
    for device in &ran.outcome.report.header.devices {
        assert!(device.emulated, "{}: a pseudo-terminal", device.name);
        assert!(device.link.starts_with("serial:"), "{}", device.link);
    }
    emulators.end();
    let mut left = fs::read_dir(scene.path("run")).unwrap();
    assert!(left.next().is_none(), "what was published is gone");
}

#[test]
fn over_sockets_the_verdict_is_that_of_memory() {
    let (scene, in_memory) = scene_and_verdicts();
    let emulators = emulate(&scene, &["--tcp"]);
    let links = sockets(&scene);
    linked(&scene, &links);
    let ran = run(&scene);
    assert_eq!(verdicts(&ran), in_memory);
    assert_eq!(ran.unsafe_ends(), Vec::<String>::new());
    for (device, link) in ran.outcome.report.header.devices.iter().zip(links) {
        assert!(!device.emulated, "nobody knows what stands behind a socket");
        assert_eq!(device.link, link);
    }
    emulators.end();
}

/// Runs the scene by the program, kills the emulators when its work has begun, and gives its exit
/// code and how it ended.
fn unplugged(scene: Scene, mut emulators: Emulators) -> (Option<i32>, Ending) {
    // A device that is lost fails a check that it loses nothing; here only the ending counts.
    let scene = scene
        .asking("max     = 28.0", "max     = 30.0")
        .asking("during = [\"work\"]", "during = \"bring-up\"");
    let told = Watched::run(&program(&scene), &scene, |_| emulators.kill());
    let failed = |event: &Event| matches!(event.kind, EventKind::DeviceFailed { .. });
    assert!(told.events.iter().any(failed), "nobody noticed");
    (told.code, told.ending().clone())
}

#[test]
fn an_unplugged_board_is_a_bench_fault() {
    let scene = scene();
    // The board alone is in the other process, and has power of its own there.
    let whole = wiring(&memory());
    let board = &whole[whole.find("[device.payload]").unwrap()..];
    let alone = board
        .replace("powered_by = \"bus_supply\"\n", "")
        .replace("inside = \"chamber\"\n", "");
    fs::write(scene.path("wiring/emulated.toml"), alone).unwrap();
    let emulators = emulate(&scene, &[]);
    let [_, _, payload] = ports(&scene);
    let [supply, chamber, _] = memory();
    linked(&scene, &[supply, chamber, payload]);
    let (code, ending) = unplugged(scene, emulators);
    assert!(matches!(ending, Ending::BenchFault { .. }), "{ending:?}");
    assert_eq!(code, Some(Exit::BenchFault as i32));
}

#[test]
fn an_unplugged_supply_is_an_unsafe_bench() {
    let scene = scene();
    let emulators = emulate(&scene, &[]);
    linked(&scene, &ports(&scene));
    let (code, ending) = unplugged(scene, emulators);
    // Whether its output is off, nobody can ask any more.
    assert!(matches!(ending, Ending::Unsafe { .. }), "{ending:?}");
    assert_eq!(code, Some(Exit::Unsafe as i32));
}

/// Runs the scene by the program with every line allowed to be away; when its work has begun, kills
/// the emulators and plays `again`. Gives its exit code and what it recorded.
fn replugged(scene: &Scene, again: impl FnOnce(&Scene)) -> (Option<i32>, Vec<Event>) {
    let mut emulators = emulate(scene, &[]);
    let text = wiring(&ports(scene)).replace("link =", "reconnect = \"10 s\"\nlink =");
    fs::write(scene.path("wiring/emulated.toml"), &text).unwrap();
    let mut again = Some(again);
    let told = Watched::run(&program(scene), scene, |_| {
        emulators.kill();
        let again = again.take().expect("the work begins once");
        again(scene);
        emulators = emulate(scene, &[]);
    });
    assert!(again.is_none(), "{}", told.said);
    (told.code, told.events)
}

#[test]
fn devices_that_come_back_go_on_armed_again() {
    let scene = scene();
    let (code, events) = replugged(&scene, |_| {});
    let (mut lost, mut away) = (Vec::new(), Vec::new());
    for event in &events {
        match &event.kind {
            EventKind::LinkLost { .. } => lost.push(event.device.0),
            EventKind::LinkRestored { away_us } => away.push((event.device.0, *away_us)),
            EventKind::DeviceFailed { why } => panic!("{why}"),
            _ => {}
        }
    }
    lost.sort_unstable();
    away.sort_unstable();
    assert_eq!(lost, [0, 1, 2]);
    let back: Vec<u16> = away.iter().map(|(device, _)| *device).collect();
    assert_eq!(back, [0, 1, 2], "{away:?}");
    assert!(
        away.iter()
            .all(|(_, micros)| (1..10_000_000).contains(micros)),
        "{away:?}"
    );
    // The supply that came back is another world's, and off: the checks see it.
    assert_eq!(code, Some(Exit::Failed as i32));
    let told = |kind: &EventKind| events.iter().filter(|event| event.kind == *kind).count();
    assert!(told(&EventKind::MadeSafe) >= 2, "supply and chamber");
    let ending = Ending::Completed;
    assert_eq!(told(&EventKind::RunEnded { ending }), 1);
}

#[test]
fn another_device_in_its_place_is_not_armed() {
    let scene = scene();
    let (code, events) = replugged(&scene, |scene| {
        let path = scene.path("wiring/emulated.toml");
        let text = fs::read_to_string(&path).unwrap();
        let head = "[device.bus_supply]\n";
        let other = format!("{head}options = {{ serial = \"77\" }}\n");
        fs::write(path, text.replace(head, &other)).unwrap();
    });
    let supply = events.iter().filter(|event| event.device.0 == 0);
    let failed: Vec<&String> = supply
        .filter_map(|event| match &event.kind {
            EventKind::LinkRestored { .. } => panic!("it was armed"),
            EventKind::DeviceFailed { why } => Some(why),
            _ => None,
        })
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].contains("77"), "{}", failed[0]);
    // Where the right one is, and whether it is off, nobody knows.
    assert_eq!(code, Some(Exit::Unsafe as i32));
    let ended = events.last().map(|event| &event.kind);
    assert!(
        matches!(
            ended,
            Some(EventKind::RunEnded {
                ending: Ending::Unsafe { .. }
            })
        ),
        "{ended:?}"
    );
}

/// Two chambers at addresses of one line that echoes.
fn two_chambers(scene: &Scene, second: &str) {
    let path = scene.path("run").join("cold");
    let chamber = |name: &str, address: &str, more: &str| {
        format!(
            "[device.{name}]\nrole = \"thermal-chamber\"\nmodel = \"watlow-f4\"\npoll = \"200 ms\"\n\
             link = \"serial:{}@19200\"\noptions = {{ address = {address} }}\n{more}\n",
            path.display()
        )
    };
    let line = "line = { echo = true, gap = \"5 ms\", turnaround = \"2 ms\" }";
    let text = chamber("cold", "1", line) + &chamber("hot", second, line);
    fs::write(scene.path("wiring/emulated.toml"), text).unwrap();
}

const TWO_CHAMBERS: &str = r#"
name = "two on one line"

[[step]]
name   = "set"
length = "1 s"
set = [ { device = "cold", celsius = -10.0 }, { device = "hot", celsius = 60.0 } ]

[[step]]
name   = "look"
length = "2 s"

[[check]]
name    = "cold"
kind    = "in_range"
channel = "cold.target"
during  = "look"
min     = -10.0
max     = -10.0

[[check]]
name    = "hot"
kind    = "in_range"
channel = "hot.target"
during  = "look"
min     = 60.0
max     = 60.0
"#;

#[test]
fn devices_with_addresses_share_a_line() {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), TWO_CHAMBERS).unwrap();
    two_chambers(&scene, "2");
    let emulators = emulate(&scene, &[]);
    let ran = run(&scene);
    assert_eq!(ran.outcome.exit, Exit::Passed, "{:?}", verdicts(&ran));
    assert_eq!(ran.unsafe_ends(), Vec::<String>::new());
    let retried = ran.events(|event| matches!(event.kind, EventKind::Retried { .. }));
    assert_eq!(retried, [], "nobody was misheard");
    for (check, name) in [(0, "cold"), (1, "hot")] {
        let finding = &ran.outcome.report.findings[check];
        assert!(finding.check == name && finding.samples > 4, "{finding:?}");
    }
    emulators.end();
    assert!(fs::read_dir(scene.path("run")).unwrap().next().is_none());
}

#[test]
fn one_address_is_not_given_twice_on_a_line() {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), TWO_CHAMBERS).unwrap();
    two_chambers(&scene, "1");
    let mut request = scene.request(None);
    request.pace = Pace::Real;
    let told = Plan::new(&request).unwrap_err().render(false);
    assert!(told.contains("both answer to address 1"), "{told}");
    let path = scene.path("wiring/emulated.toml");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replacen("address = 1", "address = 2", 1);
    fs::write(&path, text.replacen("gap = \"5 ms\"", "gap = \"6 ms\"", 1)).unwrap();
    let told = Plan::new(&request).unwrap_err().render(false);
    assert!(told.contains("write the same `line`"), "{told}");
}

#[test]
fn two_runs_do_not_share_an_instrument() {
    let (scene, _) = scene_and_verdicts();
    let emulators = emulate(&scene, &[]);
    linked(&scene, &ports(&scene));
    let program = program(&scene);
    let arguments = [
        "run",
        "campaigns/smoke.toml",
        "--wiring",
        "wiring/emulated.toml",
    ];
    let arguments = [&arguments[..], &["--pace", "real", "-q", "--out"]].concat();
    let start = |folder| {
        program
            .command(&[&arguments[..], &[folder]].concat())
            .spawn()
    };
    let mut first = start("first").unwrap();
    // It holds the lines before it makes its record.
    let record = scene.path("first").join(RECORD_FILE);
    while !record.exists() {
        assert_eq!(
            first.try_wait().unwrap(),
            None,
            "the first run is under way"
        );
        std::thread::yield_now();
    }
    let said = program.run(&[&arguments[..], &["second"]].concat());
    assert_eq!(said.code, Some(Exit::Busy as i32), "{}", said.err);
    let owner = format!("process {}, campaign short", first.id());
    assert!(said.err.contains(&owner), "{}", said.err);
    assert!(!scene.path("second").exists());

    // What a run that was killed leaves behind does not keep the next one from the bench.
    first.kill().unwrap();
    first.wait().unwrap();
    // Who watched over it may still be leaving the bench safe.
    let said = program.run(&[&arguments[..], &["third", "--wait"]].concat());
    assert_ne!(said.code, Some(Exit::Busy as i32), "{}", said.err);
    assert!(scene.path("third").join(RECORD_FILE).exists());
    emulators.end();
}

#[test]
fn a_frozen_bench_is_given_up_before_the_impatient_kill() {
    let (scene, _) = scene_and_verdicts();
    let emulators = emulate(&scene, &[]);
    linked(&scene, &ports(&scene));
    let signal = |name: &str, process: u32| {
        let kill = Command::new("kill")
            .args([name, &process.to_string()])
            .status();
        assert!(kill.unwrap().success());
    };
    let device = emulators.id();
    let told = Watched::run(&program(&scene), &scene, |this| {
        signal("-STOP", device);
        signal("-TERM", this);
    });
    assert_eq!(told.code, Some(Exit::Unsafe as i32));
    let mut times = Vec::new();
    for event in &told.events {
        if let EventKind::Interrupted | EventKind::RunEnded { .. } = &event.kind {
            times.push(event.at.as_secs_f64());
        }
    }
    let [asked, ended] = times[..] else {
        panic!("{times:?}");
    };
    assert!(
        ended - asked < 7.0,
        "asked at {asked} s, ended at {ended} s"
    );
}

#[test]
fn a_port_that_is_not_there_is_absent_hardware() {
    let scene = scene();
    let [supply, _, _] = memory();
    let chamber = format!("serial:{}@19200", scene.path("nowhere").display());
    linked(&scene, &[supply, chamber, "tcp:127.0.0.1:1".to_owned()]);
    let ran = run(&scene);
    assert!(
        matches!(ran.ending(), Ending::Absent { .. }),
        "{:?}",
        ran.ending()
    );
    assert_eq!(ran.outcome.exit, Exit::Inconclusive);
    assert!(!ran.switched_on());
}

/// What the plan refuses at a pace, with these links.
fn refusals(scene: &Scene, pace: Pace, links: &[String; 3]) -> String {
    linked(scene, links);
    let mut request = scene.request(None);
    request.pace = pace;
    let refusals = Plan::new(&request).map(|_| "nothing is refused".to_owned());
    refusals.unwrap_or_else(|refusals| refusals.render(false))
}

#[test]
fn what_leaves_the_process_is_refused_where_it_cannot_be() {
    let scene = scene();
    let [supply, chamber, _] = memory();
    let payload = "tcp:bench-3.lab:4001".to_owned();
    let links = [supply, chamber, payload];
    let told = refusals(&scene, Pace::Virtual, &links);
    assert!(
        told.contains("`tcp:bench-3.lab:4001` is a real line"),
        "{told}"
    );
    assert!(told.contains("--pace real"), "{told}");
    let told = refusals(&scene, Pace::Real, &links);
    assert_eq!(told, "nothing is refused");
    let mut request = scene.request(None);
    request.pace = Pace::Real;
    let warned = Plan::new(&request).unwrap().warnings();
    let part = "`payload` is real, but `bus_supply`, which powers it, is emulated";
    assert!(
        warned.iter().any(|warning| warning.contains(part)),
        "{warned:?}"
    );
    let links = [5025, 502, 4001].map(|port| format!("tcp:bench-3.lab:{port}"));
    let told = refusals(&scene, Pace::Real, &links);
    assert_eq!(told, "nothing is refused");
    // A host has no case.
    let [supply, chamber, _] = &links;
    let shared = [
        supply.clone(),
        chamber.clone(),
        "tcp:Bench-3.LAB:502".to_owned(),
    ];
    let told = refusals(&scene, Pace::Real, &shared);
    assert!(told.contains("where `chamber` is already"), "{told}");
    assert!(told.contains("`ccsds-serial` has none"), "{told}");

    let scene = scene.asking(
        "length = \"4 s\"\nset = [ ",
        "length = \"4 s\"\nset = [ { device = \"payload\", inject = \"reset\" }, ",
    );
    let told = refusals(&scene, Pace::Real, &links);
    assert!(told.contains("cannot break it on purpose"), "{told}");
    let told = refusals(&scene, Pace::Real, &memory());
    assert_eq!(told, "nothing is refused");

    let [_, chamber, payload] = memory();
    let links = ["tcp:bench-3.lab:5025".to_owned(), chamber, payload];
    let told = refusals(&scene, Pace::Real, &links);
    assert!(
        told.contains("`payload` is emulated, but `bus_supply` is not"),
        "{told}"
    );

    let broken = memory().map(|_| "usb:3".to_owned());
    let told = refusals(&scene, Pace::Real, &broken);
    assert!(told.contains("did you mean `serial:usb:3@9600`?"), "{told}");
    // A kind that is right is not proposed.
    let bare = memory().map(|_| "serial:/dev/ttyUSB0".to_owned());
    let told = refusals(&scene, Pace::Real, &bare);
    assert!(told.contains("the baud rate is missing"), "{told}");
    assert!(!told.contains("did you mean"), "{told}");
    assert!(told.contains("`serial:/dev/ttyUSB0@9600`"), "{told}");
}
