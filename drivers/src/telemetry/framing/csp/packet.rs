//! CSP packets: a header of four octets (version 1) or six (version 2), and data
//! (`csp_id.c` of libcsp 2.0).

use crc::{CRC_32_ISCSI, Crc};

/// `CSP_FCRC32`: a CRC-32C of four octets follows the data.
const CHECKED: u8 = 0x01;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Which of the two headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Addresses to 31, eight flags.
    One,
    /// Addresses to 16,383, six flags.
    Two,
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// 0 is critical, 3 is low.
    pub priority: u8,
    /// Address of the sender.
    pub source: u16,
    /// Address that it is for.
    pub destination: u16,
    /// Port there, 0 to 63.
    pub port: u8,
    /// Port of the sender, 0 to 63.
    pub from_port: u8,
    /// `CSP_F…`; the bit 0 says that a checksum follows the data.
    pub flags: u8,
    /// Its content, with the checksum where there is one.
    pub content: Vec<u8>,
}

/// What a packet's checksum says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked<'a> {
    /// It has none, or it is right; its data.
    Right(&'a [u8]),
    /// It is wrong, or missing.
    Wrong,
}

impl Version {
    /// Octets of its header.
    pub(super) fn header(self) -> usize {
        match self {
            Version::One => 4,
            Version::Two => 6,
        }
    }
}

impl Packet {
    /// The header's octets.
    pub fn header(&self, version: Version) -> Vec<u8> {
        let (priority, source) = (u64::from(self.priority & 3), u64::from(self.source));
        let destination = u64::from(self.destination);
        let (to, from) = (
            u64::from(self.port & 0x3f),
            u64::from(self.from_port & 0x3f),
        );
        let flags = u64::from(self.flags);
        match version {
            Version::One => {
                let (source, destination) = (source & 0x1f, destination & 0x1f);
                let word = priority << 30 | source << 25 | destination << 20;
                let word = word | to << 14 | from << 8 | flags;
                word.to_be_bytes()[4..].to_vec()
            }
            Version::Two => {
                let (source, destination) = (source & 0x3fff, destination & 0x3fff);
                let word = priority << 46 | destination << 32 | source << 18;
                let word = word | to << 12 | from << 6 | flags & 0x3f;
                word.to_be_bytes()[2..].to_vec()
            }
        }
    }

    /// Reads a header and what follows it; `None` if it is too short.
    pub fn read(version: Version, octets: &[u8]) -> Option<Packet> {
        let (header, content) = octets.split_at_checked(version.header())?;
        let mut word = [0; 8];
        word[8 - header.len()..].copy_from_slice(header);
        let word = u64::from_be_bytes(word);
        let part = |shift: u32, bits: u32| (word >> shift) & ((1 << bits) - 1);
        Some(match version {
            Version::One => Packet {
                priority: part(30, 2) as u8,
                source: part(25, 5) as u16,
                destination: part(20, 5) as u16,
                port: part(14, 6) as u8,
                from_port: part(8, 6) as u8,
                flags: part(0, 8) as u8,
                content: content.to_vec(),
            },
            Version::Two => Packet {
                priority: part(46, 2) as u8,
                destination: part(32, 14) as u16,
                source: part(18, 14) as u16,
                port: part(12, 6) as u8,
                from_port: part(6, 6) as u8,
                flags: part(0, 6) as u8,
                content: content.to_vec(),
            },
        })
    }

    /// Adds a checksum of header and data, as libcsp does since version 2.1, and says so in the
    /// flags.
    pub fn add_checksum(&mut self, version: Version) {
        self.flags |= CHECKED;
        let sum = self.checksum(version, &self.content);
        self.content.extend_from_slice(&sum.to_be_bytes());
    }

    /// Its data without the checksum. Before version 2.1 the checksum covered the data alone, and
    /// like libcsp this takes either.
    pub fn data(&self, version: Version) -> Checked<'_> {
        if self.flags & CHECKED == 0 {
            return Checked::Right(&self.content);
        }
        let Some((data, sum)) = self.content.split_last_chunk::<4>() else {
            return Checked::Wrong;
        };
        let sum = u32::from_be_bytes(*sum);
        if sum == self.checksum(version, data) || sum == CRC.checksum(data) {
            Checked::Right(data)
        } else {
            Checked::Wrong
        }
    }

    pub(super) fn checksum(&self, version: Version, data: &[u8]) -> u32 {
        let mut digest = CRC.digest();
        digest.update(&self.header(version));
        digest.update(data);
        digest.finalize()
    }
}
