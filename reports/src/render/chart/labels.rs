//! Labels beside a plot: each near the end of its line, none upon another.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::Drawn;
use super::sheet::{Align, Rect, Sheet};
use super::style::{LABEL, LEADER, Stroke, Type};

/// Smallest distance of two labels.
const APART: f64 = 8.6;

/// What is drawn before the name.
#[derive(Clone, Copy)]
pub(super) enum Swatch {
    /// A bit of the line.
    Line(Stroke),
    /// A bit of the band.
    Band(RGBColor),
}

/// One label.
pub(super) struct Label {
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) swatch: Swatch,
}

/// Draws `labels` to the right of `plot`.
pub(super) fn draw<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    plot: Rect,
    mut labels: Vec<Label>,
) -> Drawn<DB> {
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let wanted: Vec<f64> = labels.iter().map(|label| label.y).collect();
    let placed = spread(&wanted, plot.top + 2.0, plot.bottom - 2.0);
    let (edge, swatch, text) = (plot.right + 1.5, plot.right + 8.0, plot.right + 24.0);
    let (width, _) = sheet.size();
    for (label, y) in labels.iter().zip(placed) {
        sheet.line(&[(edge, label.y), (swatch - 1.0, y)], LEADER)?;
        match label.swatch {
            Swatch::Line(stroke) => sheet.line(&[(swatch, y), (swatch + 13.0, y)], stroke)?,
            Swatch::Band(colour) => {
                let (top, bottom) = (y - 2.5, y + 2.5);
                let rect = Rect {
                    left: swatch,
                    top,
                    right: swatch + 13.0,
                    bottom,
                };
                sheet.fill(rect, colour)?;
                sheet.frame(rect, LEADER)?;
            }
        }
        let told = fitted(sheet, &label.text, width - text);
        sheet.text((text, y), &told, &LABEL, Align::Left)?;
    }
    Ok(())
}

/// A label, cut off with an ellipsis where it finds no room.
pub(super) fn fitted<DB: DrawingBackend>(sheet: &Sheet<DB>, text: &str, room: f64) -> String {
    fitted_as(sheet, text, &LABEL, room)
}

/// A text in `face`, cut off with an ellipsis where it finds no room.
pub(super) fn fitted_as<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    text: &str,
    face: &Type,
    room: f64,
) -> String {
    if sheet.width(text, face) <= room {
        return text.to_owned();
    }
    let (mut kept, dots) = (text.to_owned(), sheet.width("…", face));
    while kept.pop().is_some() && sheet.width(&kept, face) > room - dots {}
    format!("{}…", kept.trim_end())
}

/// Heights near those in `wanted`, which are in order, at least [`APART`] from each other.
fn spread(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut placed: Vec<f64> = wanted.iter().map(|y| y.clamp(top, bottom)).collect();
    // Groups that touch share the shift, so that no label strays far; a few rounds settle it.
    for _ in 0..40 {
        for i in 1..placed.len() {
            let lack = APART - (placed[i] - placed[i - 1]);
            if lack > 1e-6 {
                placed[i - 1] -= lack / 2.0;
                placed[i] += lack / 2.0;
            }
        }
        if let Some(first) = placed.first_mut() {
            *first = first.max(top);
        }
        if let Some(last) = placed.last_mut() {
            *last = last.min(bottom);
        }
    }
    // Whatever the rounds left: better below the panel than upon another label.
    for i in 1..placed.len() {
        placed[i] = placed[i].max(placed[i - 1] + APART);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_touch() {
        let placed = spread(&[10.0, 10.0, 11.0, 60.0, 99.0, 100.0], 0.0, 100.0);
        assert!(
            placed
                .windows(2)
                .all(|pair| pair[1] - pair[0] > APART - 0.01)
        );
        assert!(placed[0] >= 0.0 && placed[5] <= 100.1, "{placed:?}");
        assert!((placed[3] - 60.0).abs() < 1e-9);
    }
}
