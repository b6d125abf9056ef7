//! MLPerf's early stopping: what a percentile of latency surely does not exceed, from few queries.
//!
//! MLPerf Inference rules, appendix "Early Stopping", and `LoadGen`'s `early_stopping.cc`: with t
//! queries over the latency, h of them under it are needed where I(p − d; h, t + 1) ≤ 1 − c, with
//! I the regularised incomplete beta function, c = 0.99 and d = 0.

use statrs::function::beta::beta_reg;

/// Confidence of the bound, as `LoadGen` has it.
const CONFIDENCE: f64 = 0.99;

/// How many queries are needed for the percentile `share` (0.9: the 90th) to hold with `over` of them
/// over the latency.
pub fn queries_needed(share: f64, over: u64) -> u64 {
    let enough = |under: u64| beta_reg(under as f64, over as f64 + 1.0, share) <= 1.0 - CONFIDENCE;
    let mut high = 1;
    while !enough(high) {
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low.midpoint(high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high + over
}

/// How many of `queries` may be over the latency; `None` where they are too few to say anything.
pub fn over_latency_allowed(share: f64, queries: u64) -> Option<u64> {
    if queries < queries_needed(share, 0) {
        return None;
    }
    // Fewer than a share of 1 − p may be over, so that is where the search ends.
    let (mut low, mut high) = (0, ((1.0 - share) * queries as f64).ceil() as u64 + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if queries_needed(share, middle) <= queries {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// What the percentile `share` of latencies, in rising order, does not exceed with 99 % confidence:
/// the t − 1 highest are left out and the next is told, as single and multi stream do. `None` where
/// they are too few: below 64 for the 90th, 662 for the 99th percentile.
pub fn percentile_bound(share: f64, sorted: &[u32]) -> Option<u32> {
    let over = over_latency_allowed(share, sorted.len() as u64)?;
    let left_out = usize::try_from(over.checked_sub(1)?).ok()?;
    sorted.iter().rev().nth(left_out).copied()
}

#[cfg(test)]
mod tests {
    use profiles::seed::Seed;

    use super::*;

    /// `LoadGen`'s own numbers: 64 for single stream, 662 for multi stream.
    #[test]
    fn as_many_queries_as_loadgen_asks_for() {
        let row = |share| [0, 1, 2, 3, 5, 10].map(|over| queries_needed(share, over));
        assert_eq!(row(0.90), [44, 64, 81, 97, 127, 197]);
        assert_eq!(row(0.95), [90, 130, 165, 198, 259, 398]);
        assert_eq!(row(0.99), [459, 662, 838, 1_001, 1_307, 2_010]);
    }

    #[test]
    fn too_few_queries_have_no_percentile() {
        let latencies: Vec<u32> = (1..=662).collect();
        assert_eq!(percentile_bound(0.9, &latencies[..63]), None);
        assert_eq!(percentile_bound(0.9, &latencies[..64]), Some(64));
        assert_eq!(percentile_bound(0.99, &latencies[..661]), None);
        assert_eq!(percentile_bound(0.99, &latencies), Some(662));
        assert_eq!(over_latency_allowed(0.99, 458), None);
        assert_eq!(over_latency_allowed(0.99, 838), Some(2));
    }

    /// The bound is not below the true percentile in 99 of 100 runs.
    #[test]
    fn the_bound_holds_in_simulation() {
        let mut stream = Seed(3).stream("statistics", "early stopping");
        let truth = 900_000;
        let held = (0..1_000).filter(|_| {
            let mut latencies: Vec<u32> =
                (0..400).map(|_| stream.below(1_000_000) as u32).collect();
            latencies.sort_unstable();
            percentile_bound(0.9, &latencies).is_some_and(|bound| bound >= truth)
        });
        let held = held.count();
        assert!(held >= 980, "{held} of 1000");
    }
}
