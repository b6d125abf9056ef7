//! Space packets (CCSDS 133.0-B-2) and the secondary headers of ECSS-E-ST-70-41C, read with nom
//! and borrowed from where they are.

use nom::combinator::{map_opt, verify};
use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

pub use super::checksum::pec;
use super::time::{Time, time};

/// Octets of a primary header.
pub const PRIMARY_OCTETS: usize = 6;
/// Octets of a telemetry packet's secondary header with a time of [`Time::OCTETS`].
pub const TM_SECONDARY_OCTETS: usize = 7 + Time::OCTETS;
/// Octets of the packet error control at the end of each packet.
pub const PEC_OCTETS: usize = 2;
/// First octet of a telemetry secondary header: PUS version 2, time reference status 0.
const TM_VERSION: u8 = 0x20;
/// First octet of a telecommand secondary header: PUS version 2, and reports wanted of acceptance
/// and completion (the pattern 1001 is the same in either order of the four flags).
const TC_VERSION: u8 = 0x29;

/// Telemetry or telecommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    /// From the spacecraft.
    Telemetry,
    /// To the spacecraft.
    Telecommand,
}

/// A primary header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrimaryHeader {
    /// Telemetry or telecommand.
    pub kind: PacketType,
    /// Whether a secondary header follows.
    pub secondary: bool,
    /// Application process identifier, 11 bits.
    pub apid: u16,
    /// Sequence flags, 2 bits; 3 for an unsegmented packet.
    pub flags: u8,
    /// Sequence count, 14 bits.
    pub count: u16,
    /// Octets of the whole packet, with this header.
    pub octets: usize,
}

/// Reads a primary header of packet version 0.
///
/// # Errors
/// If the input ends too soon or the version is another.
pub fn primary_header(input: &[u8]) -> IResult<&[u8], PrimaryHeader> {
    (verify(be_u16, |word| word >> 13 == 0), be_u16, be_u16)
        .map(|(identification, sequence, length)| PrimaryHeader {
            kind: if identification & 0x1000 == 0 {
                PacketType::Telemetry
            } else {
                PacketType::Telecommand
            },
            secondary: identification & 0x0800 != 0,
            apid: identification & 0x7ff,
            flags: (sequence >> 14) as u8,
            count: sequence & 0x3fff,
            octets: PRIMARY_OCTETS + usize::from(length) + 1,
        })
        .parse(input)
}

/// A telemetry packet with a secondary header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TmPacket<'a> {
    /// Application process.
    pub apid: u16,
    /// Sequence count.
    pub count: u16,
    /// Service type.
    pub service: u8,
    /// Message subtype.
    pub subtype: u8,
    /// Counter of messages of this type.
    pub message: u16,
    /// Whom it is for.
    pub destination: u16,
    /// On-board time.
    pub time: Time,
    /// Its source data.
    pub source: &'a [u8],
}

/// A telecommand packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcPacket<'a> {
    /// Application process.
    pub apid: u16,
    /// Sequence count.
    pub count: u16,
    /// Service type.
    pub service: u8,
    /// Message subtype.
    pub subtype: u8,
    /// Who sends it.
    pub sender: u16,
    /// Its application data.
    pub application: &'a [u8],
}

/// Why a packet is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// It ends before its headers and its checksum.
    Short,
    /// A header or the length field makes no sense.
    Malformed,
    /// The packet error control does not match.
    Checksum,
}

/// Takes a whole packet apart to its primary header and what stands before the checksum, which
/// is right.
fn checked(packet: &[u8]) -> Result<(PrimaryHeader, &[u8]), PacketError> {
    if packet.len() < PRIMARY_OCTETS + PEC_OCTETS {
        return Err(PacketError::Short);
    }
    let (covered, sum) = packet.split_at(packet.len() - PEC_OCTETS);
    if pec(covered).to_be_bytes() != *sum {
        return Err(PacketError::Checksum);
    }
    match primary_header(covered) {
        Ok((data, header)) if header.octets == packet.len() => Ok((header, data)),
        _ => Err(PacketError::Malformed),
    }
}

fn tm_secondary(input: &[u8]) -> IResult<&[u8], (u8, u8, u16, u16, Time)> {
    let version = verify(be_u8, |octet| octet & 0xf0 == TM_VERSION);
    (version, be_u8, be_u8, be_u16, be_u16, time)
        .map(|(_, service, subtype, message, destination, time)| {
            (service, subtype, message, destination, time)
        })
        .parse(input)
}

fn tc_secondary(input: &[u8]) -> IResult<&[u8], (u8, u8, u16)> {
    let version = map_opt(be_u8, |octet| (octet >> 4 == TC_VERSION >> 4).then_some(()));
    (version, be_u8, be_u8, be_u16)
        .map(|((), service, subtype, sender)| (service, subtype, sender))
        .parse(input)
}

impl<'a> TmPacket<'a> {
    /// Reads a whole telemetry packet.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(packet: &'a [u8]) -> Result<TmPacket<'a>, PacketError> {
        TmPacket::of_parts(checked(packet)?)
    }

    /// Reads a whole telemetry packet whose checksum and length a
    /// [`Scanner`](super::scanner::Scanner) has found right. `None` for what [`TmPacket::read`]
    /// takes for malformed.
    ///
    /// Streams go through here: headers have one length, so that one check of it and loads at
    /// known places do what nom does with a check for each field.
    #[inline]
    pub fn read_checked(packet: &'a [u8]) -> Option<TmPacket<'a>> {
        let (head, rest) =
            packet.split_first_chunk::<{ PRIMARY_OCTETS + TM_SECONDARY_OCTETS }>()?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        if head[0] & 0xf8 != 0x08 || head[6] & 0xf0 != TM_VERSION {
            return None;
        }
        let time = Time::from_bytes(head.last_chunk()?)?;
        Some(TmPacket {
            apid: word(0) & 0x7ff,
            count: word(2) & 0x3fff,
            service: head[7],
            subtype: head[8],
            message: word(9),
            destination: word(11),
            time,
            source: rest.split_last_chunk::<PEC_OCTETS>()?.0,
        })
    }

    fn of_parts((header, data): (PrimaryHeader, &'a [u8])) -> Result<TmPacket<'a>, PacketError> {
        if header.kind != PacketType::Telemetry || !header.secondary {
            return Err(PacketError::Malformed);
        }
        let (source, (service, subtype, message, destination, time)) =
            tm_secondary(data).map_err(|_| PacketError::Malformed)?;
        Ok(TmPacket {
            apid: header.apid,
            count: header.count,
            service,
            subtype,
            message,
            destination,
            time,
            source,
        })
    }

    /// Appends the packet as it is on the wire.
    ///
    /// # Panics
    /// If its source data are longer than 65 kB.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let secondary = TM_SECONDARY_OCTETS + self.source.len();
        write_primary(0x0800 | self.apid, self.count, secondary, out);
        out.extend_from_slice(&[TM_VERSION, self.service, self.subtype]);
        out.extend_from_slice(&self.message.to_be_bytes());
        out.extend_from_slice(&self.destination.to_be_bytes());
        out.extend_from_slice(&self.time.to_bytes());
        out.extend_from_slice(self.source);
        write_pec(start, out);
    }
}

impl<'a> TcPacket<'a> {
    /// Reads a whole telecommand packet.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(packet: &'a [u8]) -> Result<TcPacket<'a>, PacketError> {
        let (header, data) = checked(packet)?;
        if header.kind != PacketType::Telecommand || !header.secondary {
            return Err(PacketError::Malformed);
        }
        let (application, (service, subtype, sender)) =
            tc_secondary(data).map_err(|_| PacketError::Malformed)?;
        Ok(TcPacket {
            apid: header.apid,
            count: header.count,
            service,
            subtype,
            sender,
            application,
        })
    }

    /// Appends the packet as it is on the wire; it asks for reports of acceptance and completion.
    ///
    /// # Panics
    /// If its application data are longer than 65 kB.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        write_primary(
            0x1800 | self.apid,
            self.count,
            5 + self.application.len(),
            out,
        );
        out.extend_from_slice(&[TC_VERSION, self.service, self.subtype]);
        out.extend_from_slice(&self.sender.to_be_bytes());
        out.extend_from_slice(self.application);
        write_pec(start, out);
    }
}

fn write_primary(identification: u16, count: u16, data: usize, out: &mut Vec<u8>) {
    let length = u16::try_from(data + PEC_OCTETS - 1)
        .expect("whoever fills a packet keeps to its 16-bit length");
    out.extend_from_slice(&identification.to_be_bytes());
    out.extend_from_slice(&(0xc000 | count & 0x3fff).to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
}

fn write_pec(start: usize, out: &mut Vec<u8>) {
    let sum = pec(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet made by the Python package spacepackets 0.32: TM(3,25) of APID 0x123.
    const SPACEPACKETS: [u8; 24] = [
        0x09, 0x23, 0xc0, 0x05, 0x00, 0x11, 0x20, 0x03, 0x19, 0x00, 0x07, 0x00, 0x00, 0x40, 0x61,
        0xa8, 0x00, 0x00, 0x05, 0xdc, 0x01, 0x02, 0x07, 0x6e,
    ];

    #[test]
    fn an_independent_packet_is_read_and_written() {
        let packet = TmPacket::read(&SPACEPACKETS).unwrap();
        let expected = TmPacket {
            apid: 0x123,
            count: 5,
            service: 3,
            subtype: 25,
            message: 7,
            destination: 0,
            time: Time::DaySegmented {
                day: 25_000,
                millis: 1_500,
            },
            source: &[1, 2],
        };
        assert_eq!(packet, expected);
        let mut out = Vec::new();
        expected.write(&mut out);
        assert_eq!(out, SPACEPACKETS);
    }

    proptest::proptest! {
        #[test]
        fn both_ways_to_read_agree(head in proptest::array::uniform20(proptest::prelude::any::<u8>()), octets in 0..9_usize, known in 0..8_u8) {
            let mut packet = head.to_vec();
            packet.resize(20 + octets, 7);
            // Random headers would nearly always be refused for the same reasons.
            if known & 1 == 0 { packet[0] = 0x08 | packet[0] & 7; }
            if known & 2 == 0 { packet[6] = 0x20 | packet[6] & 15; }
            if known & 4 == 0 { packet[13] = if packet[13] & 1 == 0 { 0x40 } else { 0x1e }; }
            let length = (packet.len() + 2 - 7) as u16;
            packet[4..6].copy_from_slice(&length.to_be_bytes());
            write_pec(0, &mut packet);
            proptest::prop_assert_eq!(TmPacket::read_checked(&packet), TmPacket::read(&packet).ok());
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let mut packet = SPACEPACKETS;
        packet[20] ^= 1;
        assert_eq!(TmPacket::read(&packet), Err(PacketError::Checksum));
        assert_eq!(TmPacket::read(&packet[..7]), Err(PacketError::Short));
        assert_eq!(TcPacket::read(&SPACEPACKETS), Err(PacketError::Malformed));
    }

    #[test]
    fn telecommands_come_back() {
        let packet = TcPacket {
            apid: 0x42,
            count: 16_383,
            service: 17,
            subtype: 1,
            sender: 9,
            application: &[],
        };
        let mut out = Vec::new();
        packet.write(&mut out);
        assert_eq!(out[..11], [0x18, 0x42, 0xff, 0xff, 0, 6, 0x29, 17, 1, 0, 9]);
        assert_eq!(TcPacket::read(&out), Ok(packet));
    }
}
