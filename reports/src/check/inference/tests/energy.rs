//! What inferences are found to take.

use profiles::option::OptionValue;

use super::{BOARD, Run, SUPPLY, piece};
use crate::verdict::Verdict;

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
    assert!(found.because.contains("1 gaps"), "{}", found.because);
}
