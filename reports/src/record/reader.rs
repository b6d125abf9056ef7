//! The reader: the same events back, in the same order, also from a torn file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use profiles::reading::Reading;
use profiles::time::BenchTime;

use super::chunks::{Chunk, Message, Scan, first_message, messages};
use super::{RecordError, topic, wire};
use crate::event::{DeviceId, Event, EventKind};
use crate::header::Header;

/// A record of a run, whole or torn.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    header: Header,
    /// What is on each channel.
    topics: BTreeMap<u16, Topic>,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Header,
    Events,
    Outputs,
    Samples(DeviceId),
    Inferences(DeviceId),
    Wire(DeviceId),
    /// Nothing of ours.
    Other,
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
        let first = first.ok_or(RecordError::NoHeader)?;
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
        let topics = scan.topics.iter();
        let topics: BTreeMap<u16, Topic> = topics
            .map(|(channel, name)| (*channel, Topic::of(name, &header)))
            .collect();
        let torn = (!scan.closed).then_some(Torn {
            byte: scan.intact as u64,
            at: scan.last,
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
        let mut outputs = BTreeMap::new();
        let (mut readings, mut room) = (Readings::default(), Vec::new());
        for chunk in &self.chunks {
            let gone = || content(chunk.stored.start, "the chunk does not unpack".to_owned());
            let records = chunk.records(&self.bytes, &mut room).ok_or_else(gone)?;
            let walked = messages(records, &mut |message| {
                let byte = chunk.stored.start;
                match self.event(message, byte, &mut outputs, &mut readings) {
                    Ok(Some(event)) => take(&event),
                    Ok(None) => {}
                    Err(error) => return ControlFlow::Break(error),
                }
                ControlFlow::Continue(())
            });
            if let ControlFlow::Break(error) = walked {
                return Err(error);
            }
        }
        Ok(())
    }

    fn event(
        &self,
        message: &Message<'_>,
        byte: usize,
        outputs: &mut BTreeMap<u32, Arc<[u8]>>,
        readings: &mut Readings,
    ) -> Result<Option<Event>, RecordError> {
        let wrong = || content(byte, "is not in the format of its topic".to_owned());
        let topic = self.topics.get(&message.channel).copied();
        let (device, kind) = match topic.unwrap_or(Topic::Other) {
            Topic::Header | Topic::Other => return Ok(None),
            Topic::Outputs => {
                let (digest, bytes) = wire::output(message.data).ok_or_else(wrong)?;
                outputs.insert(digest, bytes.into());
                return Ok(None);
            }
            Topic::Samples(device) => {
                let readings = readings.of(message.data).ok_or_else(wrong)?;
                (device, EventKind::Sampled { readings })
            }
            Topic::Inferences(device) => {
                let inferred = wire::inferred(message.data).ok_or_else(wrong)?;
                (device, EventKind::Inferred(inferred))
            }
            Topic::Wire(device) => {
                let (sent, octets) = wire::chunk(message.data).ok_or_else(wrong)?;
                let octets = octets.into();
                (device, EventKind::Wire { sent, octets })
            }
            Topic::Events => {
                let mut event: Event = serde_json::from_slice(message.data)
                    .map_err(|error| content(byte, error.to_string()))?;
                if let EventKind::OutputFetched { digest, output, .. } = &mut event.kind {
                    *output = outputs.get(digest).cloned().ok_or_else(wrong)?;
                }
                return Ok(Some(event));
            }
        };
        let at = message.at;
        Ok(Some(Event { at, device, kind }))
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
            let is_event = self.topics.get(&channel) == Some(&Topic::Events);
            let event = is_event.then(|| serde_json::from_slice::<Event>(data));
            matches!(event, Some(Ok(event)) if matches!(event.kind, EventKind::RunEnded { .. }))
        })
    }
}

/// The readings of the message at hand, in memory that the next one uses again if nobody kept it.
#[derive(Default)]
struct Readings {
    room: Vec<Reading>,
    last: Option<Arc<[Reading]>>,
}

impl Readings {
    fn of(&mut self, data: &[u8]) -> Option<Arc<[Reading]>> {
        self.room.clear();
        wire::readings(data, &mut self.room)?;
        let free = self.last.as_mut().and_then(Arc::get_mut);
        match free.filter(|free| free.len() == self.room.len()) {
            Some(free) => free.copy_from_slice(&self.room),
            None => self.last = Some(self.room.as_slice().into()),
        }
        self.last.clone()
    }
}

fn content(byte: usize, why: String) -> RecordError {
    RecordError::Content {
        byte: byte as u64,
        why,
    }
}

impl Topic {
    fn of(name: &str, header: &Header) -> Topic {
        let device = |name| header.device(name).map(|(id, _)| id);
        match name {
            topic::HEADER => Topic::Header,
            topic::EVENTS => Topic::Events,
            topic::OUTPUTS => Topic::Outputs,
            _ => {
                let samples = name.strip_prefix(topic::SAMPLES).and_then(device);
                let inferences = name.strip_prefix(topic::INFERENCES).and_then(device);
                let wire = name.strip_prefix(topic::WIRE).and_then(device);
                let samples = samples.map(Topic::Samples);
                samples
                    .or(inferences.map(Topic::Inferences))
                    .or(wire.map(Topic::Wire))
                    .unwrap_or(Topic::Other)
            }
        }
    }
}
