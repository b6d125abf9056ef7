//! What every kind of check must do, whatever its question.

use std::sync::Arc;

use profiles::channel::ChannelSpec;
use profiles::command::{Command, Fault};
use profiles::option::{OptionDefault, OptionKind, OptionSpec, OptionValue, Options};
use profiles::phase::{Phase, PhaseInterval};
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::{BenchTime, Window};
use proptest::prelude::*;

use super::{CheckSetup, KINDS, Target, find};
use crate::event::{DeviceId, Event, EventKind, Inferred};
use crate::golden::{Band, Cell, Goldens, ThroughputGolden};
use crate::header::{
    Accuracy, CheckSpec, DeviceHeader, Header, NamedWindow, Subject, WorkloadHeader,
};
use crate::judge::Judge;
use crate::verdict::{Finding, Verdict};

const DEVICE: DeviceId = DeviceId(0);

fn seconds(from: u64, to: u64) -> Window {
    Window {
        start: BenchTime::from_millis(from * 1_000),
        end: BenchTime::from_millis(to * 1_000),
    }
}

fn spec(kind: &str, options: Options) -> CheckSpec {
    let kind = find(kind).unwrap();
    let (subject, text) = match kind.target {
        Target::Channel => {
            let (device, channel) = (DEVICE, 0);
            (Subject::Channel { device, channel }, "payload.volts")
        }
        Target::Device => (Subject::Device { device: DEVICE }, "payload"),
        Target::Workload | Target::Mesh => (Subject::Workload { workload: 0 }, "words"),
    };
    let window = |name: &str, window| NamedWindow {
        name: name.to_owned(),
        window,
    };
    CheckSpec {
        name: kind.name.to_owned(),
        kind: kind.name.to_owned(),
        subject,
        subject_text: text.to_owned(),
        during: "most of it".to_owned(),
        windows: vec![
            window("start", seconds(5, 30)),
            window("end", seconds(40, 90)),
        ],
        options,
    }
}

fn header(check: CheckSpec) -> Header {
    Header {
        campaign: "contract".to_owned(),
        description: String::new(),
        seed: 1,
        pace: "virtual".to_owned(),
        epoch: None,
        orbit: Vec::new(),
        devices: vec![DeviceHeader {
            name: "payload".to_owned(),
            role: "accelerator".to_owned(),
            model: "m".to_owned(),
            link: "memory".to_owned(),
            emulated: true,
            channels: vec![ChannelSpec::number("volts", "V")],
            calibration: None,
            accuracy: vec![Accuracy {
                channel: "volts".to_owned(),
                percent: 1.0,
                offset: 0.5,
                certified: false,
            }],
        }],
        steps: Vec::new(),
        phases: vec![PhaseInterval {
            phase: Phase::Umbra,
            window: seconds(20, 60),
        }],
        windows: Vec::new(),
        passes: Vec::new(),
        interlocks: Vec::new(),
        gaps: Vec::new(),
        style: None,
        wire: false,
        checks: vec![check],
        workloads: vec![WorkloadHeader {
            name: "words".to_owned(),
            device: DEVICE,
            golden: "tiny".to_owned(),
            scenario: "single-stream".to_owned(),
            input_bytes: 12_288,
            output_bytes: 1_024,
            expired: None,
            seat: None,
            memory: Vec::new(),
        }],
        inputs: Vec::new(),
        versions: std::collections::BTreeMap::new(),
        end: BenchTime::from_millis(100_000),
    }
}

fn goldens() -> Goldens {
    let cell = Cell {
        samples: 9,
        celsius: None,
        rate: 1.0,
        p50_ms: 1.0,
        p90_ms: 1.0,
        p99_ms: 1.0,
        blocks: None,
    };
    let umbra = std::iter::once(("umbra".to_owned(), cell)).collect();
    let golden = ThroughputGolden {
        campaign: "contract".to_owned(),
        band: Band {
            slower: 0.1,
            faster: Some(0.1),
            more: None,
        },
        workloads: std::iter::once(("words".to_owned(), umbra)).collect(),
        energy: std::collections::BTreeMap::new(),
    };
    Goldens {
        throughput: Some(golden),
        ..Goldens::default()
    }
}

fn judged(kind: &str, options: &Options, events: &[Event]) -> Finding {
    let header = header(spec(kind, options.clone()));
    let mut judge = Judge::new(&header, &goldens()).unwrap();
    for event in events {
        judge.take(event);
    }
    judge.conclude().remove(0)
}

fn value(spec: &OptionSpec) -> BoxedStrategy<Option<OptionValue>> {
    let given = match spec.kind {
        OptionKind::Number { min, max, .. } | OptionKind::Whole { min, max, .. } => {
            let near = (-50.0..50.0_f64).prop_map(move |n| n.clamp(min, max));
            prop_oneof![8 => near, 1 => Just(min), 1 => Just(max)]
                .prop_map(OptionValue::Number)
                .boxed()
        }
        OptionKind::Duration => prop_oneof![Just(0.0), 0.0..60.0_f64, Just(1e15)]
            .prop_map(OptionValue::Number)
            .boxed(),
        OptionKind::Text | OptionKind::Template(_) => ".*".prop_map(OptionValue::Text).boxed(),
        OptionKind::Choice(words) | OptionKind::ChoiceOrFile(words, _) => {
            prop::sample::select(words)
                .prop_map(|word| OptionValue::Text(word.to_owned()))
                .boxed()
        }
    };
    match spec.default {
        None => given.prop_map(Some).boxed(),
        Some(OptionDefault::Number(number)) => prop_oneof![
            given.prop_map(Some),
            Just(Some(OptionValue::Number(number)))
        ]
        .boxed(),
        Some(OptionDefault::Text(text)) => {
            let text = OptionValue::Text(text.to_owned());
            prop_oneof![given.prop_map(Some), Just(Some(text))].boxed()
        }
        Some(OptionDefault::Unset) => prop_oneof![given.prop_map(Some), Just(None)].boxed(),
    }
}

/// The name of a kind and settings that it takes.
fn asked() -> impl Strategy<Value = (&'static str, Options)> {
    (0..KINDS.len()).prop_flat_map(|place| {
        let kind = &KINDS[place];
        let values: Vec<_> = kind.options.iter().map(value).collect();
        let options = values.prop_map(move |values| {
            let mut options = Options::default();
            for (spec, value) in kind.options.iter().zip(values) {
                if let Some(value) = value {
                    options.set(spec.name, value);
                }
            }
            options
        });
        let valid = move |options: &Options| (kind.validate)(options).is_ok();
        options
            .prop_filter("validates", valid)
            .prop_map(move |options| (kind.name, options))
    })
}

fn happening() -> impl Strategy<Value = EventKind> {
    let number = prop_oneof![8 => -50.0..50.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let reading = (0..2_u16, number).prop_map(|(channel, value)| Reading::number(channel, value));
    let readings = prop::collection::vec(reading, 0..3);
    let inferred = (0..2_u16, 0..3_000_u32, 0..2_u32);
    prop_oneof![
        6 => readings.prop_map(|readings| EventKind::Sampled { readings: readings.into() }),
        4 => inferred.prop_map(|(input, latency_us, digest)| {
            EventKind::Inferred(Inferred { input, latency_us, round_trip_us: 0, digest, first_us: None })
        }),
        1 => (0..2_u16, 0..2_u8).prop_map(|(input, byte)| {
            let output: Arc<[u8]> = [byte].into();
            EventKind::OutputFetched { input, digest: crate::digest::crc32(&output), output }
        }),
        1 => (0..2_u16).prop_map(|input| EventKind::NoResponse { input, waited_us: 1 }),
        1 => (0..2_u16).prop_map(|lost| EventKind::Damaged {
            damage: Damage { bytes: 0, why: DamageKind::Gap { lost } },
        }),
        1 => (0..2_u8).prop_map(|n| EventKind::DeviceFailed { why: n.to_string() }),
        1 => (0..2_u8).prop_map(|n| EventKind::LinkLost { why: n.to_string() }),
        1 => Just(EventKind::LinkRestored { away_us: 1 }),
        1 => Just(EventKind::PowerCut { amps: 2.0, above_us: 1, count: 1 }),
        1 => Just(EventKind::PowerBack { off_us: 1 }),
        1 => Just(EventKind::ListUploaded { points: 2 }),
        1 => Just(EventKind::Booted),
        1 => (0..2_u16, 0..2_u32).prop_map(|(input, digest)| EventKind::Repeated {
            input, digest, asked: 2, answers: vec![digest, 1],
        }),
        1 => (0..3_u32).prop_map(|samples| EventKind::QueryDone { samples, latency_us: 9 }),
        1 => (0..2_u32).prop_map(|byte| EventKind::SetPointApplied {
            command: Command::Inject(Fault::BitFlip { byte, bit: 0 }),
            late_us: 0,
        }),
    ]
}

/// Events in time order, many of one time.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0..25_u64, happening());
    prop::collection::vec(one, 0..60).prop_map(|parts| {
        let event = |(step, kind)| Event {
            at: BenchTime::from_millis(step * 4_000),
            device: DEVICE,
            kind,
        };
        let mut events: Vec<Event> = parts.into_iter().map(event).collect();
        events.sort_by_key(|event| event.at);
        events
    })
}

#[test]
fn names_are_unique_and_explained() {
    for (place, kind) in KINDS.iter().enumerate() {
        assert!(KINDS[..place].iter().all(|other| other.name != kind.name));
        assert!(!kind.summary.is_empty() && !kind.summary.ends_with('.'));
        assert!(kind.options.iter().all(|option| !option.help.is_empty()));
    }
}

/// A channel that is told at these times in milliseconds, each 10 s, in the contract's windows.
fn told_at(late: Option<f64>, millis: impl IntoIterator<Item = u64>) -> Finding {
    let mut options = Options::default();
    options.set("every", OptionValue::Number(10.0));
    if let Some(late) = late {
        options.set("late", OptionValue::Number(late));
    }
    let told = |millis| Event {
        at: BenchTime::from_millis(millis),
        device: DEVICE,
        kind: EventKind::Sampled {
            readings: [Reading::number(0, 1.0)].into(),
        },
    };
    let mut events: Vec<Event> = millis.into_iter().map(told).collect();
    // The run goes on behind the last window.
    events.push(Event {
        at: BenchTime::from_millis(95_000),
        device: DEVICE,
        kind: EventKind::Booted,
    });
    judged("on_time", &options, &events)
}

#[test]
fn a_value_has_the_uncertainty_of_its_instrument_and_a_slope_has_none() {
    let told = |at: u64, volts: f64| Event {
        at: BenchTime::from_millis(at),
        device: DEVICE,
        kind: EventKind::Sampled {
            readings: [Reading::number(0, volts)].into(),
        },
    };
    let events: Vec<Event> = (10..80).map(|at| told(at * 1_000, 20.0)).collect();
    let found = |kind: &str, given: &[(&str, f64)]| {
        let mut options = Options::default();
        for (name, value) in given {
            options.set(name, OptionValue::Number(*value));
        }
        judged(kind, &options, &events)
    };
    let range = found("in_range", &[("min", 10.0)]);
    assert_eq!((range.value, range.uncertainty), (Some(20.0), Some(0.7)));
    let near = [("target", 19.0), ("tolerance", 2.0), ("within", 1.0)];
    let near = found("settles", &near);
    assert_eq!((near.expected, near.uncertainty), (Some(19.0), Some(0.7)));
    let slew = found("slew", &[("max_rate", 1.0)]);
    assert!(slew.value.is_some() && slew.uncertainty.is_none());
}

#[test]
fn what_is_late_or_never_comes_is_told() {
    let each = |from: u64, to: u64| (from..to).step_by(10).map(|second| second * 1_000);
    let all = || each(5, 30).chain(each(40, 90));
    let found = told_at(None, all());
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    assert_eq!((found.value, found.limit), (Some(10.0), Some(15.0)));
    // One reading of the second window comes six seconds late, and then five.
    let late = |by| all().map(move |at| if at == 60_000 { at + by } else { at });
    let found = told_at(None, late(6_000));
    assert_eq!(found.verdict, Verdict::Fail);
    assert_eq!(
        found.because,
        "payload.volts was late once: 16.000 s passed without it at T+00:01:06.000, at most 15 s \
         allowed at a cycle of 10 s"
    );
    assert_eq!(told_at(None, late(5_000)).verdict, Verdict::Pass);
    assert_eq!(told_at(Some(1.0), late(5_000)).verdict, Verdict::Fail);
    // One that never came is late by all that was left, in each window by itself.
    let found = told_at(None, each(5, 30).chain(each(40, 70)));
    assert_eq!((found.verdict, found.value), (Verdict::Fail, Some(30.0)));
    let found = told_at(None, each(40, 90));
    assert_eq!((found.verdict, found.value), (Verdict::Fail, Some(25.0)));
}

proptest! {
    #[test]
    fn no_sample_is_inconclusive((kind, options) in asked()) {
        let finding = judged(kind, &options, &[]);
        prop_assert_eq!(finding.verdict, Verdict::Inconclusive);
        prop_assert_eq!(finding.samples, 0);
        prop_assert!(!finding.because.is_empty());
    }

    #[test]
    fn the_order_of_equal_times_does_not_matter(
        (kind, options) in asked(),
        (events, order) in events().prop_flat_map(|events| {
            let places: Vec<usize> = (0..events.len()).collect();
            (Just(events), Just(places).prop_shuffle())
        }),
    ) {
        let mut shuffled: Vec<Event> = order.iter().map(|&place| events[place].clone()).collect();
        shuffled.sort_by_key(|event| event.at);
        let (one, other) = (judged(kind, &options, &events), judged(kind, &options, &shuffled));
        // By their text, since not a number equals nothing.
        prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }

    #[test]
    fn a_check_that_is_failing_fails((kind, options) in asked(), events in events()) {
        let header = header(spec(kind, options));
        let mut judge = Judge::new(&header, &goldens()).unwrap();
        let mut failing = 0;
        for event in &events {
            judge.take(event);
            prop_assert!(judge.failing() >= failing, "took it back");
            failing = judge.failing();
        }
        let finding = judge.conclude().remove(0);
        prop_assert!(failing == 0 || finding.verdict == Verdict::Fail, "{}", finding.because);
    }

    #[test]
    fn findings_are_whole((kind, options) in asked(), events in events()) {
        let finding = judged(kind, &options, &events);
        let told = spec(kind, options);
        prop_assert_eq!(finding.check, told.name);
        prop_assert_eq!(finding.subject, told.subject_text);
        prop_assert!(finding.value.is_none_or(f64::is_finite));
        prop_assert!(finding.margin.is_none_or(f64::is_finite));
        if let (Some(margin), Verdict::Pass) = (finding.margin, finding.verdict) {
            prop_assert!(margin >= 0.0, "passes with margin {}", margin);
        }
    }

    /// A check that is made without a judge, for a subject it does not know, still answers.
    #[test]
    fn every_check_answers_about_nothing((kind, options) in asked()) {
        let spec = Arc::new(CheckSpec {
            subject: Subject::Workload { workload: 9 },
            windows: Vec::new(),
            ..spec(kind, options)
        });
        let header = header((*spec).clone());
        let setup = CheckSetup { spec, header: &header, goldens: &Goldens::default() };
        let finding = (find(kind).unwrap().build)(&setup).conclude();
        prop_assert_eq!(finding.verdict, Verdict::Inconclusive);
    }
}
