//! Rows as columns of a Parquet file.

use std::io::{self, Write};

use reports::columns::{Column, Compression, Field, Kind, Present, TableWriter, Values};

use super::{COLUMNS, Rows};

/// A long table, without rows yet.
pub(super) fn long<W: Write>(out: W) -> io::Result<TableWriter<W>> {
    let [
        place,
        source,
        sequence,
        seconds,
        field,
        element,
        value,
        text,
        unit,
    ] = COLUMNS;
    let fields = vec![
        Field::required(place, Kind::U64),
        Field::required(source, Kind::Utf8),
        Field::nullable(sequence, Kind::U64),
        Field::nullable(seconds, Kind::F64),
        Field::required(field, Kind::Utf8),
        Field::required(element, Kind::U64),
        Field::nullable(value, Kind::F64),
        Field::nullable(text, Kind::Utf8),
        Field::required(unit, Kind::Utf8),
    ];
    TableWriter::new(out, fields, Compression::Snappy)
}

/// The values that are there, and the rows that they are in.
pub(super) fn split<T: Copy>(values: &[Option<T>]) -> (Vec<T>, Vec<bool>) {
    let there = values.iter().map(Option::is_some).collect();
    (values.iter().copied().flatten().collect(), there)
}

pub(super) fn group<W: Write>(writer: &mut TableWriter<W>, rows: &Rows) -> io::Result<()> {
    let words: Vec<&str> = rows.words.words.iter().map(String::as_str).collect();
    let named = |places| {
        Column::full(Values::Words {
            words: &words,
            places,
        })
    };
    let (sequences, sequenced) = split(&rows.sequences);
    let (seconds, timed) = split(&rows.seconds);
    let (values, valued) = split(&rows.values);
    let texts: Vec<Option<&str>> = rows.texts.iter().map(Option::as_deref).collect();
    let (texts, texted) = split(&texts);
    writer.write(&[
        Column::full(Values::U64(&rows.places)),
        named(&rows.sources),
        Column {
            values: Values::U64(&sequences),
            present: Present::Each(&sequenced),
        },
        Column {
            values: Values::F64(&seconds),
            present: Present::Each(&timed),
        },
        named(&rows.fields),
        Column::full(Values::U64(&rows.elements)),
        Column {
            values: Values::F64(&values),
            present: Present::Each(&valued),
        },
        Column {
            values: Values::Utf8(&texts),
            present: Present::Each(&texted),
        },
        named(&rows.units),
    ])
}
