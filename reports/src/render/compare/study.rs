//! One campaign flown many times with other values each time: how every margin is spread, what broke, and
//! which of the varied values matters.

use super::super::figure::Histogram;
use super::super::frame::Frame;
use super::super::pdf::{Block, Fonts, PdfError, Row, Table, numbers, text};
use super::super::words::{count, number, several};
use super::{insert_contents, page, paper};
use crate::verdict::Verdict;

/// Histograms that a page's end does not part, and rows of effects at most.
const TOGETHER: usize = 3;
const EFFECTS: usize = 40;
/// A rank correlation below this is not worth a row.
const WEAK: f64 = 0.1;

/// A study that is over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// The campaign.
    pub campaign: String,
    /// What made the report: `bench 0.1.0`.
    pub made_by: String,
    /// What it comes to, in a sentence.
    pub reason: String,
    /// SHA-256 of everything that was asked.
    pub question: String,
    /// What draws.
    pub seed: u64,
    /// How many runs ended how: `PASSED`, `FAILED`, …
    pub endings: Vec<(String, u64)>,
    /// What was varied.
    pub varied: Vec<Input>,
    /// Every check, in the campaign's order.
    pub checks: Vec<Spread>,
    /// How strongly a varied value goes with a margin, strongest first.
    pub effects: Vec<Effect>,
    /// Runs to look at, with the commands that run them alone.
    pub worst: Vec<Replay>,
}

/// A value that was varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its key in the campaign.
    pub key: String,
    /// How it was drawn.
    pub distribution: String,
    /// The smallest and the largest that was drawn; of texts, how many there were.
    pub drawn: String,
}

/// One check over all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The check.
    pub check: String,
    /// Unit of its margins.
    pub unit: String,
    /// Runs in which it failed, could not say, and passed.
    pub verdicts: [u64; 3],
    /// The share that failed with its interval, in words.
    pub failing: String,
    /// Its smallest margin, 5 % quantile, median, 95 % quantile and largest, if it has any.
    pub margin: Option<[f64; 5]>,
    /// How many margins lie in each of equal steps between the first and the last of them.
    pub counts: Vec<u64>,
    /// The run with the smallest margin.
    pub worst: Option<u64>,
}

/// How a varied value goes with a margin.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Key of the value.
    pub key: String,
    /// The check.
    pub check: String,
    /// Rank correlation (Spearman), from -1 to 1.
    pub rank: f64,
    /// Runs that it is of.
    pub runs: u64,
}

/// A run to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Which one, and why.
    pub title: String,
    /// What it said.
    pub said: Vec<String>,
    /// The command that runs it alone.
    pub command: String,
}

impl Study {
    /// The report as a PDF.
    ///
    /// # Errors
    /// If the document cannot be put together.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        paper(&self.frame(), |fonts| self.blocks(fonts))
    }

    /// The report for a browser.
    pub fn html(&self) -> String {
        page(&self.frame(), |fonts| self.blocks(fonts))
    }

    fn runs(&self) -> u64 {
        self.endings.iter().map(|(_, count)| count).sum()
    }

    fn verdict(&self) -> Verdict {
        let of = |name: &str| {
            let found = self.endings.iter().find(|(ending, _)| ending == name);
            found.map_or(0, |(_, count)| *count)
        };
        let (passed, failed) = (of("PASSED"), of("FAILED"));
        match (failed, passed == self.runs(), passed) {
            (1.., _, _) => Verdict::Fail,
            (0, true, 1..) => Verdict::Pass,
            _ => Verdict::Inconclusive,
        }
    }

    fn frame(&self) -> Frame {
        let runs = several(self.runs(), "run");
        let short = self.question.get(..12).unwrap_or(&self.question);
        Frame {
            title: format!("{}: {runs}, {}", self.campaign, self.verdict()),
            description: "One campaign over many draws of its values (Monte Carlo)".to_owned(),
            left: self.campaign.clone(),
            right: format!("Monte Carlo, {runs}, seed {}", self.seed),
            foot: format!("{}  ·  question {short}…", self.made_by),
            end: format!("{} · question SHA-256 {}", self.made_by, self.question),
            creator: self.made_by.clone(),
            id: self.question.clone(),
            keywords: format!("bench-study question={}", self.question),
            ..Frame::default()
        }
    }

    fn blocks(&self, fonts: &Fonts) -> Vec<Block> {
        let mut keys = vec![(count(self.runs()), "runs".to_owned())];
        let ended = self.endings.iter();
        keys.extend(ended.map(|(name, times)| (count(*times), name.to_lowercase())));
        keys.truncate(8);
        let mut blocks = vec![
            Block::Section(format!(
                "{}: {}",
                self.campaign,
                several(self.runs(), "draw")
            )),
            Block::Banner(self.verdict(), self.reason.clone()),
            Block::Gap(9.0),
            Block::Keys(keys),
        ];
        let contents = blocks.len();
        blocks.push(Block::Section("Margins".to_owned()));
        self.margins(fonts, &mut blocks);
        blocks.push(Block::Section("What was varied".to_owned()));
        self.inputs(fonts, &mut blocks);
        if !self.worst.is_empty() {
            blocks.push(Block::Section("Runs to look at".to_owned()));
            self.replays(&mut blocks);
        }
        insert_contents(&mut blocks, contents);
        blocks
    }

    fn margins(&self, fonts: &Fonts, blocks: &mut Vec<Block>) {
        let told = self.checks.iter().filter_map(|one| {
            Some(Histogram {
                label: one.check.clone(),
                unit: one.unit.clone(),
                counts: one.counts.clone(),
                spread: one.margin?,
                failing: one.failing.clone(),
                fails: one.verdicts[0] > 0,
            })
        });
        let told: Vec<Histogram> = told.collect();
        if told.is_empty() {
            blocks.push(Block::Text("No run told a margin.".to_owned()));
        } else {
            blocks.push(Block::Text(
                "The distance of each check's worst value from its limit, positive inside. Bars are runs; the red \
                 dashed line is the limit, the black one the median, 90 % of the runs lie between the dotted ones. \
                 At the right the share of the runs that failed, with its interval at 95 % (Clopper and Pearson)."
                    .to_owned(),
            ));
            blocks.push(Block::Gap(4.0));
        }
        for some in told.chunks(TOGETHER) {
            blocks.push(Block::Histograms(some.to_vec()));
        }
        if self.checks.is_empty() {
            return;
        }
        blocks.push(Block::Gap(10.0));
        let columns = vec![
            text("check", 150.0),
            numbers("failed", 36.0),
            numbers("unknown", 38.0),
            numbers("least", 44.0),
            numbers("5 %", 44.0),
            numbers("median", 44.0),
            numbers("95 %", 44.0),
            numbers("most", 44.0),
            text("unit", 36.0),
            numbers("worst run", 41.0),
        ];
        let rows = self.checks.iter().map(|one| {
            let mut cells = vec![
                one.check.clone(),
                count(one.verdicts[0]),
                count(one.verdicts[1]),
            ];
            match one.margin {
                Some(all) => cells.extend(all.map(number)),
                None => cells.extend([(); 5].map(|()| "–".to_owned())),
            }
            cells.push(one.unit.clone());
            cells.push(
                one.worst
                    .map_or_else(|| "–".to_owned(), |run| run.to_string()),
            );
            let [failed, unknown, passed] = one.verdicts;
            let verdict = match (failed, unknown, passed) {
                (1.., _, _) => Verdict::Fail,
                (0, 0, 1..) => Verdict::Pass,
                _ => Verdict::Inconclusive,
            };
            Row {
                cells,
                verdict: Some(verdict),
                ..Row::default()
            }
        });
        blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
        blocks.push(Block::Gap(14.0));
    }

    fn inputs(&self, fonts: &Fonts, blocks: &mut Vec<Block>) {
        if self.varied.is_empty() {
            blocks.push(Block::Text(
                "Nothing but the seed: noise of the instruments, arrivals, faults at random."
                    .to_owned(),
            ));
            return;
        }
        let columns = vec![
            text("key", 180.0),
            text("distribution", 190.0),
            text("drawn", 145.0),
        ];
        let rows = self.varied.iter().map(|input| {
            Row::of([
                input.key.clone(),
                input.distribution.clone(),
                input.drawn.clone(),
            ])
        });
        blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
        let strong = self.effects.iter().filter(|one| one.rank.abs() >= WEAK);
        let strong: Vec<&Effect> = strong.take(EFFECTS).collect();
        blocks.push(Block::Gap(10.0));
        blocks.push(Block::Heading("What matters".to_owned()));
        if strong.is_empty() {
            blocks.push(Block::Text(format!(
                "No margin goes with any of the varied values: all rank correlations are below {WEAK}."
            )));
            return;
        }
        blocks.push(Block::Text(
            "Rank correlation (Spearman) of each margin with each varied number: near 1 the margin grows with it, \
             near −1 it shrinks, near 0 it does not care. It tells that they go together, not why."
                .to_owned(),
        ));
        let columns = vec![
            text("varied", 190.0),
            text("margin of", 190.0),
            numbers("rank correlation", 75.0),
            numbers("runs", 60.0),
        ];
        let rows = strong.into_iter().map(|one| {
            let rank = format!("{:+.2}", one.rank).replace('-', "−");
            Row::of([one.key.clone(), one.check.clone(), rank, count(one.runs)])
        });
        blocks.push(Block::Table(Table::new(fonts, columns, rows.collect())));
    }

    fn replays(&self, blocks: &mut Vec<Block>) {
        blocks.push(Block::Text(
            "Each command runs one of them alone, with its record and report.".to_owned(),
        ));
        for one in &self.worst {
            blocks.push(Block::Gap(6.0));
            blocks.push(Block::Heading(one.title.clone()));
            for said in &one.said {
                blocks.push(Block::Text(said.clone()));
            }
            blocks.push(Block::Text(one.command.clone()));
        }
    }
}
