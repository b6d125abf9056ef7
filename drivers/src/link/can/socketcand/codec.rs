//! The words of socketcand (doc/protocol.md of its sources): each between `< ` and ` >`, on one TCP
//! stream.

use std::fmt::Write as _;

use crate::link::can::{BusFrame, CanFrame, CanId, Classes, ErrorFrame, FdFrame};

/// Longest word: a CAN FD frame with each octet by itself, and some to spare.
const LONGEST: usize = 512;

/// What is said between `<` and `>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A frame that was on the bus, and when by the server's clock, µs since 1970.
    Frame(BusFrame, Option<u64>),
    /// A frame that is to be sent.
    Send(BusFrame),
    /// Something else: `hi`, `ok`, `open can0`, `rawmode`, `echo`, `error …`.
    Other(String),
    /// So many octets that are no word.
    Noise(usize),
}

/// Cuts what comes into words.
#[derive(Clone, Debug, Default)]
pub struct SocketcandDecoder {
    word: Vec<u8>,
    open: bool,
    noise: usize,
}

impl SocketcandDecoder {
    /// Takes octets as they come, in pieces of any size.
    pub fn push(&mut self, octets: &[u8], mut sink: impl FnMut(Word)) {
        for &octet in octets {
            match (octet, self.open) {
                (b'<', open) => {
                    // One that begins inside another: the other never ended.
                    self.noise += if open { self.word.len() + 1 } else { 0 };
                    self.flush(&mut sink);
                    self.word.clear();
                    self.open = true;
                }
                (b'>', true) => {
                    sink(read(&self.word));
                    self.word.clear();
                    self.open = false;
                }
                (octet, true) if self.word.len() < LONGEST => self.word.push(octet),
                (_, true) => {
                    self.noise += self.word.len() + 2;
                    self.word.clear();
                    self.open = false;
                }
                // Between words there may be blanks and ends of lines.
                (octet, false) if octet.is_ascii_whitespace() || octet == 0 => {}
                (_, false) => self.noise += 1,
            }
        }
        if !self.open {
            self.flush(&mut sink);
        }
    }

    fn flush(&mut self, sink: &mut impl FnMut(Word)) {
        if self.noise > 0 {
            sink(Word::Noise(self.noise));
            self.noise = 0;
        }
    }
}

fn read(word: &[u8]) -> Word {
    let Ok(text) = std::str::from_utf8(word) else {
        return Word::Noise(word.len() + 2);
    };
    let text = text.trim();
    let mut parts = text.split_ascii_whitespace();
    let known = match parts.next() {
        Some("frame") => heard(&mut parts).map(|(frame, at)| Word::Frame(frame, at)),
        Some("fdframe") => heard_fd(&mut parts).map(|(frame, at)| Word::Frame(frame, at)),
        Some("send") => to_send(&mut parts, false).map(Word::Send),
        Some("fdsend") => to_send(&mut parts, true).map(Word::Send),
        Some("error") => error(&mut parts).map(|(frame, at)| Word::Frame(frame, at)),
        _ => None,
    };
    known.unwrap_or_else(|| Word::Other(text.to_owned()))
}

/// Eight digits are an identifier of 29 bits, fewer one of 11.
fn identifier(digits: &str) -> Option<CanId> {
    let number = u32::from_str_radix(digits, 16).ok()?;
    if digits.len() > 3 || number > 0x7ff {
        return (number <= 0x1fff_ffff).then_some(CanId::Extended(number));
    }
    Some(CanId::Standard(number as u16))
}

/// `1700000000.000001`
fn time(text: &str) -> Option<u64> {
    let (seconds, micros) = text.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let micros: u64 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

/// Octets in one piece or several: `11223344`, `1 2 a4`.
fn octets<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for part in parts {
        if !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        if part.len() == 1 {
            octets.push(u8::from_str_radix(part, 16).ok()?);
            continue;
        }
        for pair in part.as_bytes().chunks(2) {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            octets.push(u8::from_str_radix(pair, 16).ok()?);
        }
    }
    Some(octets)
}

/// `frame 123 1700000000.000000 11223344`
fn heard<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<(BusFrame, Option<u64>)> {
    let id = identifier(parts.next()?)?;
    let at = time(parts.next()?)?;
    let octets = octets(parts)?;
    let frame = (octets.len() <= 8).then(|| CanFrame::new(id, &octets))?;
    Some((BusFrame::Data(frame), Some(at)))
}

/// `fdframe 123 1 1700000000.000000 11223344`: flags as in `struct canfd_frame`.
fn heard_fd<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<(BusFrame, Option<u64>)> {
    let id = identifier(parts.next()?)?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let at = time(parts.next()?)?;
    Some((fd(id, flags, &octets(parts)?)?, Some(at)))
}

fn fd(id: CanId, flags: u8, octets: &[u8]) -> Option<BusFrame> {
    let mut frame = (octets.len() <= 64).then(|| FdFrame::new(id, octets, 0))?;
    frame.bit_rate_switch = flags & 1 != 0;
    frame.sender_passive = flags & 2 != 0;
    Some(BusFrame::Fd(frame))
}

/// `send 123 2 11 22`, `fdsend 123 1 2 11 22`
fn to_send<'a>(parts: &mut impl Iterator<Item = &'a str>, is_fd: bool) -> Option<BusFrame> {
    let id = identifier(parts.next()?)?;
    let flags = if is_fd {
        u8::from_str_radix(parts.next()?, 16).ok()?
    } else {
        0
    };
    let length: usize = parts.next()?.parse().ok()?;
    let octets = octets(parts)?;
    if octets.len() != length || (!is_fd && length > 8) {
        return None;
    }
    if is_fd {
        return fd(id, flags, &octets);
    }
    Some(BusFrame::Data(CanFrame::new(id, &octets)))
}

/// `error 004 1700000000.000000`: the class of an error frame, without its details.
fn error<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<(BusFrame, Option<u64>)> {
    let class = u32::from_str_radix(parts.next()?, 16).ok()?;
    let at = time(parts.next()?)?;
    let frame = ErrorFrame {
        classes: Classes(class & 0x1fff_ffff),
        detail: [0; 8],
    };
    parts
        .next()
        .is_none()
        .then_some((BusFrame::Error(frame), Some(at)))
}

/// A frame that was on the bus, as a server tells it. It has no word for remote frames.
pub fn write_heard(frame: &BusFrame, micros: u64) -> Option<String> {
    let time = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    match frame {
        BusFrame::Data(data) => Some(format!(
            "< frame {} {time} {} >",
            data.id,
            joined(data.data())
        )),
        BusFrame::Fd(fd) => {
            let flags = u8::from(fd.bit_rate_switch) | u8::from(fd.sender_passive) << 1;
            let octets = joined(fd.data());
            Some(format!("< fdframe {} {flags:X} {time} {octets} >", fd.id))
        }
        BusFrame::Error(error) => Some(format!("< error {:03X} {time} >", error.classes.0)),
        BusFrame::Remote(_) => None,
    }
}

/// A frame that is to be sent, as a client asks for it. There is no word for remote frames.
pub fn write_send(frame: &BusFrame) -> Option<String> {
    match frame {
        BusFrame::Data(data) => {
            let octets = apart(data.data());
            Some(format!(
                "< send {} {}{octets} >",
                data.id,
                data.data().len()
            ))
        }
        BusFrame::Fd(fd) => {
            let flags = u8::from(fd.bit_rate_switch) | u8::from(fd.sender_passive) << 1;
            let (length, octets) = (fd.data().len(), apart(fd.data()));
            Some(format!("< fdsend {} {flags:X} {length}{octets} >", fd.id))
        }
        BusFrame::Remote(_) | BusFrame::Error(_) => None,
    }
}

fn joined(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _infallible = write!(text, "{octet:02X}");
        text
    })
}

fn apart(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _infallible = write!(text, " {octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> Vec<Word> {
        let mut told = Vec::new();
        SocketcandDecoder::default().push(text.as_bytes(), |word| told.push(word));
        told
    }

    #[test]
    fn the_protocols_examples_are_read() {
        // doc/protocol.md of socketcand: "send CAN frame with ID 123, 4 bytes of data".
        let data = |id, octets: &[u8]| BusFrame::Data(CanFrame::new(id, octets));
        let frame = data(CanId::Standard(0x123), &[0x11, 0x22, 0x33, 0x44]);
        assert_eq!(said("< send 123 4 11 22 33 44 >"), [Word::Send(frame)]);
        // python-can does not pad octets.
        let frame = data(CanId::Extended(0x123), &[1, 0xa]);
        assert_eq!(said("< send 00000123 2 1 a >"), [Word::Send(frame)]);
        let frame = data(CanId::Standard(0x123), &[0x11, 0x22, 0x33, 0x44]);
        assert_eq!(
            said("< hi >< ok >\n< frame 123 23.424242 11223344 >"),
            [
                Word::Other("hi".to_owned()),
                Word::Other("ok".to_owned()),
                Word::Frame(frame, Some(23_424_242)),
            ]
        );
        let refused = "< error could not open bus >";
        assert_eq!(
            said(refused),
            [Word::Other("error could not open bus".to_owned())]
        );
        assert_eq!(
            said("x< open can0 >"),
            [Word::Noise(1), Word::Other("open can0".to_owned())]
        );
        let error = said("< error 040 1.5 >");
        let [Word::Frame(BusFrame::Error(frame), Some(1_500_000))] = error.as_slice() else {
            panic!("{error:?}");
        };
        assert!(frame.is_bus_off());
    }

    #[test]
    fn a_word_that_is_none_is_kept_as_it_is() {
        assert_eq!(
            said("< send 123 4 11 22 >< send 1 9 1 2 3 4 5 6 7 8 9 >"),
            [
                Word::Other("send 123 4 11 22".to_owned()),
                Word::Other("send 1 9 1 2 3 4 5 6 7 8 9".to_owned()),
            ]
        );
        let long = format!("< {} >< ok >", "x".repeat(600));
        assert_eq!(said(&long).last(), Some(&Word::Other("ok".to_owned())));
    }

    proptest! {
        #[test]
        fn frames_come_back(
            id in prop_oneof![
                (0..0x800_u16).prop_map(CanId::Standard),
                (0..0x2000_0000_u32).prop_map(CanId::Extended)
            ],
            octets in proptest::collection::vec(any::<u8>(), 0..=64),
            is_fd: bool,
            micros in 0..4_000_000_000_000_000_u64,
        ) {
            let frame = if is_fd {
                BusFrame::Fd(FdFrame::new(id, &octets, 0))
            } else {
                BusFrame::Data(CanFrame::new(id, &octets[..octets.len().min(8)]))
            };
            let text = write_heard(&frame, micros).unwrap();
            prop_assert_eq!(said(&text), [Word::Frame(frame, Some(micros))]);
            prop_assert_eq!(said(&write_send(&frame).unwrap()), [Word::Send(frame)]);
        }

        #[test]
        fn any_octets_do_no_harm(octets in proptest::collection::vec(
            prop_oneof![Just(b'<'), Just(b'>'), Just(b' '), b'0'..=b'9', any::<u8>()], 0..600)) {
            let mut decoder = SocketcandDecoder::default();
            decoder.push(&octets, |_| {});
            let mut told = Vec::new();
            decoder.push(b"> < ok >", |word| told.push(word));
            prop_assert_eq!(told.pop(), Some(Word::Other("ok".to_owned())));
        }
    }
}
