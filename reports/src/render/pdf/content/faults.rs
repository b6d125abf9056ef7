//! What was broken on purpose, one by one.

use super::super::super::words::{clock, several};
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, numbers, words as text};
use crate::report::{Kind, Report};

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut faults = report.story.of(Kind::Injected).peekable();
    if faults.peek().is_none() {
        return Vec::new();
    }
    let columns = vec![
        text("time", 88.0),
        text("device", 90.0),
        text("what", 313.0),
        numbers("", 30.0),
    ];
    let mut told = 0;
    let rows = faults.map(|entry| {
        told += u64::from(entry.times);
        Row::of([
            clock(entry.at),
            report.device_name(entry.device).to_owned(),
            entry.text.clone(),
            match entry.times {
                1 => String::new(),
                times => format!("{times}×"),
            },
        ])
    });
    let rows = rows.collect();
    let mut blocks = vec![
        Block::Section("Faults injected".to_owned()),
        Block::Table(Table::new(fonts, columns, rows)),
    ];
    let left_out = report.story.count(Kind::Injected) - told;
    if left_out > 0 {
        let more = several(left_out, "more fault");
        blocks.push(Block::Text(format!("The record holds {more}.")));
    }
    blocks.push(Block::Gap(14.0));
    blocks
}
