//! A small run for the tests of the renderers: two minutes with one eclipse.

use std::collections::BTreeMap;

use profiles::channel::ChannelSpec;
use profiles::command::{Command, Fault};
use profiles::correlation::ONBOARD_TIME;
use profiles::option::{OptionValue, Options};
use profiles::phase::{Phase, PhaseInterval};
use profiles::quantity::{Amperes, Volts};
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::{BenchTime, Window};

use crate::event::{DeviceId, Event, EventKind, Inferred, Observer};
use crate::header::{
    CheckSpec, DeviceHeader, Header, InputFile, NamedWindow, StepHeader, Subject, WorkloadHeader,
};
use crate::report::{Correctness, Gatherer, GoldenBand, Identity, Manifest, Report};
use crate::verdict::{Ending, Finding, Verdict};

const END: u64 = 120;

fn window(from: u64, to: u64) -> Window {
    Window {
        start: BenchTime::from_millis(from * 1_000),
        end: BenchTime::from_millis(to * 1_000),
    }
}

fn device(name: &str, role: &str, channels: Vec<ChannelSpec>) -> DeviceHeader {
    DeviceHeader {
        name: name.to_owned(),
        role: role.to_owned(),
        model: "demo".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels,
        calibration: None,
        accuracy: Vec::new(),
    }
}

fn check() -> CheckSpec {
    let mut options = Options::default();
    options.set("min", OptionValue::Number(26.0));
    options.set("max", OptionValue::Number(32.0));
    CheckSpec {
        name: "bus in band".to_owned(),
        kind: "in_range".to_owned(),
        subject: Subject::Channel {
            device: DeviceId(0),
            channel: 0,
        },
        subject_text: "bus_supply.volts".to_owned(),
        during: "whole run".to_owned(),
        windows: vec![NamedWindow {
            name: "whole run".to_owned(),
            window: window(0, END),
        }],
        options,
    }
}

/// The plan of the run.
fn header() -> Header {
    let number = ChannelSpec::number;
    let phase = |phase, from, to| PhaseInterval {
        phase,
        window: window(from, to),
    };
    Header {
        campaign: "two minutes".to_owned(),
        description: "Does the smallest run tell a whole story?".to_owned(),
        seed: 7,
        pace: "virtual".to_owned(),
        epoch: Some("2026-03-20T14:46:00Z".to_owned()),
        orbit: vec!["ISS (ZARYA)".to_owned()],
        devices: vec![
            device(
                "bus_supply",
                "power-supply",
                vec![number("volts", "V"), number("amps", "A")],
            ),
            device(
                "payload",
                "accelerator",
                vec![
                    number("junction_temperature", "°C"),
                    ChannelSpec::states("mode", &["full", "reduced"]),
                    number(ONBOARD_TIME, "s"),
                ],
            ),
        ],
        steps: vec![StepHeader {
            name: "all".to_owned(),
            window: window(0, END),
        }],
        phases: vec![
            phase(Phase::Sunlit, 0, 50),
            phase(Phase::Penumbra, 50, 58),
            phase(Phase::Umbra, 58, END),
        ],
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: vec![check()],
        workloads: vec![WorkloadHeader {
            name: "keywords".to_owned(),
            device: DeviceId(1),
            golden: "kws".to_owned(),
            scenario: "single-stream".to_owned(),
            input_bytes: 12_288,
            output_bytes: 1_024,
            expired: None,
            seat: None,
            memory: Vec::new(),
        }],
        inputs: vec![InputFile {
            path: "campaign.toml".to_owned(),
            sha256: "9f86d081".repeat(8),
            bytes: 321,
        }],
        versions: BTreeMap::from([("bench".to_owned(), "0.1.0".to_owned())]),
        end: BenchTime::from_millis(END * 1_000),
    }
}

fn manifest(header: &Header) -> Manifest {
    let who = Identity {
        maker: "Bench".to_owned(),
        model: "PSU".to_owned(),
        serial: "1".to_owned(),
        firmware: String::new(),
    };
    Manifest {
        run_id: "r-1".to_owned(),
        started: "2026-07-27T12:00:00Z".to_owned(),
        ended: "2026-07-27T12:00:01Z".to_owned(),
        resumed: Vec::new(),
        versions: header.versions.clone(),
        seed: 7,
        pace: "virtual".to_owned(),
        campaign: header.campaign.clone(),
        wiring: "emulated".to_owned(),
        inputs: header.inputs.clone(),
        record: None,
        identities: BTreeMap::from([("bus_supply".to_owned(), who)]),
        ending: Ending::Completed,
        verdict: Verdict::Fail,
        exit_code: 1,
        sim_seconds: END as f64,
    }
}

fn findings() -> Vec<Finding> {
    let bus = Finding {
        check: "bus in band".to_owned(),
        kind: "in_range".to_owned(),
        subject: "bus_supply.volts".to_owned(),
        during: "whole run".to_owned(),
        verdict: Verdict::Fail,
        because: "fell to 25.5 V, limit 26 V".to_owned(),
        value: Some(25.5),
        limit: Some(26.0),
        unit: "V".to_owned(),
        margin: Some(-0.5),
        uncertainty: Some(0.013),
        expected: None,
        at: Some(BenchTime::from_millis(77_700)),
        phase: Some("umbra".to_owned()),
        samples: 1_200,
        evidence: Vec::new(),
    };
    let latency = Finding {
        check: "fast & <steady>".to_owned(),
        kind: "latency".to_owned(),
        subject: "keywords".to_owned(),
        verdict: Verdict::Pass,
        because: "p90 is 44 ms, limit 60 ms".to_owned(),
        value: Some(44.0),
        limit: Some(60.0),
        unit: "ms".to_owned(),
        margin: Some(16.0),
        uncertainty: None,
        ..bus.clone()
    };
    let unknown = Finding {
        check: "no reset".to_owned(),
        kind: "no_reset".to_owned(),
        subject: "payload".to_owned(),
        verdict: Verdict::Inconclusive,
        because: "no uptime was told".to_owned(),
        value: None,
        limit: None,
        unit: String::new(),
        margin: None,
        uncertainty: None,
        at: None,
        phase: None,
        samples: 0,
        ..bus.clone()
    };
    vec![bus, latency, unknown]
}

/// The events of the run.
fn events() -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |millis: u64, device: u16, kind| {
        let at = BenchTime::from_millis(millis);
        events.push(Event {
            at,
            device: DeviceId(device),
            kind,
        });
    };
    let command = Command::Supply {
        volts: Volts(28.0),
        limit: Amperes(2.0),
    };
    tell(
        0,
        0,
        EventKind::SetPointApplied {
            command,
            late_us: 250,
        },
    );
    for tick in 0..END * 10 {
        let now = tick * 100;
        let dip = if now == 77_700 { 2.5 } else { 0.0 };
        let volts = 28.0 - dip + 0.01 * (tick % 5) as f64;
        let readings = [Reading::number(0, volts), Reading::number(1, 1.0)];
        tell(
            now,
            0,
            EventKind::Sampled {
                readings: readings.into(),
            },
        );
        // The board says nothing for ten seconds.
        if !(30_000..40_000).contains(&now) {
            board(tick, |after, kind| tell(now + after, 1, kind));
        }
    }
    let damage = Damage {
        bytes: 12,
        why: DamageKind::Checksum,
    };
    tell(119_990, 1, EventKind::Damaged { damage });
    let command = Command::Inject(Fault::Reset);
    tell(
        119_995,
        1,
        EventKind::SetPointApplied {
            command,
            late_us: 0,
        },
    );
    tell(119_996, 1, EventKind::Booted);
    tell(120_000, 0, EventKind::MadeSafe);
    tell(
        120_000,
        u16::MAX,
        EventKind::RunEnded {
            ending: Ending::Completed,
        },
    );
    events
}

/// What the board tells in one tick.
fn board(tick: u64, mut tell: impl FnMut(u64, EventKind)) {
    let dark = tick >= 580;
    let junction = 40.0 + tick as f64 * 0.02;
    let readings = [
        Reading::number(0, junction),
        Reading::state(1, u16::from(dark)),
        // Fast by 25 ppm, and 1,000 s ahead.
        Reading::number(2, 1_000.0 + tick as f64 * 0.1 * (1.0 + 25e-6)),
    ];
    tell(
        0,
        EventKind::Sampled {
            readings: readings.into(),
        },
    );
    let latency_us = 40_000 + (tick % 10) as u32 * 500 + u32::from(dark) * 20_000;
    let answer = Inferred {
        input: (tick % 4) as u16,
        latency_us,
        round_trip_us: latency_us + 1_000,
        digest: 7,
        first_us: None,
    };
    tell(50, EventKind::Inferred(answer));
}

/// The report of a run in which of those devices only the first `most` messages were heard.
pub(super) fn cut(most: usize) -> Report {
    let header = header();
    let mut gatherer = Gatherer::new(&header);
    let sampled = events().into_iter();
    let sampled = sampled.filter(|event| matches!(event.kind, EventKind::Sampled { .. }));
    for event in sampled.take(most) {
        gatherer.observe(&event).unwrap();
    }
    gatherer.finish(findings(), manifest(&header))
}

/// The report of a run in which the first device has another role and these events happened.
pub(super) fn of(role: &str, events: &[Event]) -> Report {
    let mut header = header();
    header.devices[0].role = role.to_owned();
    let mut gatherer = Gatherer::new(&header);
    for event in events {
        gatherer.observe(event).unwrap();
    }
    gatherer.finish(findings(), manifest(&header))
}

/// The report of the run.
pub(super) fn report() -> Report {
    let header = header();
    let mut gatherer = Gatherer::new(&header);
    for event in events() {
        gatherer.observe(&event).unwrap();
    }
    let mut report = gatherer.finish(findings(), manifest(&header));
    report.goldens.push(GoldenBand {
        workload: "keywords".to_owned(),
        phase: "umbra".to_owned(),
        p50_us: 62_000.0,
        p90_us: 64_000.0,
        rate: 10.0,
        tolerance: 0.1,
    });
    report.correctness.push(Correctness {
        workload: "keywords".to_owned(),
        measure: "worst element".to_owned(),
        compared: 40,
        wrong: 0,
        worst: 0.003,
        allowed: 0.01,
        unit: String::new(),
    });
    report
}

/// A report on a run in which nothing happened at all.
pub(super) fn nothing() -> Report {
    let header = Header {
        description: String::new(),
        epoch: None,
        orbit: Vec::new(),
        devices: Vec::new(),
        steps: Vec::new(),
        phases: Vec::new(),
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: Vec::new(),
        workloads: Vec::new(),
        inputs: Vec::new(),
        versions: BTreeMap::new(),
        end: BenchTime::ZERO,
        ..header()
    };
    let ending = Ending::Absent {
        why: "payload: no such port".to_owned(),
    };
    let (versions, identities) = (BTreeMap::new(), BTreeMap::new());
    let manifest = Manifest {
        ending,
        versions,
        identities,
        inputs: Vec::new(),
        started: "a day".to_owned(),
        verdict: Verdict::Inconclusive,
        exit_code: 4,
        sim_seconds: 0.0,
        ..manifest(&header)
    };
    Gatherer::new(&header).finish(Vec::new(), manifest)
}
