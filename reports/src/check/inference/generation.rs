//! `generation`: how fast a language model's board writes: time to the first token, time for each
//! further one, tokens in a second; in each phase, or plateau.
//!
//! Percentiles are held against limits with the early stopping of MLPerf Inference, as in
//! `scenario`; the quantities are those of its language tasks (TTFT and TPOT).

use std::fmt::Write;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use super::{MIN_DURATION, min_duration, named, warm_up};
use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::golden::cuts;
use crate::header::{NamedWindow, Subject};
use crate::statistics::{over_latency_allowed, queries_needed};
use crate::verdict::{Evidence, Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "generation",
    summary: "a language model writes fast enough: first token, tokens per second, by phase",
    target: Target::Workload,
    options: &[
        OptionSpec {
            name: "max_first_token",
            kind: OptionKind::Duration,
            default: Some(OptionDefault::Unset),
            help: "what the percentile of the time to the first token may be",
        },
        OptionSpec {
            name: "percentile",
            kind: OptionKind::Number {
                min: 50.0,
                max: 99.9,
                unit: "%",
            },
            default: Some(OptionDefault::Number(90.0)),
            help: "which",
        },
        OptionSpec {
            name: "min_tokens_per_s",
            kind: OptionKind::Number {
                min: 0.0,
                max: 1e9,
                unit: "1/s",
            },
            default: Some(OptionDefault::Unset),
            help: "least tokens in a second of answering, in each phase or plateau",
        },
        min_duration("from the first text to the last; a shorter run is not valid"),
        warm_up(WARM_UP, "texts that come first and do not count"),
    ],
    validate: |_| Ok(()),
    build: |setup| Box::new(Generation::new(setup)),
};

/// Texts that warm the board up: MLPerf Tiny has ten inferences, and a text is more than ten of them.
const WARM_UP: f64 = 1.0;

/// Answers that are kept: days of them.
const MOST_KEPT: usize = 4_000_000;

/// One text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Text {
    at: BenchTime,
    latency_us: u32,
    first_us: Option<u32>,
}

#[derive(Clone)]
struct Generation {
    question: Question,
    golden: String,
    /// Tokens of one text; none if the golden is not there, or not of tokens.
    tokens: Option<u64>,
    stretches: Vec<NamedWindow>,
    texts: Vec<Text>,
    silences: u64,
}

/// What texts come to.
struct Told {
    texts: u64,
    tokens_per_s: f64,
    /// Times to the first token, sorted, µs; empty where the board does not say.
    firsts: Vec<u32>,
    /// Times for each further token, sorted, µs.
    others: Vec<u32>,
}

/// The nearest rank of sorted times, ms.
fn rank(sorted: &[u32], percent: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil().max(1.0) as usize;
    sorted.get(rank - 1).map(|us| f64::from(*us) * 1e-3)
}

impl Generation {
    fn new(setup: &CheckSetup<'_>) -> Generation {
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => setup.header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        let golden = workload.map_or(String::new(), |workload| workload.golden.clone());
        let known = setup.goldens.workloads.get(&golden);
        Generation {
            question: Question::new(setup),
            tokens: known.and_then(|golden| golden.generated_tokens()),
            golden,
            stretches: cuts(setup.header, &setup.spec.windows),
            texts: Vec::new(),
            silences: 0,
        }
    }

    fn told(texts: &[Text], tokens: u64) -> Told {
        let seconds: f64 = texts
            .iter()
            .map(|text| f64::from(text.latency_us) * 1e-6)
            .sum();
        let mut firsts: Vec<u32> = texts.iter().filter_map(|text| text.first_us).collect();
        let each = |text: &Text| {
            let rest = text.latency_us.saturating_sub(text.first_us?);
            let others = tokens.checked_sub(1).filter(|others| *others > 0)?;
            Some((f64::from(rest) / others as f64).round() as u32)
        };
        let mut others: Vec<u32> = texts.iter().filter_map(each).collect();
        firsts.sort_unstable();
        others.sort_unstable();
        Told {
            texts: texts.len() as u64,
            tokens_per_s: (texts.len() as u64 * tokens) as f64 / seconds,
            firsts,
            others,
        }
    }

    fn evidence(name: &str, told: &Told, tokens: u64) -> Evidence {
        let mut numbers = vec![
            ("texts", told.texts as f64),
            ("tokens", (told.texts * tokens) as f64),
            ("tokens_per_s", told.tokens_per_s),
        ];
        let mut times = String::new();
        let names = [
            (
                "first_p50_ms",
                "first_p90_ms",
                "first_p99_ms",
                "first token",
            ),
            (
                "other_p50_ms",
                "other_p90_ms",
                "other_p99_ms",
                "each further one",
            ),
        ];
        for ((p50, p90, p99, what), sorted) in names.into_iter().zip([&told.firsts, &told.others]) {
            let ranks = [50.0, 90.0, 99.0].map(|percent| rank(sorted, percent));
            if let [Some(half), Some(nine), Some(most)] = ranks {
                numbers.extend([(p50, half), (p90, nine), (p99, most)]);
                // Writing to a string cannot fail.
                let _always_ok = write!(
                    times,
                    "; {what} after p50 {half:.3}, p90 {nine:.3}, p99 {most:.3} ms"
                );
            }
        }
        let text = format!(
            "{} texts of {tokens} tokens, {:.3} tokens/s{times}",
            told.texts, told.tokens_per_s
        );
        Evidence::new(name, text, &numbers)
    }

    /// Texts of each stretch by name; all under the check's own name where there is no other.
    fn cells(&self) -> Vec<(String, Vec<Text>)> {
        let stretches = named(&self.stretches).into_iter();
        let cells = stretches.map(|(name, windows)| {
            let inside = |text: &&Text| windows.iter().any(|window| window.contains(text.at));
            let texts = self.texts.iter().filter(inside).copied().collect();
            (name.to_owned(), texts)
        });
        cells
            .filter(|(_, texts): &(_, Vec<Text>)| !texts.is_empty())
            .collect()
    }

    /// Why the run does not count, if so; `texts` are those that do, in order.
    fn invalid(&self, texts: &[Text]) -> Option<String> {
        let least = self.question.option("min_duration").unwrap_or(MIN_DURATION);
        let (first, last) = (texts.first()?, texts.last()?);
        let began = first.at.as_secs_f64() - f64::from(first.latency_us) * 1e-6;
        let seconds = last.at.as_secs_f64() - began;
        let (subject, during) = (self.question.subject(), &self.question.spec().during);
        (seconds < least).then(|| {
            format!(
                "not valid: {subject} wrote for {seconds:.1} s during {during}, at least {least} s asked"
            )
        })
    }

    /// What a stretch comes to beside the limits: the worst verdict, with its value and limit.
    fn verdict(&self, name: &str, told: &Told) -> (Verdict, String, Option<Number>) {
        let subject = self.question.subject();
        let mut found = (
            Verdict::Pass,
            format!(
                "{subject} writes {:.3} tokens/s in {name}",
                told.tokens_per_s
            ),
            None,
        );
        if let Some(least) = self.question.option("min_tokens_per_s") {
            let number = (told.tokens_per_s, least, "1/s");
            found.2 = Some(number);
            if told.tokens_per_s.is_nan() || told.tokens_per_s < least {
                found.0 = Verdict::Fail;
                found.1 = format!("{}, at least {least} asked", found.1);
                return found;
            }
        }
        let Some(most) = self.question.option("max_first_token").map(|it| it * 1e3) else {
            return found;
        };
        if told.firsts.len() as u64 != told.texts {
            let why = format!("the board of {subject} does not tell when its first token is there");
            return (Verdict::Inconclusive, why, None);
        }
        let share = self.question.option("percentile").unwrap_or(90.0) / 100.0;
        let percent = share * 100.0;
        let over = told
            .firsts
            .iter()
            .filter(|us| f64::from(**us) * 1e-3 > most)
            .count() as u64;
        let value = rank(&told.firsts, percent).unwrap_or(f64::NAN);
        let number = Some((value, most, "ms"));
        let text = format!(
            "{over} of {} first tokens of {subject} in {name} took more than {most} ms; p{percent} is \
             {value:.3} ms",
            told.texts
        );
        let allowed = over_latency_allowed(share, told.texts);
        match allowed {
            Some(allowed) if over <= allowed => (Verdict::Pass, text, number),
            _ if over as f64 / told.texts as f64 > 1.0 - share => (Verdict::Fail, text, number),
            _ => {
                let needed = queries_needed(share, over);
                let text = format!("{text}; to be sure of it takes {needed} texts");
                (Verdict::Inconclusive, text, number)
            }
        }
    }
}

/// A value, its limit and their unit.
type Number = (f64, f64, &'static str);

impl Check for Generation {
    fn observe(&mut self, _window: usize, event: &Event) {
        match &event.kind {
            EventKind::Inferred(inferred) if self.texts.len() < MOST_KEPT => {
                self.texts.push(Text {
                    at: event.at,
                    latency_us: inferred.latency_us,
                    first_us: inferred.first_us,
                });
            }
            EventKind::NoResponse { .. } => self.silences += 1,
            _ => {}
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
        self.texts.sort_unstable();
        let asked = self.texts.len() as u64 + self.silences;
        let warm_up = self.question.option("warm_up").unwrap_or(WARM_UP) as usize;
        self.texts.drain(..warm_up.min(self.texts.len()));
        let samples = self.texts.len() as u64;
        let question = &self.question;
        let Some(tokens) = self.tokens else {
            let because = format!("golden `{}` is missing, or has no tokens", self.golden);
            return question.finding(Verdict::Inconclusive, samples, because);
        };
        if asked == 0 {
            return question.unseen();
        }
        if samples + self.silences == 0 {
            let because = format!(
                "no text of {} during {} came after a warm-up of {warm_up}",
                question.subject(),
                question.spec().during
            );
            return question.finding(Verdict::Inconclusive, asked, because);
        }
        let cells = self.cells();
        let told = cells
            .iter()
            .map(|(name, texts)| (name, Self::told(texts, tokens)));
        let told: Vec<(&String, Told)> = told.collect();
        let evidence = told
            .iter()
            .map(|(name, told)| Self::evidence(name, told, tokens));
        let evidence: Vec<Evidence> = evidence.collect();
        let verdicts = told.iter().map(|(name, told)| self.verdict(name, told));
        // Of equally bad ones that with the least room.
        let room = |number: &Option<Number>| {
            number.map_or(f64::INFINITY, |(value, limit, unit)| match unit {
                "1/s" => value / limit,
                _ => limit / value,
            })
        };
        let worst = verdicts.max_by(|a, b| a.0.cmp(&b.0).then(room(&b.2).total_cmp(&room(&a.2))));
        let (verdict, because, number) = match worst {
            _ if self.silences > 0 => {
                let because = format!("{} queries were never answered", self.silences);
                (Verdict::Fail, because, None)
            }
            Some(_) if let Some(because) = self.invalid(&self.texts) => {
                (Verdict::Inconclusive, because, None)
            }
            Some(worst) => worst,
            None => return question.unseen(),
        };
        let found = question.finding(verdict, samples, because);
        let Some((value, limit, unit)) = number else {
            return Finding { evidence, ..found };
        };
        let margin = if unit == "1/s" {
            value - limit
        } else {
            limit - value
        };
        Finding {
            value: value.is_finite().then_some(value),
            limit: Some(limit),
            margin: margin.is_finite().then_some(margin),
            unit: unit.to_owned(),
            evidence,
            ..found
        }
    }
}
