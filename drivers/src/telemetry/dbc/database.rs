//! A DBC file compiled to a plan: what stands where in which frame, and which channel it is.
//!
//! A signal whose values all have names is a channel of states. A signal whose name ends in
//! `alive` is a rolling counter: no channel, but the evidence that no frame was lost. Nor is a
//! multiplexer a channel: it says which signals are there, and nothing of the board.

use std::collections::BTreeMap;

use profiles::channel::ChannelSpec;
use profiles::time::Period;

use super::file::{self, Flaw, Flaws, MessageText};
use super::message::{Message, Role};
use super::multiplex;
use super::signal::Signal;
use crate::link::can::CanId;

/// End of the name of a rolling counter.
const COUNTER: &str = "alive";

/// Octets of the longest frame of CAN FD.
const FRAME_OCTETS: usize = 64;

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the DBC file: {0}")]
pub struct DatabaseError(pub String);

/// All messages of a file.
#[derive(Clone, Debug)]
pub struct Database {
    /// By identifier.
    messages: Vec<Message>,
    channels: Vec<ChannelSpec>,
    flaws: Vec<Flaw>,
}

impl Database {
    /// Compiles a file. What cannot be read, and signals that cannot be where the file has them,
    /// are left out, and told by [`Database::flaws`].
    ///
    /// # Errors
    /// If there is no message in the text.
    pub fn compile(text: &str) -> Result<Database, DatabaseError> {
        let mut flaws = Flaws::default();
        let messages = file::read(text, &mut flaws);
        if messages.is_empty() {
            let flaws = flaws.by_line(text);
            let first = flaws
                .first()
                .map_or_else(String::new, |flaw| format!("; line {flaw}"));
            return Err(DatabaseError(format!(
                "there is no message (`BO_`) in it{first}"
            )));
        }
        let mut database = Database {
            messages: Vec::new(),
            channels: Vec::new(),
            flaws: Vec::new(),
        };
        for message in &messages {
            database.add(message, &mut flaws);
        }
        database.flaws = flaws.by_line(text);
        // Of several messages with one identifier the last one counts.
        database.messages.reverse();
        database.messages.sort_by_key(|message| message.id);
        database.messages.dedup_by_key(|message| message.id);
        Ok(database)
    }

    /// Compiles a file's octets: UTF-8, or else the Windows-1252 that the format's makers write.
    ///
    /// # Errors
    /// If there is no message in the text.
    pub fn read(octets: &[u8]) -> Result<Database, DatabaseError> {
        match std::str::from_utf8(octets) {
            Ok(text) => Database::compile(text),
            Err(_) => Database::compile(&windows_1252(octets)),
        }
    }

    /// The same with other identifiers for its messages: another device of the same kind.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(CanId) -> CanId) -> Database {
        for message in &mut self.messages {
            message.id = number(message.id);
        }
        self.messages.sort_by_key(|message| message.id);
        self
    }

    /// The channels, in the order of their numbers: as the file has its signals.
    pub fn channels(&self) -> &[ChannelSpec] {
        &self.channels
    }

    /// What is wrong with the file, from its first line to its last.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// The messages, by identifier.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The message with this identifier.
    pub fn message(&self, id: CanId) -> Option<&Message> {
        self.position(id).map(|position| &self.messages[position])
    }

    /// The message with this name.
    pub fn named(&self, name: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.name == name)
    }

    /// The identifiers of its messages.
    pub fn ids(&self) -> impl Iterator<Item = CanId> {
        (0..self.len()).map(|position| self.at(position).id())
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn position(&self, id: CanId) -> Option<usize> {
        self.messages
            .binary_search_by_key(&id, |message| message.id)
            .ok()
    }

    pub(super) fn at(&self, position: usize) -> &Message {
        &self.messages[position]
    }

    fn add(&mut self, message: &MessageText<'_>, flaws: &mut Flaws) {
        let mut compiled = Message {
            name: message.name.to_owned(),
            id: message.id,
            octets: message.octets,
            cycle: Period::from_millis(message.cycle_ms),
            signals: Vec::new(),
            roles: Vec::new(),
            selectors: Vec::new(),
            order: Vec::new(),
        };
        if message.octets > FRAME_OCTETS {
            let (name, octets) = (message.name, message.octets);
            let what = format!(
                "found message {name} of {octets} octets, expected at most {FRAME_OCTETS}, the \
                 longest frame"
            );
            flaws.add(message.at, what);
        }
        let mut sources = Vec::new();
        for signal in &message.signals {
            let orphan = multiplex::orphan(signal, message).map_or(Ok(()), Err);
            match orphan.and_then(|()| Signal::compile(signal, compiled.octets)) {
                Ok(plan) => {
                    let role = if signal.multiplex.is_selector {
                        Role::Selector
                    } else {
                        self.role(&plan)
                    };
                    compiled.signals.push(plan);
                    compiled.roles.push(role);
                    sources.push(signal);
                }
                Err(why) => {
                    let (message, signal, at) = (message.name, signal.name, signal.at);
                    flaws.add(
                        at,
                        format!("signal {message}.{signal} {why}; it is left out"),
                    );
                }
            }
        }
        multiplex::gate(&mut compiled, &sources, flaws);
        compiled.order = multiplex::order(&compiled);
        self.messages.push(compiled);
    }

    fn role(&mut self, signal: &Signal) -> Role {
        if signal.name.ends_with(COUNTER) && signal.is_plain_count() {
            return Role::Counter;
        }
        let channel = self.channels.len() as u16;
        match table(signal) {
            Some(table) if table.len() > 1 && signal.unit.is_empty() => {
                let names: Vec<&str> = table.values().copied().collect();
                self.channels
                    .push(ChannelSpec::states(&signal.name, &names));
                Role::States(channel, table.into_keys().collect())
            }
            _ => {
                let spec = ChannelSpec::number(&signal.name, &signal.unit);
                self.channels.push(spec);
                Role::Number(channel)
            }
        }
    }
}

/// The names of a count's values, unless one of them is below zero.
fn table(signal: &Signal) -> Option<BTreeMap<u64, &str>> {
    if !signal.is_plain_count() {
        return None;
    }
    let rows = signal.names.iter();
    rows.map(|(value, name)| Some((u64::try_from(*value).ok()?, name.as_str())))
        .collect()
}

fn windows_1252(octets: &[u8]) -> String {
    /// What Windows-1252 has at 0x80 to 0x9f; its five holes are kept as they are.
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let letter = |&octet: &u8| match octet {
        0x80..=0x9f => UPPER[usize::from(octet - 0x80)],
        octet => char::from(octet),
    };
    octets.iter().map(letter).collect()
}
