//! `matches_golden`: every answer of a workload is the golden's, by the golden's own rule.
//!
//! An answer is known by its digest, an output by its bytes. An answer counts as right if an
//! output with its digest was fetched for the same input, and compared well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use profiles::time::BenchTime;

use super::triage::Triage;
use super::{Answer, unusable};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::digest::crc32;
use crate::event::{Event, EventKind};
use crate::golden::{Comparison, Golden};
use crate::header::Subject;
use crate::verdict::{Evidence, Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "matches_golden",
    summary: "every answer of a workload agrees with its golden",
    target: Target::Workload,
    options: &[],
    validate: |_| Ok(()),
    build: |setup| Box::new(MatchesGolden::new(setup)),
};

/// Name of the piece of evidence that has their number, `wrong`.
pub const WRONG_ANSWERS: &str = "wrong answers";

/// How often an answer was given, and first when.
#[derive(Clone)]
struct Given {
    count: u64,
    first: BenchTime,
}

/// An output that is wrong.
#[derive(Clone)]
struct Wrong {
    at: BenchTime,
    answer: Answer,
    because: String,
    comparison: Option<Comparison>,
}

#[derive(Clone)]
struct MatchesGolden {
    question: Question,
    golden_name: String,
    unusable: Option<String>,
    golden: Option<Arc<Golden>>,
    answers: BTreeMap<Answer, Given>,
    /// Outputs that were compared, and the bytes they were compared by.
    right: BTreeMap<Answer, (Arc<[u8]>, Comparison)>,
    wrong: Option<Wrong>,
    wrong_answers: BTreeSet<Answer>,
    silences: u64,
    silence: Option<(BenchTime, u16)>,
    triage: Triage,
}

impl MatchesGolden {
    fn new(setup: &CheckSetup<'_>) -> MatchesGolden {
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => setup.header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        let golden_name = workload.map_or(String::new(), |workload| workload.golden.clone());
        let golden = setup.goldens.workloads.get(&golden_name).cloned();
        MatchesGolden {
            question: Question::new(setup),
            unusable: unusable(workload, golden.as_deref()),
            golden,
            golden_name,
            answers: BTreeMap::new(),
            right: BTreeMap::new(),
            wrong: None,
            wrong_answers: BTreeSet::new(),
            silences: 0,
            silence: None,
            triage: Triage::new(workload.and_then(|w| setup.header.device_at(w.device))),
        }
    }

    fn fetched(&mut self, at: BenchTime, answer: Answer, output: &Arc<[u8]>) {
        let Some(golden) = &self.golden else { return };
        let known = self.right.get(&answer);
        if known.is_some_and(|(bytes, _)| Arc::ptr_eq(bytes, output) || bytes == output) {
            return;
        }
        let digest = crc32(output);
        if digest != answer.1 {
            let because = format!(
                "output of input {} has digest {digest:08x}, but was announced as {:08x}",
                answer.0, answer.1
            );
            self.is_wrong(at, answer, because, None);
            return;
        }
        let comparison = golden.compare(usize::from(answer.0), output);
        self.triage.compared(answer, output, &comparison);
        if comparison.passes() {
            self.right.insert(answer, (Arc::clone(output), comparison));
        } else {
            let because = format!("{}: {}", comparison.rung, comparison.because);
            self.is_wrong(at, answer, because, Some(comparison));
        }
    }

    /// Keeps the first that is wrong; of one time, the one with the smallest input.
    fn is_wrong(
        &mut self,
        at: BenchTime,
        answer: Answer,
        because: String,
        comparison: Option<Comparison>,
    ) {
        self.wrong_answers.insert(answer);
        let key = (at, answer);
        if self
            .wrong
            .as_ref()
            .is_none_or(|wrong| key < (wrong.at, wrong.answer))
        {
            self.wrong = Some(Wrong {
                at,
                answer,
                because,
                comparison,
            });
        }
    }

    fn place(&self, at: BenchTime, found: Finding) -> Finding {
        Finding {
            at: Some(at),
            phase: self.question.place(at).map(str::to_owned),
            ..found
        }
    }

    fn failed(&self, samples: u64) -> Option<Finding> {
        let question = &self.question;
        if let Some(wrong) = &self.wrong {
            let when = question.when(wrong.at);
            let given = self
                .answers
                .get(&wrong.answer)
                .map_or(0, |given| given.count);
            let more = match self.wrong_answers.len() {
                1 => String::new(),
                count => format!("; {count} outputs are wrong"),
            };
            let because = format!(
                "{} {when}; {given} of {samples} answers are this one{more}",
                wrong.because
            );
            let found = question.finding(Verdict::Fail, samples, because);
            let found = self.place(wrong.at, found);
            let numbers = wrong.comparison.as_ref().filter(|c| c.index.is_some());
            return Some(match numbers.filter(|c| c.difference.is_finite()) {
                Some(comparison) => with_numbers(found, comparison),
                None => found,
            });
        }
        let (at, input) = self.silence?;
        let because = format!(
            "{} gave no answer to {} of {samples} queries, first input {input} {}",
            question.subject(),
            self.silences,
            question.when(at)
        );
        Some(self.place(at, question.finding(Verdict::Fail, samples, because)))
    }

    /// How many answers are wrong, if any is.
    fn extent(&self, answers: u64) -> Option<Evidence> {
        let inputs: BTreeSet<u16> = self.wrong_answers.iter().map(|answer| answer.0).collect();
        let given = self
            .wrong_answers
            .iter()
            .filter_map(|it| self.answers.get(it));
        let wrong: u64 = given.map(|given| given.count).sum();
        let outputs = self.wrong_answers.len();
        (outputs > 0).then(|| {
            let text = format!(
                "{wrong} of {answers} answers (different outputs: {outputs}, inputs: {})",
                inputs.len()
            );
            let numbers = [
                ("wrong", wrong as f64),
                ("answers", answers as f64),
                ("outputs", outputs as f64),
                ("inputs", inputs.len() as f64),
            ];
            Evidence::new(WRONG_ANSWERS, text, &numbers)
        })
    }

    fn unfetched(&self, samples: u64) -> Option<Finding> {
        let unknown = |answer: &&Answer| !self.right.contains_key(answer);
        let count = self.answers.keys().filter(unknown).count();
        let open = self.answers.iter().filter(|(answer, _)| unknown(answer));
        let (answer, given) = open.min_by_key(|(answer, given)| (given.first, **answer))?;
        let because = format!(
            "{count} of {} different answers of {} were never fetched and compared, first input \
             {} with digest {:08x} {}",
            self.answers.len(),
            self.question.subject(),
            answer.0,
            answer.1,
            self.question.when(given.first)
        );
        let found = self
            .question
            .finding(Verdict::Inconclusive, samples, because);
        Some(self.place(given.first, found))
    }

    fn passed(&self, samples: u64) -> Finding {
        let compared = self
            .right
            .iter()
            .map(|(answer, (_, comparison))| (answer, comparison));
        let nearest = compared.max_by(|a, b| a.1.used().total_cmp(&b.1.used()).then(b.0.cmp(a.0)));
        let exact = self
            .right
            .values()
            .filter(|(_, c)| c.index.is_none())
            .count();
        let mut because = format!(
            "{samples} answers of {} match golden `{}`: {} different outputs compared, {exact} \
             equal in every byte",
            self.question.subject(),
            self.golden_name,
            self.right.len()
        );
        let found = |because| self.question.finding(Verdict::Pass, samples, because);
        match nearest.filter(|(_, comparison)| comparison.index.is_some()) {
            Some((_, comparison)) => {
                because.push_str("; nearest the limit: ");
                because.push_str(&comparison.because);
                with_numbers(found(because), comparison)
            }
            None => found(because),
        }
    }
}

fn with_numbers(found: Finding, comparison: &Comparison) -> Finding {
    Finding {
        value: Some(comparison.difference),
        limit: Some(comparison.allowed),
        margin: Some(comparison.allowed - comparison.difference),
        ..found
    }
}

impl Check for MatchesGolden {
    fn observe(&mut self, _window: usize, event: &Event) {
        self.triage.observe(event);
        match &event.kind {
            EventKind::Inferred(inferred) => {
                let answer = (inferred.input, inferred.digest);
                let given = self.answers.entry(answer).or_insert(Given {
                    count: 0,
                    first: event.at,
                });
                given.count += 1;
            }
            EventKind::OutputFetched {
                input,
                digest,
                output,
            } => self.fetched(event.at, (*input, *digest), output),
            EventKind::NoResponse { input, .. } => {
                self.silences += 1;
                let silence = (event.at, *input);
                self.silence = Some(self.silence.map_or(silence, |first| first.min(silence)));
            }
            _ => {}
        }
    }

    fn failing(&self) -> bool {
        self.unusable.is_none() && (self.wrong.is_some() || self.silences > 0)
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(self: Box<Self>) -> Finding {
        let answers: u64 = self.answers.values().map(|given| given.count).sum();
        let samples = answers + self.silences;
        let question = &self.question;
        if let Some(because) = self.unusable.clone() {
            return question.finding(Verdict::Inconclusive, samples, because);
        }
        if let Some(mut found) = self.failed(samples) {
            if let Some(golden) = &self.golden {
                let extent = self.extent(answers);
                let (words, evidence) = self.triage.conclude(&self.question, golden);
                found.because.push_str(&words);
                found.evidence = extent.into_iter().chain(evidence).collect();
            }
            return found;
        }
        if samples == 0 {
            return question.unseen();
        }
        self.unfetched(samples)
            .unwrap_or_else(|| self.passed(samples))
    }
}
