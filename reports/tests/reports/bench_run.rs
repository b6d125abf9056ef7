//! A small bench and its header, for the tests.

use profiles::channel::ChannelSpec;
use profiles::option::Options;
use profiles::phase::{Phase, PhaseInterval};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};
use reports::event::{DeviceId, Event, EventKind, Inferred};
use reports::header::{
    CheckSpec, DeviceHeader, Header, NamedWindow, StepHeader, Subject, WorkloadHeader,
};

pub(crate) const SUPPLY: DeviceId = DeviceId(0);
pub(crate) const BOARD: DeviceId = DeviceId(1);

pub(crate) fn seconds(from: u64, to: u64) -> Window {
    Window {
        start: BenchTime::from_millis(from * 1_000),
        end: BenchTime::from_millis(to * 1_000),
    }
}

fn device(name: &str, role: &str, channels: Vec<ChannelSpec>) -> DeviceHeader {
    DeviceHeader {
        name: name.to_owned(),
        role: role.to_owned(),
        model: "some-make".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels,
        calibration: None,
        accuracy: Vec::new(),
    }
}

/// A supply and a board that runs one workload for 100 s, half of it in the dark.
pub(crate) fn header() -> Header {
    let phase = |phase, window| PhaseInterval { phase, window };
    Header {
        campaign: "eclipse".to_owned(),
        description: String::new(),
        seed: 7,
        pace: "virtual".to_owned(),
        epoch: None,
        orbit: Vec::new(),
        devices: vec![
            device(
                "bus_supply",
                "power-supply",
                vec![
                    ChannelSpec::number("volts", "V"),
                    ChannelSpec::states("output", &["off", "on"]),
                ],
            ),
            device(
                "payload",
                "accelerator",
                vec![ChannelSpec::number("board_temperature", "°C")],
            ),
        ],
        steps: vec![StepHeader {
            name: "orbit".to_owned(),
            window: seconds(0, 100),
        }],
        phases: vec![
            phase(Phase::Sunlit, seconds(0, 50)),
            phase(Phase::Umbra, seconds(50, 100)),
        ],
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: Vec::new(),
        workloads: vec![WorkloadHeader {
            name: "words".to_owned(),
            device: BOARD,
            golden: "tiny".to_owned(),
            scenario: "single-stream".to_owned(),
            input_bytes: 12_288,
            output_bytes: 1_024,
            expired: None,
            seat: None,
            memory: Vec::new(),
        }],
        inputs: Vec::new(),
        versions: std::iter::once(("bench".to_owned(), "0.1.0".to_owned())).collect(),
        end: BenchTime::from_millis(100_000),
    }
}

/// A check of that kind over the whole run.
pub(crate) fn check(kind: &str, subject: Subject, numbers: &[(&str, f64)]) -> CheckSpec {
    let kind = reports::check::find(kind).unwrap();
    let mut options = Options::defaults(kind.options);
    for (name, number) in numbers {
        options.set(name, profiles::option::OptionValue::Number(*number));
    }
    CheckSpec {
        name: format!("a {} check", kind.name),
        kind: kind.name.to_owned(),
        subject,
        subject_text: match subject {
            Subject::Channel { device: SUPPLY, .. } => "bus_supply.volts",
            Subject::Channel { .. } => "payload.board_temperature",
            Subject::Device { .. } => "payload",
            Subject::Workload { .. } => "words",
        }
        .to_owned(),
        during: "whole run".to_owned(),
        windows: vec![NamedWindow {
            name: "whole run".to_owned(),
            window: seconds(0, 100),
        }],
        options,
    }
}

pub(crate) const VOLTS: Subject = Subject::Channel {
    device: SUPPLY,
    channel: 0,
};

pub(crate) const WORDS: Subject = Subject::Workload { workload: 0 };

pub(crate) fn event(millis: u64, device: DeviceId, kind: EventKind) -> Event {
    Event {
        at: BenchTime::from_millis(millis),
        device,
        kind,
    }
}

pub(crate) fn volts(millis: u64, volts: f64) -> Event {
    let readings = [Reading::number(0, volts), Reading::state(1, 1)].into();
    event(millis, SUPPLY, EventKind::Sampled { readings })
}

pub(crate) fn inferred(millis: u64, input: u16, latency_us: u32, digest: u32) -> Event {
    let inferred = Inferred {
        input,
        latency_us,
        round_trip_us: latency_us + 150,
        digest,
        first_us: None,
    };
    event(millis, BOARD, EventKind::Inferred(inferred))
}
