//! Two runs side by side, and one campaign over many. With `BENCH_PAGES=DIR` their PDFs are put there.

use super::super::compare::Pair;
use super::super::compare::trend::{Kind, Past, Runs, Told};
use super::super::{figure, sample};
use super::pages;
use crate::verdict::Verdict;

fn kept(name: &str, paper: &[u8]) {
    if let Some(folder) = std::env::var_os("BENCH_PAGES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(name).with_extension("pdf"), paper).unwrap();
    }
}

#[test]
fn a_verdict_that_got_worse_fails_the_comparison_and_says_why() {
    let mut before = sample::report();
    let now = sample::report();
    before.findings[0].verdict = Verdict::Pass;
    before.manifest.run_id = "r-0".to_owned();
    before.header.inputs[0].sha256 = "0".repeat(64);
    let pair = Pair {
        before: &before,
        now: &now,
    };
    let paper = pair.pdf().unwrap();
    assert!(paper == pair.pdf().unwrap(), "other bytes");
    kept("compared", &paper);
    let page = pair.html();
    assert!(page.contains(
        "B is worse than A: 1 of 3 checks got worse, 0 better. “bus in band” was PASS and is FAIL"
    ));
    assert!(page.contains("fell to 25.5 V"), "it says why");
    assert!(page.contains(&"0".repeat(64)), "an input that differs");
    assert!(page.contains("A: bus supply") && page.contains("B: bus supply"));
    let same = Pair {
        before: &now,
        now: &now,
    };
    let page = same.html();
    assert!(page.contains("No check of B is worse than in A, and none is better"));
    assert!(page.contains(">0.00 %"), "an effect of nothing");
    assert!(!page.contains("+0.00"), "nothing has no sign");
}

#[test]
fn runs_with_nothing_in_common_are_not_compared() {
    let (some, none) = (sample::report(), sample::nothing());
    let pair = Pair {
        before: &some,
        now: &none,
    };
    assert!(pair.html().contains("B did not complete"));
    let mut other = sample::report();
    other.findings.clear();
    let pair = Pair {
        before: &some,
        now: &other,
    };
    assert!(pair.html().contains("The runs have no check in common"));
    assert!(pages(&pair.pdf().unwrap()) > 1);
}

#[test]
fn runs_are_told_one_after_the_other() {
    let run = |place: u32| Past {
        id: format!("run-{place}"),
        started: format!("2026-11-{:02}T08:00:00Z", place + 1),
        firmware: "1.2".to_owned(),
        verdict: if place == 7 {
            Verdict::Fail
        } else {
            Verdict::Pass
        },
        numbers: vec![
            Told {
                name: "bus in band".to_owned(),
                kind: Kind::Margin,
                value: Some(if place == 7 {
                    -0.5
                } else {
                    1.0 + 0.05 * f64::from(place)
                }),
                unit: "V".to_owned(),
                verdict: Some(if place == 7 {
                    Verdict::Fail
                } else {
                    Verdict::Pass
                }),
            },
            Told {
                name: "keywords".to_owned(),
                kind: Kind::Rate,
                value: (place != 3).then_some(23.0),
                unit: "1/s".to_owned(),
                verdict: None,
            },
        ],
    };
    let runs = Runs {
        campaign: "two minutes".to_owned(),
        made_by: "bench 0.1.0".to_owned(),
        runs: (0..12).map(run).collect(),
    };
    let paper = runs.pdf().unwrap();
    assert!(paper == runs.pdf().unwrap(), "other bytes");
    kept("over", &paper);
    let page = runs.html();
    assert!(page.contains(
        "1 of 12 runs failed, 0 could not be decided. “bus in band” failed most often: 1 time."
    ));
    assert!(page.contains("run-11") && page.contains("2026-11-12"));
    let none = Runs {
        runs: Vec::new(),
        ..runs
    };
    assert!(none.html().contains("No run told a number."));
}

#[test]
fn lines_beyond_the_pens_are_in_panels_of_their_own() {
    let mut report = sample::report();
    let (device, story) = (report.header.devices[0].clone(), report.devices[0].clone());
    for place in 0..6 {
        let mut device = device.clone();
        device.name = format!("supply_{place}");
        report.header.devices.push(device);
        report.devices.push(story.clone());
    }
    let shown = figure::supply_power(&report);
    for panel in &shown.panels {
        let own = panel
            .traces
            .iter()
            .filter(|trace| trace.pen != figure::Pen::Command);
        assert!(own.count() <= 4, "{}", panel.quantity);
    }
    let of = |quantity: &str| {
        shown
            .panels
            .iter()
            .filter(|p| p.quantity == quantity)
            .count()
    };
    assert_eq!(of("bus voltage"), 2);
}
