//! The emulator's side: lines in, answers out. It parses, keeps the status model and answers
//! what every SCPI instrument answers; all else it hands to its make.

use std::fmt::Write;

use super::core::{self, CORE, Core};
use super::header::{Found, Table};
use super::message::{self, Param, Unit};
use super::status::{Status, code};

/// Longest line. What is longer is lost, as in a real input buffer.
const LINE_BYTES: usize = 1_024;

/// What every SCPI instrument understands, or what a make adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word<M> {
    /// Answered by the responder.
    Core(Core),
    /// Answered by the make.
    Make(M),
}

/// The table of a make: its own patterns and those of every instrument. A make's come first, so
/// that it may answer for itself.
pub(crate) fn table<M: Copy>(make: impl IntoIterator<Item = (&'static str, M)>) -> Table<Word<M>> {
    let make = make
        .into_iter()
        .map(|(pattern, meaning)| (pattern, Word::Make(meaning)));
    let core = CORE
        .into_iter()
        .map(|(pattern, meaning)| (pattern, Word::Core(meaning)));
    Table::compile(make.chain(core))
}

/// A unit for the make to carry out.
#[derive(Debug)]
pub(crate) struct Call<'a, M> {
    /// What the header means.
    pub(crate) meaning: M,
    /// The number in the header; 1 where none is.
    pub(crate) number: u16,
    /// Whether it is a query.
    pub(crate) query: bool,
    /// Its parameters.
    pub(crate) params: &'a [Param<'a>],
}

impl<M> Call<'_, M> {
    /// The only parameter.
    ///
    /// # Errors
    /// The number of the standard's error if there is none, or more than one.
    pub(crate) fn only(&self) -> Result<&Param<'_>, i16> {
        match self.params {
            [param] => Ok(param),
            [] => Err(code::MISSING_PARAMETER),
            _ => Err(code::PARAMETER_NOT_ALLOWED),
        }
    }

    /// Checks that there is no parameter.
    ///
    /// # Errors
    /// The number of the standard's error if there is one.
    pub(crate) fn none(&self) -> Result<(), i16> {
        if self.params.is_empty() {
            Ok(())
        } else {
            Err(code::PARAMETER_NOT_ALLOWED)
        }
    }
}

/// What a make tells the responder about a unit: an answer was written where one was asked for,
/// or the number of the error.
pub(crate) type Outcome = Result<(), i16>;

/// Bytes to lines, lines to units, units to answers.
#[derive(Debug)]
pub(crate) struct Responder {
    /// Status registers and errors.
    pub(crate) status: Status,
    identity: String,
    line: Vec<u8>,
    overrun: bool,
    /// What ends each answer.
    ending: &'static str,
    longest_line: usize,
    /// Header path that the next unit starts from, with its last colon.
    path: String,
    header: String,
    reply: String,
}

impl Responder {
    /// A responder that has just been switched on; `identity` answers `*IDN?`.
    pub(crate) fn new(identity: String) -> Responder {
        Responder {
            status: Status::default(),
            identity,
            line: Vec::new(),
            overrun: false,
            ending: "\r\n",
            longest_line: LINE_BYTES,
            path: String::new(),
            header: String::new(),
            reply: String::new(),
        }
    }

    /// Ends its answers with LF alone, as instruments on GPIB, USB and LAN do, and takes lines of
    /// up to `longest` bytes.
    pub(crate) fn on_a_bus(self, longest: usize) -> Responder {
        Responder {
            ending: "\n",
            longest_line: longest,
            ..self
        }
    }

    /// Takes a chunk, carries out the lines that it ends, and gives what they answer: one line
    /// with its ending for each line that asked.
    pub(crate) fn receive<M: Copy>(
        &mut self,
        chunk: &[u8],
        table: &Table<Word<M>>,
        mut make: impl FnMut(&Call<'_, M>, &mut Status, &mut String) -> Outcome,
    ) -> String {
        let mut replies = String::new();
        for part in chunk.split_inclusive(|&byte| byte == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            if self.line.len() + text.len() > self.longest_line {
                self.overrun = true;
            } else {
                self.line.extend_from_slice(text);
            }
            if ends {
                self.carry_out_line(table, &mut make);
                if !self.reply.is_empty() {
                    replies.push_str(&self.reply);
                    replies.push_str(self.ending);
                }
            }
        }
        replies
    }

    /// Forgets a line that was begun, as a device clear or a restart does.
    pub(crate) fn forget(&mut self) {
        self.line.clear();
        self.overrun = false;
    }

    fn carry_out_line<M: Copy>(
        &mut self,
        table: &Table<Word<M>>,
        make: &mut impl FnMut(&Call<'_, M>, &mut Status, &mut String) -> Outcome,
    ) {
        self.reply.clear();
        self.path.clear();
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.overrun) {
            self.status.error(code::INPUT_OVERRUN);
        } else if let Some(text) = std::str::from_utf8(&line).ok().filter(|t| t.is_ascii()) {
            if let Err(code) = self.carry_out_units(text, table, make) {
                self.status.error(code);
            }
        } else {
            self.status.error(code::INVALID_CHARACTER);
        }
        // The buffer is kept for the next line.
        self.line = line;
        self.line.clear();
    }

    /// A command error ends the message; an execution error does not.
    fn carry_out_units<M: Copy>(
        &mut self,
        text: &str,
        table: &Table<Word<M>>,
        make: &mut impl FnMut(&Call<'_, M>, &mut Status, &mut String) -> Outcome,
    ) -> Outcome {
        let mut rest = text;
        while let Some((unit, next)) = message::next_unit(rest)? {
            rest = next;
            let found = self.look_up(&unit, table)?;
            let before = self.reply.len();
            if unit.query && before > 0 {
                self.reply.push(';');
            }
            let outcome = match found.meaning {
                Word::Core(core) => {
                    let (status, identity) = (&mut self.status, &self.identity);
                    core::carry_out(core, &unit, status, identity, &mut self.reply)
                }
                Word::Make(meaning) => {
                    let call = Call {
                        meaning,
                        number: found.number,
                        query: unit.query,
                        params: &unit.params,
                    };
                    make(&call, &mut self.status, &mut self.reply)
                }
            };
            if let Err(code) = outcome {
                self.reply.truncate(before);
                if (-199..=-100).contains(&code) {
                    return Err(code);
                }
                self.status.error(code);
            }
        }
        Ok(())
    }

    /// Finds a header from the current path, and moves the path to where it was found. Common
    /// commands leave the path alone.
    fn look_up<C: Copy>(&mut self, unit: &Unit<'_>, table: &Table<C>) -> Result<Found<C>, i16> {
        let undefined = code::UNDEFINED_HEADER;
        if unit.header.starts_with('*') {
            return table.find(unit.header, unit.query).ok_or(undefined);
        }
        if unit.rooted {
            self.path.clear();
        }
        let node = unit.header.rfind(':').map_or(0, |colon| colon + 1);
        let found = if self.path.is_empty() {
            table.find(unit.header, unit.query)
        } else {
            self.header.clear();
            self.header.push_str(&self.path);
            self.header.push_str(unit.header);
            table.find(&self.header, unit.query)
        };
        self.path.push_str(&unit.header[..node]);
        found.ok_or(undefined)
    }
}

/// Writes to a reply.
pub(crate) fn write_text(reply: &mut String, text: std::fmt::Arguments<'_>) {
    reply
        .write_fmt(text)
        .expect("a String takes whatever is written");
}

/// Writes a number as NR3, `+2.80000000E+01`.
pub(crate) fn write_nr3(reply: &mut String, value: f64) {
    let before = reply.len();
    write_text(reply, format_args!("{value:+.8E}"));
    // The standard library writes exponents as short as they go; the instruments do not.
    if let Some(at) = reply[before..].find('E') {
        let exponent: i32 = reply[before + at + 1..].parse().unwrap_or(0);
        reply.truncate(before + at);
        write_text(reply, format_args!("E{exponent:+03}"));
    }
}
