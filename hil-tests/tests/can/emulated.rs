//! Boards on emulated buses, in virtual time: several on one bus, each by its own identifiers; the
//! transports of their messages; buses that are full; and boards that fail on them.

use std::fs;

use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use profiles::reading::DamageKind;
use reports::event::EventKind;
use reports::verdict::{Ending, Verdict};

use super::off_buses;

/// One step of ten seconds in which the payload works, five seconds after its power came.
const CAMPAIGN: &str = r#"
name = "on a bus"
seed = 3
goldens = "../goldens"

[[step]]
name   = "bring-up"
length = "5 s"
set = [
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", output = "on" },
]

[[step]]
name   = "work"
length = "10 s"

[[workload]]
name   = "keywords"
device = "payload"
golden = "keyword-spotting"
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

const SUPPLY: &str = "[device.bus_supply]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\n\
                      link = \"memory\"\nlimits = { volts = 34.0, amps = 2.0 }\n";

fn board(name: &str, link: &str, options: &str) -> String {
    format!(
        "[device.{name}]\nrole = \"accelerator\"\nmodel = \"dbc-can\"\nlink = \"{link}\"\n\
         powered_by = \"bus_supply\"\noptions = {{ {options} }}\n"
    )
}

fn check(board: &str, kind: &str) -> String {
    let name = format!("{board} {kind}");
    let more = match kind {
        "on_time" => format!("channel = \"{board}.bus_volts\"\nevery = \"100 ms\""),
        _ => format!("device = \"{board}\""),
    };
    format!("[[check]]\nname = \"{name}\"\nkind = \"{kind}\"\n{more}\nduring = \"work\"\n")
}

/// The campaign on these boards; `told` is told in its work, and each board is held to each kind.
fn scene(boards: &[(&str, &str, &str)], told: &str, kinds: &[&str]) -> Scene {
    let scene = Scene::of("smoke");
    let step = "name   = \"work\"\nlength = \"10 s\"\n";
    let mut campaign = CAMPAIGN.replace(step, &format!("{step}set = [ {told} ]\n"));
    let mut wiring = SUPPLY.to_owned();
    for (name, link, options) in boards {
        wiring += &board(name, link, options);
        campaign.extend(kinds.iter().map(|kind| check(name, kind)));
    }
    fs::write(scene.path("campaigns/smoke.toml"), campaign).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), wiring).unwrap();
    scene
}

fn verdict(ran: &Ran, check: &str) -> Verdict {
    let findings = &ran.outcome.report.findings;
    findings
        .iter()
        .find(|found| found.check == check)
        .unwrap()
        .verdict
}

/// The place of a device among those of the run.
fn device(ran: &Ran, name: &str) -> u16 {
    let devices = &ran.outcome.report.header.devices;
    devices
        .iter()
        .position(|device| device.name == name)
        .unwrap() as u16
}

fn count(ran: &Ran, name: &str, is: impl Fn(&EventKind) -> bool) -> usize {
    let number = device(ran, name);
    ran.events(|event| event.device.0 == number && is(&event.kind))
        .len()
}

fn all_findings(ran: &Ran) -> String {
    let findings = ran.outcome.report.findings.iter();
    let told =
        findings.map(|found| format!("{}: {:?}: {}\n", found.check, found.verdict, found.because));
    told.collect()
}

#[test]
fn two_boards_on_one_bus_are_each_heard_and_lose_nothing() {
    off_buses(|| {
        let boards = [
            ("payload", "memory:can0", "id_offset = 0"),
            ("companion", "memory:can0", "id_offset = 16"),
        ];
        let ran = scene(&boards, "", &["on_time", "no_loss"]).run();
        assert_eq!(ran.outcome.exit, Exit::Passed, "{}", all_findings(&ran));
        for name in ["payload", "companion"] {
            assert!(count(&ran, name, |kind| matches!(kind, EventKind::Sampled { .. })) > 250);
            assert_eq!(
                count(&ran, name, |kind| matches!(kind, EventKind::Damaged { .. })),
                0
            );
        }
        assert!(
            count(&ran, "payload", |kind| matches!(
                kind,
                EventKind::Inferred(_)
            )) > 50
        );
    });
}

#[test]
fn boards_that_clash_on_a_bus_are_refused_with_their_identifier() {
    off_buses(|| {
        let refused = |second: (&str, &str, &str)| {
            let boards = [("payload", "memory:can0", "id_offset = 16"), second];
            let scene = scene(&boards, "", &[]);
            scene
                .plan()
                .map(|_| ())
                .map_or_else(|refusals| refusals.render(false), |()| String::new())
        };
        assert_eq!(refused(("companion", "memory:can0", "id_offset = 32")), "");
        assert_eq!(refused(("companion", "memory:can1", "id_offset = 16")), "");
        let told = refused(("companion", "memory:can0", "id_offset = 17"));
        assert!(
            told.contains(
                "`payload` and `companion` are both on `memory:can0`, and both have the \
                 identifier 111"
            ),
            "{told}"
        );
        assert!(told.contains("another `id_offset`"), "{told}");
        let told = refused((
            "companion",
            "memory:can0",
            "id_offset = 32, bit_rate = 500000",
        ));
        assert!(told.contains("expected the same `bit_rate`"), "{told}");
        let told = scene(&[("payload", "memory", "")], "", &[])
            .wired(
                "model = \"keysight-6633b\"\nlink = \"memory\"",
                "model = \"keysight-6633b\"\nlink = \"memory:can0\"",
            )
            .plan()
            .unwrap_err()
            .render(false);
        assert!(
            told.contains("`memory:can0` carries CAN frames, and this model speaks bytes"),
            "{told}"
        );
    });
}

#[test]
fn by_csp_the_answers_are_those_of_the_golden() {
    off_buses(|| {
        for (link, options) in [
            ("memory", "transport = \"csp\", csp_version = 1"),
            (
                "memory:can0",
                "transport = \"csp\", csp_version = 2, csp_address = 4000",
            ),
        ] {
            let ran = scene(&[("payload", link, options)], "", &["no_loss", "on_time"]).run();
            assert_eq!(
                ran.outcome.exit,
                Exit::Passed,
                "{options}: {}",
                all_findings(&ran)
            );
            let inferred = count(&ran, "payload", |kind| {
                matches!(kind, EventKind::Inferred(_))
            });
            assert!(inferred > 50, "{options}: {inferred}");
            assert_eq!(ran.unsafe_ends(), Vec::<String>::new());
        }
        let wrong = "transport = \"csp\", csp_version = 1, csp_address = 40";
        let told = scene(&[("payload", "memory", wrong)], "", &[])
            .plan()
            .unwrap_err();
        let told = told.render(false);
        assert!(
            told.contains("`csp_address` is 40, and CSP 1 has addresses to 30"),
            "{told}"
        );
    });
}

/// Three boards, of which the one in the middle goes mad for three seconds.
fn babbling(works: bool) -> Ran {
    let boards = [
        ("payload", "memory:can0", "id_offset = 0"),
        ("mad", "memory:can0", "id_offset = 16"),
        ("companion", "memory:can0", "id_offset = 32"),
    ];
    let babble = "{ device = \"mad\", after = \"2 s\", inject = \"babble\", length = \"3 s\" }";
    let scene = scene(&boards, babble, &["on_time", "no_loss"]);
    if !works {
        let path = scene.path("campaigns/smoke.toml");
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("[[workload]]").unwrap();
        let checks = rest.find("[[check]]\nname = \"payload on_time\"").unwrap();
        fs::write(path, before.to_owned() + &rest[checks..]).unwrap();
    }
    scene.run()
}

#[test]
fn on_a_full_bus_what_has_priority_is_on_time_and_the_rest_is_told_to_be_late() {
    off_buses(|| {
        let ran = babbling(false);
        let told = all_findings(&ran);
        assert_eq!(ran.outcome.exit, Exit::Failed, "{told}");
        assert_eq!(*ran.ending(), Ending::Completed);
        // 0x100 to 0x102 win against 0x10F, which wins against 0x120 to 0x122.
        assert_eq!(verdict(&ran, "payload on_time"), Verdict::Pass, "{told}");
        assert_eq!(verdict(&ran, "companion on_time"), Verdict::Fail, "{told}");
        assert!(told.contains("companion.bus_volts was late "), "{told}");
        let found = ran.outcome.report.findings.iter();
        let late = found
            .clone()
            .find(|found| found.check == "companion on_time");
        // Nothing of it gets through until the bus is free; then all of it does, in order.
        let late = late.unwrap().value.unwrap();
        assert!((2.7..3.2).contains(&late), "{told}");
        for board in ["payload", "mad", "companion"] {
            let check = format!("{board} no_loss");
            assert_eq!(verdict(&ran, &check), Verdict::Pass, "{told}");
        }
        // The same by the same seed.
        assert_eq!(all_findings(&babbling(false)), told);
    });
}

#[test]
fn on_a_full_bus_an_answer_holds_up_what_its_board_sends_after_it() {
    off_buses(|| {
        let ran = babbling(true);
        let told = all_findings(&ran);
        // Answers (0x6A1) have the least priority of all. A board has one queue: telemetry stands
        // behind an answer that nobody lets pass.
        assert_eq!(verdict(&ran, "payload on_time"), Verdict::Fail, "{told}");
        assert_eq!(
            verdict(&ran, "the payload answers"),
            Verdict::Fail,
            "{told}"
        );
        assert_eq!(verdict(&ran, "keywords are right"), Verdict::Fail, "{told}");
        let answered = ran.events(|event| matches!(event.kind, EventKind::Inferred(_)));
        let last = answered.last().unwrap().at;
        assert!(last.as_secs_f64() > 14.0, "it works again: {last}");
    });
}

#[test]
fn a_board_that_goes_off_the_bus_is_missed_and_comes_back() {
    off_buses(|| {
        let boards = [
            ("payload", "memory:can0", ""),
            ("companion", "memory:can0", "id_offset = 16"),
        ];
        let off =
            "{ device = \"payload\", after = \"2 s\", inject = \"bus-off\", length = \"1 s\" }";
        let ran = scene(&boards, off, &["on_time", "no_loss"]).run();
        let told = all_findings(&ran);
        assert_eq!(ran.outcome.exit, Exit::Failed, "{told}");
        assert_eq!(
            *ran.ending(),
            Ending::Completed,
            "it is back, and the run goes on"
        );
        for check in ["payload on_time", "payload no_loss", "the payload answers"] {
            assert_eq!(verdict(&ran, check), Verdict::Fail, "{told}");
        }
        // The controllers of all that are there see its frames destroyed; none of the others' is.
        for name in ["payload", "companion"] {
            let errors = count(
                &ran,
                name,
                |kind| matches!(kind, EventKind::BusError { why } if why.contains("stuff error")),
            );
            assert!((1..=3).contains(&errors), "{name}: {errors}");
        }
        assert_eq!(verdict(&ran, "companion on_time"), Verdict::Pass, "{told}");
        assert_eq!(verdict(&ran, "companion no_loss"), Verdict::Pass, "{told}");
        let gaps = count(
            &ran,
            "payload",
            |kind| matches!(kind, EventKind::Damaged { damage } if matches!(damage.why, DamageKind::Gap { .. })),
        );
        assert!(gaps >= 3, "each cyclic message tells what it lost: {gaps}");
        // It did not start anew, so it goes on with its inputs.
        assert_eq!(count(&ran, "payload", |kind| *kind == EventKind::Booted), 1);
        let after = count(&ran, "payload", |kind| {
            matches!(kind, EventKind::Inferred(_))
        });
        assert!(after > 30, "{after}");
    });
}

#[test]
fn a_watchdog_reset_is_a_boot_and_the_work_goes_on() {
    off_buses(|| {
        let boards = [("payload", "memory:can0", "")];
        let hang = "{ device = \"payload\", after = \"2 s\", inject = \"hang\" }";
        let ran = scene(&boards, hang, &["on_time", "no_loss"]).run();
        let told = all_findings(&ran);
        assert_eq!(ran.outcome.exit, Exit::Failed, "{told}");
        assert_eq!(*ran.ending(), Ending::Completed);
        assert_eq!(count(&ran, "payload", |kind| *kind == EventKind::Booted), 2);
        assert_eq!(
            count(&ran, "payload", |kind| matches!(
                kind,
                EventKind::NoResponse { .. }
            )),
            1
        );
        let late = ran
            .outcome
            .report
            .findings
            .iter()
            .find(|found| found.check == "payload on_time");
        // The watchdog's time, the boot's, and up to a report's.
        let late = late.unwrap().value.unwrap();
        assert!((4.6..4.9).contains(&late), "{told}");
        // A boot is no loss of frames; the silence is one of time.
        assert_eq!(verdict(&ran, "payload no_loss"), Verdict::Pass, "{told}");
        assert_eq!(verdict(&ran, "payload on_time"), Verdict::Fail, "{told}");
        let answered = ran.events(|event| matches!(event.kind, EventKind::Inferred(_)));
        let last = answered.last().unwrap().at;
        assert!(
            last.as_secs_f64() > 14.0,
            "its inputs are loaded anew: {last}"
        );
    });
}
