//! What the report tells, in order: blocks that paper and browser show alike.

mod appendix;
mod cover;
mod curves;
mod energy;
mod evidence;
mod faults;
mod health;
mod overview;
mod sections;

use super::exhibits;
use super::fonts::{Face, Fonts};
use super::layout::Block;
use crate::report::Report;

/// All blocks of the report.
pub(in super::super) fn content(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut cover = cover::blocks(fonts, report);
    let mut parts = vec![("overview", overview::blocks(fonts, report))];
    parts.extend(sections::parts(fonts, report));
    if let Some((_, power)) = parts.iter_mut().find(|(name, _)| *name == "power") {
        power.extend(curves::blocks(fonts, report));
        power.extend(energy::blocks(fonts, report));
    }
    parts.push(("outputs", exhibits::blocks(fonts, report)));
    parts.push(("evidence", evidence::blocks(fonts, report)));
    parts.push(("faults", faults::blocks(fonts, report)));
    parts.push(("telemetry", health::blocks(fonts, report)));
    let mut parts = chosen(report, parts);
    // Checks that the first page has no room for come before all else but an overview.
    let place = parts.iter().take_while(|(name, _)| *name == "overview");
    parts.insert(
        place.count(),
        ("checks", cover::rest_of_checks(fonts, report)),
    );
    parts.push(("appendix", appendix::blocks(fonts, report)));
    let rest: Vec<Block> = parts.into_iter().flat_map(|(_, blocks)| blocks).collect();
    let titles: Vec<String> = rest
        .iter()
        .filter_map(|block| match block {
            Block::Section(title) => Some(title.clone()),
            _ => None,
        })
        .collect();
    let keys = cover
        .iter()
        .position(|block| matches!(block, Block::Keys(_)));
    let place = keys.map_or(cover.len(), |keys| keys + 1);
    cover.splice(place..place, [Block::Contents(titles), Block::Gap(10.0)]);
    cover.extend(rest);
    if cover.iter().any(|block| !is_shown(fonts, block)) {
        cover.push(Block::Text(UNSHOWN.to_owned()));
    }
    cover
}

/// A part of the report, by its name.
type Part = (&'static str, Vec<Block>);

/// The parts that the campaign wants, in its order; all where it does not say.
fn chosen(report: &Report, mut parts: Vec<Part>) -> Vec<Part> {
    let style = report.header.style.as_ref();
    let wanted = style.map_or(&[][..], |style| &style.sections);
    if !wanted.is_empty() {
        let place = |name: &str| wanted.iter().position(|wanted| wanted == name);
        parts.retain(|(name, _)| place(name).is_some());
        parts.sort_by_key(|(name, _)| place(name));
    }
    parts
}

/// What a reader must know of letters that the fonts do not have.
const UNSHOWN: &str = "Letters that the fonts of this report do not have stand by their numbers in Unicode, \
                       as in [5E74]; copied out of the report they are themselves.";

/// Whether the fonts have every letter of a block's text.
fn is_shown(fonts: &Fonts, block: &Block) -> bool {
    let has = |text: &str| text.split('\n').all(|line| fonts.has(Face::Sans, line));
    match block {
        Block::Section(text) | Block::Heading(text) | Block::Text(text) => has(text),
        Block::Banner(_, reason) => has(reason),
        Block::Table(table) => table.rows().all(|row| {
            let remark = row.remark.as_deref().unwrap_or_default();
            has(remark) && row.cells.iter().all(|cell| has(cell))
        }),
        _ => true,
    }
}
