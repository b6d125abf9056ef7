//! Invented long runs: what is in them, and their records.

use std::collections::BTreeMap;
use std::path::Path;

use profiles::channel::ChannelSpec;
use profiles::option::{OptionValue, Options};
use profiles::phase::{Phase, PhaseInterval};
use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};
use reports::event::{DeviceId, Event, EventKind};
use reports::header::{CheckSpec, DeviceHeader, Header, NamedWindow, StepHeader, Subject};
use reports::record::Recorder;
use reports::verdict::Ending;

/// An orbit and its eclipse, s.
const ORBIT: u64 = 5_580;
const ECLIPSE: u64 = 2_160;

/// A run: its devices, its length and how often each device speaks.
pub(crate) struct Run {
    devices: Vec<DeviceHeader>,
    ticks: u64,
    tick_us: u64,
}

/// Five devices of ten channels each.
pub(crate) fn day() -> Run {
    let supply = ["volts", "amps"];
    let board = [
        "bus_volts",
        "bus_amps",
        "board_temperature",
        "junction_temperature",
        "clock_mhz",
    ];
    let chamber = ["air"];
    let kinds: [(&str, &str, &[&str]); 5] = [
        ("bus_supply", "power-supply", &supply),
        ("heater_supply", "power-supply", &supply),
        ("chamber", "thermal-chamber", &chamber),
        ("payload_a", "accelerator", &board),
        ("payload_b", "accelerator", &board),
    ];
    let hours = std::env::var("BENCH_HOURS").ok();
    let hours: u64 = hours.and_then(|text| text.parse().ok()).unwrap_or(24);
    Run {
        devices: kinds
            .map(|(name, role, own)| device(name, role, own, 10))
            .into(),
        ticks: hours * 36_000,
        tick_us: 100_000,
    }
}

/// One device that is heard a million times.
pub(crate) fn plots() -> Run {
    Run {
        devices: vec![device("bus_supply", "power-supply", &[], 6)],
        ticks: 1_000_000,
        tick_us: 10_000,
    }
}

/// A device with the channels of its role, and more up to `channels`.
fn device(name: &str, role: &str, own: &[&str], channels: usize) -> DeviceHeader {
    let unit = |channel: &str| match channel {
        "amps" | "bus_amps" => "A",
        "clock_mhz" => "MHz",
        "air" | "board_temperature" | "junction_temperature" => "°C",
        _ => "V",
    };
    let own = own.iter().map(|own| ChannelSpec::number(own, unit(own)));
    let more = (0..).map(|place| ChannelSpec::number(&format!("sense_{place}"), "V"));
    DeviceHeader {
        name: name.to_owned(),
        role: role.to_owned(),
        model: "invented".to_owned(),
        link: "memory".to_owned(),
        emulated: true,
        channels: own.chain(more).take(channels).collect(),
        calibration: None,
        accuracy: Vec::new(),
    }
}

fn seconds(from: u64, to: u64) -> Window {
    Window {
        start: BenchTime::from_millis(from * 1_000),
        end: BenchTime::from_millis(to * 1_000),
    }
}

fn header(run: &Run) -> Header {
    let end = run.ticks * run.tick_us / 1_000_000;
    let starts = (0..).map(|orbit| orbit * ORBIT).take_while(|&at| at < end);
    let phases = starts.flat_map(|at| {
        let night = at + ORBIT - ECLIPSE;
        [
            (Phase::Sunlit, at, night),
            (Phase::Umbra, night, at + ORBIT),
        ]
    });
    let phases = phases.filter(|(_, from, _)| *from < end);
    Header {
        campaign: "long run".to_owned(),
        description: "How long does it take to tell of a long run?".to_owned(),
        seed: 1,
        pace: "virtual".to_owned(),
        epoch: Some("2026-03-20T14:46:00Z".to_owned()),
        orbit: Vec::new(),
        devices: run.devices.clone(),
        steps: vec![StepHeader {
            name: "all".to_owned(),
            window: seconds(0, end),
        }],
        phases: phases
            .map(|(phase, from, to)| PhaseInterval {
                phase,
                window: seconds(from, to.min(end)),
            })
            .collect(),
        windows: Vec::new(),
        passes: Vec::new(),
        wire: false,
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        checks: checks(run, seconds(0, end)),
        workloads: Vec::new(),
        inputs: Vec::new(),
        versions: BTreeMap::from([("bench".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        end: BenchTime::from_millis(end * 1_000),
    }
}

/// Every channel of the first device is in a range, and so has a plot.
fn checks(run: &Run, window: Window) -> Vec<CheckSpec> {
    let mut options = Options::default();
    options.set("min", OptionValue::Number(20.0));
    options.set("max", OptionValue::Number(60.0));
    let channels = run.devices[0].channels.iter().enumerate();
    channels
        .map(|(place, channel)| CheckSpec {
            name: format!("{} in range", channel.name),
            kind: "in_range".to_owned(),
            subject: Subject::Channel {
                device: DeviceId(0),
                channel: place as u16,
            },
            subject_text: format!("bus_supply.{}", channel.name),
            during: "whole run".to_owned(),
            windows: vec![NamedWindow {
                name: "whole run".to_owned(),
                window,
            }],
            options: options.clone(),
        })
        .collect()
}

/// Writes the record; how many samples it holds.
pub(crate) fn write(path: &Path, run: &Run) -> Result<u64, Box<dyn std::error::Error>> {
    let mut recorder = Recorder::create(path, &header(run))?;
    let (mut noise, mut samples) = (1_u64, 0);
    for tick in 0..run.ticks {
        let at = BenchTime::from_micros(tick * run.tick_us);
        for (place, device) in run.devices.iter().enumerate() {
            let readings = (0..device.channels.len() as u16).map(|channel| {
                // Marsaglia's xorshift, 64 bits.
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                let phase = at.as_secs_f64() / ORBIT as f64 * std::f64::consts::TAU;
                let value = 28.0 + 5.0 * (phase + f64::from(channel)).sin();
                // Instruments tell thousandths.
                let noisy = value + (noise >> 54) as f64 * 1e-3;
                Reading::number(channel, (noisy * 1e3).round() * 1e-3)
            });
            let readings: std::sync::Arc<[Reading]> = readings.collect();
            samples += readings.len() as u64;
            recorder.record(&Event {
                at,
                device: DeviceId(place as u16),
                kind: EventKind::Sampled { readings },
            })?;
        }
    }
    recorder.record(&Event {
        at: BenchTime::from_micros(run.ticks * run.tick_us),
        device: DeviceId(u16::MAX),
        kind: EventKind::RunEnded {
            ending: Ending::Completed,
        },
    })?;
    recorder.finish()?;
    Ok(samples)
}
