//! Questions to ISO-TP messages, and frames to what was heard.

use bytes::Bytes;
use profiles::channel::ChannelSpec;
use profiles::reading::{Damage, DamageKind};

use super::open_node;
use super::protocol::{self, Answer};
use crate::accelerator::board::Refusal;
use crate::accelerator::role::{Accelerator, Heard, Question};
use crate::link::BusNeeds;
use crate::link::can::{BusFrame, CanFrame, CanId};
use crate::model::BoardSetup;
use crate::telemetry::Decoded;
use crate::telemetry::dbc::TelemetryDecoder;
use crate::telemetry::framing::isotp::{Event, IsoTp, Pdu};

/// The ground's half of the board.
pub(super) struct DbcCan {
    telemetry: TelemetryDecoder,
    channels: Vec<ChannelSpec>,
    transport: IsoTp,
    pdus: Vec<Pdu>,
    /// What the board's CANopen node says, where it has one.
    others: Vec<CanId>,
}

impl DbcCan {
    pub(super) fn new(setup: &BoardSetup) -> DbcCan {
        let database = protocol::database();
        DbcCan {
            channels: database.channels().to_vec(),
            telemetry: TelemetryDecoder::new(database),
            transport: IsoTp::new(protocol::FLOW, protocol::MESSAGE_LIMIT),
            pdus: Vec::new(),
            others: open_node::number(&setup.options)
                .map(open_node::says)
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    fn flush(&mut self, out: &mut Vec<Bytes>) {
        let frames = self.pdus.drain(..);
        out.extend(frames.map(|pdu| CanFrame::new(protocol::TO_BOARD, &pdu).to_bytes()));
    }
}

impl Accelerator for DbcCan {
    fn channels(&self) -> Vec<ChannelSpec> {
        self.channels.clone()
    }

    fn bus_needs(&self) -> Option<BusNeeds> {
        let telemetry = self.telemetry.database().ids();
        Some(BusNeeds {
            hears: telemetry.chain([protocol::FROM_BOARD]).collect(),
            says: vec![protocol::TO_BOARD],
        })
    }

    fn pause_us(&self) -> u32 {
        self.transport.separation_us()
    }

    fn ask(&mut self, question: &Question, out: &mut Vec<Bytes>) {
        let message = protocol::write_question(question);
        self.transport.send(&message, &mut self.pdus);
        self.flush(out);
    }

    fn hear(&mut self, chunk: &[u8], heard: &mut Vec<Heard>, out: &mut Vec<Bytes>) {
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
        if frame.id == protocol::FROM_BOARD {
            self.message(&frame, heard);
            self.flush(out);
            return;
        }
        let known = self.telemetry.frame(&frame, |decoded| {
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
    fn message(&mut self, frame: &CanFrame, heard: &mut Vec<Heard>) {
        let mut booted = false;
        self.transport
            .push(frame.data(), &mut self.pdus, |event| match event {
                Event::Message { content, octets } => match protocol::read_answer(content) {
                    Some(answer) => {
                        booted = answer == Answer::Booted;
                        heard.push(tell(answer));
                    }
                    None => heard.push(Heard::Damaged(Damage {
                        bytes: octets,
                        why: DamageKind::Malformed,
                    })),
                },
                Event::Damaged(damage) => heard.push(Heard::Damaged(damage)),
                Event::Overflow => heard.push(Heard::Refused {
                    code: i32::from(Refusal::OutOfBounds.code()),
                    text: "the board has no room for the message".to_owned(),
                }),
                Event::Sent | Event::Control { .. } => {}
            });
        if booted {
            self.telemetry.reset_counters();
            self.transport.reset();
        }
    }
}

fn tell(answer: Answer<'_>) -> Heard {
    match answer {
        Answer::Identity(identity) => Heard::Identity(identity),
        Answer::Loaded(slot) => Heard::Loaded { slot },
        Answer::Inferred(inference) => Heard::Inferred(inference),
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
    }
}
