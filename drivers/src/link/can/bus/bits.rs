//! The bits of a frame on the wire (ISO 11898-1:2015, 10.4), dominant ones being 0.

use super::super::{BusFrame, CanId, FD_LENGTHS};
use super::crc::{CRC_15, CRC_17, CRC_21, Crc};

/// Bits between two frames.
pub const INTERMISSION: u32 = 3;
/// Equal bits behind which a stuff bit of the other value is put.
const RUN: u32 = 5;
/// Acknowledge slot and its delimiter, and the end of frame.
const TAIL: u32 = 2 + 7;

/// How many bits a frame has on the wire, with stuff bits and the intermission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameBits {
    /// Bits at the nominal bit rate.
    pub nominal: u32,
    /// Bits at the second bit rate of CAN FD.
    pub fast: u32,
    /// Stuff bits among them.
    pub stuffed: u32,
}

impl FrameBits {
    /// All bits.
    pub fn total(self) -> u32 {
        self.nominal + self.fast
    }
}

/// What a frame's bits belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// At the nominal bit rate.
    Nominal,
    /// At the second bit rate of CAN FD.
    Fast,
}

/// The bits of a frame from its start to the delimiter of its checksum, and the count of all.
/// `None` for an error frame, which is no frame of the bus.
pub fn frame_bits(frame: &BusFrame, mut tell: impl FnMut(bool, Section)) -> Option<FrameBits> {
    let mut wire = Wire {
        tell: &mut tell,
        section: Section::Nominal,
        count: FrameBits::default(),
        last: true,
        run: 0,
    };
    match frame {
        BusFrame::Data(frame) => wire.classic(frame.id, false, frame.data().len(), frame.data()),
        BusFrame::Remote(frame) => wire.classic(frame.id, true, frame.length.into(), &[]),
        BusFrame::Fd(frame) => {
            let flags = [frame.bit_rate_switch, frame.sender_passive];
            wire.fd(frame.id, flags, frame.data());
        }
        BusFrame::Error(_) => return None,
    }
    wire.count.nominal += TAIL + INTERMISSION;
    Some(wire.count)
}

struct Wire<'a> {
    tell: &'a mut dyn FnMut(bool, Section),
    section: Section,
    count: FrameBits,
    /// The last bit, and how many of its kind there were in a row.
    last: bool,
    run: u32,
}

impl Wire<'_> {
    /// Puts a bit on the wire as it is.
    fn put(&mut self, bit: bool) {
        match self.section {
            Section::Nominal => self.count.nominal += 1,
            Section::Fast => self.count.fast += 1,
        }
        (self.tell)(bit, self.section);
    }

    /// Puts a bit on the wire, and a stuff bit behind five equal ones; gives that one.
    fn stuffed(&mut self, bit: bool) -> Option<bool> {
        self.put(bit);
        self.run = if self.run > 0 && bit == self.last {
            self.run + 1
        } else {
            1
        };
        self.last = bit;
        if self.run < RUN {
            return None;
        }
        self.put(!bit);
        self.count.stuffed += 1;
        (self.last, self.run) = (!bit, 1);
        Some(!bit)
    }

    fn classic(&mut self, id: CanId, remote: bool, length: usize, data: &[u8]) {
        let mut head = vec![false];
        match id {
            // RTR, IDE and r0.
            CanId::Standard(id) => {
                number(id.into(), 11, &mut head);
                head.extend([remote, false, false]);
            }
            // SRR and IDE; RTR, r1 and r0.
            CanId::Extended(id) => {
                number(id >> 18, 11, &mut head);
                head.extend([true, true]);
                number(id & 0x3_ffff, 18, &mut head);
                head.extend([remote, false, false]);
            }
        }
        number(length as u32, 4, &mut head);
        let octets = data.iter().flat_map(|octet| octet_bits(*octet));
        let mut crc = CRC_15;
        for bit in head.into_iter().chain(octets) {
            crc.push(bit);
            self.stuffed(bit);
        }
        for bit in sum_bits(crc) {
            self.stuffed(bit);
        }
        // The delimiter.
        self.put(true);
    }

    fn fd(&mut self, id: CanId, [switch, passive]: [bool; 2], data: &[u8]) {
        let mut head = vec![false];
        match id {
            // RRS and IDE.
            CanId::Standard(id) => {
                number(id.into(), 11, &mut head);
                head.extend([false, false]);
            }
            // SRR, IDE, and RRS behind the rest of the identifier.
            CanId::Extended(id) => {
                number(id >> 18, 11, &mut head);
                head.extend([true, true]);
                number(id & 0x3_ffff, 18, &mut head);
                head.push(false);
            }
        }
        // FDF, res, BRS.
        head.extend([true, false, switch]);
        let mut crc = if data.len() <= 16 { CRC_17 } else { CRC_21 };
        // What is behind the sample point of BRS is sent at the second rate, up to the sample
        // point of the checksum's delimiter. The two parts of bits make one bit of each kind, so
        // BRS counts as nominal and the delimiter as fast.
        for bit in head {
            self.fd_bit(bit, &mut crc, true);
        }
        if switch {
            self.section = Section::Fast;
        }
        let code = FD_LENGTHS
            .iter()
            .position(|&length| usize::from(length) >= data.len());
        let mut rest = vec![passive];
        number(code.unwrap_or(15) as u32, 4, &mut rest);
        rest.extend(data.iter().flat_map(|octet| octet_bits(*octet)));
        let (last, before) = rest.split_last().expect("there is at least the length");
        for &bit in before {
            self.fd_bit(bit, &mut crc, true);
        }
        // The fixed stuff bit in front of the stuff count takes the place of one that is due.
        self.fd_bit(*last, &mut crc, false);
        let count = self.count.stuffed % 8;
        let gray = count ^ count >> 1;
        let mut tail = Vec::new();
        number(gray, 3, &mut tail);
        tail.push(gray.count_ones() % 2 == 1);
        for &bit in &tail {
            crc.push(bit);
        }
        tail.extend(sum_bits(crc));
        let mut before = *last;
        for four in tail.chunks(4) {
            self.put(!before);
            self.count.stuffed += 1;
            for &bit in four {
                self.put(bit);
            }
            before = four[four.len() - 1];
        }
        self.put(true);
        self.section = Section::Nominal;
    }

    /// A bit before the stuff count; stuff bits are part of the checksum there.
    fn fd_bit(&mut self, bit: bool, crc: &mut Crc, may_stuff: bool) {
        crc.push(bit);
        if !may_stuff {
            self.put(bit);
        } else if let Some(stuff) = self.stuffed(bit) {
            crc.push(stuff);
        }
    }
}

/// The lowest `width` bits of a number, the highest of them first.
fn number(number: u32, width: u32, bits: &mut Vec<bool>) {
    bits.extend((0..width).rev().map(|bit| number >> bit & 1 == 1));
}

fn octet_bits(octet: u8) -> impl Iterator<Item = bool> {
    (0..8).rev().map(move |bit| octet >> bit & 1 == 1)
}

fn sum_bits(crc: Crc) -> impl Iterator<Item = bool> {
    (0..crc.width())
        .rev()
        .map(move |bit| crc.value() >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::super::super::{CanFrame, FdFrame, RemoteFrame};
    use super::*;
    use proptest::prelude::*;

    fn wire(frame: &BusFrame) -> (Vec<bool>, FrameBits) {
        let mut bits = Vec::new();
        let count = frame_bits(frame, |bit, _| bits.push(bit)).unwrap();
        (bits, count)
    }

    fn classic() -> impl Strategy<Value = CanFrame> {
        let id = prop_oneof![
            (0_u16..0x800).prop_map(CanId::Standard),
            (0_u32..0x2000_0000).prop_map(CanId::Extended),
        ];
        let octets = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..=8),
            proptest::collection::vec(proptest::sample::select(&[0_u8, 0xff, 0x1f][..]), 0..=8),
        ];
        (id, octets).prop_map(|(id, data)| CanFrame::new(id, &data))
    }

    /// Takes the stuff bits out again, as a receiver does; `None` at six equal bits.
    fn without_stuff(bits: &[bool]) -> Option<Vec<bool>> {
        let (mut out, mut run): (Vec<bool>, Vec<bool>) = (Vec::new(), Vec::new());
        for &bit in bits {
            let is_stuff = run.len() == 5;
            if is_stuff && run[0] == bit {
                return None;
            }
            if run.first().is_some_and(|&first| first != bit) {
                run.clear();
            }
            run.push(bit);
            if !is_stuff {
                out.push(bit);
            }
        }
        Some(out)
    }

    #[test]
    fn frames_without_a_run_have_no_stuff_bits() {
        // 0x555 and 0xAA alternate, so only the length, reserved bits and checksum may be stuffed.
        let (bits, count) = wire(&BusFrame::Data(CanFrame::new(CanId::Standard(0x555), &[])));
        let start: String = bits[..12]
            .iter()
            .map(|&bit| if bit { '1' } else { '0' })
            .collect();
        assert_eq!(start, "010101010101");
        assert_eq!(count.total() - count.stuffed, 47);
        let remote = RemoteFrame {
            id: CanId::Extended(5),
            length: 8,
        };
        let (_, count) = wire(&BusFrame::Remote(remote));
        assert_eq!(count.total() - count.stuffed, 67);
    }

    #[test]
    fn the_longest_frames_are_as_long_as_can_be() {
        // Identifier 0, no data but eight zero octets: SOF to DLC is `0*12 000 1000`, and the
        // first stuff bit stands behind five zeros.
        let (bits, _) = wire(&BusFrame::Data(CanFrame::new(CanId::Standard(0), &[0; 8])));
        assert_eq!(
            bits[..13],
            [
                false, false, false, false, false, true, false, false, false, false, false, true,
                false
            ]
        );
    }

    #[test]
    fn fd_frames_have_fixed_stuff_bits() {
        // 21 bits of stuff count and CRC-17 have 6, 25 bits with CRC-21 have 7.
        for (octets, checksum) in [(8, 21 + 6), (16, 21 + 6), (20, 25 + 7), (64, 25 + 7)] {
            let mut frame = FdFrame::new(CanId::Standard(0x555), &vec![0xaa; octets], 0);
            frame.bit_rate_switch = true;
            let (bits, count) = wire(&BusFrame::Fd(frame));
            // SOF, identifier, RRS, IDE, FDF, res, BRS; ESI, DLC, data.
            let head = 1 + 11 + 5;
            let rest = 1 + 4 + octets as u32 * 8 + checksum + 1;
            let dynamic = count.stuffed - if checksum == 27 { 6 } else { 7 };
            assert_eq!(count.total(), head + rest + dynamic + TAIL + INTERMISSION);
            assert_eq!(bits.len() as u32, head + rest + dynamic);
            assert!(count.nominal <= head + 2 + TAIL + INTERMISSION);
        }
    }

    proptest! {
        #[test]
        fn no_frame_has_six_equal_bits_and_none_is_longer_than_the_worst(frame in classic()) {
            let (bits, count) = wire(&BusFrame::Data(frame));
            let (_delimiter, stuffed) = bits.split_last().unwrap();
            let plain = without_stuff(stuffed);
            prop_assert!(plain.is_some());
            let plain = plain.unwrap();
            prop_assert_eq!(stuffed.len() - plain.len(), count.stuffed as usize);
            // A checksum behind its own frame is zero.
            let mut crc = CRC_15;
            for &bit in &plain {
                crc.push(bit);
            }
            prop_assert_eq!(crc.value(), 0);
            prop_assert!(count.total() <= frame.bits_on_wire());
            let head = match frame.id { CanId::Standard(_) => 47, CanId::Extended(_) => 67 };
            prop_assert_eq!(count.total() - count.stuffed, head + 8 * frame.data().len() as u32);
        }

        #[test]
        fn fd_frames_keep_their_stuff_count(
            id in 0_u16..0x800,
            data in proptest::collection::vec(proptest::sample::select(&[0_u8, 0xff, 0x55][..]), 0..=64),
            switch in any::<bool>(),
        ) {
            let mut frame = FdFrame::new(CanId::Standard(id), &data, 0);
            frame.bit_rate_switch = switch;
            let (bits, count) = wire(&BusFrame::Fd(frame));
            let (sum, fixed) = if frame.data().len() <= 16 { (17, 6) } else { (21, 7) };
            // Behind the dynamic part: a fixed bit, three bits of Gray code, their parity.
            let at = bits.len() - 1 - (4 + sum + fixed);
            let field = &bits[at..bits.len() - 1];
            prop_assert_ne!(field[0], bits[at - 1]);
            for fixed in (5..field.len()).step_by(5) {
                prop_assert_ne!(field[fixed], field[fixed - 1]);
            }
            let gray = field[1..4].iter().fold(0, |gray, &bit| gray << 1 | u32::from(bit));
            let counted = (0..8).find(|count| count ^ count >> 1 == gray);
            prop_assert_eq!(counted, Some((count.stuffed - fixed as u32) % 8));
            let ones = field[1..5].iter().filter(|&&bit| bit).count();
            prop_assert_eq!(ones % 2, 0);
            prop_assert_eq!(count.fast > 0, switch);
        }
    }
}
