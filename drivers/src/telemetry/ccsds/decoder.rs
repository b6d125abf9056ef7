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
    /// Octets that are no packet, or a jump of a sequence count.
    Damaged(Damage),
}

/// Takes telemetry packets off a line and watches their sequence counts.
#[derive(Clone, Debug)]
pub struct Receiver {
    line: Line,
    counts: SequenceCounts,
}

impl Receiver {
    /// A receiver on this line.
    pub fn new(line: Line) -> Receiver {
        Receiver {
            line,
            counts: SequenceCounts::default(),
        }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Received<'_>)) {
        let Receiver { line, counts } = self;
        line.push(chunk, |told| match told {
            Err(damage) => sink(Received::Damaged(damage)),
            Ok((packet, octets)) => match TmPacket::read(packet) {
                Ok(packet) => {
                    if let Some(damage) = counts.check(packet.apid, packet.count) {
                        sink(Received::Damaged(damage));
                    }
                    sink(Received::Packet(packet, octets));
                }
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

    /// The far end starts anew, and so do its sequence counts.
    pub fn reset_counts(&mut self) {
        self.counts.reset();
    }
}

/// A stream of telemetry packets that a dictionary describes.
#[derive(Clone, Debug)]
pub struct TelemetryDecoder {
    receiver: Receiver,
    plan: Arc<Plan>,
}

impl TelemetryDecoder {
    /// A decoder of what `plan` describes.
    pub fn new(line: Line, plan: Arc<Plan>) -> TelemetryDecoder {
        TelemetryDecoder {
            receiver: Receiver::new(line),
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
        let TelemetryDecoder { receiver, plan } = self;
        receiver.push(chunk, |received| match received {
            Received::Damaged(damage) => out.push(Decoded::Damaged(damage)),
            Received::Packet(packet, octets) => {
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
