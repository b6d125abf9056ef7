//! Rows of numbers against time, as CSV, as JSON lines or as a Parquet table.

use std::io::Write;
use std::path::Path;

use profiles::orbit::Utc;
use profiles::phase::Phase;
use profiles::time::BenchTime;
use reports::columns::{Column, Compression, Field, Kind, TableWriter, Values};

use super::text::{Stamps, fixed};
use super::{Stop, ending};

/// Bytes of text that are gathered before they are written.
const CHUNK: usize = 1 << 16;

/// Rows of a table that are written together.
const GROUP: usize = 500_000;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Json,
    Parquet,
}

impl Form {
    /// What a file's name promises.
    pub(super) fn of(path: &Path) -> Form {
        match ending(path) {
            Some("jsonl" | "json") => Form::Json,
            Some("parquet") => Form::Parquet,
            _ => Form::Csv,
        }
    }
}

/// A whole table of few rows, as a Parquet file.
pub(super) fn parquet(fields: Vec<Field>, columns: &[Column<'_>]) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let mut writer = TableWriter::new(&mut bytes, fields, Compression::Snappy).map_err(disk)?;
    writer.write(columns).map_err(disk)?;
    writer.finish().map_err(disk)?;
    Ok(bytes)
}

/// Rows on their way into a file.
pub(super) enum Rows<'a, W: Write> {
    Text(Text<'a, W>),
    Table(Table<'a, W>),
}

impl<'a, W: Write> Rows<'a, W> {
    /// Rows with these columns after `t_s` and `utc`, and `phase` where there are phases.
    pub(super) fn new(
        out: &'a mut W,
        form: Form,
        columns: &[String],
        phases: bool,
    ) -> Result<Rows<'a, W>, Stop> {
        Ok(match form {
            Form::Csv => Rows::Text(Text::new(out, false, columns, phases)),
            Form::Json => Rows::Text(Text::new(out, true, columns, phases)),
            Form::Parquet => Rows::Table(Table::new(out, columns, phases)?),
        })
    }

    pub(super) fn row(
        &mut self,
        (t, at, phase): (BenchTime, Utc, Option<Phase>),
        values: &[f64],
    ) -> Result<(), Stop> {
        match self {
            Rows::Text(text) => text.row((t, at, phase), values),
            Rows::Table(table) => table.row((t, at, phase), values),
        }
    }

    pub(super) fn finish(self) -> Result<(), Stop> {
        match self {
            Rows::Text(mut text) => text.flush(),
            Rows::Table(table) => table.finish(),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn disk(why: std::io::Error) -> Stop {
    Stop::Disk(why.to_string())
}

/// Lines of text.
pub(super) struct Text<'a, W> {
    out: &'a mut W,
    waiting: String,
    /// What stands before each number.
    before: Vec<String>,
    json: bool,
    stamps: Stamps,
}

impl<'a, W: Write> Text<'a, W> {
    fn new(out: &'a mut W, json: bool, columns: &[String], phases: bool) -> Text<'a, W> {
        let before = columns.iter().map(|name| {
            if json {
                format!(",\"{name}\":")
            } else {
                ",".to_owned()
            }
        });
        let mut text = String::with_capacity(2 * CHUNK);
        if !json {
            let phase = if phases { "phase," } else { "" };
            text = format!("t_s,utc,{phase}{}\n", columns.join(","));
        }
        Text {
            out,
            waiting: text,
            before: before.collect(),
            json,
            stamps: Stamps::default(),
        }
    }

    fn row(
        &mut self,
        (t, at, phase): (BenchTime, Utc, Option<Phase>),
        values: &[f64],
    ) -> Result<(), Stop> {
        let text = &mut self.waiting;
        let [time, stamp, name, end] = if self.json {
            ["{\"t_s\":", ",\"utc\":\"", "\",\"phase\":\"", "}\n"]
        } else {
            ["", ",", ",", "\n"]
        };
        text.push_str(time);
        fixed(text, t.as_secs_f64());
        text.push_str(stamp);
        self.stamps.write(text, at);
        if let Some(phase) = phase {
            text.push_str(name);
            text.push_str(phase.name());
        }
        if self.json {
            text.push('"');
        }
        for (before, value) in self.before.iter().zip(values) {
            text.push_str(before);
            fixed(text, *value);
        }
        text.push_str(end);
        if self.waiting.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let written = self.out.write_all(self.waiting.as_bytes());
        self.waiting.clear();
        written.map_err(disk)
    }
}

/// Columns of a table.
pub(super) struct Table<'a, W: Write> {
    writer: TableWriter<&'a mut W>,
    seconds: Vec<f64>,
    instants: Vec<i64>,
    phases: Option<Vec<u32>>,
    columns: Vec<Vec<f64>>,
}

impl<'a, W: Write> Table<'a, W> {
    fn new(out: &'a mut W, columns: &[String], phases: bool) -> Result<Table<'a, W>, Stop> {
        let mut fields = vec![
            Field::required("t_s", Kind::F64),
            Field::required("utc", Kind::Timestamp),
        ];
        fields.extend(phases.then(|| Field::required("phase", Kind::Utf8)));
        let numbers = columns.iter().map(|name| Field::required(name, Kind::F64));
        fields.extend(numbers);
        Ok(Table {
            writer: TableWriter::new(out, fields, Compression::Snappy).map_err(disk)?,
            seconds: Vec::new(),
            instants: Vec::new(),
            phases: phases.then(Vec::new),
            columns: vec![Vec::new(); columns.len()],
        })
    }

    fn row(
        &mut self,
        (t, at, phase): (BenchTime, Utc, Option<Phase>),
        values: &[f64],
    ) -> Result<(), Stop> {
        self.seconds.push(t.as_secs_f64());
        self.instants.push(at.posix_micros());
        if let (Some(phases), Some(phase)) = (&mut self.phases, phase) {
            let place = Phase::ALL.iter().position(|known| *known == phase);
            phases.push(place.unwrap_or_default() as u32);
        }
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(*value);
        }
        if self.seconds.len() >= GROUP {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let words = Phase::ALL.map(Phase::name);
        let mut columns = vec![
            Column::full(Values::F64(&self.seconds)),
            Column::full(Values::I64(&self.instants)),
        ];
        columns.extend(self.phases.as_ref().map(|places| {
            Column::full(Values::Words {
                words: &words,
                places,
            })
        }));
        let numbers = self.columns.iter();
        columns.extend(numbers.map(|values| Column::full(Values::F64(values))));
        self.writer.write(&columns).map_err(disk)?;
        self.seconds.clear();
        self.instants.clear();
        self.phases.iter_mut().for_each(Vec::clear);
        self.columns.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    fn finish(mut self) -> Result<(), Stop> {
        self.flush()?;
        self.writer.finish().map_err(disk)?;
        Ok(())
    }
}
