//! A document that is no report of one run: a verdict with its reason, numbers, texts and tables, on
//! the pages of the report. What a gate came to is told by it.

use krilla::Document;
use krilla::action::LinkAction;
use krilla::annotation::{LinkAnnotation, Target};
use krilla::geom::Rect;
use krilla::metadata::Metadata;
use krilla::page::{Page, PageSettings};

use super::canvas::Canvas;
use super::fonts::Fonts;
use super::layout::{self, Block, PAGE, Placed, SIDE, WIDTH};
use super::table::{Column, Row, Table, numbers, words};
use super::{PdfError, page};
use crate::verdict::Verdict;

/// A document.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is about; stands on every page.
    pub title: String,
    /// What made it; stands below every page.
    pub made_by: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why, in a paragraph.
    pub reason: String,
    /// Numbers, each with what it is.
    pub keys: Vec<(String, String)>,
    /// What follows.
    pub parts: Vec<Part>,
}

/// Part of a document.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its title.
    pub title: String,
    /// Columns of its table.
    pub columns: Vec<Title>,
    /// Rows of its table.
    pub lines: Vec<Line>,
    /// A remark below the table.
    pub remark: Option<String>,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    /// What stands above it.
    pub text: &'static str,
    /// Its share of the page's width.
    pub share: f32,
    /// Whether it holds numbers.
    pub is_number: bool,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its texts, one for each column.
    pub cells: Vec<String>,
    /// What marks the first of them.
    pub verdict: Option<Verdict>,
    /// A remark below them.
    pub remark: Option<String>,
    /// Where the row leads: a file, relative to the document.
    pub link: Option<String>,
}

impl Sheet {
    /// The document as a PDF. The same sheet gives the same bytes.
    ///
    /// # Errors
    /// If the document cannot be put together.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        let fonts = Fonts::new();
        let blocks = self.blocks(&fonts);
        // The blocks of tables, in order, are those of the parts that have one.
        let tables: Vec<&Part> = self
            .parts
            .iter()
            .filter(|part| !part.lines.is_empty())
            .collect();
        let placed = layout::pages(&fonts, &blocks);
        let total = placed.last().map_or(1, |last| last.page + 1);
        let mut document = Document::new();
        let metadata = Metadata::new().title(format!("{}: {}", self.title, self.verdict));
        document.set_metadata(
            metadata
                .creator(self.made_by.clone())
                .language("en".to_owned()),
        );
        for number in 0..total {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
                .ok_or_else(|| PdfError::Document("A4 has no size".to_owned()))?;
            let mut sheet = document.start_page_with(settings);
            let here = || placed.iter().filter(|part| part.page == number);
            let mut surface = sheet.surface();
            let mut canvas = Canvas {
                surface: &mut surface,
                fonts: &fonts,
            };
            let texts = [self.title.as_str(), "", self.made_by.as_str()];
            page::around(&mut canvas, texts, number + 1, total);
            here().for_each(|part| page::block(&mut canvas, part));
            surface.finish();
            for part in here() {
                links(&mut sheet, part, &blocks, &tables);
            }
            sheet.finish();
        }
        document
            .finish()
            .map_err(|error| PdfError::Document(format!("{error:?}")))
    }

    fn blocks(&self, fonts: &Fonts) -> Vec<Block> {
        let mut blocks = vec![
            Block::Section(self.title.clone()),
            Block::Banner(self.verdict, self.reason.clone()),
            Block::Gap(10.0),
            Block::Keys(self.keys.clone()),
        ];
        for part in &self.parts {
            blocks.push(Block::Gap(8.0));
            blocks.push(Block::Heading(part.title.clone()));
            if !part.lines.is_empty() {
                blocks.push(Block::Table(table(fonts, part)));
            }
            blocks.extend(part.remark.clone().map(Block::Text));
        }
        blocks
    }
}

fn table(fonts: &Fonts, part: &Part) -> Table {
    let all: f32 = part.columns.iter().map(|column| column.share).sum();
    let column = |title: &Title| -> Column {
        let width = WIDTH * title.share / all;
        if title.is_number {
            numbers(title.text, width)
        } else {
            words(title.text, width)
        }
    };
    let rows = part.lines.iter().map(|line| Row {
        cells: line.cells.clone(),
        verdict: line.verdict,
        remark: line.remark.clone(),
        moment: None,
    });
    let columns = part.columns.iter().map(column).collect();
    Table::new(fonts, columns, rows.collect())
}

/// What leads from rows of a table to other files.
fn links(page: &mut Page<'_>, placed: &Placed<'_>, blocks: &[Block], parts: &[&Part]) {
    let Block::Table(table) = placed.block else {
        return;
    };
    let is_table = |block: &&Block| matches!(block, Block::Table(_));
    let mut tables = blocks.iter().filter(is_table);
    let number = tables.position(|block| std::ptr::eq(block, placed.block));
    let Some(part) = number.and_then(|number| parts.get(number)) else {
        return;
    };
    let (first, count) = placed.rows;
    for row in first..first + count {
        let Some(link) = &part.lines[row].link else {
            continue;
        };
        let top = placed.y + table.height(first, row - first);
        let bottom = placed.y + table.height(first, row - first + 1);
        if let Some(area) = Rect::from_ltrb(SIDE, top, SIDE + WIDTH, bottom) {
            let target = Target::Action(LinkAction::new(link.clone()).into());
            let text = format!("opens {link}");
            let link = LinkAnnotation::new(area, target);
            page.add_annotation(krilla::annotation::Annotation::new_link(link, Some(text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: usize) -> Sheet {
        let line = |row: usize| Line {
            cells: vec![format!("run {row}"), "1.5".to_owned()],
            verdict: Some(Verdict::Pass),
            remark: None,
            link: Some(format!("runs/{row}/report.pdf")),
        };
        let column = |text, is_number| Title {
            text,
            share: 1.0,
            is_number,
        };
        Sheet {
            title: "a gate".to_owned(),
            made_by: "bench".to_owned(),
            verdict: Verdict::Pass,
            reason: "everything passed".to_owned(),
            keys: vec![("2".to_owned(), "runs".to_owned())],
            parts: vec![Part {
                title: "Runs".to_owned(),
                columns: vec![column("run", false), column("s", true)],
                lines: (0..rows).map(line).collect(),
                remark: None,
            }],
        }
    }

    /// How often a word stands in the plain part of a document.
    fn count(pdf: &[u8], word: &str) -> usize {
        pdf.windows(word.len())
            .filter(|window| *window == word.as_bytes())
            .count()
    }

    #[test]
    fn each_row_leads_to_its_file_also_on_later_pages() {
        let pdf = sheet(150).pdf().unwrap();
        assert!(count(&pdf, "/Type /Page\n") + count(&pdf, "/Type/Page") >= 3);
        for row in [0, 70, 149] {
            let link = format!("(runs/{row}/report.pdf)");
            assert_eq!(count(&pdf, &link), 1, "{link}");
        }
    }

    #[test]
    fn the_same_sheet_gives_the_same_bytes_and_an_empty_one_is_no_trouble() {
        assert_eq!(sheet(3).pdf().unwrap(), sheet(3).pdf().unwrap());
        assert!(sheet(0).pdf().is_ok());
    }
}
