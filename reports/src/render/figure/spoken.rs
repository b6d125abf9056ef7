//! What a picture shows, in words: for who hears the report instead of seeing it.

use super::super::words::{number, quantity};
use super::{Bar, Figure, Lane, Panel, Strip};

/// A figure: its panels, what is in them and between which values.
pub fn spoken(figure: &Figure) -> String {
    let panels = figure.panels.iter().map(spoken_panel);
    let length = figure.time.length();
    let told = panels.collect::<Vec<String>>().join("; ");
    format!("{}, over {length}: {told}.", figure.title)
}

/// One panel of a figure.
pub fn spoken_panel(panel: &Panel) -> String {
    let mut told = panel.quantity.clone();
    let traces: Vec<String> = panel
        .traces
        .iter()
        .map(|trace| {
            let means = trace
                .lines
                .iter()
                .flatten()
                .map(|&(_, value)| (value, value));
            let hidden = trace.extremes.iter().map(|&(_, low, high)| (low, high));
            let range = means
                .chain(hidden)
                .reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)));
            match range {
                None => format!("{} without a value", trace.label),
                Some((low, high)) => format!(
                    "{} from {} to {}",
                    trace.label,
                    number(low),
                    quantity(high, &panel.unit)
                ),
            }
        })
        .collect();
    told.push_str(": ");
    told.push_str(&traces.join(", "));
    for limit in &panel.limits {
        told.push_str(&[", limit ", &limit.label].concat());
    }
    told
}

/// Margins.
pub fn spoken_bars(bars: &[Bar]) -> String {
    let told = bars.iter().map(|bar| {
        let percent = (100.0 * (1.0 - bar.share)).round();
        let (label, margin) = (&bar.label, &bar.margin);
        format!("{label}: {percent} % of its limit used, margin {margin}")
    });
    told.collect::<Vec<String>>().join("; ")
}

/// The events of devices.
pub fn spoken_lanes(title: &str, lanes: &[Lane]) -> String {
    let told = lanes.iter().map(|lane| {
        let (events, silences) = (lane.marks.len(), lane.silences.len());
        format!("{}: {events} events, {silences} silences", lane.label)
    });
    format!("{title}: {}", told.collect::<Vec<String>>().join("; "))
}

/// The states of devices.
pub fn spoken_strips(title: &str, strips: &[Strip]) -> String {
    let told = strips.iter().map(|strip| {
        let mut states: Vec<&str> = strip.spans.iter().map(|span| span.state.as_str()).collect();
        states.sort_unstable();
        states.dedup();
        let (times, names) = (strip.spans.len(), states.join(", "));
        format!("{}: {times} times {names}", strip.label)
    });
    format!("{title}: {}", told.collect::<Vec<String>>().join("; "))
}
