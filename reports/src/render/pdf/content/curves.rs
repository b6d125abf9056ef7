//! Curves of solar-array simulators, below the power that they gave.

use super::super::super::figure;
use super::super::super::words;
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, numbers, words as text};
use crate::report::Report;

/// How high a figure of two panels is, points.
const HEIGHT: f32 = 300.0;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (_, moments, figure) in figure::curves(report) {
        if blocks.is_empty() {
            blocks.push(Block::Section("Array curves".to_owned()));
        }
        blocks.push(Block::Figure(figure, HEIGHT));
        blocks.push(Block::Gap(6.0));
        let columns = vec![
            text("moment", 92.0),
            numbers("UTC", 50.0),
            numbers("time", 45.0),
            numbers("Isc A / Voc V", 62.0),
            numbers("Imp A / Vmp V", 62.0),
            numbers("most power", 48.0),
            numbers("found A", 40.0),
            numbers("found V", 40.0),
            numbers("power", 42.0),
            numbers("of most %", 40.0),
        ];
        let rows = moments.iter().enumerate().map(|(place, moment)| {
            let utc = words::utc_clock(report, moment.at);
            let mut cells = vec![
                format!("{} {}", place + 1, moment.name),
                utc.unwrap_or_else(|| "–".to_owned()),
            ];
            cells.extend(figure::told_of(moment));
            Row {
                cells,
                ..Row::default()
            }
        });
        blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
        blocks.push(Block::Text(SAID.to_owned()));
        blocks.push(Block::Gap(14.0));
    }
    blocks
}

const SAID: &str = "Curves as they were told, by the law of a Keysight E4360 through four points (its user's \
     guide, appendix A). “max” is where power is most, “op” the first readings of voltage and current \
     after the curve was told. An output beside its curve is one whose curve, or load, has just changed.";
