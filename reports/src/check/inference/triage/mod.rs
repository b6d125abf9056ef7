//! Why outputs are wrong. A wrong output is repeated by the run; from the repeats, from the bits that
//! differ and from the conditions it is told whether it is
//!
//! - a *regression*: always the same wrong output;
//! - *transient*: every repeat is right, as after an upset of a register;
//! - *stuck*: the same bits of the outputs of all inputs hold one value;
//! - *drift*: the deviation grows or falls with temperature or voltage;
//! - *intermittent*: wrong now and then, none of these.

mod bits;
mod drift;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use profiles::time::BenchTime;

use bits::{bit_map, bit_name};
use drift::Drift;

use super::Answer;
use crate::check::tally::Question;
use crate::event::{Event, EventKind};
use crate::golden::conditions::{Conditions, Surroundings};
use crate::golden::{Comparison, Golden};
use crate::header::DeviceHeader;
use crate::verdict::Evidence;

/// Answers whose conditions are kept: hours of inference, 2 MB.
const MOST_KEPT: usize = 50_000;
/// Cases that are told one by one.
const MOST_TOLD: usize = 24;
/// Bits that differ, told one by one.
const BITS_TOLD: usize = 8;
/// Byte and bit of an output, and the value that is there instead of the right one.
type Bit = (usize, u8, bool);

/// What is known of one output of one input.
#[derive(Clone)]
struct Output {
    bytes: Arc<[u8]>,
    right: bool,
    /// Largest difference of an element.
    deviation: f64,
}

/// A wrong output that was asked again.
#[derive(Clone)]
struct Case {
    at: BenchTime,
    answer: Answer,
    asked: u16,
    answers: Vec<u32>,
    conditions: Conditions,
}

/// What a wrong output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Regression,
    Stuck,
    Drift,
    Transient,
    Intermittent,
    Untold,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Class::Regression => "regression",
            Class::Stuck => "stuck",
            Class::Drift => "drift",
            Class::Transient => "transient",
            Class::Intermittent => "intermittent",
            Class::Untold => "not repeated",
        }
    }
}

/// When an output was given.
#[derive(Clone)]
struct Given {
    first: BenchTime,
    last: BenchTime,
}

/// Gathers what triage needs.
#[derive(Clone)]
pub(super) struct Triage {
    surroundings: Surroundings,
    outputs: BTreeMap<Answer, Output>,
    given: BTreeMap<Answer, Given>,
    kept: Vec<(Answer, Conditions)>,
    cases: Vec<Case>,
}

impl Triage {
    pub(super) fn new(board: Option<&DeviceHeader>) -> Triage {
        Triage {
            surroundings: Surroundings::new(board),
            outputs: BTreeMap::new(),
            given: BTreeMap::new(),
            kept: Vec::new(),
            cases: Vec::new(),
        }
    }

    pub(super) fn observe(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Sampled { readings } => self.surroundings.take(event.at, readings),
            EventKind::Inferred(inferred) => {
                let answer = (inferred.input, inferred.digest);
                let given = self.given.entry(answer).or_insert(Given {
                    first: event.at,
                    last: event.at,
                });
                given.last = event.at;
                if self.kept.len() < MOST_KEPT {
                    self.kept.push((answer, self.surroundings.at(event.at)));
                }
            }
            EventKind::Repeated {
                input,
                digest,
                asked,
                answers,
            } => self.cases.push(Case {
                at: event.at,
                answer: (*input, *digest),
                asked: *asked,
                answers: answers.clone(),
                conditions: self.surroundings.at(event.at),
            }),
            _ => {}
        }
    }

    /// Takes an output that was compared.
    pub(super) fn compared(&mut self, answer: Answer, bytes: &Arc<[u8]>, comparison: &Comparison) {
        self.outputs.insert(
            answer,
            Output {
                bytes: Arc::clone(bytes),
                right: comparison.passes(),
                deviation: comparison.max_difference,
            },
        );
    }

    /// What the wrong outputs are, in a few words for a sentence and piece by piece.
    pub(super) fn conclude(
        mut self,
        question: &Question,
        golden: &Golden,
    ) -> (String, Vec<Evidence>) {
        let mut cases = std::mem::take(&mut self.cases);
        cases.sort_by_key(|case| (case.at, case.answer));
        let drift = self.drift();
        let stuck = self.stuck(golden);
        // What all of them have in common comes first.
        let mut evidence: Vec<Evidence> = drift.iter().map(Drift::told).collect();
        evidence.extend(bit_map(&stuck));
        let common = evidence.len();
        let mut counts: BTreeMap<Class, u64> = BTreeMap::new();
        for case in &cases {
            let bits = self.differing(case.answer, golden);
            let class = self.class(case, &bits, (drift.is_some(), &stuck));
            *counts.entry(class).or_default() += 1;
            if evidence.len() < common + MOST_TOLD {
                evidence.push(self.told(question, case, (class, &bits)));
            }
        }
        if cases.len() > MOST_TOLD {
            let text = format!("{} more were repeated", cases.len() - MOST_TOLD);
            evidence.push(Evidence::new("more", text, &[]));
        }
        let parts = counts
            .iter()
            .map(|(class, count)| format!("{count} {}", class.name()));
        let parts: Vec<String> = parts.collect();
        let words = if parts.is_empty() {
            String::new()
        } else {
            format!("; repeated: {}", parts.join(", "))
        };
        (words, evidence)
    }

    fn class(&self, case: &Case, bits: &[Bit], of_all: (bool, &BTreeSet<Bit>)) -> Class {
        let (drifts, stuck) = of_all;
        let right = case
            .answers
            .iter()
            .filter(|digest| self.is_right(case, **digest));
        let (right, all) = (right.count(), case.answers.len());
        let same = case
            .answers
            .iter()
            .filter(|digest| **digest == case.answer.1);
        if all == 0 {
            Class::Untold
        } else if drifts && right < all {
            Class::Drift
        } else if right == all {
            Class::Transient
        } else if right > 0 {
            Class::Intermittent
        } else if !bits.is_empty() && bits.iter().all(|bit| stuck.contains(bit)) {
            Class::Stuck
        } else if same.count() == all {
            Class::Regression
        } else {
            Class::Intermittent
        }
    }

    fn is_right(&self, case: &Case, digest: u32) -> bool {
        let output = self.outputs.get(&(case.answer.0, digest));
        output.is_some_and(|output| output.right)
    }

    fn told(&self, question: &Question, case: &Case, found: (Class, &[Bit])) -> Evidence {
        let (class, bits) = found;
        let (input, all) = (case.answer.0, case.answers.len());
        let right = case
            .answers
            .iter()
            .filter(|digest| self.is_right(case, **digest));
        let same = case
            .answers
            .iter()
            .filter(|digest| **digest == case.answer.1);
        let (right, same) = (right.count(), same.count());
        let deviation = self
            .outputs
            .get(&case.answer)
            .map_or(f64::NAN, |o| o.deviation);
        let differ = differ(bits);
        let off = if deviation > 0.0 && deviation.is_finite() {
            format!(", off by {deviation:.3e} at most")
        } else {
            String::new()
        };
        let text = format!(
            "input {input}, digest {:08x}: of {all} repeats {right} are right and {same} the same \
             wrong{off}{differ}{}",
            case.answer.1,
            case.conditions.sentence()
        );
        let numbers = [
            ("input", f64::from(input)),
            ("asked", f64::from(case.asked)),
            ("repeats", all as f64),
            ("right", right as f64),
            ("same_wrong", same as f64),
            ("differing_bits", bits.len() as f64),
            ("deviation", deviation),
            ("celsius", case.conditions.celsius),
            ("volts", case.conditions.volts),
        ];
        question.placed(case.at, Evidence::new(class.name(), text, &numbers))
    }
}

/// `; 1 bit differs: byte 3 bit 7 0→1`: each where they are few, else how many in how many bytes.
fn differ(bits: &[Bit]) -> String {
    let listed: Vec<String> = bits.iter().map(bit_name).collect();
    match bits.len() {
        0 => String::new(),
        1 => format!("; 1 bit differs: {}", listed.join(", ")),
        count if count <= BITS_TOLD => format!("; {count} bits differ: {}", listed.join(", ")),
        count => {
            let bytes: BTreeSet<usize> = bits.iter().map(|bit| bit.0).collect();
            let (first, last) = (bytes.first(), bytes.last());
            let (first, last) = (first.copied().unwrap_or(0), last.copied().unwrap_or(0));
            format!(
                "; {count} bits differ, in {} bytes from byte {first} to {last}",
                bytes.len()
            )
        }
    }
}
