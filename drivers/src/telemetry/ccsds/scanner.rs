//! Finds space packets on a stream that has no framing but their own lengths.
//!
//! A packet is accepted where everything fits: version, type, an expected application process
//! with its secondary header flag, a length that this kind of packet can have, the PUS version
//! and the checksum. Where anything does not, the scanner moves on by one octet, so that a false
//! header cannot hide the packets behind it.

use profiles::reading::{Damage, DamageKind};

use super::packet::{self, PRIMARY_OCTETS, PacketType, primary_header};

/// Octets of the smallest packet with a telemetry secondary header.
const SMALLEST_PUS: usize = 22;
/// Octets of the smallest packet without one.
const SMALLEST: usize = 8;
/// Fewer octets than this at the end of a stream are not looked at.
const SMALLEST_HEADER: usize = 7;

/// An application process that is expected on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its identifier.
    pub apid: u16,
    /// Whether its packets have a PUS secondary header.
    pub secondary: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned<'a> {
    /// A packet whose checksum is right.
    Packet(&'a [u8]),
    /// Octets that belong to no packet.
    Damaged(Damage),
}

/// Scans one stream, whatever its chunks.
#[derive(Clone, Debug)]
pub struct Scanner {
    kind: PacketType,
    expected: Vec<Expected>,
    limit: usize,
    buffer: Vec<u8>,
    /// Octets passed over since the last packet and not told yet.
    skipped: usize,
}

enum Step {
    Packet(usize),
    Skip,
    Wait,
}

impl Scanner {
    /// A scanner of packets of these application processes, of up to `limit` octets.
    pub fn new(kind: PacketType, expected: Vec<Expected>, limit: usize) -> Scanner {
        Scanner {
            kind,
            expected,
            limit,
            buffer: Vec::with_capacity(2 * limit),
            skipped: 0,
        }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Scanned<'_>)) {
        self.buffer.extend_from_slice(chunk);
        let mut at = 0;
        loop {
            match self.step(&self.buffer[at..]) {
                Step::Packet(octets) => {
                    tell(&mut self.skipped, &mut sink);
                    sink(Scanned::Packet(&self.buffer[at..at + octets]));
                    at += octets;
                }
                Step::Skip => {
                    at += 1;
                    self.skipped += 1;
                    // A line of nothing but noise must not stay silent until its first packet.
                    if self.skipped >= self.limit {
                        tell(&mut self.skipped, &mut sink);
                    }
                }
                Step::Wait => break,
            }
        }
        self.buffer.drain(..at);
    }

    /// The stream has ended: looks again behind headers whose packets never came whole. Returns
    /// how many octets at the end are too few for any packet.
    pub fn finish(&mut self, mut sink: impl FnMut(Scanned<'_>)) -> usize {
        while self.buffer.len() >= SMALLEST_HEADER {
            self.buffer.remove(0);
            self.skipped += 1;
            self.push(&[], &mut sink);
        }
        tell(&mut self.skipped, &mut sink);
        std::mem::take(&mut self.buffer).len()
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        self.buffer.len() + self.skipped
    }

    fn step(&self, rest: &[u8]) -> Step {
        if rest.len() < SMALLEST_HEADER {
            return Step::Wait;
        }
        let Ok((data, header)) = primary_header(rest) else {
            return Step::Skip;
        };
        let known = self
            .expected
            .iter()
            .any(|expected| expected.apid == header.apid && expected.secondary == header.secondary);
        let smallest = match (header.secondary, self.kind) {
            (false, _) => SMALLEST,
            (true, PacketType::Telemetry) => SMALLEST_PUS,
            (true, PacketType::Telecommand) => PRIMARY_OCTETS + 5 + packet::PEC_OCTETS,
        };
        let fits = (smallest..=self.limit).contains(&header.octets);
        if header.kind != self.kind || !known || !fits || header.secondary && data[0] >> 4 != 2 {
            return Step::Skip;
        }
        let Some(packet) = rest.get(..header.octets) else {
            return Step::Wait;
        };
        let (covered, sum) = packet.split_at(packet.len() - packet::PEC_OCTETS);
        if packet::pec(covered).to_be_bytes() == *sum {
            Step::Packet(packet.len())
        } else {
            Step::Skip
        }
    }
}

fn tell(skipped: &mut usize, sink: &mut impl FnMut(Scanned<'_>)) {
    if *skipped > 0 {
        sink(Scanned::Damaged(Damage {
            bytes: *skipped as u32,
            why: DamageKind::Framing,
        }));
        *skipped = 0;
    }
}
