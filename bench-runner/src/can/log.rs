//! A log of candump, line by line, to whatever form is wanted.

use std::io::{self, Read};

use drivers::link::can::candump::{Kind, Lines, LogReader, Malformed};

/// Malformed lines that are told one by one; of the others only their number is.
const TOLD: usize = 20;

/// What is made of a log.
pub enum Form<'a> {
    /// A line of JSON for each line.
    Json(super::JsonForm<'a>),
    /// A line of CSV for each value.
    Csv(super::CsvForm<'a>),
    /// A Parquet table, or nothing but the values in memory.
    Table(super::TableForm<'a>),
}

/// A line that is of the log's form.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its text, without its end.
    pub text: &'a [u8],
    /// What it says.
    pub frame: &'a LogReader,
}

impl<'a> Line<'a> {
    /// The time as the line has it, in seconds.
    pub fn time(&self) -> &'a str {
        let (from, to) = self.frame.time;
        std::str::from_utf8(&self.text[from..to]).unwrap_or_default()
    }

    /// The interface.
    pub fn interface(&self) -> &'a [u8] {
        let (from, to) = self.frame.interface;
        &self.text[from..to]
    }
}

/// What was in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Data frames.
    pub frames: u64,
    /// Data frames whose identifier the database has.
    pub decoded: u64,
    /// Data frames of which a multiplexer selects nothing that the database has.
    pub undefined: u64,
    /// Remote frames.
    pub remote: u64,
    /// Error frames.
    pub errors: u64,
    /// Lines that are not of the log's form.
    pub bad: u64,
    /// The first of these, by number, and what was expected in it.
    pub told: Vec<(u64, Malformed)>,
}

/// Decodes a log. Lines that are not of its form are counted, and nothing stops for them.
///
/// # Errors
/// If reading or writing fails.
pub fn decode(from: impl Read, form: &mut Form<'_>) -> io::Result<Counts> {
    let mut lines = Lines::new(from);
    let mut counts = Counts::default();
    let mut frame = LogReader::default();
    while let Some(piece) = lines.next_piece()? {
        let mut rest = piece;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (text, behind) = match end {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = behind;
            counts.lines += 1;
            let number = counts.lines;
            match frame.read(text) {
                Ok(()) => {
                    let frame = &frame;
                    let line = Line {
                        number,
                        text,
                        frame,
                    };
                    one(&line, form, &mut counts)?;
                }
                Err(error) => {
                    counts.bad += 1;
                    if counts.told.len() < TOLD {
                        counts.told.push((number, error));
                    }
                    if let Form::Json(json) = form {
                        json.bad(number)?;
                    }
                }
            }
        }
    }
    match form {
        Form::Json(json) => json.finish()?,
        Form::Csv(csv) => csv.finish()?,
        Form::Table(table) => {
            table.finish()?;
            counts.undefined += table.undefined();
        }
    }
    Ok(counts)
}

#[inline]
fn one(line: &Line<'_>, form: &mut Form<'_>, counts: &mut Counts) -> io::Result<()> {
    match line.frame.kind {
        Kind::Data | Kind::Fd(_) => counts.frames += 1,
        Kind::Remote(_) => counts.remote += 1,
        Kind::Error(_) => counts.errors += 1,
    }
    match form {
        Form::Table(table) => counts.decoded += u64::from(table.line(line)?),
        Form::Json(json) => json.line(line, counts)?,
        Form::Csv(csv) => csv.line(line, counts)?,
    }
    Ok(())
}
