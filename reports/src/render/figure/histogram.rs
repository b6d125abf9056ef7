//! Histograms: how a number is spread over many runs, and on which side of its limit.

use serde::Serialize;

use super::super::words::{number, quantity};

/// How the margin of one check is spread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// The check.
    pub label: String,
    /// Symbol of the margin's unit; may be empty.
    pub unit: String,
    /// Runs in each of equal steps from the smallest margin to the largest.
    pub counts: Vec<u64>,
    /// The smallest margin, the 5 % quantile, the median, the 95 % quantile, the largest. Below zero a limit is
    /// broken.
    pub spread: [f64; 5],
    /// The share of the runs that failed, in words.
    pub failing: String,
    /// Whether any did.
    pub fails: bool,
}

/// What histograms show, for who does not see them.
pub fn spoken_histograms(all: &[Histogram]) -> String {
    let told = all.iter().map(|one| {
        let [min, p5, median, p95, max] = one.spread;
        format!(
            "{}: margin from {} to {}, median {}, 90 % between {} and {}, failing {}",
            one.label,
            number(min),
            quantity(max, &one.unit),
            number(median),
            number(p5),
            number(p95),
            one.failing
        )
    });
    told.collect::<Vec<String>>().join("; ")
}
