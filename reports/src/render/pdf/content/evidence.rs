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

fn pieces(fonts: &Fonts, evidence: &[Evidence]) -> Table {
    let columns = vec![
        text("what", 74.0),
        text("time", 52.0),
        text("phase", 52.0),
        text("", 343.0),
    ];
    let rows = evidence.iter().map(|piece| {
        Row::of([
            piece.what.clone(),
            piece.at.map_or_else(String::new, words::clock),
            piece.phase.clone().unwrap_or_default(),
            piece.text.clone(),
        ])
    });
    Table::new(fonts, columns, rows.collect())
}
