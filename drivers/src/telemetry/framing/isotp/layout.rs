//! How the octets of a transfer lie in frames: the size of frames, what they are filled up with,
//! and the address that may come first.

use profiles::reading::{Damage, DamageKind};

use super::{Event, Flow, LONGEST_SHORT, PADDING, Pdu};
use crate::link::can::FD_LENGTHS;

/// How frames are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Octets of a full frame that is sent (`TX_DL`): 8 for CAN 2.0; 12, 16, 20, 24, 32, 48 or 64
    /// for CAN FD. Frames that come may have any of these.
    pub frame: u8,
    /// Whether an address comes first.
    pub address: Option<Address>,
}

/// The first octet of each frame: `N_TA` of extended addressing, or `N_AE` of mixed addressing
/// (ISO 15765-2, 10.3.4 and 10.3.5). Normal and normal fixed addressing have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Of frames that are sent.
    pub to: u8,
    /// Of frames that are meant for this end; others are not.
    pub from: u8,
}

impl Layout {
    /// CAN 2.0 without an address.
    pub const CLASSIC: Layout = Layout {
        frame: 8,
        address: None,
    };

    /// Octets before the control information.
    pub(super) fn prefix(self) -> usize {
        usize::from(self.address.is_some())
    }

    /// The longest message in a frame of `frame` octets, and what comes before it there.
    pub(super) fn single(self, frame: usize) -> (usize, usize) {
        // Only frames of CAN FD have room for a length of more than seven.
        let head = self.prefix() + if frame > 8 { 2 } else { 1 };
        (frame - head, head)
    }

    /// The shortest message that needs more than a frame of `frame` octets (`FF_DLmin`).
    pub(super) fn shortest_long(self, frame: usize) -> usize {
        self.single(frame).0 + 1
    }

    /// A frame of these octets, with the address before and filled up: to eight, or to the next
    /// length that frames of CAN FD have.
    pub(super) fn pdu(self, octets: &[&[u8]]) -> Pdu {
        let mut pdu: Pdu = self.address.iter().map(|address| address.to).collect();
        for part in octets {
            pdu.extend_from_slice(part);
        }
        let mut lengths = FD_LENGTHS.iter().map(|&length| usize::from(length));
        let length = lengths.find(|&length| length >= pdu.len().max(8));
        pdu.resize(length.unwrap_or(pdu.len()), PADDING);
        pdu
    }

    /// The first frame of a message, and how much of the message is in it; or all of it.
    pub(super) fn begin(self, content: &[u8]) -> (Pdu, usize) {
        let frame = usize::from(self.frame);
        let length = content.len();
        // In a frame of eight octets if it fits there, which every receiver reads.
        for size in [8, frame] {
            let (most, head) = self.single(size);
            if length <= most {
                let short = [length as u8];
                let long = [0, length as u8];
                let pci: &[u8] = if head == self.prefix() + 1 {
                    &short
                } else {
                    &long
                };
                return (self.pdu(&[pci, content]), length);
            }
        }
        let short = (0x1000 | length as u16).to_be_bytes();
        let mut long = [0x10, 0, 0, 0, 0, 0];
        long[2..].copy_from_slice(&(length as u32).to_be_bytes());
        let pci: &[u8] = if length <= LONGEST_SHORT {
            &short
        } else {
            &long
        };
        let part = frame - self.prefix() - pci.len();
        (self.pdu(&[pci, &content[..part]]), part)
    }

    /// Octets of the message in a full consecutive frame.
    pub(super) fn part(self) -> usize {
        usize::from(self.frame) - self.prefix() - 1
    }

    /// Flow control: 0 to go on, 1 to wait, 2 for no room.
    pub(super) fn control(self, status: u8, flow: Flow) -> Pdu {
        self.pdu(&[&[0x30 | status, flow.block_size, flow.separation]])
    }

    /// The frame without its address; `None` if it is meant for another.
    pub(super) fn mine(self, data: &[u8]) -> Option<&[u8]> {
        match (self.address, data.split_first()) {
            (None, _) => Some(data),
            (Some(address), Some((first, rest))) if *first == address.from => Some(rest),
            (Some(_), _) => None,
        }
    }
}

/// Reserved values mean the longest time, as the standard has it (ISO 15765-2, 9.6.5.5).
pub(super) fn separation_us(separation: u8) -> u32 {
    match separation {
        0..=0x7f => u32::from(separation) * 1_000,
        0xf1..=0xf9 => u32::from(separation - 0xf0) * 100,
        _ => 127_000,
    }
}

pub(super) fn damaged(octets: u32, why: DamageKind) -> Event<'static> {
    Event::Damaged(Damage { bytes: octets, why })
}
