//! Set points that instruments play by themselves: the campaign and its verdict are those of set
//! points that are told.
//!
//! 1. the quickstart passes both ways, with the same set points at the same times;
//! 2. what is measured is the same within the supply's noise;
//! 3. a trip within a list ends the run as an interlock, safely;
//! 4. with a lossy line it ends safely too.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use profiles::command::Command;
use profiles::time::BenchTime;
use reports::event::EventKind;
use reports::verdict::{Ending, Verdict};

/// The quickstart with instruments that can play.
fn scene(play: &str) -> Scene {
    Scene::of("eclipse_ride_through")
        .wired("\"keysight-6633b\"", "\"keysight-n6705b\"")
        .wired("\"watlow-f4\"", "\"watlow-f4t\"")
        .device("bus_supply", &format!("play = \"{play}\""))
        .device("chamber", &format!("play = \"{play}\""))
}

fn played() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| scene("instrument").run())
}

fn told() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| scene("bench").run())
}

/// What a device took, by its due time, and how late it was, µs.
fn taken(ran: &Ran, device: &str) -> BTreeMap<BenchTime, (Command, u64)> {
    let device = ran.device(device);
    let mut taken = BTreeMap::new();
    for event in ran.events(|event| event.device == device) {
        if let EventKind::SetPointApplied { command, late_us } = event.kind {
            let due = BenchTime::from_micros(event.at.as_micros() - late_us);
            taken.insert(due, (command, late_us));
        }
    }
    taken
}

#[test]
fn the_verdict_is_the_same_both_ways() {
    for ran in [played(), told()] {
        assert_eq!(*ran.ending(), Ending::Completed);
        assert_eq!(ran.outcome.exit, Exit::Passed);
        assert_eq!(ran.unsafe_ends(), [""; 0]);
    }
    let verdicts = |ran: &Ran| -> Vec<(String, Verdict)> {
        let findings = ran.outcome.report.findings.iter();
        findings
            .map(|finding| (finding.check.clone(), finding.verdict))
            .collect()
    };
    assert_eq!(verdicts(played()), verdicts(told()));
    for device in ["bus_supply", "chamber"] {
        let (mine, theirs) = (taken(played(), device), taken(told(), device));
        assert_eq!(
            mine.keys().collect::<Vec<_>>(),
            theirs.keys().collect::<Vec<_>>(),
            "{device}"
        );
        for (at, (command, late_us)) in &mine {
            assert_eq!(command, &theirs[at].0, "{device} at {at}");
            assert!(*late_us < 1_500_000, "{device} at {at}: {late_us} µs");
        }
    }
}

#[test]
fn instruments_kept_lists_and_were_told_little_else() {
    let lists = |ran: &Ran, device: &str| -> Vec<u32> {
        let device = ran.device(device);
        let kept = ran.events(|event| event.device == device);
        kept.into_iter()
            .filter_map(|event| match event.kind {
                EventKind::ListUploaded { points } => Some(points),
                _ => None,
            })
            .collect()
    };
    for device in ["bus_supply", "chamber"] {
        let points: u32 = lists(played(), device).iter().sum();
        let all = taken(played(), device).len();
        assert!(
            points as usize * 10 > all * 9,
            "{device}: {points} of {all} are played"
        );
        assert_eq!(lists(told(), device), [0; 0]);
    }
}

#[test]
fn what_the_bus_measures_is_the_same_both_ways() {
    let volts = |ran: &Ran| -> BTreeMap<BenchTime, f64> {
        let device = ran.device("bus_supply");
        let mut volts = BTreeMap::new();
        for event in ran.events(|event| event.device == device) {
            if let EventKind::Sampled { readings } = &event.kind {
                let second = BenchTime::from_millis(event.at.as_micros() / 1_000_000 * 1_000);
                volts.insert(second, readings[0].value.as_f64());
            }
        }
        volts
    };
    let (mine, theirs) = (volts(played()), volts(told()));
    let both = mine
        .iter()
        .filter_map(|(at, v)| Some((at, *v, *theirs.get(at)?)));
    let mut apart = 0;
    let mut all = 0;
    for (_, a, b) in both {
        all += 1;
        apart += usize::from((a - b).abs() > 0.02);
    }
    assert!(all > 10_000, "{all} seconds");
    // A sample beside a set point may be of before it in one run, and of behind it in the other.
    assert!(apart * 50 < all, "{apart} of {all} seconds are apart");
}

#[test]
fn a_simulator_that_plays_its_curves_gives_the_board_what_it_is_told() {
    let played = Scene::of("array_ride_through")
        .on("solar_array")
        .device("array", "play = \"instrument\"")
        .run();
    assert_eq!(*played.ending(), Ending::Completed);
    assert_eq!(played.outcome.exit, Exit::Passed);
    assert_eq!(played.unsafe_ends(), [""; 0]);
    let (mine, theirs) = (
        taken(&played, "array"),
        taken(crate::on_an_array(), "array"),
    );
    assert_eq!(
        mine.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (at, (command, late_us)) in &mine {
        assert_eq!(command, &theirs[at].0, "at {at}");
        assert!(*late_us < 1_500_000, "at {at}: {late_us} µs");
    }
    let array = played.device("array");
    let lists = played.events(|event| {
        event.device == array && matches!(event.kind, EventKind::ListUploaded { .. })
    });
    assert!(!lists.is_empty(), "it was told all of it");
}

#[test]
fn a_trip_within_a_list_is_an_interlock() {
    let trip = "set = [{ device = \"bus_supply\", after = \"60 s\", \
                inject = \"over-voltage-trip\" }]";
    let length = "length = \"2 orbits\"";
    let ran = scene("instrument")
        .asking(length, &format!("length = \"5 min\"\n{trip}"))
        .run();
    assert!(
        matches!(ran.ending(), Ending::Interlock { .. }),
        "{:?}",
        ran.ending()
    );
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn lossy_lines_end_safely_or_are_made_up_for() {
    for (device, faults) in [
        ("bus_supply", "drop = 0.01"),
        ("bus_supply", "flip = 0.02"),
        ("chamber", "drop = 0.02"),
        ("chamber", "flip = 0.1"),
    ] {
        let ran = scene("instrument")
            .asking("length = \"2 orbits\"", "length = \"5 min\"")
            .device(device, &format!("faults = {{ {faults} }}"))
            .run();
        assert_eq!(ran.unsafe_ends(), [""; 0], "{device} {faults}");
        let whole = *ran.ending() == Ending::Completed;
        assert!(
            whole || ran.outcome.exit != Exit::Passed,
            "{device} {faults}"
        );
    }
}

#[test]
fn a_list_that_no_register_tells_of_is_followed_at_the_output() {
    let ramp = "length = \"60 s\"\nprofile = [{ device = \"bus_supply\", kind = \"ramp\", \
                from = 24.0, to = 22.0, limit_amps = 1.0, every = \"2 s\" }]";
    let ran = Scene::of("smoke")
        .wired("\"keysight-6633b\"", "\"keysight-e36312a\"")
        .wired("volts = 34.0, amps = 2.0", "volts = 25.0, amps = 1.0")
        .device("bus_supply", "play = \"instrument\"")
        .asking(
            "volts = 28.0, limit_amps = 1.8",
            "volts = 24.0, limit_amps = 1.0",
        )
        .asking("length = \"60 s\"", ramp)
        .run();
    assert_eq!(*ran.ending(), Ending::Completed);
    assert_eq!(ran.unsafe_ends(), [""; 0]);
    let supply = ran.device("bus_supply");
    let points: Vec<u32> = ran
        .events(|event| event.device == supply)
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::ListUploaded { points } => Some(points),
            _ => None,
        })
        .collect();
    assert!(points.iter().sum::<u32>() >= 30, "{points:?}");
    for (at, (_, late_us)) in taken(&ran, "bus_supply") {
        assert!(late_us < 1_500_000, "at {at}: {late_us} µs");
    }
}
