//! Shares of trials, with intervals, and how many trials a margin needs.

use statrs::distribution::{Beta, ContinuousCDF};

use super::normal_quantile;

/// From where to where a share lies, with the confidence that it was asked with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, from 0.
    pub low: f64,
    /// Upper end, to 1.
    pub high: f64,
}

/// How an interval is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Score interval: right on average, also for few trials (Wilson 1927, JASA 22, p. 209).
    Wilson,
    /// Exact: never too short, mostly too long (Clopper and Pearson 1934, Biometrika 26, p. 404).
    ClopperPearson,
}

impl Method {
    /// Every method, as campaigns spell it.
    pub const NAMES: &'static [&'static str] = &["wilson", "clopper-pearson"];

    /// The method that campaigns spell `name`.
    pub fn from_name(name: &str) -> Option<Method> {
        match name {
            "wilson" => Some(Method::Wilson),
            "clopper-pearson" => Some(Method::ClopperPearson),
            _ => None,
        }
    }

    /// The interval of the share that `hits` of `trials` show, with `confidence` above 0 and below 1.
    /// All of 0 to 1 for no trial: nothing is known.
    pub fn interval(self, hits: u64, trials: u64, confidence: f64) -> Interval {
        if trials == 0 {
            return Interval {
                low: 0.0,
                high: 1.0,
            };
        }
        let hits = hits.min(trials);
        match self {
            Method::Wilson => wilson(hits, trials, confidence),
            Method::ClopperPearson => clopper_pearson(hits, trials, confidence),
        }
    }
}

fn wilson(hits: u64, trials: u64, confidence: f64) -> Interval {
    let z = normal_quantile(0.5 + confidence / 2.0);
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let square = z * z / n;
    let middle = (p + square / 2.0) / (1.0 + square);
    let half = z / (1.0 + square) * (p * (1.0 - p) / n + square / (4.0 * n)).sqrt();
    // At the ends the formula gives them but for rounding.
    Interval {
        low: if hits == 0 { 0.0 } else { middle - half },
        high: if hits == trials { 1.0 } else { middle + half },
    }
}

fn clopper_pearson(hits: u64, trials: u64, confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    let (k, n) = (hits as f64, trials as f64);
    let quantile = |a: f64, b: f64, share: f64| {
        let beta = Beta::new(a, b).expect("both counts are above zero");
        beta.inverse_cdf(share)
    };
    Interval {
        low: match hits {
            0 => 0.0,
            _ => quantile(k, n - k + 1.0, tail),
        },
        high: match trials - hits {
            0 => 1.0,
            _ => quantile(k + 1.0, n - k, 1.0 - tail),
        },
    }
}

/// How many injections tell a share within `margin` at `confidence`, of a `population` of possible
/// ones (bits times instants; `None`: too many to count). `expected` is the share that is expected;
/// 0.5 where nothing is known, which asks for most.
///
/// Leveugle, Calvez, Maistri, Vanhauwaert: "Statistical fault injection: quantified error and
/// confidence", DATE 2009, eq. 4.
pub fn injections_needed(
    population: Option<f64>,
    margin: f64,
    confidence: f64,
    expected: f64,
) -> u64 {
    let t = normal_quantile(0.5 + confidence / 2.0);
    let spread = t * t * expected * (1.0 - expected);
    let needed = match population {
        Some(all) => all / (1.0 + margin * margin * (all - 1.0) / spread),
        None => spread / (margin * margin),
    };
    needed.ceil() as u64
}

/// The share above which `trials` without any hit would be less likely than 1 − `confidence`: the
/// "rule of three", exact.
pub fn zero_events_bound(trials: u64, confidence: f64) -> f64 {
    1.0 - (1.0 - confidence).powf(1.0 / trials.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use profiles::seed::Seed;
    use proptest::prelude::*;

    use super::*;

    fn near(found: Interval, low: f64, high: f64) {
        let off = (found.low - low).abs().max((found.high - high).abs());
        assert!(off < 5e-5, "{found:?} is not {low} to {high}");
    }

    /// Newcombe 1998, Statistics in Medicine 17, table I: methods 3 (score) and 5 (exact).
    #[test]
    fn intervals_are_newcombes() {
        near(Method::Wilson.interval(81, 263, 0.95), 0.2553, 0.3662);
        near(
            Method::ClopperPearson.interval(81, 263, 0.95),
            0.2527,
            0.3676,
        );
        near(Method::Wilson.interval(15, 148, 0.95), 0.0624, 0.1605);
        near(
            Method::ClopperPearson.interval(15, 148, 0.95),
            0.0578,
            0.1617,
        );
        near(Method::Wilson.interval(0, 20, 0.95), 0.0, 0.1611);
        near(Method::ClopperPearson.interval(0, 20, 0.95), 0.0, 0.1684);
        near(Method::Wilson.interval(1, 29, 0.95), 0.0061, 0.1718);
        near(Method::ClopperPearson.interval(1, 29, 0.95), 0.0009, 0.1776);
        near(Method::Wilson.interval(29, 29, 0.95), 0.8830, 1.0);
    }

    /// The paper rounds t up to 1.96, and so has 2,387 where this has 2,386.
    #[test]
    fn campaigns_are_as_large_as_leveugle_says() {
        let needed = |all, margin| injections_needed(all, margin, 0.95, 0.5);
        assert_eq!(
            [0.05, 0.02, 0.01].map(|e| needed(None, e)),
            [385, 2_401, 9_604]
        );
        let few = Some(384_000.0);
        assert_eq!(
            [0.05, 0.02, 0.01].map(|e| needed(few, e)),
            [384, 2_386, 9_370]
        );
        assert_eq!(injections_needed(None, 0.05, 0.99, 0.5), 664);
        assert_eq!(injections_needed(Some(10.0), 0.01, 0.99, 0.5), 10);
    }

    #[test]
    fn nothing_in_three_hundred_is_below_one_per_cent() {
        assert!((zero_events_bound(300, 0.95) - 0.009_936).abs() < 1e-5);
        assert!(zero_events_bound(25, 0.95) > 0.11);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share(
            (trials, hits) in (1..5_000_u64).prop_flat_map(|n| (Just(n), 0..=n)),
            confidence in 0.5..0.999,
        ) {
            let share = hits as f64 / trials as f64;
            for method in [Method::Wilson, Method::ClopperPearson] {
                let found = method.interval(hits, trials, confidence);
                prop_assert!(0.0 <= found.low && found.high <= 1.0);
                prop_assert!(found.low <= share + 1e-9 && share <= found.high + 1e-9, "{found:?}");
            }
        }
    }

    /// How often the true share lies inside, over many campaigns of 120 injections.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let mut stream = Seed(7).stream("statistics", "coverage");
        for share in [0.01, 0.08, 0.35, 0.5] {
            let mut covered = [0_u32; 2];
            for _ in 0..2_000 {
                let hits = (0..120).filter(|_| stream.unit() < share).count() as u64;
                for (count, method) in covered
                    .iter_mut()
                    .zip([Method::Wilson, Method::ClopperPearson])
                {
                    let found = method.interval(hits, 120, 0.95);
                    *count += u32::from(found.low <= share && share <= found.high);
                }
            }
            let [wilson, exact] = covered.map(|count| f64::from(count) / 2_000.0);
            // The score interval is right on average over shares; at one share it may be off by 3 %.
            assert!(wilson > 0.92, "{wilson} at {share}");
            assert!(exact > 0.94, "{exact} at {share}");
        }
    }
}
