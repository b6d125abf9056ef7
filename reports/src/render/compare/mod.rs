//! Comparison reports: two runs side by side, or one thing over many runs, in the quality of the report of
//! one.

mod figures;
pub mod study;
mod tables;
pub mod trend;
mod verdicts;

use super::frame::Frame;
use super::html;
use super::pdf::{self, Block, Fonts, PdfError};
use super::words;
use crate::report::Report;
use verdicts::Change;

/// How the runs are told apart, in the order of time.
const SIDES: [&str; 2] = ["A", "B"];

/// A document as a PDF, of what `blocks` sets with its fonts.
fn paper(frame: &Frame, blocks: impl FnOnce(&Fonts) -> Vec<Block>) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::new();
    pdf::document(&fonts, frame, &blocks(&fonts))
}

/// A document for a browser.
fn page(frame: &Frame, blocks: impl FnOnce(&Fonts) -> Vec<Block>) -> String {
    html::page(frame, &blocks(&Fonts::new()))
}

/// Puts the titles of all sections but the first at a place among the blocks.
fn insert_contents(blocks: &mut Vec<Block>, place: usize) {
    let titles = blocks[1..].iter().filter_map(|block| match block {
        Block::Section(title) => Some(title.clone()),
        _ => None,
    });
    let titles = Block::Contents(titles.collect());
    blocks.splice(place..place, [titles, Block::Gap(10.0)]);
}

/// Two runs, of which the second is held against the first.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The first, A.
    pub before: &'a Report,
    /// The second, B.
    pub now: &'a Report,
}

impl<'a> Pair<'a> {
    /// The comparison as a PDF.
    ///
    /// # Errors
    /// If the document cannot be put together.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        paper(&self.frame(), |fonts| self.blocks(fonts))
    }

    /// The comparison for a browser.
    pub fn html(&self) -> String {
        page(&self.frame(), |fonts| self.blocks(fonts))
    }

    fn both(&self) -> [&'a Report; 2] {
        [self.before, self.now]
    }

    fn frame(&self) -> Frame {
        let ids = self.both().map(|report| report.manifest.run_id.as_str());
        let made = words::made_by(self.now);
        let records = self.both().map(|report| {
            let record = report.manifest.record.as_ref();
            record.map_or("", |record| record.sha256.as_str())
        });
        let short = records.map(|sum| sum.get(..12).unwrap_or("none"));
        Frame {
            title: format!("{} against {}", ids[1], ids[0]),
            description: format!("Runs of {} side by side", self.now.header.campaign),
            left: self.now.header.campaign.clone(),
            right: format!("{} against {}", ids[1], ids[0]),
            foot: format!("{made}  ·  records {}…, {}…", short[0], short[1]),
            end: format!("{made} · records SHA-256 {}, {}", records[0], records[1]),
            creator: made,
            id: ids.join(" "),
            keywords: format!("bench-comparison before={} now={}", records[0], records[1]),
            date: self.now.manifest.started.clone(),
            style: self.now.header.style.clone().unwrap_or_default(),
        }
    }

    fn blocks(&self, fonts: &Fonts) -> Vec<Block> {
        let changes = verdicts::changes(*self);
        let (verdict, because) = verdicts::judged(*self, &changes);
        let mut blocks = vec![
            Block::Section("Two runs side by side".to_owned()),
            Block::Text(self.said()),
            Block::Gap(5.0),
            Block::Banner(verdict, because),
            Block::Gap(9.0),
            Block::Keys(self.keys(&changes)),
        ];
        let contents = blocks.len();
        blocks.extend(verdicts::blocks(fonts, &changes));
        tables::speeds(fonts, *self, &mut blocks);
        tables::energy(fonts, *self, &mut blocks);
        figures::overlaid(*self, &mut blocks);
        tables::asked(fonts, *self, &mut blocks);
        insert_contents(&mut blocks, contents);
        blocks
    }

    /// Which run is which.
    fn said(&self) -> String {
        let told = SIDES.iter().zip(self.both()).map(|(side, report)| {
            let manifest = &report.manifest;
            let began = match manifest.started.as_str() {
                "" => String::new(),
                started => format!(", begun {started}"),
            };
            let (run, verdict) = (&manifest.run_id, report.verdict);
            format!("{side} is {run}{began}: {verdict}.")
        });
        told.collect::<Vec<String>>().join("\n")
    }

    fn keys(&self, changes: &[Change<'_>]) -> Vec<(String, String)> {
        let both = || changes.iter().filter(|change| !change.is_alone());
        let of = |step: i32| both().filter(|c| c.step().signum() == step).count();
        let mut keys = vec![
            (of(-1).to_string(), "checks got worse".to_owned()),
            (of(1).to_string(), "checks got better".to_owned()),
            (of(0).to_string(), "with the same verdict".to_owned()),
        ];
        let only = changes.iter().filter(|c| c.is_alone()).count();
        keys.push((only.to_string(), "in one run only".to_owned()));
        keys.extend(tables::keys(*self));
        keys.truncate(8);
        keys
    }
}
