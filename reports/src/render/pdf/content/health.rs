//! Health of telemetry and commands, and the story of the run.

use super::super::super::figure::{self, letter, time_axis};
use super::super::super::words::{clock, clock_rate, count, number, several, utc_clock};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, numbers, words as text};
use crate::report::{DeviceStory, Entry, Kind, Report, Series};

/// How many events the report lists; the record has them all.
const LISTED: usize = 70;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Section("Telemetry and events".to_owned())];
    let health = health(fonts, report);
    if health.len() == 0 {
        blocks.push(Block::Text("No device took part.".to_owned()));
    }
    blocks.push(Block::Table(health));
    let devices = report.header.devices.iter().zip(&report.devices);
    for (device, story) in devices {
        if let Some(clock) = story.clock() {
            let told = clock_rate(clock);
            blocks.push(Block::Text(format!("Clock of {}: {told}.", device.name)));
        }
    }
    blocks.push(Block::Gap(14.0));
    let lanes = figure::story(report);
    if !lanes.is_empty() {
        let title = "Events over the run".to_owned();
        blocks.push(Block::Lanes(title, lanes, time_axis(report)));
        blocks.push(Block::Text(legend(report)));
        blocks.push(Block::Gap(8.0));
    }
    let entries = report.story.entries();
    if listed(entries).next().is_some() {
        blocks.push(Block::Heading("Notable events".to_owned()));
        blocks.push(Block::Table(events(fonts, report, entries)));
        let left_out = listed(entries).skip(LISTED).count() as u64 + report.story.dropped();
        if left_out > 0 {
            let more = several(left_out, "more event");
            blocks.push(Block::Text(format!("The record holds {more}.")));
        }
    }
    blocks
}

/// Who answered stands in the appendix, and need not fill this table too.
fn listed(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries
        .iter()
        .filter(|entry| entry.kind != Kind::Identified)
}

/// What the letters mean, and how often each thing happened.
fn legend(report: &Report) -> String {
    let happened = Kind::ALL
        .into_iter()
        .filter(|kind| report.story.count(*kind) > 0);
    let told = happened.map(|kind| {
        format!(
            "{}: {}, {}×",
            letter(kind),
            kind.name(),
            count(report.story.count(kind))
        )
    });
    told.collect::<Vec<String>>().join("   ")
}

fn health(fonts: &Fonts, report: &Report) -> Table {
    let columns = vec![
        text("device", 62.0),
        numbers("messages", 44.0),
        numbers("readings", 48.0),
        numbers("every s", 34.0),
        numbers("silences", 37.0),
        numbers("longest s", 40.0),
        numbers("damages", 38.0),
        numbers("lost", 26.0),
        numbers("retries", 32.0),
        numbers("boots", 28.0),
        numbers("set points", 42.0),
        numbers("late ms: p50, p99, max", 84.0),
    ];
    let devices = report.header.devices.iter().zip(&report.devices);
    let rows = devices
        .filter(|(device, _)| device.role != "profile")
        .map(|(device, story)| {
            let counts = &story.counts;
            Row::of([
                device.name.clone(),
                count(counts.samples),
                count(counts.readings),
                interval(story),
                count(
                    story
                        .channels
                        .iter()
                        .map(Series::gap_count)
                        .max()
                        .unwrap_or(0),
                ),
                longest(story),
                count(counts.damages),
                count(counts.lost),
                count(counts.retries),
                count(counts.boots),
                count(counts.set_points),
                late(story),
            ])
        });
    Table::new(fonts, columns, rows.collect())
}

/// How late set points were, from their time to the device's consent: median, 99th percentile and
/// worst, in milliseconds.
fn late(story: &DeviceStory) -> String {
    story.lateness().map_or_else(
        || "–".to_owned(),
        |late| {
            let millis = |micros: u32| number((f64::from(micros) * 1e-2).round() * 0.1);
            [late.p50_us, late.p99_us, late.max_us]
                .map(millis)
                .join("  ")
        },
    )
}

/// The shortest usual interval of a device's channels.
fn interval(story: &DeviceStory) -> String {
    let channels = story.channels.iter().filter(|series| series.count() > 1);
    let shortest = channels.map(Series::usual_interval).reduce(f64::min);
    shortest.map_or_else(
        || "–".to_owned(),
        |seconds| number((seconds * 1e4).round() / 1e4),
    )
}

fn longest(story: &DeviceStory) -> String {
    match story
        .channels
        .iter()
        .map(Series::longest_gap)
        .fold(0.0, f64::max)
    {
        0.0 => "–".to_owned(),
        seconds => number(seconds),
    }
}

fn events(fonts: &Fonts, report: &Report, entries: &[Entry]) -> Table {
    let has_utc = report.header.epoch.is_some();
    let mut columns = vec![
        text("time", 88.0),
        text("", 14.0),
        text("event", 68.0),
        text("device", 78.0),
        text("what", if has_utc { 189.0 } else { 243.0 }),
        numbers("", 30.0),
    ];
    if has_utc {
        columns.insert(1, text("UTC", 54.0));
    }
    let rows = listed(entries).take(LISTED).map(|entry| {
        let time = if entry.until.micros_since(entry.at) < 1_000_000 {
            clock(entry.at)
        } else {
            format!("{} – {}", clock(entry.at), clock(entry.until))
        };
        let mut row = Row::of([
            time,
            letter(entry.kind).to_string(),
            entry.kind.name().to_owned(),
            report.device_name(entry.device).to_owned(),
            entry.text.clone(),
            match entry.times {
                1 => String::new(),
                times => format!("{times}×"),
            },
        ]);
        if has_utc {
            let utc = utc_clock(report, entry.at).unwrap_or_default();
            row.cells.insert(1, utc);
        }
        row
    });
    Table::new(fonts, columns, rows.collect())
}
