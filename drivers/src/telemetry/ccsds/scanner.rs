//! Finds space packets on a stream that has no framing but their own lengths.
//!
//! A packet is accepted where everything fits: version, type, an expected application process
//! with its secondary header flag, a length that this kind of packet can have, the PUS version
//! and the checksum. Where anything does not, the scanner moves on by one octet, so that a false
//! header cannot hide the packets behind it.
//!
//! Packets are told where they stand in the chunk. Only one that is cut by the end of a chunk is
//! copied, and of the next chunk no more than it lacks.

use std::fmt;

use super::checksum::pec;
use super::packet::{PEC_OCTETS, PRIMARY_OCTETS, PacketType};

/// Octets of the smallest packet with a telemetry secondary header.
const SMALLEST_PUS: usize = 22;
/// Octets of the smallest packet without one.
const SMALLEST: usize = 8;
/// Fewer octets than this at the end of a stream are not looked at.
const SMALLEST_HEADER: usize = 7;
/// PUS version of ECSS-E-ST-70-41C, in the first four bits of a secondary header.
const PUS_C: u8 = 2;

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
    Skipped {
        /// How many.
        octets: usize,
        /// Why no packet begins at the first of them.
        why: NoPacket,
    },
}

/// Why no packet begins at an octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPacket {
    /// Version, type, application process or secondary header flag are none that is expected.
    Header,
    /// The length is below or above what such a packet can have.
    Length,
    /// The secondary header is of another PUS version.
    PusVersion,
    /// The checksum does not match.
    Checksum,
    /// The stream ends before the packet does.
    Cut,
}

impl fmt::Display for NoPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoPacket::Header => "no header of an expected application process",
            NoPacket::Length => "impossible length",
            NoPacket::PusVersion => "no PUS-C secondary header",
            NoPacket::Checksum => "wrong checksum",
            NoPacket::Cut => "cut by the end of the stream",
        })
    }
}

/// Scans one stream, whatever its chunks.
#[derive(Clone, Debug)]
pub struct Scanner {
    rule: Rule,
    /// What stands before the next chunk and has no verdict yet.
    held: Vec<u8>,
    skipped: Skipped,
}

/// Octets passed over since the last packet and not told yet.
#[derive(Clone, Debug)]
struct Skipped {
    octets: usize,
    why: NoPacket,
    /// They are told at the latest when they are this many.
    limit: usize,
}

/// What makes octets a packet.
#[derive(Clone, Debug)]
struct Rule {
    /// By the first sixteen bits without the version: octets of the smallest such packet, or 0
    /// where none is expected. One look-up for type, flag and application process.
    smallest: Vec<u8>,
    limit: usize,
}

enum Step {
    Packet(usize),
    Skip(NoPacket),
    /// No verdict before this many octets are there.
    Wait(usize),
}

impl Rule {
    fn new(kind: PacketType, expected: &[Expected], limit: usize) -> Rule {
        let mut smallest = vec![0; 1 << 13];
        for Expected { apid, secondary } in expected {
            let telecommand = u16::from(kind == PacketType::Telecommand) << 12;
            let identification = telecommand | u16::from(*secondary) << 11 | apid & 0x7ff;
            let octets = match (secondary, kind) {
                (false, _) => SMALLEST,
                (true, PacketType::Telemetry) => SMALLEST_PUS,
                (true, PacketType::Telecommand) => PRIMARY_OCTETS + 5 + PEC_OCTETS,
            };
            smallest[usize::from(identification)] = octets as u8;
        }
        Rule { smallest, limit }
    }

    #[inline]
    fn step(&self, rest: &[u8]) -> Step {
        let Some(&[a, b, _, _, c, d, pus]) = rest.first_chunk() else {
            return Step::Wait(SMALLEST_HEADER);
        };
        let identification = u16::from_be_bytes([a, b]);
        let smallest = self.smallest.get(usize::from(identification));
        let smallest = usize::from(smallest.copied().unwrap_or(0));
        if smallest == 0 {
            return Step::Skip(NoPacket::Header);
        }
        let octets = PRIMARY_OCTETS + 1 + usize::from(u16::from_be_bytes([c, d]));
        if octets < smallest || octets > self.limit {
            return Step::Skip(NoPacket::Length);
        }
        if identification & 0x0800 != 0 && pus >> 4 != PUS_C {
            return Step::Skip(NoPacket::PusVersion);
        }
        let Some(packet) = rest.get(..octets) else {
            return Step::Wait(octets);
        };
        let (covered, sum) = packet.split_at(octets - PEC_OCTETS);
        if pec(covered).to_be_bytes() == *sum {
            Step::Packet(octets)
        } else {
            Step::Skip(NoPacket::Checksum)
        }
    }
}

impl Scanner {
    /// A scanner of packets of these application processes, of up to `limit` octets.
    pub fn new(kind: PacketType, expected: &[Expected], limit: usize) -> Scanner {
        Scanner {
            rule: Rule::new(kind, expected, limit),
            held: Vec::with_capacity(2 * limit),
            skipped: Skipped {
                octets: 0,
                why: NoPacket::Header,
                limit,
            },
        }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, mut chunk: &[u8], mut sink: impl FnMut(Scanned<'_>)) {
        if !self.held.is_empty() {
            match self.push_held(chunk, &mut sink) {
                Some(used) => chunk = &chunk[used..],
                None => return,
            }
        }
        loop {
            match self.rule.step(chunk) {
                Step::Packet(octets) => {
                    let (packet, rest) = chunk.split_at(octets);
                    self.skipped.tell(&mut sink);
                    sink(Scanned::Packet(packet));
                    chunk = rest;
                }
                Step::Skip(why) => {
                    chunk = &chunk[1..];
                    self.skipped.add(why, &mut sink);
                }
                Step::Wait(_) => break,
            }
        }
        self.held.extend_from_slice(chunk);
    }

    /// Decides on what was held, with as much of `chunk` as that takes. Returns how many octets of
    /// the chunk are behind what was decided on; `None` if all of it is held now.
    fn push_held(&mut self, chunk: &[u8], sink: &mut impl FnMut(Scanned<'_>)) -> Option<usize> {
        let old = self.held.len();
        let (mut at, mut taken) = (0, 0);
        while at < old {
            match self.rule.step(&self.held[at..]) {
                Step::Packet(octets) => {
                    self.skipped.tell(sink);
                    sink(Scanned::Packet(&self.held[at..at + octets]));
                    at += octets;
                }
                Step::Skip(why) => {
                    at += 1;
                    self.skipped.add(why, sink);
                }
                Step::Wait(needed) => {
                    let lacking = at + needed - self.held.len();
                    let more = lacking.min(chunk.len() - taken);
                    self.held.extend_from_slice(&chunk[taken..taken + more]);
                    taken += more;
                    if more < lacking {
                        self.held.drain(..at);
                        return None;
                    }
                }
            }
        }
        self.held.clear();
        Some(at - old)
    }

    /// The stream has ended: looks again behind headers whose packets never came whole. Returns
    /// how many octets at the end are too few for any packet.
    pub fn finish(&mut self, mut sink: impl FnMut(Scanned<'_>)) -> usize {
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        while rest.len() >= SMALLEST_HEADER {
            let octets = match self.rule.step(rest) {
                Step::Packet(octets) => {
                    self.skipped.tell(&mut sink);
                    sink(Scanned::Packet(&rest[..octets]));
                    octets
                }
                Step::Skip(why) => self.skipped.add(why, &mut sink),
                Step::Wait(_) => self.skipped.add(NoPacket::Cut, &mut sink),
            };
            rest = &rest[octets..];
        }
        self.skipped.tell(&mut sink);
        rest.len()
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        self.held.len() + self.skipped.octets
    }
}

impl Skipped {
    /// Passes over one octet; returns that one.
    fn add(&mut self, why: NoPacket, sink: &mut impl FnMut(Scanned<'_>)) -> usize {
        if self.octets == 0 {
            self.why = why;
        }
        self.octets += 1;
        // A line of nothing but noise must not stay silent until its first packet.
        if self.octets >= self.limit {
            self.tell(sink);
        }
        1
    }

    #[inline]
    fn tell(&mut self, sink: &mut impl FnMut(Scanned<'_>)) {
        if self.octets > 0 {
            sink(Scanned::Skipped {
                octets: self.octets,
                why: self.why,
            });
            self.octets = 0;
        }
    }
}
