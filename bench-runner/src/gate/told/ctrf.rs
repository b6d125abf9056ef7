//! CTRF, the Common Test Report Format (ctrf.io), as dashboards read it.

use serde_json::{Value, json};

use super::super::{GateRun, JobResult};
use super::words::is_pass;

/// The gate as CTRF.
pub(super) fn json(run: &GateRun) -> String {
    let of = |wanted: &str| run.jobs.iter().filter(|job| status(job) == wanted).count();
    let tests: Vec<Value> = run.jobs.iter().map(test).collect();
    let report = json!({
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": { "name": "bench", "version": env!("CARGO_PKG_VERSION") },
            "summary": {
                "tests": run.jobs.len(),
                "passed": of("passed"),
                "failed": of("failed"),
                "pending": 0,
                "skipped": 0,
                "other": of("other"),
                "start": run.started_ms,
                "stop": run.ended_ms,
            },
            "tests": tests,
        },
    });
    format!("{report:#}\n")
}

/// Only a violated check is a failure; what could not be said is neither that nor a pass.
fn status(job: &JobResult) -> &'static str {
    match (is_pass(job), job.is_flaky(), job.first().code) {
        (true, ..) => "passed",
        (false, false, Some(1)) => "failed",
        _ => "other",
    }
}

fn test(job: &JobResult) -> Value {
    let first = job.first();
    let mut test = json!({
        "name": job.name,
        "status": status(job),
        "duration": (first.seconds * 1e3).round() as u64,
        "suite": job.group,
        "filePath": job.campaign,
        "flaky": job.is_flaky(),
        "retries": job.tries.len() - 1,
    });
    if !is_pass(job) {
        let bad = job.tries.iter().find(|one| !one.is_pass()).unwrap_or(first);
        test["message"] = bad.why().into();
    }
    test
}
