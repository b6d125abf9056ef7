//! The decision: what each job is, and what all of them are together.

use drivers::link::qemu::ENDED;
use reports::statistics::{Effect, Spread};

use super::baseline::{Baseline, Speeds, starts};
use super::{GateRun, JobResult, Shard, Try};
use crate::exit::Exit;

/// How sure the gate is that something is slower before it says so. A gate that is asked a hundred
/// times a week is wrong once in some weeks with 0.99, and once in years with this.
const CONFIDENCE: f64 = 0.999;

/// What a gate came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What it says to the shell.
    pub exit: Exit,
    /// Everything that is wrong, the worst first.
    pub reasons: Vec<Reason>,
    /// What was compared with the baseline, and how it lies.
    pub compared: Vec<Compared>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How bad.
    pub exit: Exit,
    /// In a word: `failed`, `slower`, `restarts`, `flaky`, `inconclusive`.
    pub class: &'static str,
    /// The job, or the group of jobs.
    pub subject: String,
    /// Why, in a sentence.
    pub why: String,
    /// The command that shows it again.
    pub command: Option<String>,
}

/// One number of one workload of a group against the baseline's.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The group.
    pub group: String,
    /// The workload.
    pub workload: String,
    /// What: `p50`, `p99`, `interval`.
    pub what: &'static str,
    /// How many runs now, and before.
    pub runs: [usize; 2],
    /// How much longer it takes: 1.1 is a tenth longer. With an interval where both sides have
    /// several runs.
    pub effect: Effect,
    /// Whether that is more than is allowed, for sure.
    pub is_slower: bool,
}

/// Decides.
pub fn decide(run: &GateRun) -> Decision {
    let mut reasons: Vec<Reason> = run.jobs.iter().filter_map(of_job).collect();
    let mut compared = Vec::new();
    let is_whole = run.shard == Shard::WHOLE;
    // One shard has a part of the runs of a group; what they are together, the merge says.
    if let Some(baseline) = run.baseline.as_ref().filter(|_| is_whole) {
        compare(run, baseline, &mut compared, &mut reasons);
        restarts(run, baseline, &mut reasons);
    }
    for missing in run.all.iter().filter(|_| is_whole) {
        if !run.jobs.iter().any(|job| job.name == *missing) {
            reasons.push(Reason {
                exit: Exit::Inconclusive,
                class: "missing",
                subject: missing.clone(),
                why: "it was not run".to_owned(),
                command: None,
            });
        }
    }
    if run.jobs.is_empty() {
        reasons.push(Reason {
            exit: Exit::Inconclusive,
            class: "empty",
            subject: run.gate.clone(),
            why: format!("shard {} has nothing to run", run.shard),
            command: None,
        });
    }
    reasons.sort_by(|a, b| {
        weight(b)
            .cmp(&weight(a))
            .then_with(|| a.subject.cmp(&b.subject))
    });
    Decision {
        exit: reasons
            .iter()
            .map(weight)
            .max()
            .map_or(Exit::Passed, |(_, exit)| exit),
        reasons,
        compared,
    }
}

/// A failure is not hidden behind what is merely unknown or broken beside it; only a bench that was
/// not left safe, or tripped, outranks it.
fn weight(reason: &Reason) -> (u8, Exit) {
    let rank = match reason.exit {
        Exit::Unsafe => 4,
        Exit::Interlock | Exit::Interrupted => 3,
        Exit::Failed => 2,
        _ => 1,
    };
    (rank, reason.exit)
}

fn of_job(job: &JobResult) -> Option<Reason> {
    let first = job.first();
    let reason = |exit, class, why| {
        Some(Reason {
            exit,
            class,
            subject: job.name.clone(),
            why,
            command: Some(job.command.clone()),
        })
    };
    if job.is_flaky() {
        let codes: Vec<String> = job
            .tries
            .iter()
            .map(|one| {
                one.code
                    .map_or("killed".to_owned(), |code| code.to_string())
            })
            .collect();
        let bad = job.tries.iter().find(|one| !one.is_pass()).unwrap_or(first);
        let codes = codes.join(" and ");
        let why = format!(
            "the same run ended with {codes}; when it did not pass: {}",
            bad.why()
        );
        return reason(Exit::Inconclusive, "flaky", why);
    }
    let crashed = |one: &Try| one.ending.as_ref().is_some_and(|why| why.contains(ENDED));
    let class = match first.code {
        Some(0) => return None,
        // Firmware that ends is no fault of the bench's.
        Some(3) if crashed(first) => (Exit::Failed, "crashed"),
        Some(1) => (Exit::Failed, "failed"),
        Some(2) => (Exit::Refused, "refused"),
        Some(3) => (Exit::BenchFault, "bench fault"),
        Some(5) => (Exit::Interrupted, "interrupted"),
        Some(6) => (Exit::Busy, "busy"),
        Some(7) => (Exit::Damaged, "damaged"),
        Some(8) => (Exit::Interlock, "interlock"),
        Some(9) => (Exit::Unsafe, "unsafe"),
        Some(4) => (Exit::Inconclusive, "inconclusive"),
        // It was killed, or ended as no run of ours does.
        Some(_) | None => (Exit::BenchFault, "killed"),
    };
    let again: Vec<String> = first
        .boots
        .iter()
        .filter(|(_, boots)| **boots > 1)
        .map(|(device, boots)| format!("; {device} started {boots} times"))
        .collect();
    reason(class.0, class.1, first.why() + &again.concat())
}

/// Holds each workload of each group against the baseline's.
fn compare(
    run: &GateRun,
    baseline: &Baseline,
    compared: &mut Vec<Compared>,
    reasons: &mut Vec<Reason>,
) {
    for group in run.groups() {
        let now = Speeds::of(run.jobs.iter().filter(|job| job.group == group));
        let Some(before) = baseline.speed.get(&group) else {
            if !now.is_empty() {
                let why = "the baseline does not know these runs; `--accept-baseline` takes them";
                reasons.push(of_group(
                    Exit::Inconclusive,
                    "no baseline",
                    &group,
                    why.to_owned(),
                ));
            }
            continue;
        };
        for (workload, before) in before {
            let subject = format!("{group}: {workload}");
            let Some(now) = now.get(workload) else {
                // What was refused, or broke, says itself why nothing was answered.
                let ran = |job: &&JobResult| matches!(job.first().code, Some(0 | 1 | 4));
                let mut jobs = run.jobs.iter().filter(|job| job.group == group);
                if !jobs.any(|job| ran(&job)) {
                    continue;
                }
                let why = "it gave no answers, and in the baseline it did".to_owned();
                reasons.push(of_group(Exit::Inconclusive, "silent", &subject, why));
                continue;
            };
            let slower = held((&group, workload), before, now, run.slower, compared);
            if !slower.is_empty() {
                let allowed = run.slower * 100.0;
                let why = format!("{}; {allowed:.0} % is allowed", slower.join("; "));
                reasons.push(of_group(Exit::Failed, "slower", &subject, why));
            }
        }
    }
}

/// Holds one workload against the baseline's; what is slower for sure, in words.
fn held(
    (group, workload): (&str, &str),
    before: &Speeds,
    now: &Speeds,
    allowed: f64,
    compared: &mut Vec<Compared>,
) -> Vec<String> {
    // A rate as the time between two answers, so that more is worse everywhere.
    let between = |speeds: &Speeds| {
        let rates = speeds.rate_per_s.iter();
        rates.map(|rate| 1e3 / rate).collect::<Vec<_>>()
    };
    let pairs = [
        ("p50", before.p50_ms.clone(), now.p50_ms.clone()),
        ("p99", before.p99_ms.clone(), now.p99_ms.clone()),
        ("interval", between(before), between(now)),
    ];
    let mut slower = Vec::new();
    for (what, before, now) in pairs {
        let Some(effect) = effect(&before, &now) else {
            continue;
        };
        let is_slower = effect.low > 1.0 + allowed;
        if is_slower {
            slower.push(sentence(what, &before, &now, effect));
        }
        compared.push(Compared {
            group: group.to_owned(),
            workload: workload.to_owned(),
            what,
            runs: [now.len(), before.len()],
            effect,
            is_slower,
        });
    }
    slower
}

/// Devices that started more often than in any run of the baseline: a watchdog that bites is not seen
/// by checks of what is heard in between.
fn restarts(run: &GateRun, baseline: &Baseline, reasons: &mut Vec<Reason>) {
    for group in run.groups() {
        let Some(before) = baseline.starts.get(&group) else {
            continue;
        };
        let now = starts(run.jobs.iter().filter(|job| job.group == group));
        for (device, boots) in now {
            let known = before.get(&device).copied().unwrap_or(0);
            if boots > known {
                let why = format!(
                    "it started {boots} times in one run, and in the baseline at most {known}: does \
                     its watchdog reset it?"
                );
                let subject = format!("{group}: {device}");
                reasons.push(of_group(Exit::Failed, "restarts", &subject, why));
            }
        }
    }
}

fn of_group(exit: Exit, class: &'static str, subject: &str, why: String) -> Reason {
    Reason {
        exit,
        class,
        subject: subject.to_owned(),
        why,
        command: None,
    }
}

/// How much longer it takes now. One run against one has no interval: the ratio stands for both ends.
fn effect(before: &[f64], now: &[f64]) -> Option<Effect> {
    let spreads = Spread::of(before).zip(Spread::of(now));
    if let Some((before, now)) = spreads {
        return Effect::between(&before, &now, CONFIDENCE);
    }
    let typical = |values: &[f64]| {
        let usable = values.iter().all(|value| *value > 0.0 && value.is_finite());
        let sum: f64 = values.iter().map(|value| value.ln()).sum();
        (usable && !values.is_empty()).then(|| (sum / values.len() as f64).exp())
    };
    let ratio = typical(now)? / typical(before)?;
    Some(Effect {
        ratio,
        low: ratio,
        high: ratio,
    })
}

fn sentence(what: &str, before: &[f64], now: &[f64], effect: Effect) -> String {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let name = match what {
        "p50" => "half of the answers take",
        "p99" => "99 % of the answers take",
        _ => "from answer to answer it takes",
    };
    let percent = (effect.ratio - 1.0) * 100.0;
    let (low, high) = ((effect.low - 1.0) * 100.0, (effect.high - 1.0) * 100.0);
    format!(
        "{name} {:.1} ms, {percent:.1} % longer than the baseline's {:.1} ms ({low:.1} to {high:.1} %, \
         {} runs against {})",
        mean(now),
        mean(before),
        now.len(),
        before.len()
    )
}

#[cfg(test)]
mod tests {
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
}
