//! Reports that nobody wishes for. With `BENCH_PAGES=DIR` their PDFs are put there, to be looked at.

use super::super::{html, pdf, sample, summary};
use super::pages;
use crate::report::Report;
use crate::verdict::Verdict;

/// The report on paper, twice the same; and in a browser.
fn drawn(name: &str, report: &Report) -> Vec<u8> {
    let paper = pdf::bytes(report).unwrap();
    assert!(paper == pdf::bytes(report).unwrap(), "{name}: other bytes");
    assert_eq!(html::document(report), html::document(report), "{name}");
    if let Some(folder) = std::env::var_os("BENCH_PAGES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(name).with_extension("pdf"), &paper).unwrap();
    }
    paper
}

/// Whether a PDF says of itself that it is for archives, and for who cannot see it.
fn claims(paper: &[u8]) -> (bool, bool) {
    let has = |words: &[u8]| paper.windows(words.len()).any(|window| window == words);
    (
        has(b"<pdfaid:conformance>A</pdfaid:conformance>"),
        has(b"<pdfuaid:part>1</pdfuaid:part>"),
    )
}

#[test]
fn a_report_is_for_archives_and_for_who_cannot_see_it() {
    assert_eq!(claims(&drawn("whole", &sample::report())), (true, true));
    // Nobody knows the date of this one, and an archive wants one.
    assert_eq!(claims(&drawn("nothing", &sample::nothing())), (false, true));
}

#[test]
fn no_data_and_one_sample_are_told() {
    for most in [0, 1, 2] {
        let paper = drawn(&format!("samples-{most}"), &sample::cut(most));
        assert_eq!(claims(&paper), (true, true));
        assert!(pages(&paper) <= 6, "{most}: {} pages", pages(&paper));
    }
}

#[test]
fn of_ten_thousand_failures_the_worst_are_told() {
    let mut report = sample::report();
    let (check, finding) = (report.header.checks[0].clone(), report.findings[0].clone());
    report.header.checks.clear();
    report.findings.clear();
    for place in 0..10_000_u32 {
        let name = format!("check {place}");
        let mut check = check.clone();
        check.name.clone_from(&name);
        report.header.checks.push(check);
        let mut finding = finding.clone();
        finding.check = name;
        // The worst is in the middle.
        let short = 0.1 + f64::from(place.abs_diff(5_000)).mul_add(-1e-6, 0.1);
        finding.margin = Some(-short);
        finding.value = Some(26.0 - short);
        report.findings.push(finding);
    }
    let paper = drawn("ten-thousand", &report);
    assert!(pages(&paper) < 20, "{} pages", pages(&paper));
    assert!(paper.len() < 600_000, "{} bytes", paper.len());
    let page = html::document(&report);
    assert!(page.contains(">check 5000<") && !page.contains(">check 1<"));
    assert!(page.contains(
        "These are the 200 worst. Of 9800 more checks, 9800 failed and 0 could not be decided"
    ));
    assert!(summary::json(&report).contains("\"check 1\""));
}

#[test]
fn all_failing_is_told_in_full() {
    let mut report = sample::report();
    for finding in &mut report.findings {
        finding.verdict = Verdict::Fail;
    }
    drawn("all-failing", &report);
    assert!(summary::text(&report, false).contains("3 of 3 checks failed"));
}

#[test]
fn long_names_stay_on_their_page() {
    let mut report = sample::report();
    let long = "a_name_that_somebody_made_long_because_nothing_kept_them_from_it_".repeat(5);
    report.header.campaign.clone_from(&long);
    report.manifest.run_id.clone_from(&long);
    report.manifest.campaign.clone_from(&long);
    for device in &mut report.header.devices {
        device.name = format!("{}_{long}", device.name);
    }
    for finding in &mut report.findings {
        finding.check = format!("{} {long}", finding.check);
        finding.subject = format!("{} {long}", finding.subject);
    }
    report.header.workloads[0].name.clone_from(&long);
    assert_eq!(claims(&drawn("long-names", &report)), (true, true));
}

#[test]
fn letters_that_the_fonts_lack_are_written_by_their_numbers() {
    let mut report = sample::report();
    report.header.campaign = "Термовакуум, Ωμέγα, 衛星試験 🛰 \u{0}\u{feff}\u{e001}".to_owned();
    report.header.description = "日本語の説明。".repeat(30);
    report.header.devices[0].name = "電源".to_owned();
    report.findings[0].check = "напряжение шины".to_owned();
    report.findings[0].because = "اختبار: \u{7}".to_owned();
    let paper = drawn("letters", &report);
    assert_eq!(claims(&paper), (true, true));
    let page = html::document(&report);
    assert!(page.contains("Letters that the fonts of this report do not have"));
    let plain = html::document(&sample::report());
    assert!(!plain.contains("Letters that the fonts"), "all are there");
}
