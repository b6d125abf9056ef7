//! Tables for data tools: rows of values to CSV or Parquet, by the ending of the file's name.
//!
//! A row is one value: where it came from, when, what it is. So one file holds everything, however
//! different the sources are; data tools turn it into columns (`pivot`). A table of one source
//! alone can be wide instead: a row for each time, a column for each value.

mod csv;
mod parquet;
mod wide;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use reports::columns::TableWriter;

/// What a table is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated text (RFC 4180).
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// Rows that are held before they become a group of their own.
const GROUP: usize = 1 << 20;

/// One value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// Its place in the stream, or its line; in a record the number of its event.
    pub place: u64,
    /// The packet, device or sentence that it stands in.
    pub source: &'a str,
    /// Sequence count of that.
    pub sequence: Option<u64>,
    /// When, in seconds; of what clock, the source's documentation says.
    pub seconds: Option<f64>,
    /// Its name.
    pub field: &'a str,
    /// Its place in an array; 0 if it is none.
    pub element: u64,
    /// The number.
    pub value: Option<f64>,
    /// The text: of a state, of a string, or of a number that no double holds.
    pub text: Option<&'a str>,
    /// Its unit; may be empty.
    pub unit: &'a str,
}

/// Names of a long table's columns.
const COLUMNS: [&str; 9] = [
    "place", "source", "sequence", "time_s", "field", "element", "value", "text", "unit",
];

/// A table on its way into a file.
#[derive(Debug)]
pub struct Table {
    out: Out,
    rows: Rows,
    /// The source whose rows alone are told, a row for each place.
    wide: Option<String>,
    written: u64,
}

#[derive(Debug)]
enum Out {
    Csv(BufWriter<File>),
    Parquet(Box<TableWriter<BufWriter<File>>>),
    /// The fields of a wide table are known at its end.
    Wide(Form, BufWriter<File>),
}

/// Rows as columns.
#[derive(Debug, Default)]
struct Rows {
    words: Words,
    places: Vec<u64>,
    sources: Vec<u32>,
    sequences: Vec<Option<u64>>,
    seconds: Vec<Option<f64>>,
    fields: Vec<u32>,
    elements: Vec<u64>,
    values: Vec<Option<f64>>,
    texts: Vec<Option<String>>,
    units: Vec<u32>,
}

/// Names that come again and again, once each.
#[derive(Debug, Default)]
struct Words {
    words: Vec<String>,
    places: BTreeMap<String, u32>,
}

impl Words {
    fn place(&mut self, word: &str) -> u32 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let place = self.words.len() as u32;
        self.words.push(word.to_owned());
        self.places.insert(word.to_owned(), place);
        place
    }

    fn word(&self, place: u32) -> &str {
        &self.words[place as usize]
    }
}

impl Form {
    /// The form that a file's name asks for: `.csv` or `.parquet`.
    pub fn of(path: &Path) -> Option<Form> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Form::Csv),
            "parquet" => Some(Form::Parquet),
            _ => None,
        }
    }
}

impl Table {
    /// A table in the new file `path`. With `wide`, only the rows of that source are told, a row
    /// for each place and a column for each field.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path, form: Form, wide: Option<&str>) -> io::Result<Table> {
        let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        let out = match (wide, form) {
            (Some(_), form) => Out::Wide(form, file),
            (None, Form::Parquet) => Out::Parquet(Box::new(parquet::long(file)?)),
            (None, Form::Csv) => {
                writeln!(file, "{}", COLUMNS.join(","))?;
                Out::Csv(file)
            }
        };
        Ok(Table {
            out,
            rows: Rows::default(),
            wide: wide.map(str::to_owned),
            written: 0,
        })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn push(&mut self, row: &Row<'_>) -> io::Result<()> {
        if self.wide.as_ref().is_some_and(|wide| wide != row.source) {
            return Ok(());
        }
        self.written += 1;
        self.rows.push(row);
        if self.rows.places.len() >= GROUP && self.wide.is_none() {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the file. Returns how many values are in it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        match self.out {
            Out::Csv(mut file) => file.flush()?,
            Out::Parquet(writer) => {
                writer.finish()?;
            }
            Out::Wide(form, file) => wide::write(form, file, &self.rows)?,
        }
        Ok(self.written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Out::Csv(file) => csv::long(file, &self.rows)?,
            Out::Parquet(writer) => parquet::group(writer, &self.rows)?,
            Out::Wide(..) => return Ok(()),
        }
        self.rows.clear();
        Ok(())
    }
}

impl Rows {
    fn push(&mut self, row: &Row<'_>) {
        self.places.push(row.place);
        self.sources.push(self.words.place(row.source));
        self.sequences.push(row.sequence);
        self.seconds.push(row.seconds);
        self.fields.push(self.words.place(row.field));
        self.elements.push(row.element);
        self.values.push(row.value);
        self.texts.push(row.text.map(str::to_owned));
        self.units.push(self.words.place(row.unit));
    }

    /// Empties it; the words stay.
    fn clear(&mut self) {
        let words = std::mem::take(&mut self.words);
        *self = Rows {
            words,
            ..Rows::default()
        };
    }
}
