//! Histograms, one below the other: where each margin lies over many runs, against its limit at zero.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::super::figure::Histogram;
use super::super::words::{number, quantity};
use super::bars::hatch;
use super::labels::fitted;
use super::sheet::{Align, Rect, Sheet};
use super::{Drawn, style};

/// Height of a row, in points.
const ROW: f64 = 46.0;
/// Above the bars: the numbers of the quantiles.
const HEAD: f64 = 9.0;
/// Below the bars: the ends of the scale.
const FOOT: f64 = 11.0;
/// Left of the plots: names of checks.
const NAMES: f64 = 150.0;
/// Right of the plots: shares that failed.
const SHARES: f64 = 96.0;
/// The least width of a bar.
const THIN: f64 = 0.8;

/// Height of so many histograms, in points.
pub const fn histograms_height(histograms: usize) -> f64 {
    ROW * histograms as f64
}

/// Draws `all` over the whole of `area`.
///
/// # Errors
/// If the backend fails.
pub fn draw_histograms<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    all: &[Histogram],
    unit: f64,
) -> Drawn<DB> {
    let sheet = Sheet::new(area, unit);
    let (width, _) = sheet.size();
    for (row, one) in all.iter().enumerate() {
        let top = ROW * row as f64;
        let plot = Rect {
            left: NAMES,
            top: top + HEAD,
            right: width - SHARES,
            bottom: top + ROW - FOOT,
        };
        draw(&sheet, plot, one)?;
        let middle = f64::midpoint(plot.top, plot.bottom);
        let name = fitted(&sheet, &one.label, NAMES - 8.0);
        sheet.text((NAMES - 8.0, middle), &name, &style::LABEL, Align::Right)?;
        let face = if one.fails {
            style::STRONG_LABEL
        } else {
            style::LABEL
        };
        let share = fitted(&sheet, &one.failing, SHARES - 8.0);
        sheet.text((width, middle), &share, &face, Align::Right)?;
    }
    Ok(())
}

fn draw<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: Rect, one: &Histogram) -> Drawn<DB> {
    let [min, p5, median, p95, max] = one.spread;
    // The limit is always in the picture: how far it is away is what the reader asks.
    let (low, high) = (min.min(0.0), max.max(0.0));
    let span = if high > low { high - low } else { 1.0 };
    let x = |value: f64| plot.left + (plot.right - plot.left) * (value - low) / span;
    sheet.line(
        &[(plot.left, plot.bottom), (plot.right, plot.bottom)],
        style::FRAME,
    )?;
    let most = one.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = (max - min) / one.counts.len().max(1) as f64;
    for (place, &count) in one
        .counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let from = min + step * place as f64;
        // Where all runs have one value, it is the end of the scale.
        let left = x(from).min(plot.right - THIN);
        let rect = Rect {
            left,
            top: plot.bottom - (plot.bottom - plot.top) * count as f64 / most,
            right: (x(from + step) - 0.3).max(left + THIN),
            bottom: plot.bottom,
        };
        // What is broken is told apart without colour.
        if from + step / 2.0 < 0.0 {
            sheet.fill(rect, style::VERMILION)?;
            hatch(sheet, rect)?;
        } else {
            sheet.fill(rect, style::BLUE)?;
        }
    }
    for value in [p5, p95] {
        sheet.line(
            &[(x(value), plot.top), (x(value), plot.bottom)],
            style::GOLD_LINE,
        )?;
    }
    sheet.line(
        &[(x(median), plot.top - 2.0), (x(median), plot.bottom)],
        style::SPOT,
    )?;
    sheet.line(
        &[(x(0.0), plot.top), (x(0.0), plot.bottom + 2.0)],
        style::LIMIT,
    )?;
    let head = plot.top - 4.5;
    let at = x(median).clamp(plot.left + 12.0, plot.right - 12.0);
    sheet.text((at, head), &number(median), &style::LABEL, Align::Center)?;
    let foot = plot.bottom + 5.5;
    let ends = [
        (plot.left, number(low), Align::Left),
        (plot.right, quantity(high, &one.unit), Align::Right),
    ];
    for (at, text, align) in ends {
        sheet.text((at, foot), &text, &style::SMALL, align)?;
    }
    // The limit by its name where it is not an end of the scale, and has room.
    let zero = x(0.0);
    if zero > plot.left + 40.0 && zero < plot.right - 60.0 {
        sheet.text((zero, foot), "0", &style::SMALL, Align::Center)?;
    }
    Ok(())
}
