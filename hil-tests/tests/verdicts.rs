//! What goes wrong on the bench, and what is then said of it.
//!
//! 1. one value of a golden is another: FAILED, with value, limit, phase and time;
//! 2. a check on a channel that says nothing: INCONCLUSIVE;
//! 3. a wiring without a device of the campaign: REFUSED by its name, and no run's folder;
//! 4. a bit of a weight turned over: answers right before, wrong after, FAILED;
//! 5. a board that goes silent: queries without an answer, FAILED; the rest goes on;
//! 6. a supply's over-voltage protection trips: INTERLOCK, and everything left safe;
//! 7. a supply that gives too little: boards brown out and start anew, never a pass;
//! 8. links that drop and damage: damage is counted, never a pass;
//! 9. no throughput golden, or a golden that nobody accepted: INCONCLUSIVE;
//! 10. an instrument that is not there: INCONCLUSIVE, and nothing was switched on;
//! 11. an instrument that is another one: BENCH FAULT, and nothing was switched on;
//! 12. an instrument that goes silent for good: what cannot be made safe is UNSAFE;
//! 13. a board that is not there: INCONCLUSIVE;
//! 14. files from elsewhere: the run keeps its copies in its own folder;
//! 15. an instrument whose calibration is over: INCONCLUSIVE, and a failure stays one;
//! 16. a value inside its limit, but not by the instrument's uncertainty: a guarded check FAILS;
//! 17. a board whose clock runs fast: its drift is found as it was set, and judged.

use std::fs;

use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use profiles::time::BenchTime;
use reports::digest::sha256_hex;
use reports::event::{Event, EventKind};
use reports::verdict::{Ending, Verdict};

/// The step `work` of the smoke campaign starts here: after arming and bring-up.
const WORK: BenchTime = BenchTime::from_millis(25_000);

/// Adds an entry to what the smoke campaign tells in its step `work`.
fn told(scene: Scene, entry: &str) -> Scene {
    let head = "name   = \"work\"\nlength = \"60 s\"\n";
    scene.asking(head, &format!("{head}set = [{entry}]\n"))
}

fn count(ran: &Ran, device: &str, keep: impl Fn(&EventKind) -> bool) -> usize {
    let device = ran.device(device);
    ran.events(|event| event.device == device && keep(&event.kind))
        .len()
}

/// Changes one `f32` of a golden's outputs and says so in its manifest.
fn disturb(scene: Scene, golden: &str, element: usize, by: f32) -> Scene {
    let path = scene.path(&format!("goldens/{golden}/outputs.safetensors"));
    let mut bytes = fs::read(&path).unwrap();
    let old = sha256_hex(&bytes);
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let at = 8 + header + 4 * element;
    let value = f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) + by;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    scene.with(
        &format!("goldens/{golden}/golden.toml"),
        &old,
        &sha256_hex(&bytes),
    )
}

#[test]
fn one_value_of_a_golden_disturbed_fails_the_run() {
    // Pixel 20 of the third scene's first plane.
    let element = 2 * 3 * 128 * 128 + 20;
    let ran = disturb(Scene::of("smoke"), "cloud-mask", element, 0.5).run();
    assert_eq!(ran.outcome.exit, Exit::Failed);
    assert_eq!(*ran.ending(), Ending::Completed);
    let finding = ran.finding("cloud masks are right");
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(finding.phase.as_deref(), Some("work"));
    let (value, limit) = (finding.value.unwrap(), finding.limit.unwrap());
    assert!((value - 0.5).abs() < 1e-3, "{finding:?}");
    assert!((1e-4..0.1).contains(&limit), "{finding:?}");
    assert!(finding.at.unwrap() > WORK);
    let at = finding.at.unwrap().to_string();
    let limit = format!("allowed {limit:.3e}");
    let told = [
        "off by 5.000e-1",
        &limit,
        "in work",
        &at,
        "input 2",
        "[0, 0, 20]",
    ];
    for word in told {
        assert!(
            finding.because.contains(word),
            "{word}: {}",
            finding.because
        );
    }
    for other in &ran.outcome.report.findings {
        let wanted = other.check == finding.check;
        assert_eq!(other.verdict == Verdict::Fail, wanted, "{other:?}");
    }
    let junit = String::from_utf8_lossy(ran.file("junit.xml"));
    assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn a_golden_disturbed_within_its_tolerance_passes() {
    let ran = disturb(Scene::of("smoke"), "cloud-mask", 20, 1e-5).run();
    assert_eq!(ran.outcome.exit, Exit::Passed);
}

#[test]
fn a_channel_that_says_nothing_is_inconclusive() {
    // Before its supply is on, a board says nothing.
    let ran = Scene::of("smoke")
        .asking_also(
            "[[check]]\nname = \"early\"\nkind = \"in_range\"\nchannel = \"payload.bus_volts\"\n\
             during = \"identify and arm\"\nmax = 40.0\n",
        )
        .run();
    let finding = ran.finding("early");
    assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
    assert_eq!(finding.samples, 0);
    assert_eq!(ran.outcome.exit, Exit::Inconclusive);
}

#[test]
fn a_wiring_without_a_device_is_refused_by_its_name() {
    let scene = Scene::of("smoke").wired("[device.companion]", "[device.companoin]");
    let text = scene.plan().unwrap_err().render(false);
    assert!(text.contains("companion"), "{text}");
    assert!(text.contains("did you mean `companoin`?"), "{text}");
    assert!(text.contains("nothing was touched"), "{text}");
    let program =
        hil_tests::program::Program::new(env!("CARGO_BIN_EXE_bench-under-test"), &scene.path("."));
    let said = program.run(&[
        "run",
        scene.campaign(),
        "--wiring",
        "wiring/emulated.toml",
        "--out",
        "out",
    ]);
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(!scene.path("out").exists());
    assert!(!scene.path("runs").exists());
}

#[test]
fn a_flipped_exponent_bit_is_found_after_it_flipped() {
    // The highest bit of the first weight's exponent.
    let flip =
        "{ device = \"payload\", after = \"30 s\", inject = \"bit-flip\", byte = 3, bit = 6 }";
    let ran = told(Scene::of("smoke"), flip).run();
    let flipped = WORK.plus_micros(30_000_000);
    let finding = ran.finding("cloud masks are right");
    assert_eq!(finding.verdict, Verdict::Fail, "{finding:?}");
    assert_eq!(ran.outcome.exit, Exit::Failed);
    let at = finding.at.unwrap();
    assert!(at > flipped && at < flipped.plus_micros(5_000_000), "{at}");
    assert_eq!(ran.finding("keywords are right").verdict, Verdict::Pass);
    // Answers before and after, and the same inputs answered otherwise.
    let payload = ran.device("payload");
    let answers =
        ran.events(|event| event.device == payload && matches!(event.kind, EventKind::Inferred(_)));
    let of = |keep: &dyn Fn(BenchTime) -> bool| {
        let kept = answers.iter().filter(|event| keep(event.at));
        kept.filter_map(|event| match event.kind {
            EventKind::Inferred(inferred) => Some((inferred.input, inferred.digest)),
            _ => None,
        })
        .collect::<std::collections::BTreeSet<_>>()
    };
    let before = of(&|at| at < flipped);
    let after = of(&|at| at > flipped.plus_micros(1_000_000));
    assert_eq!(before.len(), 6, "one answer for each scene");
    assert!(after.is_disjoint(&before));
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn a_silent_board_leaves_queries_without_answer() {
    // No whole number of turns of its counters, which would hide that frames are missing.
    let mute = "{ device = \"companion\", after = \"20 s\", inject = \"mute\", length = \"9 s\" }";
    let ran = told(Scene::of("smoke"), mute).run();
    assert_eq!(ran.outcome.exit, Exit::Failed);
    assert_eq!(*ran.ending(), Ending::Completed);
    let silences = count(&ran, "companion", |kind| {
        matches!(kind, EventKind::NoResponse { .. })
    });
    assert!(silences >= 1);
    let finding = ran.finding("the companion answers");
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(finding.value, Some(silences as f64));
    let lost = ran.finding("no companion frame lost");
    assert_ne!(lost.verdict, Verdict::Pass, "{}", lost.because);
    // It is heard again, and asked again.
    let companion = ran.device("companion");
    let late = WORK.plus_micros(40_000_000);
    let again = ran.events(|event: &Event| {
        event.device == companion && event.at > late && matches!(event.kind, EventKind::Inferred(_))
    });
    assert!(again.len() > 50, "{}", again.len());
    assert_eq!(ran.finding("the payload answers").verdict, Verdict::Pass);
}

#[test]
fn an_over_voltage_trip_is_an_interlock() {
    let trip = "{ device = \"bus_supply\", after = \"15 s\", inject = \"over-voltage-trip\" }";
    let ran = told(Scene::of("smoke"), trip).run();
    assert_eq!(ran.outcome.exit, Exit::Interlock, "{:?}", ran.ending());
    let Ending::Interlock { why } = ran.ending() else {
        panic!("{:?}", ran.ending());
    };
    assert!(why.contains("bus_supply"), "{why}");
    assert_ne!(ran.outcome.report.verdict, Verdict::Pass);
    assert_eq!(ran.unsafe_ends(), [""; 0]);
    let last = ran.outcome.report.manifest.sim_seconds;
    assert!((40.0..60.0).contains(&last), "ended at {last} s");
}

#[test]
fn a_supply_that_limits_too_low_browns_boards_out() {
    let ran = Scene::of("smoke")
        .asking(
            "volts = 28.0, limit_amps = 1.8",
            "volts = 28.0, limit_amps = 0.35",
        )
        .run();
    assert_ne!(ran.outcome.exit, Exit::Passed);
    assert_eq!(ran.finding("bus voltage in band").verdict, Verdict::Fail);
    let boots = count(&ran, "payload", |kind| matches!(kind, EventKind::Booted))
        + count(&ran, "companion", |kind| matches!(kind, EventKind::Booted));
    assert!(boots > 2, "{boots} boots");
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn a_bus_that_sags_restarts_the_boards() {
    let sag = "{ device = \"bus_supply\", after = \"20 s\", volts = 12.0, limit_amps = 1.8 },\n\
               { device = \"bus_supply\", after = \"22 s\", volts = 28.0, limit_amps = 1.8 }";
    let ran = told(Scene::of("smoke"), sag).run();
    assert_eq!(ran.outcome.exit, Exit::Failed);
    for board in ["payload", "companion"] {
        let boots = count(&ran, board, |kind| matches!(kind, EventKind::Booted));
        assert_eq!(boots, 2, "{board}: power, and power again");
    }
    let finding = ran.finding("bus voltage in band");
    assert_eq!(finding.verdict, Verdict::Fail);
    assert!(
        (11.0..27.0).contains(&finding.value.unwrap()),
        "{finding:?}"
    );
}

#[test]
fn damage_on_links_is_counted_and_no_pass() {
    for (line, device) in [
        ("faults = { drop = 0.02 }", "payload"),
        ("faults = { flip = 0.02 }", "payload"),
        ("faults = { drop = 0.02 }", "companion"),
        ("faults = { flip = 0.02 }", "companion"),
    ] {
        let ran = Scene::of("smoke").device(device, line).run();
        assert_ne!(ran.outcome.exit, Exit::Passed, "{line} on {device}");
        let damages = count(&ran, device, |kind| {
            matches!(kind, EventKind::Damaged { .. })
        });
        assert!(damages > 3, "{line} on {device}: {damages}");
        let loss = ran.finding(&format!("no {device} frame lost"));
        assert_eq!(loss.verdict, Verdict::Fail, "{line}: {}", loss.because);
        assert_eq!(ran.unsafe_ends(), [""; 0], "{line} on {device}");
    }
}

#[test]
fn without_a_throughput_golden_nothing_is_said_of_throughput() {
    let ran = Scene::of("smoke")
        .asking_also(
            "[[check]]\nname = \"fast\"\nkind = \"throughput\"\nworkload = \"cloud mask\"\n",
        )
        .run();
    let finding = ran.finding("fast");
    assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
    assert!(finding.because.contains("golden"), "{}", finding.because);
    assert_eq!(ran.outcome.exit, Exit::Inconclusive);
}

#[test]
fn a_golden_that_nobody_accepted_does_not_count() {
    for state in ["pending", "reviewed"] {
        let ran = Scene::of("smoke")
            .with(
                "goldens/keyword-spotting/golden.toml",
                "state = \"accepted\"",
                &format!("state = \"{state}\""),
            )
            .run();
        let finding = ran.finding("keywords are right");
        assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
        assert!(finding.because.contains(state), "{}", finding.because);
        assert_eq!(ran.outcome.exit, Exit::Inconclusive);
    }
}

#[test]
fn an_absent_instrument_is_inconclusive_and_nothing_is_switched_on() {
    for device in ["bus_supply", "chamber"] {
        let ran = Scene::of("smoke")
            .device(device, "faults = { drop = 1.0 }")
            .run();
        assert_eq!(ran.outcome.exit, Exit::Inconclusive, "{:?}", ran.ending());
        let Ending::Absent { why } = ran.ending() else {
            panic!("{:?}", ran.ending());
        };
        assert!(why.contains(device), "{why}");
        assert!(!ran.switched_on(), "{device}");
        assert_eq!(ran.unsafe_ends(), [""; 0], "without {device}");
        let there = ["bus_supply", "chamber"].into_iter();
        for other in there.filter(|other| *other != device) {
            let safe = count(&ran, other, |kind| matches!(kind, EventKind::MadeSafe));
            assert_eq!(safe, 1, "{other} is there, without {device}");
        }
        assert_ne!(ran.outcome.report.verdict, Verdict::Pass);
    }
}

#[test]
fn another_instrument_than_the_wiring_says_is_a_bench_fault() {
    let ran = Scene::of("smoke")
        .device("bus_supply", "serial = \"MY12345678\"")
        .run();
    assert_eq!(ran.outcome.exit, Exit::BenchFault, "{:?}", ran.ending());
    let Ending::BenchFault { why } = ran.ending() else {
        panic!("{:?}", ran.ending());
    };
    assert!(why.contains("MY12345678"), "{why}");
    assert!(!ran.switched_on());
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn an_instrument_silent_for_good_is_unsafe() {
    let mute = "{ device = \"bus_supply\", after = \"15 s\", inject = \"mute\", length = \"1 h\" }";
    let ran = told(Scene::of("smoke"), mute).run();
    assert_eq!(ran.outcome.exit, Exit::Unsafe, "{:?}", ran.ending());
    let failures = count(&ran, "bus_supply", |kind| {
        matches!(kind, EventKind::DeviceFailed { .. })
    });
    assert_eq!(failures, 1);
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn an_absent_board_is_inconclusive() {
    let ran = Scene::of("smoke")
        .device("payload", "faults = { drop = 1.0 }")
        .run();
    assert_eq!(ran.outcome.exit, Exit::Inconclusive, "{:?}", ran.ending());
    for check in ["no payload frame lost", "cloud masks are right"] {
        let finding = ran.finding(check);
        assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
    }
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn a_run_keeps_files_from_elsewhere_in_its_own_folder() {
    let orbit = |path: &str| {
        let head = "[[step]]\nname   = \"bring-up\"";
        let orbit = format!("[orbit]\nelements = \"{path}\"\nstart = \"2025-06-25T18:00:00Z\"\n\n");
        Scene::of("smoke").asking(head, &format!("{orbit}{head}"))
    };
    let scene = orbit("../elsewhere/iss.tle");
    fs::create_dir(scene.path("elsewhere")).unwrap();
    fs::rename(
        scene.path("campaigns/iss.tle"),
        scene.path("elsewhere/iss.tle"),
    )
    .unwrap();
    let ran = scene.run();
    assert_eq!(ran.outcome.exit, Exit::Passed);
    let inputs = &ran.outcome.report.header.inputs;
    assert!(inputs.iter().any(|input| input.path == "iss.tle"));
    assert!(!ran.file("inputs/iss.tle").is_empty());
    let scene = Scene::of("smoke").asking("\"cloud-mask\"", "\"../goldens/cloud-mask\"");
    let text = scene.plan().unwrap_err().render(false);
    assert!(text.contains("is no name of a golden"), "{text}");
}

const DUE: &str = "calibrated = \"2000-05-01\"\ncalibration_due = \"2001-05-01\"";

#[test]
fn nothing_passes_by_an_instrument_whose_calibration_is_over() {
    let due = |day: &str| {
        let line = DUE.replace("2001", day);
        Scene::of("smoke").device("bus_supply", &line).run()
    };
    let ran = due("2001");
    assert_eq!(ran.outcome.exit, Exit::Inconclusive);
    let finding = ran.finding("bus voltage in band");
    assert_eq!(finding.verdict, Verdict::Inconclusive);
    let why = "the calibration of bus_supply was due on 2001-05-01";
    assert!(finding.because.starts_with(why), "{}", finding.because);
    // Only what it measured is in doubt, and a later day is not over.
    assert_eq!(ran.finding("payload input voltage").verdict, Verdict::Pass);
    assert_eq!(due("9001").outcome.exit, Exit::Passed);
    let failing = Scene::of("smoke").device("bus_supply", DUE);
    let failing = failing.asking("max     = 29.0", "max     = 27.5").run();
    assert_eq!(
        failing.finding("bus voltage in band").verdict,
        Verdict::Fail
    );
}

#[test]
fn a_guarded_limit_is_drawn_in_by_what_the_supply_may_be_wrong() {
    // A 6633B at 28 V is right within 14.4 mV; its converter shows 28.0 V.
    let limit = |line: &str| {
        let scene = Scene::of("smoke").asking("max     = 29.0", line).run();
        scene.finding("bus voltage in band").verdict
    };
    assert_eq!(limit("max     = 28.01"), Verdict::Pass);
    assert_eq!(limit("max     = 28.01\nguard = true"), Verdict::Fail);
    assert_eq!(limit("max     = 28.05\nguard = true"), Verdict::Pass);
}

#[test]
fn a_clock_that_drifts_is_found_and_judged() {
    let clock = |max: f64, ppm: f64, code: &str| {
        let scene = Scene::of("smoke").asking_also(&format!(
            "[[check]]\nname = \"clock\"\nkind = \"clock\"\nchannel = \"payload.onboard_time\"\nmax_drift = {max:?}\n"
        ));
        let options = format!(
            "options    = {{ network = \"eo-cloudnet-tiny\", clock_ppm = {ppm:?}, clock_offset = 1e9, time_code = \"{code}\" }}"
        );
        scene.wired("options    = { network = \"eo-cloudnet-tiny\" }", &options)
    };
    for (max, ppm, code, exit) in [
        (50.0, 40.0, "cuc", Exit::Passed),
        (30.0, 40.0, "cuc", Exit::Failed),
        (30.0, -40.0, "cuc", Exit::Failed),
        // A millisecond over a minute is 17 ppm.
        (100.0, 40.0, "cds", Exit::Passed),
        (40.0, 40.0, "cuc", Exit::Inconclusive),
    ] {
        let ran = clock(max, ppm, code).run();
        let finding = ran.finding("clock");
        assert_eq!(ran.outcome.exit, exit, "{}", finding.because);
        let within = if code == "cuc" { 1.0 } else { 20.0 };
        let drift = finding.value.unwrap();
        assert!((drift - ppm).abs() < within, "{}", finding.because);
        let board = usize::from(ran.device("payload").0);
        let found = ran.outcome.report.devices[board].clock().unwrap();
        let offset = found.correlation().unwrap().offset_s;
        assert!((offset - 1e9).abs() < 2e-3, "{offset}");
    }
}
