//! The summary for people: `gate.md`, and GitHub's step summary.

use super::super::{Decision, GateRun};
use super::words::{headline, is_pass, longer};

/// GitHub takes 1 MiB of a step; this is far less.
const MOST_ROWS: usize = 500;

/// The summary.
pub(super) fn text(run: &GateRun, decision: &Decision) -> String {
    let mut text = format!("## {}\n\n", headline(run, decision));
    for reason in decision.reasons.iter().take(MOST_ROWS) {
        text.extend([format!(
            "- **{}** `{}`: {}\n",
            reason.class,
            reason.subject,
            cell(&reason.why)
        )]);
        if let Some(command) = &reason.command {
            text.extend([format!("  <br>again: `{command}`\n")]);
        }
    }
    text += "\n| run | | took | report |\n|---|---|---|---|\n";
    for job in run.jobs.iter().take(MOST_ROWS) {
        let word = match (is_pass(job), job.is_flaky()) {
            (true, _) => "pass",
            (false, true) => "flaky",
            (false, false) => "**no pass**",
        };
        let first = job.first();
        text.extend([format!(
            "| {} | {word} | {:.1} s | {}/report.pdf |\n",
            job.name, first.seconds, first.folder
        )]);
    }
    if run.jobs.len() > MOST_ROWS {
        text.extend([format!(
            "\nand {} more, in gate.json\n",
            run.jobs.len() - MOST_ROWS
        )]);
    }
    if !decision.compared.is_empty() {
        text += "\n| against the baseline | workload | | longer by | 99.9 % | runs |\n";
        text += "|---|---|---|---|---|---|\n";
        for compared in decision.compared.iter().take(MOST_ROWS) {
            let [now, before] = compared.runs;
            text.extend([format!(
                "| {} | {} | {}{} | {} | {} to {} | {now} against {before} |\n",
                compared.group,
                cell(&compared.workload),
                compared.what,
                if compared.is_slower {
                    " **slower**"
                } else {
                    ""
                },
                longer(compared.effect.ratio),
                longer(compared.effect.low),
                longer(compared.effect.high),
            )]);
        }
    }
    text
}

/// Text that neither ends a line nor a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
