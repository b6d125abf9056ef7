//! From a line to telemetry packets in sequence, and on to readings.

use std::sync::Arc;

use profiles::reading::{Damage, DamageKind};

use super::line::Line;
use super::packet::{PacketError, TmPacket};
use super::plan::Plan;
use super::sequence::SequenceCounts;
use crate::telemetry::{Decoded, Decoder};

/// What came off the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Received<'a> {
    /// A telemetry packet whose checksum is right, and the octets it took on the line.
    Packet(TmPacket<'a>, u32),
    /// Octets that are no packet.
    Damaged(Damage),
}

/// Takes telemetry packets off a line.
#[derive(Clone, Debug)]
pub struct Receiver {
    line: Line,
}

impl Receiver {
    /// A receiver on this line.
    pub fn new(line: Line) -> Receiver {
        Receiver { line }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Received<'_>)) {
        self.line.push(chunk, |told| match told {
            Err(damage) => sink(Received::Damaged(damage)),
            Ok((packet, octets)) => match TmPacket::read(packet) {
                Ok(packet) => sink(Received::Packet(packet, octets)),
                Err(error) => sink(Received::Damaged(Damage {
                    bytes: octets,
                    why: match error {
                        PacketError::Short => DamageKind::TooShort,
                        PacketError::Malformed => DamageKind::Malformed,
                        PacketError::Checksum => DamageKind::Checksum,
                    },
                })),
            },
        });
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        self.line.pending()
    }
}

/// A stream of telemetry packets that a dictionary describes.
#[derive(Clone, Debug)]
pub struct TelemetryDecoder {
    receiver: Receiver,
    counts: SequenceCounts,
    plan: Arc<Plan>,
}

impl TelemetryDecoder {
    /// A decoder of what `plan` describes.
    pub fn new(line: Line, plan: Arc<Plan>) -> TelemetryDecoder {
        TelemetryDecoder {
            receiver: Receiver::new(line),
            counts: SequenceCounts::default(),
            plan,
        }
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        self.receiver.pending()
    }
}

impl Decoder for TelemetryDecoder {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Decoded>) {
        let TelemetryDecoder {
            receiver,
            counts,
            plan,
        } = self;
        receiver.push(chunk, |received| match received {
            Received::Damaged(damage) => out.push(Decoded::Damaged(damage)),
            Received::Packet(packet, octets) => {
                if let Some(damage) = counts.check(packet.apid, packet.count) {
                    out.push(Decoded::Damaged(damage));
                }
                if !plan.decode(&packet, |decoded| out.push(decoded)) {
                    out.push(Decoded::Damaged(Damage {
                        bytes: octets,
                        why: DamageKind::Unknown,
                    }));
                }
            }
        });
    }
}
