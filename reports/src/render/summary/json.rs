//! `summary.json`: what a dashboard or a script asks of a run.

use std::collections::BTreeMap;

use profiles::correlation::{Correlation, Correlator};
use serde::Serialize;

use super::super::words;
use crate::report::{Answers, Correctness, Counts, Kind, Report, WorkloadStory};
use crate::verdict::{Ending, Finding, Verdict};

#[derive(Serialize)]
struct Summary<'a> {
    campaign: &'a str,
    run_id: &'a str,
    verdict: Verdict,
    because: String,
    ending: &'a Ending,
    exit_code: u8,
    sim_seconds: f64,
    orbits: Option<f64>,
    counts: Totals,
    findings: &'a [Finding],
    workloads: BTreeMap<&'a str, Workload<'a>>,
    devices: BTreeMap<&'a str, Device>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passes: Vec<Pass<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Broken<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<Gap<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interlocks: Vec<Interlock<'a>>,
}

/// Where the run was cut off, and with what it went on.
#[derive(Serialize)]
struct Gap<'a> {
    start_s: f64,
    end_s: f64,
    with: &'a str,
}

/// An interlock, whether it held, and how long its reaction took.
#[derive(Serialize)]
struct Interlock<'a> {
    name: &'a str,
    when: &'a str,
    then: &'a [String],
    within_s: f64,
    held: bool,
    reaction_s: Option<f64>,
}

/// What was broken on purpose; several alike within half a minute are one.
#[derive(Serialize)]
struct Broken<'a> {
    at_s: f64,
    device: &'a str,
    what: &'a str,
    times: u32,
}

/// What came down in one pass.
#[derive(Serialize)]
struct Pass<'a> {
    station: &'a str,
    start_s: f64,
    end_s: f64,
    capacity_bytes: f64,
    answers: u64,
    raw_bytes: u64,
    result_bytes: u64,
}

/// How many findings and events of each kind.
#[derive(Serialize)]
struct Totals {
    pass: usize,
    inconclusive: usize,
    fail: usize,
    events: u64,
    notable: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Workload<'a> {
    device: &'a str,
    answers: u64,
    no_response: u64,
    outputs_fetched: u64,
    inputs: u64,
    changed_answers: u64,
    overall: Option<Speed>,
    round_trip: Option<Speed>,
    phases: BTreeMap<&'a str, Speed>,
    correctness: Vec<Compared<'a>>,
}

/// Answers in five numbers; latencies in milliseconds.
#[derive(Serialize)]
struct Speed {
    answers: u64,
    rate_per_s: f64,
    min_ms: f64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

#[derive(Serialize)]
struct Compared<'a> {
    measure: &'a str,
    outputs: u64,
    wrong: u64,
    worst: f64,
    allowed: f64,
    unit: &'a str,
}

#[derive(Serialize)]
struct Device {
    samples: u64,
    readings: u64,
    silences: u64,
    longest_silence_s: f64,
    damages: u64,
    damaged_bytes: u64,
    lost: u64,
    retries: u64,
    no_response: u64,
    boots: u64,
    set_points: u64,
    late_p50_us: u32,
    late_p99_us: u32,
    late_max_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    energy_j: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<Clock>,
}

/// A device's own clock against bench time.
#[derive(Serialize)]
struct Clock {
    steps: u64,
    offset_s: Option<f64>,
    drift_ppm: Option<f64>,
    drift_low_ppm: Option<f64>,
    drift_high_ppm: Option<f64>,
    scatter_us: Option<f64>,
    seconds: Option<f64>,
}

impl Clock {
    fn of(correlator: &Correlator) -> Clock {
        let found = correlator.correlation();
        let told = |part: fn(&Correlation) -> f64, decimals| {
            found.as_ref().map(|found| rounded(part(found), decimals))
        };
        Clock {
            steps: correlator.steps(),
            offset_s: told(|found| found.offset_s, 6),
            drift_ppm: told(|found| found.drift_ppm, 4),
            drift_low_ppm: told(|found| found.drift_low_ppm, 4),
            drift_high_ppm: told(|found| found.drift_high_ppm, 4),
            scatter_us: told(|found| found.scatter_us, 1),
            seconds: told(|found| found.seconds, 3),
        }
    }
}

fn faults(report: &Report) -> Vec<Broken<'_>> {
    let entries = report.story.of(Kind::Injected);
    let faults = entries.map(|entry| Broken {
        at_s: entry.at.as_secs_f64(),
        device: report.device_name(entry.device),
        what: &entry.text,
        times: entry.times,
    });
    faults.collect()
}

fn gaps(report: &Report) -> Vec<Gap<'_>> {
    let gaps = report.header.gaps.iter();
    let gaps = gaps.map(|gap| Gap {
        start_s: gap.window.start.as_secs_f64(),
        end_s: gap.window.end.as_secs_f64(),
        with: &gap.with,
    });
    gaps.collect()
}

fn interlocks(report: &Report) -> Vec<Interlock<'_>> {
    let interlocks = report.header.interlocks.iter();
    let interlocks = interlocks.map(|interlock| {
        let found = report.interlock(interlock);
        Interlock {
            name: &interlock.name,
            when: &interlock.when,
            then: &interlock.then,
            within_s: interlock.within_us as f64 * 1e-6,
            held: found.is_some(),
            reaction_s: found.and_then(|found| found.value),
        }
    });
    interlocks.collect()
}

/// The report as JSON.
///
/// # Panics
/// Never: its names are text, and JSON has a word even for what is no number.
pub fn json(report: &Report) -> String {
    let of = |verdict| {
        report
            .findings
            .iter()
            .filter(|f| f.verdict == verdict)
            .count()
    };
    let notable = Kind::ALL
        .into_iter()
        .map(|kind| (kind.name(), report.story.count(kind)));
    let summary = Summary {
        campaign: &report.header.campaign,
        run_id: &report.manifest.run_id,
        verdict: report.verdict,
        because: words::because(report),
        ending: &report.ending,
        exit_code: report.manifest.exit_code,
        sim_seconds: report.manifest.sim_seconds,
        orbits: report.orbits().map(|orbits| rounded(orbits, 3)),
        counts: Totals {
            pass: of(Verdict::Pass),
            inconclusive: of(Verdict::Inconclusive),
            fail: of(Verdict::Fail),
            events: report.events,
            notable: notable.filter(|(_, count)| *count > 0).collect(),
        },
        findings: &report.findings,
        workloads: workloads(report),
        devices: devices(report),
        passes: report
            .passes
            .iter()
            .map(|story| Pass {
                station: &story.pass.station,
                start_s: story.pass.window.start.as_secs_f64(),
                end_s: story.pass.window.end.as_secs_f64(),
                capacity_bytes: story.pass.capacity_bytes.round(),
                answers: story.answers,
                raw_bytes: story.raw_bytes,
                result_bytes: story.result_bytes,
            })
            .collect(),
        faults: faults(report),
        gaps: gaps(report),
        interlocks: interlocks(report),
    };
    let text = serde_json::to_string_pretty(&summary);
    let mut text = text.expect("names are text and numbers are numbers");
    text.push('\n');
    text
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

fn workloads(report: &Report) -> BTreeMap<&str, Workload<'_>> {
    let workloads = report.header.workloads.iter().zip(&report.workloads);
    workloads
        .map(|(header, story)| (&*header.name, workload(report, header, story)))
        .collect()
}

fn workload<'a>(
    report: &'a Report,
    header: &'a crate::header::WorkloadHeader,
    story: &'a WorkloadStory,
) -> Workload<'a> {
    let compared = report
        .correctness
        .iter()
        .filter(|c| c.workload == header.name);
    Workload {
        device: report.device_name(header.device),
        answers: story.overall.as_ref().map_or(0, |answers| answers.count),
        no_response: story.no_response,
        outputs_fetched: story.outputs_fetched,
        inputs: story.inputs,
        changed_answers: story.changed,
        overall: story.overall.as_ref().map(speed),
        round_trip: story.round_trip.as_ref().map(speed),
        phases: story
            .phases
            .iter()
            .map(|p| (&*p.phase, speed(&p.answers)))
            .collect(),
        correctness: compared.map(comparison).collect(),
    }
}

fn speed(answers: &Answers) -> Speed {
    let millis = |us: u32| f64::from(us) / 1e3;
    Speed {
        answers: answers.count,
        rate_per_s: rounded(answers.rate(), 3),
        min_ms: millis(answers.min_us),
        p50_ms: millis(answers.p50_us),
        p90_ms: millis(answers.p90_us),
        p99_ms: millis(answers.p99_us),
        max_ms: millis(answers.max_us),
    }
}

fn comparison(told: &Correctness) -> Compared<'_> {
    Compared {
        measure: &told.measure,
        outputs: told.compared,
        wrong: told.wrong,
        worst: told.worst,
        allowed: told.allowed,
        unit: &told.unit,
    }
}

fn devices(report: &Report) -> BTreeMap<&str, Device> {
    let devices = report.header.devices.iter().zip(&report.devices);
    devices
        .filter(|(header, _)| header.role != "profile")
        .map(|(header, story)| {
            let Counts {
                samples,
                readings,
                damages,
                damaged_bytes,
                lost,
                ..
            } = story.counts;
            let Counts {
                retries,
                no_response,
                boots,
                set_points,
                late_max_us,
                ..
            } = story.counts;
            let late = story.lateness();
            let silences = story.channels.iter().map(crate::report::Series::gap_count);
            let longest = story
                .channels
                .iter()
                .map(crate::report::Series::longest_gap);
            let device = Device {
                samples,
                readings,
                silences: silences.max().unwrap_or(0),
                longest_silence_s: rounded(longest.fold(0.0, f64::max), 6),
                damages,
                damaged_bytes,
                lost,
                retries,
                no_response,
                boots,
                set_points,
                late_p50_us: late.map_or(0, |late| late.p50_us),
                late_p99_us: late.map_or(0, |late| late.p99_us),
                late_max_us,
                energy_j: story.energy_joules(header).map(|energy| rounded(energy, 3)),
                clock: story.clock().map(Clock::of),
            };
            (&*header.name, device)
        })
        .collect()
}
