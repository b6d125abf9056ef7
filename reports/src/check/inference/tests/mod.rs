//! Runs as the judge sees them, made up event by event, against a golden of three inputs with outputs
//! of four signed bytes.

mod energy;
mod generation;
mod scenario;
mod throughput;
mod triage;
mod upsets;

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::channel::ChannelSpec;
use profiles::option::{OptionValue, Options};
use profiles::phase::{Phase, PhaseInterval};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};

use crate::digest::{crc32, sha256_hex};
use crate::event::{DeviceId, Event, EventKind, Inferred};
use crate::golden::{Golden, Goldens};
use crate::header::{
    Accuracy, CheckSpec, DeviceHeader, Header, NamedWindow, Subject, WorkloadHeader,
};
use crate::judge::Judge;
use crate::verdict::{Evidence, Finding};

const BOARD: DeviceId = DeviceId(0);
const SUPPLY: DeviceId = DeviceId(1);
/// The right outputs.
const RIGHT: [[u8; 4]; 3] = [[1, 2, 3, 4], [9, 8, 7, 6], [20, 30, 40, 50]];

fn seconds(from: u64, to: u64) -> Window {
    Window {
        start: BenchTime::from_millis(from * 1_000),
        end: BenchTime::from_millis(to * 1_000),
    }
}

fn tensor(name: &str, dtype: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let end = data.len();
    let head = format!(
        "{{\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[0,{end}]}}}}"
    );
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn goldens() -> Goldens {
    goldens_by("bit-exact")
}

fn goldens_by(comparator: &str) -> Goldens {
    let input = tensor("input", "U8", &[3, 1], &[0, 1, 2]);
    let output = tensor("output", "I8", &[3, 4], &RIGHT.concat());
    let manifest = format!(
        "name = 'tiny'\nstate = 'accepted'\ndialect = 'test'\nsamples = 3\nnoise_floor = 0.0\n\
         [model]\nname = 'm'\nfile = 'm'\nsha256 = '00'\n\
         [input]\nfile = 'inputs.safetensors'\nsha256 = '{}'\ntensor = 'input'\ndtype = 'u8'\n\
         shape = [1]\n[output]\nfile = 'outputs.safetensors'\nsha256 = '{}'\ntensor = 'output'\n\
         dtype = 'i8'\nshape = [4]\n[comparator]\nkind = '{comparator}'\n",
        sha256_hex(&input),
        sha256_hex(&output),
    );
    let files = BTreeMap::from([
        ("golden.toml".to_owned(), manifest.into_bytes()),
        ("inputs.safetensors".to_owned(), input),
        ("outputs.safetensors".to_owned(), output),
    ]);
    let golden = Golden::from_files("tiny", &files).unwrap();
    Goldens {
        workloads: BTreeMap::from([("tiny".to_owned(), golden.into())]),
        throughput: None,
    }
}

fn device(name: &str, channels: &[(&str, &str)], accuracy: Vec<Accuracy>) -> DeviceHeader {
    let channels = channels
        .iter()
        .map(|(name, unit)| ChannelSpec::number(name, unit));
    DeviceHeader {
        name: name.to_owned(),
        role: "accelerator".to_owned(),
        model: "m".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels: channels.collect(),
        accuracy,
        calibration: None,
    }
}

/// When a check of this kind looks.
fn whole(kind: &str) -> NamedWindow {
    NamedWindow {
        name: "whole run".to_owned(),
        window: match kind {
            "energy" => seconds(0, 400),
            "throughput" => seconds(100, 300),
            _ => seconds(0, 1_000),
        },
    }
}

fn header(scenario: &str, kind: &str, options: Options) -> Header {
    let board = [
        ("bus_volts", "V"),
        ("bus_amps", "A"),
        ("junction", "°C"),
        ("ecc_corrected", ""),
    ];
    let accuracy = |channel: &str, percent, offset| Accuracy {
        channel: channel.to_owned(),
        percent,
        offset,
        certified: true,
    };
    let supply = vec![accuracy("volts", 0.1, 0.0), accuracy("amps", 0.2, 0.01)];
    Header {
        campaign: "c".to_owned(),
        description: String::new(),
        seed: 1,
        pace: "virtual".to_owned(),
        epoch: None,
        orbit: Vec::new(),
        devices: vec![
            device("payload", &board, Vec::new()),
            device("supply", &[("volts", "V"), ("amps", "A")], supply),
        ],
        steps: Vec::new(),
        phases: [
            (Phase::Umbra, 100, 200),
            (Phase::Sunlit, 200, 300),
            (Phase::Umbra, 300, 400),
        ]
        .map(|(phase, from, to)| PhaseInterval {
            phase,
            window: seconds(from, to),
        })
        .into(),
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: vec![CheckSpec {
            name: "asked".to_owned(),
            kind: kind.to_owned(),
            subject: Subject::Workload { workload: 0 },
            subject_text: "words".to_owned(),
            during: "whole run".to_owned(),
            windows: vec![whole(kind)],
            options,
        }],
        workloads: vec![WorkloadHeader {
            name: "words".to_owned(),
            device: BOARD,
            golden: "tiny".to_owned(),
            scenario: scenario.to_owned(),
            input_bytes: 1,
            output_bytes: 4,
            expired: None,
            seat: None,
            memory: Vec::new(),
        }],
        inputs: Vec::new(),
        versions: BTreeMap::new(),
        end: BenchTime::from_millis(1_000_000),
    }
}

/// A run, event by event.
#[derive(Default)]
struct Run(Vec<Event>);

impl Run {
    fn tell(&mut self, millis: u64, device: DeviceId, kind: EventKind) {
        let at = BenchTime::from_millis(millis);
        self.0.push(Event { at, device, kind });
    }

    /// An answer, and its output.
    fn answer(&mut self, millis: u64, input: u16, output: [u8; 4]) -> u32 {
        let output: Arc<[u8]> = output.into();
        let digest = crc32(&output);
        let inferred = Inferred {
            input,
            latency_us: 1_000,
            round_trip_us: 1_200,
            digest,
            first_us: None,
        };
        self.tell(millis, BOARD, EventKind::Inferred(inferred));
        let fetched = EventKind::OutputFetched {
            input,
            digest,
            output,
        };
        self.tell(millis, BOARD, fetched);
        digest
    }

    /// A wrong answer, and what its repeats were.
    fn wrong(&mut self, millis: u64, (input, output): (u16, [u8; 4]), repeats: &[[u8; 4]]) {
        let digest = self.answer(millis, input, output);
        let place = |times: usize| millis + 100 * (1 + times as u64);
        let answers: Vec<u32> = (0..repeats.len())
            .map(|times| self.answer(place(times), input, repeats[times]))
            .collect();
        let asked = repeats.len() as u16;
        let repeated = EventKind::Repeated {
            input,
            digest,
            asked,
            answers,
        };
        self.tell(place(repeats.len()), BOARD, repeated);
    }

    fn right(&mut self, millis: u64, input: u16) {
        self.answer(millis, input, RIGHT[usize::from(input)]);
    }

    fn sampled(&mut self, millis: u64, device: DeviceId, values: &[(u16, f64)]) {
        let readings = values
            .iter()
            .map(|(channel, value)| Reading::number(*channel, *value));
        let readings = readings.collect();
        self.tell(millis, device, EventKind::Sampled { readings });
    }

    fn judged(self, kind: &str, options: &[(&str, OptionValue)]) -> Finding {
        self.judged_as("single-stream", kind, options)
    }

    fn judged_as(self, scenario: &str, kind: &str, options: &[(&str, OptionValue)]) -> Finding {
        self.judged_by(&goldens(), scenario, kind, options)
    }

    fn judged_by(
        mut self,
        goldens: &Goldens,
        scenario: &str,
        kind: &str,
        options: &[(&str, OptionValue)],
    ) -> Finding {
        let mut settings = Options::default();
        for (name, value) in options {
            settings.set(name, value.clone());
        }
        self.tell(
            1_000_000,
            DeviceId::BENCH,
            EventKind::RunEnded {
                ending: crate::verdict::Ending::Completed,
            },
        );
        self.0.sort_by_key(|event| event.at);
        let mut judge = Judge::new(&header(scenario, kind, settings), goldens).unwrap();
        for event in &self.0 {
            judge.take(event);
        }
        judge.conclude().remove(0)
    }
}

fn piece<'a>(finding: &'a Finding, what: &str) -> &'a Evidence {
    let mut pieces = finding.evidence.iter();
    let found = pieces.find(|piece| piece.what == what);
    found.unwrap_or_else(|| panic!("no {what:?} in {:#?}", finding.evidence))
}
