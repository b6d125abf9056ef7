//! GitLab's code quality report: reasons as marks on a merge request. (GitLab, "Code Quality: report
//! format".) The tests themselves GitLab reads from `junit.xml`.

use reports::digest;
use serde_json::{Value, json};

use super::super::{Decision, GateRun};
use crate::exit::Exit;

/// The reasons as code quality issues.
pub(super) fn code_quality(run: &GateRun, decision: &Decision) -> String {
    let issues: Vec<Value> = decision
        .reasons
        .iter()
        .map(|reason| {
            let job = run.jobs.iter().find(|job| job.name == reason.subject);
            let path = job.map_or("gate.toml", |job| &job.campaign);
            let severity = match reason.exit {
                Exit::Failed => "critical",
                Exit::Inconclusive => "major",
                _ => "blocker",
            };
            // The same trouble has the same fingerprint, however its numbers vary.
            let fingerprint = format!("{}/{}", reason.class, reason.subject);
            json!({
                "description": format!("{}: {}: {}", reason.class, reason.subject, reason.why),
                "check_name": format!("bench-gate/{}", reason.class),
                "fingerprint": digest::sha256_hex(fingerprint.as_bytes()),
                "severity": severity,
                "location": { "path": path.trim_start_matches("./"), "lines": { "begin": 1 } },
            })
        })
        .collect();
    format!("{:#}\n", Value::from(issues))
}
