//! A campaign whose board is on a bus, with the emulators in another process.

use std::fs;

use bench_runner::exit::Exit;
use hil_tests::emulators::Emulators;
use hil_tests::program::Program;
use hil_tests::scene::Scene;
use hil_tests::watched::Watched;
use reports::event::EventKind;
use reports::verdict::Ending;

use super::{Bus, off_buses, on_buses};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A board that works for a few seconds, fed by a supply. One check is too strict. On a busy machine, inside a
/// Linux of its own, the first three of them go by with the inputs alone.
const CAMPAIGN: &str = r#"
name = "short"
seed = 3
goldens = "../goldens"

[[step]]
name   = "bring-up"
length = "5 s"
set = [
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", after = "500 ms", output = "on" },
]

[[step]]
name   = "work"
length = "5 s"

[[workload]]
name   = "keywords"
device = "payload"
golden = "keyword-spotting"
during = "work"

[[check]]
name    = "board input voltage"
kind    = "in_range"
channel = "payload.bus_volts"
during  = "work"
min     = 25.0

[[check]]
name    = "too strict"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
max     = 27.0

[[check]]
name   = "no payload frame lost"
kind   = "no_loss"
device = "payload"
during = "work"

[[check]]
name     = "the payload answers"
kind     = "responds"
workload = "keywords"

[[check]]
name     = "keywords are right"
kind     = "matches_golden"
workload = "keywords"
"#;

/// The bench, with a link for its supply and one for its board.
fn wiring(supply: &str, board: &str) -> String {
    format!(
        "[device.bus_supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\n\
         poll = \"250 ms\"\nlimits = {{ volts = 34.0, amps = 2.0 }}\nlink = \"{supply}\"\n\n\
         [device.payload]\nrole = \"accelerator\"\nmodel = \"dbc-can\"\n\
         powered_by = \"bus_supply\"\nlink = \"{board}\"\n"
    )
}

fn scene() -> Scene {
    let scene = Scene::of("smoke");
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    linked(&scene, "memory", "memory");
    scene
}

fn linked(scene: &Scene, supply: &str, board: &str) {
    fs::write(scene.path("wiring/emulated.toml"), wiring(supply, board)).unwrap();
}

/// Plays all devices of a scene, found in its folder `run`.
fn emulate(scene: &Scene, more: &[&str]) -> Emulators {
    Emulators::start(&program(scene), more)
}

fn program(scene: &Scene) -> Program {
    Program::new(PROGRAM, &scene.path("."))
}

/// Runs the scene in real time, and calls `at_work` when its work has begun.
fn run(scene: &Scene, at_work: impl Fn()) -> Watched {
    Watched::run(&program(scene), scene, |_| at_work())
}

fn findings(scene: &Scene) -> serde_json::Value {
    let summary = fs::read(scene.path("out/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let checks = summary["findings"].as_array().unwrap();
    let told = |check: &serde_json::Value| serde_json::json!([check["check"], check["verdict"]]);
    checks.iter().map(told).collect()
}

/// Runs the scene over `link` and holds its verdict against that of memory, which is expected to be
/// a failure: one check is too strict.
fn same_verdict(scene: &Scene, more: &[&str], link: impl Fn(&Scene) -> String) {
    let program = program(scene);
    let arguments = ["run", scene.campaign(), "--out", "out", "-q"];
    let arguments = [&arguments[..], &["--wiring", "wiring/emulated.toml"]].concat();
    let memory = program.run(&arguments);
    assert_eq!(memory.code, Some(Exit::Failed as i32), "{}", memory.all());
    let expected = findings(scene);
    fs::remove_dir_all(scene.path("out")).unwrap();

    let _emulators = emulate(scene, more);
    let path = scene.path("run/bus_supply");
    let supply = match fs::read_link(&path) {
        Ok(_) => format!("serial:{}@9600", path.display()),
        Err(_) => format!("tcp:{}", fs::read_to_string(&path).unwrap().trim()),
    };
    linked(scene, &supply, &link(scene));
    let told = run(scene, || {});
    assert_eq!(*told.ending(), Ending::Completed);
    assert_eq!(findings(scene), expected, "{}", told.said);
    assert_eq!(told.code, Some(Exit::Failed as i32), "{}", told.said);
    // How many queries are asked in that time is a matter of the machine; that it goes on after one is not.
    let answers = told.events.iter();
    let answers = answers.filter(|event| matches!(event.kind, EventKind::Inferred(_)));
    assert!(answers.count() > 1, "{}", told.said);
}

#[test]
fn behind_an_adapter_the_verdict_is_that_of_memory() {
    off_buses(|| {
        same_verdict(&scene(), &[], |scene| {
            format!("slcan:{}", scene.path("run/payload").display())
        });
    });
}

#[test]
fn behind_a_server_the_verdict_is_that_of_memory() {
    off_buses(|| {
        same_verdict(&scene(), &["--tcp"], |scene| {
            let address = fs::read_to_string(scene.path("run/payload")).unwrap();
            format!("socketcand:{}/can0", address.trim())
        });
    });
}

#[test]
fn an_adapter_at_another_bit_rate_ends_the_run_and_says_so() {
    off_buses(|| {
        let scene = scene().asking("max     = 27.0", "max     = 29.0").asking(
            "device = \"payload\"\nduring = \"work\"",
            "device = \"payload\"\nduring = \"bring-up\"",
        );
        let _emulators = emulate(&scene, &[]);
        let supply = format!("serial:{}@9600", scene.path("run/bus_supply").display());
        let board = format!("slcan:{}@500000", scene.path("run/payload").display());
        linked(&scene, &supply, &board);
        let told = run(&scene, || {});
        let Ending::BenchFault { why, .. } = told.ending() else {
            panic!("{:?}\n{}", told.ending(), told.said);
        };
        assert!(
            why.contains("bit rate, which is set to 500000 bit/s"),
            "{why}"
        );
        assert!(told.has(&EventKind::MadeSafe), "{}", told.said);
    });
}

#[test]
fn on_a_bus_the_verdict_is_that_of_memory() {
    on_buses(|| {
        let bus = Bus::new();
        let link = format!("can:{}", bus.0);
        same_verdict(&scene(), &["--can", &bus.0], |_| link.clone());
    });
}

#[test]
fn two_boards_on_one_interface_hear_their_own_and_no_more() {
    on_buses(|| {
        let scene = scene()
            .asking("max     = 27.0", "max     = 29.0")
            .asking_also(
                "[[check]]\nname = \"no companion frame lost\"\nkind = \"no_loss\"\n\
             device = \"companion\"\nduring = \"work\"\n",
            );
        let both = |supply: &str, board: &str| {
            let whole = wiring(supply, board);
            let payload = whole.find("[device.payload]").unwrap();
            let companion = whole[payload..].replace("payload", "companion");
            whole + &companion + "options = { id_offset = 16 }\n"
        };
        let path = scene.path("wiring/emulated.toml");
        fs::write(&path, both("memory", "memory:can0")).unwrap();
        let in_memory = scene.run();
        assert_eq!(in_memory.outcome.exit, Exit::Passed);

        let bus = Bus::new();
        let _emulators = emulate(&scene, &["--can", &bus.0]);
        let supply = format!("serial:{}@9600", scene.path("run/bus_supply").display());
        fs::write(&path, both(&supply, &format!("can:{}", bus.0))).unwrap();
        let told = run(&scene, || {
            // The kernel's own word for what it hands over: the boards' identifiers, of the DBC file.
            let mut filters = Vec::new();
            for list in ["rcvlist_sff", "rcvlist_eff"] {
                let list = fs::read_to_string(format!("/proc/net/can/{list}")).unwrap();
                let lines = list.lines().map(str::split_whitespace);
                let of_bus = lines.filter(|line| line.clone().next() == Some(&bus.0));
                filters.extend(of_bus.filter_map(|mut line| line.nth(1).map(str::to_owned)));
            }
            filters.sort();
            let expected = [
                "100", "101", "102", "110", "111", "112", "6a0", "6a1", "6b0", "6b1", "98ff0001",
                "98ff0011",
            ];
            assert_eq!(filters, expected);
        });
        assert_eq!(*told.ending(), Ending::Completed, "{}", told.said);
        // How many queries are asked in that time is a matter of the machine.
        let found = findings(&scene);
        for board in ["payload", "companion"] {
            let whole = serde_json::json!([format!("no {board} frame lost"), "pass"]);
            assert!(found.as_array().unwrap().contains(&whole), "{found}");
        }
    });
}

#[test]
fn a_bus_that_goes_down_ends_the_run_safe_and_recorded() {
    on_buses(|| {
        // What failed before stays failed, as a device that is lost has lost something; here only
        // the ending counts.
        let scene = scene().asking("max     = 27.0", "max     = 29.0").asking(
            "device = \"payload\"\nduring = \"work\"",
            "device = \"payload\"\nduring = \"bring-up\"",
        );
        let bus = Bus::new();
        let _emulators = emulate(&scene, &["--can", &bus.0]);
        let supply = format!("serial:{}@9600", scene.path("run/bus_supply").display());
        linked(&scene, &supply, &format!("can:{}", bus.0));
        let told = run(&scene, || bus.set("down"));
        let Ending::BenchFault { why, .. } = told.ending() else {
            panic!("{:?}\n{}", told.ending(), told.said);
        };
        assert!(why.contains("went down"), "{why}");
        assert!(
            why.contains("sudo ip link set"),
            "says what mends it: {why}"
        );
        assert_eq!(told.code, Some(Exit::BenchFault as i32), "{}", told.said);
        // The supply was switched off and read back, and the last event is the ending.
        assert!(told.has(&EventKind::MadeSafe), "{}", told.said);
        assert!(matches!(
            told.events.last().map(|event| &event.kind),
            Some(EventKind::RunEnded { .. })
        ));
    });
}

#[test]
fn a_bus_that_is_not_there_is_absent_hardware() {
    on_buses(|| {
        let scene = scene();
        linked(&scene, "memory", "can:can77");
        // An emulated supply cannot feed a board that is not.
        let whole = wiring("memory", "can:can77").replace("powered_by = \"bus_supply\"\n", "");
        fs::write(scene.path("wiring/emulated.toml"), whole).unwrap();
        let program = program(&scene);
        let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
        let said = program.run(&[&["run", scene.campaign(), "--out", "out"][..], &wiring].concat());
        assert_eq!(said.code, Some(Exit::Inconclusive as i32), "{}", said.all());
        assert!(
            said.err.contains("there is no CAN interface of that name"),
            "{}",
            said.all()
        );
    });
}
