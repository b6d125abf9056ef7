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
    format!("{value:.5e}")
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .map_or(Value::Null, |value| json!(value))
}
