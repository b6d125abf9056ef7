//! Readings that are taken as rows come to the same as readings that are taken one by one.

use std::collections::BTreeMap;

use profiles::channel::ChannelSpec;
use profiles::option::OptionValue;
use profiles::reading::Reading;
use profiles::time::BenchTime;
use proptest::prelude::*;
use reports::event::{DeviceId, Event, EventKind, Observer};
use reports::golden::Goldens;
use reports::header::{CheckSpec, Header, NamedWindow, Subject};
use reports::judge::Judge;
use reports::record::{News, read_once};
use reports::report::{DeviceStory, Gatherer, Manifest};
use reports::rows::Rows;
use reports::verdict::{Ending, Verdict};

use crate::bench_run::{BOARD, SUPPLY, check, header, seconds};
use crate::record::write;

/// Channels of the supply; from the sixteenth on a tag takes two octets.
const CHANNELS: u16 = 20;

/// The bench of the other tests with more channels, power to be made of two of them, and checks of every kind
/// that watches channels or samples, some in windows with gaps between.
fn wide_header() -> Header {
    let mut header = header();
    let channels = &mut header.devices[0].channels;
    channels.push(ChannelSpec::number("amps", "A"));
    let more = (3..CHANNELS).map(|place| ChannelSpec::number(&format!("sense_{place}"), "V"));
    channels.extend(more);
    let channel = |channel| Subject::Channel {
        device: SUPPLY,
        channel,
    };
    let device = Subject::Device { device: SUPPLY };
    let range = [("min", 26.0), ("max", 30.0)];
    let red = [("red_min", 26.0), ("red_max", 30.0), ("samples", 3.0)];
    header.checks = vec![
        check("in_range", channel(0), &range),
        check("in_range", channel(2), &[("min", 0.0)]),
        check("in_range", channel(1), &[("max", 0.0)]),
        check("in_range", channel(CHANNELS - 1), &range),
        held(check("in_range", channel(0), &range), 0.05),
        held(check("in_range", channel(CHANNELS - 1), &range), 0.4),
        check("limits", channel(0), &red),
        check("slew", channel(0), &[("max_rate", 400.0), ("span", 0.5)]),
        check("no_loss", device, &[]),
    ];
    for check in header.checks.iter_mut().skip(1).step_by(2) {
        let window = |from, to| NamedWindow {
            name: "some".to_owned(),
            window: seconds(from, to),
        };
        check.windows = vec![window(1, 2), window(2, 5), window(9, 80)];
    }
    header
}

fn held(check: CheckSpec, seconds: f64) -> CheckSpec {
    let mut check = check;
    let hold = OptionValue::Number(seconds);
    check.options.set("hold", hold);
    check
}

/// Marsaglia's xorshift, 64 bits.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % limit
    }

    fn value(&mut self) -> f64 {
        match self.below(400) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -0.0,
            3 => 0.0,
            4 => f64::MAX,
            5 => 26.0,
            other => 28.0 + (self.below(1_000) as f64 - 500.0) * 1e-3 * (other % 5) as f64,
        }
    }
}

/// What a device tells: the same channels again and again, in some order of time.
fn piece(now: &mut u64, (kind, rows, pace): (u8, u16, u8), noise: &mut Noise) -> Vec<Event> {
    let channels: Vec<u16> = match kind {
        0 => vec![0, 1],
        1 => vec![0, 1, 2],
        2 => (0..CHANNELS).collect(),
        3 => vec![2, 0],
        4 => vec![0, 0],
        5 => Vec::new(),
        6 => vec![CHANNELS - 1, CHANNELS],
        10 => {
            *now = 0;
            Vec::new()
        }
        7 => return vec![at(*now, DeviceId::BENCH, EventKind::Interrupted)],
        _ => vec![0],
    };
    let device = if kind == 8 { BOARD } else { SUPPLY };
    let told = (0..rows).map(|row| {
        *now += match pace {
            0 => 10_000,
            1 => 9_900 + noise.below(200),
            2 => 10_000 * noise.below(2),
            _ => 10_000 * (1 + 90 * u64::from(noise.below(50) == 0)),
        };
        let reading = |&channel: &u16| match channel {
            1 if noise.below(20) == 0 => Reading::state(1, 200),
            1 => Reading::state(1, noise.below(3) as u16),
            channel => Reading::number(channel, noise.value()),
        };
        // As a board on a bus, which tells one channel a frame.
        let one = [3 + row % 3];
        let channels = if kind == 11 { &one[..] } else { &channels };
        let readings = channels.iter().map(reading).collect();
        at(*now, device, EventKind::Sampled { readings })
    });
    told.collect()
}

fn at(micros: u64, device: DeviceId, kind: EventKind) -> Event {
    Event {
        at: BenchTime::from_micros(micros),
        device,
        kind,
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let pieces = prop::collection::vec(
        (prop_oneof![0..10_u8, Just(11)], 1..700_u16, 0..4_u8),
        1..12,
    );
    (pieces, 1..u64::MAX).prop_map(|(pieces, seed)| {
        let (mut now, mut noise) = (0, Noise(seed));
        let told = pieces.into_iter();
        told.flat_map(|it| piece(&mut now, it, &mut noise))
            .collect()
    })
}

/// What a run comes to: of each check how it stood and what was found, and what a report keeps of devices.
fn comes_to(
    header: &Header,
    tell: impl FnOnce(&mut dyn FnMut(Piece<'_>)),
) -> (Vec<String>, Vec<DeviceStory>) {
    let mut judge = Judge::new(header, &Goldens::default()).unwrap();
    let mut gatherer = Gatherer::new(header);
    tell(&mut |piece| match piece {
        Piece::Event(event) => {
            judge.take(event);
            gatherer.observe(event).unwrap();
        }
        Piece::Rows(rows) => {
            judge.take_rows(rows);
            gatherer.observe_rows(rows).unwrap();
        }
    });
    let standings = judge.standings();
    let report = gatherer.finish(judge.conclude(), manifest());
    let found = standings.iter().zip(&report.findings);
    // Not a number is no number, and equal to nothing, but the words for it are.
    let found = found.map(|(standing, finding)| format!("{standing:?}, then {finding:?}"));
    (found.collect(), report.devices)
}

fn manifest() -> Manifest {
    Manifest {
        run_id: String::new(),
        started: String::new(),
        ended: String::new(),
        resumed: Vec::new(),
        versions: BTreeMap::new(),
        seed: 7,
        pace: String::new(),
        campaign: String::new(),
        wiring: String::new(),
        inputs: Vec::new(),
        record: None,
        identities: BTreeMap::new(),
        ending: Ending::Completed,
        verdict: Verdict::Pass,
        exit_code: 0,
        sim_seconds: 0.0,
    }
}

enum Piece<'a> {
    Event(&'a Event),
    Rows(&'a Rows<'a>),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_come_to_the_same_as_their_events(events in events()) {
        let header = wide_header();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.mcap");
        std::fs::write(&path, write(&header, &events)).unwrap();
        let mut heard = Vec::new();
        let by_rows = comes_to(&header, |take| {
            let read = read_once(&path, &mut |news| match news {
                News::Begins(_) => {}
                News::Event(event) => {
                    heard.push(event.clone());
                    take(Piece::Event(event));
                }
                News::Rows(rows) => {
                    rows.each(&mut |event| heard.push(event.clone()));
                    take(Piece::Rows(rows));
                }
            });
            read.unwrap();
        });
        prop_assert_eq!(format!("{heard:?}"), format!("{events:?}"));
        let one_by_one = comes_to(&header, |take| {
            for event in &events {
                take(Piece::Event(event));
            }
        });
        for (by_rows, one_by_one) in by_rows.0.iter().zip(&one_by_one.0) {
            prop_assert_eq!(by_rows, one_by_one);
        }
        prop_assert!(by_rows.1 == one_by_one.1, "other series");
    }
}

/// What is told as rows, and what is not.
#[test]
fn what_is_alike_comes_as_rows() {
    let told = |pieces: &[(u8, u16, u8)]| {
        let (mut now, mut noise) = (0, Noise(7));
        let events = pieces.iter();
        let events: Vec<Event> = events
            .flat_map(|it| piece(&mut now, *it, &mut noise))
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.mcap");
        std::fs::write(&path, write(&wide_header(), &events)).unwrap();
        let (mut rows, mut single) = (Vec::new(), 0);
        let read = read_once(&path, &mut |news| match news {
            News::Begins(_) => {}
            News::Event(_) => single += 1,
            News::Rows(told) => rows.push(told.times().len()),
        });
        read.unwrap();
        (rows, single)
    };
    // One channel, or as many as take tags of two octets; in parts that stay in the cache.
    assert_eq!(told(&[(9, 600, 0)]), (vec![512, 88], 0));
    assert_eq!(told(&[(9, 100, 0), (9, 100, 1)]), (vec![200], 0));
    // Few, and what is not in order of channels.
    assert_eq!(told(&[(9, 7, 0)]), (vec![], 7));
    assert_eq!(told(&[(3, 100, 0)]), (vec![], 100));
    assert_eq!(told(&[(4, 100, 0)]), (vec![], 100));
    assert_eq!(told(&[(11, 100, 0)]), (vec![], 100));
    // Another device, another event, other channels between them.
    let broken = [(9, 50, 0), (8, 50, 0), (9, 50, 0), (7, 1, 0), (9, 50, 0)];
    assert_eq!(told(&broken), (vec![50, 50, 50, 50], 1));
    assert_eq!(told(&[(9, 20, 0), (6, 20, 0)]), (vec![20, 20], 0));
    // Time that goes back, as in a record that no recorder wrote.
    assert_eq!(
        told(&[(9, 20, 0), (10, 0, 0), (9, 20, 0)]),
        (vec![20, 20], 0)
    );
}
