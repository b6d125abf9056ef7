//! What answers take beside what a golden says that they took.

use super::cell::Cell;
use crate::golden::{CONFIDENCE, Energy, Standing, ThroughputGolden};
use crate::statistics::Effect;
use crate::verdict::{Evidence, Finding, Verdict};

/// The cell that decides, beside the golden's.
pub(super) struct Beside {
    verdict: Verdict,
    /// Said after what the check says by itself.
    words: String,
    /// Value, what was expected, limit, and the phase, where they are known.
    numbers: Option<([f64; 3], String)>,
    evidence: Vec<Evidence>,
}

impl Beside {
    /// The cells of `workload` beside those of the golden; `None` where it has no energy of it.
    pub(super) fn of(
        golden: Option<&ThroughputGolden>,
        workload: &str,
        cells: &[Cell],
    ) -> Option<Beside> {
        let golden = golden?;
        let before = golden.energy.get(workload)?;
        let mut evidence = Vec::new();
        let mut found: Vec<(Beside, f64)> = Vec::new();
        for cell in cells {
            let name = &cell.name;
            match (before.get(name), &cell.blocks) {
                // As short as in the golden's run: too few answers to tell anything.
                (None, None) => {}
                (None, Some(_)) => {
                    let why = format!("the golden knows no energy in {name}");
                    found.push((Beside::unknown(why), f64::INFINITY));
                }
                (Some(before), None) => {
                    let (right, needed) = (cell.right, before.needed(golden.more()));
                    let why =
                        format!("too few blocks in {name}, of {right} right answers: {needed}");
                    found.push((Beside::unknown(why), f64::INFINITY));
                }
                (Some(before), Some(now)) => {
                    let Some((standing, effect)) = before.against(now, golden.more()) else {
                        continue;
                    };
                    let pair = Pair {
                        name,
                        before,
                        now,
                        more: golden.more(),
                        effect,
                    };
                    evidence.push(pair.evidence());
                    found.push((pair.beside(standing), -effect.ratio));
                }
            }
        }
        // Of equally bad ones that with the least room, and of equals the first.
        let worst = found.into_iter().rev().max_by(|a, b| {
            let by_verdict = a.0.verdict.cmp(&b.0.verdict);
            by_verdict.then(b.1.total_cmp(&a.1))
        });
        worst.map(|(worst, _)| Beside { evidence, ..worst })
    }

    fn unknown(words: String) -> Beside {
        Beside {
            verdict: Verdict::Inconclusive,
            words,
            numbers: None,
            evidence: Vec::new(),
        }
    }

    /// Adds what was found to what the check says by itself: the worse of both is the verdict, and of
    /// equals the check's own limit is told.
    pub(super) fn tell(self, found: &mut Finding) {
        let own_says_little = found.limit.is_none();
        found.because = format!("{}; {}", found.because, self.words);
        found.evidence.extend(self.evidence);
        if self.verdict > found.verdict || (own_says_little && self.verdict == found.verdict) {
            found.verdict = self.verdict;
            if let Some(([value, expected, limit], phase)) = self.numbers {
                found.value = Some(value);
                found.expected = Some(expected);
                found.uncertainty = None;
                found.limit = Some(limit);
                found.margin = Some(limit - value);
                found.phase = Some(phase);
            }
        }
    }
}

/// A cell of the run and the golden's.
struct Pair<'a> {
    name: &'a str,
    before: &'a Energy,
    now: &'a Energy,
    more: f64,
    effect: Effect,
}

impl Pair<'_> {
    fn needed(&self) -> String {
        let (before, now) = (&self.before.meter, &self.now.meter);
        if before == now {
            self.before.needed(self.more)
        } else {
            format!("measured by another meter ({now}, golden {before}), whose errors count too")
        }
    }

    fn beside(&self, standing: Standing) -> Beside {
        let Effect { ratio, low, high } = self.effect;
        let (name, limit) = (self.name, 1.0 + self.more);
        let (joules, before) = (self.now.joules, self.before.joules);
        let told =
            format!("in {name} {ratio:.4} ({low:.4} to {high:.4}) of what the golden's took");
        let (verdict, words) = match standing {
            Standing::Holds => (Verdict::Pass, format!("{told}, within {limit}")),
            Standing::Regressed => (Verdict::Fail, format!("{told}, beyond {limit}")),
            Standing::Undecided => {
                let words = format!("{told}, too near to {limit} to tell: {}", self.needed());
                (Verdict::Inconclusive, words)
            }
        };
        Beside {
            verdict,
            words,
            numbers: Some(([joules, before, before * limit], name.to_owned())),
            evidence: Vec::new(),
        }
    }

    fn evidence(&self) -> Evidence {
        let (Effect { ratio, low, high }, before, now) = (self.effect, self.before, self.now);
        let mut numbers = vec![
            ("energy_ratio", ratio),
            ("energy_low", low),
            ("energy_high", high),
            ("blocks", now.count as f64),
            ("golden_blocks", before.count as f64),
        ];
        let answers = before.answers_needed(self.more);
        numbers.extend(answers.map(|answers| ("answers_needed", answers as f64)));
        let text = format!(
            "ratio to the golden's energy at {:.0} %: {ratio:.4} ({low:.4} to {high:.4}); {} blocks of {} \
             right answers, golden {}; {}",
            CONFIDENCE * 100.0,
            now.count,
            now.answers,
            before.count,
            self.needed()
        );
        Evidence::new(&format!("{}, beside the golden", self.name), text, &numbers)
    }
}
