//! A page: what stands around the text, and each block in its place.

use krilla::geom::Size;
use krilla::image::Image;
use krilla::tagging::ArtifactType;

use super::super::chart;
use super::super::figure;
use super::super::frame::Frame;
use super::super::style::Style;
use super::super::words;
use super::backend::UNIT;
use super::canvas::{Canvas, INK, QUIET, RULE, Side, Type};
use super::fonts::Face;
use super::layout::{
    BANNER_HEAD, Block, HEADING_SIZE, KEY_HEIGHT, KEYS_IN_ROW, PAGE, Placed, REASON_LEADING,
    REASON_LEFT, REASON_SIZE, SECTION_SIZE, SIDE, TEXT_LEADING, TEXT_SIZE, WIDTH, part,
    reason_lines, text_lines, title_lines,
};
use super::shape;
use super::tags::{self, Told};
use crate::verdict::Verdict;

const SMALL: Type = Type::new(Face::Sans, 7.0, QUIET);

/// Header and footer.
pub(super) fn frame(
    canvas: &mut Canvas,
    frame: &Frame,
    logo: Option<&Logo>,
    place: (usize, usize),
) {
    let (mut left, right) = (SIDE, PAGE.0 - SIDE);
    canvas.artifact(ArtifactType::Header, |canvas| {
        canvas.rule((left, right), 38.0, 0.4, RULE);
        if let Some(logo) = logo {
            left += logo.draw(canvas, (left, 13.0)) + 8.0;
        }
        let of = |canvas: &Canvas, text: &str| canvas.fonts.width(SMALL.face, SMALL.size, text);
        let set = (SMALL.face, SMALL.size);
        let told = canvas
            .fonts
            .fitted(set, &frame.right, 0.55 * (right - left));
        let room = right - left - of(canvas, &told) - 20.0;
        let name = canvas.fonts.fitted(set, &frame.left, room);
        canvas.text((left, 32.0), &name, SMALL, Side::Left);
        canvas.text((right, 32.0), &told, SMALL, Side::Right);
    });
    let foot = PAGE.1 - 28.0;
    canvas.artifact(ArtifactType::Footer, |canvas| {
        canvas.rule((SIDE, right), foot - 11.0, 0.4, RULE);
        let told = canvas
            .fonts
            .fitted((SMALL.face, SMALL.size), &frame.foot, WIDTH - 60.0);
        canvas.text((SIDE, foot), &told, SMALL, Side::Left);
        let page = format!("{} / {}", place.0, place.1);
        canvas.text((right, foot), &page, SMALL, Side::Right);
    });
}

/// The users' logo for the head of each page.
pub(super) struct Logo {
    image: Image,
    size: Size,
}

/// Height and greatest width of a logo, points.
const LOGO: (f32, f32) = (19.0, 120.0);

impl Logo {
    pub(super) fn of(style: &Style) -> Option<Logo> {
        let (bytes, (width, height)) = style.picture()?;
        let image = Image::from_png(bytes.into(), false).ok()?;
        let scale = (LOGO.0 / height as f32).min(LOGO.1 / width as f32);
        let size = Size::from_wh(width as f32 * scale, height as f32 * scale)?;
        Some(Logo { image, size })
    }

    /// Draws it; how wide it is.
    fn draw(&self, canvas: &mut Canvas, (x, y): (f32, f32)) -> f32 {
        let at = krilla::geom::Transform::from_translate(x, y + LOGO.0 - self.size.height());
        canvas.surface.push_transform(&at);
        canvas.surface.draw_image(self.image.clone(), self.size);
        canvas.surface.pop();
        self.size.width()
    }
}

/// One block; what it is.
pub(super) fn block(canvas: &mut Canvas, placed: &Placed) -> Told {
    let (x, y) = (SIDE, placed.y);
    let line = |canvas: &mut Canvas, base: f32, size: f32, title: &str| {
        let face = Type::new(Face::Strong, size, canvas.accent);
        let mark = canvas.tagged(|canvas| {
            let lines = title_lines(canvas.fonts, size, title);
            for (place, text) in lines.iter().enumerate() {
                let base = base + place as f32 * 1.2 * size;
                canvas.text((x, base), text, face, Side::Left);
            }
        });
        tags::leaf(mark)
    };
    match placed.block {
        Block::Section(title) => line(canvas, y + 15.0, SECTION_SIZE, title),
        Block::Heading(title) => line(canvas, y + 10.0, HEADING_SIZE, title),
        Block::Text(text) => {
            let lines = text_lines(canvas.fonts, text);
            let lines = lines.iter().enumerate().map(|(line, text)| {
                let base = y + 8.0 + line as f32 * TEXT_LEADING;
                let face = Type::new(Face::Sans, TEXT_SIZE, INK);
                canvas.tagged(|canvas| canvas.text((x, base), text, face, Side::Left))
            });
            tags::paragraph(lines.collect())
        }
        // The contents know of pages, and are drawn by who knows them.
        Block::Gap(_) | Block::Contents(_) => Told::Nodes(Vec::new()),
        Block::Banner(verdict, reason) => {
            canvas.artifact(ArtifactType::Layout, |canvas| {
                banner_frame(canvas, y, *verdict, reason);
            });
            let word = canvas.tagged(|canvas| banner_word(canvas, y, *verdict));
            let reason = canvas.tagged(|canvas| banner_reason(canvas, y, reason));
            tags::paragraph(vec![word, reason])
        }
        Block::Keys(keys) => key_numbers(canvas, y, keys),
        Block::Table(table) => table.draw(canvas, (x, y), placed.rows.0, placed.rows.1),
        Block::Flow(flow) => tags::paragraph(vec![canvas.tagged(|canvas| flow.draw(canvas, y))]),
        Block::Figure(whole, height) => {
            let (part, height) = part(whole, *height, placed.rows);
            let mark = canvas.tagged(|canvas| {
                canvas.chart((x, y), (WIDTH, height), |area| {
                    chart::draw(area, &part, UNIT)
                });
            });
            tags::figure(mark, &figure::spoken(&part))
        }
        drawn => {
            let mark = canvas.tagged(|canvas| picture(canvas, (x, y), drawn));
            tags::figure(mark, &spoken(drawn))
        }
    }
}

/// A block that is a picture.
fn picture(canvas: &mut Canvas, at: (f32, f32), block: &Block) {
    match block {
        Block::Bars(bars) => {
            let height = chart::bars_height(bars.len()) as f32;
            canvas.chart(at, (WIDTH, height), |area| {
                chart::draw_bars(area, bars, UNIT)
            });
        }
        Block::Histograms(all) => {
            let height = chart::histograms_height(all.len()) as f32;
            canvas.chart(at, (WIDTH, height), |area| {
                chart::draw_histograms(area, all, UNIT)
            });
        }
        Block::Lanes(title, lanes, time) => {
            let height = chart::lanes_height(lanes.len()) as f32;
            canvas.chart(at, (WIDTH, height), |area| {
                chart::draw_lanes(area, (title, lanes), time, UNIT)
            });
        }
        Block::Strips(title, strips, time) => {
            let height = chart::strips_height(strips.len()) as f32;
            canvas.chart(at, (WIDTH, height), |area| {
                chart::draw_strips(area, (title, strips), time, UNIT)
            });
        }
        Block::Pictures(pictures) => pictures.draw(canvas, at.1),
        _ => {}
    }
}

/// What a picture shows, for who does not see it.
fn spoken(block: &Block) -> String {
    match block {
        Block::Bars(bars) => figure::spoken_bars(bars),
        Block::Histograms(all) => figure::spoken_histograms(all),
        Block::Lanes(title, lanes, _) => figure::spoken_lanes(title, lanes),
        Block::Strips(title, strips, _) => figure::spoken_strips(title, strips),
        Block::Pictures(pictures) => {
            let titles = pictures.panels.iter().map(|panel| panel.title.as_str());
            titles.collect::<Vec<&str>>().join(", ")
        }
        _ => String::new(),
    }
}

fn banner_height(canvas: &Canvas, reason: &str) -> f32 {
    let lines = reason_lines(canvas.fonts, reason).len();
    lines as f32 * REASON_LEADING + BANNER_HEAD + 4.0
}

/// The verdict's frame. It, mark and word each suffice without colour.
fn banner_frame(canvas: &mut Canvas, y: f32, verdict: Verdict, reason: &str) {
    let height = banner_height(canvas, reason);
    let colour = shape::colour(verdict);
    canvas.stroked(colour, 1.2, |path| {
        path.move_to(SIDE + 0.6, y);
        path.line_to(SIDE + WIDTH - 0.6, y);
        path.line_to(SIDE + WIDTH - 0.6, y + height);
        path.line_to(SIDE + 0.6, y + height);
        path.close();
    });
    canvas.block((SIDE, y - 0.6), (6.0, height + 1.2), colour);
    shape::mark(canvas, verdict, (SIDE + REASON_LEFT + 15.0, y + 28.0), 30.0);
}

fn banner_word(canvas: &mut Canvas, y: f32, verdict: Verdict) {
    let word = Type::new(Face::Strong, 30.0, shape::colour(verdict));
    canvas.text(
        (SIDE + REASON_LEFT + 42.0, y + 38.5),
        &verdict.to_string(),
        word,
        Side::Left,
    );
}

fn banner_reason(canvas: &mut Canvas, y: f32, reason: &str) {
    let lines = reason_lines(canvas.fonts, reason);
    for (line, text) in lines.iter().enumerate() {
        let base = y + BANNER_HEAD + 8.0 + line as f32 * REASON_LEADING;
        let face = Type::new(Face::Sans, REASON_SIZE, INK);
        canvas.text((SIDE + REASON_LEFT, base), text, face, Side::Left);
    }
}

/// Numbers large, what they are small below.
fn key_numbers(canvas: &mut Canvas, y: f32, keys: &[(String, String)]) -> Told {
    let column = WIDTH / KEYS_IN_ROW as f32;
    let marks = keys.iter().enumerate().map(|(place, (value, what))| {
        let x = SIDE + (place % KEYS_IN_ROW) as f32 * column;
        let y = y + (place / KEYS_IN_ROW) as f32 * KEY_HEIGHT;
        canvas.tagged(|canvas| {
            let large = Type::new(Face::Strong, 13.0, INK);
            canvas.text((x, y + 14.0), value, large, Side::Left);
            canvas.text((x, y + 24.0), &words::spoken(what), SMALL, Side::Left);
        })
    });
    tags::list(marks.collect())
}
