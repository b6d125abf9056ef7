//! Questions to messages of ISO-TP or CSP, and frames to what was heard.

use bytes::Bytes;
use profiles::channel::ChannelSpec;
use profiles::reading::{Damage, DamageKind};
use profiles::time::BenchTime;

use super::csp::{Came, Ground};
use super::identifiers::Identifiers;
use super::open_node;
use super::protocol::{self, Answer};
use crate::accelerator::board::Refusal;
use crate::accelerator::role::{Accelerator, Heard, Question};
use crate::error::DeviceError;
use crate::link::BusNeeds;
use crate::link::can::{BusFrame, CanFrame, CanId, CanIds};
use crate::model::BoardSetup;
use crate::telemetry::Decoded;
use crate::telemetry::dbc::TelemetryDecoder;
use crate::telemetry::framing::isotp::{Event, IsoTp, Pdu};

/// The ground's half of the board.
pub(super) struct DbcCan {
    telemetry: TelemetryDecoder,
    channels: Vec<ChannelSpec>,
    to_board: CanId,
    from_board: CanId,
    transport: Transport,
    /// The latest first token: query, input, µs.
    first_token: FirstToken,
    /// What the board's CANopen node says, where it has one.
    others: Vec<CanId>,
}

/// When the first token of an inference was there, where the board has told it: query, input, µs.
type FirstToken = Option<(u32, u16, u32)>;

/// What carries questions and answers.
enum Transport {
    IsoTp(IsoTp, Vec<Pdu>),
    Csp(Box<Ground>),
}

impl DbcCan {
    pub(super) fn new(setup: &BoardSetup) -> Result<DbcCan, DeviceError> {
        let Identifiers {
            database,
            to_board,
            from_board,
            ..
        } = Identifiers::new(&setup.options);
        let csp = Ground::new(&setup.device, &setup.options)?;
        Ok(DbcCan {
            channels: database.channels().to_vec(),
            telemetry: TelemetryDecoder::new(database),
            to_board,
            from_board,
            transport: match csp {
                Some(ground) => Transport::Csp(Box::new(ground)),
                None => Transport::IsoTp(
                    IsoTp::new(protocol::FLOW, protocol::MESSAGE_LIMIT),
                    Vec::new(),
                ),
            },
            first_token: None,
            others: open_node::number(&setup.options)
                .map(open_node::says)
                .into_iter()
                .flatten()
                .collect(),
        })
    }
}

impl Accelerator for DbcCan {
    fn channels(&self) -> Vec<ChannelSpec> {
        self.channels.clone()
    }

    fn bus_needs(&self) -> Option<BusNeeds> {
        let (from_board, to_board) = match &self.transport {
            Transport::IsoTp(..) => (self.from_board.into(), self.to_board.into()),
            Transport::Csp(ground) => (ground.hears(), ground.says()),
        };
        let telemetry = self.telemetry.database().ids().map(CanIds::from);
        Some(BusNeeds {
            hears: telemetry.chain([from_board]).collect(),
            says: vec![to_board],
        })
    }

    fn pause_us(&self) -> u32 {
        match &self.transport {
            Transport::IsoTp(transport, _) => transport.separation_us(),
            Transport::Csp(_) => 0,
        }
    }

    fn ask(&mut self, question: &Question, out: &mut Vec<Bytes>) {
        match &mut self.transport {
            Transport::IsoTp(transport, pdus) => {
                transport.send(&protocol::write_question(question), pdus);
                flush(self.to_board, pdus, out);
            }
            Transport::Csp(ground) => {
                out.extend(ground.ask(question).iter().map(CanFrame::to_bytes));
            }
        }
    }

    fn hear(&mut self, at: BenchTime, chunk: &[u8], heard: &mut Vec<Heard>, out: &mut Vec<Bytes>) {
        let damaged = |bytes: usize, why| {
            let bytes = bytes as u32;
            Heard::Damaged(Damage { bytes, why })
        };
        if let Some(BusFrame::Error(error)) = BusFrame::from_bytes(chunk) {
            heard.push(Heard::Bus(error));
            return;
        }
        let Some(frame) = CanFrame::from_bytes(chunk) else {
            heard.push(damaged(chunk.len(), DamageKind::Malformed));
            return;
        };
        if self.others.contains(&frame.id) {
            return;
        }
        if self.transported(&frame, heard, out) {
            return;
        }
        let known = self.telemetry.frame_at(at, &frame, |decoded| {
            heard.push(match decoded {
                Decoded::Reading(reading) => Heard::Reading(reading),
                Decoded::Damaged(damage) => Heard::Damaged(damage),
            });
        });
        if !known {
            heard.push(damaged(frame.data().len(), DamageKind::Unknown));
        }
    }
}

impl DbcCan {
    /// Takes a frame of the transport; `false` if it is none.
    fn transported(
        &mut self,
        frame: &CanFrame,
        heard: &mut Vec<Heard>,
        out: &mut Vec<Bytes>,
    ) -> bool {
        let (before, first) = (heard.len(), &mut self.first_token);
        match &mut self.transport {
            Transport::IsoTp(transport, pdus) if frame.id == self.from_board => {
                let told = |event: Event<'_>| heard.extend(event_told(&event, first));
                transport.push(frame.data(), pdus, told);
                flush(self.to_board, pdus, out);
            }
            Transport::Csp(ground) if ground.hears().has(frame.id) => {
                let mut more = Vec::new();
                let came = ground.hear(frame, &mut more);
                out.extend(more.iter().map(CanFrame::to_bytes));
                heard.extend(came.and_then(|came| match came {
                    Ok(Came::Message(message)) => message_told(&message, message.len(), first),
                    Ok(Came::Loaded(slot)) => Some(Heard::Loaded { slot }),
                    Ok(Came::Output(slot, bytes)) => Some(Heard::Output {
                        slot,
                        bytes: bytes.into(),
                    }),
                    Ok(Came::Partly) => None,
                    Err(damage) => Some(Heard::Damaged(damage)),
                }));
            }
            Transport::IsoTp(..) | Transport::Csp(_) => return false,
        }
        if heard[before..].contains(&Heard::Booted) {
            self.telemetry.reset_counters();
            self.first_token = None;
            match &mut self.transport {
                Transport::IsoTp(transport, _) => transport.reset(),
                Transport::Csp(ground) => ground.restart(),
            }
        }
        true
    }
}

fn flush(id: CanId, pdus: &mut Vec<Pdu>, out: &mut Vec<Bytes>) {
    let frames = pdus.drain(..);
    out.extend(frames.map(|pdu| CanFrame::new(id, &pdu).to_bytes()));
}

fn event_told(event: &Event<'_>, first: &mut FirstToken) -> Option<Heard> {
    match *event {
        Event::Message { content, octets } => message_told(content, octets as usize, first),
        Event::Damaged(damage) => Some(Heard::Damaged(damage)),
        Event::Overflow => Some(Heard::Refused {
            code: i32::from(Refusal::OutOfBounds.code()),
            text: "the board has no room for the message".to_owned(),
        }),
        Event::Sent | Event::Control { .. } => None,
    }
}

/// A message of the board; one that makes no sense is so many octets of damage, and a first token is
/// kept until the inference is told that it belongs to.
fn message_told(content: &[u8], octets: usize, first: &mut FirstToken) -> Option<Heard> {
    let Some(answer) = protocol::read_answer(content) else {
        return Some(Heard::Damaged(Damage {
            bytes: octets as u32,
            why: DamageKind::Malformed,
        }));
    };
    Some(match answer {
        Answer::FirstToken(query, slot, micros) => {
            *first = Some((query, slot, micros));
            return None;
        }
        Answer::Identity(identity) => Heard::Identity(identity),
        Answer::Loaded(slot) => Heard::Loaded { slot },
        Answer::Inferred(mut inference) => {
            let own = |&(query, slot, _): &(u32, u16, u32)| {
                (query, slot) == (inference.query, inference.slot)
            };
            inference.first_us = first.take().filter(own).map(|(.., micros)| micros);
            Heard::Inferred(inference)
        }
        Answer::Output(slot, bytes) => Heard::Output {
            slot,
            bytes: bytes.into(),
        },
        Answer::Done => Heard::Done,
        Answer::Refused(_, code) => Heard::Refused {
            code: i32::from(code),
            text: Refusal::text(code.into()).to_owned(),
        },
        Answer::Booted => Heard::Booted,
    })
}
