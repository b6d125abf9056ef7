//! Fragments of CSP packets in CAN frames of 29-bit identifiers (`csp_if_can.c` of libcsp 2.0).
//!
//! CFP 1: source 5, destination 5, more 1, remaining 8, number 10 bits. The first fragment holds
//! the header, the length in two octets, and two octets of data.
//!
//! CFP 2: priority 2, destination 14, sender 6, number 2, count 3, first 1, last 1 bits. The first
//! fragment holds the rest of the header in four octets, and four octets of data.

use std::collections::VecDeque;

use profiles::reading::{Damage, DamageKind};

use super::{Packet, Version};
use crate::link::can::{CanFrame, CanId};

/// Octets before the data in the first fragment of CFP 1: the header, and the length.
const HEAD_ONE: usize = 6;
/// Octets before the data in the first fragment of CFP 2.
const HEAD_TWO: usize = 4;
/// Octets of a full fragment.
const FULL: usize = 8;
/// Packets that may be under way at once: more than any bus has senders that interleave.
const MOST_OPEN: usize = 16;
/// The longest packet that CFP 1 can count: 256 fragments.
const LONGEST_ONE: usize = 256 * FULL - HEAD_ONE;

/// The identifier of a fragment, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// What tells the packet from others: all bits that are the same in its fragments.
    packet: u32,
    first: bool,
    /// Fragments that follow (CFP 1), or the number of this one from zero, modulo eight (CFP 2).
    count: u8,
    /// Whether it is the last (CFP 2).
    last: bool,
}

/// What came of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reassembled {
    /// More is to come.
    Partly,
    /// A packet.
    Packet(Packet),
    /// Octets that are no packet.
    Damaged(Damage),
}

/// Cuts packets into fragments, and puts fragments together.
#[derive(Clone, Debug)]
pub struct Fragments {
    version: Version,
    limit: usize,
    /// Number of the next packet that is sent.
    number: u16,
    open: VecDeque<Open>,
}

/// A packet that is not whole.
#[derive(Clone, Debug)]
struct Open {
    packet: u32,
    octets: Vec<u8>,
    length: Option<usize>,
    count: u8,
}

impl Fragment {
    fn read(version: Version, id: u32) -> Fragment {
        match version {
            Version::One => Fragment {
                packet: id & 0x1ff8_03ff,
                first: id & 1 << 18 == 0,
                count: (id >> 10) as u8,
                last: (id >> 10) as u8 == 0,
            },
            Version::Two => Fragment {
                packet: id & !0x1f,
                first: id & 2 != 0,
                count: (id >> 2 & 7) as u8,
                last: id & 1 != 0,
            },
        }
    }
}

impl Fragments {
    /// For packets of up to `limit` octets of content.
    pub fn new(version: Version, limit: usize) -> Fragments {
        Fragments {
            version,
            limit,
            number: 0,
            open: VecDeque::new(),
        }
    }

    /// Octets of packets that are not whole.
    pub fn pending(&self) -> usize {
        self.open.iter().map(|open| open.octets.len()).sum()
    }

    /// Cuts a packet into frames; nothing if it is longer than this protocol can say.
    pub fn cut(&mut self, packet: &Packet) -> Vec<CanFrame> {
        let number = u32::from(self.number);
        self.number = self.number.wrapping_add(1);
        match self.version {
            Version::One => cut_one(packet, number & 0x3ff),
            Version::Two => cut_two(packet, number & 3),
        }
    }

    /// Takes one frame.
    pub fn push(&mut self, frame: &CanFrame) -> Reassembled {
        let octets = frame.data();
        let CanId::Extended(id) = frame.id else {
            return damaged(octets.len(), DamageKind::Unknown);
        };
        let fragment = Fragment::read(self.version, id);
        let position = self
            .open
            .iter()
            .position(|open| open.packet == fragment.packet);
        let old = position.and_then(|position| self.open.remove(position));
        let open = if fragment.first {
            // The one before it was never finished: what had come of it is lost.
            let lost = old.map_or(0, |open| open.octets.len());
            match self.begin(id, fragment, octets) {
                Some(open) if lost == 0 => open,
                Some(open) => {
                    self.keep(open);
                    return damaged(lost, DamageKind::TooShort);
                }
                None => return damaged(octets.len() + lost, DamageKind::Malformed),
            }
        } else {
            let Some(mut open) = old else {
                return damaged(octets.len(), DamageKind::Framing);
            };
            let expected = match self.version {
                Version::One => open.count.wrapping_sub(1),
                Version::Two => (open.count + 1) & 7,
            };
            open.octets.extend_from_slice(octets);
            if fragment.count != expected || open.octets.len() > self.longest() {
                return damaged(open.octets.len(), DamageKind::Framing);
            }
            open.count = fragment.count;
            open
        };
        if !fragment.last {
            return self.keep(open);
        }
        if open
            .length
            .is_some_and(|length| length != open.octets.len())
        {
            return damaged(open.octets.len(), DamageKind::Malformed);
        }
        match Packet::read(self.version, &open.octets) {
            Some(packet) => Reassembled::Packet(packet),
            None => damaged(open.octets.len(), DamageKind::TooShort),
        }
    }

    fn longest(&self) -> usize {
        self.limit + self.version.header()
    }

    /// The octets of a packet so far: its header, as on a line, and data.
    fn begin(&self, id: u32, fragment: Fragment, octets: &[u8]) -> Option<Open> {
        let (header, data, length) = match self.version {
            Version::One => {
                let (head, data) = octets.split_at_checked(HEAD_ONE)?;
                let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
                (head[..4].to_vec(), data, Some(length + 4))
            }
            Version::Two => {
                let (head, data) = octets.split_at_checked(HEAD_TWO)?;
                let front = (id >> 13 & 0xffff) as u16;
                (fill(front, head), data, None)
            }
        };
        let too_long = length.is_some_and(|length| length > self.longest());
        (!too_long).then(|| Open {
            packet: fragment.packet,
            octets: [&header, data].concat(),
            length,
            count: fragment.count,
        })
    }

    fn keep(&mut self, open: Open) -> Reassembled {
        self.open.push_back(open);
        if self.open.len() <= MOST_OPEN {
            return Reassembled::Partly;
        }
        let oldest = self.open.pop_front().map_or(0, |open| open.octets.len());
        damaged(oldest, DamageKind::TooShort)
    }
}

/// The header of version 2: priority and destination from the identifier, the rest from the frame.
fn fill(front: u16, rest: &[u8]) -> Vec<u8> {
    [&front.to_be_bytes(), rest].concat()
}

fn frame(id: u32, parts: &[&[u8]]) -> CanFrame {
    CanFrame::new(CanId::Extended(id), &parts.concat())
}

fn cut_one(packet: &Packet, number: u32) -> Vec<CanFrame> {
    let length = packet.content.len();
    if length > LONGEST_ONE {
        return Vec::new();
    }
    let address =
        u32::from(packet.source & 0x1f) << 24 | u32::from(packet.destination & 0x1f) << 19;
    let mut remaining = ((length + HEAD_ONE).div_ceil(FULL) - 1) as u32;
    let id = |more: u32, remaining: u32| address | more << 18 | remaining << 10 | number;
    let (first, rest) = packet.content.split_at(length.min(FULL - HEAD_ONE));
    let header = packet.header(Version::One);
    let mut frames = vec![frame(
        id(0, remaining),
        &[&header, &(length as u16).to_be_bytes(), first],
    )];
    for part in rest.chunks(FULL) {
        remaining -= 1;
        frames.push(frame(id(1, remaining), &[part]));
    }
    frames
}

fn cut_two(packet: &Packet, number: u32) -> Vec<CanFrame> {
    let header = packet.header(Version::Two);
    let front = u32::from(u16::from_be_bytes([header[0], header[1]]));
    let sender = u32::from(packet.source & 0x3f);
    let id = |count: u32, first: bool, last: bool| {
        let bits = u32::from(first) << 1 | u32::from(last);
        front << 13 | sender << 7 | number << 5 | (count & 7) << 2 | bits
    };
    let (first, rest) = packet
        .content
        .split_at(packet.content.len().min(FULL - HEAD_TWO));
    let mut frames = vec![frame(id(0, true, rest.is_empty()), &[&header[2..], first])];
    let parts = rest.chunks(FULL);
    let last = parts.len();
    for (count, part) in (1..).zip(parts) {
        frames.push(frame(id(count, false, count as usize == last), &[part]));
    }
    frames
}

fn damaged(octets: usize, why: DamageKind) -> Reassembled {
    let bytes = octets as u32;
    Reassembled::Damaged(Damage { bytes, why })
}
