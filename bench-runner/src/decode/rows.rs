//! Decoded lines as rows of a table. They are made from the lines themselves, so that the table
//! and the lines cannot say different things; a table is for study, not for speed.

use std::io;

use drivers::telemetry::dictionary::Layouts;
use serde_json::Value;

use crate::table::{Row, Table};

/// Appends what `lines` tell to `table`. What was skipped, gaps and totals have no rows.
///
/// # Errors
/// If the table cannot be written.
pub fn tabulate(lines: &[u8], layouts: Option<&Layouts>, table: &mut Table) -> io::Result<()> {
    for line in lines
        .split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty())
    {
        let line: Value = serde_json::from_slice(line)?;
        if line.get("pec").is_some() {
            packet(&line, layouts, table)?;
        } else if line.get("f").is_some() {
            frame(&line, table)?;
        } else if line.get("kind").is_some() {
            text(&line, table)?;
        }
    }
    Ok(())
}

fn packet(line: &Value, layouts: Option<&Layouts>, table: &mut Table) -> io::Result<()> {
    let name = line["name"].as_str().unwrap_or("unknown");
    let described = layouts.and_then(|layouts| {
        let mut packets = layouts.dictionary().packets.iter();
        packets.find(|packet| packet.name == name)
    });
    let row = Row {
        place: line["off"].as_u64().unwrap_or(0),
        source: name,
        sequence: line["seq"].as_u64(),
        seconds: time(&line["pus"]["time"]),
        ..Row::default()
    };
    for (field, raw) in line["fields"].as_object().into_iter().flatten() {
        let mut fields = described.into_iter().flat_map(|packet| &packet.fields);
        let known = fields.find(|known| known.name.as_ref() == Some(field));
        let row = Row {
            field,
            unit: known.map_or("", |known| known.unit.as_str()),
            ..row
        };
        elements(raw, line["eng"].get(field), row, table)?;
    }
    for (field, value) in line["derived"].as_object().into_iter().flatten() {
        let mut all = layouts
            .into_iter()
            .flat_map(|layouts| &layouts.dictionary().derived);
        let known = all.find(|known| known.name == *field);
        let row = Row {
            field,
            unit: known.map_or("", |known| known.unit.as_str()),
            ..row
        };
        elements(value, None, row, table)?;
    }
    Ok(())
}

/// Seconds since 1958-01-01.
fn time(code: &Value) -> Option<f64> {
    let number = |key: &str| code.get(key).and_then(Value::as_f64);
    match (number("days"), number("coarse")) {
        (Some(days), _) => Some(days * 86_400.0 + number("ms")? * 1e-3),
        (None, Some(coarse)) => Some(coarse + number("fine")? / 65_536.0),
        (None, None) => None,
    }
}

fn frame(line: &Value, table: &mut Table) -> io::Result<()> {
    let source = match line.get("type").and_then(Value::as_u64) {
        Some(1) => "inertial",
        Some(2) => "power",
        Some(3) => "data",
        Some(4) => "text",
        _ => "frame",
    };
    let millis = line.get("t_ms").and_then(Value::as_f64);
    let row = Row {
        place: line["off"].as_u64().unwrap_or(0),
        source,
        sequence: line.get("seq").and_then(Value::as_u64),
        seconds: millis.map(|millis| millis * 1e-3),
        ..Row::default()
    };
    for (field, value) in line["f"].as_object().into_iter().flatten() {
        elements(value, None, Row { field, ..row }, table)?;
    }
    Ok(())
}

fn text(line: &Value, table: &mut Table) -> io::Result<()> {
    let of = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    let sentence = format!("{}{}", of("talker"), of("type"));
    let row = Row {
        place: line["ln"].as_u64().unwrap_or(0),
        source: if sentence.is_empty() {
            of("kind")
        } else {
            &sentence
        },
        sequence: line.get("seq").and_then(Value::as_u64),
        seconds: line.get("t").and_then(Value::as_f64),
        ..Row::default()
    };
    for (field, value) in line["kv"].as_object().into_iter().flatten() {
        let unit = line["unit"].get(field).and_then(Value::as_str);
        let unit = unit.unwrap_or_default();
        elements(value, None, Row { field, unit, ..row }, table)?;
    }
    if let Some(fields) = line.get("fields") {
        let field = "fields";
        elements(fields, None, Row { field, ..row }, table)?;
    }
    Ok(())
}

/// A value, or each of an array: the number is the engineering value where there is one.
fn elements(raw: &Value, eng: Option<&Value>, row: Row<'_>, table: &mut Table) -> io::Result<()> {
    let Value::Array(raws) = raw else {
        return one(raw, eng, row, table);
    };
    for (element, raw) in (0..).zip(raws) {
        let eng = eng.and_then(|eng| eng.get(element as usize));
        one(raw, eng, Row { element, ..row }, table)?;
    }
    Ok(())
}

fn one(raw: &Value, eng: Option<&Value>, row: Row<'_>, table: &mut Table) -> io::Result<()> {
    let value = eng.and_then(number).or_else(|| number(raw));
    let written = raw.to_string();
    // A double holds whole numbers up to 2⁵³.
    let wide = raw.as_u64().is_some_and(|raw| raw > 1 << 53)
        || raw.as_i64().is_some_and(|raw| raw < -(1 << 53));
    let text = eng.and_then(Value::as_str).or(match raw {
        Value::String(text) => Some(text.as_str()),
        _ if wide => Some(written.as_str()),
        _ => None,
    });
    let text = text.filter(|text| !["NaN", "Infinity", "-Infinity"].contains(text));
    table.push(&Row { value, text, ..row })
}

/// A number, also one that JSON has no word for; `true` is 1.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        other => other.as_f64(),
    }
}
