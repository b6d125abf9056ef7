//! Lanes: the story of each device on the time axis, and the states they told.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::DrawingBackend;

use super::super::figure::{Lane, Strip, TimeAxis};
use super::super::words;
use super::sheet::{Align, Rect, Sheet};
use super::{Drawn, HEAD, UTC, axis, head, labels, style, utc_row};

/// Height of a lane, in points.
const LANE: f64 = 15.0;
/// Height of a strip, in points.
const STRIP: f64 = 13.0;
/// Height of what stands above and below the lanes, in points.
const LANES_AROUND: f64 = HEAD + 24.0 + UTC;
/// Height of what stands above and below the strips, in points.
const STRIPS_AROUND: f64 = HEAD + 16.0 + UTC;

/// Height of so many lanes with what stands around them, in points.
pub const fn lanes_height(lanes: usize) -> f64 {
    LANE * lanes as f64 + LANES_AROUND
}

/// Height of so many strips with what stands around them, in points.
pub const fn strips_height(strips: usize) -> f64 {
    STRIP * strips as f64 + STRIPS_AROUND
}

/// Left of the lanes: names of devices.
const NAMES: f64 = 72.0;
/// Left of the strips: names of channels.
const CHANNELS: f64 = 92.0;
/// What lasts less than this is drawn so wide, without a frame, in points.
const NARROW: f64 = 0.6;
/// Half the width of the box of a letter.
const HALF: f64 = 3.6;

/// A plot of rows over the time axis.
struct Rows {
    plot: Rect,
    end: f64,
}

impl Rows {
    fn x(&self, seconds: f64) -> f64 {
        let share = (seconds / self.end).clamp(0.0, 1.0);
        self.plot.left + (self.plot.right - self.plot.left) * share
    }
}

/// Title, eclipses and times around rows of `height` together.
fn around<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    (title, left): (&str, f64),
    height: f64,
    time: &TimeAxis,
) -> Result<Rows, DrawingAreaErrorKind<DB::ErrorType>> {
    let (width, _) = sheet.size();
    head(sheet, title, time)?;
    let plot = Rect {
        left,
        top: HEAD,
        // The last time is centred below the edge, and needs half its width.
        right: width - 9.0,
        bottom: HEAD + height,
    };
    let rows = Rows {
        plot,
        end: time.end,
    };
    super::shade(sheet, plot, time)?;
    let (ticks, format) = axis::times(time.end);
    for tick in ticks {
        let x = rows.x(tick);
        sheet.line(&[(x, plot.top), (x, plot.bottom + 2.5)], style::GRID)?;
        let label = axis::time_label(tick, format);
        sheet.text((x, plot.bottom + 8.0), &label, &style::SMALL, Align::Center)?;
    }
    utc_row(sheet, time, |at| rows.x(at), plot.bottom + 17.0)?;
    Ok(rows)
}

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
    let rows = around(&sheet, (title, NAMES), LANE * lanes.len() as f64, time)?;
    let plot = rows.plot;
    for (row, lane) in lanes.iter().enumerate() {
        let middle = plot.top + LANE * (row as f64 + 0.5);
        let name = labels::fitted(&sheet, &lane.label, NAMES - 6.0);
        sheet.text(
            (plot.left - 6.0, middle),
            &name,
            &style::LABEL,
            Align::Right,
        )?;
        sheet.line(&[(plot.left, middle), (plot.right, middle)], style::LEADER)?;
        for &(from, to) in &lane.silences {
            let left = rows.x(from);
            let (top, bottom) = (middle - 2.0, middle + 2.0);
            sheet.fill(
                Rect {
                    left,
                    top,
                    right: rows.x(to).max(left + 0.6),
                    bottom,
                },
                style::INK,
            )?;
        }
        marks(&sheet, lane, middle, &rows)?;
    }
    sheet.frame(plot, style::FRAME)?;
    let told = axis::time_caption(time, axis::times(time.end).1);
    let caption = format!("{told}; black bars: silent");
    let below = words::utc_at(time, 0.0).map_or(0.0, |_| UTC);
    let at = (
        f64::midpoint(plot.left, plot.right),
        plot.bottom + 18.0 + below,
    );
    sheet.text(at, &caption, &style::SMALL, Align::Center)
}

/// A letter in a box for each event; those that would cover one another are a tick only.
fn marks<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    lane: &Lane,
    middle: f64,
    rows: &Rows,
) -> Drawn<DB> {
    let mut free = f64::NEG_INFINITY;
    for mark in &lane.marks {
        let at = rows.x(mark.at);
        let at = at.clamp(rows.plot.left + HALF + 1.0, rows.plot.right - HALF - 1.0);
        if at - HALF < free {
            if at > free {
                sheet.line(&[(at, middle - 4.2), (at, middle + 4.2)], style::SPOT)?;
            }
            continue;
        }
        let rect = Rect {
            left: at - HALF,
            top: middle - 4.2,
            right: at + HALF,
            bottom: middle + 4.2,
        };
        sheet.fill(rect, style::WHITE)?;
        sheet.frame(rect, style::SPOT)?;
        let letter = mark.letter.to_string();
        sheet.text((at, middle), &letter, &style::STRONG_LABEL, Align::Center)?;
        free = rect.right;
    }
    Ok(())
}

/// Draws `strips` over the whole of `area`.
///
/// # Errors
/// If the backend fails.
pub fn draw_strips<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    (title, strips): (&str, &[Strip]),
    time: &TimeAxis,
    unit: f64,
) -> Drawn<DB> {
    let sheet = Sheet::new(area, unit);
    let rows = around(&sheet, (title, CHANNELS), STRIP * strips.len() as f64, time)?;
    let plot = rows.plot;
    for (row, strip) in strips.iter().enumerate() {
        let top = plot.top + STRIP * row as f64;
        let (middle, bottom) = (top + STRIP / 2.0, top + STRIP - 2.0);
        let name = labels::fitted(&sheet, &strip.label, CHANNELS - 6.0);
        sheet.text(
            (plot.left - 6.0, middle),
            &name,
            &style::LABEL,
            Align::Right,
        )?;
        let mut drawn = f64::NEG_INFINITY;
        for span in &strip.spans {
            let (left, right) = (rows.x(span.from), rows.x(span.to));
            let is_narrow = right - left < NARROW;
            // Of those that lie within a line's width only the first is seen.
            if is_narrow && right < drawn {
                continue;
            }
            let rect = Rect {
                left,
                top: top + 2.0,
                right: right.max(left + NARROW),
                bottom,
            };
            drawn = rect.right;
            sheet.fill(rect, style::state(span.number))?;
            if !is_narrow {
                sheet.frame(rect, style::LEADER)?;
            }
            // A name only where it fits into its span.
            if sheet.width(&span.state, &style::LABEL) + 4.0 <= right - left {
                let at = (f64::midpoint(left, right), middle);
                sheet.text(at, &span.state, &style::LABEL, Align::Center)?;
            }
        }
    }
    sheet.frame(plot, style::FRAME)
}
