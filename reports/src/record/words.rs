//! Messages of a record as events.

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::reading::Reading;

use super::chunks::Message;
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

impl Topic {
    /// What is on each channel, by their names.
    pub(super) fn all(names: &BTreeMap<u16, String>, header: &Header) -> BTreeMap<u16, Topic> {
        let names = names.iter();
        names
            .map(|(channel, name)| (*channel, Topic::of(name, header)))
            .collect()
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

/// Makes events of messages, which come in order.
#[derive(Debug)]
pub(super) struct Words {
    topics: BTreeMap<u16, Topic>,
    /// Outputs by digest: each is told once, before it is named.
    outputs: BTreeMap<u32, Arc<[u8]>>,
    outputs_bytes: usize,
    /// Outputs are forgotten beyond so many octets.
    kept_bytes: usize,
    readings: Vec<Reading>,
}

impl Words {
    pub(super) fn new(topics: BTreeMap<u16, Topic>) -> Words {
        Words {
            topics,
            outputs: BTreeMap::new(),
            outputs_bytes: 0,
            kept_bytes: usize::MAX,
            readings: Vec::new(),
        }
    }

    /// The same, forgetting outputs where the recorder forgets that it wrote them: what it names later it
    /// writes again.
    pub(super) fn forgetful(topics: BTreeMap<u16, Topic>) -> Words {
        let kept_bytes = KEPT_BYTES;
        Words {
            kept_bytes,
            ..Words::new(topics)
        }
    }

    /// The event of a message of the chunk at `byte`; none if it tells of none.
    ///
    /// # Errors
    /// If it is not what this version writes.
    pub(super) fn event(
        &mut self,
        message: &Message<'_>,
        byte: usize,
    ) -> Result<Option<Event>, RecordError> {
        let wrong = || content(byte, "is not in the format of its topic".to_owned());
        let topic = self.topics.get(&message.channel).copied();
        let (device, kind) = match topic.unwrap_or(Topic::Other) {
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
                self.readings.clear();
                wire::readings(message.data, &mut self.readings).ok_or_else(wrong)?;
                let readings = self.readings.as_slice().into();
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
