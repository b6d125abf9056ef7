//! `upsets`: what injections into a board did to its workload: nothing, corrected, detected, hang, or
//! silently wrong answers; with intervals, and with how many injections the wanted margin needs.
//!
//! An effect is laid to the last injection before it. A wrong output that was given since the last
//! start already is no new effect: flips of memory stay and add up.

mod effects;
mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::command::{Command, Fault};
use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use effects::{Effect, injected};
use telling::count;

use super::{Answer, unusable};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::digest::crc32;
use crate::event::{Event, EventKind};
use crate::golden::conditions::{Conditions, Surroundings};
use crate::golden::{Golden, Rung};
use crate::header::{Parameters, Subject};
use crate::statistics::Method;
use crate::verdict::{Finding, Verdict};

const fn share(name: &'static str, default: Option<f64>, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number {
            min: 0.0,
            max: 1.0,
            unit: "",
        },
        default: Some(match default {
            Some(number) => OptionDefault::Number(number),
            None => OptionDefault::Unset,
        }),
        help,
    }
}

pub(in crate::check) const KIND: Kind = Kind {
    name: "upsets",
    summary: "what injected faults did to a workload: silent, detected, corrected, hang, masked",
    target: Target::Workload,
    options: &[
        share(
            "max_silent",
            None,
            "largest share of injections that may end in silently wrong answers",
        ),
        share(
            "margin",
            Some(0.05),
            "half width within which shares are to be known",
        ),
        share("confidence", Some(0.95), "of intervals and margin"),
        OptionSpec {
            name: "interval",
            kind: OptionKind::Choice(Method::NAMES),
            default: Some(OptionDefault::Text("wilson")),
            help: "how intervals are made",
        },
        OptionSpec {
            name: "population",
            kind: OptionKind::Whole {
                min: 1.0,
                max: 1e18,
                unit: "",
            },
            default: Some(OptionDefault::Unset),
            help: "how many injections are possible: bits times instants; without end if unset",
        },
    ],
    validate: |options| {
        let inside = |name| {
            let value = options.number(name);
            value.is_none_or(|value| value > 0.0 && value < 1.0)
        };
        if inside("margin") && inside("confidence") {
            Ok(())
        } else {
            Err("`margin` and `confidence` must be above 0 and below 1".to_owned())
        }
    },
    build: |setup| Box::new(Upsets::new(setup)),
};

/// Events that are kept of a run, of each kind: days of it.
const MOST_KEPT: usize = 2_000_000;
/// How an output was judged.
#[derive(Clone)]
enum Judged {
    Right,
    /// It says itself that it is none.
    NotFinite(String),
    /// Its numbers are wrong, and what it decides is right.
    Degraded(String),
    Wrong(String),
}

#[derive(Clone)]
struct Upsets {
    question: Question,
    golden: Option<Arc<Golden>>,
    unusable: Option<String>,
    /// Number of the channel that counts corrected errors, and of the board's current.
    corrected_channel: Option<u16>,
    amps_channel: Option<u16>,
    /// What lies in the board's memory.
    memory: Vec<Parameters>,
    surroundings: Surroundings,
    /// What the board stood in at each injection.
    conditions: BTreeMap<BenchTime, Conditions>,
    injections: Vec<(BenchTime, Fault)>,
    answers: Vec<(BenchTime, Answer)>,
    judged: BTreeMap<Answer, Judged>,
    boots: Vec<BenchTime>,
    silences: Vec<BenchTime>,
    refusals: Vec<BenchTime>,
    /// Firmware that ran no more: why, and whether it ended itself.
    stops: Vec<(BenchTime, String, bool)>,
    corrected: Vec<(BenchTime, f64)>,
    amps: Vec<(BenchTime, f64)>,
}

/// Whether a fault is one of what surrounds a board, and upsets nothing in it; or of real memory,
/// which tells by itself when it is upset.
fn is_around(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::MemoryFlip { .. }
            | Fault::Line { .. }
            | Fault::BrownOut { .. }
            | Fault::PowerCycle { .. }
            | Fault::Weak { .. }
    )
}

impl Upsets {
    fn new(setup: &CheckSetup<'_>) -> Upsets {
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => setup.header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        let golden = workload
            .and_then(|w| setup.goldens.workloads.get(&w.golden))
            .cloned();
        let board = workload.and_then(|workload| setup.header.device_at(workload.device));
        let channels = board.map(|board| &board.channels[..]).unwrap_or_default();
        let place = |found: Option<usize>| found.map(|place| place as u16);
        Upsets {
            question: Question::new(setup),
            unusable: unusable(workload, golden.as_deref()),
            golden,
            corrected_channel: place(channels.iter().position(|c| c.name.contains("corrected"))),
            amps_channel: place(channels.iter().position(|c| &*c.unit == "A")),
            memory: workload.map_or_else(Vec::new, |workload| workload.memory.clone()),
            surroundings: Surroundings::new(board),
            conditions: BTreeMap::new(),
            injections: Vec::new(),
            answers: Vec::new(),
            judged: BTreeMap::new(),
            boots: Vec::new(),
            silences: Vec::new(),
            refusals: Vec::new(),
            stops: Vec::new(),
            corrected: Vec::new(),
            amps: Vec::new(),
        }
    }

    fn injected(&mut self, at: BenchTime, fault: Fault) {
        self.conditions.insert(at, self.surroundings.at(at));
        self.injections.push((at, fault));
    }

    fn fetched(&mut self, answer: Answer, output: &[u8]) {
        let Some(golden) = &self.golden else { return };
        if self.judged.contains_key(&answer) {
            return;
        }
        let comparison = golden.compare(usize::from(answer.0), output);
        let judged = if crc32(output) != answer.1 {
            Judged::Wrong("its digest is not the one that was announced".to_owned())
        } else if comparison.passes() {
            Judged::Right
        } else if comparison.rung == Rung::NonFinite {
            Judged::NotFinite(comparison.because)
        } else {
            let because = format!("{}: {}", comparison.rung, comparison.because);
            if comparison.rung == Rung::Degraded {
                Judged::Degraded(because)
            } else {
                Judged::Wrong(because)
            }
        };
        self.judged.insert(answer, judged);
    }

    fn sampled(&mut self, at: BenchTime, readings: &[profiles::reading::Reading]) {
        self.surroundings.take(at, readings);
        for reading in readings {
            let value = reading.value.as_f64();
            if Some(reading.channel) == self.corrected_channel && self.corrected.len() < MOST_KEPT {
                self.corrected.push((at, value));
            }
            if Some(reading.channel) == self.amps_channel && self.amps.len() < MOST_KEPT {
                self.amps.push((at, value));
            }
        }
    }

    /// Everything in order of time, whatever the order in which events of one time came.
    fn sort(&mut self) {
        self.injections
            .sort_by_key(|(at, fault)| (*at, injected(fault)));
        self.answers.sort_unstable();
        self.boots.sort_unstable();
        self.silences.sort_unstable();
        self.refusals.sort_unstable();
        self.stops.sort_unstable();
        let order =
            |a: &(BenchTime, f64), b: &(BenchTime, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        self.corrected.sort_by(order);
        self.amps.sort_by(order);
    }
}

impl Check for Upsets {
    fn observe(&mut self, _window: usize, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::SetPointApplied {
                command: Command::Inject(fault),
                ..
            } if !is_around(fault) => self.injected(at, fault.clone()),
            EventKind::Upset {
                address,
                place,
                bit,
                ..
            } => {
                let (address, bit, place) = (*address, *bit, place.clone());
                let fault = Fault::MemoryFlip {
                    address,
                    bit,
                    place,
                };
                self.injected(at, fault);
            }
            EventKind::Inferred(inferred) if self.answers.len() < MOST_KEPT => {
                self.answers.push((at, (inferred.input, inferred.digest)));
            }
            EventKind::OutputFetched {
                input,
                digest,
                output,
            } => self.fetched((*input, *digest), output),
            EventKind::Booted => self.boots.push(at),
            EventKind::FirmwareStopped { why, by_itself } => {
                self.stops.push((at, why.clone(), *by_itself));
            }
            EventKind::NoResponse { .. } => self.silences.push(at),
            EventKind::Retried { why, .. } if why.starts_with("refused") => self.refusals.push(at),
            EventKind::Sampled { readings } => self.sampled(at, readings),
            _ => {}
        }
    }

    /// A share is known at the end only.
    fn failing(&self) -> bool {
        false
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        self.sort();
        let told = self.told();
        let trials = told.len() as u64 - count(&told, Effect::Unobserved);
        let question = &self.question;
        if trials == 0 {
            let because = format!(
                "no injection into {} during {} was followed by an answer",
                question.subject(),
                question.spec().during
            );
            return question.finding(Verdict::Inconclusive, 0, because);
        }
        if let Some(because) = &self.unusable {
            return question.finding(Verdict::Inconclusive, trials, because.clone());
        }
        let silent = count(&told, Effect::Silent);
        let (verdict, because) = self.verdict(silent, trials);
        let first = told.iter().find(|told| told.effect == Effect::Silent);
        let limit = question.option("max_silent");
        let part = silent as f64 / trials as f64;
        Finding {
            value: Some(part),
            limit,
            margin: limit.map(|limit| limit - part),
            at: first.map(|told| told.at),
            phase: first.and_then(|told| question.place(told.at).map(str::to_owned)),
            evidence: self.evidence(&told, trials),
            ..question.finding(verdict, trials, because)
        }
    }
}
