//! A wide table of one source: a row for each place, a column for each field or element of one.

use std::collections::BTreeMap;
use std::io::{self, Write};

use reports::columns::{Column, Compression, Field, Kind, Present, TableWriter, Values};

use super::csv::{cell, some};
use super::parquet::split;
use super::{Form, Rows};

/// Places with their times, and the columns by name.
struct Wide {
    places: Vec<u64>,
    seconds: Vec<Option<f64>>,
    columns: Vec<(String, Cells)>,
}

enum Cells {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

pub(super) fn write<W: Write>(form: Form, out: W, rows: &Rows) -> io::Result<()> {
    let wide = gather(rows);
    match form {
        Form::Csv => csv(out, &wide),
        Form::Parquet => parquet(out, &wide),
    }
}

fn gather(rows: &Rows) -> Wide {
    let mut wide = Wide {
        places: Vec::new(),
        seconds: Vec::new(),
        columns: Vec::new(),
    };
    // In the order in which fields are first told; numbers unless one has only texts.
    let mut order: BTreeMap<(u32, u64), usize> = BTreeMap::new();
    let mut line = Vec::new();
    for at in 0..rows.places.len() {
        if wide.places.last() != Some(&rows.places[at]) {
            wide.places.push(rows.places[at]);
            wide.seconds.push(rows.seconds[at]);
        }
        line.push(wide.places.len() - 1);
    }
    let arrays: BTreeMap<u32, bool> = rows.fields.iter().zip(&rows.elements).fold(
        BTreeMap::new(),
        |mut arrays, (field, element)| {
            *arrays.entry(*field).or_insert(false) |= *element > 0;
            arrays
        },
    );
    let height = wide.places.len();
    for at in 0..rows.places.len() {
        let key = (rows.fields[at], rows.elements[at]);
        let column = *order.entry(key).or_insert_with(|| {
            let name = rows.words.word(key.0);
            let name = if arrays[&key.0] {
                format!("{name}[{}]", key.1)
            } else {
                name.to_owned()
            };
            let cells = if rows.values[at].is_some() {
                Cells::Numbers(vec![None; height])
            } else {
                Cells::Texts(vec![None; height])
            };
            wide.columns.push((name, cells));
            wide.columns.len() - 1
        });
        match &mut wide.columns[column].1 {
            Cells::Numbers(numbers) => numbers[line[at]] = rows.values[at],
            Cells::Texts(texts) => texts[line[at]].clone_from(&rows.texts[at]),
        }
    }
    wide
}

fn csv<W: Write>(mut out: W, wide: &Wide) -> io::Result<()> {
    let names: Vec<_> = wide.columns.iter().map(|(name, _)| cell(name)).collect();
    writeln!(out, "place,time_s,{}", names.join(","))?;
    for at in 0..wide.places.len() {
        write!(out, "{},{}", wide.places[at], some(wide.seconds[at]))?;
        for (_, cells) in &wide.columns {
            match cells {
                Cells::Numbers(numbers) => write!(out, ",{}", some(numbers[at]))?,
                Cells::Texts(texts) => {
                    write!(out, ",{}", cell(texts[at].as_deref().unwrap_or_default()))?;
                }
            }
        }
        writeln!(out)?;
    }
    out.flush()
}

fn parquet<W: Write>(out: W, wide: &Wide) -> io::Result<()> {
    let mut fields = vec![
        Field::required("place", Kind::U64),
        Field::nullable("time_s", Kind::F64),
    ];
    fields.extend(wide.columns.iter().map(|(name, cells)| {
        let kind = match cells {
            Cells::Numbers(_) => Kind::F64,
            Cells::Texts(_) => Kind::Utf8,
        };
        Field::nullable(name, kind)
    }));
    let mut writer = TableWriter::new(out, fields, Compression::Snappy)?;
    let (seconds, timed) = split(&wide.seconds);
    let texts: Vec<_> = wide
        .columns
        .iter()
        .map(|(_, cells)| match cells {
            Cells::Numbers(_) => (Vec::new(), Vec::new()),
            Cells::Texts(texts) => split(&texts.iter().map(Option::as_deref).collect::<Vec<_>>()),
        })
        .collect();
    let numbers: Vec<_> = wide
        .columns
        .iter()
        .map(|(_, cells)| match cells {
            Cells::Numbers(numbers) => split(numbers),
            Cells::Texts(_) => (Vec::new(), Vec::new()),
        })
        .collect();
    let mut columns = vec![
        Column::full(Values::U64(&wide.places)),
        Column {
            values: Values::F64(&seconds),
            present: Present::Each(&timed),
        },
    ];
    for (at, (_, cells)) in wide.columns.iter().enumerate() {
        columns.push(match cells {
            Cells::Numbers(_) => Column {
                values: Values::F64(&numbers[at].0),
                present: Present::Each(&numbers[at].1),
            },
            Cells::Texts(_) => Column {
                values: Values::Utf8(&texts[at].0),
                present: Present::Each(&texts[at].1),
            },
        });
    }
    writer.write(&columns)?;
    writer.finish()?;
    Ok(())
}
