//! Decisions on results that are made up.

use std::collections::BTreeMap;

use super::*;
use crate::gate::Speed;

fn job(seed: u64, codes: &[u8], p50_ms: f64) -> JobResult {
    let speed = Speed {
        answers: 40,
        rate_per_s: 1e3 / p50_ms,
        p50_ms,
        p99_ms: p50_ms * 1.01,
    };
    let tries = codes.iter().map(|code| Try {
        code: Some(*code),
        speeds: BTreeMap::from([("words".to_owned(), speed)]),
        boots: BTreeMap::from([("payload".to_owned(), 1)]),
        ..Try::default()
    });
    JobResult {
        name: format!("a/nominal/seed-{seed}"),
        group: "a/nominal".to_owned(),
        campaign: "a.toml".to_owned(),
        command: "bench run a.toml".to_owned(),
        tries: tries.collect(),
    }
}

fn run(jobs: Vec<JobResult>) -> GateRun {
    GateRun {
        format: 1,
        gate: "x".to_owned(),
        question: String::new(),
        shard: Shard::WHOLE,
        all: jobs.iter().map(|job| job.name.clone()).collect(),
        slower: 0.03,
        baseline: None,
        started_ms: 0,
        ended_ms: 0,
        jobs,
    }
}

fn good() -> Vec<JobResult> {
    vec![job(1, &[0], 100.0), job(2, &[0], 100.2), job(3, &[0], 99.9)]
}

fn classes(run: &GateRun) -> (Exit, Vec<&'static str>) {
    let decision = decide(run);
    let classes = decision.reasons.iter().map(|reason| reason.class);
    (decision.exit, classes.collect())
}

#[test]
fn what_passed_the_second_time_is_flaky_and_no_pass() {
    let mut flaky = run(good());
    assert_eq!(classes(&flaky), (Exit::Passed, vec![]));
    flaky.jobs.push(job(4, &[1, 0], 100.0));
    assert_eq!(classes(&flaky), (Exit::Inconclusive, vec!["flaky"]));
    flaky.jobs.push(job(5, &[1, 1], 100.0));
    assert_eq!(classes(&flaky), (Exit::Failed, vec!["failed", "flaky"]));
    flaky.jobs.push(job(6, &[9, 9], 100.0));
    assert_eq!(classes(&flaky).0, Exit::Unsafe);
}

#[test]
fn a_failure_is_not_hidden_behind_a_bench_fault() {
    let mixed = run(vec![job(1, &[3, 3], 100.0), job(2, &[1, 1], 100.0)]);
    assert_eq!(
        classes(&mixed),
        (Exit::Failed, vec!["failed", "bench fault"])
    );
}

#[test]
fn firmware_that_ends_has_failed() {
    let mut crashed = run(vec![job(1, &[3, 3], 100.0)]);
    for one in &mut crashed.jobs[0].tries {
        one.ending = Some(format!("bench fault: payload: {ENDED} (exit status: 101)"));
    }
    assert_eq!(classes(&crashed), (Exit::Failed, vec!["crashed"]));
}

#[test]
fn what_was_refused_is_not_silent_as_well() {
    let baseline = Baseline::accept(&run(good()));
    let without_answers = |codes: &[u8]| {
        let mut jobs = vec![job(1, codes, 100.0), job(2, codes, 100.0)];
        let tries = jobs.iter_mut().flat_map(|job| &mut job.tries);
        tries.for_each(|one| one.speeds.clear());
        let baseline = Some(baseline.clone());
        GateRun {
            baseline,
            ..run(jobs)
        }
    };
    let refused = (Exit::Refused, vec!["refused", "refused"]);
    assert_eq!(classes(&without_answers(&[2])), refused);
    assert_eq!(
        classes(&without_answers(&[0])),
        (Exit::Inconclusive, vec!["silent"])
    );
}

#[test]
fn nothing_and_part_of_it_are_no_pass() {
    assert_eq!(
        classes(&run(Vec::new())),
        (Exit::Inconclusive, vec!["empty"])
    );
    let mut part = run(good());
    part.all.push("a/nominal/seed-9".to_owned());
    assert_eq!(classes(&part), (Exit::Inconclusive, vec!["missing"]));
}

#[test]
fn slower_is_told_apart_from_noise() {
    let baseline = Baseline::accept(&run(good()));
    let held = |jobs| {
        let mut run = run(jobs);
        run.baseline = Some(baseline.clone());
        decide(&run)
    };
    let same = held(good());
    assert_eq!((same.exit, same.compared.len()), (Exit::Passed, 3));
    let slow = |factor: f64| {
        let base = [100.0, 100.2, 99.9];
        let jobs = (1..)
            .zip(base)
            .map(|(seed, ms)| job(seed, &[0], ms * factor));
        held(jobs.collect())
    };
    assert_eq!(slow(1.02).exit, Exit::Passed, "within what is allowed");
    let slower = slow(1.2);
    assert_eq!(slower.exit, Exit::Failed);
    let why = &slower.reasons[0].why;
    assert!(why.contains("120.0 ms, 20.0 % longer"), "{why}");
    // So noisy that nothing can be said of a mean that is 10 % higher.
    let noisy = [80.0, 140.0, 115.0];
    let noisy = (1..).zip(noisy).map(|(seed, ms)| job(seed, &[0], ms));
    assert_eq!(held(noisy.collect()).exit, Exit::Passed);
}

#[test]
fn more_starts_than_before_are_a_failure() {
    let mut often = run(good());
    often.baseline = Some(Baseline::accept(&often));
    assert_eq!(classes(&often).0, Exit::Passed);
    often.jobs[1].tries[0].boots.insert("payload".to_owned(), 7);
    assert_eq!(classes(&often), (Exit::Failed, vec!["restarts"]));
    let other = Baseline::default();
    often.baseline = Some(other);
    assert_eq!(classes(&often), (Exit::Inconclusive, vec!["no baseline"]));
}

#[test]
fn a_baseline_is_read_as_it_is_written() {
    let baseline = Baseline::accept(&run(good()));
    let text = baseline.to_toml();
    assert_eq!(toml::from_str::<Baseline>(&text).unwrap(), baseline);
}
