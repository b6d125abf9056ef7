//! CAN: frames in the layout of Linux' `struct can_frame`, where one chunk is one frame, and what
//! carries them.

pub mod bus;
pub mod candump;
mod end;
mod error_frame;
mod frame;
mod needs;
pub mod slcan;
pub(super) mod socket;
pub mod socketcand;
mod spec;
mod trouble;

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

pub(super) use end::End;
pub use error_frame::{Classes, ErrorFrame};
pub use frame::{BusFrame, FD_LENGTHS, FdFrame, RemoteFrame};
pub use needs::{BusNeeds, CanIds};
pub use spec::{CanSpec, SlcanSpec, SocketcandSpec};
pub use trouble::BusTrouble;

/// Identifier flag: 29-bit identifier (`CAN_EFF_FLAG`).
const EXTENDED: u32 = 0x8000_0000;
/// Identifier flag: remote frame (`CAN_RTR_FLAG`).
const REMOTE: u32 = 0x4000_0000;
/// Identifier flag: error frame (`CAN_ERR_FLAG`).
const ERROR: u32 = 0x2000_0000;
/// Mask of a 29-bit identifier (`CAN_EFF_MASK`).
const EXTENDED_MASK: u32 = 0x1fff_ffff;
/// Mask of an 11-bit identifier (`CAN_SFF_MASK`).
const STANDARD_MASK: u32 = 0x7ff;
/// Bytes of a `struct can_frame`.
const FRAME_BYTES: usize = 16;

/// A CAN identifier, 11 or 29 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CanId {
    /// 11 bits.
    Standard(u16),
    /// 29 bits.
    Extended(u32),
}

impl CanId {
    /// The identifier as the kernel writes it: 29-bit ones have bit 31 set (`CAN_EFF_FLAG`).
    pub fn word(self) -> u32 {
        match self {
            CanId::Standard(id) => u32::from(id) & STANDARD_MASK,
            CanId::Extended(id) => id & EXTENDED_MASK | EXTENDED,
        }
    }

    /// Reads an identifier as the kernel writes it; `None` for remote and error frames, and for
    /// one of more than 11 bits that does not say that it has 29.
    pub fn from_word(word: u32) -> Option<CanId> {
        match (word & !(EXTENDED | EXTENDED_MASK), word & EXTENDED) {
            (0, 0) => {
                let id = u16::try_from(word).ok()?;
                (u32::from(id) <= STANDARD_MASK).then_some(CanId::Standard(id))
            }
            (0, _) => Some(CanId::Extended(word & EXTENDED_MASK)),
            _ => None,
        }
    }
}

/// `6A0` or `18FF0001`, as candump writes them.
impl fmt::Display for CanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CanId::Standard(id) => write!(f, "{id:03X}"),
            CanId::Extended(id) => write!(f, "{id:08X}"),
        }
    }
}

/// One classic CAN data frame, up to eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanFrame {
    /// Its identifier.
    pub id: CanId,
    length: u8,
    octets: [u8; 8],
}

impl CanFrame {
    /// A data frame.
    ///
    /// # Panics
    /// If `data` is longer than eight octets.
    pub fn new(id: CanId, data: &[u8]) -> CanFrame {
        assert!(
            data.len() <= 8,
            "a classic CAN frame holds at most 8 octets, not {}",
            data.len()
        );
        let mut octets = [0; 8];
        octets[..data.len()].copy_from_slice(data);
        CanFrame {
            id,
            length: data.len() as u8,
            octets,
        }
    }

    /// Its octets.
    pub fn data(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    /// Reads a `struct can_frame` in host byte order; `None` for another length, for remote and
    /// error frames, and for more than eight octets.
    pub fn from_bytes(chunk: &[u8]) -> Option<CanFrame> {
        let chunk: &[u8; FRAME_BYTES] = chunk.try_into().ok()?;
        let word = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        let length = chunk[4];
        if length > 8 {
            return None;
        }
        let id = CanId::from_word(word)?;
        let mut octets = [0; 8];
        octets.copy_from_slice(&chunk[8..]);
        Some(CanFrame { id, length, octets })
    }

    /// The frame as a `struct can_frame`.
    pub fn to_bytes(&self) -> Bytes {
        let mut chunk = BytesMut::with_capacity(FRAME_BYTES);
        chunk.put_slice(&self.id.word().to_ne_bytes());
        chunk.put_slice(&[self.length, 0, 0, 0]);
        chunk.put_slice(&self.octets);
        chunk.freeze()
    }

    /// Bits on the wire with the interframe space and the worst-case stuffing of ISO 11898-1:
    /// 47 (11-bit) or 67 (29-bit) bits and the data, and one stuff bit for each four of the 34 or
    /// 54 stuffable header and checksum bits and the data, less one.
    pub fn bits_on_wire(&self) -> u32 {
        let data = u32::from(self.length) * 8;
        match self.id {
            CanId::Standard(_) => 47 + data + (34 + data - 1) / 4,
            CanId::Extended(_) => 67 + data + (54 + data - 1) / 4,
        }
    }
}

#[cfg(test)]
mod buses;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_kernels_layout() {
        let frame = CanFrame::new(CanId::Extended(0x18ff_0001), &[1, 2, 3]);
        let chunk = frame.to_bytes();
        assert_eq!(&chunk[..4], &0x98ff_0001_u32.to_ne_bytes());
        assert_eq!(&chunk[4..], &[3, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0]);
        assert_eq!(CanFrame::from_bytes(&chunk), Some(frame));
    }

    #[test]
    fn an_eight_octet_frame_is_at_most_135_bits() {
        // Davis et al. 2007, "Controller Area Network schedulability analysis": 135 and 160 bits.
        assert_eq!(
            CanFrame::new(CanId::Standard(1), &[0; 8]).bits_on_wire(),
            135
        );
        assert_eq!(
            CanFrame::new(CanId::Extended(1), &[0; 8]).bits_on_wire(),
            160
        );
    }

    #[test]
    fn error_and_remote_frames_are_not_data() {
        for flag in [0x2000_0000_u32, 0x4000_0000] {
            let mut chunk = CanFrame::new(CanId::Standard(1), &[]).to_bytes().to_vec();
            chunk[..4].copy_from_slice(&(flag | 1).to_ne_bytes());
            assert_eq!(CanFrame::from_bytes(&chunk), None);
        }
    }
}
