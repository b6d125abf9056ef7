//! Lanes: the story of each device on the time axis.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::super::figure::{Lane, TimeAxis};
use super::sheet::{Align, Rect, Sheet};
use super::{Drawn, LEFT, axis, head, style};

/// Height of a lane, in points.
pub const LANE: f64 = 15.0;
/// Height of what stands above and below the lanes, in points.
pub const AROUND: f64 = 16.0 + 24.0;

/// Left of the lanes: names of devices.
const NAMES: f64 = 66.0;

/// Draws `lanes` over the whole of `area`.
///
/// # Errors
/// If the backend fails.
pub fn draw_lanes<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    (title, lanes): (&str, &[Lane]),
    time: &TimeAxis,
    unit: f64,
) -> Drawn<DB> {
    let sheet = Sheet::new(area, unit);
    let (width, _) = sheet.size();
    head(&sheet, title, time)?;
    let top = 16.0;
    let bottom = top + LANE * lanes.len() as f64;
    let plot = Rect {
        left: NAMES.max(LEFT),
        top,
        right: width - 4.0,
        bottom,
    };
    super::shade(&sheet, plot, time)?;
    let x = |seconds: f64| plot.left + (plot.right - plot.left) * (seconds / time.end).min(1.0);
    let (ticks, format) = axis::times(time.end);
    for tick in ticks {
        sheet.line(&[(x(tick), top), (x(tick), bottom + 2.5)], style::GRID)?;
        let label = axis::time_label(tick, format);
        sheet.text(
            (x(tick), bottom + 8.0),
            &label,
            &style::SMALL,
            Align::Center,
        )?;
    }
    for (row, lane) in lanes.iter().enumerate() {
        let middle = top + LANE * (row as f64 + 0.5);
        sheet.text(
            (plot.left - 5.0, middle),
            &lane.label,
            &style::LABEL,
            Align::Right,
        )?;
        sheet.line(&[(plot.left, middle), (plot.right, middle)], style::LEADER)?;
        for &(from, to) in &lane.silences {
            let (left, right) = (x(from), x(to).max(x(from) + 0.6));
            let rect = Rect {
                left,
                top: middle - 2.0,
                right,
                bottom: middle + 2.0,
            };
            sheet.fill(rect, style::INK)?;
        }
        marks(&sheet, lane, middle, x)?;
    }
    sheet.frame(plot, style::FRAME)?;
    let caption = format!("bench time, {}; black bars: silent", format.name());
    sheet.text(
        (f64::midpoint(plot.left, plot.right), bottom + 18.0),
        &caption,
        &style::SMALL,
        Align::Center,
    )
}

/// A letter in a box for each event; those that would cover one another are a tick only.
fn marks<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    lane: &Lane,
    middle: f64,
    x: impl Fn(f64) -> f64,
) -> Drawn<DB> {
    let mut free = f64::NEG_INFINITY;
    for mark in &lane.marks {
        let at = x(mark.at);
        sheet.line(&[(at, middle - 6.0), (at, middle + 6.0)], style::SPOT)?;
        if at - 4.0 < free {
            continue;
        }
        let rect = Rect {
            left: at - 3.6,
            top: middle - 4.2,
            right: at + 3.6,
            bottom: middle + 4.2,
        };
        sheet.fill(rect, style::WHITE)?;
        sheet.frame(rect, style::SPOT)?;
        sheet.text(
            (at, middle),
            &mark.letter.to_string(),
            &style::STRONG_LABEL,
            Align::Center,
        )?;
        free = rect.right;
    }
    Ok(())
}
