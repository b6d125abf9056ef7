//! A CAN bus to the bit: how long frames are on it with their stuff bits, which of several frames
//! goes first, and how full it is. Needs no bus; emulated ones are timed by it.

mod arbitration;
mod bits;
mod confinement;
mod crc;
mod load;
pub(in crate::link) mod node;

pub use arbitration::{Bus, Sent};
pub use bits::{FrameBits, INTERMISSION, Section, frame_bits};
pub use confinement::{BusState, Confinement, Recovery};
pub use crc::{CRC_15, CRC_17, CRC_21, Crc};
pub use load::{BusLoad, Second};

/// The bit rates of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitRates {
    /// Of arbitration, and of frames of CAN 2.0, bit/s.
    pub nominal: u32,
    /// Of the data of CAN FD frames that switch, bit/s.
    pub fast: u32,
}

impl BitRates {
    /// A bus with one bit rate.
    pub fn nominal(bit_rate: u32) -> BitRates {
        BitRates {
            nominal: bit_rate,
            fast: bit_rate,
        }
    }

    /// How long a frame is on the bus, with the intermission behind it, in whole nanoseconds.
    pub fn nanos(self, bits: FrameBits) -> u64 {
        let nanos = |bits: u32, rate: u32| u64::from(bits) * 1_000_000_000 / u64::from(rate.max(1));
        nanos(bits.nominal, self.nominal) + nanos(bits.fast, self.fast)
    }
}
