//! The figures as data for the plots of the page, to six significant digits.

use serde_json::{Value, json};

use super::super::figure::{Figure, Panel, Trace, spoken_panel};
use super::super::pdf::Block;
use profiles::phase::Phase;

/// All figures, in the order of the page, as JSON that may stand in HTML.
pub(super) fn figures(blocks: &[Block]) -> String {
    let figures = blocks.iter().filter_map(|block| match block {
        Block::Figure(shown, _) => Some(figure(shown)),
        _ => None,
    });
    let text = Value::Array(figures.collect()).to_string();
    // So that no name can end the script.
    text.replace('<', "\\u003c")
}

/// One figure: its time axis, and panels with their lines.
pub(in super::super) fn figure(figure: &Figure) -> Value {
    let eclipses = figure.time.eclipses.iter().map(|interval| {
        let name = match interval.phase {
            Phase::Umbra => "umbra",
            _ => "penumbra",
        };
        let window = interval.window;
        json!([window.start.as_secs_f64(), window.end.as_secs_f64(), name])
    });
    json!({
        "title": figure.title,
        "end": figure.time.end,
        "counts": figure.time.counts,
        "measure": figure.time.measure.as_ref().map(|it| json!([it.begin, it.caption])),
        "epoch": figure.time.epoch,
        "eclipses": eclipses.collect::<Vec<Value>>(),
        "panels": figure
            .panels
            .iter()
            .map(|it| panel(it, figure.time.measure.is_some()))
            .collect::<Vec<Value>>(),
    })
}

/// `measured` says that its axis is no time.
fn panel(panel: &Panel, measured: bool) -> Value {
    let limits = panel
        .limits
        .iter()
        .map(|limit| json!({"label": limit.label, "value": limit.value, "during": limit.during}));
    let bands = panel.bands.iter();
    let bands = bands.map(|band| json!([band.from, band.to, band.low, band.high]));
    let worst = panel.worst.iter();
    let worst = worst.map(|spot| json!([spot.at, spot.value, spot.label]));
    json!({
        "quantity": panel.quantity,
        "unit": panel.unit,
        "spoken": spoken_panel(panel),
        "zero": panel.with_zero,
        "traces": panel.traces.iter().map(|it| trace(it, measured)).collect::<Vec<Value>>(),
        "limits": limits.collect::<Vec<Value>>(),
        "bands": bands.collect::<Vec<Value>>(),
        "worst": worst.collect::<Vec<Value>>(),
    })
}

fn trace(trace: &Trace, measured: bool) -> Value {
    let along = |at: f64| if measured { six(at) } else { json!(time(at)) };
    let lines = trace.lines.iter().map(|line| {
        let points = line
            .iter()
            .map(|&(at, value)| json!([along(at), six(value)]));
        Value::Array(points.collect())
    });
    let extremes = trace.extremes.iter();
    let extremes = extremes.map(|&(at, low, high)| json!([time(at), six(low), six(high)]));
    json!({
        "label": trace.label,
        "pen": trace.pen,
        "lines": lines.collect::<Vec<Value>>(),
        "extremes": extremes.collect::<Vec<Value>>(),
    })
}

/// Milliseconds are finer than any pixel.
fn time(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// Six significant digits; what is no number is told as none.
fn six(value: f64) -> Value {
    let rounded = quick_six(value).or_else(|| format!("{value:.5e}").parse().ok());
    rounded
        .filter(|value| value.is_finite())
        .map_or(Value::Null, |value| json!(value))
}

/// The same of a size as nearly all have, without words: a whole number over a power of ten is the number
/// nearest to what its digits say, for both are exact.
fn quick_six(value: f64) -> Option<f64> {
    let size = value.abs();
    if !(1e-3..1e5).contains(&size) {
        return None;
    }
    let mut scale = 1e8;
    for limit in [1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4] {
        if size >= limit {
            scale /= 10.0;
        }
    }
    Some((value * scale).round_ties_even() / scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It is what the digits say, and no further from the value than half of the last of them.
        #[test]
        fn six_digits_are_the_nearest(digits in -1e6_f64..1e6, tens in -9_i32..3) {
            let value = digits * 10_f64.powi(tens);
            let told = six(value).as_f64().unwrap();
            let shortest: f64 = format!("{told:.5e}").parse().unwrap();
            prop_assert_eq!(told.to_bits(), shortest.to_bits(), "{}", value);
            let half = 10_f64.powf(value.abs().log10().floor() - 5.0) / 2.0;
            prop_assert!((told - value).abs() <= half * 1.000_001, "{} for {}", told, value);
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        assert_eq!(six(f64::NAN), Value::Null);
        assert_eq!(six(f64::NEG_INFINITY), Value::Null);
        assert_eq!(six(0.0), json!(0.0));
    }
}
