//! Statement after statement; what cannot be read is told, and the next statement is looked for.

use std::collections::BTreeMap;

use super::flaw::Flaws;
use super::skip::{begins_statement, is_passed_over, next_line, next_statement};
use super::statement::{self, Subject};
use super::words::{Missing, Parsed, missing, quoted, sign, skip_blanks, word};
use super::{MessageText, SignalText};
use crate::link::can::CanId;

/// Bit 31 of an identifier: it has 29 bits, not 11.
const EXTENDED: u64 = 0x8000_0000;
/// Largest identifier of 11 bits.
const STANDARD_MOST: u64 = 0x7ff;
/// Largest identifier of 29 bits.
const EXTENDED_MOST: u64 = 0x1fff_ffff;
/// What keeps signals that are in no message.
const NO_MESSAGE: &str = "VECTOR__INDEPENDENT_SIG_MSG";
/// Its usual identifier.
const NO_MESSAGE_ID: u64 = 0xc000_0000;

/// Reads a file; what is wrong with it goes to `flaws`.
pub(in super::super) fn read<'a>(text: &'a str, flaws: &mut Flaws) -> Vec<MessageText<'a>> {
    let text_without_mark = text.trim_start_matches('\u{feff}');
    let mut reader = Reader {
        text,
        rest: text_without_mark,
        messages: Vec::new(),
        open: Open::None,
        places: BTreeMap::new(),
        tables: BTreeMap::new(),
        flaws,
    };
    while reader.statement() {}
    reader.messages
}

/// The message to which `SG_` adds signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// None: there was none yet, or something else came between.
    None,
    /// The last of the messages.
    Last,
    /// One that was left out, with its signals.
    LeftOut,
}

struct Reader<'a, 'f> {
    text: &'a str,
    rest: &'a str,
    messages: Vec<MessageText<'a>>,
    open: Open,
    /// Positions of messages, by identifier as written.
    places: BTreeMap<u64, usize>,
    /// `VAL_TABLE_`
    tables: BTreeMap<&'a str, Vec<(i64, &'a str)>>,
    flaws: &'f mut Flaws,
}

impl<'a> Reader<'a, '_> {
    /// Reads the next statement; `false` at the end.
    fn statement(&mut self) -> bool {
        self.rest = skip_blanks(self.rest);
        if self.rest.is_empty() {
            return false;
        }
        let at = self.at(self.rest);
        let Ok((behind, first)) = word(self.rest, "a statement") else {
            let rest = self.rest.strip_prefix(';');
            match rest {
                // A `;` too many does no harm.
                Some(rest) => self.rest = rest,
                None => self.give_up(&missing(self.rest, "a statement, such as `BO_` or `SG_`")),
            }
            return true;
        };
        let begin = self.rest;
        self.rest = behind;
        let read = match first {
            "BO_" => self.message(at),
            "SG_" => self.signal(at),
            "NS_" => {
                self.new_symbols();
                Ok(())
            }
            "VERSION" => quoted(behind, "the version in quotation marks").map(|read| {
                self.rest = read.0;
            }),
            "BS_" | "BU_" => {
                self.rest = next_statement(behind);
                Ok(())
            }
            "CM_" => self.ends(statement::comment(behind)),
            "VAL_" => self.value_names(),
            "VAL_TABLE_" => self.value_table(),
            "SIG_VALTYPE_" => self.value_type(),
            "SG_MUL_VAL_" => self.selection(),
            "BA_" => {
                self.cycle();
                self.pass_over();
                Ok(())
            }
            first if is_passed_over(first) => {
                self.pass_over();
                Ok(())
            }
            _ => Err(missing(begin, "a statement, such as `BO_` or `SG_`")),
        };
        if first != "BO_" && first != "SG_" {
            self.open = Open::None;
        }
        if let Err(error) = read {
            self.give_up(&error);
        }
        true
    }

    fn at(&self, rest: &str) -> usize {
        self.text.len() - rest.len()
    }

    fn message(&mut self, at: usize) -> Result<(), nom::Err<Missing<'a>>> {
        self.open = Open::LeftOut;
        let (rest, (written, name, octets)) = statement::message(self.rest)?;
        self.rest = next_line(rest);
        if name == NO_MESSAGE {
            return Ok(());
        }
        let Some(id) = self.identifier(at, written, name) else {
            return Ok(());
        };
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let what = format!("found the name `{name}`, expected one that begins with a letter");
            self.flaws.add(at, what);
        }
        let message = MessageText {
            at,
            id,
            name,
            octets: octets as usize,
            cycle_ms: 0,
            signals: Vec::new(),
        };
        self.open = Open::Last;
        let place = self.messages.len();
        if let Some(former) = self.places.insert(written, place) {
            let former = self.messages[former].name;
            let what = format!(
                "found message {name} with the identifier {written} of {former}, expected one of \
                 its own; frames are read as {name}"
            );
            self.flaws.add(at, what);
        }
        self.messages.push(message);
        Ok(())
    }

    fn identifier(&mut self, at: usize, written: u64, name: &str) -> Option<CanId> {
        if written <= STANDARD_MOST {
            return Some(CanId::Standard(written as u16));
        }
        if written >= EXTENDED && written - EXTENDED <= EXTENDED_MOST {
            return Some(CanId::Extended((written - EXTENDED) as u32));
        }
        if written <= EXTENDED_MOST {
            let what = format!(
                "found the identifier {written} (0x{written:X}) of message {name} without bit 31, \
                 expected at most {STANDARD_MOST} or bit 31 set; it is read as one of 29 bits"
            );
            self.flaws.add(at, what);
            return Some(CanId::Extended(written as u32));
        }
        let what = format!(
            "found the identifier {written} (0x{written:X}) of message {name}, expected one of 11 \
             bits, or of 29 bits with bit 31 set; the message is left out"
        );
        self.flaws.add(at, what);
        None
    }

    fn signal(&mut self, at: usize) -> Result<(), nom::Err<Missing<'a>>> {
        let (rest, signal) = statement::signal(self.rest, at)?;
        self.rest = next_line(rest);
        let name = signal.name;
        if self.open == Open::None {
            let what = format!("found signal {name}, expected a message (`BO_`) above it");
            self.flaws.add(at, what);
        }
        let (Open::Last, Some(message)) = (self.open, self.messages.last_mut()) else {
            return Ok(());
        };
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let what = format!("found the name `{name}`, expected one that begins with a letter");
            self.flaws.add(at, what);
        }
        if message.signals.iter().any(|other| other.name == name) {
            let message = message.name;
            let what = format!(
                "found a second signal {name} in message {message}, expected each name once; it \
                 is left out"
            );
            self.flaws.add(at, what);
            return Ok(());
        }
        message.signals.push(signal);
        Ok(())
    }

    fn value_names(&mut self) -> Result<(), nom::Err<Missing<'a>>> {
        // Names of an environment variable's values have no message in front.
        let is_variable = !skip_blanks(self.rest).starts_with(|next: char| next.is_ascii_digit());
        if is_variable {
            self.pass_over();
            return Ok(());
        }
        let start = skip_blanks(self.rest);
        let (rest, subject) = statement::subject(start)?;
        let table = word(rest, "the name of a value table").ok();
        let table = table.and_then(|(behind, name)| Some((behind, self.tables.get(name)?.clone())));
        let (rest, names) = match table {
            Some(table) => table,
            None => statement::names(rest)?,
        };
        self.ends(Ok((rest, ())))?;
        if let Some(signal) = self.subject(self.at(start), subject) {
            signal.names = names;
        }
        Ok(())
    }

    fn value_table(&mut self) -> Result<(), nom::Err<Missing<'a>>> {
        let (rest, name) = word(self.rest, "the name of a value table")?;
        let (rest, names) = statement::names(rest)?;
        self.tables.insert(name, names);
        self.ends(Ok((rest, ())))
    }

    fn value_type(&mut self) -> Result<(), nom::Err<Missing<'a>>> {
        let start = skip_blanks(self.rest);
        let (subject, kind) = self.ends(statement::value_type(start))?;
        if let Some(signal) = self.subject(self.at(start), subject) {
            signal.value_type = kind;
        }
        Ok(())
    }

    fn selection(&mut self) -> Result<(), nom::Err<Missing<'a>>> {
        let start = skip_blanks(self.rest);
        let (subject, selection) = self.ends(statement::selection(start))?;
        if let Some(signal) = self.subject(self.at(start), subject) {
            signal.selected_by = Some(selection);
        }
        Ok(())
    }

    /// `BA_ "GenMsgCycleTime" BO_ 256 100;` Other attributes say nothing of frames.
    fn cycle(&mut self) {
        let Some((id, cycle_ms)) = statement::cycle(self.rest) else {
            return;
        };
        if let Some(&place) = self.places.get(&id) {
            self.messages[place].cycle_ms = cycle_ms;
        }
    }

    /// The signal that a statement speaks of.
    fn subject(&mut self, at: usize, (id, name): Subject<'a>) -> Option<&mut SignalText<'a>> {
        let Some(&place) = self.places.get(&id) else {
            if id != NO_MESSAGE_ID {
                let what = format!("found message {id} of signal {name}, expected one of the file");
                self.flaws.add(at, what);
            }
            return None;
        };
        let message = &mut self.messages[place];
        let found = message
            .signals
            .iter_mut()
            .find(|signal| signal.name == name);
        if found.is_none() {
            let message = message.name;
            let what = format!("found signal {name}, expected one of message {message}");
            self.flaws.add(at, what);
        }
        found
    }

    /// Takes the `;` behind a statement. A statement without one is read, and told.
    fn ends<T>(&mut self, read: Parsed<'a, T>) -> Result<T, nom::Err<Missing<'a>>> {
        let (rest, value) = read?;
        match sign(rest, ';', "`;` at the end of the statement") {
            Ok((behind, ())) => self.rest = behind,
            Err(error) => {
                self.tell(&error);
                self.rest = next_statement(rest);
            }
        }
        Ok(value)
    }

    /// `NS_ :` and a list of words, each on a line of its own.
    fn new_symbols(&mut self) {
        self.rest = next_line(self.rest);
        while let Some(line) = self.rest.lines().next() {
            let mut words = line.split_ascii_whitespace();
            let first = words.next();
            let is_symbol = first.is_none_or(|word| word.ends_with('_') || word == "FILTER");
            if self.rest.is_empty() || words.next().is_some() || !is_symbol {
                return;
            }
            self.rest = next_line(self.rest);
        }
    }

    /// Skips a statement up to its `;`, or up to the next statement if there is none.
    fn pass_over(&mut self) {
        let begin = self.rest;
        let mut from = 0;
        loop {
            let rest = &begin[from..];
            let Some(at) = rest.find(['"', ';', '\n']) else {
                self.rest = "";
                return;
            };
            match rest.as_bytes()[at] {
                b';' => {
                    self.rest = &rest[at + 1..];
                    return;
                }
                b'"' => match quoted(&rest[at..], "a text in quotation marks") {
                    Ok((behind, _)) => from = begin.len() - behind.len(),
                    Err(error) => return self.give_up(&error),
                },
                _ if begins_statement(&rest[at + 1..]) => {
                    let error = missing(&rest[at + 1..], "`;` at the end of the statement above");
                    self.tell(&error);
                    self.rest = &rest[at + 1..];
                    return;
                }
                _ => from += at + 1,
            }
        }
    }

    fn tell(&mut self, error: &nom::Err<Missing<'a>>) {
        if let nom::Err::Error(missing) | nom::Err::Failure(missing) = error {
            let at = self.at(missing.rest);
            self.flaws.add(at, missing.says());
        }
    }

    /// Tells what is wrong with a statement, and goes on with the next one.
    fn give_up(&mut self, error: &nom::Err<Missing<'a>>) {
        self.tell(error);
        self.rest = next_statement(self.rest);
    }
}
