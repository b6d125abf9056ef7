//! Rows as comma-separated text (RFC 4180).

use std::borrow::Cow;
use std::io::{self, Write};

use super::Rows;

/// A cell, in quotes if it needs them.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// What is there, or nothing. A double is written so that it reads back the same.
pub(super) fn some<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

pub(super) fn long(out: &mut dyn Write, rows: &Rows) -> io::Result<()> {
    for at in 0..rows.places.len() {
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{}",
            rows.places[at],
            cell(rows.words.word(rows.sources[at])),
            some(rows.sequences[at]),
            some(rows.seconds[at]),
            cell(rows.words.word(rows.fields[at])),
            rows.elements[at],
            some(rows.values[at]),
            cell(rows.texts[at].as_deref().unwrap_or_default()),
            cell(rows.words.word(rows.units[at])),
        )?;
    }
    Ok(())
}
