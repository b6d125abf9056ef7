//! MLPerf's rules on runs made up query by query.

use profiles::option::OptionValue;

use super::{BOARD, Run, piece};
use crate::event::EventKind;
use crate::verdict::{Finding, Verdict};

/// A server's queries, one a second of 8 ms; each `every`-th takes 30 ms.
fn server(count: u64, every: u64) -> Run {
    let mut run = Run::default();
    for query in 0..count {
        let latency_us = if query % every == every - 1 {
            30_000
        } else {
            8_000
        };
        run.tell(
            1_000 + query * 600,
            BOARD,
            EventKind::QueryDone {
                samples: 1,
                latency_us,
            },
        );
    }
    run
}

fn judged(run: Run, duration: f64) -> Finding {
    let options = [
        ("max_latency", OptionValue::Number(0.015)),
        ("min_duration", OptionValue::Number(duration)),
        ("warm_up", OptionValue::Number(0.0)),
    ];
    run.judged_as("server", "scenario", &options)
}

#[test]
fn a_server_is_judged_by_queries_over_its_bound() {
    // Of 1500 queries early stopping allows 6 over the bound at the 99th percentile.
    let found = judged(server(1_500, 300), 600.0);
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    assert!(
        found.because.contains("5 of 1500 queries"),
        "{}",
        found.because
    );
    let found = judged(server(1_500, 130), 600.0);
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.because);
    let found = judged(server(1_500, 50), 600.0);
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.because);
    assert!((piece(&found, "server").numbers["p99_ms"] - 30.0).abs() < 1e-9);
}

#[test]
fn too_short_and_too_few_are_not_valid() {
    let found = judged(server(1_500, 300), 1_000.0);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(
        found
            .because
            .starts_with("not valid: queries went on for 899."),
        "{}",
        found.because
    );
    let found = judged(server(600, 700), 10.0);
    assert!(
        found.because.ends_with("600 queries, and p99 takes 662"),
        "{}",
        found.because
    );
}

#[test]
fn a_query_that_is_never_answered_fails() {
    let mut run = server(1_500, 300);
    run.tell(
        500_000,
        BOARD,
        EventKind::NoResponse {
            input: 0,
            waited_us: 5_000_000,
        },
    );
    assert_eq!(judged(run, 600.0).verdict, Verdict::Fail);
}

#[test]
fn offline_is_a_rate_by_phase_too() {
    let mut run = Run::default();
    for query in 0..300_u64 {
        let latency_us = if query < 199 { 500_000 } else { 250_000 };
        let done = EventKind::QueryDone {
            samples: 20,
            latency_us,
        };
        run.tell(100_500 + query * 500, BOARD, done);
    }
    let options = |least: f64| {
        [
            ("min_rate", OptionValue::Number(least)),
            ("min_duration", OptionValue::Number(100.0)),
            ("warm_up", OptionValue::Number(10.0)),
        ]
    };
    let found = run.judged_as("offline", "scenario", &options(41.0));
    assert_eq!(found.verdict, Verdict::Fail);
    assert!((found.value.unwrap() - 40.0).abs() < 0.3, "{found:?}");
    assert!((piece(&found, "umbra").numbers["p50_ms"] - 500.0).abs() < 1e-9);
    assert!((piece(&found, "sunlit").numbers["p50_ms"] - 250.0).abs() < 1e-9);
}
