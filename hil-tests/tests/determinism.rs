//! The same question gives the same bytes.
//!
//! 1. the quickstart twice: the same record, JUnit (but for its date) and summary;
//! 2. the devices of the wiring in another order: the same record, but for the wiring's own hash;
//! 3. another seed: another record;
//! 4. a device more: every other device says what it said before, when it said it;
//! 5. the command line's seed and the campaign's are the same seed.

use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use reports::event::{DeviceId, Event, EventKind};

use crate::{quickstart, smoke};

/// What a run is compared by.
const FILES: [&str; 3] = ["record.mcap", "junit.xml", "summary.json"];

/// A file of a run without the dates that JUnit wants to know.
fn undated(ran: &Ran, file: &str) -> Vec<u8> {
    let mut text = ran.file(file).to_vec();
    if file != "junit.xml" {
        return text;
    }
    let heads = [
        "timestamp=\"",
        "name=\"started\" value=\"",
        "name=\"ended\" value=\"",
    ];
    for head in heads.map(str::as_bytes) {
        let at = text.windows(head.len()).position(|window| window == head);
        let start = at.expect("JUnit has its dates") + head.len();
        let end = text[start..].iter().position(|&byte| byte == b'"');
        text.drain(start..start + end.unwrap_or(0));
    }
    text
}

fn same(a: &Ran, b: &Ran) -> Vec<&'static str> {
    let mut files = FILES.to_vec();
    files.retain(|file| undated(a, file) == undated(b, file));
    files
}

/// Everything that happened, devices by name, so that runs of different benches compare.
fn heard(ran: &Ran, keep: impl Fn(&str) -> bool) -> Vec<(String, Event)> {
    let header = ran.outcome.report.header.clone();
    let name = |id: DeviceId| {
        let device = header.device_at(id);
        device.map_or("bench".to_owned(), |device| device.name.clone())
    };
    let events = ran.events(|event| keep(&name(event.device)));
    let named = events.into_iter().map(|event| {
        let device = name(event.device);
        let bare = Event {
            device: DeviceId(0),
            ..event
        };
        (device, bare)
    });
    named.collect()
}

#[test]
fn the_quickstart_twice_gives_the_same_bytes() {
    let again = Scene::of("eclipse_ride_through").run();
    assert_eq!(same(quickstart(), &again), FILES);
}

#[test]
fn the_order_of_devices_in_the_wiring_does_not_matter() {
    let scene = Scene::of("smoke");
    let text = std::fs::read_to_string(scene.path("wiring/emulated.toml")).unwrap();
    let mut parts: Vec<&str> = text.split("[device.").collect();
    let (head, devices) = parts.split_first_mut().unwrap();
    let mut turned = (*head).to_owned();
    for device in devices.iter().rev() {
        turned.push_str("[device.");
        turned.push_str(device);
        turned.push('\n');
    }
    assert_eq!(turned.matches("[device.").count(), devices.len());
    std::fs::write(scene.path("wiring/emulated.toml"), turned).unwrap();
    let again = scene.run();
    let (mut first, mut second) = (
        smoke().record().header().clone(),
        again.record().header().clone(),
    );
    // The file is another one, and its hash says so.
    let wiring = |header: &mut reports::header::Header| {
        header.inputs.retain(|input| input.path != "wiring.toml");
    };
    wiring(&mut first);
    wiring(&mut second);
    assert_eq!(first, second);
    assert!(heard(smoke(), |_| true) == heard(&again, |_| true));
    // JUnit tells the hash too.
    assert_eq!(same(smoke(), &again), ["summary.json"]);
}

#[test]
fn another_seed_gives_other_bytes() {
    let other = Scene::of("smoke").run_with_seed(Some(2));
    assert!(!same(smoke(), &other).contains(&"record.mcap"));
    let samples = |ran: &Ran| {
        ran.events(|event| matches!(event.kind, EventKind::Sampled { .. }))
            .len()
    };
    assert_ne!(samples(&other), 0);
}

#[test]
fn a_device_more_does_not_change_what_the_others_say() {
    let more = "[device.bystander]\nrole = \"power-supply\"\nmodel = \"keysight-6632b\"\n\
                link = \"memory\"\npoll = \"300 ms\"\n";
    let ran = Scene::of("smoke")
        .ending("wiring/emulated.toml", more)
        .run();
    let keep = |name: &str| name != "bystander";
    // Chambers are left safe behind the supplies, all of them, and then the run ends: these moments
    // alone may be others.
    let said = |ran: &Ran| {
        let mut said = heard(ran, keep);
        said.retain(|(_, event)| {
            !matches!(event.kind, EventKind::MadeSafe | EventKind::RunEnded { .. })
        });
        said
    };
    let (alone, beside) = (said(smoke()), said(&ran));
    assert_eq!(alone.len(), beside.len());
    let first = alone.iter().zip(&beside).find(|(a, b)| a != b);
    assert!(first.is_none(), "{first:?}");
    assert!(!heard(&ran, |name| name == "bystander").is_empty());
}

#[test]
fn a_seed_is_the_same_wherever_it_is_given() {
    let file = Scene::of("smoke").asking("seed        = 1", "seed        = 2");
    let line = Scene::of("smoke").run_with_seed(Some(2));
    assert!(heard(&file.run(), |_| true) == heard(&line, |_| true));
}
