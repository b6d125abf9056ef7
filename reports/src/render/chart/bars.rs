//! Bars: how much of its allowance each check uses.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::super::figure::Bar;
use super::Drawn;
use super::labels::fitted;
use super::sheet::{Align, Rect, Sheet};
use super::style;
use crate::verdict::Verdict;

/// Height of a row, in points.
const ROW: f64 = 12.0;
/// Height of the scale below the rows, in points.
const SCALE: f64 = 16.0;

/// Height of so many bars with their scale, in points.
pub const fn bars_height(bars: usize) -> f64 {
    ROW * bars as f64 + SCALE
}

/// Left of the bars: names of checks.
const NAMES: f64 = 172.0;
/// Right of the bars: margins.
const MARGINS: f64 = 64.0;

/// Draws `bars` over the whole of `area`.
///
/// # Errors
/// If the backend fails.
pub fn draw_bars<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    bars: &[Bar],
    unit: f64,
) -> Drawn<DB> {
    let sheet = Sheet::new(area, unit);
    let (width, _) = sheet.size();
    let (left, right) = (NAMES, width - MARGINS);
    let bottom = ROW * bars.len() as f64;
    // Beyond the limit only as far as the worst bar reaches, in quarters.
    let worst = bars.iter().map(used).fold(1.0, f64::max);
    let high = (worst * 4.0).ceil() / 4.0;
    let x = |share: f64| left + (right - left) * share / high;
    for step in 0..=(high * 4.0).round() as i32 {
        let share = f64::from(step) / 4.0;
        sheet.line(&[(x(share), 0.0), (x(share), bottom)], style::GRID)?;
        let label = format!("{:.0} %", share * 100.0);
        sheet.text(
            (x(share), bottom + 7.0),
            &label,
            &style::SMALL,
            Align::Center,
        )?;
    }
    for (row, bar) in bars.iter().enumerate() {
        let middle = ROW * (row as f64 + 0.5);
        let name = fitted(&sheet, &bar.label, NAMES - 6.0);
        sheet.text((NAMES - 6.0, middle), &name, &style::LABEL, Align::Right)?;
        let rect = Rect {
            left,
            top: middle - 3.2,
            right: x(used(bar)).max(left + 0.8),
            bottom: middle + 3.2,
        };
        match bar.verdict {
            Verdict::Fail => {
                sheet.fill(rect, style::VERMILION)?;
                hatch(&sheet, rect)?;
            }
            // Open, for it is not known.
            Verdict::Inconclusive => sheet.frame(rect, style::SPOT)?,
            Verdict::Pass => sheet.fill(rect, style::BLUE)?,
        }
        let face = match bar.verdict {
            Verdict::Fail => style::STRONG_LABEL,
            _ => style::LABEL,
        };
        sheet.text((width, middle), &bar.margin, &face, Align::Right)?;
    }
    if bars.iter().any(|bar| bar.spoken.is_some()) {
        return Ok(());
    }
    // The limit.
    sheet.line(&[(x(1.0), 0.0), (x(1.0), bottom)], style::LIMIT)
}

/// What a check uses of its allowance: 1 at the limit, up to 2 beyond it.
fn used(bar: &Bar) -> f64 {
    (1.0 - bar.share).clamp(0.0, 2.0)
}

/// White strokes across a bar: a broken limit is told apart without colour.
pub(super) fn hatch<DB: DrawingBackend>(sheet: &Sheet<DB>, rect: Rect) -> Drawn<DB> {
    let stroke = style::Stroke {
        colour: style::WHITE,
        weight: 0.7,
        dashes: &[],
    };
    let height = rect.bottom - rect.top;
    let mut left = rect.left;
    while left + height < rect.right {
        sheet.line(&[(left, rect.bottom), (left + height, rect.top)], stroke)?;
        left += 4.0;
    }
    Ok(())
}
