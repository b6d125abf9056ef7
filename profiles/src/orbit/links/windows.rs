//! When a continuous function of time is above zero.

use crate::orbit::propagation::PropagationError;
use crate::orbit::roots;
use crate::time::{BenchTime, Window};

/// Time between samples, s; what is shorter is found as a dip between them.
const STEP: f64 = 30.0;

/// To what an edge is searched, s.
const TOLERANCE: f64 = 1e-6;

/// To what the top of a short rise is searched, s.
const TOP_TOLERANCE: f64 = 1e-3;

/// The stretches of `span` in which `height` is above zero.
pub(in crate::orbit) fn above_zero(
    span: Window,
    mut height: impl FnMut(f64) -> Result<f64, PropagationError>,
) -> Result<Vec<Window>, PropagationError> {
    let (start, end) = (span.start.as_secs_f64(), span.end.as_secs_f64());
    let count = ((end - start) / STEP).ceil() as usize;
    let mut samples = Vec::with_capacity(count + 1);
    for index in 0..=count {
        let seconds = (start + STEP * index as f64).min(end);
        samples.push((seconds, height(seconds)?));
    }
    let mut cuts = Vec::new();
    for pair in samples.windows(2) {
        if (pair[0].1 > 0.0) != (pair[1].1 > 0.0) {
            cuts.push(roots::root(&mut height, pair[0], pair[1], TOLERANCE)?);
        }
    }
    for three in samples.windows(3) {
        short(&mut height, [three[0], three[1], three[2]], &mut cuts)?;
    }
    cuts.sort_by(f64::total_cmp);
    let mut bounds = vec![start];
    bounds.extend(cuts);
    bounds.push(end);
    let mut windows = Vec::new();
    for pair in bounds.windows(2) {
        if pair[1] > pair[0] && height(0.5 * (pair[0] + pair[1]))? > 0.0 {
            windows.push(Window {
                start: BenchTime::from_secs_f64(pair[0]),
                end: BenchTime::from_secs_f64(pair[1]),
            });
        }
    }
    Ok(windows)
}

/// The two edges of a rise or a dip that begins and ends between three samples of one sign.
fn short(
    height: &mut impl FnMut(f64) -> Result<f64, PropagationError>,
    [before, middle, after]: [(f64, f64); 3],
    cuts: &mut Vec<f64>,
) -> Result<(), PropagationError> {
    let sign = if middle.1 > 0.0 { 1.0 } else { -1.0 };
    let [left, bottom, right] = [before, middle, after].map(|(_, value)| sign * value);
    let extreme = left >= bottom && right > bottom && left >= 0.0 && right >= 0.0;
    if !extreme || bottom > 2.0 * (left - bottom).max(right - bottom) {
        return Ok(());
    }
    let toward = |seconds: f64| Ok(sign * height(seconds)?);
    let (at, depth) = roots::dip(toward, (before.0, after.0), TOP_TOLERANCE)?;
    if depth < 0.0 {
        let top = (at, sign * depth);
        cuts.push(roots::root(&mut *height, before, top, TOLERANCE)?);
        cuts.push(roots::root(&mut *height, top, after, TOLERANCE)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_between_samples_is_found() {
        let span = Window {
            start: BenchTime::ZERO,
            end: BenchTime::from_millis(600_000),
        };
        let short = |seconds: f64| Ok(1.0 - ((seconds - 103.0) / 7.0).powi(2));
        let found = above_zero(span, short).unwrap();
        assert_eq!(found.len(), 1);
        assert!((found[0].start.as_secs_f64() - 96.0).abs() < 1e-5);
        assert!((found[0].end.as_secs_f64() - 110.0).abs() < 1e-5);
    }
}
