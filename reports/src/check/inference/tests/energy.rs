//! What inferences are found to take.

use profiles::option::OptionValue;

use super::{BOARD, Run, SUPPLY, goldens, header, piece};
use crate::check::energies;
use crate::event::EventKind;
use crate::golden::{Band, Cells, Goldens, ThroughputGolden};
use crate::verdict::{Finding, Verdict};

/// Ten minutes: ten answers a second in umbra at 10 W, twenty in sunlight at 30 W, and 0.2 s between
/// samples of the supply.
fn run() -> Run {
    let mut run = Run::default();
    for tick in 0..2_000_u64 {
        let millis = 50 + tick * 200;
        let sunlit = (200_000..300_000).contains(&millis);
        run.sampled(
            millis,
            SUPPLY,
            &[(0, 20.0), (1, if sunlit { 1.5 } else { 0.5 })],
        );
        let each = if sunlit { 50 } else { 100 };
        for millis in (millis..millis + 200).step_by(each) {
            run.right(millis, (tick % 3) as u16);
        }
    }
    run
}

fn supply() -> (&'static str, OptionValue) {
    ("meter", OptionValue::Text("supply".to_owned()))
}

#[test]
fn energy_is_shared_by_right_answers_phase_by_phase_and_orbit_by_orbit() {
    let mut run = run();
    // A hundred wrong answers take energy, and share none of it.
    for tick in 0..100_u64 {
        run.answer(310_001 + tick * 200, 0, [0, 0, 0, 9]);
    }
    let found = run.judged(
        "energy",
        &[supply(), ("idle_watts", OptionValue::Number(5.0))],
    );
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    let of = |what: &str, number: &str| piece(&found, what).numbers[number];
    assert!((of("sunlit", "joules") - 3_000.0).abs() < 10.0);
    assert!((of("sunlit", "joules_per_answer") - 1.5).abs() < 0.01);
    assert!((of("sunlit", "net_joules_per_answer") - 1.25).abs() < 0.01);
    assert!((of("umbra", "answers") - 2_100.0).abs() < 1.5);
    assert!((of("umbra", "right") - 2_000.0).abs() < 1.5);
    assert!((of("umbra", "joules_per_answer") - 1.0).abs() < 0.01);
    // From one entry into the shadow to the next.
    assert!((of("orbit 1", "right") - 3_000.0).abs() < 1.5);
    assert!((of("orbit 1", "joules") - 4_000.0).abs() < 10.0);
    // Of the meter alone: 0.1 % of volts, and 0.2 % and 10 mA of about 0.83 A, each over √3, twice.
    let relative = of("sunlit", "uncertainty_joules") / 1.5;
    assert!((0.014..0.020).contains(&relative), "{relative}");
}

#[test]
fn a_limit_within_the_uncertainty_decides_nothing() {
    let asked = |most: f64| {
        let most = OptionValue::Number(most);
        run()
            .judged("energy", &[supply(), ("max_joules", most)])
            .verdict
    };
    let found = run().judged("energy", &[supply()]);
    let uncertain = found.uncertainty.unwrap();
    assert!((0.01..0.1).contains(&uncertain), "{uncertain}");
    assert_eq!(asked(1.6), Verdict::Pass);
    assert_eq!(asked(1.505), Verdict::Inconclusive);
    assert_eq!(asked(1.4), Verdict::Fail);
}

#[test]
fn without_a_measured_power_nothing_is_known() {
    let found = run().judged("energy", &[]);
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.because);
    let mut gap = run();
    gap.0.retain(|event| {
        let inside = (220_000_000..230_000_000).contains(&event.at.as_micros());
        event.device == BOARD || !inside
    });
    let found = gap.judged("energy", &[supply()]);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.because.contains("1 gap between"), "{}", found.because);
    assert!(found.because.contains("`during`"), "{}", found.because);
}

/// The run with so much more power in sunlight, with some noise; cut off after so many seconds of light.
fn brighter(more: f64, lit: u64) -> Run {
    let mut run = run();
    for (place, event) in run.0.iter_mut().enumerate() {
        let inside = event.at.as_micros() >= 200_000_000 && event.at.as_micros() < 300_000_000;
        if let EventKind::Sampled { readings } = &mut event.kind
            && inside
        {
            let noise = 1.0 + 0.02 * ((place * 7 % 11) as f64 / 5.0 - 1.0);
            let amps = 1.5 * more * noise;
            *readings = [(0, 20.0), (1, amps)]
                .map(|(channel, value)| profiles::reading::Reading::number(channel, value))
                .into();
        }
    }
    run.0.retain(|event| {
        let answer = matches!(event.kind, EventKind::Inferred(_));
        let cut = 200_000_000 + lit * 1_000_000;
        !(answer && (cut..300_000_000).contains(&event.at.as_micros()))
    });
    run
}

/// What is accepted of a run as it was judged with these settings.
fn accepted(finding: &Finding, options: &[(&str, OptionValue)]) -> Goldens {
    let mut settings = profiles::option::Options::default();
    for (name, value) in options {
        settings.set(name, value.clone());
    }
    let header = header("single-stream", "energy", settings);
    let energy = energies(&header, std::slice::from_ref(finding));
    let band = Band {
        slower: 0.03,
        faster: None,
        more: None,
    };
    let golden = ThroughputGolden::with_energy(&header, &Cells::new(), energy, band);
    let text = golden.to_toml();
    assert!(text.contains("more = 0.05\n"), "{text}");
    assert_eq!(ThroughputGolden::from_toml(&text).unwrap(), golden);
    Goldens {
        throughput: Some(golden),
        ..goldens()
    }
}

fn beside(run: Run, goldens: &Goldens, options: &[(&str, OptionValue)]) -> Finding {
    run.judged_by(goldens, "single-stream", "energy", options)
}

#[test]
fn energy_is_held_against_what_a_golden_has_of_it() {
    let asked = [supply()];
    let golden = accepted(&brighter(1.0, 100).judged("energy", &asked), &asked);
    let known = &golden.throughput.as_ref().unwrap().energy["words"];
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    assert_eq!(names, ["sunlit", "umbra", "whole run"]);
    assert_eq!(known["sunlit"].meter, "supply, m");

    // The meter's 1.7 % would leave 4 % undecided, but it is the same meter.
    let found = beside(brighter(1.04, 100), &golden, &asked);
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    assert!(
        found
            .because
            .contains("of what the golden's took, within 1.05")
    );
    let found = beside(brighter(1.1, 100), &golden, &asked);
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.because);
    assert_eq!(found.phase.as_deref(), Some("sunlit"));
    let (value, limit) = (found.value.unwrap(), found.limit.unwrap());
    assert!(
        (value - 1.65).abs() < 0.02 && (limit - 1.575).abs() < 0.02,
        "{value} {limit}"
    );
    assert!((limit / found.expected.unwrap() - 1.05).abs() < 1e-9);
    let ratio = piece(&found, "sunlit, beside the golden").numbers["energy_ratio"];
    assert!((ratio - 1.1).abs() < 0.005, "{ratio}");

    // A limit of its own and the golden's both hold.
    let most = ("max_joules", OptionValue::Number(1.3));
    let found = beside(brighter(1.0, 100), &golden, &[supply(), most]);
    assert_eq!((found.verdict, found.limit), (Verdict::Fail, Some(1.3)));
    // Where the golden has no energy, what could be measured passes as ever.
    let mut none = golden.clone();
    none.throughput.as_mut().unwrap().energy.clear();
    assert_eq!(
        beside(brighter(1.1, 100), &none, &asked).verdict,
        Verdict::Pass
    );
}

#[test]
fn too_few_answers_to_tell_say_how_many_would() {
    let asked = [supply()];
    let golden = accepted(&brighter(1.0, 100).judged("energy", &asked), &asked);
    let found = beside(brighter(1.0, 4), &golden, &asked);
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.because);
    assert!(
        found
            .because
            .contains("too few blocks in sunlit, of 79 right answers: a run needs "),
        "{}",
        found.because
    );
}
