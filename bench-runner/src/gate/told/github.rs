//! GitHub's annotations: lines on standard output that its runner turns into marks on a change.
//! (GitHub, "Workflow commands for GitHub Actions".)

use super::super::{Decision, GateRun};
use crate::exit::Exit;

/// GitHub shows ten of a step; the rest stands in the summary.
const MOST: usize = 10;

/// The reasons as annotations.
pub fn annotations(run: &GateRun, decision: &Decision) -> String {
    let mut text = String::new();
    for (index, reason) in decision.reasons.iter().enumerate() {
        if index + 1 == MOST && decision.reasons.len() > MOST {
            let more = decision.reasons.len() - index;
            text.extend([format!(
                "::error title=bench gate::and {more} more, in the summary\n"
            )]);
            break;
        }
        let kind = if reason.exit == Exit::Inconclusive {
            "warning"
        } else {
            "error"
        };
        let job = run.jobs.iter().find(|job| job.name == reason.subject);
        let file = job.map(|job| format!("file={},line=1,", property(&job.campaign)));
        let title = property(&format!("{}: {}", reason.class, reason.subject));
        let why = message(&reason.why);
        text.extend([format!(
            "::{kind} {}title={title}::{why}\n",
            file.unwrap_or_default()
        )]);
    }
    text
}

fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_annotation_early() {
        assert_eq!(message("20 % slower\nhere: x"), "20 %25 slower%0Ahere: x");
        assert_eq!(property("a: b, c"), "a%3A b%2C c");
    }
}
