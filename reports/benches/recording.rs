//! Recording slow telemetry against the crate `mcap` writing a message for each sample, in turns, by
//! the time of the thread's processor; and how many octets a sample costs.
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use mcap::records::MessageHeader;
use mcap::{Compression, WriteOptions};
use profiles::channel::ChannelSpec;
use profiles::reading::{Reading, Value};
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use reports::header::{DeviceHeader, Header};
use reports::record::Recorder;
use rustix::time::{ClockId, clock_gettime};

const TURNS: usize = 9;
const DEVICES: u16 = 4;
const SECONDS: u64 = 5_400;

fn header(channels: u16) -> Header {
    let number = |n| ChannelSpec::number(&format!("channel_{n}"), "V");
    let device = |n| DeviceHeader {
        name: format!("device_{n}"),
        role: "power-supply".to_owned(),
        model: "m".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels: (0..channels).map(number).collect(),
        calibration: None,
        accuracy: Vec::new(),
    };
    Header {
        campaign: "bench".to_owned(),
        description: String::new(),
        seed: 1,
        pace: "real".to_owned(),
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
        checks: Vec::new(),
        workloads: Vec::new(),
        inputs: Vec::new(),
        versions: BTreeMap::new(),
        end: BenchTime::from_millis(SECONDS * 1_000),
    }
}

/// An orbit and a half of four devices at 10 Hz: slow waves under the noise of a 16-bit converter
/// whose count is a millivolt, and now and then a state that stays.
fn events(channels: u16) -> Vec<Event> {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    let mut event = |n: u64| {
        let mut reading = |channel: u16| {
            if channel % 5 == 4 {
                return Reading::state(channel, u16::from(n % 40_000 < 20_000));
            }
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let wave = (n as f64 / 4e4 + f64::from(channel)).sin() * 4_000.0;
            let count = 28_000.0 + wave.round() + (noise % 16) as f64;
            Reading::number(channel, count * 0.001)
        };
        let readings = (0..channels).map(&mut reading).collect();
        Event {
            at: BenchTime::from_millis(n * 100 / u64::from(DEVICES)),
            device: DeviceId(n as u16 % DEVICES),
            kind: EventKind::Sampled { readings },
        }
    };
    let count = SECONDS * 10 * u64::from(DEVICES);
    (0..count).map(&mut event).collect()
}

fn recorded(path: &Path, header: &Header, events: &[Event]) {
    let mut recorder = Recorder::create(path, header).expect("a record");
    for event in events {
        recorder.record(event).expect("recorded");
    }
    // Not the wait for the disk, which is the machine's.
    drop(recorder);
}

/// A channel for each of a device's, a message of 24 octets for each sample: time, channel, value.
fn by_sample(path: &Path, channels: u16, events: &[Event], compression: Option<Compression>) {
    let file = BufWriter::new(File::create(path).expect("a file"));
    let options = WriteOptions::new().compression(compression);
    let mut writer = options.create(file).expect("a writer");
    let none = BTreeMap::new();
    let schema = writer.add_schema("sample", "", &[]).expect("a schema");
    let mut places = Vec::new();
    for device in 0..DEVICES {
        for channel in 0..channels {
            let topic = format!("/samples/{device}/{channel}");
            let added = writer.add_channel(schema, &topic, "raw", &none);
            places.push(added.expect("a channel"));
        }
    }
    let mut sequence = 0;
    for event in events {
        let EventKind::Sampled { readings } = &event.kind else {
            continue;
        };
        let log_time = event.at.as_micros() * 1_000;
        for reading in readings.iter() {
            let value = match reading.value {
                Value::Number(number) => number,
                Value::State(state) => f64::from(state),
            };
            let mut message = [0; 24];
            message[..8].copy_from_slice(&log_time.to_le_bytes());
            message[8..10].copy_from_slice(&reading.channel.to_le_bytes());
            message[16..].copy_from_slice(&value.to_le_bytes());
            let place = event.device.0 * channels + reading.channel;
            let header = MessageHeader {
                channel_id: places[usize::from(place)],
                sequence,
                log_time,
                publish_time: log_time,
            };
            sequence += 1;
            let written = writer.write_to_known_channel(&header, &message);
            written.expect("written");
        }
    }
    writer.finish().expect("finished");
}

fn seconds() -> f64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 * 1e-9
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for channels in [12, 4, 1] {
        let (header, events) = (header(channels), events(channels));
        let samples = events.len() as f64 * f64::from(channels);
        let file = |name: &str| folder.path().join(name);
        let names = ["ours", "mcap, a message a sample", "the same with lz4"];
        let (mut times, mut octets) = (vec![Vec::new(); names.len()], [0; 3]);
        for turn in 0..TURNS {
            for (way, name) in names.iter().enumerate() {
                let path = file(&format!("{way}.{turn}.mcap"));
                let start = seconds();
                match way {
                    0 => recorded(&path, &header, &events),
                    1 => by_sample(&path, channels, &events, None),
                    _ => by_sample(&path, channels, &events, Some(Compression::Lz4)),
                }
                times[way].push(seconds() - start);
                octets[way] = std::fs::metadata(&path).expect(name).len();
                std::fs::remove_file(path).expect("removed");
            }
        }
        println!("{channels} channels a message, {samples:.0} samples");
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let rates: Vec<f64> = times.iter_mut().map(|t| samples / median(t)).collect();
        for ((name, rate), octets) in names.iter().zip(&rates).zip(octets) {
            println!(
                "  {name:<26} {:>7.2} M samples/s  {:>6.2} x mcap  {:>6.2} octets a sample",
                rate / 1e6,
                rate / rates[1],
                octets as f64 / samples,
            );
        }
    }
}
