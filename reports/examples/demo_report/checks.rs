//! The invented run's checks, and a judge that only knows smallest and largest values.

use profiles::option::{OptionValue, Options};
use profiles::phase::PhaseInterval;
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use reports::header::{CheckSpec, DeviceHeader, Header, NamedWindow, Subject};
use reports::verdict::{Finding, Verdict};

use crate::header::{END, window};

/// A check on a channel: name, device, channel, lower and upper limit, phase or whole run.
type Watch = (
    &'static str,
    u16,
    u16,
    Option<f64>,
    Option<f64>,
    &'static str,
);

const WATCHES: [Watch; 7] = [
    ("bus in band", 0, 0, Some(26.0), Some(33.6), "whole run"),
    ("bus current", 0, 1, None, Some(3.0), "whole run"),
    (
        "battery keeps its reserve",
        2,
        3,
        Some(0.6),
        None,
        "whole run",
    ),
    ("payload input in eclipse", 3, 0, Some(26.0), None, "umbra"),
    ("payload junction", 3, 3, None, Some(85.0), "whole run"),
    ("vision junction", 4, 3, None, Some(78.0), "whole run"),
    (
        "chamber follows the baseplate",
        1,
        0,
        Some(-30.0),
        Some(55.0),
        "whole run",
    ),
];

/// The checks, on these devices and phases.
pub(crate) fn specs(devices: &[DeviceHeader], phases: &[PhaseInterval]) -> Vec<CheckSpec> {
    let named = |(name, device, channel, min, max, during): Watch| {
        let mut options = Options::default();
        for (key, limit) in [("min", min), ("max", max)] {
            if let Some(limit) = limit {
                options.set(key, OptionValue::Number(limit));
            }
        }
        let owner = &devices[usize::from(device)];
        let named = |window| NamedWindow {
            name: during.to_owned(),
            window,
        };
        let phases = phases
            .iter()
            .filter(|interval| interval.phase.name() == during);
        let mut windows: Vec<NamedWindow> = phases.map(|phase| named(phase.window)).collect();
        if windows.is_empty() {
            windows.push(named(window(0.0, END)));
        }
        CheckSpec {
            name: name.to_owned(),
            kind: "in_range".to_owned(),
            subject: Subject::Channel {
                device: DeviceId(device),
                channel,
            },
            subject_text: format!(
                "{}.{}",
                owner.name,
                owner.channels[usize::from(channel)].name
            ),
            during: during.to_owned(),
            windows,
            options,
        }
    };
    WATCHES.into_iter().map(named).collect()
}

/// What the checks find in `events`.
pub(crate) fn findings(header: &Header, events: &[Event]) -> Vec<Finding> {
    let checks = header.checks.iter();
    checks
        .map(|check| finding(header, check, events))
        .chain(others())
        .collect()
}

fn finding(header: &Header, check: &CheckSpec, events: &[Event]) -> Finding {
    let Subject::Channel { device, channel } = check.subject else {
        unreachable!("all watch channels");
    };
    let (min, max) = (check.options.number("min"), check.options.number("max"));
    let mut samples = 0;
    let mut worst: Option<(f64, f64, f64, BenchTime)> = None;
    for event in events.iter().filter(|event| event.device == device) {
        let EventKind::Sampled { readings } = &event.kind else {
            continue;
        };
        if !check
            .windows
            .iter()
            .any(|named| named.window.contains(event.at))
        {
            continue;
        }
        for reading in readings.iter().filter(|reading| reading.channel == channel) {
            samples += 1;
            let value = reading.value.as_f64();
            let below = min.map(|min| (value - min, min));
            let above = max.map(|max| (max - value, max));
            for (margin, limit) in below.into_iter().chain(above) {
                if worst.is_none_or(|(known, ..)| margin < known) {
                    worst = Some((margin, value, limit, event.at));
                }
            }
        }
    }
    let (margin, value, limit, at) = worst.expect("the invented run has samples");
    let unit = &header.devices[usize::from(device.0)].channels[usize::from(channel)].unit;
    Finding {
        check: check.name.clone(),
        kind: check.kind.clone(),
        subject: check.subject_text.clone(),
        during: check.during.clone(),
        verdict: if margin < 0.0 {
            Verdict::Fail
        } else {
            Verdict::Pass
        },
        because: format!(
            "{} is {value:.3} {unit}, limit {limit} {unit}",
            check.subject_text
        ),
        value: Some(value),
        limit: Some(limit),
        unit: unit.to_string(),
        margin: Some(margin),
        uncertainty: None,
        expected: None,
        at: Some(at),
        phase: header.phase_name(at),
        samples,
        evidence: Vec::new(),
    }
}

fn others() -> [Finding; 2] {
    let finding = |check: &str, kind: &str, subject: &str, because: &str| Finding {
        check: check.to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        during: "whole run".to_owned(),
        verdict: Verdict::Pass,
        because: because.to_owned(),
        value: None,
        limit: None,
        unit: String::new(),
        margin: None,
        uncertainty: None,
        expected: None,
        at: None,
        phase: None,
        samples: 0,
        evidence: Vec::new(),
    };
    let latency = Finding {
        value: Some(76.4),
        limit: Some(82.9),
        unit: "ms".to_owned(),
        margin: Some(6.5),
        phase: Some("umbra".to_owned()),
        samples: 61_930,
        ..finding(
            "keyword latency p90",
            "latency",
            "keyword-spotting",
            "within the golden's band",
        )
    };
    let silence = Finding {
        verdict: Verdict::Inconclusive,
        ..finding(
            "no reset heard",
            "no_reset",
            "vision",
            "the board tells no uptime, so nothing is known",
        )
    };
    [latency, silence]
}
