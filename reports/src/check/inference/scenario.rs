//! `scenario`: a workload by the rules of MLPerf Inference: warm-up, least duration and count, percentiles
//! by early stopping, the latency bound of a server, the rate of offline work; by phase or plateau too.
//!
//! Rules and numbers: MLPerf Inference rules, sections "Scenarios" and "Early Stopping".

use std::collections::BTreeSet;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use super::steady::{Point, steadiness};
use super::{MIN_DURATION, min_duration, named, warm_up};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::golden::{Bin, conditions::Surroundings, cuts};
use crate::header::{NamedWindow, Subject};
use crate::statistics::{over_latency_allowed, percentile_bound, queries_needed};
use crate::verdict::{Evidence, Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "scenario",
    summary: "a workload by the rules of MLPerf: percentiles by early stopping, latency bound, rate",
    target: Target::Workload,
    options: &[
        OptionSpec {
            name: "max_latency",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Unset),
            help: "what the percentile of latency may be; a server's bound",
        },
        OptionSpec {
            name: "percentile",
            kind: OptionKind::Number {
                min: 50.0,
                max: 99.9,
                unit: "%",
            },
            default: Some(OptionDefault::Unset),
            help: "which; 90 for a single stream and 99 else, if unset",
        },
        OptionSpec {
            name: "min_rate",
            kind: OptionKind::Number {
                min: 0.0,
                max: 1e9,
                unit: "1/s",
            },
            default: Some(OptionDefault::Unset),
            help: "least samples in a second over the time from the first query to the last",
        },
        min_duration("from the first query to the last; a shorter run is not valid"),
        warm_up(WARM_UP, "queries that come first and do not count"),
    ],
    validate: |_| Ok(()),
    build: |setup| Box::new(Scenario::new(setup)),
};

/// Queries that warm the board up, as in MLPerf Tiny.
const WARM_UP: f64 = 10.0;

/// Queries that are kept: days of them.
const MOST_KEPT: usize = 4_000_000;

/// One query: when it was done, how long it took, how many samples it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Query {
    at: BenchTime,
    latency_us: u32,
    samples: u32,
    /// Of the board when it was done, thousandths of °C; none where nobody told.
    celsius: Option<i32>,
}

impl Query {
    fn bin(&self) -> Option<Bin> {
        self.celsius
            .and_then(|celsius| Bin::of(f64::from(celsius) * 1e-3))
    }
}

#[derive(Clone)]
struct Scenario {
    question: Question,
    /// As MLPerf names it: `single-stream`, `multi-stream`, `server`, `offline`.
    kind: String,
    stretches: Vec<NamedWindow>,
    surroundings: Surroundings,
    queries: Vec<Query>,
    silences: u64,
}

/// What a set of queries comes to.
struct Told {
    queries: u64,
    samples: u64,
    seconds: f64,
    /// The smallest, nearest ranks of 50, 90 and 99 %, and the largest, ms.
    ranks: [f64; 5],
    /// What the percentile surely does not exceed, ms.
    bound: Option<f64>,
    /// Sorted, µs.
    latencies: Vec<u32>,
}

impl Scenario {
    fn new(setup: &CheckSetup<'_>) -> Scenario {
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => setup.header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        Scenario {
            question: Question::new(setup),
            kind: workload.map_or(String::new(), |workload| workload.scenario.clone()),
            stretches: cuts(setup.header, &setup.spec.windows),
            surroundings: Surroundings::new(
                workload.and_then(|workload| setup.header.device_at(workload.device)),
            ),
            queries: Vec::new(),
            silences: 0,
        }
    }

    fn is_single_stream(&self) -> bool {
        self.kind == "single-stream"
    }

    /// The percentile that counts, as a share.
    fn share(&self) -> f64 {
        let usual = if self.is_single_stream() { 90.0 } else { 99.0 };
        self.question.option("percentile").unwrap_or(usual) / 100.0
    }

    /// Which, as people say it.
    fn percentile(&self) -> String {
        format!("p{}", self.share() * 100.0)
    }

    /// Of queries in order of time.
    fn told(&self, queries: &[Query]) -> Told {
        let mut latencies: Vec<u32> = queries.iter().map(|query| query.latency_us).collect();
        latencies.sort_unstable();
        let rank = |percent: usize| {
            let rank = (latencies.len() * percent).div_ceil(100).max(1);
            f64::from(latencies.get(rank - 1).copied().unwrap_or(0)) * 1e-3
        };
        let begin = queries.first().map(|first| {
            let micros = first.at.as_micros();
            BenchTime::from_micros(micros.saturating_sub(u64::from(first.latency_us)))
        });
        let span = begin.zip(queries.last());
        Told {
            queries: queries.len() as u64,
            samples: queries.iter().map(|query| u64::from(query.samples)).sum(),
            seconds: span.map_or(0.0, |(begin, last)| {
                last.at.micros_since(begin) as f64 * 1e-6
            }),
            ranks: [0, 50, 90, 99, 100].map(rank),
            bound: percentile_bound(self.share(), &latencies).map(|us| f64::from(us) * 1e-3),
            latencies,
        }
    }

    fn evidence(&self, name: &str, told: &Told) -> Evidence {
        let [min, p50, p90, p99, max] = told.ranks;
        let rate = told.samples as f64 / told.seconds;
        let percentile = self.percentile();
        let bound = match told.bound {
            _ if self.kind == "offline" => String::new(),
            Some(bound) => format!("; {percentile} surely at most {bound:.3} ms"),
            None => format!(
                "; too few for {percentile}: {} are needed",
                queries_needed(self.share(), 1)
            ),
        };
        let text = format!(
            "{} queries of {} samples in {:.0} s, {rate:.3} samples/s; from {min:.3}, p50 {p50:.3}, \
             p90 {p90:.3}, p99 {p99:.3}, to {max:.3} ms{bound}",
            told.queries, told.samples, told.seconds
        );
        let mut numbers = vec![
            ("queries", told.queries as f64),
            ("samples", told.samples as f64),
            ("seconds", told.seconds),
            ("samples_per_s", rate),
            ("min_ms", min),
            ("p50_ms", p50),
            ("p90_ms", p90),
            ("p99_ms", p99),
            ("max_ms", max),
        ];
        numbers.extend(told.bound.map(|bound| ("bound_ms", bound)));
        Evidence::new(name, text, &numbers)
    }

    /// Thousandths of °C of the board before `at`, where it tells.
    fn celsius(&self, at: BenchTime) -> Option<i32> {
        let celsius = self.surroundings.at(at).celsius;
        celsius.is_finite().then_some((celsius * 1e3) as i32)
    }

    /// A stretch in bins of ten kelvins, where it spans several: a board that gets hot may be slower.
    fn by_temperature(&self, name: &str, queries: &[Query]) -> Vec<Evidence> {
        let bins: BTreeSet<Bin> = queries.iter().filter_map(Query::bin).collect();
        let several = bins.len() > 1;
        let told = bins.into_iter().filter(|_| several).map(|bin| {
            let inside = queries.iter().filter(|query| query.bin() == Some(bin));
            let inside: Vec<Query> = inside.copied().collect();
            self.evidence(&bin.within(name), &self.told(&inside))
        });
        told.collect()
    }

    /// Why the run does not count, if so.
    fn invalid(&self, told: &Told) -> Option<String> {
        let least = self.question.option("min_duration").unwrap_or(MIN_DURATION);
        if told.seconds < least {
            return Some(format!(
                "not valid: queries went on for {:.1} s, at least {least} s asked",
                told.seconds
            ));
        }
        let needed = queries_needed(self.share(), 1);
        (self.kind != "offline" && told.queries < needed).then(|| {
            let percentile = self.percentile();
            let count = told.queries;
            format!("not valid: {count} queries, and {percentile} takes {needed}")
        })
    }

    /// The verdict, with the value and the limit that it rests on.
    fn verdict(&self, told: &Told) -> (Verdict, String, Option<(f64, f64, &'static str)>) {
        let subject = self.question.subject();
        let rate = told.samples as f64 / told.seconds;
        if let Some(least) = self.question.option("min_rate")
            && rate < least
        {
            let because = format!("{subject} does {rate:.3} samples/s, at least {least} asked");
            return (Verdict::Fail, because, Some((rate, least, "1/s")));
        }
        let percentile = self.percentile();
        let bound = told.bound.unwrap_or(f64::NAN);
        let Some(most) = self
            .question
            .option("max_latency")
            .map(|seconds| seconds * 1e3)
        else {
            let found = match self.kind.as_str() {
                "offline" => format!("{subject} does {rate:.3} samples/s"),
                _ => format!("{percentile} of {subject} is surely at most {bound:.3} ms"),
            };
            let limit = self.question.option("min_rate");
            let numbers = limit.map(|limit| (rate, limit, "1/s"));
            return (Verdict::Pass, found, numbers);
        };
        let over = told
            .latencies
            .partition_point(|us| f64::from(*us) * 1e-3 <= most);
        let over = told.queries - over as u64;
        let allowed = over_latency_allowed(self.share(), told.queries).unwrap_or(0);
        let part = over as f64 / told.queries.max(1) as f64;
        let found = format!(
            "{over} of {} queries of {subject} took more than {most} ms; {percentile} with 99 % confidence \
             allows {allowed}",
            told.queries
        );
        let numbers = Some((bound, most, "ms"));
        if over <= allowed {
            (Verdict::Pass, found, numbers)
        } else if part > 1.0 - self.share() {
            (Verdict::Fail, found, numbers)
        } else {
            let needed = queries_needed(self.share(), over);
            let because = format!("{found}; as many over take {needed} queries");
            (Verdict::Inconclusive, because, numbers)
        }
    }
}

impl Check for Scenario {
    fn observe(&mut self, _window: usize, event: &Event) {
        let query = match &event.kind {
            EventKind::Inferred(inferred) if self.is_single_stream() => Query {
                at: event.at,
                latency_us: inferred.latency_us,
                samples: 1,
                celsius: self.celsius(event.at),
            },
            EventKind::QueryDone {
                samples,
                latency_us,
            } if !self.is_single_stream() => Query {
                at: event.at,
                latency_us: u32::try_from(*latency_us).unwrap_or(u32::MAX),
                samples: *samples,
                celsius: self.celsius(event.at),
            },
            EventKind::Sampled { readings } => {
                self.surroundings.take(event.at, readings);
                return;
            }
            EventKind::NoResponse { .. } => {
                self.silences += 1;
                return;
            }
            _ => return,
        };
        if self.queries.len() < MOST_KEPT {
            self.queries.push(query);
        }
    }

    /// Percentiles are known at the end only.
    fn failing(&self) -> bool {
        false
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        let mut queries = std::mem::take(&mut self.queries);
        queries.sort_unstable();
        let warm_up = self.question.option("warm_up").unwrap_or(WARM_UP) as usize;
        let counted = queries.get(warm_up..).unwrap_or_default();
        let samples = counted.len() as u64;
        if counted.is_empty() {
            let all = queries.len() as u64 + self.silences;
            let because = format!(
                "no query of {} during {} was answered after a warm-up of {warm_up}",
                self.question.subject(),
                self.question.spec().during
            );
            return self.question.finding(Verdict::Inconclusive, all, because);
        }
        let told = self.told(counted);
        let (verdict, because, numbers) = match self.invalid(&told) {
            Some(because) => (Verdict::Inconclusive, because, None),
            // A query that is never answered took longer than any bound.
            None if self.silences > 0 => {
                let because = format!("{} queries were never answered", self.silences);
                (Verdict::Fail, because, None)
            }
            None => self.verdict(&told),
        };
        let mut evidence = vec![self.evidence(&self.kind, &told)];
        let points = counted.iter().map(|query| Point {
            at: query.at,
            millis: f64::from(query.latency_us) * 1e-3,
            celsius: query.celsius.map(|celsius| f64::from(celsius) * 1e-3),
        });
        evidence.extend(steadiness(&points.collect::<Vec<Point>>()));
        for (name, windows) in named(&self.stretches) {
            let inside = |query: &&Query| windows.iter().any(|window| window.contains(query.at));
            let some: Vec<Query> = counted.iter().filter(inside).copied().collect();
            if !some.is_empty() && some.len() < counted.len() {
                evidence.push(self.evidence(name, &self.told(&some)));
            }
            evidence.extend(self.by_temperature(name, &some));
        }
        let finding = self.question.finding(verdict, samples, because);
        match numbers {
            Some((value, limit, unit)) => Finding {
                value: value.is_finite().then_some(value),
                limit: Some(limit),
                margin: value.is_finite().then_some(match unit {
                    "1/s" => value - limit,
                    _ => limit - value,
                }),
                unit: unit.to_owned(),
                evidence,
                ..finding
            },
            None => Finding {
                evidence,
                ..finding
            },
        }
    }
}
