//! Shapes: the circle, and the marks of the three verdicts. Each verdict has its own outline,
//! so that no reader needs the colour.

use krilla::geom::PathBuilder;
use plotters::style::RGBColor;

use super::canvas::Canvas;
use crate::verdict::Verdict;

/// How far the handles of a quarter circle reach, as a share of its radius.
const HANDLE: f32 = 0.552_284_8;

/// Adds a circle to a path.
pub(super) fn circle(path: &mut PathBuilder, (x, y): (f32, f32), radius: f32) {
    let (r, h) = (radius, radius * HANDLE);
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
    path.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
    path.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
    path.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
    path.close();
}

/// The colour of a verdict, dark enough for text on paper.
pub(super) fn colour(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Pass => RGBColor(0x00, 0x7a, 0x59),
        Verdict::Inconclusive => RGBColor(0x9a, 0x66, 0x00),
        Verdict::Fail => RGBColor(0xb8, 0x3a, 0x00),
    }
}

/// Draws the mark of a verdict around `(x, y)`: a tick in a disc, a question in a diamond, a
/// cross in a square.
pub(super) fn mark(canvas: &mut Canvas, verdict: Verdict, (x, y): (f32, f32), size: f32) {
    let r = size / 2.0;
    let white = RGBColor(0xff, 0xff, 0xff);
    let ink = colour(verdict);
    match verdict {
        Verdict::Pass => {
            canvas.filled(ink, |path| circle(path, (x, y), r));
            canvas.stroked(white, size * 0.14, |path| {
                path.move_to(x - 0.48 * r, y + 0.02 * r);
                path.line_to(x - 0.12 * r, y + 0.40 * r);
                path.line_to(x + 0.50 * r, y - 0.38 * r);
            });
        }
        Verdict::Fail => {
            let s = 0.9 * r;
            let corners = [
                (x - s, y - s),
                (x + s, y - s),
                (x + s, y + s),
                (x - s, y + s),
            ];
            canvas.filled(ink, |path| polygon(path, &corners));
            canvas.stroked(white, size * 0.14, |path| {
                path.move_to(x - 0.42 * r, y - 0.42 * r);
                path.line_to(x + 0.42 * r, y + 0.42 * r);
                path.move_to(x + 0.42 * r, y - 0.42 * r);
                path.line_to(x - 0.42 * r, y + 0.42 * r);
            });
        }
        Verdict::Inconclusive => {
            let s = 1.12 * r;
            canvas.filled(ink, |path| {
                polygon(path, &[(x, y - s), (x + s, y), (x, y + s), (x - s, y)]);
            });
            canvas.question(white, (x, y), size * 0.78);
        }
    }
}

fn polygon(path: &mut PathBuilder, corners: &[(f32, f32)]) {
    for (place, &(x, y)) in corners.iter().enumerate() {
        match place {
            0 => path.move_to(x, y),
            _ => path.line_to(x, y),
        }
    }
    path.close();
}
