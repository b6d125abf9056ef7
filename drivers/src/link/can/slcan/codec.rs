//! The words of Lawicel adapters (CAN232 and CANUSB manuals, version 1.0, "Commands"), and the ones
//! for CAN FD that `CANable` adapters added: text, and nothing else.
//!
//! A line ends with CR; an adapter refuses with BEL.

use crate::link::can::FD_LENGTHS;
use crate::link::can::{BusFrame, CanFrame, CanId, Classes, ErrorFrame, FdFrame, RemoteFrame};

/// Ends every line; alone it says "done".
pub(super) const CR: u8 = b'\r';
/// "That I will not."
pub(super) const BEL: u8 = 0x07;
/// Longest line: `B`, 8 digits of identifier, one of length, 64 octets, 4 digits of time.
const LONGEST: usize = 1 + 8 + 1 + 128 + 4;

/// What somebody at a serial line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A frame, and the adapter's clock in milliseconds, 0 to 59,999, where it tells it.
    Frame(BusFrame, Option<u16>),
    /// "Done", or "sent": an empty line, `z` or `Z`.
    Done,
    /// "That I will not."
    Refused,
    /// Another line, without its end.
    Line(String),
    /// So many octets that are no line of this language.
    Noise(usize),
}

/// Cuts what comes into lines.
#[derive(Clone, Debug, Default)]
pub struct SlcanDecoder {
    line: Vec<u8>,
    /// Octets of a line that is too long, until its end.
    noise: usize,
}

impl SlcanDecoder {
    /// Takes octets as they come, in pieces of any size.
    pub fn push(&mut self, octets: &[u8], mut sink: impl FnMut(Said)) {
        for &octet in octets {
            match octet {
                CR | BEL if self.noise > 0 => {
                    sink(Said::Noise(self.noise + self.line.len() + 1));
                    self.noise = 0;
                    self.line.clear();
                }
                BEL => {
                    if !self.line.is_empty() {
                        sink(Said::Noise(self.line.len()));
                        self.line.clear();
                    }
                    sink(Said::Refused);
                }
                CR => {
                    sink(read(&self.line));
                    self.line.clear();
                }
                octet => {
                    if self.line.len() == LONGEST {
                        self.noise += self.line.len();
                        self.line.clear();
                    }
                    self.line.push(octet);
                }
            }
        }
    }

    /// Octets that are no line yet.
    pub fn pending(&self) -> usize {
        self.noise + self.line.len()
    }
}

/// Reads one line.
fn read(line: &[u8]) -> Said {
    if line.is_empty() || matches!(line, b"z" | b"Z") {
        return Said::Done;
    }
    let told = match line[0] {
        b't' | b'T' | b'r' | b'R' | b'd' | b'D' | b'b' | b'B' => frame(line),
        // As Linux' driver reads them (drivers/net/can/slcan/slcan-core.c).
        b's' => state(line).map(|frame| (BusFrame::Error(frame), None)),
        b'e' => errors(line).map(|frame| (BusFrame::Error(frame), None)),
        _ => None,
    };
    let text = || {
        std::str::from_utf8(line)
            .ok()
            .filter(|text| printable(text))
    };
    match (told, text()) {
        (Some((frame, stamp)), _) => Said::Frame(frame, stamp),
        (None, Some(text)) => Said::Line(text.to_owned()),
        (None, None) => Said::Noise(line.len() + 1),
    }
}

fn printable(text: &str) -> bool {
    text.bytes()
        .all(|octet| octet.is_ascii_graphic() || octet == b' ')
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number: u32, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(digit)
    })
}

fn octets(digits: &[u8]) -> Option<Vec<u8>> {
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| hex(pair).map(|octet| octet as u8))
        .collect()
}

/// `tIIILDD…`, `TIIIIIIIILDD…`, `rIIIL`, `RIIIIIIIIL`, `dIIIL…` and `bIIIL…` (CAN FD without and with
/// the second bit rate), each with four digits of time or without.
fn frame(line: &[u8]) -> Option<(BusFrame, Option<u16>)> {
    let (&kind, rest) = line.split_first()?;
    let extended = kind.is_ascii_uppercase();
    let digits = if extended { 8 } else { 3 };
    let (id, rest) = rest.split_at_checked(digits)?;
    let id = hex(id)?;
    let id = if extended {
        (id <= 0x1fff_ffff).then_some(CanId::Extended(id))?
    } else {
        (id <= 0x7ff).then_some(CanId::Standard(id as u16))?
    };
    let (length, rest) = rest.split_at_checked(1)?;
    let length = hex(length)? as usize;
    let kind = kind.to_ascii_lowercase();
    let is_fd = matches!(kind, b'd' | b'b');
    let length = if is_fd {
        usize::from(FD_LENGTHS[length])
    } else {
        (length <= 8).then_some(length)?
    };
    let carried = if kind == b'r' { 0 } else { length };
    let (content, stamp) = rest.split_at_checked(2 * carried)?;
    let content = octets(content)?;
    let stamp = match stamp.len() {
        0 => None,
        4 => Some(hex(stamp)? as u16),
        _ => return None,
    };
    let frame = match kind {
        b't' => BusFrame::Data(CanFrame::new(id, &content)),
        b'r' => BusFrame::Remote(RemoteFrame {
            id,
            length: length as u8,
        }),
        kind => {
            let mut frame = FdFrame::new(id, &content, 0);
            frame.bit_rate_switch = kind == b'b';
            BusFrame::Fd(frame)
        }
    };
    Some((frame, stamp))
}

/// `sp130140`: the controller's state, and its counters of errors while receiving and sending.
fn state(line: &[u8]) -> Option<ErrorFrame> {
    let &[_, state, ref counters @ ..] = line else {
        return None;
    };
    let counters = std::str::from_utf8(counters).ok()?;
    if counters.len() != 6 || !counters.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (receiving, sending) = counters.split_at(3);
    let (receiving, sending): (u16, u16) = (receiving.parse().ok()?, sending.parse().ok()?);
    let (class, bits) = match state {
        b'a' => (Classes::CONTROLLER, 0x40),
        b'w' => (Classes::CONTROLLER, warned(receiving, sending, 0x04, 0x08)),
        b'p' => (Classes::CONTROLLER, warned(receiving, sending, 0x10, 0x20)),
        b'b' => (Classes::BUS_OFF, 0),
        _ => return None,
    };
    let mut detail = [0; 8];
    detail[1] = bits;
    (detail[6], detail[7]) = (sending.min(255) as u8, receiving.min(255) as u8);
    Some(ErrorFrame {
        classes: Classes(class.0 | Classes::COUNTERS.0),
        detail,
    })
}

/// Which side has more errors.
fn warned(receiving: u16, sending: u16, while_receiving: u8, while_sending: u8) -> u8 {
    match receiving.cmp(&sending) {
        std::cmp::Ordering::Less => while_sending,
        std::cmp::Ordering::Equal => while_sending | while_receiving,
        std::cmp::Ordering::Greater => while_receiving,
    }
}

/// `e2as`: errors on the bus, a letter for each.
fn errors(line: &[u8]) -> Option<ErrorFrame> {
    let &[_, count, ref kinds @ ..] = line else {
        return None;
    };
    if hex(&[count])? as usize != kinds.len() || kinds.is_empty() {
        return None;
    }
    let (mut classes, mut detail) = (0, [0; 8]);
    for kind in kinds {
        let (class, place, bit) = match kind {
            b'a' => (Classes::NO_ACK, 3, 0x19),
            b'b' => (Classes::PROTOCOL, 2, 0x10),
            b'B' => (Classes::PROTOCOL, 2, 0x08),
            b'c' => (Classes::PROTOCOL, 3, 0x08),
            b'f' => (Classes::PROTOCOL, 2, 0x02),
            b's' => (Classes::PROTOCOL, 2, 0x04),
            b'o' => (Classes::CONTROLLER, 1, 0x01),
            b'O' => (Classes::CONTROLLER, 1, 0x02),
            _ => return None,
        };
        classes |= class.0;
        if class != Classes::CONTROLLER {
            classes |= Classes::BUS_ERROR.0;
        }
        detail[place] |= bit;
    }
    Some(ErrorFrame {
        classes: Classes(classes),
        detail,
    })
}

/// Writes a frame as a line. What a controller tells of errors is no frame that can be sent, and
/// gives nothing.
pub fn write_frame(frame: &BusFrame, stamp: Option<u16>, out: &mut Vec<u8>) {
    let (kind, id, length) = match frame {
        BusFrame::Data(frame) => (b't', frame.id, frame.data().len()),
        BusFrame::Remote(frame) => (b'r', frame.id, usize::from(frame.length)),
        BusFrame::Fd(frame) => {
            let kind = if frame.bit_rate_switch { b'b' } else { b'd' };
            let mut lengths = FD_LENGTHS.iter();
            let fits = |&length: &u8| usize::from(length) >= frame.data().len();
            (kind, frame.id, lengths.position(fits).unwrap_or(15))
        }
        BusFrame::Error(_) => return,
    };
    match id {
        CanId::Standard(id) => {
            out.push(kind);
            out.extend_from_slice(format!("{id:03X}").as_bytes());
        }
        CanId::Extended(id) => {
            out.push(kind.to_ascii_uppercase());
            out.extend_from_slice(format!("{id:08X}").as_bytes());
        }
    }
    out.extend_from_slice(format!("{length:X}").as_bytes());
    for octet in frame.data() {
        out.extend_from_slice(format!("{octet:02X}").as_bytes());
    }
    if let Some(stamp) = stamp {
        out.extend_from_slice(format!("{stamp:04X}").as_bytes());
    }
    out.push(CR);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(octets: &[u8]) -> Vec<Said> {
        let (mut told, mut decoder) = (Vec::new(), SlcanDecoder::default());
        decoder.push(octets, |said| told.push(said));
        assert_eq!(decoder.pending(), 0);
        told
    }

    #[test]
    fn the_manuals_examples_are_read() {
        // CAN232 manual: "t10021133[CR] Sends an 11bit CAN frame with ID=0x100, DLC=2, 11 33".
        let data = |id, octets: &[u8]| BusFrame::Data(CanFrame::new(id, octets));
        let frame = data(CanId::Standard(0x100), &[0x11, 0x33]);
        assert_eq!(said(b"t10021133\r"), [Said::Frame(frame, None)]);
        // "T0000010021133[CR]", and the same with the time behind it.
        let frame = data(CanId::Extended(0x100), &[0x11, 0x33]);
        assert_eq!(said(b"T0000010021133\r"), [Said::Frame(frame, None)]);
        let stamped = [Said::Frame(frame, Some(0x0a1b))];
        assert_eq!(said(b"T00000100211330A1B\r"), stamped);
        // Too few digits, too many octets, an identifier of more than 29 bits.
        for line in ["T000001002113", "t1239112233445566778899", "T20000000000"] {
            let told = said(format!("{line}\r").as_bytes());
            assert_eq!(told, [Said::Line(line.to_owned())]);
        }
        // "r1002[CR]": a remote frame carries no data.
        let (id, length) = (CanId::Standard(0x100), 2);
        let remote = BusFrame::Remote(RemoteFrame { id, length });
        assert_eq!(said(b"r1002\r"), [Said::Frame(remote, None)]);
        assert_eq!(
            said(b"\rz\rZ\r\x07"),
            [Said::Done, Said::Done, Said::Done, Said::Refused]
        );
        assert_eq!(said(b"V1013\r"), [Said::Line("V1013".to_owned())]);
    }

    #[test]
    fn states_and_errors_are_read_as_linux_reads_them() {
        let error = |line: &[u8]| match said(line).as_slice() {
            [Said::Frame(BusFrame::Error(frame), None)] => frame.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(error(b"sp130140\r").starts_with("error passive while sending (error"));
        assert!(error(b"sb256000\r").starts_with("bus off"));
        assert_eq!(error(b"e1s\r"), "stuff error");
        assert_eq!(error(b"e2fO\r"), "transmit buffer overflow, form error");
        assert_eq!(said(b"e3a\r"), [Said::Line("e3a".to_owned())]);
    }

    #[test]
    fn what_is_too_long_is_noise_to_its_end() {
        let mut octets = vec![b'x'; 1_000];
        octets.extend_from_slice(b"\rz\r");
        assert_eq!(said(&octets), [Said::Noise(1_001), Said::Done]);
    }

    fn any_frame() -> impl Strategy<Value = BusFrame> {
        let id = prop_oneof![
            (0..0x800_u16).prop_map(CanId::Standard),
            (0..0x2000_0000_u32).prop_map(CanId::Extended)
        ];
        let octets = proptest::collection::vec(any::<u8>(), 0..=64);
        (id, octets, 0..4_u8).prop_map(|(id, octets, kind)| match kind {
            0 => BusFrame::Remote(RemoteFrame {
                id,
                length: octets.len().min(8) as u8,
            }),
            1 => BusFrame::Data(CanFrame::new(id, &octets[..octets.len().min(8)])),
            kind => {
                let mut frame = FdFrame::new(id, &octets, 0);
                frame.bit_rate_switch = kind == 2;
                BusFrame::Fd(frame)
            }
        })
    }

    proptest! {
        #[test]
        fn frames_come_back(frame in any_frame(), stamp in proptest::option::of(0..60_000_u16)) {
            let mut line = Vec::new();
            write_frame(&frame, stamp, &mut line);
            prop_assert_eq!(said(&line), [Said::Frame(frame, stamp)]);
        }

        #[test]
        fn any_octets_give_the_same_in_any_pieces(
            octets in proptest::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\x07'), Just(b't'), b'0'..=b'9', any::<u8>()], 0..400),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut whole = Vec::new();
            let mut decoder = SlcanDecoder::default();
            decoder.push(&octets, |said| whole.push(said));
            let (head, tail) = octets.split_at(cut.index(octets.len() + 1));
            let (mut parts, mut other) = (Vec::new(), SlcanDecoder::default());
            other.push(head, |said| parts.push(said));
            other.push(tail, |said| parts.push(said));
            prop_assert_eq!(whole, parts);
            prop_assert_eq!(decoder.pending(), other.pending());
        }
    }
}
