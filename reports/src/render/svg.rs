//! Charts as SVG text, for pages and for viewers of vectors.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::colors::WHITE;

use super::chart::{self, Drawn};
use super::figure::Figure;
use super::png::fonts;

/// Pixels of the picture to a point, for lines that are not on whole ones.
const UNIT: u32 = 2;

/// Draws `figure` alone, `size` points wide and high.
pub fn figure(figure: &Figure, size: (u32, u32)) -> String {
    // Whoever shows it may have wider letters than those it was laid out with.
    picture(size, [12, 8, 12, 24], |area| {
        chart::draw(area, figure, f64::from(UNIT))
    })
}

/// Draws anything of so many points, with margins above, below, left and right.
pub(super) fn picture(
    size: (u32, u32),
    margins: [u32; 4],
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn<SVGBackend<'static>>,
) -> String {
    fonts();
    let mut text = String::new();
    {
        let size = (size.0 * UNIT, size.1 * UNIT);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        // A picture in memory cannot fail to be written.
        let _always_ok = area.fill(&WHITE);
        let [above, below, left, right] = margins.map(|margin| margin * UNIT);
        let _always_ok = draw(&area.margin(above, below, left, right));
        let _always_ok = area.present();
    }
    text
}

/// Pixels to a point, for what is drawn by [`picture`].
pub(super) const fn unit() -> f64 {
    UNIT as f64
}
