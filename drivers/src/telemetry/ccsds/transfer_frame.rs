//! Headers of transfer frames: TM (CCSDS 132.0-B-3, 4.1.2) and AOS (CCSDS 732.0-B-4, 4.1.2),
//! as far as it takes to get at the packets in them.

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u24};
use nom::{IResult, Parser};

/// No packet begins in the frame.
pub const NO_PACKET_BEGINS: u16 = 0x7ff;
/// The frame holds idle data alone.
pub const IDLE: u16 = 0x7fe;
/// Octets of an operational control field.
const OCF_OCTETS: usize = 4;

/// A transfer frame without its error control field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferFrame<'a> {
    /// 0 for TM, 1 for AOS.
    pub version: u8,
    /// Spacecraft.
    pub spacecraft: u16,
    /// Virtual channel.
    pub channel: u8,
    /// Count of the frames of its virtual channel: modulo 256 (TM) or 2²⁴ (AOS).
    pub count: u32,
    /// Where the first packet begins in `packets`, [`NO_PACKET_BEGINS`] or [`IDLE`].
    pub first_header: u16,
    /// Octets of packets.
    pub packets: &'a [u8],
}

impl<'a> TransferFrame<'a> {
    /// Reads a frame whose error control field was right and is cut off.
    pub fn read(frame: &'a [u8]) -> Option<TransferFrame<'a>> {
        let read = match frame.first()? >> 6 {
            0 => tm(frame),
            1 => aos(frame),
            _ => return None,
        };
        read.ok().map(|(_, frame)| frame)
    }

    /// How many frames of the virtual channel are missing between one with the count `before` and
    /// this one.
    pub fn missing_since(&self, before: u32) -> u32 {
        let modulus = if self.version == 0 { 0xff } else { 0xff_ffff };
        self.count.wrapping_sub(before).wrapping_sub(1) & modulus
    }
}

fn tm(frame: &[u8]) -> IResult<&[u8], TransferFrame<'_>> {
    let (rest, (identification, _, count, status)) = (be_u16, be_u8, be_u8, be_u16).parse(frame)?;
    // A secondary header tells its own length: octets behind the first.
    let secondary = if status >> 15 == 0 {
        0
    } else {
        1 + usize::from(rest.first().copied().unwrap_or(0) & 0x3f)
    };
    let (rest, _) = take(secondary).parse(rest)?;
    let control = if identification & 1 == 1 {
        OCF_OCTETS
    } else {
        0
    };
    let (rest, packets) = take(rest.len().saturating_sub(control)).parse(rest)?;
    Ok((
        rest,
        TransferFrame {
            version: 0,
            spacecraft: identification >> 4 & 0x3ff,
            channel: (identification >> 1 & 7) as u8,
            count: u32::from(count),
            first_header: status & 0x7ff,
            packets,
        },
    ))
}

/// Frames with packets (`M_PDU`) and without insert zone or header error control.
fn aos(frame: &[u8]) -> IResult<&[u8], TransferFrame<'_>> {
    let (rest, (identification, count, _, pointer)) =
        (be_u16, be_u24, be_u8, be_u16).parse(frame)?;
    let idle = identification & 0x3f == 0x3f;
    Ok((
        &rest[rest.len()..],
        TransferFrame {
            version: 1,
            spacecraft: identification >> 6 & 0xff,
            channel: (identification & 0x3f) as u8,
            count,
            first_header: if idle { IDLE } else { pointer & 0x7ff },
            packets: rest,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tm_frame_is_read() {
        // Spacecraft 0x123, channel 5, with control field; secondary header of 3 octets.
        let frame = [
            0x12, 0x3b, 7, 200, 0x98, 0x01, 2, 1, 2, 10, 11, 12, 0, 0, 0, 0,
        ];
        let read = TransferFrame::read(&frame).unwrap();
        let expected = TransferFrame {
            version: 0,
            spacecraft: 0x123,
            channel: 5,
            count: 200,
            first_header: 1,
            packets: &[10, 11, 12],
        };
        assert_eq!(read, expected);
        assert_eq!((read.missing_since(199), read.missing_since(201)), (0, 254));
    }

    #[test]
    fn an_aos_frame_is_read() {
        let frame = [0x55, 0x42, 0, 1, 2, 0, 0x07, 0xff, 9, 8];
        let read = TransferFrame::read(&frame).unwrap();
        assert_eq!((read.version, read.spacecraft, read.channel), (1, 0x55, 2));
        assert_eq!((read.count, read.first_header), (258, NO_PACKET_BEGINS));
        assert_eq!(read.packets, [9, 8]);
        assert_eq!(TransferFrame::read(&[0x80; 20]), None);
        assert_eq!(TransferFrame::read(&[0; 3]), None);
    }
}
