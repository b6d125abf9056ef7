//! Charts as SVG text, for pages and for viewers of vectors.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::colors::WHITE;

use super::chart::{self, Drawn};
use super::figure::{self as told, Figure};
use super::pdf::Block;
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

/// Width of the pictures of a report, points: as on paper, so that they are laid out alike.
const WIDTH: u32 = 515;
/// Space around them: letters may be wider than those they were laid out with.
const AROUND: [u32; 4] = [2, 2, 2, 14];

/// A block of the report that is a picture, with what it shows in words; `None` if it is none.
pub(super) fn block(block: &Block) -> Option<(String, String)> {
    let size = |height: f64| (WIDTH + 16, height.ceil() as u32 + 4);
    let unit = f64::from(UNIT);
    Some(match block {
        Block::Figure(shown, height) => {
            let size = (WIDTH + 36, height.ceil() as u32 + 20);
            (figure(shown, size), told::spoken(shown))
        }
        Block::Bars(bars) => {
            let size = size(chart::bars_height(bars.len()));
            let drawn = picture(size, AROUND, |area| chart::draw_bars(area, bars, unit));
            (drawn, told::spoken_bars(bars))
        }
        Block::Histograms(all) => {
            let size = size(chart::histograms_height(all.len()));
            let drawn = picture(size, AROUND, |area| chart::draw_histograms(area, all, unit));
            (drawn, told::spoken_histograms(all))
        }
        Block::Lanes(title, lanes, time) => {
            let size = size(chart::lanes_height(lanes.len()));
            let drawn = picture(size, AROUND, |area| {
                chart::draw_lanes(area, (title, lanes), time, unit)
            });
            (drawn, told::spoken_lanes(title, lanes))
        }
        Block::Strips(title, strips, time) => {
            let size = size(chart::strips_height(strips.len()));
            let drawn = picture(size, AROUND, |area| {
                chart::draw_strips(area, (title, strips), time, unit)
            });
            (drawn, told::spoken_strips(title, strips))
        }
        _ => return None,
    })
}

/// Draws anything of so many points, with margins above, below, left and right.
fn picture(
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
