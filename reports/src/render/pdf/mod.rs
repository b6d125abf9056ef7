//! The report on paper: A4 pages that a reader can print, hand on and archive. The same report
//! gives the same bytes.

mod backend;
mod canvas;
mod content;
mod contents;
mod exhibits;
mod fonts;
mod layout;
mod page;
mod shape;
mod sheet;
mod table;
mod tags;

pub(super) use content::content;
pub(super) use exhibits::{Flow, Pictures};
pub(super) use fonts::{Fonts, MONO, SANS, SEMI_BOLD};
pub(super) use layout::Block;
pub use sheet::{Line, Part, Sheet, Title};
pub(super) use table::{Moment, Row, Table, digests, numbers, words as text};

use std::collections::BTreeMap;
use std::path::Path;

use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::{Destination, XyzDestination};
use krilla::geom::{Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::{Page, PageSettings};
use krilla::tagging::TagGroup;
use krilla::{Document, SerializeSettings};
use plotters::style::RGBColor;

use super::chart;
use super::figure::Figure;
use super::frame::Frame;
use crate::report::Report;
use backend::UNIT;
use canvas::{Canvas, INK};
use contents::Link;
use layout::{Begin, PAGE, Placed, SIDE};
use page::Logo;
use tags::{Told, Tree};

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

/// The report as a PDF: archivable (PDF/A-2a) where the run has a date, and accessible (PDF/UA-1).
///
/// # Errors
/// If the document cannot be put together.
pub fn bytes(report: &Report) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::new();
    document(&fonts, &Frame::of(report), &content(&fonts, report))
}

/// Blocks in a frame as a PDF.
pub(super) fn document(
    fonts: &Fonts,
    frame: &Frame,
    blocks: &[Block],
) -> Result<Vec<u8>, PdfError> {
    let placed = layout::pages(fonts, blocks);
    let begins = layout::begins(&placed);
    let logo = Logo::of(&frame.style);
    let accent = frame.style.accent.map(|[r, g, b]| RGBColor(r, g, b));

    let mut document = Document::new_with(settings(frame));
    document.set_metadata(metadata(frame));
    document.set_outline(outline(&begins));
    let mut by_page: BTreeMap<usize, Vec<&Placed>> = BTreeMap::new();
    for part in &placed {
        by_page.entry(part.page).or_default().push(part);
    }
    let mut tree = Tree::new();
    let total = by_page.len();
    for (number, parts) in by_page {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| PdfError::Document("A4 has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut canvas = Canvas {
            surface: &mut surface,
            fonts,
            accent: accent.unwrap_or(INK),
        };
        page::frame(&mut canvas, frame, logo.as_ref(), (number + 1, total));
        let mut drawn = Vec::new();
        for part in parts {
            let told = match part.block {
                Block::Contents(_) => Drawn::Contents(contents::draw(
                    &mut canvas,
                    part.y,
                    begins.get(1..).unwrap_or_default(),
                )),
                _ => Drawn::Told(page::block(&mut canvas, part)),
            };
            drawn.push((part.block, told));
        }
        surface.finish();
        for (block, part) in drawn {
            let told = match part {
                Drawn::Told(told) => told,
                Drawn::Contents(links) => {
                    let entries = links.iter().map(|link| linked(&mut page, link));
                    tags::contents(entries.collect())
                }
            };
            tree.add(block, told);
        }
        page.finish();
    }
    document.set_tag_tree(tree.finish());
    document
        .finish()
        .map_err(|error| PdfError::Document(format!("{error:?}")))
}

/// What was drawn of a block.
enum Drawn {
    Told(Told),
    /// The contents, whose links can only be laid over a page that is drawn.
    Contents(Vec<Link>),
}

/// Lays a link over a line of the contents.
fn linked(page: &mut Page, link: &Link) -> TagGroup {
    let (left, top, width, height) = link.place;
    let place = Rect::from_xywh(left, top, width, height);
    let target = XyzDestination::new(link.to.page, Point::from_xy(SIDE, link.to.y - 20.0));
    let to = Target::Destination(Destination::Xyz(target));
    let words = format!("{}, page {}", link.to.title, link.to.page + 1);
    let place = place.expect("a line has a width and a height");
    let annotation = Annotation::new_link(LinkAnnotation::new(place, to), Some(words));
    let over = page.add_tagged_annotation(annotation);
    tags::entry(link.mark, over)
}

fn outline(begins: &[Begin]) -> Outline {
    let mut outline = Outline::new();
    for begin in begins {
        let target = XyzDestination::new(begin.page, Point::from_xy(SIDE, begin.y - 20.0));
        outline.push_child(OutlineNode::new(tags::short(&begin.title), target));
    }
    outline
}

/// What the file says that it is. An archive wants a date, and a run that was killed has none.
fn settings(frame: &Frame) -> SerializeSettings {
    let builder = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let builder = match date(&frame.date) {
        Some(_) => builder.with_archival_validator(Archival::A2_A),
        None => builder,
    };
    SerializeSettings {
        configuration: builder.finish().expect("both are of PDF 1.7"),
        ..SerializeSettings::default()
    }
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
        accent: INK,
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

fn metadata(frame: &Frame) -> Metadata {
    let metadata = Metadata::new()
        .title(tags::short(&frame.title))
        .description(tags::short(&frame.description))
        .creator(frame.creator.clone())
        .document_id(frame.id.clone())
        .keywords(vec![frame.keywords.clone()])
        .language("en".to_owned());
    let metadata = match &frame.style.organisation {
        Some(organisation) => metadata.authors(vec![organisation.clone()]),
        None => metadata,
    };
    match date(&frame.date) {
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
