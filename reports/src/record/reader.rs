//! The reader: the same events back, in the same order, also from a torn file.

use std::ops::ControlFlow;
use std::path::Path;

use profiles::time::BenchTime;

use super::News;
use super::chunks::{Chunk, Oversized, Scan, first_message, messages};
use super::words::{Topic, Topics, Words, content};
use super::{RecordError, topic};
use crate::event::{Event, EventKind};
use crate::header::Header;

/// A record of a run, whole or torn.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    header: Header,
    /// What is on each channel.
    topics: Topics,
    /// Each intact chunk.
    chunks: Vec<Chunk>,
    torn: Option<Torn>,
    ended: bool,
}

/// Where a record ends that was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The first byte that is not part of an intact record.
    pub byte: u64,
    /// The time of the last event before it.
    pub at: BenchTime,
    /// What stands there instead, if that is no tear but a chunk as no recorder writes it.
    pub oversized: Option<Oversized>,
}

impl Record {
    /// Opens the record in the file `path`.
    ///
    /// # Errors
    /// If it cannot be read, is no record, or is torn before its header was whole.
    pub fn open(path: &Path) -> Result<Record, RecordError> {
        let bytes = std::fs::read(path).map_err(|source| RecordError::File {
            path: path.to_owned(),
            source,
        })?;
        Record::from_bytes(bytes)
    }

    /// The record in `bytes`.
    ///
    /// # Errors
    /// If it is no record, or is torn before its header was whole.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Record, RecordError> {
        if !bytes.starts_with(mcap::MAGIC) {
            return Err(RecordError::NotMcap);
        }
        let scan = Scan::of(&bytes);
        let mut room = Vec::new();
        let first = scan.chunks.first();
        let first = first.and_then(|chunk| first_message(chunk.records(&bytes, &mut room)?));
        let none = scan
            .oversized
            .map_or(RecordError::NoHeader, RecordError::Oversized);
        let first = first.ok_or(none)?;
        if scan.topics.get(&first.channel).map(String::as_str) != Some(topic::HEADER) {
            return Err(RecordError::NoHeader);
        }
        // A run that was cut off and went on has one for each part; the last is of the whole.
        let last = scan.headers.last().map_or(0, |&place| place);
        let (chunk, mut room) = (&scan.chunks[last], Vec::new());
        let message = chunk.records(&bytes, &mut room).and_then(first_message);
        let message = message.ok_or(RecordError::NoHeader)?;
        let header: Header = serde_json::from_slice(message.data)
            .map_err(|error| content(chunk.stored.start, error.to_string()))?;
        let topics = Topic::all(&scan.topics, &header);
        let torn = (!scan.closed).then_some(Torn {
            byte: scan.intact as u64,
            at: scan.last,
            oversized: scan.oversized,
        });
        let mut record = Record {
            header,
            topics,
            chunks: scan.chunks,
            torn,
            ended: false,
            bytes,
        };
        record.ended = record.ends_with_its_run();
        Ok(record)
    }

    /// The run's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether it was closed, and its last event is the end of the run.
    pub fn is_complete(&self) -> bool {
        self.torn.is_none() && self.ended
    }

    /// Where it ends, if it was not closed.
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// Gives every event to `take`, in order.
    ///
    /// # Errors
    /// If a message is not what this version writes; the events before it were given.
    pub fn for_each(&self, take: &mut dyn FnMut(&Event)) -> Result<(), RecordError> {
        let mut words = Words::new(self.topics.clone());
        let mut room = Vec::new();
        for chunk in &self.chunks {
            let gone = || content(chunk.stored.start, "the chunk does not unpack".to_owned());
            let records = chunk.records(&self.bytes, &mut room).ok_or_else(gone)?;
            words.tell(records, chunk.stored.start, &mut |news| match news {
                News::Event(event) => take(event),
                News::Rows(rows) => rows.each(take),
                News::Begins(_) => {}
            })?;
        }
        Ok(())
    }

    /// Whether the last message says that the run ended.
    fn ends_with_its_run(&self) -> bool {
        let mut last = None;
        let mut room = Vec::new();
        let chunk = self.chunks.last();
        if let Some(records) = chunk.and_then(|chunk| chunk.records(&self.bytes, &mut room)) {
            let _: ControlFlow<()> = messages(records, &mut |message| {
                last = Some((message.channel, message.data));
                ControlFlow::Continue(())
            });
        }
        last.is_some_and(|(channel, data)| {
            let is_event = self.topics.of(channel) == Topic::Events;
            let event = is_event.then(|| serde_json::from_slice::<Event>(data));
            matches!(event, Some(Ok(event)) if matches!(event.kind, EventKind::RunEnded { .. }))
        })
    }
}
