//! How the margins of each check are distributed over the runs of a study.

use std::collections::BTreeMap;

use reports::statistics::Method;
use serde::Serialize;

use super::{Flown, Study};

/// How sure the interval of a share is.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Numbers of many runs, from the smallest to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// Five in a hundred are below.
    pub p5: f64,
    /// Half are below.
    pub median: f64,
    /// Ninety-five in a hundred are below.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of `values`, with quantiles between the two nearest (Hyndman and Fan 1996, definition 7); none of
    /// nothing.
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let quantile = |share: f64| {
            let place = share * (values.len() - 1) as f64;
            let below = place.floor();
            let low = values[below as usize];
            let high = values.get(below as usize + 1).copied().unwrap_or(low);
            low + (high - low) * (place - below)
        };
        Some(Spread {
            min,
            p5: quantile(0.05),
            median: quantile(0.5),
            p95: quantile(0.95),
            max,
        })
    }
}

/// One check over all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Margins {
    /// The check.
    pub check: String,
    /// Unit of its margins.
    pub unit: String,
    /// Runs in which it said something.
    pub runs: u64,
    /// Runs in which it failed.
    pub failed: u64,
    /// Runs in which it could not say.
    pub inconclusive: u64,
    /// The share that failed, of those in which it could say.
    pub share: f64,
    /// From where to where that lies (Clopper and Pearson, at 95 %).
    pub interval: [f64; 2],
    /// Its margins, if it has any.
    pub margin: Option<Spread>,
    /// How many margins lie in each of [`Margins::BINS`] equal steps from the smallest to the largest.
    pub histogram: Vec<u64>,
    /// The run with the smallest margin, or the first that failed.
    pub worst_run: Option<u64>,
    /// Its seed.
    pub worst_seed: Option<u64>,
}

impl Margins {
    /// Steps of a histogram.
    pub const BINS: usize = 20;
}

/// Every check over all runs, in the campaign's order.
pub fn margins(study: &Study) -> Vec<Margins> {
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    for found in study.flown.iter().flat_map(|flown| &flown.findings) {
        let place = order.len();
        order.entry(&found.check).or_insert(place);
    }
    let mut checks: Vec<(&str, usize)> = order.into_iter().collect();
    checks.sort_by_key(|(_, place)| *place);
    checks
        .into_iter()
        .map(|(check, _)| of_check(check, &study.flown))
        .collect()
}

fn of_check(check: &str, flown: &[Flown]) -> Margins {
    let all = || {
        flown.iter().filter_map(move |flown| {
            let found = flown.findings.iter().find(|found| found.check == check)?;
            Some((flown, found))
        })
    };
    let count = |verdict: &str| all().filter(|(_, it)| it.verdict == verdict).count() as u64;
    let (runs, failed, inconclusive) = (all().count() as u64, count("fail"), count("inconclusive"));
    let said = runs - inconclusive;
    let interval = Method::ClopperPearson.interval(failed, said, CONFIDENCE);
    let values: Vec<f64> = all().filter_map(|(_, found)| found.margin).collect();
    let histogram = histogram(&values);
    let least = all()
        .filter_map(|(flown, found)| Some((flown, found.margin?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(flown, _)| flown);
    let first = || {
        all()
            .find(|(_, it)| it.verdict == "fail")
            .map(|(flown, _)| flown)
    };
    let worst = least.or_else(first);
    Margins {
        check: check.to_owned(),
        unit: all()
            .map(|(_, it)| it.unit.clone())
            .find(|it| !it.is_empty())
            .unwrap_or_default(),
        runs,
        failed,
        inconclusive,
        share: failed as f64 / said.max(1) as f64,
        interval: [interval.low, interval.high],
        margin: Spread::of(values),
        histogram,
        worst_run: worst.map(|flown| flown.draw.run),
        worst_seed: worst.map(|flown| flown.draw.seed),
    }
}

fn histogram(values: &[f64]) -> Vec<u64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return Vec::new();
    }
    let mut bins = vec![0; Margins::BINS];
    for value in values {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.0
        };
        let place = (share * Margins::BINS as f64) as usize;
        bins[place.min(Margins::BINS - 1)] += 1;
    }
    bins
}
