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
        let text = &mut self.text;
        text.extend_from_slice(b"{\"ln\":");
        json(text, &line.number);
        text.extend_from_slice(b",\"t\":\"");
        text.extend_from_slice(line.time().as_bytes());
        text.extend_from_slice(b"\",\"if\":");
        json(text, &String::from_utf8_lossy(line.interface()));
        let (id, is_extended) = match frame.id {
            CanId::Standard(id) => (u32::from(id), false),
            CanId::Extended(id) => (id, true),
        };
        self.hex.clear();
        hex_digits(frame.data(), &mut self.hex);
        if let Kind::Error(classes) = frame.kind {
            direction(frame.direction, text);
            text.extend_from_slice(b",\"kind\":\"error\",\"id\":");
            json(text, &classes);
            text.extend_from_slice(b",\"data\":\"");
            text.extend_from_slice(self.hex.as_bytes());
            text.extend_from_slice(b"\"}\n");
            return self.pass();
        }
        text.extend_from_slice(b",\"id\":");
        json(text, &id);
        text.extend_from_slice(b",\"ext\":");
        json(text, &is_extended);
        text.extend_from_slice(b",\"fd\":");
        json(text, &matches!(frame.kind, Kind::Fd(_)));
        direction(frame.direction, text);
        if let Kind::Remote(length) = frame.kind {
            text.extend_from_slice(b",\"kind\":\"rtr\",\"dlc\":");
            json(text, &length);
            text.extend_from_slice(b"}\n");
            return self.pass();
        }
        if let Kind::Fd(flags) = frame.kind {
            text.extend_from_slice(b",\"flags\":");
            json(text, &flags);
        }
        text.extend_from_slice(b",\"kind\":\"data\",\"data\":\"");
        text.extend_from_slice(self.hex.as_bytes());
        text.extend_from_slice(b"\",\"msg\":");
        match self.lookup.find(frame.id) {
            None => text.extend_from_slice(b"null"),
            Some(position) => {
                counts.decoded += 1;
                text.extend_from_slice(&self.names[position]);
                let message = &self.database.messages()[position];
                if message.selects_nothing(frame.data()) {
                    counts.undefined += 1;
                    text.extend_from_slice(b",\"mux\":\"undefined\"");
                } else {
                    signals(
                        message,
                        frame.data(),
                        &self.keys[position],
                        text,
                        &mut self.physical,
                    );
                }
            }
        }
        text.extend_from_slice(b"}\n");
        self.pass()
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
