//! Seeds and faults: whatever breaks, the run ends, safely, and is no pass on lost evidence.
//!
//! 1. each kind of fault with several seeds, on each device that it can break: no panic;
//! 2. the record ends with the end of the run, and everything was left safe or said not to be;
//! 3. if anything was lost or damaged, the run did not pass;
//! 4. the record judged again says the same.

use bench_runner::execute;
use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use reports::event::EventKind;

/// How often each fault is tried.
const SEEDS: u64 = 3;

/// A fault: a name, a device, and what the wiring or the step says.
enum How {
    /// Damage on the device's link.
    Link(&'static str),
    /// Something injected in the step `work`.
    Inject(&'static str),
}

const FAULTS: [(&str, How); 22] = [
    ("bus_supply", How::Link("drop = 0.01")),
    ("bus_supply", How::Link("drop = 0.2")),
    ("bus_supply", How::Link("flip = 0.05")),
    ("bus_supply", How::Link("drop = 0.05, flip = 0.3")),
    ("chamber", How::Link("drop = 0.01")),
    ("chamber", How::Link("drop = 0.3")),
    ("chamber", How::Link("flip = 0.2")),
    ("payload", How::Link("drop = 0.001")),
    ("payload", How::Link("flip = 0.001")),
    ("payload", How::Link("drop = 0.3, flip = 0.3")),
    ("companion", How::Link("drop = 0.001")),
    ("companion", How::Link("flip = 0.001")),
    ("companion", How::Link("drop = 0.3, flip = 0.3")),
    (
        "bus_supply",
        How::Inject("inject = \"mute\", length = \"2 s\""),
    ),
    (
        "chamber",
        How::Inject("inject = \"mute\", length = \"2 s\""),
    ),
    (
        "payload",
        How::Inject("inject = \"mute\", length = \"2 s\""),
    ),
    (
        "companion",
        How::Inject("inject = \"mute\", length = \"12 s\""),
    ),
    ("payload", How::Inject("inject = \"reset\"")),
    ("companion", How::Inject("inject = \"reset\"")),
    (
        "companion",
        How::Inject("inject = \"bit-flip\", byte = 1, bit = 7"),
    ),
    ("bus_supply", How::Inject("inject = \"over-voltage-trip\"")),
    ("bus_supply", How::Inject("output = \"off\"")),
];

fn broken(device: &str, how: &How) -> Scene {
    let scene = Scene::of("smoke");
    match how {
        How::Link(what) => scene.device(device, &format!("faults = {{ {what} }}")),
        How::Inject(what) => {
            let head = "name   = \"work\"\nlength = \"60 s\"\n";
            let entry = format!("{{ device = \"{device}\", after = \"17 s\", {what} }}");
            scene.asking(head, &format!("{head}set = [{entry}]\n"))
        }
    }
}

/// Events that say that something that should have been heard was not.
fn lost(ran: &Ran) -> usize {
    // What instruments say wrong is asked again, and then it was heard.
    let boards = ["payload", "companion"].map(|board| ran.device(board));
    ran.events(|event| match event.kind {
        EventKind::Damaged { .. } => boards.contains(&event.device),
        EventKind::NoResponse { .. } | EventKind::DeviceFailed { .. } => true,
        _ => false,
    })
    .len()
}

fn sound(ran: &Ran, what: &str) {
    assert_eq!(ran.unsafe_ends(), [""; 0], "{what}");
    assert!(ran.record().is_complete(), "{what}");
    let lost = lost(ran);
    if lost > 0 {
        assert_ne!(ran.outcome.exit, Exit::Passed, "{what}: {lost} lost");
    }
    let (_place, folder) = ran.lay_out();
    let judged = execute::judge(&folder).unwrap();
    assert_eq!(judged.exit, ran.outcome.exit, "{what}");
    assert_eq!(
        judged.report.findings, ran.outcome.report.findings,
        "{what}"
    );
}

#[test]
fn whatever_breaks_the_run_ends_safely_and_honestly() {
    let mut passed = Vec::new();
    for (device, how) in &FAULTS {
        let scene = broken(device, how);
        for seed in 0..SEEDS {
            let what = match how {
                How::Link(what) | How::Inject(what) => format!("{device}: {what}, seed {seed}"),
            };
            let ran = scene.run_with_seed(Some(seed));
            sound(&ran, &what);
            if ran.outcome.exit == Exit::Passed {
                passed.push(what);
            }
        }
    }
    // A fault that nobody notices would make this test say nothing.
    assert!(
        passed.len() < FAULTS.len() * SEEDS as usize / 3,
        "{passed:#?}"
    );
}
