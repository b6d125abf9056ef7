//! The reader: the same events back, in the same order, also from a torn file.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use mcap::records::{self, op};
use profiles::time::BenchTime;

use super::{RecordError, topic, wire};
use crate::digest::crc32;
use crate::event::{DeviceId, Event, EventKind};
use crate::header::Header;

/// Opcode and length before each record.
const RECORD_HEAD: usize = 9;

/// Times, sizes, checksum and the name of no compression before the messages of each chunk.
const CHUNK_HEAD: usize = 40;

/// Channel, sequence, log time and publish time before each message.
const MESSAGE_HEAD: usize = 22;

/// A record of a run, whole or torn.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    header: Header,
    /// What is on each channel.
    topics: BTreeMap<u16, Topic>,
    /// The content of each intact chunk.
    chunks: Vec<Range<usize>>,
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

/// One message, in place.
#[derive(Clone, Copy)]
struct Message<'a> {
    /// Where it stands in the file.
    byte: usize,
    channel: u16,
    sequence: u32,
    at: BenchTime,
    data: &'a [u8],
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
        let first = scan
            .chunks
            .first()
            .and_then(|chunk| first_message(&bytes, chunk));
        let first = first.ok_or(RecordError::NoHeader)?;
        if scan.topics.get(&first.channel).map(String::as_str) != Some(topic::HEADER) {
            return Err(RecordError::NoHeader);
        }
        let header: Header = serde_json::from_slice(first.data)
            .map_err(|error| content(first.byte, error.to_string()))?;
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
        let mut readings = Vec::new();
        for chunk in &self.chunks {
            let walked = messages(&self.bytes, chunk, &mut |message| {
                match self.event(message, &mut outputs, &mut readings) {
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
        outputs: &mut BTreeMap<u32, Arc<[u8]>>,
        readings: &mut Vec<profiles::reading::Reading>,
    ) -> Result<Option<Event>, RecordError> {
        let wrong = || content(message.byte, "is not in the format of its topic".to_owned());
        let topic = self.topics.get(&message.channel).copied();
        let (device, kind) = match topic.unwrap_or(Topic::Other) {
            Topic::Header | Topic::Other => return Ok(None),
            Topic::Outputs => {
                let (digest, bytes) = wire::output(message.data).ok_or_else(wrong)?;
                outputs.insert(digest, bytes.into());
                return Ok(None);
            }
            Topic::Samples(device) => {
                readings.clear();
                wire::readings(message.data, readings).ok_or_else(wrong)?;
                let readings = readings.as_slice().into();
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
                    .map_err(|error| content(message.byte, error.to_string()))?;
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
        if let Some(chunk) = self.chunks.last() {
            let _: ControlFlow<()> = messages(&self.bytes, chunk, &mut |message| {
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

/// What of a file is intact.
struct Scan {
    topics: BTreeMap<u16, String>,
    chunks: Vec<Range<usize>>,
    /// The first byte behind the last intact record.
    intact: usize,
    closed: bool,
    last: BenchTime,
    /// The sequence number that must come next.
    next: u32,
}

impl Scan {
    fn of(bytes: &[u8]) -> Scan {
        let mut scan = Scan {
            topics: BTreeMap::new(),
            chunks: Vec::new(),
            intact: mcap::MAGIC.len(),
            closed: false,
            last: BenchTime::ZERO,
            next: 0,
        };
        while let Some((code, body)) = record_at(bytes, scan.intact, bytes.len()) {
            if code == op::CHUNK && scan.chunk(bytes, &body).is_none() {
                break;
            }
            scan.intact = body.end;
            if code == op::FOOTER {
                scan.closed = bytes[body.end..] == *mcap::MAGIC;
                break;
            }
        }
        scan
    }

    /// Takes a chunk if its checksum holds and every message in it is the next one.
    fn chunk(&mut self, bytes: &[u8], body: &Range<usize>) -> Option<()> {
        let parsed = mcap::parse_record(op::CHUNK, &bytes[body.clone()]);
        let Ok(records::Record::Chunk { header, data }) = parsed else {
            return None;
        };
        if !header.compression.is_empty() || crc32(&data) != header.uncompressed_crc {
            return None;
        }
        let start = body.start + CHUNK_HEAD;
        let content = start..start + data.len();
        let mut at = content.start;
        while at < content.end {
            let (code, body) = record_at(bytes, at, content.end)?;
            at = body.end;
            match code {
                op::CHANNEL => match mcap::parse_record(code, &bytes[body]).ok()? {
                    records::Record::Channel(channel) => {
                        self.topics.insert(channel.id, channel.topic);
                    }
                    _ => return None,
                },
                op::MESSAGE => {
                    let message = message_at(bytes, body)?;
                    if message.sequence != self.next {
                        return None;
                    }
                    self.next = self.next.wrapping_add(1);
                    self.last = message.at;
                }
                _ => {}
            }
        }
        self.chunks.push(content);
        Some(())
    }
}

/// The record at `at`, if it ends before `end`: its opcode and where its body is.
fn record_at(bytes: &[u8], at: usize, end: usize) -> Option<(u8, Range<usize>)> {
    let head = bytes.get(at..at.checked_add(RECORD_HEAD)?)?;
    let (&code, length) = head.split_first()?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let start = at + RECORD_HEAD;
    let stop = start.checked_add(length).filter(|&stop| stop <= end)?;
    Some((code, start..stop))
}

fn message_at(bytes: &[u8], body: Range<usize>) -> Option<Message<'_>> {
    let byte = body.start;
    let (head, data) = bytes.get(body)?.split_first_chunk::<MESSAGE_HEAD>()?;
    let (channel, rest) = head.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (log_time, _) = rest.split_first_chunk()?;
    Some(Message {
        byte,
        channel: u16::from_le_bytes(*channel),
        sequence: u32::from_le_bytes(*sequence),
        at: BenchTime::from_micros(u64::from_le_bytes(*log_time) / 1_000),
        data,
    })
}

/// Gives every message of an intact chunk to `take` until it breaks.
fn messages<'a, B>(
    bytes: &'a [u8],
    chunk: &Range<usize>,
    take: &mut dyn FnMut(&Message<'a>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut at = chunk.start;
    while let Some((code, body)) = record_at(bytes, at, chunk.end) {
        at = body.end;
        if code == op::MESSAGE
            && let Some(message) = message_at(bytes, body)
        {
            take(&message)?;
        }
    }
    ControlFlow::Continue(())
}

fn first_message<'a>(bytes: &'a [u8], chunk: &Range<usize>) -> Option<Message<'a>> {
    let mut first = None;
    let _: ControlFlow<()> = messages(bytes, chunk, &mut |message| {
        first = Some(*message);
        ControlFlow::Break(())
    });
    first
}
