//! The pages that not every report has: the overview when it is full, curves of an array.

use profiles::command::Command;
use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::Reading;
use profiles::time::BenchTime;

use super::super::style::Style;
use super::super::{figure, html, pdf, sample};
use super::pages;
use crate::event::{DeviceId, Event, EventKind};
use crate::report::Report;

fn kept(name: &str, paper: &[u8]) {
    if let Some(folder) = std::env::var_os("BENCH_PAGES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(name).with_extension("pdf"), paper).unwrap();
    }
}

fn points(isc: f64, voc: f64) -> ArrayPoints {
    ArrayPoints {
        isc: Amperes(isc),
        imp: Amperes(0.95 * isc),
        voc: Volts(voc),
        vmp: Volts(0.88 * voc),
    }
}

/// A run on an array that was told a dark curve, a cold one, a hot one and a weak one, and gave 20 V and 1 A.
fn on_an_array() -> Report {
    let curves = [
        (0, points(0.001, 20.0)),
        (10, points(1.5, 27.0)),
        (20, points(1.6, 24.0)),
        (30, points(0.2, 30.0)),
    ];
    let told = curves.into_iter().map(|(second, points)| {
        let command = Command::Curve(points);
        (
            second * 1_000,
            EventKind::SetPointApplied {
                command,
                late_us: 0,
            },
        )
    });
    let heard = (0..40).map(|second| {
        let readings = [Reading::number(0, 20.0), Reading::number(1, 1.0)];
        let readings = readings.into();
        (second * 1_000 + 500, EventKind::Sampled { readings })
    });
    let mut events: Vec<Event> = told
        .chain(heard)
        .map(|(millis, kind)| Event {
            at: BenchTime::from_millis(millis),
            device: DeviceId(0),
            kind,
        })
        .collect();
    events.sort_by_key(|event| event.at);
    sample::of("solar-array-simulator", &events)
}

#[test]
fn curves_are_told_at_the_moments_that_say_most() {
    let report = on_an_array();
    let [(name, moments, shown)] = &figure::curves(&report)[..] else {
        panic!("one array was told curves");
    };
    let seen: Vec<(&str, u64)> = moments
        .iter()
        .map(|moment| (moment.name, moment.at.as_micros() / 1_000_000))
        .collect();
    // The dark one is none; the weak one has the most volts, but not for being cold.
    let expected = [
        ("first light", 10),
        ("hottest in full light", 20),
        ("last curve", 30),
    ];
    assert_eq!((name.as_str(), &seen[..]), ("bus_supply", &expected[..]));
    let hot = &moments[1];
    assert_eq!(hot.measured, Some((20.0, 1.0)));
    let most = hot.most.0 * hot.most.1;
    assert!(
        (most / (1.6 * 24.0 * 0.95 * 0.88) - 1.0).abs() < 0.02,
        "{most}"
    );
    assert!((hot.share().unwrap() - 20.0 / most).abs() < 1e-12);
    for line in shown.panels.iter().flat_map(|panel| &panel.traces) {
        let line = &line.lines[0];
        assert!(
            line.windows(2).all(|pair| pair[0].0 <= pair[1].0),
            "in order"
        );
    }
    let paper = pdf::bytes(&report).unwrap();
    assert!(paper == pdf::bytes(&report).unwrap(), "other bytes");
    kept("curves", &paper);
    assert!(html::document(&report).contains("Array curves"));
    assert!(!html::document(&sample::report()).contains("Array curves"));
}

#[test]
fn the_overview_has_one_page_however_much_there_is() {
    let mut report = sample::report();
    let (device, story) = (report.header.devices[0].clone(), report.devices[0].clone());
    for place in 0..40 {
        let mut device = device.clone();
        device.name =
            format!("device_{place}_with_a_name_that_takes_more_than_a_line_of_its_column");
        report.header.devices.push(device);
        report.devices.push(story.clone());
    }
    report.header.orbit = vec!["an orbit of a name without an end ".repeat(60)];
    let few = pages(&pdf::bytes(&report).unwrap());
    let (check, finding) = (report.header.checks[0].clone(), report.findings[0].clone());
    for place in 0..17 {
        let mut check = check.clone();
        check.name = format!("check {place}");
        let mut finding = finding.clone();
        finding.check.clone_from(&check.name);
        report.header.checks.push(check);
        report.findings.push(finding);
    }
    let paper = pdf::bytes(&report).unwrap();
    kept("overview", &paper);
    // The checks have a page of their own, and the overview has no second one.
    assert_eq!(pages(&paper), few + 1);
    let more = report.findings[1].clone();
    report.findings.extend(std::iter::repeat_n(more, 60));
    assert!(html::document(&report).contains("more margins found no room"));
}

#[test]
fn parts_come_as_they_are_asked_for_and_checks_are_never_left_out() {
    let mut report = sample::report();
    let one = report.findings[0].clone();
    report.findings.extend(std::iter::repeat_n(one, 30));
    let titles = |sections: &[&str]| -> Vec<String> {
        let mut report = report.clone();
        report.header.style = Some(Style {
            sections: sections.iter().map(|name| (*name).to_owned()).collect(),
            ..Style::default()
        });
        let blocks = pdf::content(&pdf::Fonts::new(), &report);
        let titles = blocks.into_iter().filter_map(|block| match block {
            pdf::Block::Section(title) => Some(title),
            _ => None,
        });
        titles.skip(1).collect()
    };
    let last = "What ran on what";
    assert_eq!(titles(&["heat"]), ["Checks", "Heat", last]);
    assert_eq!(
        titles(&["overview", "heat"]),
        ["Overview", "Checks", "Heat", last]
    );
    assert_eq!(
        titles(&["heat", "overview"]),
        ["Checks", "Heat", "Overview", last]
    );
    let all = titles(&[]);
    assert_eq!(all[..3], ["Overview", "Checks", "Power"]);
    assert!(all.len() > 5, "{all:?}");
}

#[test]
fn a_line_has_its_command_and_its_worst_value_beside_it() {
    let mut report = sample::report();
    let (device, story) = (report.header.devices[0].clone(), report.devices[0].clone());
    for place in 0..5 {
        let mut device = device.clone();
        device.name = format!("supply_{place}");
        report.header.devices.push(device);
        report.devices.push(story.clone());
    }
    let figure = figure::supply_power(&report);
    let mut panels = figure.panels.iter();
    let volts: Vec<_> = panels
        .by_ref()
        .filter(|panel| panel.quantity == "bus voltage")
        .collect();
    assert_eq!(volts.len(), 2);
    // Four lines and what each was told, then the other two; the one worst value with its own line.
    let lines: Vec<usize> = volts.iter().map(|panel| panel.traces.len()).collect();
    assert_eq!(lines, [8, 4]);
    let worst: Vec<usize> = volts.iter().map(|panel| panel.worst.len()).collect();
    assert_eq!(worst, [1, 0]);
}

#[test]
fn the_page_for_browsers_has_its_levels_in_order_and_says_what_plots_show() {
    let page = html::document(&sample::report());
    let levels: Vec<u32> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page.get(at + 2..at + 3)?.parse().ok())
        .collect();
    assert_eq!(levels[..2], [1, 2]);
    assert!(
        levels.windows(2).all(|two| two[1] <= two[0] + 1),
        "{levels:?}"
    );
    assert!(page.contains("\"spoken\":\"bus voltage: bus supply from "));
}

#[test]
fn energy_is_told_by_phase() {
    let page = html::document(&sample::report());
    let (_, energy) = page.split_once(">Energy</h2>").unwrap();
    let (energy, _) = energy.split_once("<h2").unwrap();
    // The supply gives 28 W but for a dip, for a minute of umbra.
    for told in ["bus supply", "umbra", "whole run"] {
        assert!(
            energy.contains(&format!(">{told}</td>")),
            "{told}: {energy}"
        );
    }
    let paper = pdf::content(&pdf::Fonts::new(), &sample::cut(1));
    let has = |title: &str| {
        let mut blocks = paper.iter();
        blocks.any(|block| matches!(block, pdf::Block::Section(name) if name == title))
    };
    assert!(has("Power") && !has("Energy"), "one sample has no energy");
}
