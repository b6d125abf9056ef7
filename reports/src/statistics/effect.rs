//! How much slower one series of blocks is than another: the ratio of their typical values, with an
//! interval, and how many blocks say it in time.
//!
//! Latencies within a block depend on each other, so a block is the unit, not an inference. The
//! logarithm of what a block tells is near enough to normal; Welch's interval (Biometrika 34, 1947,
//! p. 28) holds for sides of different spread and size.

use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

/// What several blocks tell: count, and mean and deviation of the logarithms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many blocks.
    pub blocks: u64,
    /// The geometric mean: what is typical.
    pub typical: f64,
    /// Standard deviation of the natural logarithm: about the relative one. From block to block.
    pub deviation: f64,
}

impl Spread {
    /// Of the blocks' values, all above zero; `None` for fewer than two.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let count = values.len() as f64;
        if values.len() < 2
            || values
                .iter()
                .any(|value| !(*value > 0.0 && value.is_finite()))
        {
            return None;
        }
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / count;
        let squares = values.iter().map(|value| (value.ln() - mean).powi(2));
        Some(Spread {
            blocks: values.len() as u64,
            typical: mean.exp(),
            deviation: (squares.sum::<f64>() / (count - 1.0)).sqrt(),
        })
    }

    /// What a mean of this side is uncertain by, as a variance of its logarithm.
    fn variance(&self) -> f64 {
        self.deviation * self.deviation / self.blocks.max(1) as f64
    }
}

/// The ratio of two sides, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The later over the earlier: 1.1 is a tenth more.
    pub ratio: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Effect {
    /// How `now` lies to `before`, with an interval of `confidence` (0.95: one in forty lies beyond
    /// each end). `None` where a side has fewer than two blocks.
    pub fn between(before: &Spread, now: &Spread, confidence: f64) -> Option<Effect> {
        if before.blocks < 2 || now.blocks < 2 || !(before.typical > 0.0 && now.typical > 0.0) {
            return None;
        }
        let shift = (now.typical / before.typical).ln();
        let (a, b) = (before.variance(), now.variance());
        let variance = a + b;
        let half = if variance > 0.0 {
            let parts = a * a / (before.blocks - 1) as f64 + b * b / (now.blocks - 1) as f64;
            let freedom = (variance * variance / parts).max(1.0);
            quantile(0.5 + confidence / 2.0, freedom) * variance.sqrt()
        } else {
            0.0
        };
        Some(Effect {
            ratio: shift.exp(),
            low: (shift - half).exp(),
            high: (shift + half).exp(),
        })
    }
}

fn quantile(share: f64, freedom: f64) -> f64 {
    let student = StudentsT::new(0.0, 1.0, freedom).expect("one degree of freedom at least");
    student.inverse_cdf(share)
}

/// By what factor a deviation may exceed the one that `blocks` show, at most with `confidence`, by the
/// χ² distribution. `confidence` is above 0 and below 1.
///
/// # Panics
/// Never: there is one degree of freedom at least.
pub fn deviation_bound(blocks: u64, confidence: f64) -> f64 {
    let freedom = blocks.max(2) as f64 - 1.0;
    let law = ChiSquared::new(freedom).expect("one degree of freedom at least");
    (freedom / law.inverse_cdf(1.0 - confidence)).sqrt()
}

/// Fewest blocks a side: below, the deviation itself is a guess.
const FEWEST: u64 = 10;
/// Most that are ever asked for.
const MOST: u64 = 1_000_000;

/// How many blocks a run needs beside a golden of as many (or of `golden` blocks, where given), so
/// that a change by `ratio` is told apart from the limit `allowed` (both as ratios) with `power` at
/// `confidence`, if blocks deviate by `deviation`.
///
/// Two samples of equal spread: n = 2 σ² (t₁ + t₂)² / (ln ratio − ln allowed)², by turns since
/// Student's t depends on n (Desu and Raghavarao, Sample Size Methodology, 1990, section 2.3).
pub fn blocks_needed(
    deviation: f64,
    (ratio, allowed): (f64, f64),
    (confidence, power): (f64, f64),
    golden: Option<u64>,
) -> u64 {
    let distance = (ratio / allowed).ln().abs();
    let enough = |blocks: u64| {
        let golden = golden.unwrap_or(blocks);
        let freedom = (blocks + golden - 2) as f64;
        let error = deviation * (1.0 / blocks as f64 + 1.0 / golden as f64).sqrt();
        let reach = quantile(0.5 + confidence / 2.0, freedom) + quantile(power, freedom);
        reach * error <= distance
    };
    let mut high = FEWEST;
    while !enough(high) {
        if high >= MOST {
            return MOST;
        }
        high = (high * 2).min(MOST);
    }
    let mut low = FEWEST - 1;
    while high - low > 1 {
        let middle = low.midpoint(high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Welch's two-sample t test by hand: means 2 and 2.5 of logarithms, variances 0.04/5 and 0.09/8.
    #[test]
    fn the_interval_is_welchs() {
        let side = |blocks, mean: f64, deviation| Spread {
            blocks,
            typical: mean.exp(),
            deviation,
        };
        let (before, now) = (side(5, 2.0, 0.2), side(8, 2.5, 0.3));
        let found = Effect::between(&before, &now, 0.95).unwrap();
        assert!((found.ratio - 0.5_f64.exp()).abs() < 1e-12);
        // Standard error 0.138744, 10.8732 degrees of freedom, t 2.204121 (scipy).
        assert!(
            (found.low.ln() - (0.5 - 0.305_809)).abs() < 1e-5,
            "{found:?}"
        );
        assert!(
            (found.high.ln() - (0.5 + 0.305_809)).abs() < 1e-5,
            "{found:?}"
        );
    }

    /// Tables of χ²: the tenth percentile is 12.443 of 20 degrees of freedom, and 0.01579 of one.
    #[test]
    fn a_deviation_from_few_blocks_is_uncertain() {
        assert!((deviation_bound(21, 0.9) - (20.0_f64 / 12.443).sqrt()).abs() < 1e-3);
        assert!((deviation_bound(2, 0.9) - (1.0_f64 / 0.015_79).sqrt()).abs() < 0.01);
    }

    #[test]
    fn values_give_typical_and_deviation() {
        let found = Spread::of(&[1.0, 100.0]).unwrap();
        assert!((found.typical - 10.0).abs() < 1e-9 && found.blocks == 2);
        assert!((found.deviation - 100_f64.ln() / 2_f64.sqrt()).abs() < 1e-9);
        assert_eq!(Spread::of(&[1.0]), None);
        assert_eq!(Spread::of(&[1.0, 0.0]), None);
    }

    /// The textbook's two-sided test of a difference of half a deviation with 80 % power takes 64 a side.
    #[test]
    fn as_many_blocks_as_the_textbook_says() {
        let half = 0.5_f64.exp();
        let found = blocks_needed(1.0, (half, 1.0), (0.95, 0.80), None);
        assert!((63..=65).contains(&found), "{found}");
        assert_eq!(blocks_needed(0.0, (1.1, 1.03), (0.95, 0.95), None), FEWEST);
    }
}
