//! Statistics that verdicts rest on: shares with intervals, numbers of trials, differences of means,
//! ranks, and MLPerf's early stopping. Special functions come from `statrs`.

mod early;
mod effect;
mod proportion;
mod rank;

pub use early::{over_latency_allowed, percentile_bound, queries_needed};
pub use effect::{Effect, Spread, blocks_needed, deviation_bound};
pub use proportion::{Interval, Method, injections_needed, zero_events_bound};
pub use rank::{Correlation, correlation};

use statrs::distribution::{ContinuousCDF, Normal};

/// The standard normal quantile of `share`, which is above 0 and below 1.
///
/// # Panics
/// Never: mean 0 and deviation 1 make a distribution.
fn normal_quantile(share: f64) -> f64 {
    let normal = Normal::new(0.0, 1.0).expect("mean 0 and deviation 1 make a distribution");
    normal.inverse_cdf(share)
}
