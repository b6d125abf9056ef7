//! Everything that a CAN bus carries: data frames of CAN 2.0 and CAN FD, remote frames, and what
//! the controller tells of errors.

use bytes::{BufMut, Bytes, BytesMut};

use super::{CanFrame, CanId, ERROR, ErrorFrame, FRAME_BYTES, REMOTE};

/// Bytes of a `struct canfd_frame`.
const FD_FRAME_BYTES: usize = 72;
/// Most octets of a CAN FD frame.
const FD_OCTETS: usize = 64;
/// `CANFD_BRS`: the data field at the second bit rate.
const BRS: u8 = 0x01;
/// `CANFD_ESI`: the sender is error passive.
const ESI: u8 = 0x02;

/// Lengths that a CAN FD frame can have (ISO 11898-1:2015, 8.4.2.4): DLC 0 to 15.
pub const FD_LENGTHS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/// One frame of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusFrame {
    /// CAN 2.0, with data.
    Data(CanFrame),
    /// CAN FD.
    Fd(FdFrame),
    /// CAN 2.0, asking for data.
    Remote(RemoteFrame),
    /// No frame of the bus, but what the controller tells about it.
    Error(ErrorFrame),
}

/// One CAN FD frame, up to 64 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FdFrame {
    /// Its identifier.
    pub id: CanId,
    /// Whether its data travels at the second bit rate (BRS).
    pub bit_rate_switch: bool,
    /// Whether its sender is error passive (ESI).
    pub sender_passive: bool,
    length: u8,
    octets: [u8; FD_OCTETS],
}

/// A remote frame: somebody asks for the data frame of this identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteFrame {
    /// The identifier that is asked for.
    pub id: CanId,
    /// How many octets are asked for, 0 to 8. A remote frame carries none itself.
    pub length: u8,
}

impl FdFrame {
    /// A frame with bit rate switching. Data of a length that no frame has is filled up with
    /// `padding` to the next of [`FD_LENGTHS`].
    ///
    /// # Panics
    /// If `data` is longer than 64 octets.
    pub fn new(id: CanId, data: &[u8], padding: u8) -> FdFrame {
        assert!(
            data.len() <= FD_OCTETS,
            "a CAN FD frame holds at most 64 octets, not {}",
            data.len()
        );
        let mut lengths = FD_LENGTHS.into_iter();
        let length = lengths.find(|&length| usize::from(length) >= data.len());
        let length = length.expect("64 is the longest of the lengths");
        let mut octets = [0; FD_OCTETS];
        octets[..usize::from(length)].fill(padding);
        octets[..data.len()].copy_from_slice(data);
        FdFrame {
            id,
            bit_rate_switch: true,
            sender_passive: false,
            length,
            octets,
        }
    }

    /// Its octets.
    pub fn data(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }

    fn from_bytes(chunk: &[u8; FD_FRAME_BYTES]) -> Option<FdFrame> {
        let id = CanId::from_word(word(chunk))?;
        let (length, flags) = (chunk[4], chunk[5]);
        if usize::from(length) > FD_OCTETS {
            return None;
        }
        let mut octets = [0; FD_OCTETS];
        octets.copy_from_slice(&chunk[8..]);
        octets[usize::from(length)..].fill(0);
        Some(FdFrame {
            id,
            bit_rate_switch: flags & BRS != 0,
            sender_passive: flags & ESI != 0,
            length,
            octets,
        })
    }

    /// The frame as a `struct canfd_frame`.
    pub fn to_bytes(&self) -> Bytes {
        let mut flags = 0;
        if self.bit_rate_switch {
            flags |= BRS;
        }
        if self.sender_passive {
            flags |= ESI;
        }
        let mut chunk = BytesMut::with_capacity(FD_FRAME_BYTES);
        chunk.put_slice(&self.id.word().to_ne_bytes());
        chunk.put_slice(&[self.length, flags, 0, 0]);
        chunk.put_slice(&self.octets);
        chunk.freeze()
    }
}

impl RemoteFrame {
    /// The frame as a `struct can_frame`.
    pub fn to_bytes(&self) -> Bytes {
        let mut chunk = BytesMut::zeroed(FRAME_BYTES);
        chunk[..4].copy_from_slice(&(self.id.word() | REMOTE).to_ne_bytes());
        chunk[4] = self.length.min(8);
        chunk.freeze()
    }
}

impl BusFrame {
    /// Reads a `struct can_frame` or `struct canfd_frame` in host byte order; `None` for another
    /// length of the chunk, or of what it says that it holds.
    pub fn from_bytes(chunk: &[u8]) -> Option<BusFrame> {
        if let Ok(chunk) = chunk.try_into() {
            return FdFrame::from_bytes(chunk).map(BusFrame::Fd);
        }
        let classic: &[u8; FRAME_BYTES] = chunk.try_into().ok()?;
        let word = word(classic);
        if word & ERROR != 0 {
            return ErrorFrame::from_bytes(classic).map(BusFrame::Error);
        }
        if word & REMOTE == 0 {
            return CanFrame::from_bytes(chunk).map(BusFrame::Data);
        }
        let length = classic[4];
        let id = CanId::from_word(word & !REMOTE)?;
        (length <= 8).then_some(BusFrame::Remote(RemoteFrame { id, length }))
    }

    /// The frame as the kernel has it.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            BusFrame::Data(frame) => frame.to_bytes(),
            BusFrame::Fd(frame) => frame.to_bytes(),
            BusFrame::Remote(frame) => frame.to_bytes(),
            BusFrame::Error(frame) => frame.to_bytes(),
        }
    }

    /// Its identifier, unless it is no frame of the bus.
    pub fn id(&self) -> Option<CanId> {
        match self {
            BusFrame::Data(frame) => Some(frame.id),
            BusFrame::Fd(frame) => Some(frame.id),
            BusFrame::Remote(frame) => Some(frame.id),
            BusFrame::Error(_) => None,
        }
    }

    /// Its octets: none of a remote frame, which only asks for some.
    pub fn data(&self) -> &[u8] {
        match self {
            BusFrame::Data(frame) => frame.data(),
            BusFrame::Fd(frame) => frame.data(),
            BusFrame::Remote(_) | BusFrame::Error(_) => &[],
        }
    }
}

fn word<const N: usize>(chunk: &[u8; N]) -> u32 {
    u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_have_the_kernels_layout() {
        // candump -L vcan0 shows `213##311223344` and `321#R4` for these (linux/can.h).
        let mut fd = FdFrame::new(CanId::Standard(0x213), &[0x11, 0x22, 0x33, 0x44], 0);
        fd.sender_passive = true;
        let chunk = fd.to_bytes();
        assert_eq!(chunk.len(), 72);
        assert_eq!(&chunk[..4], &0x213_u32.to_ne_bytes());
        assert_eq!(&chunk[4..12], &[4, 3, 0, 0, 0x11, 0x22, 0x33, 0x44]);
        let (id, length) = (CanId::Standard(0x321), 4);
        let chunk = RemoteFrame { id, length }.to_bytes();
        assert_eq!(&chunk[..4], &0x4000_0321_u32.to_ne_bytes());
        assert_eq!(&chunk[4..], &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn data_is_filled_up_to_a_length_that_frames_have() {
        for (octets, length) in [(8, 8), (9, 12), (21, 24), (33, 48), (49, 64), (64, 64)] {
            let frame = FdFrame::new(CanId::Extended(1), &vec![1; octets], 0xcc);
            assert_eq!(frame.data().len(), length);
            assert!(frame.data()[octets..].iter().all(|&octet| octet == 0xcc));
        }
    }

    proptest! {
        #[test]
        fn any_chunk_is_a_frame_that_is_written_as_it_is_read_or_none(
            chunk in prop_oneof![
                proptest::collection::vec(any::<u8>(), 16),
                proptest::collection::vec(any::<u8>(), 72),
                proptest::collection::vec(any::<u8>(), 0..80),
            ],
        ) {
            if let Some(frame) = BusFrame::from_bytes(&chunk) {
                let written = frame.to_bytes();
                prop_assert_eq!(written.len(), chunk.len());
                prop_assert_eq!(BusFrame::from_bytes(&written), Some(frame));
            }
        }
    }
}
