//! A line of CSV for each value of each frame: a table that any tool turns as it needs.

use std::io::{self, Write};

use drivers::link::can::candump::Kind;
use drivers::telemetry::dbc::columns::Lookup;
use drivers::telemetry::dbc::{Database, Raw};

use super::{Counts, Line};

/// Octets that are written at once.
const PIECE: usize = 1 << 16;

/// Writes the values of a log as CSV (RFC 4180).
pub struct CsvForm<'a> {
    database: &'a Database,
    lookup: Lookup,
    out: &'a mut dyn Write,
    text: Vec<u8>,
    /// What the lines of one frame begin with.
    head: Vec<u8>,
}

impl<'a> CsvForm<'a> {
    /// Writes to `out` what `database` says.
    pub fn new(database: &'a Database, out: &'a mut dyn Write) -> CsvForm<'a> {
        let text = b"line,t_s,interface,id,message,signal,raw,value,unit,name\r\n";
        CsvForm {
            database,
            lookup: Lookup::new(database),
            out,
            text: text.to_vec(),
            head: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, line: &Line<'_>, counts: &mut Counts) -> io::Result<()> {
        let frame = line.frame;
        if !matches!(frame.kind, Kind::Data | Kind::Fd(_)) {
            return Ok(());
        }
        let Some(position) = self.lookup.find(frame.id) else {
            return Ok(());
        };
        counts.decoded += 1;
        let message = &self.database.messages()[position];
        if message.selects_nothing(frame.data()) {
            counts.undefined += 1;
            return Ok(());
        }
        self.head.clear();
        write!(self.head, "{},{},", line.number, line.time())?;
        field(&mut self.head, &String::from_utf8_lossy(line.interface()));
        write!(self.head, ",{},", frame.id)?;
        field(&mut self.head, message.name());
        self.head.push(b',');
        for (at, raw) in message.told(frame.data()) {
            let signal = &message.signals()[at];
            let text = &mut self.text;
            text.extend_from_slice(&self.head);
            field(text, signal.name());
            match raw {
                Raw::Unsigned(raw) => write!(text, ",{raw},")?,
                Raw::Signed(raw) => write!(text, ",{raw},")?,
                Raw::Float(raw) => write!(text, ",{raw:?},")?,
            }
            match signal.exact(raw) {
                Some(whole) => write!(text, "{whole},")?,
                None => write!(text, "{:?},", signal.physical(raw))?,
            }
            field(text, signal.unit());
            text.push(b',');
            field(text, signal.name_of(raw).unwrap_or_default());
            text.extend_from_slice(b"\r\n");
        }
        if self.text.len() >= PIECE {
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        self.out.flush()
    }
}

/// A text, in quotation marks if it has to be.
fn field(out: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"', '\n', '\r']) {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}
