//! The worst outputs on paper: pictures side by side, texts with what differs underlined.

use krilla::geom::Size;
use krilla::image::Image;
use plotters::style::RGBColor;

use super::super::figure::{self, DIFFERS, Drawing, Raster};
use super::canvas::{Canvas, INK, QUIET, RULE, Side, Type};
use super::fonts::{Face, Fonts};
use super::layout::{Block, SIDE, WIDTH};
use crate::report::Report;

/// Between two pictures.
const GUTTER: f32 = 12.0;
/// Width of one of three pictures.
const PANEL: f32 = (WIDTH - 2.0 * GUTTER) / 3.0;
/// For the titles above pictures, and the legend below.
const TITLE: f32 = 11.0;
const LEGEND: f32 = 16.0;
const SIZE: f32 = 8.2;
const LEADING: f32 = 12.0;
const SMALL: Type = Type::new(Face::Sans, 7.0, QUIET);
/// Lines of a text that are shown at most: half a page.
const MOST_LINES: usize = 28;

const WRONG: RGBColor = RGBColor(DIFFERS[0], DIFFERS[1], DIFFERS[2]);

/// A text in lines: where each piece begins, it, and whether it differs.
pub(in crate::render) struct Flow {
    pub(in crate::render) title: String,
    /// The pieces, each with whether both texts have it.
    pub(in crate::render) pieces: Vec<(String, bool)>,
    lines: Vec<Vec<(f32, String, bool)>>,
}

/// Pictures of one output with their legend.
pub(in crate::render) struct Pictures {
    pub(in crate::render) panels: Vec<Raster>,
    pub(in crate::render) legend: Vec<(String, figure::Colour)>,
}

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = Vec::new();
    for exhibit in &report.exhibits {
        let shown = figure::exhibit(exhibit);
        if blocks.is_empty() {
            blocks.push(Block::Section("Worst outputs".to_owned()));
        }
        blocks.push(Block::Heading(shown.title));
        blocks.push(Block::Text(shown.because));
        blocks.push(Block::Text(shown.extent));
        match shown.drawing {
            Drawing::Pictures { panels, legend } => {
                blocks.push(Block::Pictures(Pictures { panels, legend }));
            }
            Drawing::Texts(texts) => {
                let flows = texts
                    .into_iter()
                    .map(|(title, pieces)| Flow::new(fonts, title, &pieces));
                blocks.extend(flows.map(Block::Flow));
            }
        }
        blocks.push(Block::Gap(14.0));
    }
    blocks
}

fn face(differs: bool) -> Type {
    if differs {
        Type::new(Face::Strong, SIZE, WRONG)
    } else {
        Type::new(Face::Sans, SIZE, INK)
    }
}

impl Flow {
    fn new(fonts: &Fonts, title: String, pieces: &[(String, bool)]) -> Flow {
        let mut lines = vec![Vec::new()];
        let mut x = 0.0;
        for (piece, both) in pieces {
            // The end of a line is a token too, and must be seen.
            let ends = piece.ends_with('\n');
            let piece = piece.replace('\n', "¶");
            let Type { face, size, .. } = face(!both);
            let width = fonts.width(face, size, &piece);
            if x + width > WIDTH && x > 0.0 {
                lines.push(Vec::new());
                x = 0.0;
            }
            let begins = x <= 0.0;
            let shown = if begins {
                piece.trim_start_matches(' ')
            } else {
                &piece
            };
            let width = fonts.width(face, size, shown);
            if let Some(line) = lines.last_mut() {
                line.push((x, shown.to_owned(), !both));
            }
            x += width;
            if ends {
                lines.push(Vec::new());
                x = 0.0;
            }
        }
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            lines.push(vec![(0.0, "…".to_owned(), false)]);
        }
        Flow {
            title,
            pieces: pieces.to_vec(),
            lines,
        }
    }

    pub(super) fn height(&self) -> f32 {
        TITLE + self.lines.len() as f32 * LEADING + 4.0
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, y: f32) {
        canvas.text((SIDE, y + 8.0), &self.title, SMALL, Side::Left);
        for (place, line) in self.lines.iter().enumerate() {
            let base = y + TITLE + 8.0 + place as f32 * LEADING;
            for (x, piece, differs) in line {
                let (left, set) = (SIDE + x, face(*differs));
                canvas.text((left, base), piece, set, Side::Left);
                if *differs {
                    let right = left + canvas.fonts.width(set.face, set.size, piece);
                    canvas.rule((left, right), base + 2.0, 0.7, WRONG);
                }
            }
        }
    }
}

impl Pictures {
    /// Height of a picture, whose pixels are square.
    fn side(&self) -> f32 {
        let highest = self.panels.iter().map(|panel| {
            let rows = panel.pixels.len() / panel.columns.max(1);
            PANEL * rows as f32 / panel.columns.max(1) as f32
        });
        highest.fold(0.0, f32::max)
    }

    pub(super) fn height(&self) -> f32 {
        TITLE + self.side() + LEGEND
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, y: f32) {
        let side = self.side();
        for (place, panel) in self.panels.iter().enumerate() {
            let x = SIDE + place as f32 * (PANEL + GUTTER);
            canvas.text((x, y + 8.0), &panel.title, SMALL, Side::Left);
            let rgba = panel.pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, 0xff]);
            let rows = panel.pixels.len() / panel.columns.max(1);
            let image = Image::from_rgba8(rgba.collect(), panel.columns as u32, rows as u32);
            canvas.image((x, y + TITLE), (PANEL, side), image);
        }
        let base = y + TITLE + side + 10.0;
        let mut x = SIDE;
        let differs = [("differs".to_owned(), DIFFERS)];
        for (name, [r, g, b]) in self.legend.iter().chain(&differs) {
            canvas.block((x, base - 6.5), (8.0, 8.0), RGBColor(*r, *g, *b));
            canvas.text((x + 11.0, base), name, SMALL, Side::Left);
            x += 11.0 + canvas.fonts.width(SMALL.face, SMALL.size, name) + 14.0;
        }
    }
}

impl Canvas<'_, '_> {
    /// A picture, with a thin frame around it.
    fn image(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), image: Image) {
        if let Some(size) = Size::from_wh(width, height) {
            self.surface
                .push_transform(&krilla::geom::Transform::from_translate(x, y));
            self.surface.draw_image(image, size);
            self.surface.pop();
        }
        self.stroked(RULE, 0.4, |path| {
            path.move_to(x, y);
            path.line_to(x + width, y);
            path.line_to(x + width, y + height);
            path.line_to(x, y + height);
            path.close();
        });
    }
}
