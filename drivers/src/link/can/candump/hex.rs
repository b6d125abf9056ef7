//! Digits to numbers, eight at a time in one 64-bit register.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// For each octet below 0x80 its top bit: set if the octet is at least `least`.
fn at_least(octets: u64, least: u64) -> u64 {
    octets.wrapping_add((0x80 - least) * ONES) & HIGH
}

/// Four octets from eight hexadecimal digits in either case, the first in the lowest eight bits.
pub(super) fn octets(digits: [u8; 8]) -> Option<u32> {
    let digits = u64::from_le_bytes(digits);
    let low = digits & !HIGH;
    let lower_case = low | (0x20 * ONES);
    let is_digit = at_least(low, 0x30) & !at_least(low, 0x3a);
    let is_letter = at_least(lower_case, 0x61) & !at_least(lower_case, 0x67);
    if (is_digit | is_letter) & !digits & HIGH != HIGH {
        return None;
    }
    // Bit 6 tells letters from digits: `A` is 0x41, and means 9 more than its low four bits.
    let nibbles = (digits & (0x0f * ONES)) + 9 * ((digits >> 6) & ONES);
    let pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((pairs | pairs >> 16) as u32)
}

/// One hexadecimal digit in either case.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The number that eight decimal digits write.
pub(super) fn decimal(digits: [u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(digits);
    let is_digit = at_least(digits & !HIGH, 0x30) & !at_least(digits & !HIGH, 0x3a);
    if is_digit & !digits & HIGH != HIGH {
        return None;
    }
    // Pairs, then fours, then all eight: each step adds ten, a hundred, ten thousand times the
    // left one to the right one.
    let ones = digits & (0x0f * ONES);
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_digits_are_read_as_the_standard_library_reads_them(
            digits in prop_oneof![
                any::<[u8; 8]>(),
                proptest::array::uniform8(proptest::sample::select(b"0123456789abcdefABCDEFgG/:@`".as_slice())),
                proptest::array::uniform8(b'0'..=b'9'),
            ],
        ) {
            let text = std::str::from_utf8(&digits).unwrap_or("no digits");
            let is = |radix| text.chars().all(|digit| digit.is_digit(radix));
            let hex = u32::from_str_radix(text, 16).ok().filter(|_| is(16));
            prop_assert_eq!(octets(digits), hex.map(u32::swap_bytes));
            let number = text.parse::<u64>().ok().filter(|_| is(10));
            prop_assert_eq!(decimal(digits), number);
        }

        #[test]
        fn a_digit_is_read_in_either_case(digit in any::<u8>()) {
            let value = char::from(digit).to_digit(16).filter(|_| digit.is_ascii());
            prop_assert_eq!(nibble(digit).map(u32::from), value);
        }
    }
}
