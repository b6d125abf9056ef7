//! Records: what is written comes back, also from a file that was torn at any byte.

use std::sync::Arc;

use profiles::command::{Command, Switch, Work};
use profiles::phase::Phase;
use profiles::quantity::{Amperes, Volts};
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::BenchTime;
use proptest::prelude::*;
use reports::digest::crc32;
use reports::event::{DeviceId, Event, EventKind, Inferred, Observer};
use reports::header::Header;
use reports::record::{Record, RecordError, Recorder};
use reports::verdict::Ending;

use crate::bench_run::{BOARD, event, header, volts};

pub(crate) fn write(header: &Header, events: &[Event]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let mut recorder = Recorder::create(&path, header).unwrap();
    for event in events {
        recorder.record(event).unwrap();
    }
    recorder.finish().unwrap();
    std::fs::read(&path).unwrap()
}

pub(crate) fn read(record: &Record) -> Vec<Event> {
    let mut events = Vec::new();
    record
        .for_each(&mut |event| events.push(event.clone()))
        .unwrap();
    events
}

fn readings() -> impl Strategy<Value = Arc<[Reading]>> {
    let number =
        (0..300_u16, any::<i32>()).prop_map(|(c, n)| Reading::number(c, f64::from(n) / 3.0));
    let state = (0..300_u16, any::<u16>()).prop_map(|(c, s)| Reading::state(c, s));
    prop::collection::vec(prop_oneof![3 => number, 1 => state], 0..12).prop_map(Arc::from)
}

fn kinds() -> impl Strategy<Value = EventKind> {
    let output = prop::collection::vec(0..3_u8, 0..40);
    let inferred = (
        any::<u16>(),
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
        any::<Option<u32>>(),
    );
    prop_oneof![
        6 => readings().prop_map(|readings| EventKind::Sampled { readings }),
        3 => inferred.prop_map(|(input, latency_us, round_trip_us, digest, first_us)| {
            EventKind::Inferred(Inferred { input, latency_us, round_trip_us, digest, first_us })
        }),
        // Few digests for many outputs: the last bytes under a digest must come back.
        2 => (any::<u16>(), 0..2_u32, output).prop_map(|(input, digest, output)| {
            EventKind::OutputFetched { input, digest, output: output.into() }
        }),
        1 => any::<u16>().prop_map(|lost| {
            let damage = Damage { bytes: 0, why: DamageKind::Gap { lost } };
            EventKind::Damaged { damage }
        }),
        1 => (any::<i32>(), any::<u64>()).prop_map(|(volts, late_us)| {
            let volts = Volts(f64::from(volts) / 7.0);
            let command = Command::Supply { volts, limit: Amperes(0.1) };
            EventKind::SetPointApplied { command, late_us }
        }),
        1 => ".*".prop_map(|why| EventKind::DeviceFailed { why }),
        1 => Just(EventKind::PhaseEntered { phase: Phase::Umbra }),
        1 => Just(EventKind::SetPointApplied {
            command: Command::SupplyOutput(Switch::On), late_us: 0,
        }),
        1 => Just(EventKind::SetPointApplied {
            command: Command::Accelerator(Work::Start), late_us: 3,
        }),
        1 => ".*".prop_map(|why| EventKind::LinkLost { why }),
        1 => (".*", any::<Option<u64>>()).prop_map(|(why, reaction_us)| {
            let rule = "hot".to_owned();
            EventKind::Interlock { rule, why, reaction_us, within_us: 7 }
        }),
        1 => any::<u64>().prop_map(|gap_us| {
            EventKind::Resumed { with: "step `work`".to_owned(), gap_us }
        }),
        1 => any::<u64>().prop_map(|away_us| EventKind::LinkRestored { away_us }),
        1 => any::<u32>().prop_map(|points| EventKind::ListUploaded { points }),
        1 => any::<u32>().prop_map(|count| EventKind::PowerCut {
            amps: 1.25, above_us: u64::from(count), count,
        }),
        1 => any::<u64>().prop_map(|off_us| EventKind::PowerBack { off_us }),
        1 => Just(EventKind::Booted),
        1 => Just(EventKind::MadeSafe),
        1 => Just(EventKind::RunEnded { ending: Ending::Completed }),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // The third device is in no header.
    let device = prop_oneof![(0..3_u16).prop_map(DeviceId), Just(DeviceId::BENCH)];
    let one = (0..20_000_000_u64, device, kinds());
    prop::collection::vec(one, 0..40).prop_map(|parts| {
        let mut now = 0;
        let each = parts.into_iter().map(|(step, device, kind)| {
            now += step;
            let at = BenchTime::from_micros(now);
            Event { at, device, kind }
        });
        each.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_comes_back(events in events()) {
        let bytes = write(&header(), &events);
        prop_assert_eq!(&bytes, &write(&header(), &events));
        let record = Record::from_bytes(bytes).unwrap();
        prop_assert_eq!(record.header(), &header());
        prop_assert_eq!(record.torn(), None);
        let ended = matches!(
            events.last().map(|event| &event.kind),
            Some(EventKind::RunEnded { .. })
        );
        prop_assert_eq!(record.is_complete(), ended);
        prop_assert_eq!(read(&record), events);
    }

    #[test]
    fn a_flipped_bit_never_panics(events in events(), place in any::<prop::sample::Index>()) {
        let mut bytes = write(&header(), &events);
        let place = place.index(bytes.len() * 8);
        bytes[place / 8] ^= 1 << (place % 8);
        if let Ok(record) = Record::from_bytes(bytes) {
            let mut seen = Vec::new();
            if record.for_each(&mut |event| seen.push(event.clone())).is_ok() {
                prop_assert!(events.starts_with(&seen));
            }
        }
    }
}

/// A run that fills several chunks, since interruptions close them.
pub(crate) fn several_chunks() -> Vec<Event> {
    let mut events: Vec<Event> = (0..30).map(|n| volts(n * 100, n as f64)).collect();
    events.push(event(3_000, DeviceId::BENCH, EventKind::Interrupted));
    let output: Arc<[u8]> = [1, 2, 3, 4].into();
    for n in 0..10 {
        let digest = crc32(&output);
        let output = Arc::clone(&output);
        let kind = EventKind::OutputFetched {
            input: n,
            digest,
            output,
        };
        events.push(event(3_500 + u64::from(n), BOARD, kind));
    }
    let ending = Ending::Interrupted { why: None };
    events.push(event(
        4_000,
        DeviceId::BENCH,
        EventKind::RunEnded { ending },
    ));
    events
}

#[test]
fn a_file_torn_at_any_byte_gives_a_prefix() {
    let events = several_chunks();
    let bytes = write(&header(), &events);
    let mut seen = 0;
    for length in 0..bytes.len() {
        let record = match Record::from_bytes(bytes[..length].to_vec()) {
            Ok(record) => record,
            Err(RecordError::NotMcap | RecordError::NoHeader) => {
                assert_eq!(seen, 0, "the header was there and is gone at {length}");
                continue;
            }
            Err(error) => panic!("torn at {length}: {error}"),
        };
        let torn = record.torn().expect("a torn file says so");
        assert!(torn.byte <= length as u64);
        assert!(!record.is_complete());
        let found = read(&record);
        assert!(events.starts_with(&found));
        assert!(found.len() >= seen, "more bytes told less");
        assert_eq!(
            torn.at,
            found.last().map_or(BenchTime::ZERO, |event| event.at)
        );
        seen = found.len();
    }
    assert_eq!(
        seen,
        events.len(),
        "all chunks stand before the closing index"
    );
}

#[test]
fn a_recorder_that_is_killed_leaves_what_it_flushed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let events = several_chunks();
    let mut recorder = Recorder::create(&path, &header()).unwrap();
    assert_eq!(Record::open(&path).unwrap().header(), &header());
    for event in &events[..31] {
        recorder.record(event).unwrap();
    }
    let record = Record::open(&path).unwrap();
    assert_eq!(read(&record), events[..31]);
    assert_eq!(record.torn().unwrap().at, BenchTime::from_millis(3_000));
    recorder.finish().unwrap();
}

/// A header of a run that went on: of the same devices, and otherwise another.
pub(crate) fn later_header() -> Header {
    Header {
        end: BenchTime::from_millis(99_000),
        ..header()
    }
}

/// Goes on with the record in `bytes`, and closes it.
fn gone_on(bytes: &[u8], later: &[Event]) -> Result<Vec<u8>, RecordError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    std::fs::write(&path, bytes).unwrap();
    let at = BenchTime::from_millis(50_000);
    let mut recorder = Recorder::resume(&path, &later_header(), at)?;
    for event in later {
        recorder.record(event)?;
    }
    recorder.finish()?;
    Ok(std::fs::read(&path).unwrap())
}

#[test]
fn nobody_goes_on_with_a_record_that_is_still_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    let recorder = Recorder::create(&path, &header()).unwrap();
    let at = BenchTime::from_millis(50_000);
    let again = || Recorder::resume(&path, &later_header(), at);
    assert!(matches!(again(), Err(RecordError::InUse { .. })));
    // As when its process dies.
    drop(recorder);
    let resumed = again().unwrap();
    assert!(matches!(again(), Err(RecordError::InUse { .. })));
    resumed.finish().unwrap();
}

#[test]
fn a_record_torn_at_any_byte_goes_on_as_one() {
    let events = several_chunks();
    let whole = write(&header(), &events);
    let later: Vec<Event> = (0..5).map(|n| volts(50_000 + n * 100, n as f64)).collect();
    let mut gone = 0;
    for length in (0..whole.len()).step_by(7).chain([whole.len()]) {
        let before = Record::from_bytes(whole[..length].to_vec());
        let bytes = match (before.as_ref().map(read), gone_on(&whole[..length], &later)) {
            (Ok(before), Ok(bytes)) => {
                let record = Record::from_bytes(bytes.clone()).unwrap();
                assert_eq!(record.torn(), None, "torn at {length}");
                assert_eq!(record.header(), &later_header());
                let all: Vec<Event> = before.iter().chain(&later).cloned().collect();
                assert_eq!(read(&record), all, "torn at {length}");
                gone += 1;
                bytes
            }
            (Err(_), Err(RecordError::NotMcap | RecordError::NoHeader)) => continue,
            (before, after) => panic!("torn at {length}: {before:?}, {after:?}"),
        };
        // Everybody else finds one file with its index.
        let summary = mcap::Summary::read(&bytes).unwrap().expect("a summary");
        let mut places = std::collections::BTreeMap::<u16, u64>::new();
        for chunk in &summary.chunk_indexes {
            let indexes = summary.read_message_indexes(&bytes, chunk).unwrap();
            for (channel, entries) in indexes {
                *places.entry(channel.id).or_default() += entries.len() as u64;
                for entry in entries {
                    let found = summary.seek_message(&bytes, chunk, &entry).unwrap();
                    assert_eq!(found.channel.id, channel.id);
                    assert_eq!(found.log_time, entry.log_time);
                }
            }
        }
        let stats = summary.stats.unwrap();
        let messages = mcap::MessageStream::new(&bytes).unwrap().count() as u64;
        assert_eq!(stats.message_count, messages);
        assert_eq!(stats.chunk_count as usize, summary.chunk_indexes.len());
        assert_eq!(places.values().sum::<u64>(), messages);
        assert!(
            stats
                .channel_message_counts
                .iter()
                .all(|(id, count)| places[id] == *count)
        );
    }
    assert!(gone > whole.len() / 21, "{gone}");
}

#[test]
fn a_record_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.mcap");
    Recorder::create(&path, &header())
        .unwrap()
        .finish()
        .unwrap();
    assert!(matches!(
        Recorder::create(&path, &header()),
        Err(RecordError::File { .. })
    ));
}

#[test]
fn other_readers_find_index_topics_and_times() {
    let bytes = write(&header(), &several_chunks());
    let summary = mcap::Summary::read(&bytes).unwrap().expect("a summary");
    let stats = summary.stats.unwrap();
    assert_eq!(stats.message_end_time, 4_000_000_000);
    assert!(stats.chunk_count >= 3);
    let mut topics: Vec<&str> = summary
        .channels
        .values()
        .map(|c| c.topic.as_str())
        .collect();
    topics.sort_unstable();
    assert_eq!(
        topics,
        [
            "/events",
            "/header",
            "/inferences/payload",
            "/outputs",
            "/samples/bus_supply",
            "/samples/payload"
        ]
    );
    let messages: Vec<mcap::Message<'_>> = mcap::MessageStream::new(&bytes)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(messages[0].channel.topic, "/header");
    assert_eq!(messages.len() as u64, stats.message_count);
    for (place, message) in messages.iter().enumerate() {
        assert_eq!(message.sequence as usize, place);
    }
}

#[test]
fn at_real_pace_nothing_waits_longer_than_half_a_second_for_the_disk() {
    for (pace, kept) in [("real", 2), ("virtual", 0)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.mcap");
        let header = Header {
            pace: pace.to_owned(),
            ..header()
        };
        let mut recorder = Recorder::create(&path, &header).unwrap();
        let on_disk = || read(&Record::open(&path).unwrap()).len();
        recorder.observe(&volts(5_000, 1.0)).unwrap();
        recorder.settled(BenchTime::from_millis(5_400)).unwrap();
        recorder.observe(&volts(5_450, 2.0)).unwrap();
        assert_eq!(on_disk(), 0, "{pace}: a chunk is not closed early");
        recorder.settled(BenchTime::from_millis(5_500)).unwrap();
        assert_eq!(on_disk(), kept, "{pace}");
        recorder.observe(&volts(20_000, 3.0)).unwrap();
        recorder.settled(BenchTime::from_millis(20_400)).unwrap();
        assert_eq!(
            on_disk(),
            kept,
            "{pace}: half a second counts from its first event"
        );
    }
}

#[test]
fn slow_telemetry_takes_little_room() {
    // Twelve channels at 10 Hz with the noise of a converter, a minute long at real pace.
    let mut header = header();
    header.pace = "real".to_owned();
    let mut noise = 7_u32;
    let events: Vec<Event> = (0..600)
        .map(|n| {
            let reading = |channel| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let count = 28_000.0 + f64::from(channel) * 100.0 + f64::from(noise >> 28);
                Reading::number(channel, count * 0.001)
            };
            let readings = (0..12).map(reading).collect();
            event(n * 100, BOARD, EventKind::Sampled { readings })
        })
        .collect();
    let octets = write(&header, &events).len() as f64;
    let samples = events.len() as f64 * 12.0;
    assert!(
        octets / samples < 13.0,
        "{:.1} octets a sample",
        octets / samples
    );
}
