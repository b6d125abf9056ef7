//! The decision: what each job is, and what all of them are together.

#[cfg(test)]
mod tests;

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
