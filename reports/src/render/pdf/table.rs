//! Tables: columns of known width, text wrapped within them, a head on every page.

use krilla::tagging::{ArtifactType, TagGroup};

use super::canvas::{Canvas, INK, QUIET, RULE, Side, TINT, Type};
use super::fonts::{Face, Fonts};
use super::shape;
use super::tags::{self, Cell, Told};
use crate::verdict::Verdict;

const SIZE: f32 = 7.2;
const MONO_SIZE: f32 = 6.4;
/// Distance of base lines.
const LEADING: f32 = 9.4;
/// Space above and below the text of a row.
const PAD: f32 = 2.4;
/// Space between columns.
const GUTTER: f32 = 6.0;
/// Room for a verdict's mark.
const MARK: f32 = 11.0;

/// A column.
#[derive(Clone, Debug)]
pub(in super::super) struct Column {
    pub(super) title: &'static str,
    /// In points, with the gutter.
    pub(super) width: f32,
    pub(super) side: Side,
    pub(super) face: Face,
}

/// A column of text, of numbers, or of digests.
pub(in super::super) const fn words(title: &'static str, width: f32) -> Column {
    Column {
        title,
        width,
        side: Side::Left,
        face: Face::Sans,
    }
}

pub(in super::super) const fn numbers(title: &'static str, width: f32) -> Column {
    Column {
        title,
        width,
        side: Side::Right,
        face: Face::Sans,
    }
}

pub(in super::super) const fn digests(title: &'static str, width: f32) -> Column {
    Column {
        title,
        width,
        side: Side::Left,
        face: Face::Mono,
    }
}

/// How wide a column must be for `text` to stay in one line, points.
pub(in super::super) fn room_for(fonts: &Fonts, text: &str) -> f32 {
    GUTTER + fonts.width(Face::Sans, SIZE, text).ceil()
}

/// A row: its texts, a verdict that marks the first of them, a remark below them, and the moment
/// that its last text tells.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Row {
    pub(in super::super) cells: Vec<String>,
    pub(in super::super) verdict: Option<Verdict>,
    pub(in super::super) remark: Option<String>,
    pub(in super::super) moment: Option<Moment>,
}

/// A moment that a check tells of.
#[derive(Clone, Debug)]
pub(in super::super) struct Moment {
    /// Bench time, s.
    pub(in super::super) seconds: f64,
    /// What was found then.
    pub(in super::super) value: Option<f64>,
    /// What was looked at.
    pub(in super::super) subject: String,
    /// The check.
    pub(in super::super) check: String,
}

impl Row {
    pub(in super::super) fn of(cells: impl Into<Vec<String>>) -> Row {
        Row {
            cells: cells.into(),
            ..Row::default()
        }
    }
}

/// A table, wrapped and measured.
pub(in super::super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Wrapped>,
}

struct Wrapped {
    row: Row,
    cells: Vec<Vec<String>>,
    remark: Vec<String>,
    /// How many lines the cells take.
    lines: usize,
}

impl Wrapped {
    fn height(&self) -> f32 {
        (self.lines + self.remark.len()) as f32 * LEADING + 2.0 * PAD
    }
}

fn size(face: Face) -> f32 {
    match face {
        Face::Mono => MONO_SIZE,
        Face::Sans | Face::Strong => SIZE,
    }
}

#[cfg(test)]
impl Table {
    /// The cells of a row, each as its lines.
    pub(super) fn lines_of(&self, row: usize) -> &[Vec<String>] {
        &self.rows[row].cells
    }
}

impl Table {
    pub(in super::super) fn new(fonts: &Fonts, columns: Vec<Column>, rows: Vec<Row>) -> Table {
        let rows = rows
            .into_iter()
            .map(|row| wrapped(fonts, &columns, row))
            .collect();
        Table { columns, rows }
    }

    pub(in super::super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Leaves at most `most` rows; how many are left out.
    pub(super) fn shortened(&mut self, most: usize) -> usize {
        let left = self.rows.len().saturating_sub(most);
        self.rows.truncate(most);
        left
    }

    /// Titles of the columns.
    pub(in super::super) fn titles(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.title)
    }

    /// Widths of the columns, points.
    pub(in super::super) fn widths(&self) -> impl Iterator<Item = f32> {
        self.columns.iter().map(|column| column.width)
    }

    /// What each column holds: `words`, `number` or `digest`.
    pub(in super::super) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.columns
            .iter()
            .map(|column| match (column.side, column.face) {
                (Side::Right, _) => "number",
                (Side::Left, Face::Mono) => "digest",
                (Side::Left, _) => "words",
            })
    }

    /// The rows as they were given.
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(|wrapped| &wrapped.row)
    }

    /// Height of the head; a table of names and values needs none.
    fn head_height(&self) -> f32 {
        if self.is_titled() {
            LEADING + 2.0 * PAD + 1.0
        } else {
            1.0
        }
    }

    /// How many rows from `first` on fit into `height` below a head.
    pub(super) fn fitting(&self, first: usize, height: f32) -> usize {
        let mut left = height - self.head_height();
        self.rows[first..]
            .iter()
            .take_while(|row| {
                left -= row.height();
                left >= 0.0
            })
            .count()
    }

    /// Height of these rows with a head.
    pub(super) fn height(&self, first: usize, count: usize) -> f32 {
        let rows = self.rows[first..first + count].iter();
        self.head_height() + rows.map(Wrapped::height).sum::<f32>()
    }

    /// Draws a head and these rows at `(x, y)`; gives what they are. A head that is repeated on another
    /// page is not told again.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        (x, y): (f32, f32),
        first: usize,
        count: usize,
    ) -> Told {
        let right = x + self.columns.iter().map(|column| column.width).sum::<f32>() - GUTTER;
        let head = self.draw_head(canvas, (x, y), first == 0);
        let mut top = y + self.head_height();
        let rows = &self.rows[first..first + count];
        canvas.artifact(ArtifactType::Layout, |canvas| {
            let mut top = top;
            canvas.rule((x, right), top - 1.0, 0.8, INK);
            for row in rows {
                if !row.remark.is_empty() {
                    canvas.block((x, top), (right - x, row.height()), TINT);
                }
                top += row.height();
                canvas.rule((x, right), top, 0.3, RULE);
            }
        });
        let mut told = Vec::with_capacity(count);
        for row in rows {
            told.extend(self.draw_row(canvas, row, (x, top)));
            top += row.height();
        }
        Told::Rows(head, told)
    }

    fn draw_head(
        &self,
        canvas: &mut Canvas,
        (x, y): (f32, f32),
        is_first: bool,
    ) -> Option<TagGroup> {
        let base = y + PAD + 6.6;
        let face = Type::new(Face::Strong, 6.8, QUIET);
        let titled = self.is_titled();
        let mut left = x;
        let mut cells = Vec::new();
        for column in self.columns.iter().filter(|_| titled) {
            let at = (place(column, left), base);
            let draw = |canvas: &mut Canvas| canvas.text(at, column.title, face, column.side);
            if is_first {
                cells.push((Cell::Column, canvas.tagged(draw)));
            } else {
                canvas.artifact(ArtifactType::PaginationOther, draw);
            }
            left += column.width;
        }
        (!cells.is_empty()).then(|| tags::row(cells))
    }

    /// A row, and its remark as one more.
    fn draw_row(&self, canvas: &mut Canvas, row: &Wrapped, (x, top): (f32, f32)) -> Vec<TagGroup> {
        let base = top + PAD + 6.8;
        let mut left = x;
        let mut cells = Vec::with_capacity(self.columns.len());
        for (place_of, (column, lines)) in self.columns.iter().zip(&row.cells).enumerate() {
            let mark = canvas.tagged(|canvas| {
                let mut face = Type::new(column.face, size(column.face), INK);
                let mut indent = 0.0;
                if let (0, Some(verdict)) = (place_of, row.row.verdict) {
                    shape::mark(canvas, verdict, (left + 5.0, base - 2.5), 7.6);
                    face = Type::new(Face::Strong, SIZE, shape::colour(verdict));
                    indent = MARK;
                }
                for (line, text) in lines.iter().enumerate() {
                    let y = base + line as f32 * LEADING;
                    canvas.text((place(column, left) + indent, y), text, face, column.side);
                }
            });
            // Without titles the first column names what the others say.
            let cell = match (place_of, self.is_titled()) {
                (0, false) => Cell::Row,
                _ => Cell::Value,
            };
            cells.push((cell, mark));
            left += column.width;
        }
        let mut told = vec![tags::row(cells)];
        if !row.remark.is_empty() {
            let indent = x + self.columns.first().map_or(0.0, |column| column.width);
            let mark = canvas.tagged(|canvas| {
                for (line, text) in row.remark.iter().enumerate() {
                    let y = base + (row.lines + line) as f32 * LEADING;
                    let face = Type::new(Face::Sans, SIZE, INK);
                    canvas.text((indent, y), text, face, Side::Left);
                }
            });
            let columns = self.columns.len() as u32;
            told.push(tags::row(vec![(Cell::Remark(columns), mark)]));
        }
        told
    }

    fn is_titled(&self) -> bool {
        self.columns.iter().any(|column| !column.title.is_empty())
    }
}

/// Where the text of a column stands.
fn place(column: &Column, left: f32) -> f32 {
    match column.side {
        Side::Left => left,
        Side::Right => left + column.width - GUTTER,
    }
}

fn wrapped(fonts: &Fonts, columns: &[Column], row: Row) -> Wrapped {
    let cells: Vec<Vec<String>> = columns
        .iter()
        .zip(&row.cells)
        .enumerate()
        .map(|(place, (column, text))| {
            let marked = place == 0 && row.verdict.is_some();
            let (face, room) = if marked {
                (Face::Strong, column.width - GUTTER - MARK)
            } else {
                (column.face, column.width - GUTTER)
            };
            fonts.wrap((face, size(face)), text, room)
        })
        .collect();
    let all: f32 = columns.iter().map(|column| column.width).sum();
    let first = columns.first().map_or(0.0, |column| column.width);
    let remark = row.remark.as_ref().map_or(Vec::new(), |remark| {
        fonts.wrap((Face::Sans, SIZE), remark, all - first - GUTTER - 4.0)
    });
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
    Wrapped {
        row,
        cells,
        remark,
        lines,
    }
}
