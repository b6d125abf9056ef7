//! Parquet's hybrid of run lengths and packed bits (`Encodings.md`, "RLE/Bit-Packing Hybrid"):
//! which rows have a value, and places in a dictionary.

use super::column::Present;
use super::thrift::varint;

/// A run of at least this many equal values is written as one.
const RUN: usize = 8;

/// Definition levels of a nullable column with their length in front: 1 is a value, 0 none.
pub(super) fn definition(present: Present<'_>, rows: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    match present {
        Present::All => run(1, rows, 1, out),
        Present::Runs(runs) => {
            for &(length, there) in runs {
                run(u32::from(there), length, 1, out);
            }
        }
        Present::Each(rows) => hybrid(rows.iter().map(|&there| u32::from(there)), 1, out),
    }
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Bits that hold every number up to `most`.
pub(super) fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

fn run(value: u32, length: usize, width: u32, out: &mut Vec<u8>) {
    if length == 0 {
        return;
    }
    varint((length as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Values of `width` bits as they come: long runs as runs, the rest packed in groups of eight.
pub(super) fn hybrid(values: impl Iterator<Item = u32>, width: u32, out: &mut Vec<u8>) {
    let mut packed: Vec<u32> = Vec::new();
    let (mut last, mut length) = (0, 0);
    for value in values {
        if length > 0 && value == last {
            length += 1;
            continue;
        }
        settle(last, length, width, &mut packed, out);
        (last, length) = (value, 1);
    }
    settle(last, length, width, &mut packed, out);
    pack(&mut packed, width, out);
}

/// Writes a stretch of equal values, or puts it behind what is to be packed. Packed groups but
/// the last are of eight, so a run lends them what they lack.
fn settle(value: u32, mut length: usize, width: u32, packed: &mut Vec<u32>, out: &mut Vec<u8>) {
    let lent = length.min((RUN - packed.len() % RUN) % RUN);
    if length - lent < RUN {
        packed.extend(std::iter::repeat_n(value, length));
        return;
    }
    packed.extend(std::iter::repeat_n(value, lent));
    length -= lent;
    pack(packed, width, out);
    run(value, length, width, out);
}

/// Writes what is to be packed, least significant bit first; the last group is filled with zeros.
fn pack(packed: &mut Vec<u32>, width: u32, out: &mut Vec<u8>) {
    if packed.is_empty() {
        return;
    }
    let groups = packed.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    packed.resize(groups * 8, 0);
    let (mut bits, mut held) = (0_u64, 0);
    for value in packed.drain(..) {
        bits |= u64::from(value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads the hybrid as the specification says, without anything of the writer.
    fn read(mut bytes: &[u8], width: u32) -> Vec<u32> {
        let mut values = Vec::new();
        while !bytes.is_empty() {
            let (mut head, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                head |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if head & 1 == 0 {
                let octets = width.div_ceil(8) as usize;
                let mut value = [0; 4];
                value[..octets].copy_from_slice(&bytes[..octets]);
                bytes = &bytes[octets..];
                let value = u32::from_le_bytes(value);
                values.extend(std::iter::repeat_n(value, (head >> 1) as usize));
            } else {
                let count = (head >> 1) as usize * 8;
                for n in 0..count {
                    values.push((0..width as usize).fold(0, |value, bit| {
                        let at = n * width as usize + bit;
                        value | u32::from(bytes[at / 8] >> (at % 8) & 1) << bit
                    }));
                }
                bytes = &bytes[count * width as usize / 8..];
            }
        }
        values
    }

    #[test]
    fn the_specifications_example_is_packed_so() {
        // Encodings.md: the numbers 0 to 7 with three bits are 10001000 11000110 11111010.
        let mut out = Vec::new();
        hybrid(0..8, 3, &mut out);
        assert_eq!(out, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            runs in proptest::collection::vec((0_u32..5, 1_usize..40), 0..20),
            width in 3_u32..12,
        ) {
            let values: Vec<u32> = runs
                .iter()
                .flat_map(|&(value, length)| std::iter::repeat_n(value, length))
                .collect();
            let mut out = Vec::new();
            hybrid(values.iter().copied(), width, &mut out);
            let heard = read(&out, width);
            prop_assert_eq!(&heard[..values.len()], &values[..]);
            prop_assert!(heard[values.len()..].iter().all(|&filled| filled == 0));
            prop_assert!(heard.len() < values.len() + 8);
        }

        #[test]
        fn rows_with_values_are_told_alike(runs in proptest::collection::vec((0_usize..30, any::<bool>()), 0..9)) {
            let each: Vec<bool> = runs
                .iter()
                .flat_map(|&(length, there)| std::iter::repeat_n(there, length))
                .collect();
            for present in [Present::Each(&each), Present::Runs(&runs)] {
                let mut out = Vec::new();
                definition(present, each.len(), &mut out);
                let (length, levels) = out.split_at(4);
                prop_assert_eq!(length, (levels.len() as u32).to_le_bytes());
                let heard: Vec<bool> = read(levels, 1).into_iter().map(|level| level == 1).collect();
                prop_assert_eq!(&heard[..each.len()], &each[..]);
            }
        }
    }
}
