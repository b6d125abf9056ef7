//! Why outputs are wrong. A wrong output is repeated by the run; from the repeats, from the bits that
//! differ and from the conditions it is told whether it is
//!
//! - a *regression*: always the same wrong output;
//! - *transient*: every repeat is right, as after an upset of a register;
//! - *stuck*: the same bits of the outputs of several inputs hold one value;
//! - *drift*: the deviation grows or falls with temperature or voltage;
//! - *intermittent*: wrong now and then, none of these.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use profiles::time::BenchTime;

use super::Answer;
use super::conditions::{Conditions, Surroundings};
use crate::check::tally::Question;
use crate::event::{Event, EventKind};
use crate::golden::{Comparison, Golden};
use crate::header::DeviceHeader;
use crate::statistics::{Correlation, correlation};
use crate::verdict::Evidence;

/// Answers whose conditions are kept: hours of inference, 2 MB.
const MOST_KEPT: usize = 50_000;
/// Cases that are told one by one.
const MOST_TOLD: usize = 24;
/// Bits that differ, told one by one.
const BITS_TOLD: usize = 8;
/// More bits than this are no fault of single lines.
const MOST_STUCK: usize = 64;
/// Least rank correlation that counts as drift, and the chance that it may have.
const DRIFT_RHO: f64 = 0.7;
const DRIFT_P: f64 = 0.01;
/// Least different deviations of one input: a step has two.
const DRIFT_LEVELS: usize = 4;

/// Byte and bit of an output, and the value that is there instead of the right one.
type Bit = (usize, u8, bool);

/// What is known of one output of one input.
struct Output {
    bytes: Arc<[u8]>,
    right: bool,
    /// Largest difference of an element.
    deviation: f64,
}

/// A wrong output that was asked again.
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
struct Given {
    first: BenchTime,
    last: BenchTime,
}

/// Gathers what triage needs.
pub(super) struct Triage {
    surroundings: Surroundings,
    outputs: BTreeMap<Answer, Output>,
    given: BTreeMap<Answer, Given>,
    kept: Vec<(Answer, Conditions)>,
    cases: Vec<Case>,
}

/// With what the deviation goes.
struct Drift {
    with: &'static str,
    unit: &'static str,
    correlation: Correlation,
    inputs: usize,
    from: f64,
    to: f64,
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
        let mut evidence = Vec::new();
        let mut counts: BTreeMap<Class, u64> = BTreeMap::new();
        for case in &cases {
            let bits = self.differing(case.answer, golden);
            let class = self.class(case, &bits, (drift.is_some(), &stuck));
            *counts.entry(class).or_default() += 1;
            if evidence.len() < MOST_TOLD {
                evidence.push(self.told(question, case, (class, &bits)));
            }
        }
        if cases.len() > MOST_TOLD {
            let text = format!("{} more were repeated", cases.len() - MOST_TOLD);
            evidence.push(Evidence::new("more", text, &[]));
        }
        evidence.extend(drift.as_ref().map(Drift::told));
        evidence.extend(bit_map(&stuck));
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
        let listed: Vec<String> = bits.iter().take(BITS_TOLD).map(bit_name).collect();
        let differ = match bits.len() {
            0 => String::new(),
            count => {
                let more = if count > BITS_TOLD { " …" } else { "" };
                {
                    let (bits, differ) = match count {
                        1 => ("bit", "differs"),
                        _ => ("bits", "differ"),
                    };
                    format!("; {count} {bits} {differ}: {}{more}", listed.join(", "))
                }
            }
        };
        let text = format!(
            "input {input}, digest {:08x}: of {all} repeats {right} are right and {same} the same \
             wrong{differ}{}",
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

    /// The bits in which an output differs from the right one: the board's own where it gave one, so
    /// that what a dialect rounds otherwise is no difference, else the golden's.
    fn differing(&self, answer: Answer, golden: &Golden) -> Vec<Bit> {
        let Some(output) = self.outputs.get(&answer).filter(|output| !output.right) else {
            return Vec::new();
        };
        let inputs = (answer.0, 0)..=(answer.0, u32::MAX);
        let own = self.outputs.range(inputs).find(|(_, output)| output.right);
        let right = own.map(|(_, output)| &output.bytes);
        let Some(right) = right.or_else(|| golden.outputs().get(usize::from(answer.0))) else {
            return Vec::new();
        };
        if right.len() != output.bytes.len() {
            return Vec::new();
        }
        let pairs = output.bytes.iter().zip(right.iter()).enumerate();
        let differing = pairs.flat_map(|(place, (found, right))| {
            let changed = found ^ right;
            let bits = (0..8_u8).filter(move |bit| changed >> bit & 1 == 1);
            bits.map(move |bit| (place, bit, found >> bit & 1 == 1))
        });
        differing.collect()
    }

    /// Bits that hold one value in all outputs since the first wrong one, of two inputs at least.
    fn stuck(&self, golden: &Golden) -> BTreeSet<Bit> {
        let wrong: Vec<(&Answer, &Given)> = self
            .outputs
            .iter()
            .filter(|(_, output)| !output.right)
            .filter_map(|(answer, _)| Some((answer, self.given.get(answer)?)))
            .collect();
        let inputs: BTreeSet<u16> = wrong.iter().map(|(answer, _)| answer.0).collect();
        let mut bits = BTreeSet::new();
        for (answer, _) in &wrong {
            bits.extend(self.differing(**answer, golden));
        }
        let first = wrong.iter().map(|(_, given)| given.first).min();
        let last = wrong.iter().map(|(_, given)| given.last).max();
        let (Some(first), Some(last)) = (first, last) else {
            return BTreeSet::new();
        };
        if inputs.len() < 2 || bits.len() > MOST_STUCK {
            return BTreeSet::new();
        }
        let since = self.outputs.iter().filter(|(answer, output)| {
            let given = self.given.get(answer);
            // A right one counts where it was given only while the fault was there.
            given.is_some_and(|g| !output.right || (g.first >= first && g.last <= last))
        });
        let holds = |&(byte, bit, value): &Bit| {
            let of = |output: &Output| output.bytes.get(byte).map(|byte| byte >> bit & 1 == 1);
            since.clone().all(|(_, output)| of(output) == Some(value))
        };
        if bits.iter().all(holds) {
            bits
        } else {
            BTreeSet::new()
        }
    }

    fn drift(&self) -> Option<Drift> {
        let celsius = self.drift_with(("temperature", "°C"), |conditions| conditions.celsius);
        let volts = self.drift_with(("voltage", "V"), |conditions| conditions.volts);
        let found = [celsius, volts].into_iter().flatten();
        found.max_by(|a, b| a.correlation.rho.abs().total_cmp(&b.correlation.rho.abs()))
    }

    /// Whether deviations go with a condition: input by input, since each deviates by its own amount;
    /// the median of the inputs decides.
    fn drift_with(
        &self,
        (with, unit): (&'static str, &'static str),
        of: impl Fn(&Conditions) -> f64,
    ) -> Option<Drift> {
        let mut by_input: BTreeMap<u16, Vec<(f64, f64)>> = BTreeMap::new();
        for (answer, conditions) in &self.kept {
            let value = of(conditions);
            if let Some(output) = self.outputs.get(answer).filter(|_| value.is_finite()) {
                by_input
                    .entry(answer.0)
                    .or_default()
                    .push((value, output.deviation));
            }
        }
        let mut found: Vec<Correlation> = Vec::new();
        let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
        for pairs in by_input.values() {
            let levels: BTreeSet<u64> = pairs.iter().map(|pair| pair.1.to_bits()).collect();
            if levels.len() < DRIFT_LEVELS {
                continue;
            }
            found.extend(correlation(pairs));
            from = pairs.iter().fold(from, |least, pair| least.min(pair.0));
            to = pairs.iter().fold(to, |most, pair| most.max(pair.0));
        }
        found.sort_by(|a, b| a.rho.total_cmp(&b.rho));
        let middle = *found.get(found.len() / 2)?;
        let is_drift = middle.rho.abs() >= DRIFT_RHO && middle.p < DRIFT_P;
        is_drift.then_some(Drift {
            with,
            unit,
            correlation: middle,
            inputs: found.len(),
            from,
            to,
        })
    }
}

impl Drift {
    fn told(&self) -> Evidence {
        let Drift {
            with,
            unit,
            correlation,
            inputs,
            from,
            to,
        } = self;
        let goes = if correlation.rho > 0.0 {
            "grow"
        } else {
            "fall"
        };
        let text = format!(
            "deviations {goes} with {with} from {from:.1} to {to:.1} {unit}: rank correlation {:.2} in \
             the median of {inputs} inputs, p {:.1e}",
            correlation.rho, correlation.p
        );
        let numbers = [
            ("rho", correlation.rho),
            ("p", correlation.p),
            ("inputs", *inputs as f64),
            ("from", *from),
            ("to", *to),
        ];
        Evidence::new(&format!("drift with {with}"), text, &numbers)
    }
}

fn bit_map(stuck: &BTreeSet<Bit>) -> Option<Evidence> {
    if stuck.is_empty() {
        return None;
    }
    let listed: Vec<String> = stuck.iter().map(stuck_name).collect();
    let text = format!(
        "bits of the outputs that hold one value: {}",
        listed.join(", ")
    );
    let count = stuck.len() as f64;
    Some(Evidence::new("stuck bits", text, &[("bits", count)]))
}

fn stuck_name((byte, bit, value): &Bit) -> String {
    format!("byte {byte} bit {bit} at {}", u8::from(*value))
}

fn bit_name((byte, bit, value): &Bit) -> String {
    let (from, to) = (u8::from(!value), u8::from(*value));
    format!("byte {byte} bit {bit} {from}→{to}")
}
