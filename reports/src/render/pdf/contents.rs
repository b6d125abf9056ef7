//! Contents: the sections with their pages, each a link.

use krilla::tagging::Identifier;

use super::canvas::{Canvas, INK, QUIET, Side, Type};
use super::fonts::Face;
use super::layout::{Begin, SIDE, WIDTH};

/// Height of a line, points.
const LINE: f32 = 12.0;
/// Columns, and the white between them.
const COLUMNS: usize = 2;
const GUTTER: f32 = 24.0;

const NAME: Type = Type::new(Face::Sans, 8.2, INK);
const DOTS: Type = Type::new(Face::Sans, 8.2, QUIET);

/// A link from a line of the contents to its section.
pub(super) struct Link {
    /// The mark of the line.
    pub(super) mark: Identifier,
    /// The line: left, top, width and height, points.
    pub(super) place: (f32, f32, f32, f32),
    /// Where it leads.
    pub(super) to: Begin,
}

/// Height of the contents of so many sections.
pub(super) fn height(sections: usize) -> f32 {
    sections.div_ceil(COLUMNS) as f32 * LINE
}

/// Draws the contents at the height `y`, column by column.
pub(super) fn draw(canvas: &mut Canvas, y: f32, sections: &[Begin]) -> Vec<Link> {
    let rows = sections.len().div_ceil(COLUMNS).max(1);
    let width = (WIDTH - GUTTER * (COLUMNS - 1) as f32) / COLUMNS as f32;
    let lines = sections.iter().enumerate().map(|(place, section)| {
        let x = SIDE + (place / rows) as f32 * (width + GUTTER);
        let top = y + (place % rows) as f32 * LINE;
        let mark = canvas.tagged(|canvas| line(canvas, (x, top + 9.0), width, section));
        Link {
            mark,
            place: (x, top, width, LINE),
            to: section.clone(),
        }
    });
    lines.collect()
}

/// Name, dots and page number.
fn line(canvas: &mut Canvas, (x, base): (f32, f32), width: f32, section: &Begin) {
    let number = (section.page + 1).to_string();
    canvas.text((x, base), &section.title, NAME, Side::Left);
    let of = |canvas: &Canvas, text: &str| canvas.fonts.width(NAME.face, NAME.size, text);
    let dot = of(canvas, " .");
    let free = width - of(canvas, &section.title) - of(canvas, &number) - 6.0;
    let dots = (free / dot).floor().max(0.0) as usize;
    let right = x + width - of(canvas, &number) - 3.0;
    canvas.text((right, base), &" .".repeat(dots), DOTS, Side::Right);
    canvas.text((x + width, base), &number, NAME, Side::Right);
}
