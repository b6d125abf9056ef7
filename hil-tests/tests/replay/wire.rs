//! The octets of a run's lines (`bench run --wire`), and what is made of them later.
//!
//! 1. both directions of every line are in the record, in order, and nothing else of the run changes;
//! 2. heard again by the drivers of today they say what they said;
//! 3. with another dictionary they say something else, and the verdicts that change are told;
//! 4. a dictionary for a run that kept no octets is refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bench_runner::execute::{ExecuteError, Replay, replay};
use bench_runner::exit::Exit;
use bench_runner::plan::Plan;
use drivers::link::can::CanFrame;
use drivers::telemetry::dictionary::{Dictionary, Layouts};
use drivers::telemetry::framing::stuffing::Stuffing;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use profiles::time::BenchTime;
use reports::event::{Event, EventKind};
use reports::verdict::Verdict;

use crate::{smoke, smoke_with_wire};

/// What went over a device's line: when, whether to the device, and what.
fn chunks(ran: &Ran, device: &str) -> Vec<(BenchTime, bool, Arc<[u8]>)> {
    let device = ran.device(device);
    let events = ran.events(|event| event.device == device);
    let chunks = events.into_iter().filter_map(|event| match event.kind {
        EventKind::Wire { sent, octets } => Some((event.at, sent, octets)),
        _ => None,
    });
    chunks.collect()
}

/// All octets of one direction.
fn stream(chunks: &[(BenchTime, bool, Arc<[u8]>)], direction: bool) -> Vec<u8> {
    let of_direction = chunks.iter().filter(|(_, sent, _)| *sent == direction);
    of_direction
        .flat_map(|(_, _, octets)| octets.to_vec())
        .collect()
}

#[test]
fn both_directions_of_every_line_are_recorded() {
    let ran = smoke_with_wire();
    assert_eq!(ran.outcome.exit, Exit::Passed);
    let supply = chunks(ran, "bus_supply");
    let (sent, heard) = (stream(&supply, true), stream(&supply, false));
    let (sent, heard) = (
        String::from_utf8(sent).unwrap(),
        String::from_utf8(heard).unwrap(),
    );
    assert!(sent.starts_with("*IDN?\n"), "{}", &sent[..20]);
    assert!(
        heard.starts_with("HEWLETT-PACKARD,6633B,"),
        "{}",
        &heard[..30]
    );
    let questions = sent.lines().filter(|line| line.contains('?'));
    assert_eq!(heard.lines().count(), questions.count(), "each is answered");
    assert!(
        sent.matches("MEAS:VOLT?").count() >= 70,
        "polled each second"
    );

    let board = chunks(ran, "payload");
    for (direction, kind) in [(true, 0x18), (false, 0x08)] {
        let octets = stream(&board, direction);
        let frames = octets
            .split(|octet| *octet == 0)
            .filter(|frame| !frame.is_empty());
        let (mut packets, mut content) = (0, Vec::new());
        for frame in frames {
            Stuffing::Cobs.decode(frame, &mut content).unwrap();
            assert_eq!(
                content[0] & 0x18,
                kind,
                "telecommands there, telemetry back"
            );
            packets += 1;
        }
        assert!(packets > 100, "{packets} packets");
    }

    let node = chunks(ran, "companion");
    for direction in [true, false] {
        let frames = node.iter().filter(|(_, sent, _)| *sent == direction);
        assert!(frames.clone().count() > 100);
        for (_, _, octets) in frames {
            assert!(CanFrame::from_bytes(octets).is_some(), "{octets:02x?}");
        }
    }
    assert!(node.is_sorted_by_key(|(at, _, _)| *at));
}

#[test]
fn keeping_octets_changes_nothing_else() {
    let other = |event: &Event| !matches!(event.kind, EventKind::Wire { .. });
    let (with, without) = (smoke_with_wire(), smoke());
    assert_eq!(with.events(other), without.events(|_| true));
    assert!(with.events(|event| !other(event)).len() > 1_000);
}

fn replayed(folder: &Path, dictionary: Option<&str>) -> Result<Replay, ExecuteError> {
    let compiled = |text| Layouts::compile(Dictionary::read(text).unwrap()).unwrap();
    let scene = Scene::of("smoke");
    let request = bench_runner::plan::Request {
        dictionary: dictionary.map(|text| Arc::new(compiled(text))),
        firmware: Vec::new(),
        ..scene.request(None)
    };
    replay(folder, &Plan::new(&request).unwrap())
}

#[test]
fn octets_heard_again_say_the_same() {
    let (_place, folder) = smoke_with_wire().lay_out();
    let replayed = replayed(&folder, None).unwrap();
    assert_eq!(replayed.heard.len(), 2);
    for heard in &replayed.heard {
        assert_eq!(heard.then, heard.now, "{}", heard.device);
        assert!(heard.chunks > 500 && heard.then.0 > 5_000, "{heard:?}");
    }
    for (then, now) in &replayed.findings {
        assert_eq!(then, now);
    }
}

/// The board's own dictionary.
fn shipped() -> String {
    let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../drivers");
    let path = drivers.join("src/accelerator/ccsds_serial/dictionary.toml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn another_dictionary_changes_verdicts_and_says_why() {
    let (_place, folder) = smoke_with_wire().lay_out();
    // The same dictionary, given: nothing changes.
    let same = replayed(&folder, Some(&shipped())).unwrap();
    for (then, now) in &same.findings {
        assert_eq!(then, now);
    }
    // Half of the volts for a count, and limits that were not there.
    let volts = "{ name = \"bus_volts\", type = \"u16\", unit = \"V\", calibration = [0.0, 0.001]";
    let junction = "{ name = \"junction_temperature\",";
    let text = shipped()
        .replace(volts, &volts.replace("0.001", "0.0005"))
        .replace(junction, &format!("{junction} red = [-10.0, 21.0],"));
    assert_ne!(text, shipped());
    let other = replayed(&folder, Some(&text)).unwrap();
    let changed: Vec<_> = other
        .findings
        .iter()
        .filter(|(then, now)| then.as_ref().map(|f| f.verdict) != now.as_ref().map(|f| f.verdict))
        .collect();
    let [(Some(then), Some(now)), (None, Some(new))] = &changed[..] else {
        panic!("{changed:?}");
    };
    assert_eq!((then.verdict, now.verdict), (Verdict::Pass, Verdict::Fail));
    assert!(
        now.because.contains("payload.bus_volts 13.9"),
        "{}",
        now.because
    );
    assert_eq!(new.verdict, Verdict::Fail);
    assert_eq!(
        new.check,
        "payload.junction_temperature within the dictionary's limits"
    );
    assert!(
        new.because.contains("outside its red limit of 21 °C"),
        "{}",
        new.because
    );
}

#[test]
fn a_dictionary_needs_octets() {
    let (_place, folder) = smoke().lay_out();
    let error = replayed(&folder, Some(&shipped())).unwrap_err();
    assert_eq!(error.exit(), Exit::Refused);
    assert!(error.to_string().contains("bench run --wire"), "{error}");
}
