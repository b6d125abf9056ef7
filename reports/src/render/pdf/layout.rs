//! Layout: blocks one below the other, broken into pages.

use super::super::chart::{bars_height, histograms_height, lanes_height, strips_height};
use super::super::figure::{Bar, Figure, Histogram, Lane, Strip, TimeAxis};
use super::contents;
use super::exhibits::{Flow, Pictures};
use super::fonts::{Face, Fonts};
use super::table::Table;
use crate::verdict::Verdict;

/// A4 in points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// White at the left and right.
pub(super) const SIDE: f32 = 40.0;
/// Width of the text.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * SIDE;
const TOP: f32 = 58.0;
const BOTTOM: f32 = PAGE.1 - 50.0;
/// A page filled less than this has room for another section.
const MOSTLY_WHITE: f32 = 0.45;
/// Title and axis of a figure, around its panels.
const AROUND_PANELS: f32 = 40.0;
/// Panels of a figure that stand together at least.
const TOGETHER: usize = 2;

/// White between a table and a paragraph below it.
const BELOW_TABLE: f32 = 5.0;

pub(super) const SECTION_SIZE: f32 = 15.0;
pub(super) const HEADING_SIZE: f32 = 9.5;
pub(super) const TEXT_SIZE: f32 = 8.2;
pub(super) const TEXT_LEADING: f32 = 11.2;
pub(super) const REASON_SIZE: f32 = 10.0;
pub(super) const REASON_LEADING: f32 = 13.6;
/// Room for the mark and the word of the verdict.
pub(super) const REASON_LEFT: f32 = 20.0;
pub(super) const BANNER_HEAD: f32 = 56.0;
/// Key numbers in a row, and the height of a row.
pub(super) const KEYS_IN_ROW: usize = 4;
pub(super) const KEY_HEIGHT: f32 = 35.0;

/// One thing on a page.
pub(in super::super) enum Block {
    /// The title of a section, on a new page unless the last one is still mostly white or has room for all of
    /// it.
    Section(String),
    /// The title of a part of it.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Space.
    Gap(f32),
    /// The verdict, large, with its reason.
    Banner(Verdict, String),
    /// Key numbers with what they are.
    Keys(Vec<(String, String)>),
    /// The sections with their pages.
    Contents(Vec<String>),
    /// A figure of that height.
    Figure(Figure, f32),
    /// Margins.
    Bars(Vec<Bar>),
    /// How margins are spread over many runs.
    Histograms(Vec<Histogram>),
    /// The story of the devices.
    Lanes(String, Vec<Lane>, TimeAxis),
    /// The states of the devices.
    Strips(String, Vec<Strip>, TimeAxis),
    /// A table.
    Table(Table),
    /// Pictures side by side.
    Pictures(Pictures),
    /// A text with what differs in it.
    Flow(Flow),
}

/// A block, or a part of a table, on its page.
pub(super) struct Placed<'a> {
    pub(super) page: usize,
    pub(super) y: f32,
    pub(super) block: &'a Block,
    /// The first row of a table, or panel of a figure, and how many.
    pub(super) rows: (usize, usize),
}

/// The reason of a verdict in lines.
pub(super) fn reason_lines(fonts: &Fonts, reason: &str) -> Vec<String> {
    fonts.wrap(
        (Face::Sans, REASON_SIZE),
        reason,
        WIDTH - REASON_LEFT - 14.0,
    )
}

/// A paragraph in lines.
pub(super) fn text_lines(fonts: &Fonts, text: &str) -> Vec<String> {
    fonts.wrap((Face::Sans, TEXT_SIZE), text, WIDTH)
}

/// A title in lines; what takes more than three is cut.
pub(super) fn title_lines(fonts: &Fonts, size: f32, title: &str) -> Vec<String> {
    let mut lines = fonts.wrap((Face::Strong, size), title, WIDTH);
    if lines.len() > 3 {
        lines.truncate(3);
        if let Some(last) = lines.last_mut() {
            *last = fonts.fitted((Face::Strong, size), &format!("{last}…"), WIDTH);
        }
    }
    lines
}

/// Height of the lines of a title beyond the first.
fn more_lines(fonts: &Fonts, size: f32, title: &str) -> f32 {
    title_lines(fonts, size, title).len().saturating_sub(1) as f32 * 1.2 * size
}

fn height(fonts: &Fonts, block: &Block) -> f32 {
    match block {
        Block::Section(title) => 27.0 + more_lines(fonts, SECTION_SIZE, title),
        Block::Heading(title) => 17.0 + more_lines(fonts, HEADING_SIZE, title),
        Block::Text(text) => text_lines(fonts, text).len() as f32 * TEXT_LEADING + 3.0,
        Block::Gap(gap) => *gap,
        Block::Banner(_, reason) => {
            reason_lines(fonts, reason).len() as f32 * REASON_LEADING + BANNER_HEAD + 10.0
        }
        Block::Keys(keys) => keys.len().div_ceil(KEYS_IN_ROW) as f32 * KEY_HEIGHT,
        Block::Contents(titles) => contents::height(titles.len()),
        Block::Figure(_, height) => *height,
        Block::Bars(bars) => bars_height(bars.len()) as f32,
        Block::Histograms(all) => histograms_height(all.len()) as f32,
        Block::Lanes(_, lanes, _) => lanes_height(lanes.len()) as f32,
        Block::Strips(_, strips, _) => strips_height(strips.len()) as f32,
        Block::Table(table) => table.height(0, table.len()),
        Block::Pictures(pictures) => pictures.height(),
        Block::Flow(flow) => flow.height(),
    }
}

/// A gap that begins a new page, unless one has just begun.
pub(super) const NEW_PAGE: Block = Block::Gap(PAGE.1);

/// What blocks leave free of one page; below zero if they need more.
pub(super) fn room(fonts: &Fonts, blocks: &[Block]) -> f32 {
    let taken = blocks.iter().enumerate();
    let taken = taken.filter(|(_, block)| !is_break(block));
    let taken = taken.map(|(place, block)| white_above(blocks, place) + height(fonts, block));
    BOTTOM - TOP - taken.sum::<f32>()
}

/// White between a block and the one before it.
fn white_above(blocks: &[Block], place: usize) -> f32 {
    let before = place.checked_sub(1).map(|before| &blocks[before]);
    match (before, &blocks[place]) {
        (Some(Block::Table(_)), Block::Text(_)) => BELOW_TABLE,
        _ => 0.0,
    }
}

/// Height of the section that begins at a place.
fn section(fonts: &Fonts, blocks: &[Block], place: usize) -> f32 {
    let rest = &blocks[place..];
    let more = rest[1..].iter();
    let more = more.take_while(|block| !matches!(block, Block::Section(_)));
    let length = 1 + more.count();
    let heights = (place..place + length).map(|at| match &blocks[at] {
        // White at its end may be lost.
        Block::Gap(gap) if at + 1 == place + length && *gap < PAGE.1 => 0.0,
        block => white_above(blocks, at) + height(fonts, block),
    });
    heights.sum()
}

fn is_break(block: &Block) -> bool {
    matches!(block, Block::Gap(gap) if *gap >= PAGE.1)
}

/// What must fit below a block on the same page, so that no title stands alone.
fn wants_below(block: &Block) -> f32 {
    match block {
        Block::Heading(_) => 48.0,
        Block::Section(_) => 90.0,
        _ => 0.0,
    }
}

/// Room for what must stand below the block at a place, which begins at `y` and is of that height.
fn below(blocks: &[Block], place: usize, y: f32, height: f32) -> f32 {
    let least = wants_below(&blocks[place]);
    match blocks.get(place + 1) {
        Some(Block::Figure(figure, next)) if least > 0.0 => {
            let may_break = is_white(y + height) && figure.panels.len() >= 2 * TOGETHER;
            let count = if may_break {
                TOGETHER
            } else {
                figure.panels.len()
            };
            part_height(figure, *next, (0, count))
        }
        // The rows that must not stand alone; those taller than a page go where they can.
        Some(Block::Table(next)) if least > 0.0 => {
            let rows = next.height(0, next.len().min(2));
            rows.max(least).min(BOTTOM - TOP - height)
        }
        _ => least,
    }
}

/// A section, where it begins.
#[derive(Clone, Debug)]
pub(super) struct Begin {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// Where each section begins, in order; the first is the title of the report.
pub(super) fn begins(placed: &[Placed]) -> Vec<Begin> {
    let sections = placed.iter().filter_map(|part| match part.block {
        Block::Section(title) => Some(Begin {
            title: title.clone(),
            page: part.page,
            y: part.y,
        }),
        _ => None,
    });
    sections.collect()
}

/// Whether a page that is filled down to `y` is mostly white.
fn is_white(y: f32) -> bool {
    y < TOP + MOSTLY_WHITE * (BOTTOM - TOP)
}

/// Places blocks on pages.
pub(super) fn pages<'a>(fonts: &Fonts, blocks: &'a [Block]) -> Vec<Placed<'a>> {
    let mut placed = Vec::new();
    let (mut page, mut y) = (0, TOP);
    for (place, block) in blocks.iter().enumerate() {
        let fresh = y <= TOP;
        if matches!(block, Block::Section(_)) && !fresh {
            if is_white(y) || y + 20.0 + section(fonts, blocks, place) <= BOTTOM {
                y += 20.0;
            } else {
                (page, y) = (page + 1, TOP);
            }
        }
        let mut put = |page, y, rows| {
            placed.push(Placed {
                page,
                y,
                block,
                rows,
            });
        };
        match block {
            Block::Table(table) => {
                rows(table, &mut page, &mut y, put);
                continue;
            }
            Block::Figure(figure, height) => {
                panels(figure, *height, (&mut page, &mut y), put);
                continue;
            }
            _ => {}
        }
        if is_break(block) {
            if y > TOP {
                (page, y) = (page + 1, TOP);
            }
            continue;
        }
        if y > TOP {
            y += white_above(blocks, place);
        }
        let height = height(fonts, block);
        let below = below(blocks, place, y, height);
        if y + height + below > BOTTOM && y > TOP {
            if matches!(block, Block::Gap(_)) {
                continue;
            }
            (page, y) = (page + 1, TOP);
        }
        if !(matches!(block, Block::Gap(_)) && y <= TOP) {
            put(page, y, (0, 0));
            y += height;
        }
    }
    placed
}

/// Some panels of a figure of that height, as a figure, and how high it is.
pub(super) fn part(figure: &Figure, height: f32, (first, count): (usize, usize)) -> (Figure, f32) {
    let panels = figure.panels[first..first + count].to_vec();
    let (title, time) = (figure.title.clone(), figure.time.clone());
    let part = Figure {
        title,
        time,
        panels,
    };
    (part, part_height(figure, height, (first, count)))
}

fn part_height(figure: &Figure, height: f32, (first, count): (usize, usize)) -> f32 {
    let weight = |first, count| {
        let panels = figure.panels.iter().skip(first).take(count);
        panels.map(|panel| panel.weight as f32).sum::<f32>()
    };
    let all = weight(0, figure.panels.len());
    if count == figure.panels.len() || all <= 0.0 {
        return height;
    }
    AROUND_PANELS + (height - AROUND_PANELS) * weight(first, count) / all
}

/// Breaks a figure between its panels, where it is taller than a page, or where all of it on the next
/// page would leave this one mostly white.
fn panels(
    figure: &Figure,
    height: f32,
    (page, y): (&mut usize, &mut f32),
    mut place: impl FnMut(usize, f32, (usize, usize)),
) {
    let mut first = 0;
    while first < figure.panels.len() {
        let left = figure.panels.len() - first;
        let high = |count| part_height(figure, height, (first, count));
        let fits = |count: &usize| *y + high(*count) <= BOTTOM;
        let breaks = (TOGETHER..=left.saturating_sub(TOGETHER)).rev();
        let count = match left {
            all if fits(&all) => Some(all),
            _ if is_white(*y) => breaks.into_iter().find(fits),
            _ => None,
        };
        if count.is_none() && *y > TOP {
            (*page, *y) = (*page + 1, TOP);
            continue;
        }
        // What is taller than a page and cannot be broken is drawn nevertheless.
        let count = count.unwrap_or(left);
        place(*page, *y, (first, count));
        *y += high(count);
        first += count;
    }
}

/// Breaks a table over pages.
fn rows(
    table: &Table,
    page: &mut usize,
    y: &mut f32,
    mut place: impl FnMut(usize, f32, (usize, usize)),
) {
    let mut first = 0;
    while first < table.len() {
        let mut count = table.fitting(first, BOTTOM - *y);
        // One row alone at the foot of a page reads badly; a row that is taller than a page is
        // drawn nevertheless.
        let lonely = count < 2 && count < table.len() - first;
        if lonely && *y > TOP {
            (*page, *y) = (*page + 1, TOP);
            continue;
        }
        // Nor should one be alone at the head of the next.
        if table.len() - first - count == 1 && count > 2 {
            count -= 1;
        }
        count = count.max(1);
        place(*page, *y, (first, count));
        *y += table.height(first, count);
        first += count;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{figure, sample};
    use super::*;

    #[test]
    fn a_tall_figure_goes_on_where_a_page_is_mostly_white() {
        let drawn = figure::supply_power(&sample::report());
        let panels: Vec<_> = drawn.panels.iter().cycle().take(7).cloned().collect();
        let figure = Figure { panels, ..drawn };
        for above in [0.0, 100.0, 250.0, 600.0] {
            let blocks = [
                Block::Text("a line".to_owned()),
                Block::Gap(above),
                Block::Section("a section".to_owned()),
                Block::Figure(figure.clone(), 740.0),
            ];
            let placed = pages(&Fonts::new(), &blocks);
            let is_figure = |part: &&Placed| matches!(part.block, Block::Figure(..));
            let parts: Vec<&Placed> = placed.iter().filter(is_figure).collect();
            let mut next = 0;
            for part in &parts {
                let (first, count) = part.rows;
                assert_eq!(first, next, "{above}");
                assert!(count >= TOGETHER, "{above}");
                assert!(
                    part.y + part_height(&figure, 740.0, part.rows) <= BOTTOM,
                    "{above}"
                );
                next = first + count;
            }
            assert_eq!(next, 7, "{above}");
            let begins = begins(&placed);
            assert_eq!(begins[0].page, parts[0].page, "no title alone: {above}");
            assert_eq!(parts[0].page, usize::from(above > 500.0), "{above}");
        }
    }
}
