//! What is found of latency and rate beside a golden, in bins of temperature.

use profiles::option::Options;

use super::{BOARD, Run, goldens, header};
use crate::event::{EventKind, Inferred};
use crate::golden::{Band, Gauge, Goldens, ThroughputGolden};
use crate::verdict::{Finding, Verdict};

const BAND: Band = Band {
    slower: 0.03,
    faster: None,
    more: None,
};

/// A run of 20 answers a second in umbra and sunlight, on a board that is `celsius` warm at a second of
/// the run and takes `millis` at such a temperature.
fn run(celsius: impl Fn(u64) -> Option<f64>, millis: impl Fn(f64) -> f64) -> Run {
    let mut run = Run::default();
    for tick in 0..4_000_u64 {
        let at = 100_001 + tick * 50;
        let warm = celsius(at / 1_000);
        if let Some(warm) = warm.filter(|_| tick % 20 == 0) {
            run.sampled(at - 1, BOARD, &[(2, warm)]);
        }
        let ripple = 1.0 + 0.002 * ((tick % 7) as f64 - 3.0);
        let inferred = Inferred {
            input: 0,
            latency_us: (millis(warm.unwrap_or(25.0)) * ripple * 1e3) as u32,
            round_trip_us: 1_200,
            digest: 0,
            first_us: None,
        };
        run.tell(at, BOARD, EventKind::Inferred(inferred));
    }
    run
}

/// It warms from 12 °C to 32 °C in umbra, and stays there.
fn warming(second: u64) -> f64 {
    12.0 + 0.2 * (second.min(200) - 100) as f64
}

/// Each ten kelvins cost a fifth more.
fn usual(celsius: f64) -> f64 {
    10.0 * (1.0 + 0.2 * (celsius / 10.0).floor())
}

fn accepted(run: &Run) -> Goldens {
    let header = header("single-stream", "throughput", Options::default());
    let mut gauge = Gauge::new(&header);
    for event in &run.0 {
        gauge.observe(event);
    }
    let golden = ThroughputGolden::accept(&header, &gauge.cells(), BAND);
    assert_eq!(
        ThroughputGolden::from_toml(&golden.to_toml()).unwrap(),
        golden
    );
    Goldens {
        throughput: Some(golden),
        ..goldens()
    }
}

fn judged(run: Run, goldens: &Goldens) -> Finding {
    run.judged_by(goldens, "single-stream", "throughput", &[])
}

#[test]
fn a_phase_is_held_against_the_golden_of_the_same_temperature() {
    let golden = accepted(&run(|second| Some(warming(second)), usual));
    let cells = &golden.throughput.as_ref().unwrap().workloads["words"];
    let names: Vec<&str> = cells.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "sunlit",
            "umbra, 10 to 20 °C",
            "umbra, 20 to 30 °C",
            "umbra, 30 to 40 °C"
        ]
    );
    assert_eq!(cells["sunlit"].celsius, Some([30, 40]));
    let same = judged(run(|second| Some(warming(second)), usual), &golden);
    assert_eq!(same.verdict, Verdict::Pass, "{}", same.because);
    // Longer cold, sooner warm: another mix of the same cells is no faster and no slower.
    let sooner = |second: u64| Some(if second < 120 { 15.0 } else { 31.0 });
    let other = judged(run(sooner, usual), &golden);
    assert_eq!(other.verdict, Verdict::Pass, "{}", other.because);
}

#[test]
fn a_board_that_is_slower_at_one_temperature_fails_there() {
    let golden = accepted(&run(|second| Some(warming(second)), usual));
    let slower = |celsius: f64| {
        let more = if (20.0..30.0).contains(&celsius) {
            1.1
        } else {
            1.0
        };
        usual(celsius) * more
    };
    let found = judged(run(|second| Some(warming(second)), slower), &golden);
    assert_eq!(found.verdict, Verdict::Fail);
    assert!(
        found
            .because
            .contains("in umbra, 20 to 30 °C: p50 latency 1.1"),
        "{}",
        found.because
    );
    assert_eq!(found.phase.as_deref(), Some("umbra"));
}

#[test]
fn cells_with_too_few_answers_say_so_and_decide_nothing() {
    let golden = accepted(&run(|second| Some(warming(second)), usual));
    // Two seconds at a temperature that the golden knows, twice as slow: forty answers.
    let brief = |second: u64| match second {
        100..102 => Some(15.0),
        _ => Some(31.0),
    };
    let twice = |celsius: f64| usual(celsius) * if celsius < 20.0 { 2.0 } else { 1.0 };
    let found = judged(run(brief, twice), &golden);
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    assert!(
        found
            .because
            .ends_with("; too few answers to judge: umbra, 10 to 20 °C"),
        "{}",
        found.because
    );
    let told = |found: &Finding, part: &str| found.evidence.iter().any(|it| it.text.contains(part));
    assert!(told(
        &found,
        "40 answers of words in umbra, 10 to 20 °C, at least 64"
    ));
    // Most of umbra where the golden never was: what little is known of it is no pass.
    let hot = |second: u64| {
        Some(if (120..200).contains(&second) {
            45.0
        } else {
            31.0
        })
    };
    let found = judged(run(hot, usual), &golden);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(
        found
            .because
            .contains("of 2000 answers of words in umbra are where it can be judged")
            && found
                .because
                .contains("knows no umbra, 40 to 50 °C of words"),
        "{}",
        found.because
    );
}

#[test]
fn without_a_temperature_on_both_sides_phases_are_whole() {
    let silent = |_| None;
    let whole = accepted(&run(silent, usual));
    let cells = &whole.throughput.as_ref().unwrap().workloads["words"];
    assert!(cells.contains_key("umbra") && cells["umbra"].celsius.is_none());
    // An old golden knows no temperature either, and judges a board that tells one.
    let steady = |_| Some(25.0);
    let found = judged(run(steady, usual), &whole);
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    let found = judged(
        run(silent, usual),
        &accepted(&run(|second| Some(warming(second)), usual)),
    );
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.because.contains("told none"), "{}", found.because);
}
