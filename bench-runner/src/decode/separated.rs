//! Lines of separated values: a line of JSON for each, in the form of `key=value` lines.

use drivers::telemetry::text::{Cell, Column, CsvLine, CsvReader, Value};

use super::{Json, lines};

/// Tells line `number`; headings and remarks only with `notes`. Gives its state.
pub(super) fn tell(
    reader: &mut CsvReader,
    (number, notes): (u64, bool),
    octets: &[u8],
    out: &mut Json,
) -> &'static str {
    let mut state = "ok";
    reader.read(octets, |read| {
        let mut line = |told: &'static str, members: &dyn Fn(&mut Json)| {
            state = told;
            if notes || !["heading", "remark"].contains(&told) {
                begun(number, told, members, out);
            }
        };
        match read {
            CsvLine::Row(columns, cells) => line("ok", &|told| row(columns, cells, told)),
            CsvLine::Empty => line("empty", &|_| {}),
            CsvLine::Remark(text) => line("remark", &|told| told.plain("text").text(&text)),
            CsvLine::Heading(columns) => line("heading", &|told| {
                told.plain("columns").array(|told| {
                    for column in columns {
                        told.text(&column.name);
                    }
                });
                units(columns, told);
            }),
            CsvLine::Misfit { found, expected } => line("misfit", &|told| {
                told.plain("values").unsigned(found as u64);
                told.plain("columns").unsigned(expected as u64);
            }),
            CsvLine::Malformed(why) => line("malformed", &|told| told.plain("why").text(why)),
        }
    });
    state
}

/// Tells a line that is none.
pub(super) fn malformed(number: u64, why: &str, out: &mut Json) -> &'static str {
    let state = "malformed";
    begun(number, state, &|told| told.plain("why").text(why), out);
    state
}

fn begun(number: u64, state: &str, members: &dyn Fn(&mut Json), out: &mut Json) {
    out.line(|line| {
        line.plain("ln").unsigned(number);
        line.plain("st").text(state);
        members(line);
    });
}

fn row(columns: &[Column], cells: &[Cell<'_>], line: &mut Json) {
    line.plain("kind").text("C");
    let mut pairs = columns.iter().zip(cells);
    if let Some(seconds) = pairs.find_map(|(column, cell)| time(column, cell)) {
        line.plain("t").real(seconds);
    }
    line.plain("kv").object(|told| {
        for (column, cell) in columns.iter().zip(cells) {
            let told = told.key(&column.name);
            match cell {
                Cell::Plain(value) => lines::value(value, told),
                Cell::Text(text) => told.text(text),
            }
        }
    });
    units(columns, line);
}

fn units(columns: &[Column], line: &mut Json) {
    if columns.iter().any(|column| !column.unit.is_empty()) {
        line.plain("unit").object(|told| {
            for column in columns.iter().filter(|column| !column.unit.is_empty()) {
                told.key(&column.name).text(&column.unit);
            }
        });
    }
}

/// The row's own clock in seconds, if a column is called one.
fn time(column: &Column, cell: &Cell<'_>) -> Option<f64> {
    let number = match cell {
        Cell::Plain(Value::Whole(number)) => *number as f64,
        Cell::Plain(Value::Real(number)) if number.is_finite() => *number,
        _ => return None,
    };
    let name = column.name.to_ascii_lowercase();
    let (stem, unit) = match name.rsplit_once('_') {
        Some((stem, unit @ ("s" | "ms" | "us"))) => (stem, unit),
        _ => (name.as_str(), column.unit.as_str()),
    };
    let scale = match unit {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
        _ => return None,
    };
    ["t", "time", "timestamp", "uptime"]
        .contains(&stem)
        .then_some(number * scale)
}
