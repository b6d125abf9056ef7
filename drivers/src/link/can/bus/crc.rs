//! The checksums of CAN, bit by bit, as they are computed on the wire.

/// A checksum under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc {
    width: u32,
    polynomial: u32,
    register: u32,
}

/// CRC-15 of CAN 2.0 (ISO 11898-1:2015, 10.4.2.6): x15 + x14 + x10 + x8 + x7 + x4 + x3 + 1.
pub const CRC_15: Crc = Crc {
    width: 15,
    polynomial: 0x4599,
    register: 0,
};
/// CRC-17 of CAN FD frames of up to 16 octets; its register begins with its top bit set.
pub const CRC_17: Crc = Crc {
    width: 17,
    polynomial: 0x1_685b,
    register: 1 << 16,
};
/// CRC-21 of longer CAN FD frames; its register begins with its top bit set.
pub const CRC_21: Crc = Crc {
    width: 21,
    polynomial: 0x10_2899,
    register: 1 << 20,
};

impl Crc {
    /// The checksum with another beginning.
    #[must_use]
    pub fn from_register(self, register: u32) -> Crc {
        Crc { register, ..self }
    }

    /// Takes one bit.
    pub fn push(&mut self, bit: bool) {
        let top = self.register >> (self.width - 1) & 1 == 1;
        self.register = self.register << 1 & ((1 << self.width) - 1);
        if top != bit {
            self.register ^= self.polynomial;
        }
    }

    /// Its bits.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The checksum of what was taken.
    pub fn value(&self) -> u32 {
        self.register
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_are_those_of_the_catalogue() {
        // Greg Cook's catalogue of parametrised CRC algorithms: CRC-15/CAN, CRC-17/CAN-FD and
        // CRC-21/CAN-FD of `123456789`, with a register of zero.
        for (crc, check) in [(CRC_15, 0x059e), (CRC_17, 0x0_4f03), (CRC_21, 0x0e_d841)] {
            let mut crc = crc.from_register(0);
            for octet in b"123456789" {
                for bit in (0..8).rev() {
                    crc.push(octet >> bit & 1 == 1);
                }
            }
            assert_eq!(crc.value(), check);
        }
    }
}
