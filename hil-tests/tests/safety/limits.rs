//! Limits are held four times, and each time by itself: with what is before it out of the way. And
//! interlocks, which hold between devices.
//!
//! 1. the plan refuses (`bench-runner/src/plan/tests`);
//! 2. a station whose plan was made past that sends nothing beyond a limit;
//! 3. an instrument that does not keep what it was armed with is never switched on;
//! 4. one whose readings are beyond a limit, whatever it was told, is switched off at once;
//! 5. an interlock does what it says, how soon is measured, and too late is a finding;
//! 6. a campaign tightens limits and loosens none;
//! 7. a campaign adds interlocks and takes none away, and a reaction switches nothing on.

use std::fs;
use std::time::Duration;

use bench_runner::exit::Exit;
use hil_tests::program::Program;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use hil_tests::watched::Watched;
use profiles::command::{Command, Switch};
use profiles::quantity::{Celsius, Volts};
use reports::event::{Event, EventKind};
use reports::verdict::{Ending, Verdict};

use super::supply::{Supply, Ways};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A supply alone, on for half a minute.
const CAMPAIGN: &str = r#"
name = "on"
goldens = "../goldens"

[[step]]
name   = "work"
length = "30 s"
set = [
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", output = "on" },
]

[[check]]
name    = "bus voltage in band"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
max     = 29.0
"#;

/// Runs the campaign on a supply with its ways, polled every 50 ms.
fn on(ways: Ways) -> (Supply, Watched) {
    let scene = Scene::of("smoke");
    let supply = Supply::start(ways);
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), supply.wiring("50 ms")).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    let watched = Watched::run(&program, &scene, |_| {});
    (supply, watched)
}

#[test]
fn a_station_that_is_told_too_much_sends_none_of_it() {
    for device in ["bus_supply", "chamber"] {
        let mut plan = Scene::of("smoke").plan().unwrap();
        plan.header.wire = true;
        let (id, _) = plan.header.device(device).unwrap();
        for told in plan.timeline.iter_mut().filter(|told| told.device == id) {
            match &mut told.command {
                // Above the limit of the wiring and below what the supply could do.
                Command::Supply { volts, .. } => *volts = Volts(34.5),
                Command::Chamber { target, .. } => *target = Celsius(61.5),
                _ => {}
            }
        }
        let ran = Ran::of(&plan);
        let Ending::BenchFault { why } = &ran.outcome.report.ending else {
            panic!("{:?}", ran.outcome.report.ending);
        };
        assert!(why.contains("above the limit"), "{why}");
        let events = ran.events(|event| event.device == id);
        let applied = |event: &Event| matches!(event.kind, EventKind::SetPointApplied { .. });
        assert!(!events.iter().any(applied), "{device} took something");
        let sent = events.iter().filter_map(|event| match &event.kind {
            EventKind::Wire { sent: true, octets } => Some(String::from_utf8_lossy(octets)),
            _ => None,
        });
        let sent: Vec<_> = sent.collect();
        assert!(!sent.is_empty());
        // 615 is 0x0267 in the chamber's registers, after the address of its set point.
        let told =
            |line: &&std::borrow::Cow<'_, str>| line.contains("34.5") || line.contains("\u{2}g");
        assert_eq!(sent.iter().find(told), None);
    }
}

#[test]
fn set_points_that_change_too_fast_are_refused_and_never_sent() {
    // A ramp of 0.1 V in a second, and a step of 3 V.
    let ramp = "length = \"60 s\"\nprofile = [{ device = \"bus_supply\", kind = \"ramp\", \
                from = 28.0, to = 31.0, limit_amps = 1.8, every = \"2 s\" }]";
    let scene = |rate: &str| {
        Scene::of("smoke").asking("length = \"60 s\"", ramp).ending(
            "campaigns/smoke.toml",
            &format!("\n[limits.bus_supply]\n{rate}\n"),
        )
    };
    let refusals = scene("volts_per_s = 0.05")
        .plan()
        .unwrap_err()
        .render(false);
    assert!(
        refusals.contains("`bus_supply` would be told to change by 0.1 within a second")
            && refusals.contains("above its limit `volts_per_s`"),
        "{refusals}"
    );
    let mut plan = scene("volts_per_s = 0.2\nwatts_per_s = 1.0")
        .plan()
        .unwrap();
    let ran = Ran::of(&plan);
    assert_eq!(ran.outcome.report.ending, Ending::Completed);
    // As if the plan had not looked.
    let (id, _) = plan.header.device("bus_supply").unwrap();
    let mut told = plan.timeline.iter_mut().filter(|told| told.device == id);
    let late = told.rfind(|told| matches!(told.command, Command::Supply { .. }));
    let Command::Supply { volts, .. } = &mut late.unwrap().command else {
        panic!("it is a set point");
    };
    *volts = Volts(28.0);
    let ran = Ran::of(&plan);
    let Ending::BenchFault { why } = &ran.outcome.report.ending else {
        panic!("{:?}", ran.outcome.report.ending);
    };
    assert!(
        why.contains("within a second, above the limit `volts_per_s`, 0.2"),
        "{why}"
    );
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn an_instrument_that_does_not_keep_its_limits_is_never_switched_on() {
    let (supply, watched) = on(Ways {
        keeps_protection: false,
        ..Ways::GOOD
    });
    let Ending::BenchFault { why } = watched.ending() else {
        panic!("{:?}", watched.ending());
    };
    assert!(why.contains("was told") && why.contains("33"), "{why}");
    assert!(supply.heard().iter().all(|line| line.text != "OUTP ON"));
}

#[test]
fn a_reading_beyond_a_limit_switches_off_whatever_was_told() {
    // Told 28 V, it gives 31.5 V from half a second on; its own protection does nothing.
    let (supply, watched) = on(Ways {
        drift: Some((Duration::from_millis(500), 3.5)),
        ..Ways::GOOD
    });
    assert_eq!(
        watched.code,
        Some(Exit::Interlock as i32),
        "{}",
        watched.said
    );
    let Ending::Interlock { why } = watched.ending() else {
        panic!("{:?}", watched.ending());
    };
    assert!(
        why.contains("reads 31.500 V, beyond its limit of 30 V"),
        "{why}"
    );
    let reacted = watched.events.iter().find_map(|event| match &event.kind {
        EventKind::Interlock { reaction_us, .. } => *reaction_us,
        _ => None,
    });
    let crossed = supply
        .said()
        .into_iter()
        .find(|line| line.text == "31.5000")
        .unwrap();
    let heard = supply.heard();
    let off = heard
        .iter()
        .find(|line| line.text == "OUTP OFF" && line.at > crossed.at)
        .unwrap();
    let on_again = heard
        .iter()
        .any(|line| line.text == "OUTP ON" && line.at > off.at);
    assert!(!on_again);
    let taken = off.at - crossed.at;
    println!(
        "from the answer beyond the limit to `OUTP OFF` at the supply: {taken:?}; from the reading \
         to its confirmation: {reacted:?} us"
    );
    assert!(taken < Duration::from_secs(5) && reacted.is_some());
}

#[test]
fn a_campaign_tightens_limits_and_loosens_none() {
    let with = |text: &str| Scene::of("smoke").asking_also(text).plan();
    let tighter = "[limits.bus_supply]\nvolts = 27.0\n";
    let refused = with(tighter).unwrap_err().render(false);
    assert!(
        refused.contains("would be told 28") && refused.contains("at most 27"),
        "{refused}"
    );
    let slower = with("[limits.chamber]\nslew_k_per_min = 1.5\n").unwrap();
    let slews: Vec<_> = slower
        .timeline
        .iter()
        .filter_map(|told| match &told.command {
            Command::Chamber { slew, .. } => Some(slew.map(|slew| slew.0)),
            _ => None,
        })
        .collect();
    assert_eq!(slews, [Some(1.5)]);
    for (text, said) in [
        (
            "[limits.bus_supply]\nvolts = 35.0\n",
            "the wiring allows less",
        ),
        (
            "[limits.bus_suply]\nvolts = 30.0\n",
            "did you mean `bus_supply`?",
        ),
        (
            "[limits.bus_supply]\nvolt = 30.0\n",
            "did you mean `volts`?",
        ),
        ("[limits.payload]\nvolts = 30.0\n", "a board has no limits"),
    ] {
        let refused = with(text).unwrap_err().render(false);
        assert!(refused.contains(said), "{refused}");
    }
}

const HOT: &str = r#"
[[interlock]]
name    = "hot chamber"
channel = "chamber.air"
above   = 30.0
then    = [{ device = "bus_supply", output = "off" }, { device = "chamber", celsius = 20.0 }]
within  = "2 s"
"#;

/// The smoke campaign, whose chamber goes to 50 °C in twenty minutes of work.
fn heating() -> Scene {
    Scene::of("smoke").asking(
        "length = \"60 s\"",
        "length = \"20 min\"\nset = [{ device = \"chamber\", celsius = 50.0 }]",
    )
}

fn held(ran: &Ran) -> (Option<u64>, u64) {
    let events = ran.events(|event| matches!(event.kind, EventKind::Interlock { .. }));
    match &events[..] {
        [event] => match &event.kind {
            EventKind::Interlock {
                reaction_us,
                within_us,
                ..
            } => (*reaction_us, *within_us),
            _ => unreachable!("only these were asked for"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_interlock_does_what_it_says_and_ends_the_run() {
    let wired = heating().ending("wiring/emulated.toml", HOT);
    let asked = heating().asking_also(HOT);
    for scene in [wired, asked] {
        let ran = scene.run();
        let Ending::Interlock { why } = &ran.outcome.report.ending else {
            panic!("{:?}", ran.outcome.report.ending);
        };
        assert!(
            why.starts_with("hot chamber: chamber.air above 30 °C: it reads 30."),
            "{why}"
        );
        assert_eq!(ran.outcome.exit, Exit::Interlock);
        assert_eq!(ran.unsafe_ends(), Vec::<String>::new());
        let (reaction_us, within_us) = held(&ran);
        assert!(reaction_us.is_some_and(|taken| taken > 0 && taken < within_us));
        // What it asks for is told before the device is left safe.
        let (supply, _) = ran.outcome.report.header.device("bus_supply").unwrap();
        let told = ran.events(|event| {
            let off = Command::SupplyOutput(Switch::Off);
            event.device == supply
                && match &event.kind {
                    EventKind::MadeSafe => true,
                    EventKind::SetPointApplied { command, .. } => *command == off,
                    _ => false,
                }
        });
        assert!(
            matches!(told[0].kind, EventKind::SetPointApplied { .. }),
            "{told:?}"
        );
        assert_eq!(told.len(), 2);
        let finding = ran.outcome.report.findings.last().unwrap();
        assert_eq!(
            (&*finding.kind, finding.verdict),
            ("interlock", Verdict::Pass)
        );
        assert!(
            finding.because.contains("of the 2.000 s that it may take"),
            "{}",
            finding.because
        );
        // The record says the same.
        let (_place, folder) = ran.lay_out();
        let judged = bench_runner::execute::judge(&folder).unwrap();
        assert_eq!(judged.report.findings, ran.outcome.report.findings);
        assert_eq!(judged.exit, Exit::Interlock);
    }
}

#[test]
fn a_reaction_that_is_too_late_is_a_finding() {
    let hurried = HOT.replace("\"2 s\"", "\"1 ms\"");
    let ran = heating().ending("wiring/emulated.toml", &hurried).run();
    assert_eq!(ran.outcome.exit, Exit::Interlock);
    let finding = ran.outcome.report.findings.last().unwrap();
    assert_eq!(finding.verdict, Verdict::Fail);
    assert!(finding.because.ends_with("too late"), "{}", finding.because);
}

#[test]
fn rules_that_make_no_sense_are_refused_where_they_stand() {
    let cases = [
        ("chamber.air", "chamber.airs", "did you mean `air`?"),
        ("chamber.air", "chambre.air", "did you mean `chamber`?"),
        ("chamber.air", "air", "names no channel"),
        ("above   = 30.0", "is = \"hot\"", "this channel has numbers"),
        (
            "above   = 30.0",
            "above = 30.0\nbelow = 10.0",
            "expected one of `above` and `below`",
        ),
        (
            "output = \"off\"",
            "output = \"on\"",
            "a reaction switches nothing on",
        ),
        (
            "output = \"off\"",
            "volts = 1.0, limit_amps = 1.0",
            "a reaction switches nothing on",
        ),
        (
            "output = \"off\"",
            "after = \"1 s\", output = \"off\"",
            "an interlock does not wait",
        ),
        (
            "celsius = 20.0",
            "celsius = 70.0",
            "above the limit `max_celsius`",
        ),
        ("\"2 s\"", "\"2 min\"", "expected from \"1 ms\" to"),
        ("within  = \"2 s\"", "", "`within` is missing"),
    ];
    for (from, to, said) in cases {
        assert_eq!(HOT.matches(from).count(), 1, "{from}");
        let scene = heating().ending("wiring/emulated.toml", &HOT.replace(from, to));
        let refused = scene.plan().unwrap_err().render(false);
        assert!(refused.contains(said), "{to}: {refused}");
        assert!(refused.contains("emulated.toml"), "{refused}");
    }
    let twice = heating()
        .ending("wiring/emulated.toml", HOT)
        .asking_also(HOT);
    let refused = twice.plan().unwrap_err().render(false);
    assert!(
        refused.contains("two interlocks are named `hot chamber`"),
        "{refused}"
    );
    assert!(refused.contains("replaces none"), "{refused}");
}
