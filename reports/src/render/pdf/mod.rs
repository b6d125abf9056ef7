//! The report on paper: A4 pages that a reader can print, hand on and archive. The same report
//! gives the same bytes.

mod appendix;
mod backend;
mod canvas;
mod cover;
mod evidence;
mod exhibits;
mod faults;
mod fonts;
mod health;
mod layout;
mod page;
mod sections;
mod shape;
mod sheet;
mod table;

pub(super) use exhibits::{Flow, Pictures};
pub(super) use fonts::{Fonts, SANS, SEMI_BOLD};
pub(super) use layout::Block;
pub use sheet::{Line, Part, Sheet, Title};
pub(super) use table::{Moment, Table};

use std::collections::BTreeMap;
use std::path::Path;

use krilla::Document;
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;

use super::chart;
use super::figure::Figure;
use super::seal::Seal;
use super::words;
use crate::report::Report;
use backend::UNIT;
use canvas::Canvas;
use layout::{PAGE, SIDE};

/// What is left free around a figure that has a page of its own, points.
const MARGIN: f32 = 24.0;

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The document could not be put together.
    #[error("cannot put the PDF together: {0}")]
    Document(String),
    /// The file could not be written.
    #[error("cannot write the PDF")]
    File(#[from] std::io::Error),
}

/// Writes the report to the file `out`.
///
/// # Errors
/// If the document cannot be put together or the file cannot be written.
pub fn write(report: &Report, out: &Path) -> Result<(), PdfError> {
    Ok(std::fs::write(out, bytes(report)?)?)
}

/// The report as a PDF.
///
/// # Errors
/// If the document cannot be put together.
pub fn bytes(report: &Report) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::new();
    let blocks = content(&fonts, report);
    let placed = layout::pages(&fonts, &blocks);

    let mut by_page: BTreeMap<usize, Vec<&layout::Placed>> = BTreeMap::new();
    let mut outline = Outline::new();
    for part in &placed {
        by_page.entry(part.page).or_default().push(part);
        if let Block::Section(title) = part.block {
            let target = XyzDestination::new(part.page, Point::from_xy(SIDE, part.y - 20.0));
            outline.push_child(OutlineNode::new(title.clone(), target));
        }
    }
    let mut document = Document::new();
    document.set_metadata(metadata(report));
    document.set_outline(outline);
    let total = by_page.len();
    for (number, parts) in by_page {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| PdfError::Document("A4 has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut canvas = Canvas {
            surface: &mut surface,
            fonts: &fonts,
        };
        page::frame(&mut canvas, report, number + 1, total);
        for part in parts {
            page::block(&mut canvas, part);
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        .map_err(|error| PdfError::Document(format!("{error:?}")))
}

/// What the report tells, in order; other forms tell the same.
pub(super) fn content(fonts: &Fonts, report: &Report) -> Vec<Block> {
    let mut blocks = cover::blocks(fonts, report);
    blocks.extend(sections::blocks(fonts, report));
    blocks.extend(exhibits::blocks(fonts, report));
    blocks.extend(evidence::blocks(fonts, report));
    blocks.extend(faults::blocks(fonts, report));
    blocks.extend(health::blocks(fonts, report));
    blocks.extend(appendix::blocks(fonts, report));
    blocks
}

/// One figure on a page of its own, `size` points wide and high.
///
/// # Errors
/// If the document cannot be put together.
pub fn figure(figure: &Figure, size: (f32, f32)) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::new();
    let mut document = Document::new();
    let metadata = Metadata::new().title(figure.title.clone());
    document.set_metadata(metadata.language("en".to_owned()));
    let settings = PageSettings::from_wh(size.0 + 2.0 * MARGIN, size.1 + 2.0 * MARGIN)
        .ok_or_else(|| PdfError::Document("the figure has no size".to_owned()))?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    let mut canvas = Canvas {
        surface: &mut surface,
        fonts: &fonts,
    };
    canvas.chart((MARGIN, MARGIN), size, |area| {
        chart::draw(area, figure, UNIT)
    });
    surface.finish();
    page.finish();
    document
        .finish()
        .map_err(|error| PdfError::Document(format!("{error:?}")))
}

fn metadata(report: &Report) -> Metadata {
    let metadata = Metadata::new()
        .title(format!("{}: {}", report.header.campaign, report.verdict))
        .description(report.header.description.clone())
        .creator(words::made_by(report))
        .document_id(report.manifest.run_id.clone())
        .keywords(vec![Seal::of(report).to_string()])
        .language("en".to_owned());
    match date(&report.manifest.started) {
        Some(date) => metadata.creation_date(date),
        None => metadata,
    }
}

/// The manifest's date; the wall clock is not asked again.
fn date(text: &str) -> Option<DateTime> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let civil = jiff::tz::Offset::UTC.to_datetime(time);
    let part = |value: i8| u8::try_from(value).ok();
    let date = DateTime::new(u16::try_from(civil.year()).ok()?)
        .month(part(civil.month())?)
        .day(part(civil.day())?)
        .hour(part(civil.hour())?)
        .minute(part(civil.minute())?)
        .second(part(civil.second())?);
    Some(date.utc_offset_hour(0).utc_offset_minute(0))
}
