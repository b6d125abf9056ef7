//! Judging: findings of whole runs, as people read them.

use std::sync::Arc;

use profiles::option::OptionValue;
use profiles::reading::Reading;
use profiles::time::BenchTime;
use reports::digest::crc32;
use reports::event::{DeviceId, Event, EventKind};
use reports::golden::{Band, Gauge, Goldens, ThroughputGolden};
use reports::header::{CheckSpec, NamedWindow, Subject};
use reports::judge::Judge;
use reports::verdict::{Ending, Finding, Progress, Verdict};

use crate::bench_run::{
    BOARD, SUPPLY, VOLTS, WORDS, check, event, header, inferred, seconds, volts,
};
use crate::golden::goldens;

fn judge(check: CheckSpec, goldens: &Goldens, events: &[Event]) -> Finding {
    let mut header = header();
    header.checks = vec![check];
    let mut judge = Judge::new(&header, goldens).unwrap();
    for event in events {
        judge.take(event);
    }
    let ending = Ending::Completed;
    judge.take(&event(
        100_000,
        DeviceId::BENCH,
        EventKind::RunEnded { ending },
    ));
    let mut findings = judge.conclude();
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

fn told(check: CheckSpec, goldens: &Goldens, events: &[Event]) -> String {
    let finding = judge(check, goldens, events);
    format!("{}: {}", finding.verdict, finding.because)
}

fn bus(events: &[Event], kind: &str, numbers: &[(&str, f64)]) -> String {
    told(check(kind, VOLTS, numbers), &Goldens::default(), events)
}

#[test]
fn in_range_names_value_limit_time_and_phase() {
    let events = [
        volts(1_000, 28.0),
        volts(62_100, 24.812),
        volts(63_000, 28.0),
    ];
    let range = [("min", 26.0), ("max", 30.0)];
    insta::assert_snapshot!(bus(&events, "in_range", &range), @"FAIL: bus_supply.volts 24.812 V below 26 V at T+00:01:02.100 in umbra");
    insta::assert_snapshot!(bus(&events[..1], "in_range", &range), @"PASS: bus_supply.volts stays in 26 V to 30 V; nearest 28.000 V at T+00:00:01.000 in sunlit");
    insta::assert_snapshot!(bus(&[], "in_range", &range), @"INCONCLUSIVE: no sample of bus_supply.volts during whole run");
    let nan = [volts(1_000, f64::NAN)];
    insta::assert_snapshot!(bus(&nan, "in_range", &range), @"FAIL: bus_supply.volts is not a number at T+00:00:01.000 in sunlit, 26 V to 30 V asked");
    let finding = judge(
        check("in_range", VOLTS, &range),
        &Goldens::default(),
        &events,
    );
    assert_eq!(finding.value, Some(24.812));
    assert_eq!(finding.limit, Some(26.0));
    assert!((finding.margin.unwrap() + 1.188).abs() < 1e-9);
    assert_eq!(finding.phase.as_deref(), Some("umbra"));
    assert_eq!(finding.samples, 3);
}

#[test]
fn in_range_forgives_what_does_not_last() {
    let events = [
        volts(0, 28.0),
        volts(1_000, 20.0),
        volts(2_000, 20.0),
        volts(3_000, 28.0),
    ];
    let held = |hold| bus(&events, "in_range", &[("min", 26.0), ("hold", hold)]);
    insta::assert_snapshot!(held(2.0), @"PASS: bus_supply.volts stays in at least 26 V; nearest 28.000 V at T+00:00:00.000 in sunlit; 1 excursions shorter than 2 s");
    insta::assert_snapshot!(held(1.0), @"FAIL: bus_supply.volts 20.000 V below 26 V at T+00:00:01.000 in sunlit");
}

#[test]
fn clock_judges_drift_by_its_confidence_and_counts_steps() {
    // A clock in seconds, fast by 20 ppm; stamps come up to 1.2 ms late.
    let ticking = |set_back: f64| -> Vec<Event> {
        (0..90_u64)
            .map(|n| {
                let told = n as f64 * (1.0 + 20e-6) - (n * 7_919 % 13) as f64 * 1e-4;
                volts(n * 1_000, if n < 60 { told } else { told - set_back })
            })
            .collect()
    };
    let clock = |max: f64, steps: f64, set_back: f64| {
        bus(
            &ticking(set_back),
            "clock",
            &[("max_drift", max), ("steps", steps)],
        )
    };
    insta::assert_snapshot!(clock(30.0, 0.0, 0.0), @"PASS: bus_supply.volts runs 20.000 ppm off bench time over 89 s (95 %: 15.000 to 22.222), at most 30 ppm allowed");
    insta::assert_snapshot!(clock(10.0, 0.0, 0.0), @"FAIL: bus_supply.volts runs 20.000 ppm off bench time over 89 s (95 %: 15.000 to 22.222), at most 10 ppm allowed");
    insta::assert_snapshot!(clock(20.0, 0.0, 0.0), @"INCONCLUSIVE: bus_supply.volts runs 20.000 ppm off bench time over 89 s (95 %: 15.000 to 22.222): too short or too noisy to tell from 20 ppm");
    insta::assert_snapshot!(clock(30.0, 0.0, 9.0), @"FAIL: bus_supply.volts was set or started anew 1 times, 0 allowed; bus_supply.volts runs 17.826 ppm off bench time over 59 s (95 %: 11.176 to 23.922), at most 30 ppm allowed");
    insta::assert_snapshot!(clock(30.0, 1.0, 9.0), @"PASS: bus_supply.volts runs 17.826 ppm off bench time over 59 s (95 %: 11.176 to 23.922), at most 30 ppm allowed");
    insta::assert_snapshot!(bus(&ticking(0.0)[..3], "clock", &[("max_drift", 1.0)]), @"INCONCLUSIVE: bus_supply.volts was heard too shortly for a drift");
}

/// Red 20 to 36 V; 5 to 15 V while the output is off, 26 to 30 V in the hot plateau, which is the
/// last of the umbra, and at most 40 V in the umbra.
fn limited(events: &[Event], samples: f64) -> String {
    let numbers = [("red_min", 20.0), ("red_max", 36.0), ("samples", samples)];
    let mut check = check("limits", VOLTS, &numbers);
    let contexts = "output=off: red 5..15; umbra & hot: red 26..30, yellow 27..; umbra: red ..40";
    check
        .options
        .set("contexts", OptionValue::Text(contexts.to_owned()));
    let mut header = header();
    header.windows = vec![NamedWindow {
        name: "hot".to_owned(),
        window: seconds(40, 80),
    }];
    header.checks = vec![check];
    let mut judge = Judge::new(&header, &Goldens::default()).unwrap();
    for event in events {
        judge.take(event);
    }
    let end = EventKind::RunEnded {
        ending: Ending::Completed,
    };
    judge.take(&event(100_000, DeviceId::BENCH, end));
    let finding = judge.conclude().remove(0);
    format!("{}: {}", finding.verdict, finding.because)
}

#[test]
fn limits_depend_on_phase_window_and_state_at_the_time_of_the_sample() {
    let switched = |millis, state| {
        let readings = [Reading::state(1, state)].into();
        event(millis, SUPPLY, EventKind::Sampled { readings })
    };
    let only = |millis, volts| {
        let readings = [Reading::number(0, volts)].into();
        event(millis, SUPPLY, EventKind::Sampled { readings })
    };
    // Each value would be outside every limit but those of its context.
    let kept = [
        switched(0, 0),
        only(1_000, 10.0),
        switched(2_000, 1),
        only(3_000, 21.0),
        only(45_000, 35.0),
        only(60_000, 26.5),
        only(90_000, 39.0),
    ];
    insta::assert_snapshot!(limited(&kept, 1.0), @"PASS: bus_supply.volts 26.500 V at T+00:01:00.000 in umbra is nearest to its red limits; 1 times outside yellow limits, worst 26.500 V of 27 V at T+00:01:00.000 in umbra");
    // The state is that of the sample, not that of the moment when it is looked at.
    let late = [
        switched(0, 1),
        only(1_000, 10.0),
        switched(1_001, 0),
        switched(2_000, 1),
    ];
    insta::assert_snapshot!(limited(&late, 1.0), @"FAIL: bus_supply.volts 10.000 V at T+00:00:01.000 in sunlit, outside its red limit of 20 V");
    let hot = [only(50_000, 35.0)];
    insta::assert_snapshot!(limited(&hot, 1.0), @"FAIL: bus_supply.volts 35.000 V at T+00:00:50.000 in umbra, outside its red limit of 30 V");
    // Two in a row are forgiven where three are asked for, across contexts, too.
    let twice = [
        only(1_000, 10.0),
        only(2_000, 10.0),
        only(3_000, 28.0),
        only(55_000, 10.0),
    ];
    insta::assert_snapshot!(limited(&twice, 3.0), @"PASS: bus_supply.volts 28.000 V at T+00:00:03.000 in sunlit is nearest to its red limits; 2 red excursions of fewer than 3 samples");
    let thrice = [only(48_000, 10.0), only(49_000, 10.0), only(50_000, 10.0)];
    insta::assert_snapshot!(limited(&thrice, 3.0), @"FAIL: bus_supply.volts 10.000 V at T+00:00:50.000 in umbra, outside its red limit of 26 V");
}

#[test]
fn settles_judges_what_comes_after_the_time_to_settle() {
    let numbers = [("target", 28.0), ("tolerance", 0.5), ("within", 5.0)];
    let events = [volts(0, 0.0), volts(3_000, 27.9), volts(6_000, 28.2)];
    insta::assert_snapshot!(bus(&events, "settles", &numbers), @"PASS: bus_supply.volts settles at 28 ± 0.5 V within 3.000 s; farthest 28.200 V at T+00:00:06.000 in sunlit");
    insta::assert_snapshot!(bus(&events[..2], "settles", &numbers), @"INCONCLUSIVE: no sample of bus_supply.volts in whole run from T+00:00:05.000 on");
    let late = [volts(0, 0.0), volts(6_000, 20.0), volts(7_000, 28.0)];
    insta::assert_snapshot!(bus(&late, "settles", &numbers), @"FAIL: bus_supply.volts 20.000 V not at 28 ± 0.5 V at T+00:00:06.000 in sunlit, 5 s or more after the start");
}

#[test]
fn slew_measures_over_a_span() {
    let numbers = [("max_rate", 2.0), ("span", 10.0)];
    let events: Vec<Event> = (0..20)
        .map(|n| volts(n * 1_000, n as f64 * 0.0625))
        .collect();
    insta::assert_snapshot!(bus(&events, "slew", &numbers), @"FAIL: bus_supply.volts changes by 3.750 V/min over 10 s at T+00:00:10.000 in sunlit, at most 2 V/min allowed");
    insta::assert_snapshot!(bus(&events[..5], "slew", &numbers), @"INCONCLUSIVE: no two samples of bus_supply.volts lie 10 s apart in one window");
}

#[test]
fn no_loss_counts_gaps_and_rates() {
    use profiles::reading::{Damage, DamageKind};
    let subject = Subject::Device {
        device: DeviceId(0),
    };
    let mut events: Vec<Event> = (0..99).map(|n| volts(n * 1_000, 28.0)).collect();
    let none = Goldens::default();
    let told = |events: &[Event], rate: f64| {
        told(
            check("no_loss", subject, &[("min_rate", rate)]),
            &none,
            events,
        )
    };
    insta::assert_snapshot!(told(&events, 0.5), @"PASS: 99 packets of payload in 100.0 s, 0.990 1/s, none damaged, at least 0.5 1/s");
    insta::assert_snapshot!(told(&events, 1.0), @"FAIL: 99 packets of payload in 100.0 s, 0.990 1/s, below 1 1/s");
    let damage = Damage {
        bytes: 0,
        why: DamageKind::Gap { lost: 3 },
    };
    events.push(event(99_000, DeviceId(0), EventKind::Damaged { damage }));
    insta::assert_snapshot!(told(&events, 0.5), @"FAIL: payload lost 3 packets beside 99 whole ones, first at T+00:01:39.000 in umbra: 1 x gap in the sequence");
}

fn fetched(millis: u64, input: u16, bytes: &[u8]) -> Event {
    let output: Arc<[u8]> = bytes.into();
    let digest = crc32(bytes);
    let kind = EventKind::OutputFetched {
        input,
        digest,
        output,
    };
    event(millis, BOARD, kind)
}

#[test]
fn matches_golden_trusts_only_what_was_fetched() {
    let right = [1, 2, 3, 4];
    let wrong = [1, 2, 5, 4];
    let ask = || check("matches_golden", WORDS, &[]);
    let accepted = goldens("accepted");
    let answered = inferred(1_000, 0, 900, crc32(&right));
    let fetched_right = fetched(1_100, 0, &right);
    insta::assert_snapshot!(told(ask(), &accepted, &[answered.clone(), fetched_right.clone()]), @"PASS: 1 answers of words match golden `tiny`: 1 different outputs compared, 1 equal in every byte");
    insta::assert_snapshot!(told(ask(), &accepted, std::slice::from_ref(&answered)), @"INCONCLUSIVE: 1 of 1 different answers of words were never fetched and compared, first input 0 with digest b63cfbcd at T+00:00:01.000 in sunlit");
    let events = [
        inferred(1_000, 0, 900, crc32(&wrong)),
        fetched(1_100, 0, &wrong),
    ];
    insta::assert_snapshot!(told(ask(), &accepted, &events), @"FAIL: WRONG: output of input 0 decides for class 2 (5), golden for class 3 (4 there, 4 ours) at T+00:00:01.100 in sunlit; 1 of 1 answers are this one");
    let silent = EventKind::NoResponse {
        input: 1,
        waited_us: 2_000_000,
    };
    let events = [
        answered.clone(),
        fetched_right.clone(),
        event(2_000, BOARD, silent),
    ];
    insta::assert_snapshot!(told(ask(), &accepted, &events), @"FAIL: words gave no answer to 1 of 2 queries, first input 1 at T+00:00:02.000 in sunlit");
    let events = [answered, fetched_right];
    insta::assert_snapshot!(told(ask(), &goldens("pending"), &events), @"INCONCLUSIVE: golden `tiny` is pending, not accepted");
    insta::assert_snapshot!(told(ask(), &Goldens::default(), &events), @"INCONCLUSIVE: golden `tiny` is missing");
    insta::assert_snapshot!(told(ask(), &accepted, &[]), @"INCONCLUSIVE: no sample of words during whole run");
}

/// Answers every 500 ms, slower in the dark.
fn answers(dark_us: u32) -> Vec<Event> {
    let latency = |millis| if millis < 50_000 { 80_000 } else { dark_us };
    let each = (0..200).map(|n| n * 500);
    each.map(|millis| inferred(millis, 0, latency(millis), 1))
        .collect()
}

#[test]
fn throughput_is_judged_phase_by_phase() {
    let mut gauge = Gauge::new(&header());
    for event in answers(120_000) {
        gauge.observe(&event);
    }
    let band = Band {
        slower: 0.03,
        faster: None,
        more: None,
    };
    let golden = ThroughputGolden::accept(&header(), &gauge.cells(), band);
    let goldens = Goldens {
        throughput: Some(golden),
        ..Goldens::default()
    };
    let ask = |least| check("throughput", WORDS, &[("min_samples", least)]);
    insta::assert_snapshot!(told(ask(64.0), &goldens, &answers(120_000)), @"PASS: words is within 1.03 of the golden in sunlit: p50 latency 1.0000 (1.0000 to 1.0000), p90 latency 1.0000 (1.0000 to 1.0000), time per answer 1.0000 (1.0000 to 1.0000)");
    insta::assert_snapshot!(told(ask(64.0), &goldens, &answers(126_000)), @"FAIL: words is beyond 1.03 of the golden in umbra: p50 latency 1.0500 (1.0500 to 1.0500), p90 latency 1.0500 (1.0500 to 1.0500), time per answer 1.0000 (1.0000 to 1.0000)");
    insta::assert_snapshot!(told(ask(101.0), &goldens, &answers(120_000)), @"INCONCLUSIVE: 100 answers of words in sunlit, at least 101 needed");
    insta::assert_snapshot!(told(ask(64.0), &Goldens::default(), &answers(120_000)), @"INCONCLUSIVE: no throughput golden for words");
}

#[test]
fn a_check_is_asked_while_the_run_goes_on_and_answers_the_same_in_the_end() {
    let mut header = header();
    let mut late = check("in_range", VOLTS, &[("min", 26.0)]);
    late.windows[0].window.start = BenchTime::from_millis(50_000);
    header.checks = vec![check("in_range", VOLTS, &[("min", 26.0)]), late];
    let mut judge = Judge::new(&header, &Goldens::default()).unwrap();
    let so_far = |judge: &Judge| {
        let standings = judge.standings().into_iter();
        let each = standings.map(|it| (it.progress, it.finding.verdict, it.finding.margin));
        each.collect::<Vec<_>>()
    };
    judge.take(&volts(1_000, 28.0));
    let (pass, unknown) = (Verdict::Pass, Verdict::Inconclusive);
    let first = (Progress::Watching, pass, Some(2.0));
    assert_eq!(so_far(&judge), [first, (Progress::Waiting, unknown, None)]);
    judge.take(&volts(60_000, 25.0));
    let failed = (Progress::Watching, Verdict::Fail, Some(-1.0));
    assert_eq!(so_far(&judge), [failed, failed]);
    let ending = Ending::Completed;
    judge.take(&event(
        100_000,
        DeviceId::BENCH,
        EventKind::RunEnded { ending },
    ));
    let asked: Vec<Finding> = judge.standings().into_iter().map(|it| it.finding).collect();
    assert!(
        judge
            .standings()
            .iter()
            .all(|it| it.progress == Progress::Done)
    );
    assert_eq!(asked, judge.conclude());
}

#[test]
fn a_run_that_stops_early_passes_nothing() {
    let mut header = header();
    header.checks = vec![check("in_range", VOLTS, &[("min", 26.0)])];
    let mut judge = Judge::new(&header, &Goldens::default()).unwrap();
    judge.take(&volts(1_000, 28.0));
    let ending = Ending::Interrupted { why: None };
    judge.take(&event(
        2_000,
        DeviceId::BENCH,
        EventKind::RunEnded { ending },
    ));
    let finding = judge.conclude().remove(0);
    assert_eq!(finding.verdict, Verdict::Inconclusive);
    insta::assert_snapshot!(finding.because, @"the run stopped at T+00:00:02.000, before whole run was over at T+00:01:40.000; until then: bus_supply.volts stays in at least 26 V; nearest 28.000 V at T+00:00:01.000 in sunlit");
}

#[test]
fn making_safe_is_no_answer_to_a_question() {
    let mut header = header();
    header.checks = vec![check("in_range", VOLTS, &[("min", 26.0)])];
    let mut judge = Judge::new(&header, &Goldens::default()).unwrap();
    judge.take(&volts(1_000, 28.0));
    judge.take(&event(1_500, DeviceId::BENCH, EventKind::StepsAbandoned));
    // The supply is being switched off: its volts fall, and nobody asked for them to stay.
    judge.take(&volts(2_000, 0.0));
    let why = "a board failed".to_owned();
    let ending = Ending::BenchFault { why };
    judge.take(&event(
        3_000,
        DeviceId::BENCH,
        EventKind::RunEnded { ending },
    ));
    let finding = judge.conclude().remove(0);
    assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
    assert_eq!(finding.samples, 1);
}

#[test]
fn a_run_that_is_cut_off_is_no_slower_for_it() {
    let mut header = header();
    header.checks = vec![check("throughput", WORDS, &[("min_samples", 64.0)])];
    let mut gauge = Gauge::new(&header);
    for event in answers(120_000) {
        gauge.observe(&event);
    }
    let band = Band {
        slower: 0.03,
        faster: None,
        more: None,
    };
    let goldens = Goldens {
        throughput: Some(ThroughputGolden::accept(&header, &gauge.cells(), band)),
        ..Goldens::default()
    };
    let mut judge = Judge::new(&header, &goldens).unwrap();
    // 84 s of 100, every answer in time; then nothing, as after a kill.
    for event in &answers(120_000)[..168] {
        judge.take(event);
    }
    let finding = judge.conclude().remove(0);
    assert_eq!(finding.verdict, Verdict::Inconclusive, "{finding:?}");
}

#[test]
fn checks_see_their_windows_only() {
    let mut only_dark = check("in_range", VOLTS, &[("min", 26.0)]);
    only_dark.windows[0].window = seconds(50, 100);
    let events = [volts(49_999, 0.0), volts(50_000, 28.0)];
    let finding = judge(only_dark, &Goldens::default(), &events);
    assert_eq!((finding.verdict, finding.samples), (Verdict::Pass, 1));
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let refused = |spec: CheckSpec| {
        let mut header = header();
        header.checks = vec![spec];
        Judge::new(&header, &Goldens::default())
            .err()
            .unwrap()
            .to_string()
    };
    let mut odd = check("in_range", VOLTS, &[("min", 3.0), ("max", 2.0)]);
    insta::assert_snapshot!(refused(odd.clone()), @"check `a in_range check`: min 3 is above max 2");
    odd.kind = "odd".to_owned();
    insta::assert_snapshot!(refused(odd), @"check `a in_range check`: no kind `odd`");
    let gone = Subject::Workload { workload: 9 };
    insta::assert_snapshot!(refused(check("responds", gone, &[])), @"check `a responds check`: `words` is not there");
}
