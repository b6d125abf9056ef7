//! Messages of a record as events.

use std::collections::BTreeMap;
use std::sync::Arc;

use mcap::records::op;
use profiles::reading::Reading;

use super::chunks::{Message, message_at, record_at};
use super::follower::News;
use super::rows::RowReader;
use super::writer::KEPT_BYTES;
use super::{RecordError, topic, wire};
use crate::event::{DeviceId, Event, EventKind};
use crate::header::Header;

/// What is on a channel of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Header,
    Events,
    Outputs,
    Samples(DeviceId),
    Inferences(DeviceId),
    Wire(DeviceId),
    /// Nothing of ours.
    Other,
}

/// What is on each channel, by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topics(Vec<Topic>);

impl Topics {
    pub(super) fn of(&self, channel: u16) -> Topic {
        let topic = self.0.get(usize::from(channel));
        topic.copied().unwrap_or(Topic::Other)
    }
}

impl Topic {
    /// What is on each channel, by their names.
    pub(super) fn all(names: &BTreeMap<u16, String>, header: &Header) -> Topics {
        let most = names.keys().next_back();
        let mut topics = vec![Topic::Other; most.map_or(0, |most| usize::from(*most) + 1)];
        for (channel, name) in names {
            topics[usize::from(*channel)] = Topic::of(name, header);
        }
        Topics(topics)
    }

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

/// The readings of the message at hand, in memory that the next one uses again if nobody kept it.
#[derive(Debug, Default)]
struct Readings {
    room: Vec<Reading>,
    /// Those of a message before.
    free: Option<Arc<[Reading]>>,
}

impl Readings {
    fn of(&mut self, data: &[u8]) -> Option<Arc<[Reading]>> {
        let mut free = self.free.take();
        let mut readings = free.as_mut().and_then(Arc::get_mut);
        if let Some(readings) = &mut readings
            && wire::numbers(data, readings)
        {
            return free;
        }
        self.room.clear();
        wire::readings(data, &mut self.room)?;
        match readings.filter(|readings| readings.len() == self.room.len()) {
            Some(readings) => {
                readings.copy_from_slice(&self.room);
                free
            }
            None => Some(self.room.as_slice().into()),
        }
    }
}

/// Makes events of messages, which come in order.
#[derive(Debug)]
pub(super) struct Words {
    topics: Topics,
    /// Outputs by digest: each is told once, before it is named.
    outputs: BTreeMap<u32, Arc<[u8]>>,
    outputs_bytes: usize,
    /// Outputs are forgotten beyond so many octets.
    kept_bytes: usize,
    readings: Readings,
    rows: RowReader,
}

impl Words {
    pub(super) fn new(topics: Topics) -> Words {
        Words {
            topics,
            outputs: BTreeMap::new(),
            outputs_bytes: 0,
            kept_bytes: usize::MAX,
            readings: Readings::default(),
            rows: RowReader::default(),
        }
    }

    /// The same, forgetting outputs where the recorder forgets that it wrote them: what it names later it
    /// writes again.
    pub(super) fn forgetful(topics: Topics) -> Words {
        let kept_bytes = KEPT_BYTES;
        Words {
            kept_bytes,
            ..Words::new(topics)
        }
    }

    /// There are more topics by now.
    pub(super) fn know(&mut self, topics: Topics) {
        self.topics = topics;
    }

    /// Gives the events of an intact chunk, which stands at `byte`, to `tell`.
    ///
    /// # Errors
    /// If a message is not what this version writes; the events before it were given.
    pub(super) fn tell(
        &mut self,
        records: &[u8],
        byte: usize,
        tell: &mut dyn FnMut(News<'_>),
    ) -> Result<(), RecordError> {
        let mut at = 0;
        while let Some((code, body)) = record_at(records, at, records.len()) {
            at = body.end;
            if code != op::MESSAGE {
                continue;
            }
            let Some(message) = message_at(records, body) else {
                continue;
            };
            if let Topic::Samples(device) = self.topics.of(message.channel)
                && let Some((rows, end)) = self.rows.read(records, &message, device)
            {
                tell(News::Rows(&rows));
                at = end;
                continue;
            }
            if let Some(event) = self.event(&message, byte)? {
                tell(News::Event(&event));
                if let EventKind::Sampled { readings } = event.kind {
                    self.readings.free = Some(readings);
                }
            }
        }
        Ok(())
    }

    /// The event of a message of the chunk at `byte`; none if it tells of none.
    ///
    /// # Errors
    /// If it is not what this version writes.
    fn event(&mut self, message: &Message<'_>, byte: usize) -> Result<Option<Event>, RecordError> {
        let wrong = || content(byte, "is not in the format of its topic".to_owned());
        let (device, kind) = match self.topics.of(message.channel) {
            Topic::Header => {
                // Another recorder goes on here, which has written nothing.
                self.outputs_bytes = 0;
                return Ok(None);
            }
            Topic::Other => return Ok(None),
            Topic::Outputs => {
                let (digest, bytes) = wire::output(message.data).ok_or_else(wrong)?;
                if self.outputs_bytes > self.kept_bytes {
                    self.outputs.clear();
                    self.outputs_bytes = 0;
                }
                self.outputs_bytes += bytes.len();
                self.outputs.insert(digest, bytes.into());
                return Ok(None);
            }
            Topic::Samples(device) => {
                let readings = self.readings.of(message.data).ok_or_else(wrong)?;
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
                    *output = self.outputs.get(digest).cloned().ok_or_else(wrong)?;
                }
                return Ok(Some(event));
            }
        };
        let at = message.at;
        Ok(Some(Event { at, device, kind }))
    }
}

pub(super) fn content(byte: usize, why: String) -> RecordError {
    RecordError::Content {
        byte: byte as u64,
        why,
    }
}
