//! Effects of injections as shares with intervals, piece by piece, and the verdict on them.

use super::Upsets;
use super::effects::{Effect, Told};
use crate::golden::conditions::Conditions;
use crate::statistics::{Interval, Method, injections_needed};
use crate::verdict::{Evidence, Verdict};

/// Injections that are told one by one.
const MOST_TOLD: usize = 40;

impl Upsets {
    pub(super) fn evidence(&self, told: &[Told], trials: u64) -> Vec<Evidence> {
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
        evidence.extend(self.decisions(told, trials));
        let unobserved = count(told, Effect::Unobserved);
        if unobserved > 0 {
            let text = format!("{unobserved} injections, after which no answer came, do not count");
            let numbers = [("count", unobserved as f64)];
            evidence.push(Evidence::new("unobserved", text, &numbers));
        }
        evidence.push(self.size(trials));
        let mut effective: Vec<&Told> = told.iter().filter(|t| t.effect > Effect::Masked).collect();
        // The gravest first: of silent ones those that changed a decision.
        effective.sort_by_key(|told| {
            let grave = (told.effect, told.decides_otherwise);
            (std::cmp::Reverse(grave), told.at)
        });
        for told in effective.iter().take(MOST_TOLD) {
            evidence.push(self.piece(told));
        }
        if let Some(more) = effective.len().checked_sub(MOST_TOLD + 1) {
            let text = format!("{} more injections had an effect", more + 1);
            evidence.push(Evidence::new("more", text, &[]));
        }
        evidence
    }

    /// How many injections changed a decision, where the golden's outputs decide something.
    fn decisions(&self, told: &[Told], trials: u64) -> Option<Evidence> {
        self.golden.as_ref().filter(|golden| golden.decides())?;
        let silent = |told: &&Told| told.effect == Effect::Silent;
        let otherwise = told.iter().filter(silent).filter(|it| it.decides_otherwise);
        let hits = otherwise.count() as u64;
        let Interval { low, high } = self.interval(hits, trials);
        let part = hits as f64 / trials.max(1) as f64;
        let text = format!(
            "{hits} of {trials} injections, {} ({} to {}), made answers decide otherwise; the other {} \
             silent ones left each decision as it is",
            percent(part),
            percent(low),
            percent(high),
            count(told, Effect::Silent) - hits
        );
        let numbers = [
            ("count", hits as f64),
            ("share", part),
            ("low", low),
            ("high", high),
        ];
        Some(Evidence::new("decisions", text, &numbers))
    }

    fn piece(&self, told: &Told) -> Evidence {
        let after = told
            .seen
            .map(|seen| seen.micros_since(told.at) as f64 * 1e-6);
        let later = after.map_or(String::new(), |after| format!(", {after:.3} s later"));
        let conditions = self.conditions.get(&told.at);
        let conditions = conditions.map_or(String::new(), Conditions::sentence);
        let text = format!("{}{conditions}{later}: {}", told.fault, told.words);
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
    pub(super) fn verdict(&self, silent: u64, trials: u64) -> (Verdict, String) {
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

pub(super) fn count(told: &[Told], effect: Effect) -> u64 {
    told.iter().filter(|told| told.effect == effect).count() as u64
}

/// `2.4 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
