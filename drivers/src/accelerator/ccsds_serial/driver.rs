//! Questions to telecommands, and telemetry to what was heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use profiles::channel::ChannelSpec;
use profiles::command::PowerMode;
use profiles::correlation::ONBOARD_TIME;
use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::BenchTime;

use super::protocol;
use crate::accelerator::board::Refusal;
use crate::accelerator::role::{Accelerator, Heard, Question};
use crate::model::BoardSetup;
use crate::telemetry::Decoded;
use crate::telemetry::ccsds::line::Line;
use crate::telemetry::ccsds::packet::{PacketType, TcPacket, TmPacket};
use crate::telemetry::ccsds::plan::Plan;
use crate::telemetry::ccsds::pus::{self, Function, MemoryArea, RequestId};
use crate::telemetry::ccsds::{Received, Receiver, SequenceCounts};
use crate::telemetry::dictionary::Limits;
use crate::telemetry::dictionary::readings::FieldReader;

/// Requests that may be open, four megabytes of input among them; older ones will never be
/// answered.
const OPEN_LIMIT: usize = 4_096;

/// The ground's half of the board.
pub(super) struct CcsdsSerial {
    receiver: Receiver,
    requests: Requests,
    counts: SequenceCounts,
    tables: Tables,
}

/// What stands in the housekeeping packets.
enum Tables {
    /// As the board is shipped.
    Shipped(Arc<Plan>),
    /// As somebody's dictionary says.
    Given(Box<FieldReader>),
}

impl Tables {
    fn channels(&self) -> &[ChannelSpec] {
        match self {
            Tables::Shipped(plan) => plan.channels(),
            Tables::Given(reader) => reader.channels(),
        }
    }

    /// Tells what a packet says; `false` if it is none of them.
    fn read(&mut self, packet: &TmPacket<'_>, sink: impl FnMut(Decoded)) -> bool {
        match self {
            Tables::Shipped(plan) => plan.decode(packet, sink),
            Tables::Given(reader) => reader.read(packet, sink),
        }
    }
}

/// Sends telecommands, and keeps those that wait for their completion.
struct Requests {
    line: Line,
    count: u16,
    open: Vec<(u16, Open)>,
    output: Option<Output>,
    /// Lengths of outputs, as the latest inference report told them.
    lengths: BTreeMap<u16, u32>,
    /// The latest first token report: query, input, µs.
    first_token: Option<(u32, u16, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    /// Its report of completion says nothing new.
    Quiet,
    Load(u16),
    Fetch(u16),
    Tell,
}

/// An output being dumped.
struct Output {
    slot: u16,
    bytes: Vec<u8>,
}

impl CcsdsSerial {
    pub(super) fn new(setup: BoardSetup) -> CcsdsSerial {
        let options = &setup.options;
        CcsdsSerial {
            receiver: Receiver::new(protocol::line(options, PacketType::Telemetry)),
            requests: Requests {
                line: protocol::line(options, PacketType::Telecommand),
                count: 0,
                open: Vec::new(),
                output: None,
                lengths: BTreeMap::new(),
                first_token: None,
            },
            counts: SequenceCounts::default(),
            tables: match setup.dictionary {
                None => Tables::Shipped(protocol::plan()),
                Some(layouts) => Tables::Given(Box::new(FieldReader::new(layouts))),
            },
        }
    }
}

impl Accelerator for CcsdsSerial {
    fn channels(&self) -> Vec<ChannelSpec> {
        let mut channels = self.tables.channels().to_vec();
        channels.push(ChannelSpec::number(ONBOARD_TIME, "s"));
        channels
    }

    fn expected(&self) -> Option<&[Limits]> {
        match &self.tables {
            Tables::Shipped(_) => None,
            Tables::Given(reader) => Some(reader.limits()),
        }
    }

    fn ask(&mut self, question: &Question, out: &mut Vec<Bytes>) {
        let requests = &mut self.requests;
        match question {
            Question::Identify => {
                requests.send(pus::PING, &[], Open::Quiet, out);
                requests.perform(&function(protocol::IDENTIFY, &[]), Open::Quiet, out);
            }
            Question::LoadInput { slot, bytes } => requests.load(*slot, bytes, out),
            Question::Infer { query, slot } => {
                let arguments = [(1, *query), (2, u32::from(*slot))];
                requests.perform(&function(protocol::INFER, &arguments), Open::Quiet, out);
            }
            Question::FetchOutput { slot } => requests.fetch(*slot, out),
            Question::Mode(mode) => {
                let reduced = u32::from(*mode == PowerMode::Reduced);
                let function = function(protocol::MODE, &[(1, reduced)]);
                requests.perform(&function, Open::Tell, out);
            }
            Question::Stop => {
                requests.perform(&function(protocol::STOP, &[]), Open::Tell, out);
            }
        }
    }

    fn hear(
        &mut self,
        _at: BenchTime,
        chunk: &[u8],
        heard: &mut Vec<Heard>,
        _out: &mut Vec<Bytes>,
    ) {
        let CcsdsSerial {
            receiver,
            requests,
            counts,
            tables,
        } = self;
        receiver.push(chunk, |received| match received {
            Received::Damaged(damage) => heard.push(Heard::Damaged(damage)),
            Received::Packet(packet, octets) => {
                if packet.apid == protocol::APID && is_boot(&packet) {
                    // The board counts anew, which is no loss.
                    counts.forget(packet.apid);
                }
                if let Some(damage) = counts.check(packet.apid, packet.count) {
                    heard.push(Heard::Damaged(damage));
                }
                let known = tables.read(&packet, |decoded| {
                    heard.push(match decoded {
                        Decoded::Reading(reading) => Heard::Reading(reading),
                        Decoded::Damaged(damage) => Heard::Damaged(damage),
                    });
                });
                if known {
                    let clock = tables.channels().len() as u16;
                    let told = Reading::number(clock, packet.time.seconds());
                    heard.push(Heard::Reading(told));
                } else if let Err(why) = requests.report(&packet, heard) {
                    heard.push(Heard::Damaged(Damage { bytes: octets, why }));
                }
            }
        });
    }
}

fn function(name: [u8; 8], arguments: &[(u8, u32)]) -> Function {
    Function {
        name,
        arguments: arguments.to_vec(),
    }
}

fn is_boot(packet: &TmPacket<'_>) -> bool {
    (packet.service, packet.subtype) == pus::EVENT
        && protocol::read_event(packet.source).is_some_and(|(event, _)| event == protocol::BOOTED)
}

impl Requests {
    fn send(&mut self, kind: pus::Kind, application: &[u8], open: Open, out: &mut Vec<Bytes>) {
        let packet = TcPacket {
            apid: protocol::APID,
            count: self.count,
            service: kind.0,
            subtype: kind.1,
            sender: 0,
            application,
        };
        let (mut bytes, mut chunk) = (Vec::new(), Vec::new());
        packet.write(&mut bytes);
        self.line.wrap(&bytes, &mut chunk);
        out.push(chunk.into());
        if self.open.len() == OPEN_LIMIT {
            self.open.remove(0);
        }
        self.open.push((self.count, open));
        self.count = (self.count + 1) & 0x3fff;
    }

    fn perform(&mut self, function: &Function, open: Open, out: &mut Vec<Bytes>) {
        let mut application = Vec::new();
        function.write(&mut application);
        self.send(pus::PERFORM, &application, open, out);
    }

    fn load(&mut self, slot: u16, bytes: &[u8], out: &mut Vec<Bytes>) {
        // Asked again, the answers to the first time no longer count.
        self.open.retain(|(_, open)| *open != Open::Load(slot));
        let mut start = 0;
        for octets in bytes.chunks(protocol::SEGMENT) {
            let area = MemoryArea {
                memory: protocol::INPUT_MEMORY | slot,
                start,
                octets,
            };
            let mut application = Vec::new();
            area.write(&mut application);
            self.send(pus::LOAD, &application, Open::Load(slot), out);
            start += octets.len() as u32;
        }
    }

    fn fetch(&mut self, slot: u16, out: &mut Vec<Bytes>) {
        self.open
            .retain(|(_, open)| !matches!(open, Open::Fetch(_)));
        self.output = Some(Output {
            slot,
            bytes: Vec::new(),
        });
        let length = self.lengths.get(&slot).copied().unwrap_or(u32::MAX);
        let mut application = Vec::new();
        pus::write_dump(protocol::OUTPUT_MEMORY | slot, 0, length, &mut application);
        self.send(pus::DUMP, &application, Open::Fetch(slot), out);
    }

    /// Takes a packet that is no housekeeping.
    fn report(&mut self, packet: &TmPacket<'_>, heard: &mut Vec<Heard>) -> Result<(), DamageKind> {
        let source = packet.source;
        let malformed = DamageKind::Malformed;
        match (packet.service, packet.subtype) {
            pus::ALIVE | pus::ACCEPTED => {}
            pus::COMPLETED => {
                let request = pus::read_success(source).ok_or(malformed)?;
                self.completed(request, heard);
            }
            pus::NOT_ACCEPTED | pus::NOT_COMPLETED => {
                let (request, code) = pus::read_failure(source).ok_or(malformed)?;
                self.failed(request, code, heard);
            }
            pus::EVENT => {
                let (event, _) = protocol::read_event(source).ok_or(malformed)?;
                if event == protocol::BOOTED {
                    self.open.clear();
                    self.output = None;
                    heard.push(Heard::Booted);
                }
            }
            pus::DUMPED => {
                let area = pus::read_area(source).ok_or(malformed)?;
                self.dumped(area);
            }
            protocol::INFERRED => {
                let (mut inference, length) = protocol::read_inference(source).ok_or(malformed)?;
                self.lengths.insert(inference.slot, length);
                let first = self.first_token.take();
                inference.first_us = first
                    .filter(|(query, slot, _)| (*query, *slot) == (inference.query, inference.slot))
                    .map(|(.., micros)| micros);
                heard.push(Heard::Inferred(inference));
            }
            protocol::FIRST_TOKEN => {
                let first = protocol::read_first_token(source).ok_or(malformed)?;
                self.first_token = Some(first);
            }
            protocol::IDENTITY => {
                let identity = protocol::read_identity(source).ok_or(malformed)?;
                heard.push(Heard::Identity(identity));
            }
            _ => return Err(DamageKind::Unknown),
        }
        Ok(())
    }

    fn close(&mut self, request: RequestId) -> Option<Open> {
        let at = self
            .open
            .iter()
            .position(|(count, _)| *count == request.count())?;
        Some(self.open.remove(at).1)
    }

    fn completed(&mut self, request: RequestId, heard: &mut Vec<Heard>) {
        match self.close(request) {
            None | Some(Open::Quiet) => {}
            Some(Open::Tell) => heard.push(Heard::Done),
            Some(Open::Load(slot)) => {
                if !self.open.iter().any(|(_, open)| *open == Open::Load(slot)) {
                    heard.push(Heard::Loaded { slot });
                }
            }
            Some(Open::Fetch(slot)) => {
                let length = self.lengths.get(&slot).copied();
                // An output with a hole is none: whoever asked will ask again.
                if let Some(output) = self.output.take()
                    && length.is_none_or(|length| output.bytes.len() == length as usize)
                {
                    heard.push(Heard::Output {
                        slot,
                        bytes: output.bytes.into(),
                    });
                }
            }
        }
    }

    fn failed(&mut self, request: RequestId, code: u16, heard: &mut Vec<Heard>) {
        let Some(open) = self.close(request) else {
            return;
        };
        if let Open::Load(_) = open {
            self.open.retain(|(_, other)| *other != open);
        }
        heard.push(Heard::Refused {
            code: i32::from(code),
            text: Refusal::text(code).to_owned(),
        });
    }

    fn dumped(&mut self, area: MemoryArea<'_>) {
        if let Some(output) = &mut self.output
            && area.memory == protocol::OUTPUT_MEMORY | output.slot
            && area.start as usize == output.bytes.len()
        {
            output.bytes.extend_from_slice(area.octets);
        }
    }
}
