//! What findings rest on, piece by piece: triage of wrong outputs, effects of injections, energy.

use super::super::super::words;
use super::super::fonts::Fonts;
use super::super::layout::Block;
use super::super::table::{Row, Table, words as text};
use crate::report::Report;
use crate::verdict::{Evidence, Finding};

/// Findings whose evidence is told; a finding has a few lines to a page of it.
const LISTED: usize = 40;

pub(super) fn blocks(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let told = report
        .findings
        .iter()
        .filter(|finding| !finding.evidence.is_empty());
    let mut blocks = Vec::new();
    let left = told.clone().count().saturating_sub(LISTED);
    for finding in told.take(LISTED) {
        if blocks.is_empty() {
            blocks.push(Block::Section("Evidence".to_owned()));
        }
        blocks.push(Block::Heading(title(finding)));
        blocks.push(Block::Table(pieces(fonts, &finding.evidence)));
        blocks.push(Block::Gap(12.0));
    }
    if left > 0 {
        let more = words::several(left as u64, "more finding");
        blocks.push(Block::Text(format!(
            "summary.json has the evidence of {more}."
        )));
    }
    blocks
}

fn title(finding: &Finding) -> String {
    format!("{}: {} of {}", finding.check, finding.kind, finding.subject)
}

/// A table of pieces. Columns in which nothing stands are left out.
fn pieces(fonts: &Fonts, evidence: &[Evidence]) -> Table {
    let has_time = evidence.iter().any(|piece| piece.at.is_some());
    let has_phase = evidence.iter().any(|piece| piece.phase.is_some());
    let mut columns = vec![text("what", 74.0)];
    if has_time {
        columns.push(text("time", 52.0));
    }
    if has_phase {
        columns.push(text("phase", 52.0));
    }
    let taken: f32 = columns.iter().map(|column| column.width).sum();
    columns.push(text("evidence", 521.0 - taken));
    let rows = evidence.iter().map(|piece| {
        let mut cells = vec![piece.what.clone()];
        if has_time {
            cells.push(piece.at.map_or_else(String::new, words::clock));
        }
        if has_phase {
            cells.push(piece.phase.clone().unwrap_or_default());
        }
        cells.push(piece.text.clone());
        Row::of(cells)
    });
    Table::new(fonts, columns, rows.collect())
}
