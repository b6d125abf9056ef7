//! Recording, reading and judging a day's worth of samples: messages per second.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use profiles::channel::ChannelSpec;
use profiles::option::{OptionValue, Options};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};
use reports::event::{DeviceId, Event, EventKind};
use reports::golden::Goldens;
use reports::header::{CheckSpec, DeviceHeader, Header, NamedWindow, Subject};
use reports::judge::Judge;
use reports::record::{Record, Recorder};

const EVENTS: usize = 230_000;
const DEVICES: u16 = 4;
const CHANNELS: u16 = 10;

fn main() {
    divan::main();
}

fn header(pace: &str) -> Header {
    let channels = (0..CHANNELS).map(|n| ChannelSpec::number(&format!("channel_{n}"), "V"));
    let channels: Vec<ChannelSpec> = channels.collect();
    let device = |n| DeviceHeader {
        name: format!("device_{n}"),
        role: "power-supply".to_owned(),
        model: "m".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels: channels.clone(),
        calibration: None,
        accuracy: Vec::new(),
    };
    let window = |start, end| NamedWindow {
        name: "orbit".to_owned(),
        window: Window {
            start: BenchTime::from_millis(start),
            end: BenchTime::from_millis(end),
        },
    };
    let mut options = Options::default();
    options.set("min", OptionValue::Number(-1.0));
    options.set("max", OptionValue::Number(1e9));
    let check = |n: u16| CheckSpec {
        name: format!("check {n}"),
        kind: "in_range".to_owned(),
        subject: Subject::Channel {
            device: DeviceId(n % DEVICES),
            channel: n % CHANNELS,
        },
        subject_text: "device.channel".to_owned(),
        during: "twice".to_owned(),
        windows: vec![window(0, 3_000_000), window(4_000_000, 9_000_000)],
        options: options.clone(),
    };
    Header {
        campaign: "bench".to_owned(),
        description: String::new(),
        seed: 1,
        pace: pace.to_owned(),
        epoch: None,
        orbit: Vec::new(),
        devices: (0..DEVICES).map(device).collect(),
        steps: Vec::new(),
        phases: Vec::new(),
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: (0..12).map(check).collect(),
        workloads: Vec::new(),
        inputs: Vec::new(),
        versions: std::collections::BTreeMap::new(),
        end: BenchTime::from_millis(9_000_000),
    }
}

/// Two orbits of four devices at 10 Hz.
fn events() -> Vec<Event> {
    let readings = |n: usize| -> Arc<[Reading]> {
        (0..CHANNELS)
            .map(|c| Reading::number(c, n as f64 * 0.001))
            .collect()
    };
    let event = |n: usize| Event {
        at: BenchTime::from_millis(n as u64 * 25),
        device: DeviceId(n as u16 % DEVICES),
        kind: EventKind::Sampled {
            readings: readings(n),
        },
    };
    (0..EVENTS).map(event).collect()
}

#[divan::bench(args = ["virtual", "real"], sample_count = 20)]
fn record(bencher: Bencher<'_, '_>, pace: &str) {
    let (header, events) = (header(pace), events());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut run = 0;
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        run += 1;
        let path = dir.path().join(format!("{run}.mcap"));
        let mut recorder = Recorder::create(&path, &header).expect("a record");
        for event in &events {
            recorder.record(event).expect("recorded");
        }
        // Not the wait for the disk, which is the machine's.
        drop(recorder);
        std::fs::remove_file(path).expect("removed");
    });
}

#[divan::bench(sample_count = 20)]
fn judge(bencher: Bencher<'_, '_>) {
    let (header, events) = (header("virtual"), events());
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut judge = Judge::new(&header, &Goldens::default()).expect("a judge");
        for event in &events {
            judge.take(event);
        }
        judge.conclude()
    });
}

#[divan::bench(sample_count = 20)]
fn read(bencher: Bencher<'_, '_>) {
    let (header, events) = (header("virtual"), events());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("record.mcap");
    let mut recorder = Recorder::create(&path, &header).expect("a record");
    for event in &events {
        recorder.record(event).expect("recorded");
    }
    recorder.finish().expect("finished");
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let record = Record::open(&path).expect("a record");
        let mut count = 0;
        record.for_each(&mut |_| count += 1).expect("read");
        count
    });
}
