//! Frames, put to those of the same message.

use super::super::{Database, Message};
use super::lookup::Lookup;
use crate::link::can::candump::LogReader;

/// Octets by which frames are kept: a signal is read through windows of eight.
const EIGHT: usize = 8;

/// The frames of one message, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The line of each, counted from 1.
    pub lines: Vec<u64>,
    /// When each was, microseconds since 1970-01-01T00:00:00 UTC.
    pub micros: Vec<i64>,
    /// The interface of each: its number, as the caller counts them.
    pub interfaces: Vec<u32>,
    /// The octets of all, each frame filled up to `stride`.
    pub(super) octets: Vec<u8>,
    /// Octets that a frame takes here: those of its message, in eights.
    pub(super) stride: usize,
    /// The octets that each had, if there is one with fewer than its message; else none.
    pub(super) lengths: Vec<u8>,
    /// The octets of the message.
    full: usize,
}

impl Rows {
    fn of(message: &Message) -> Rows {
        // Frames longer than 64 octets there are none, whatever the file says.
        let full = message.octets().min(64);
        Rows {
            stride: full.next_multiple_of(EIGHT).max(EIGHT),
            full,
            ..Rows::default()
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many of them have a multiplexer that selects nothing.
    pub fn undefined(&self, message: &Message) -> u64 {
        if !message.has_selectors() {
            return 0;
        }
        let frames = self.octets.chunks_exact(self.stride).enumerate();
        let undefined = frames.filter(|(n, octets)| {
            let length = self
                .lengths
                .get(*n)
                .map_or(self.stride, |&length| length.into());
            message.selects_nothing(&octets[..length])
        });
        undefined.count() as u64
    }

    fn clear(&mut self) {
        self.lines.clear();
        self.micros.clear();
        self.interfaces.clear();
        self.octets.clear();
        self.lengths.clear();
    }

    #[inline]
    fn push(&mut self, line: u64, interface: u32, frame: &LogReader) {
        let data = frame.data();
        if data.len() < self.full || !self.lengths.is_empty() {
            self.push_length(data.len());
        }
        self.lines.push(line);
        self.micros.push(frame.micros);
        self.interfaces.push(interface);
        if self.stride == EIGHT {
            self.octets.extend_from_slice(&frame.word().to_le_bytes());
        } else {
            let length = data.len().min(self.stride);
            self.octets.extend_from_slice(&data[..length]);
            self.octets.resize(self.lines.len() * self.stride, 0);
        }
    }

    #[cold]
    fn push_length(&mut self, length: usize) {
        let full = self.full as u8;
        self.lengths.resize(self.lines.len(), full);
        self.lengths.push(length.min(self.full) as u8);
    }
}

/// The frames of a database's messages.
#[derive(Clone, Debug)]
pub struct Gathered {
    lookup: Lookup,
    /// By the position of the message.
    rows: Vec<Rows>,
    frames: usize,
}

impl Gathered {
    /// No frames yet.
    pub fn new(database: &Database) -> Gathered {
        Gathered {
            lookup: Lookup::new(database),
            rows: database.messages().iter().map(Rows::of).collect(),
            frames: 0,
        }
    }

    /// Adds a frame; `false` if the database does not have its identifier.
    #[inline]
    pub fn push(&mut self, line: u64, interface: u32, frame: &LogReader) -> bool {
        let Some(position) = self.lookup.find(frame.id) else {
            return false;
        };
        self.rows[position].push(line, interface, frame);
        self.frames += 1;
        true
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The frames of each message, in the order of the database.
    pub fn rows(&self) -> &[Rows] {
        &self.rows
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.rows.iter_mut().for_each(Rows::clear);
        self.frames = 0;
    }
}
