//! Language: what a model thinks of a given text (teacher-forced), and texts token by token.
//!
//! A model of another precision soon says other words that are as good, so that its own texts tell
//! little; how likely it finds the words of a given text tells what became of its numbers.

use super::Golden;
use super::compare::{Comparison, Sides};
use super::manifest::Comparator;
use super::measures::{edits, prefix};

/// How the logits for one text differ from the golden's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forced {
    /// Mean over the tokens of the Kullback-Leibler divergence of the distribution from the golden's,
    /// nats.
    pub(super) mean_kl: f64,
    /// The token after which it is largest, and how large.
    pub(super) worst: (usize, f64),
    /// Tokens with another likeliest successor, of those where the golden's is beyond doubt.
    pub(super) changed: usize,
    pub(super) decided: usize,
    /// The first of them, with the likeliest successor here and in the golden.
    pub(super) first: Option<(usize, usize, usize)>,
    /// Mean negative logarithm of the probability of the token that comes, nats: here, golden.
    pub(super) nll: [f64; 2],
}

impl Forced {
    /// Of the logits `a` and `g` after each of `tokens`, as many as both have.
    pub(super) fn of(a: &[f64], g: &[f64], tokens: &[f64], undecidable: f64) -> Forced {
        let width = (g.len() / tokens.len().max(1)).max(1);
        let rows = a.chunks_exact(width).zip(g.chunks_exact(width));
        let mut forced = Forced {
            mean_kl: 0.0,
            worst: (0, 0.0),
            changed: 0,
            decided: 0,
            first: None,
            nll: [0.0; 2],
        };
        let (mut count, mut followed) = (0_u32, 0_u32);
        for (place, (a, g)) in rows.enumerate() {
            let (a_log, g_log) = (log_softmax(a), log_softmax(g));
            let kl: f64 = a_log
                .iter()
                .zip(&g_log)
                .map(|(a, g)| g.exp() * (g - a))
                .sum();
            // Rounding takes it below zero.
            let kl = kl.max(0.0);
            forced.mean_kl += kl;
            count += 1;
            if kl > forced.worst.1 {
                forced.worst = (place, kl);
            }
            let ((ours, _), (theirs, lead)) = (likeliest(a), likeliest(g));
            if lead > undecidable {
                forced.decided += 1;
                if ours != theirs {
                    forced.changed += 1;
                    forced.first.get_or_insert((place, ours, theirs));
                }
            }
            let next = tokens.get(place + 1).filter(|next| **next >= 0.0);
            if let Some(&next) = next
                && let (Some(a), Some(g)) = (a_log.get(next as usize), g_log.get(next as usize))
            {
                forced.nll = [forced.nll[0] - a, forced.nll[1] - g];
                followed += 1;
            }
        }
        forced.mean_kl /= f64::from(count.max(1));
        forced.nll = forced.nll.map(|sum| sum / f64::from(followed.max(1)));
        forced
    }

    /// Share of the decided tokens whose likeliest successor is the golden's.
    pub(super) fn top1(&self) -> f64 {
        1.0 - self.changed as f64 / self.decided.max(1) as f64
    }

    /// By what part the text is less likely than by the golden; below zero where it is likelier.
    pub(super) fn increase(&self) -> f64 {
        let [ours, theirs] = self.nll;
        if theirs > 0.0 {
            ours / theirs - 1.0
        } else {
            ours - theirs
        }
    }
}

/// Logarithms of the probabilities that logits stand for.
fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
    let all = most + sum.ln();
    logits.iter().map(|logit| logit - all).collect()
}

/// The largest, the first of equals, and its lead.
fn likeliest(logits: &[f64]) -> (usize, f64) {
    let (mut best, mut first, mut second) = (0, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (token, &logit) in logits.iter().enumerate() {
        if logit > first {
            (best, first, second) = (token, logit, first);
        } else if logit > second {
            second = logit;
        }
    }
    (best, first - second)
}

impl Sides<'_> {
    /// What is told of a text that was forced, whether it passes or not.
    pub(super) fn forced(&self) -> Forced {
        let manifest = self.golden.manifest();
        let input = self.golden.inputs().get(self.input);
        let tokens = input.map_or_else(Vec::new, |input| manifest.input.dtype.decode(input));
        Forced::of(
            &self.a,
            &self.g,
            &tokens,
            manifest.margins.undecidable_up_to,
        )
    }

    /// The sentence on a forced text, and what of it is out of its limits.
    pub(super) fn forced_text(
        &self,
        [max_kl, min_top1, max_increase]: [f64; 3],
        found: &mut Comparison,
    ) -> (bool, String) {
        let forced = self.forced();
        let golden = self.golden;
        let mut why = Vec::new();
        if forced.mean_kl.is_nan() || forced.mean_kl > max_kl {
            why.push(format!(
                "mean KL divergence {:.3e}, allowed {max_kl:e}",
                forced.mean_kl
            ));
        }
        if forced.top1() < min_top1 {
            let (place, ours, theirs) = forced.first.unwrap_or_default();
            let (ours, theirs) = (golden.piece(ours as f64), golden.piece(theirs as f64));
            why.push(format!(
                "the likeliest token is the golden's after {:.2} % of {}, at least {:.2} % asked; first \
                 after token {place}: {ours} instead of {theirs}",
                forced.top1() * 100.0,
                forced.decided,
                min_top1 * 100.0
            ));
        }
        let increase = forced.increase();
        if increase.is_nan() || increase > max_increase {
            let [ours, theirs] = forced.nll;
            why.push(format!(
                "the text is less likely by {:.3} % (NLL {ours:.5}, golden {theirs:.5}), allowed {:.3} %",
                increase * 100.0,
                max_increase * 100.0
            ));
        }
        found.difference = forced.mean_kl;
        found.allowed = max_kl;
        let input = self.input;
        if !why.is_empty() {
            let (place, kl) = forced.worst;
            let why = why.join("; ");
            let text = format!(
                "logits of input {input}: {why}; farthest after token {place}, by {kl:.3e}"
            );
            return (false, text);
        }
        let text = format!(
            "logits of input {input}: mean KL divergence {:.3e}, allowed {max_kl:e}; likeliest token \
             the golden's after {} of {} tokens; NLL {:.6}, golden {:.6}",
            forced.mean_kl,
            forced.decided - forced.changed,
            forced.decided,
            forced.nll[0],
            forced.nll[1]
        );
        (true, text)
    }

    /// How many edits a text is away, and the sentence on one that has more than allowed.
    pub(super) fn tokens(&self, max_edits: usize, found: &mut Comparison) -> Option<String> {
        let (a, g, input) = (&self.a[..], &self.g[..], self.input);
        let (same, far) = (prefix(a, g), edits(a, g));
        // Tokens are names: how far their numbers are apart says nothing.
        (found.difference, found.allowed) = (far as f64, max_edits as f64);
        (found.index, found.coordinates) = (Some(same), vec![same]);
        found.max_difference = found.difference;
        let piece = |side: &[f64]| {
            let token = side.get(same).copied().unwrap_or(f64::NAN);
            self.golden.piece(token)
        };
        (far > max_edits).then(|| {
            format!(
                "tokens of input {input} are {far} edits from the golden's {}, allowed {max_edits}; the \
                 first {same} are the same, then {} instead of {}",
                g.len(),
                piece(a),
                piece(g)
            )
        })
    }
}

impl Golden {
    /// A token with its text in quotes, where the golden has a vocabulary.
    pub(super) fn piece(&self, token: f64) -> String {
        match self.text_of(token) {
            Some(text) => format!("{token} ({text:?})"),
            None => token.to_string(),
        }
    }

    /// How many tokens an answer has, where answers are tokens that were generated.
    pub fn generated_tokens(&self) -> Option<u64> {
        let tokens = matches!(self.manifest().comparator, Comparator::Tokens { .. });
        tokens.then(|| self.output_shape().iter().product::<usize>() as u64)
    }

    /// The text of a token, where the golden has a vocabulary and the token is of it.
    pub fn text_of(&self, token: f64) -> Option<&str> {
        let whole = token >= 0.0 && token.fract() == 0.0;
        let piece = whole.then(|| self.vocabulary.get(token as usize)).flatten();
        piece.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tokens of three, by hand: softmax of (0, ln 2, ln 5) is (1, 2, 5) / 8.
    #[test]
    fn divergence_is_the_textbooks() {
        let (two, five) = (2_f64.ln(), 5_f64.ln());
        let golden = [0.0, two, five, 0.0, two, five];
        // The first row is the same but for a constant, the second turned round.
        let ours = [1.0, 1.0 + two, 1.0 + five, five, two, 0.0];
        let found = Forced::of(&ours, &golden, &[0.0, 2.0], 0.0);
        // (5 - 1) / 8 ln 5 for the second row.
        let kl = 0.5 * five;
        assert!((found.mean_kl - kl / 2.0).abs() < 1e-12, "{found:?}");
        assert_eq!((found.changed, found.decided, found.worst.0), (1, 2, 1));
        assert_eq!(found.first, Some((1, 0, 2)));
        assert!((found.nll[0] - (8.0_f64 / 5.0).ln()).abs() < 1e-12);
        assert!(found.increase().abs() < 1e-12 && (found.top1() - 0.5).abs() < 1e-12);
        // Where the golden does not decide, nothing is held against it.
        let tie = Forced::of(&ours, &golden, &[0.0, 2.0], 1.0);
        assert_eq!((tie.changed, tie.decided), (0, 0));
        assert!((tie.top1() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_text_that_became_less_likely_is_seen() {
        let golden = [0.0, 2.0, 0.0, 0.0];
        let ours = [0.0, 1.0, 0.0, 0.0];
        let found = Forced::of(&ours, &golden, &[0.0, 1.0], 0.0);
        assert!(found.increase() > 1.0 && found.changed == 0, "{found:?}");
    }
}
