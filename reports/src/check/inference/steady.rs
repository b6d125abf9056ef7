//! Whether a board had come to rest when it was measured: its last three windows of five are alike, and
//! its temperature does not change. On an orbit nothing rests: results are told by phase and temperature.

use profiles::time::BenchTime;

use crate::verdict::Evidence;

/// Windows that queries are cut into, and how many of the last must be alike.
const WINDOWS: usize = 5;
const LAST: usize = 3;
/// By how much the medians of the last may differ, as a share.
const ALIKE: f64 = 0.05;
/// How fast the temperature may change over them, K/min.
const AT_REST: f64 = 0.5;

/// One query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// When it was done.
    pub(super) at: BenchTime,
    /// How long it took.
    pub(super) millis: f64,
    /// How warm the board was, where it tells.
    pub(super) celsius: Option<f64>,
}

/// What is told of queries in order of time; nothing of fewer than one for each window.
pub(super) fn steadiness(points: &[Point]) -> Option<Evidence> {
    let length = points.len() / WINDOWS;
    let last = points.get(points.len().checked_sub(length * LAST)?..)?;
    if length == 0 {
        return None;
    }
    let medians = last.chunks_exact(length).map(|window| {
        let mut millis: Vec<f64> = window.iter().map(|point| point.millis).collect();
        millis.sort_by(f64::total_cmp);
        millis[millis.len() / 2]
    });
    let (low, high) = medians.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), median| {
        (low.min(median), high.max(median))
    });
    let spread = high / low - 1.0;
    let slope = slope(last);
    let rests = slope.is_none_or(|slope| slope.abs() <= AT_REST);
    let steady = spread <= ALIKE && rests;
    let warms = slope.map_or_else(String::new, |slope| {
        format!("; its temperature changes by {slope:+.2} K/min, at most {AT_REST} asked")
    });
    let verdict = if steady { "at rest" } else { "not at rest" };
    let text = format!(
        "{verdict}: medians of the last {LAST} of {WINDOWS} windows differ by {:.2} %, at most {:.0} % \
         asked{warms}",
        spread * 100.0,
        ALIKE * 100.0
    );
    let mut numbers = vec![("steady", f64::from(u8::from(steady))), ("spread", spread)];
    numbers.extend(slope.map(|slope| ("kelvin_per_min", slope)));
    Some(Evidence::new("steadiness", text, &numbers))
}

/// How fast the temperature changes, K/min, by least squares; `None` where it was not told.
fn slope(points: &[Point]) -> Option<f64> {
    let begin = points.first()?.at;
    let told = points.iter().filter_map(|point| {
        let minutes = point.at.micros_since(begin) as f64 / 60e6;
        Some((minutes, point.celsius?))
    });
    let told: Vec<(f64, f64)> = told.collect();
    let count = told.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| told.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|it| it.0), mean(|it| it.1));
    let spread: f64 = told.iter().map(|it| (it.0 - x).powi(2)).sum();
    let common: f64 = told.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
    (spread > 0.0).then_some(common / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query a second for ten minutes, by a board that warms and slows down as said.
    fn told(kelvin_per_min: f64, slower: f64) -> Evidence {
        let points = (0..600_u32).map(|second| Point {
            at: BenchTime::from_millis(u64::from(second) * 1_000),
            millis: 100.0 * (1.0 + slower * f64::from(second) / 600.0),
            celsius: Some(20.0 + kelvin_per_min * f64::from(second) / 60.0),
        });
        steadiness(&points.collect::<Vec<Point>>()).unwrap()
    }

    #[test]
    fn what_warms_or_slows_down_is_not_at_rest() {
        assert!(told(0.4, 0.01).text.starts_with("at rest: "));
        let warms = told(0.6, 0.0);
        assert!(
            warms.text.contains("not at rest") && warms.text.contains("+0.60 K/min"),
            "{warms:?}"
        );
        // Over two fifths of the time, from the middle of one window to that of another, by 8 %.
        let slows = told(0.0, 0.2);
        assert!(
            (slows.numbers["spread"] - 0.08 / 1.1).abs() < 0.01,
            "{slows:?}"
        );
        assert!(slows.numbers["steady"] < 0.5, "{slows:?}");
        assert!(steadiness(&[]).is_none());
    }
}
