//! Every campaign on the emulated bench, in virtual time, against its accepted goldens.
//!
//! 1. each campaign of the folder is among those that are run here, and passes;
//! 2. the quickstart's phases are where the published edges of the shadow are;
//! 3. it ran to its end, with as many steps, findings and answers as two orbits have;
//! 4. the worst margins are those of the physics, not of luck;
//! 5. every answer was compared with its golden, and the throughput goldens were held;
//! 6. everything was left safe, and the record is whole;
//! 7. a simulated array's output lies on the curve that it was told last, and is off in the dark;
//! 8. boards work when the contacts and the Sun let them, and at no other time.

mod played;

use std::fs;

use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use hil_tests::scene::bench_folder;
use profiles::command::Command;
use profiles::phase::Phase;
use profiles::physics::array_curve::ArrayPoints;
use profiles::time::BenchTime;
use reports::event::EventKind;
use reports::verdict::{Ending, Verdict};

use crate::{contacts, measured, on_an_array, quickstart, shared, smoke, stories};

/// The ISS on 2025-06-25 in seconds after 18:00 UTC: penumbra in, umbra in, umbra out, penumbra
/// out of its first eclipse. Orekit and Skyfield agree on them within two seconds.
const EDGES: [f64; 4] = [699.880, 708.757, 2_801.554, 2_810.390];

/// Seconds between T0 and the first step of a campaign are part of the orbit too.
const EDGE_TOLERANCE: f64 = 2.0;

#[test]
fn every_campaign_of_the_folder_passes() {
    let run: [(&str, &Ran); 7] = [
        ("array_ride_through", on_an_array()),
        ("contacts_and_links", contacts()),
        ("eclipse_ride_through", quickstart()),
        ("energy_audit", measured()),
        ("shared_work", shared()),
        ("smoke", smoke()),
        ("story_writing", stories()),
    ];
    let mut files: Vec<String> = fs::read_dir(bench_folder().join("campaigns"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    files.sort();
    assert_eq!(files, run.map(|(name, _)| name), "run each campaign here");
    for (name, ran) in run {
        let bad: Vec<&str> = ran
            .outcome
            .report
            .findings
            .iter()
            .filter(|finding| finding.verdict != Verdict::Pass)
            .map(|finding| &*finding.because)
            .collect();
        assert_eq!(bad, [""; 0], "{name}");
        assert_eq!(*ran.ending(), Ending::Completed, "{name}");
        assert_eq!(ran.outcome.exit, Exit::Passed, "{name}");
        assert_eq!(ran.unsafe_ends(), [""; 0], "{name}");
        assert!(ran.record().is_complete(), "{name}");
        for file in ["manifest.json", "report.pdf", "junit.xml", "summary.json"] {
            assert!(!ran.file(file).is_empty(), "{name} {file}");
        }
    }
}

#[test]
fn the_first_eclipse_is_where_others_computed_it() {
    let header = &quickstart().outcome.report.header;
    assert_eq!(header.epoch.as_deref(), Some("2025-06-25T18:00:00.000Z"));
    let phases: Vec<(Phase, f64)> = header
        .phases
        .iter()
        .map(|interval| (interval.phase, interval.window.start.as_secs_f64()))
        .collect();
    let expected = [
        Phase::Sunlit,
        Phase::Penumbra,
        Phase::Umbra,
        Phase::Penumbra,
        Phase::Sunlit,
        Phase::Penumbra,
        Phase::Umbra,
        Phase::Penumbra,
        Phase::Sunlit,
    ];
    let order: Vec<Phase> = phases.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(order, expected);
    for ((phase, start), edge) in phases[1..].iter().zip(EDGES) {
        assert!(
            (start - edge).abs() < EDGE_TOLERANCE,
            "{phase:?} {start} s, published {edge} s"
        );
    }
}

#[test]
fn two_orbits_were_run_to_their_end() {
    let report = &quickstart().outcome.report;
    // 15.5 revolutions a day: 92.9 minutes each, and the bring-up before them.
    let seconds = report.manifest.sim_seconds;
    assert!((11_150.0..11_300.0).contains(&seconds), "{seconds} s");
    let steps: Vec<&str> = report.header.steps.iter().map(|s| &*s.name).collect();
    assert_eq!(steps, ["identify and arm", "bring-up", "two orbits"]);
    assert_eq!(report.findings.len(), report.header.checks.len());
    assert_eq!(report.findings.len(), 15);
    let answers: Vec<(u64, u64)> = report
        .workloads
        .iter()
        .map(|story| (story.overall.as_ref().unwrap().count, story.no_response))
        .collect();
    let [(masks, none), (words, neither)] = answers[..] else {
        panic!("two workloads, not {answers:?}");
    };
    assert_eq!((none, neither), (0, 0));
    assert!((35_500..37_000).contains(&masks), "{masks} masks");
    assert!((37_000..39_000).contains(&words), "{words} words");
}

#[test]
fn margins_are_those_of_the_physics() {
    let margins = [
        ("bus voltage in band", 0.5..2.0),
        ("board input voltage in eclipse", 1.0..6.0),
        ("supply current", 0.2..1.5),
        ("payload junction temperature", 5.0..60.0),
        ("companion junction temperature", 5.0..70.0),
        ("chamber slew", 0.0..5.0),
    ];
    for (check, range) in margins {
        let finding = quickstart().finding(check);
        let margin = finding.margin.expect("a check of values has a margin");
        assert!(range.contains(&margin), "{check}: {margin} {finding:?}");
        assert!(finding.at.is_some() && finding.phase.is_some(), "{check}");
        assert!(finding.samples > 1_000, "{check}: {}", finding.samples);
    }
}

#[test]
fn every_answer_was_held_against_its_golden() {
    let ran = quickstart();
    for (check, workload) in [("cloud masks are right", 0), ("keywords are right", 1)] {
        let finding = ran.finding(check);
        let story = &ran.outcome.report.workloads[workload];
        let answers = story.overall.as_ref().unwrap().count;
        assert_eq!(finding.samples, answers, "{check}");
        assert!(finding.because.contains("match golden"), "{check}");
    }
    for check in [
        "cloud mask throughput in sunlight",
        "cloud mask throughput in eclipse",
        "keyword throughput in sunlight",
        "keyword throughput in eclipse",
    ] {
        let finding = ran.finding(check);
        assert!(finding.because.contains("golden"), "{}", finding.because);
        assert!(finding.margin.is_some_and(|m| m > 0.0), "{finding:?}");
    }
}

#[test]
fn boards_work_in_the_windows_that_they_were_given() {
    let ran = contacts();
    let header = &ran.outcome.report.header;
    let inside = |name: &str, at: BenchTime| {
        let mut windows = header.windows.iter();
        windows.any(|named| named.name.starts_with(name) && named.window.contains(at))
    };
    let lit = |at: BenchTime| header.phase_name(at).as_deref() == Some("sunlit");
    let (payload, companion) = (ran.device("payload"), ran.device("companion"));
    let answers = ran.events(|event| matches!(event.kind, EventKind::Inferred(_)));
    let mut of = [0, 0];
    for answer in &answers {
        // An answer under way when the window closes may still come.
        let begun = BenchTime::from_micros(answer.at.as_micros().saturating_sub(2_000_000));
        let near = [begun, answer.at];
        if answer.device == payload {
            of[0] += 1;
            let allowed = |at: &BenchTime| lit(*at) && !inside("contact:", *at);
            assert!(near.iter().any(allowed), "{}", answer.at);
        } else if answer.device == companion {
            of[1] += 1;
            let allowed = |at: &BenchTime| inside("contact:", *at);
            assert!(near.iter().any(allowed), "{}", answer.at);
        }
    }
    assert!(of[0] > 10_000 && of[1] > 2_000, "{of:?}");
}

#[test]
fn what_an_array_measures_lies_on_the_curve_that_it_was_told() {
    let ran = on_an_array();
    let array = ran.device("array");
    let mut curve: Option<ArrayPoints> = None;
    // A curve works from the plant's next step on, and is measured some milliseconds later.
    let mut told_at = BenchTime::ZERO;
    let (mut lit, mut dark) = (0, 0);
    for event in ran.events(|event| event.device == array) {
        match &event.kind {
            EventKind::SetPointApplied {
                command: Command::Curve(points),
                ..
            } => (curve, told_at) = (Some(*points), event.at),
            EventKind::Sampled { readings } if event.at.micros_since(told_at) > 400_000 => {
                let Some(points) = curve else { continue };
                let value = |channel: usize| readings[channel].value.as_f64();
                let (volts, amps) = (value(0), value(1));
                if points.isc.0 < 0.005 {
                    assert!(
                        volts.abs() < 0.01 && amps.abs() < 0.01,
                        "{volts} V {amps} A"
                    );
                    dark += 1;
                } else if readings[2].value.as_f64() > 0.5 {
                    let expected = points.curve().unwrap().amps_at(volts);
                    let at = event.at;
                    // A millivolt is milliamperes where the curve is steep.
                    assert!(
                        (amps - expected).abs() < 0.01,
                        "{at}: {amps} A at {volts} V"
                    );
                    lit += 1;
                }
            }
            _ => {}
        }
    }
    // A sample a second, less those soon after a new curve: an eclipse of 35 minutes.
    assert!(dark > 1_900 && lit > 3_000, "{dark} dark, {lit} lit");
}

#[test]
fn an_analyser_counts_the_energy_of_all_that_hangs_on_its_bus() {
    let ran = measured();
    let analyser = ran.device("analyser");
    let mut last: Option<(BenchTime, f64, f64)> = None;
    let (mut integral, mut counted) = (0.0, 0.0);
    for event in ran.events(|event| event.device == analyser) {
        let EventKind::Sampled { readings } = &event.kind else {
            continue;
        };
        let value = |channel: usize| readings[channel].value.as_f64();
        let (watts, joules) = (value(2), value(3));
        if let Some((at, before, counted_before)) = last {
            let seconds = event.at.micros_since(at) as f64 * 1e-6;
            integral += 0.5 * (watts + before) * seconds;
            counted += joules - counted_before;
            assert!(joules >= counted_before, "{}: {joules} J", event.at);
        }
        last = Some((event.at, watts, joules));
    }
    assert!(counted > 1_500.0, "{counted} J");
    assert!(
        (integral - counted).abs() < 0.02 * counted,
        "{integral}, {counted}"
    );
}
