//! `JUnit`: the findings as every CI system reads them.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use super::words;
use crate::report::Report;
use crate::verdict::{Ending, Finding, Verdict};

/// The report as `JUnit` XML: one suite for the campaign, one case for each check, and one more
/// for a run that did not complete.
///
/// # Panics
/// Never: memory takes any XML, and quick-junit strips what XML cannot hold.
pub fn xml(report: &Report) -> String {
    let mut suite = TestSuite::new(&*report.header.campaign);
    suite.set_time(Duration::from_secs_f64(
        report.manifest.sim_seconds.max(0.0),
    ));
    // Not the bench's clock but the manifest's, so that the same report gives the same bytes.
    suite.timestamp = report.manifest.started.parse().ok();
    suite.add_properties(properties(report));
    suite.add_test_cases(report.findings.iter().map(|finding| case(report, finding)));
    if report.ending != Ending::Completed {
        suite.add_test_case(unfinished(report));
    }
    let mut xml = Xml::new(format!("bench: {}", report.header.campaign));
    xml.add_test_suite(suite);
    xml.to_string().expect("XML in memory")
}

fn properties(report: &Report) -> Vec<Property> {
    let manifest = &report.manifest;
    let mut properties = vec![
        Property::new("run_id", &*manifest.run_id),
        Property::new("campaign", &*manifest.campaign),
        Property::new("wiring", &*manifest.wiring),
        Property::new("seed", manifest.seed.to_string()),
        Property::new("pace", &*manifest.pace),
        Property::new("started", &*manifest.started),
        Property::new("ended", &*manifest.ended),
        Property::new("sim_seconds", manifest.sim_seconds.to_string()),
        Property::new("ending", report.ending.to_string()),
        Property::new("verdict", report.verdict.to_string()),
        Property::new("exit_code", manifest.exit_code.to_string()),
    ];
    let versions = manifest.versions.iter();
    properties.extend(versions.map(|(name, v)| Property::new(format!("version.{name}"), &**v)));
    for (device, who) in &manifest.identities {
        let words = [&*who.maker, &*who.model, &*who.serial, &*who.firmware];
        let told: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        properties.push(Property::new(format!("device.{device}"), told.join(", ")));
    }
    for input in manifest.inputs.iter().chain(&manifest.record) {
        properties.push(Property::new(
            format!("sha256.{}", input.path),
            &*input.sha256,
        ));
    }
    properties
}

fn case(report: &Report, finding: &Finding) -> TestCase {
    let mut status = match finding.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let told = description(report, finding);
    if finding.verdict != Verdict::Pass {
        status.set_message(&*finding.because);
        status.set_type(finding.verdict.to_string().to_lowercase());
        status.set_description(&*told);
    }
    let mut case = TestCase::new(&*finding.check, status);
    case.set_classname(format!("{}.{}", report.header.campaign, finding.kind));
    case.set_assertions(usize::try_from(finding.samples).unwrap_or(usize::MAX));
    case.set_system_out(told);
    case
}

/// Everything about one finding, a line for each thing.
fn description(report: &Report, finding: &Finding) -> String {
    let mut lines = vec![
        finding.because.clone(),
        format!("subject: {}", finding.subject),
        format!("during: {}", finding.during),
    ];
    let mut number = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            lines.push(
                format!("{name}: {value} {}", finding.unit)
                    .trim_end()
                    .to_owned(),
            );
        }
    };
    number("value", finding.value);
    number("limit", finding.limit);
    number("margin", finding.margin);
    if let Some(at) = finding.at {
        let utc = words::utc(report.header.epoch.as_deref(), at);
        let utc = utc.map_or(String::new(), |utc| format!(" ({utc} UTC)"));
        let phase = finding
            .phase
            .as_deref()
            .map_or(String::new(), |phase| format!(", {phase}"));
        lines.push(format!("at: {at}{utc}{phase}"));
    }
    lines.push(format!("samples: {}", finding.samples));
    for piece in &finding.evidence {
        let at = piece.at.map_or(String::new(), |at| format!(" at {at}"));
        lines.push(format!("{}{at}: {}", piece.what, piece.text));
    }
    lines.join("\n")
}

/// A run that did not complete is no pass, whatever its checks say.
fn unfinished(report: &Report) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(report.ending.to_string());
    status.set_type("ending");
    let mut case = TestCase::new("the run completes", status);
    case.set_classname(format!("{}.ending", report.header.campaign));
    case
}
