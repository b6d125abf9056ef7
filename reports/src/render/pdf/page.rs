//! A page: what stands around the text, and each block in its place.

use super::super::chart;
use super::super::words;
use super::backend::UNIT;
use super::canvas::{Canvas, INK, QUIET, RULE, Side, Type};
use super::fonts::Face;
use super::layout::{
    BANNER_HEAD, Block, KEY_HEIGHT, KEYS_IN_ROW, PAGE, Placed, REASON_LEADING, REASON_LEFT,
    REASON_SIZE, SIDE, TEXT_LEADING, TEXT_SIZE, WIDTH, reason_lines, text_lines,
};
use super::shape;
use crate::report::Report;
use crate::verdict::Verdict;

const SMALL: Type = Type::new(Face::Sans, 7.0, QUIET);

/// Header and footer of a run's report.
pub(super) fn frame(canvas: &mut Canvas, report: &Report, number: usize, total: usize) {
    let mut told = words::made_by(report);
    if let Some(record) = &report.manifest.record {
        let short = record.sha256.get(..12).unwrap_or(&record.sha256);
        told = format!("{told}  ·  record {short}…");
    }
    let run = format!("run {}", report.manifest.run_id);
    around(
        canvas,
        [&report.header.campaign, &run, &told],
        number,
        total,
    );
}

/// Header and footer: what stands above on the left and on the right, and below.
pub(super) fn around(canvas: &mut Canvas, texts: [&str; 3], number: usize, total: usize) {
    let [above, beside, below] = texts;
    let (left, right) = (SIDE, PAGE.0 - SIDE);
    canvas.text((left, 32.0), above, SMALL, Side::Left);
    canvas.text((right, 32.0), beside, SMALL, Side::Right);
    canvas.rule((left, right), 38.0, 0.4, RULE);
    let foot = PAGE.1 - 28.0;
    canvas.rule((left, right), foot - 11.0, 0.4, RULE);
    canvas.text((left, foot), below, SMALL, Side::Left);
    canvas.text(
        (right, foot),
        &format!("{number} / {total}"),
        SMALL,
        Side::Right,
    );
}

/// One block.
pub(super) fn block(canvas: &mut Canvas, placed: &Placed) {
    let (x, y) = (SIDE, placed.y);
    match placed.block {
        Block::Section(title) => {
            canvas.text(
                (x, y + 15.0),
                title,
                Type::new(Face::Strong, 15.0, INK),
                Side::Left,
            );
        }
        Block::Heading(title) => {
            canvas.text(
                (x, y + 10.0),
                title,
                Type::new(Face::Strong, 9.5, INK),
                Side::Left,
            );
        }
        Block::Text(text) => {
            for (line, text) in text_lines(canvas.fonts, text).iter().enumerate() {
                let base = y + 8.0 + line as f32 * TEXT_LEADING;
                canvas.text(
                    (x, base),
                    text,
                    Type::new(Face::Sans, TEXT_SIZE, INK),
                    Side::Left,
                );
            }
        }
        Block::Gap(_) => {}
        Block::Banner(verdict, reason) => banner(canvas, y, *verdict, reason),
        Block::Keys(keys) => key_numbers(canvas, y, keys),
        Block::Figure(figure, height) => {
            canvas.chart((x, y), (WIDTH, *height), |area| {
                chart::draw(area, figure, UNIT)
            });
        }
        Block::Bars(bars) => {
            let height = chart::bars_height(bars.len()) as f32;
            canvas.chart((x, y), (WIDTH, height), |area| {
                chart::draw_bars(area, bars, UNIT)
            });
        }
        Block::Lanes(title, lanes, time) => {
            let height = chart::lanes_height(lanes.len()) as f32;
            canvas.chart((x, y), (WIDTH, height), |area| {
                chart::draw_lanes(area, (title, lanes), time, UNIT)
            });
        }
        Block::Strips(title, strips, time) => {
            let height = chart::strips_height(strips.len()) as f32;
            canvas.chart((x, y), (WIDTH, height), |area| {
                chart::draw_strips(area, (title, strips), time, UNIT)
            });
        }
        Block::Table(table) => table.draw(canvas, (x, y), placed.rows.0, placed.rows.1),
        Block::Pictures(pictures) => pictures.draw(canvas, y),
        Block::Flow(flow) => flow.draw(canvas, y),
    }
}

/// The verdict: a mark, a word, and why. Frame, mark and word each suffice without colour.
fn banner(canvas: &mut Canvas, y: f32, verdict: Verdict, reason: &str) {
    let lines = reason_lines(canvas.fonts, reason);
    let height = lines.len() as f32 * REASON_LEADING + BANNER_HEAD + 4.0;
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
    let word = Type::new(Face::Strong, 30.0, colour);
    canvas.text(
        (SIDE + REASON_LEFT + 42.0, y + 38.5),
        &verdict.to_string(),
        word,
        Side::Left,
    );
    for (line, text) in lines.iter().enumerate() {
        let base = y + BANNER_HEAD + 8.0 + line as f32 * REASON_LEADING;
        let face = Type::new(Face::Sans, REASON_SIZE, INK);
        canvas.text((SIDE + REASON_LEFT, base), text, face, Side::Left);
    }
}

/// Numbers large, what they are small below.
fn key_numbers(canvas: &mut Canvas, y: f32, keys: &[(String, String)]) {
    let column = WIDTH / KEYS_IN_ROW as f32;
    for (place, (value, what)) in keys.iter().enumerate() {
        let x = SIDE + (place % KEYS_IN_ROW) as f32 * column;
        let y = y + (place / KEYS_IN_ROW) as f32 * KEY_HEIGHT;
        canvas.text(
            (x, y + 14.0),
            value,
            Type::new(Face::Strong, 13.0, INK),
            Side::Left,
        );
        canvas.text((x, y + 24.0), &words::spoken(what), SMALL, Side::Left);
    }
}
