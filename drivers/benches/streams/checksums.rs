//! The checksum of packets, length by length.

use drivers::telemetry::ccsds::checksum::pec;

use crate::ccsds::TABLES;
use crate::{compare, way};

/// Each kernel for it on packets of some lengths.
pub(crate) fn all(stream: &[u8]) {
    for octets in [16_usize, 64, 220, 1_024, 65_536] {
        let part = &stream[..4 << 20];
        let each = |sum: fn(&[u8]) -> u16| {
            move || {
                part.chunks_exact(octets)
                    .fold(0, |all, one| all ^ u64::from(sum(one)))
            }
        };
        let ways = vec![
            way("table crate", each(|octets| TABLES.checksum(octets))),
            way(
                "crc-fast crate",
                each(|octets| {
                    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc16Ibm3740, octets) as u16
                }),
            ),
            way("the bench's", each(pec)),
        ];
        compare(
            &format!("checksums of {octets} octets"),
            part.len(),
            ways,
            "table crate",
        );
    }
}
