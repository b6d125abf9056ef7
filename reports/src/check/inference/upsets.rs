//! `upsets`: what injections into a board did to its workload: nothing, corrected, detected, hang, or
//! silently wrong answers; with intervals, and with how many injections the wanted margin needs.
//!
//! An effect is laid to the last injection before it. A wrong output that was given since the last
//! start already is no new effect: flips of memory stay and add up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use profiles::command::{Command, Fault};
use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use super::{Answer, unusable};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::digest::crc32;
use crate::event::{Event, EventKind};
use crate::golden::{Golden, Rung};
use crate::header::Subject;
use crate::statistics::{Interval, Method, injections_needed};
use crate::verdict::{Evidence, Finding, Verdict};

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
            kind: OptionKind::Number {
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
/// Injections that are told one by one.
const MOST_TOLD: usize = 40;

/// What became of an injection, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Unobserved,
    Masked,
    Corrected,
    Detected,
    Hang,
    Silent,
}

impl Effect {
    /// Those that count, the gravest first.
    const COUNTED: [Effect; 5] = [
        Effect::Silent,
        Effect::Hang,
        Effect::Detected,
        Effect::Corrected,
        Effect::Masked,
    ];

    const fn name(self) -> &'static str {
        match self {
            Effect::Unobserved => "unobserved",
            Effect::Masked => "masked",
            Effect::Corrected => "corrected",
            Effect::Detected => "detected",
            Effect::Hang => "hang",
            Effect::Silent => "silent",
        }
    }
}

/// How an output was judged.
enum Judged {
    Right,
    /// It says itself that it is none.
    NotFinite(String),
    Wrong(String),
}

/// One injection with what came of it.
struct Told {
    at: BenchTime,
    fault: String,
    effect: Effect,
    /// When the effect was first seen.
    seen: Option<BenchTime>,
    /// It, in words.
    words: String,
    answers: usize,
}

struct Upsets {
    question: Question,
    golden: Option<Arc<Golden>>,
    unusable: Option<String>,
    /// Number of the channel that counts corrected errors, and of the board's current.
    corrected_channel: Option<u16>,
    amps_channel: Option<u16>,
    injections: Vec<(BenchTime, Fault)>,
    answers: Vec<(BenchTime, Answer)>,
    judged: BTreeMap<Answer, Judged>,
    boots: Vec<BenchTime>,
    silences: Vec<BenchTime>,
    refusals: Vec<BenchTime>,
    corrected: Vec<(BenchTime, f64)>,
    amps: Vec<(BenchTime, f64)>,
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
            injections: Vec::new(),
            answers: Vec::new(),
            judged: BTreeMap::new(),
            boots: Vec::new(),
            silences: Vec::new(),
            refusals: Vec::new(),
            corrected: Vec::new(),
            amps: Vec::new(),
        }
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
            Judged::Wrong(format!("{}: {}", comparison.rung, comparison.because))
        };
        self.judged.insert(answer, judged);
    }

    fn sampled(&mut self, at: BenchTime, readings: &[profiles::reading::Reading]) {
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
            .sort_by_key(|told| (told.0, injected(&told.1)));
        self.answers.sort_unstable();
        self.boots.sort_unstable();
        self.silences.sort_unstable();
        self.refusals.sort_unstable();
        let order =
            |a: &(BenchTime, f64), b: &(BenchTime, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        self.corrected.sort_by(order);
        self.amps.sort_by(order);
    }

    /// What became of each injection.
    fn told(&self) -> Vec<Told> {
        let mut wrong_before: BTreeSet<Answer> = BTreeSet::new();
        let (mut next_answer, mut next_boot) = (0, 0);
        let mut told = Vec::new();
        // Before the first injection: what is wrong then is no effect of any.
        let starts = std::iter::once(None).chain(self.injections.iter().map(Some));
        let ends = self
            .injections
            .iter()
            .map(|(at, _)| *at)
            .chain([BenchTime::MAX]);
        for (injection, end) in starts.zip(ends) {
            let from = next_answer;
            let mut first_wrong: Option<(BenchTime, Answer)> = None;
            while let Some(&(at, answer)) =
                self.answers.get(next_answer).filter(|(at, _)| *at < end)
            {
                while self.boots.get(next_boot).is_some_and(|boot| *boot <= at) {
                    wrong_before.clear();
                    next_boot += 1;
                }
                let is_wrong = !matches!(self.judged.get(&answer), Some(Judged::Right) | None);
                if is_wrong && wrong_before.insert(answer) {
                    first_wrong.get_or_insert((at, answer));
                }
                next_answer += 1;
            }
            if let Some((at, fault)) = injection {
                let answers = next_answer - from;
                told.push(self.one((*at, end), fault, (first_wrong, answers)));
            }
        }
        told
    }

    fn one(
        &self,
        (at, end): (BenchTime, BenchTime),
        fault: &Fault,
        (wrong, answers): (Option<(BenchTime, Answer)>, usize),
    ) -> Told {
        let first = |times: &[BenchTime]| times.iter().copied().find(|t| at <= *t && *t < end);
        let boot = first(&self.boots);
        let silence = first(&self.silences);
        let refusal = first(&self.refusals);
        let corrected = self.rises(at, end);
        let (effect, seen, words) = match wrong {
            Some((when, answer)) => match self.judged.get(&answer) {
                Some(Judged::NotFinite(because)) => (Effect::Detected, Some(when), because.clone()),
                Some(Judged::Wrong(because)) => (Effect::Silent, Some(when), because.clone()),
                Some(Judged::Right) | None => (Effect::Masked, None, String::new()),
            },
            None if silence.is_some() => (
                Effect::Hang,
                silence,
                "a query was never answered".to_owned(),
            ),
            None if refusal.is_some() => (
                Effect::Detected,
                refusal,
                "the board refused a question".to_owned(),
            ),
            None if boot.is_some() => (Effect::Detected, boot, "the board started anew".to_owned()),
            None if corrected.is_some() => (
                Effect::Corrected,
                corrected,
                "the board counted a corrected error".to_owned(),
            ),
            None if answers == 0 => (
                Effect::Unobserved,
                None,
                "no answer came after it".to_owned(),
            ),
            None => (Effect::Masked, None, String::new()),
        };
        let mut words = words;
        if let Fault::LatchUp { .. } = fault {
            let until = boot.unwrap_or(end);
            if let Some(step) = self.current_step(at, until) {
                // Writing to a string cannot fail.
                let _ = write!(words, "{}{step}", if words.is_empty() { "" } else { "; " });
            }
        }
        Told {
            at,
            fault: injected(fault),
            effect,
            seen,
            words,
            answers,
        }
    }

    /// When the count of corrected errors first rose between two times.
    fn rises(&self, at: BenchTime, end: BenchTime) -> Option<BenchTime> {
        let begin = self.corrected.partition_point(|(time, _)| *time < at);
        let inside = self.corrected.iter().skip(begin.saturating_sub(1));
        let inside = inside.take_while(|(time, _)| *time < end);
        let pairs = inside.clone().zip(inside.skip(1));
        let mut risen = pairs.filter(|(before, now)| now.1 > before.1 && now.0 >= at);
        risen.next().map(|(_, now)| now.0)
    }

    /// The board's current before a latch-up, and the most of it after.
    fn current_step(&self, at: BenchTime, end: BenchTime) -> Option<String> {
        let begin = self.amps.partition_point(|(time, _)| *time < at);
        let before = self.amps.get(begin.checked_sub(1)?)?.1;
        let after = self.amps[begin..]
            .iter()
            .take_while(|(time, _)| *time < end);
        let most = after.map(|(_, amps)| *amps).reduce(f64::max)?;
        Some(format!("its current rose from {before:.3} to {most:.3} A"))
    }

    fn evidence(&self, told: &[Told], trials: u64) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = Vec::new();
        for effect in Effect::COUNTED {
            let hits = count(told, effect);
            let Interval { low, high } = self.interval(hits, trials);
            let part = hits as f64 / trials.max(1) as f64;
            let text = format!(
                "{hits} of {trials} injections, {} ({} to {})",
                percent(part),
                percent(low),
                percent(high)
            );
            let numbers = [
                ("count", hits as f64),
                ("injections", trials as f64),
                ("share", part),
                ("low", low),
                ("high", high),
            ];
            evidence.push(Evidence::new(effect.name(), text, &numbers));
        }
        let unobserved = count(told, Effect::Unobserved);
        if unobserved > 0 {
            let text = format!("{unobserved} injections, after which no answer came, do not count");
            let numbers = [("count", unobserved as f64)];
            evidence.push(Evidence::new("unobserved", text, &numbers));
        }
        evidence.push(self.size(trials));
        let mut effective: Vec<&Told> = told.iter().filter(|t| t.effect > Effect::Masked).collect();
        effective.sort_by_key(|told| (std::cmp::Reverse(told.effect), told.at));
        for told in effective.iter().take(MOST_TOLD) {
            evidence.push(self.piece(told));
        }
        if let Some(more) = effective.len().checked_sub(MOST_TOLD + 1) {
            let text = format!("{} more injections had an effect", more + 1);
            evidence.push(Evidence::new("more", text, &[]));
        }
        evidence
    }

    fn piece(&self, told: &Told) -> Evidence {
        let after = told
            .seen
            .map(|seen| seen.micros_since(told.at) as f64 * 1e-6);
        let later = after.map_or(String::new(), |after| format!(", {after:.3} s later"));
        let text = format!("{}{later}: {}", told.fault, told.words);
        let mut numbers = vec![("answers", told.answers as f64)];
        numbers.extend(after.map(|after| ("after_s", after)));
        let evidence = Evidence::new(told.effect.name(), text, &numbers);
        self.question.placed(told.at, evidence)
    }

    /// Whether there were enough.
    fn size(&self, trials: u64) -> Evidence {
        let (margin, confidence) = (self.option("margin", 0.05), self.option("confidence", 0.95));
        let needed = self.needed();
        let text = format!(
            "{trials} injections; a margin of {} at {} takes {needed} (Leveugle 2009)",
            percent(margin),
            percent(confidence)
        );
        let numbers = [
            ("injections", trials as f64),
            ("needed", needed as f64),
            ("margin", margin),
            ("confidence", confidence),
        ];
        Evidence::new("size", text, &numbers)
    }

    fn option(&self, name: &str, default: f64) -> f64 {
        self.question.option(name).unwrap_or(default)
    }

    fn needed(&self) -> u64 {
        let (margin, confidence) = (self.option("margin", 0.05), self.option("confidence", 0.95));
        injections_needed(self.question.option("population"), margin, confidence, 0.5)
    }

    fn interval(&self, hits: u64, trials: u64) -> Interval {
        let method = self.question.spec().options.text("interval");
        let method = method.and_then(Method::from_name).unwrap_or(Method::Wilson);
        method.interval(hits, trials, self.option("confidence", 0.95))
    }

    /// The verdict on so many silent of so many injections.
    fn verdict(&self, silent: u64, trials: u64) -> (Verdict, String) {
        let Interval { low, high } = self.interval(silent, trials);
        let needed = self.needed();
        let found = format!(
            "{silent} of {trials} injections into {} ended in silently wrong answers ({} to {})",
            self.question.subject(),
            percent(low),
            percent(high)
        );
        match self.question.option("max_silent") {
            Some(most) if high <= most => {
                (Verdict::Pass, format!("{found}, allowed {}", percent(most)))
            }
            Some(most) if low > most => {
                (Verdict::Fail, format!("{found}, allowed {}", percent(most)))
            }
            Some(most) => {
                let because = format!("{found}: too few to tell from {}", percent(most));
                (Verdict::Inconclusive, because)
            }
            None if trials >= needed => (Verdict::Pass, found),
            None => {
                let because = format!("{found}; the margin takes {needed} injections");
                (Verdict::Inconclusive, because)
            }
        }
    }
}

fn count(told: &[Told], effect: Effect) -> u64 {
    told.iter().filter(|told| told.effect == effect).count() as u64
}

/// `2.4 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A fault as evidence tells it.
fn injected(fault: &Fault) -> String {
    match fault {
        Fault::BitFlip { byte, bit } => format!("flip of bit {bit} of byte {byte}"),
        Fault::OutputFlip { byte, bit } => format!("flip of bit {bit} of byte {byte} of an output"),
        Fault::StuckBit { byte, bit, high } => {
            format!(
                "bit {bit} of byte {byte} of outputs stuck at {}",
                u8::from(*high)
            )
        }
        Fault::Drift { percent_per_k } => format!("drift of {percent_per_k} % for each kelvin"),
        Fault::LatchUp { amps } => format!("latch-up of {amps} A"),
        Fault::Reset => "reset".to_owned(),
        Fault::Hang => "hang".to_owned(),
        Fault::Mute { millis } => format!("silence of {} s", f64::from(*millis) * 1e-3),
        Fault::BusOff { .. } => "bus-off".to_owned(),
        Fault::Babble { .. } => "babble".to_owned(),
        Fault::OverVoltageTrip => "over-voltage trip".to_owned(),
    }
}

impl Check for Upsets {
    fn observe(&mut self, _window: usize, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::SetPointApplied {
                command: Command::Inject(fault),
                ..
            } => self.injections.push((at, fault.clone())),
            EventKind::Inferred(inferred) if self.answers.len() < MOST_KEPT => {
                self.answers.push((at, (inferred.input, inferred.digest)));
            }
            EventKind::OutputFetched {
                input,
                digest,
                output,
            } => self.fetched((*input, *digest), output),
            EventKind::Booted => self.boots.push(at),
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
