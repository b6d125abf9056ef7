//! The packet error control: CRC-16/IBM-3740 (CCSDS 132.0-B-3, 4.1.6.2: x¹⁶ + x¹² + x⁵ + 1, all
//! ones before it), by the kernel that is fastest for a packet's length.
//!
//! | octets | kernel |
//! |---|---|
//! | up to 15 | one table, octet by octet |
//! | 16 to 319 | sixteen tables, sixteen octets at a time; what does not fill a block comes first, behind zeros |
//! | from 320 | carry-less multiplication (the crate `crc-fast`) on whole blocks, tables before and behind |
//!
//! Table crates take a length that does not divide by sixteen octet by octet at its end; that
//! costs half the rate at 200 octets. Zeros before a message do not change a CRC that begins at
//! zero, so the odd octets are put into a block of their own with zeros in front.

use crc_fast::{CrcAlgorithm, Digest};

/// x¹² + x⁵ + 1, the polynomial without its highest term.
const POLYNOMIAL: u16 = 0x1021;
/// What the register holds at first.
const INITIAL: u16 = 0xffff;
/// Octets of a block of the tables' kernel.
const BLOCK: usize = 16;
/// From here on the set-up of the carry-less kernel pays.
const LONG: usize = 320;
/// What the carry-less kernel takes at a time.
const LANES: usize = 128;
/// How it wants that aligned.
const ALIGNED: usize = 16;

/// `TABLES[n][octet]` is what `octet` adds to the register when `n` octets follow it.
static TABLES: [[u16; 256]; BLOCK] = tables();

const fn tables() -> [[u16; 256]; BLOCK] {
    let mut tables = [[0; 256]; BLOCK];
    let mut octet = 0;
    while octet < 256 {
        let mut register = (octet as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = register & 0x8000 != 0;
            register = (register << 1) ^ if carry { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][octet] = register;
        octet += 1;
    }
    let mut follow = 1;
    while follow < BLOCK {
        let mut octet = 0;
        while octet < 256 {
            let before = tables[follow - 1][octet];
            tables[follow][octet] = (before << 8) ^ tables[0][(before >> 8) as usize];
            octet += 1;
        }
        follow += 1;
    }
    tables
}

/// The packet error control over `octets`.
pub fn pec(octets: &[u8]) -> u16 {
    if octets.len() < LONG {
        return by_tables(INITIAL, octets);
    }
    // A block more before it, so that the odd octets fill one behind zeros.
    let lead = (octets.as_ptr() as usize).wrapping_neg() % ALIGNED + BLOCK;
    let (head, rest) = octets.split_at(lead);
    let (middle, tail) = rest.split_at(rest.len() / LANES * LANES);
    let register = by_tables(INITIAL, head);
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc16Ibm3740, u64::from(register));
    digest.update(middle);
    by_tables(digest.finalize() as u16, tail)
}

#[inline]
fn by_tables(mut register: u16, octets: &[u8]) -> u16 {
    let (mut odd, mut rest) = octets.split_at(octets.len() % BLOCK);
    if odd.len() > 1
        && let Some(first) = octets.first_chunk::<BLOCK>()
    {
        // The register goes into the first two octets, then all move behind zeros.
        let block = u128::from_be_bytes(*first) ^ (u128::from(register) << 112);
        let block = block >> (8 * (BLOCK - odd.len()));
        register = by_block(0, &block.to_be_bytes());
        odd = &[];
    }
    for octet in odd {
        register = (register << 8) ^ TABLES[0][usize::from((register >> 8) as u8 ^ octet)];
    }
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        register = by_block(register, block);
        rest = after;
    }
    register
}

/// The two look-ups that wait for the register come last, so that all others are done by then.
#[inline]
fn by_block(register: u16, block: &[u8; BLOCK]) -> u16 {
    let mut sum = 0;
    for (octet, table) in block[2..].iter().rev().zip(&TABLES) {
        sum ^= table[usize::from(*octet)];
    }
    let [first, second] = register.to_be_bytes();
    sum ^ TABLES[14][usize::from(block[1] ^ second)] ^ TABLES[15][usize::from(block[0] ^ first)]
}

#[cfg(test)]
mod tests {
    use crc::{CRC_16_IBM_3740, Crc};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn the_checksum_has_its_check_value() {
        assert_eq!(pec(b"123456789"), 0x29b1);
        assert_eq!(pec(b""), 0xffff);
    }

    #[test]
    fn every_kernel_agrees_with_the_crc_crate_at_every_length_and_place() {
        let reference = Crc::<u16>::new(&CRC_16_IBM_3740);
        let octets: Vec<u8> = (0..2_048_u32).map(|n| (n * n / 7) as u8).collect();
        for length in 0..900 {
            for start in [0, 1, 63, 127] {
                let part = &octets[start..start + length];
                assert_eq!(pec(part), reference.checksum(part), "{length} from {start}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_packet_with_its_checksum_leaves_nothing(octets in proptest::collection::vec(any::<u8>(), 0..700)) {
            let mut packet = octets;
            packet.extend(pec(&packet).to_be_bytes());
            prop_assert_eq!(pec(&packet), 0);
        }
    }
}
