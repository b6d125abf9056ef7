//! Charts: figures drawn by plotters on any backend. Sizes are in points; `unit` says how many
//! of the backend's pixels make one, so that a vector backend can ask for finer ones.

mod axis;
mod bars;
mod histogram;
mod labels;
mod lanes;
mod panel;
mod sheet;
mod style;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::DrawingBackend;
use profiles::phase::Phase;

use super::figure::{Figure, TimeAxis};
use super::words;
use sheet::{Align, Rect, Sheet};

/// The font of every text in a chart.
pub const FAMILY: &str = "IBM Plex Sans";

pub use bars::{bars_height, draw_bars};
pub use histogram::{draw_histograms, histograms_height};
pub use lanes::{draw_lanes, draw_strips, lanes_height, strips_height};

/// What drawing may fail with.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Left of the plots: numbers of the value axis.
const LEFT: f64 = 32.0;
/// Right of the plots: names of the traces.
const RIGHT: f64 = 112.0;
/// Above the first panel: the title and the legend of the eclipse.
const HEAD: f64 = 16.0;
/// Below the last panel: times and what they mean.
const FOOT: f64 = 24.0;
/// More below the last panel where T0 has a UTC.
const UTC: f64 = 9.0;
/// Above each panel: its quantity.
const CAPTION: f64 = 13.0;

/// Draws a figure over the whole of `area`.
///
/// # Errors
/// If the backend fails.
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    figure: &Figure,
    unit: f64,
) -> Drawn<DB> {
    let sheet = Sheet::new(area, unit);
    let (width, height) = sheet.size();
    head(&sheet, &figure.title, &figure.time)?;
    let weights: f64 = figure.panels.iter().map(|panel| panel.weight).sum();
    let captions = CAPTION * figure.panels.len() as f64;
    let foot_of = match words::utc_at(&figure.time, 0.0) {
        Some(_) => FOOT + UTC,
        None => FOOT,
    };
    let free = (height - HEAD - foot_of - captions).max(1.0);
    let mut top = HEAD;
    for panel in &figure.panels {
        top += CAPTION;
        let plot = Rect {
            left: LEFT,
            top,
            right: width - RIGHT,
            bottom: top + free * panel.weight / weights,
        };
        panel::draw(&sheet, plot, panel, &figure.time)?;
        top = plot.bottom;
    }
    foot(&sheet, &figure.time, top)
}

/// The title at the left; what the grey means at the right.
fn head<DB: DrawingBackend>(sheet: &Sheet<DB>, title: &str, time: &TimeAxis) -> Drawn<DB> {
    let (width, _) = sheet.size();
    let mut right = width;
    for (phase, name) in [(Phase::Penumbra, "penumbra"), (Phase::Umbra, "umbra")] {
        if !time.eclipses.iter().any(|interval| interval.phase == phase) {
            continue;
        }
        let left = right - sheet.width(name, &style::SMALL);
        sheet.text((left, 6.0), name, &style::SMALL, Align::Left)?;
        let swatch = Rect {
            left: left - 15.0,
            top: 2.5,
            right: left - 4.0,
            bottom: 9.5,
        };
        sheet.fill(swatch, style::shade(phase))?;
        sheet.frame(swatch, style::FRAME)?;
        right = swatch.left - 10.0;
    }
    let title = labels::fitted_as(sheet, title, &style::TITLE, right);
    sheet.text((0.0, 6.0), &title, &style::TITLE, Align::Left)
}

/// Times below the last panel.
fn foot<DB: DrawingBackend>(sheet: &Sheet<DB>, time: &TimeAxis, top: f64) -> Drawn<DB> {
    let (width, _) = sheet.size();
    let right = width - RIGHT;
    let x = |at: f64| LEFT + (right - LEFT) * time.share(at);
    let labels = axis::tick_labels(time);
    for (tick, label) in &labels {
        let x = x(*tick);
        sheet.line(&[(x, top), (x, top + 2.5)], style::FRAME)?;
        sheet.text((x, top + 8.0), label, &style::SMALL, Align::Center)?;
    }
    let utc = utc_row(sheet, time, x, top + 17.0)?;
    let caption = match (&time.counts, &time.measure) {
        (Some(counted), _) => counted.clone(),
        (None, Some(measure)) => measure.caption.clone(),
        (None, None) => axis::time_caption(time, axis::ticks(time).1),
    };
    sheet.text(
        (f64::midpoint(LEFT, right), top + 18.0 + utc),
        &caption,
        &style::SMALL,
        Align::Center,
    )
}

/// UTC below the ticks, at height `y`, where T0 has one; how much room it took.
fn utc_row<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    time: &TimeAxis,
    x: impl Fn(f64) -> f64,
    y: f64,
) -> Result<f64, DrawingAreaErrorKind<DB::ErrorType>> {
    let labels = axis::utc_labels(time, &axis::ticks(time).0);
    for (tick, label) in &labels {
        sheet.text((x(*tick), y), label, &style::SMALL, Align::Center)?;
    }
    Ok(if labels.is_empty() { 0.0 } else { UTC })
}

/// The grey of the eclipses behind a plot.
fn shade<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: Rect, time: &TimeAxis) -> Drawn<DB> {
    // Penumbras last seconds: they are drawn last, with edges that are seen at any width.
    for phase in [Phase::Umbra, Phase::Penumbra] {
        for interval in time
            .eclipses
            .iter()
            .filter(|interval| interval.phase == phase)
        {
            let x = |at: profiles::time::BenchTime| {
                let share = (at.as_secs_f64() / time.end).min(1.0);
                plot.left + (plot.right - plot.left) * share
            };
            let left = x(interval.window.start);
            let right = x(interval.window.end).max(left + 0.6).min(plot.right);
            sheet.fill(
                Rect {
                    left,
                    right,
                    ..plot
                },
                style::shade(phase),
            )?;
            if phase == Phase::Penumbra {
                for x in [left, right] {
                    sheet.line(&[(x, plot.top), (x, plot.bottom)], style::EDGE)?;
                }
            }
        }
    }
    Ok(())
}
