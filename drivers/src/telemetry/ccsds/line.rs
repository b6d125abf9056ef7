//! How packets follow each other on a line: stuffed and delimited, or one right behind the other.

use profiles::reading::{Damage, DamageKind};

use super::packet::PacketType;
use super::scanner::{Expected, Scanned, Scanner};
use crate::telemetry::framing::cobs::{self, CobsDecoder, Framed};

/// Takes packets off a line and puts them on it.
#[derive(Clone, Debug)]
pub enum Line {
    /// COBS with a zero octet behind each packet.
    Cobs(CobsDecoder),
    /// Nothing between packets: found by their headers and checksums.
    Unframed(Scanner),
}

impl Line {
    /// A COBS line for packets of up to `limit` octets.
    pub fn cobs(limit: usize) -> Line {
        // One code octet for each run of 254, and one more.
        Line::Cobs(CobsDecoder::new(limit + limit / 254 + 1))
    }

    /// A line without framing for `kind` packets of one application process.
    pub fn unframed(kind: PacketType, apid: u16, limit: usize) -> Line {
        let expected = Expected {
            apid,
            secondary: true,
        };
        Line::Unframed(Scanner::new(kind, &[expected], limit))
    }

    /// Takes a chunk and tells each frame with the octets it took on the line, or the damage.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Result<(&[u8], u32), Damage>)) {
        match self {
            Line::Cobs(decoder) => decoder.push(chunk, |framed| match framed {
                Framed::Frame { content, octets } => sink(Ok((content, octets))),
                Framed::Damaged(damage) => sink(Err(damage)),
                Framed::Filler => {}
            }),
            Line::Unframed(scanner) => scanner.push(chunk, |scanned| match scanned {
                Scanned::Packet(packet) => sink(Ok((packet, packet.len() as u32))),
                Scanned::Skipped { octets, .. } => sink(Err(Damage {
                    bytes: octets as u32,
                    why: DamageKind::Framing,
                })),
            }),
        }
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        match self {
            Line::Cobs(decoder) => decoder.pending(),
            Line::Unframed(scanner) => scanner.pending(),
        }
    }

    /// Appends `packet` as it goes on the line.
    pub fn wrap(&self, packet: &[u8], out: &mut Vec<u8>) {
        match self {
            Line::Cobs(_) => cobs::encode(packet, out),
            Line::Unframed(_) => out.extend_from_slice(packet),
        }
    }
}
