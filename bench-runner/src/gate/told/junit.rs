//! `JUnit`: one suite for each group of runs, one case for each run, and one for each comparison.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::decide::Reason;
use super::super::{Decision, GateRun};
use crate::exit::Exit;

/// The gate as `JUnit` XML.
///
/// # Panics
/// Never: memory takes any XML.
pub(super) fn xml(run: &GateRun, decision: &Decision) -> String {
    let mut report = Report::new(format!("bench gate: {}", run.gate));
    for group in run.groups() {
        let mut suite = TestSuite::new(&*group);
        suite.add_property(Property::new("gate", &*run.gate));
        suite.add_property(Property::new("shard", run.shard.to_string()));
        let mut seconds = 0.0;
        for job in run.jobs.iter().filter(|job| job.group == group) {
            let reason = decision.reasons.iter().find(|it| it.subject == job.name);
            let mut case = TestCase::new(&*job.name, status(reason));
            case.set_classname(format!("{}.{group}", run.gate));
            case.set_time(Duration::from_secs_f64(job.first().seconds.max(0.0)));
            case.set_system_out(format!("again: {}\n", job.command));
            seconds += job.first().seconds.max(0.0);
            suite.add_test_case(case);
        }
        suite.set_time(Duration::from_secs_f64(seconds));
        report.add_test_suite(suite);
    }
    let others = decision.reasons.iter().filter(|reason| {
        let mut jobs = run.jobs.iter();
        !jobs.any(|job| job.name == reason.subject)
    });
    let mut compared = TestSuite::new("baseline and completeness");
    for reason in others {
        compared.add_test_case(TestCase::new(&*reason.subject, status(Some(reason))));
    }
    for held in decision.compared.iter().filter(|held| !held.is_slower) {
        let name = format!("{}: {} {}", held.group, held.workload, held.what);
        compared.add_test_case(TestCase::new(name, TestCaseStatus::success()));
    }
    if !compared.test_cases.is_empty() {
        report.add_test_suite(compared);
    }
    report.to_string().expect("XML in memory")
}

fn status(reason: Option<&Reason>) -> TestCaseStatus {
    let Some(reason) = reason else {
        return TestCaseStatus::success();
    };
    let kind = match reason.exit {
        Exit::Failed => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(reason.class);
    status.set_message(&*reason.why);
    status
}
