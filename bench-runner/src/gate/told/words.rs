//! What stands on the console: why, in the first lines.

use super::super::{Decision, GateRun, JobResult, Shard};
use crate::exit::Exit;

/// Reasons that are told in full.
const SHOWN: usize = 12;

/// The decision in one line.
pub(super) fn headline(run: &GateRun, decision: &Decision) -> String {
    let word = if decision.exit == Exit::Passed {
        "ALLOWED"
    } else {
        "BLOCKED"
    };
    let passed = run.jobs.iter().filter(|job| is_pass(job)).count();
    let part = if run.shard == Shard::WHOLE {
        String::new()
    } else {
        format!(", shard {}", run.shard)
    };
    let runs = run.jobs.len();
    format!("{word}  {}{part}: {passed} of {runs} runs passed", run.gate)
}

/// Whether a job passed, at its first try and at every other.
pub(super) fn is_pass(job: &JobResult) -> bool {
    job.tries.iter().all(super::super::Try::is_pass)
}

/// How much longer something takes, from a ratio: `+3.2 %`; what rounds to nothing has no sign.
pub(super) fn longer(ratio: f64) -> String {
    let text = format!("{:+.1} %", (ratio - 1.0) * 100.0);
    if text.ends_with("0.0 %") && text.len() == "+0.0 %".len() {
        return "0.0 %".to_owned();
    }
    text.replace('-', "−")
}

/// The decision and its reasons.
pub fn text(run: &GateRun, decision: &Decision) -> String {
    let mut text = headline(run, decision) + "\n";
    for reason in decision.reasons.iter().take(SHOWN) {
        text.extend([format!(
            "  {}: {}: {}\n",
            reason.class, reason.subject, reason.why
        )]);
        if let Some(command) = &reason.command {
            text.extend([format!("      again: {command}\n")]);
        }
    }
    let more = decision.reasons.len().saturating_sub(SHOWN);
    if more > 0 {
        text.extend([format!("  and {more} more, in gate.md\n")]);
    }
    let worst = decision
        .compared
        .iter()
        .max_by(|a, b| a.effect.ratio.total_cmp(&b.effect.ratio));
    if let Some(worst) = worst {
        text.extend([format!(
            "  against the baseline: {} comparisons, at worst {} ({} of {}, {})\n",
            decision.compared.len(),
            longer(worst.effect.ratio),
            worst.what,
            worst.workload,
            worst.group
        )]);
    } else if run.baseline.is_none() && run.shard == Shard::WHOLE {
        text += "  no baseline: nothing says whether it became slower\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounds_to_nothing_is_neither_longer_nor_shorter() {
        let told = [1.032, 0.9, 1.000_4, 0.999_6, 1.0].map(longer);
        assert_eq!(told, ["+3.2 %", "−10.0 %", "0.0 %", "0.0 %", "0.0 %"]);
    }
}
