//! A line of JSON for each line of a log.
//!
//! Keys: `ln` number of the line, `t` its time as written, `if` interface, `id`, `ext` (29 bits),
//! `fd`, `dir` (`R` or `T`, where the log has it), `flags` (CAN FD), `kind` (`data`, `rtr`,
//! `error`, `bad`), `data` in hexadecimal, `msg` the message or null, `raw` and `phys` its signals;
//! `dlc` of a remote frame; `mux` is `undefined` where a multiplexer selects nothing.

use std::io::{self, Write};

use drivers::link::can::CanId;
use drivers::link::can::candump::{Direction, Kind, hex_digits};
use drivers::telemetry::dbc::columns::Lookup;
use drivers::telemetry::dbc::{Database, Message, Raw, Signal};

use super::{Counts, Line};

/// Octets that are written at once.
const PIECE: usize = 1 << 16;

/// Writes a log as lines of JSON.
pub struct JsonForm<'a> {
    database: &'a Database,
    lookup: Lookup,
    /// By message and signal: the signal's name as a key.
    keys: Vec<Vec<Vec<u8>>>,
    /// By message: its name as a value.
    names: Vec<Vec<u8>>,
    out: &'a mut dyn Write,
    text: Vec<u8>,
    hex: String,
    physical: Vec<u8>,
}

impl<'a> JsonForm<'a> {
    /// Writes to `out` what `database` says.
    pub fn new(database: &'a Database, out: &'a mut dyn Write) -> JsonForm<'a> {
        let messages = database.messages().iter();
        let key = |signal: &Signal| [&quoted(signal.name()), b":".as_slice()].concat();
        JsonForm {
            database,
            lookup: Lookup::new(database),
            keys: messages
                .clone()
                .map(|message| message.signals().iter().map(key).collect())
                .collect(),
            names: messages.map(|message| quoted(message.name())).collect(),
            out,
            text: Vec::with_capacity(2 * PIECE),
            hex: String::new(),
            physical: Vec::new(),
        }
    }

    pub(super) fn bad(&mut self, number: u64) -> io::Result<()> {
        self.text.extend_from_slice(b"{\"ln\":");
        json(&mut self.text, &number);
        self.text.extend_from_slice(b",\"kind\":\"bad\"}\n");
        self.pass()
    }

    pub(super) fn line(&mut self, line: &Line<'_>, counts: &mut Counts) -> io::Result<()> {
        let frame = line.frame;
        self.hex.clear();
        hex_digits(frame.data(), &mut self.hex);
        head(line, &mut self.text);
        match frame.kind {
            Kind::Error(classes) => {
                direction(frame.direction, &mut self.text);
                self.text.extend_from_slice(b",\"kind\":\"error\",\"id\":");
                json(&mut self.text, &classes);
                self.octets();
            }
            Kind::Remote(length) => {
                identifier(line, &mut self.text);
                self.text.extend_from_slice(b",\"kind\":\"rtr\",\"dlc\":");
                json(&mut self.text, &length);
            }
            Kind::Data | Kind::Fd(_) => {
                identifier(line, &mut self.text);
                if let Kind::Fd(flags) = frame.kind {
                    self.text.extend_from_slice(b",\"flags\":");
                    json(&mut self.text, &flags);
                }
                self.text.extend_from_slice(b",\"kind\":\"data\"");
                self.octets();
                self.message(line, counts);
            }
        }
        self.text.extend_from_slice(b"}\n");
        self.pass()
    }

    /// `,"data":"…"`
    fn octets(&mut self) {
        self.text.extend_from_slice(b",\"data\":\"");
        self.text.extend_from_slice(self.hex.as_bytes());
        self.text.push(b'"');
    }

    /// `,"msg":…`, and what the message says.
    fn message(&mut self, line: &Line<'_>, counts: &mut Counts) {
        self.text.extend_from_slice(b",\"msg\":");
        let Some(position) = self.lookup.find(line.frame.id) else {
            self.text.extend_from_slice(b"null");
            return;
        };
        counts.decoded += 1;
        self.text.extend_from_slice(&self.names[position]);
        let message = &self.database.messages()[position];
        let data = line.frame.data();
        if message.selects_nothing(data) {
            counts.undefined += 1;
            self.text.extend_from_slice(b",\"mux\":\"undefined\"");
        } else {
            let keys = &self.keys[position];
            signals(message, data, keys, &mut self.text, &mut self.physical);
        }
    }

    fn pass(&mut self) -> io::Result<()> {
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

/// `{"ln":…,"t":"…","if":"…"`
fn head(line: &Line<'_>, text: &mut Vec<u8>) {
    text.extend_from_slice(b"{\"ln\":");
    json(text, &line.number);
    text.extend_from_slice(b",\"t\":\"");
    text.extend_from_slice(line.time().as_bytes());
    text.extend_from_slice(b"\",\"if\":");
    json(text, &*String::from_utf8_lossy(line.interface()));
}

/// `,"id":…,"ext":…,"fd":…`, and the direction.
fn identifier(line: &Line<'_>, text: &mut Vec<u8>) {
    let (id, is_extended) = match line.frame.id {
        CanId::Standard(id) => (u32::from(id), false),
        CanId::Extended(id) => (id, true),
    };
    text.extend_from_slice(b",\"id\":");
    json(text, &id);
    text.extend_from_slice(b",\"ext\":");
    json(text, &is_extended);
    text.extend_from_slice(b",\"fd\":");
    json(text, &matches!(line.frame.kind, Kind::Fd(_)));
    direction(line.frame.direction, text);
}

fn direction(direction: Option<Direction>, text: &mut Vec<u8>) {
    text.extend_from_slice(match direction {
        None => b"",
        Some(Direction::Received) => b",\"dir\":\"R\"",
        Some(Direction::Sent) => b",\"dir\":\"T\"",
    });
}

/// `,"raw":{…},"phys":{…}`
fn signals(
    message: &Message,
    data: &[u8],
    keys: &[Vec<u8>],
    text: &mut Vec<u8>,
    physical: &mut Vec<u8>,
) {
    physical.clear();
    text.extend_from_slice(b",\"raw\":{");
    let mut comma: &[u8] = b"";
    for (at, raw) in message.told(data) {
        for object in [&mut *text, &mut *physical] {
            object.extend_from_slice(comma);
            object.extend_from_slice(&keys[at]);
        }
        match raw {
            Raw::Unsigned(raw) => json(text, &raw),
            Raw::Signed(raw) => json(text, &raw),
            Raw::Float(raw) => real(text, raw),
        }
        let signal = &message.signals()[at];
        match signal.exact(raw) {
            Some(whole) => json(physical, &whole),
            None => real(physical, signal.physical(raw)),
        }
        comma = b",";
    }
    text.extend_from_slice(b"},\"phys\":{");
    text.extend_from_slice(physical);
    text.push(b'}');
}

/// A real number; those that JSON does not have are texts.
fn real(text: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        json(text, &number);
    } else if number.is_nan() {
        text.extend_from_slice(b"\"NaN\"");
    } else if number > 0.0 {
        text.extend_from_slice(b"\"Infinity\"");
    } else {
        text.extend_from_slice(b"\"-Infinity\"");
    }
}

fn json(text: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    serde_json::to_writer(text, value).expect("a Vec takes all, and numbers and texts are JSON");
}

fn quoted(text: &str) -> Vec<u8> {
    let mut quoted = Vec::new();
    json(&mut quoted, text);
    quoted
}
