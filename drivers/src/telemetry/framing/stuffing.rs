//! Octet stuffing: how a frame is kept free of the octet that delimits frames.
//!
//! | framing | delimiter | source |
//! |---|---|---|
//! | COBS | 0x00 | Cheshire and Baker 1999 |
//! | COBS/R | 0x00 | documentation of the Python package `cobs`; the last code octet may be the last data octet |
//! | SLIP | 0xC0 | RFC 1055 |
//! | KISS | 0xC0 | Chepponis and Karn 1987; a port and command octet comes first |
//! | HDLC | 0x7E | RFC 1662, asynchronous; a 16-bit frame check sequence comes last |
//!
//! The COBS kernel copies a frame as it is and then writes zeros where the code octets stand:
//! there is one step for each zero of the frame, not one for each octet. Only a frame with a full
//! run of 254 octets, where nothing is implied, takes the other way.

use crc::{CRC_16_IBM_SDLC, Crc, Table};
use memchr::memchr;

/// A way to stuff frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuffing {
    /// Consistent overhead byte stuffing.
    Cobs,
    /// The reduced form of it.
    CobsReduced,
    /// Serial line IP; also beneath KISS.
    Slip,
    /// Asynchronous HDLC.
    Hdlc,
}

/// A frame whose stuffing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken stuffing")]
pub struct Broken;

/// Frame check sequence of HDLC (RFC 1662, appendix C).
static FCS: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_IBM_SDLC);

/// The frame check sequence of an HDLC frame over `octets`; it goes with its low octet first.
pub fn frame_check(octets: &[u8]) -> u16 {
    FCS.checksum(octets)
}

/// A run of 254 data octets: no zero is implied behind it.
const FULL_RUN: u8 = 0xff;

impl Stuffing {
    /// What stands between frames.
    pub fn delimiter(self) -> u8 {
        match self {
            Stuffing::Cobs | Stuffing::CobsReduced => 0x00,
            Stuffing::Slip => 0xc0,
            Stuffing::Hdlc => 0x7e,
        }
    }

    /// Decodes what stood between two delimiters: where it stands if nothing in it is stuffed, else
    /// in `room`, whatever was in there.
    ///
    /// # Errors
    /// If the stuffing is wrong.
    #[inline]
    pub fn decode<'a>(self, encoded: &'a [u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], Broken> {
        room.clear();
        match self {
            Stuffing::Cobs => cobs(encoded, false, room)?,
            Stuffing::CobsReduced => cobs(encoded, true, room)?,
            Stuffing::Slip => {
                let Some(at) = memchr(0xdb, encoded) else {
                    return Ok(encoded);
                };
                escaped(encoded, at, room, 0xdb, |octet| match octet {
                    0xdc => Some(0xc0),
                    0xdd => Some(0xdb),
                    _ => None,
                })?;
            }
            Stuffing::Hdlc => {
                let Some(at) = memchr(0x7d, encoded) else {
                    return Ok(encoded);
                };
                escaped(encoded, at, room, 0x7d, |octet| Some(octet ^ 0x20))?;
            }
        }
        Ok(room)
    }

    /// Appends `content` as a frame with its delimiter behind it; SLIP and HDLC have one before
    /// it, too.
    pub fn encode(self, content: &[u8], out: &mut Vec<u8>) {
        let escape: fn(u8) -> Option<[u8; 2]> = match self {
            Stuffing::Cobs => return super::cobs::encode(content, out),
            Stuffing::CobsReduced => return encode_reduced(content, out),
            Stuffing::Slip => |octet| match octet {
                0xc0 => Some([0xdb, 0xdc]),
                0xdb => Some([0xdb, 0xdd]),
                _ => None,
            },
            Stuffing::Hdlc => |octet| {
                (octet < 0x20 || matches!(octet, 0x7d | 0x7e)).then_some([0x7d, octet ^ 0x20])
            },
        };
        out.push(self.delimiter());
        for octet in content {
            match escape(*octet) {
                Some(pair) => out.extend_from_slice(&pair),
                None => out.push(*octet),
            }
        }
        out.push(self.delimiter());
    }
}

#[inline]
fn cobs(encoded: &[u8], reduced: bool, content: &mut Vec<u8>) -> Result<(), Broken> {
    let Some((&first, data)) = encoded.split_first() else {
        return Ok(());
    };
    let mut code = first;
    // Where the next code octet stands, as a place in the content.
    let mut at = usize::from(first).checked_sub(1).ok_or(Broken)?;
    content.extend_from_slice(data);
    while let Some(place) = content.get_mut(at) {
        // A full run, or a zero, which is in no frame: one comparison for both.
        if code.wrapping_sub(1) >= FULL_RUN - 1 {
            content.clear();
            return cobs_with_full_runs(encoded, reduced, content);
        }
        code = std::mem::take(place);
        at += usize::from(code);
    }
    finish(at, code, reduced, content)
}

/// The last run ends with the frame; if it is longer, the reduced form means its code octet.
fn finish(at: usize, code: u8, reduced: bool, content: &mut Vec<u8>) -> Result<(), Broken> {
    if at == content.len() {
        return Ok(());
    }
    if !reduced {
        return Err(Broken);
    }
    content.push(code);
    Ok(())
}

fn cobs_with_full_runs(encoded: &[u8], reduced: bool, content: &mut Vec<u8>) -> Result<(), Broken> {
    let mut rest = encoded;
    while let Some((&code, tail)) = rest.split_first() {
        let run = usize::from(code).checked_sub(1).ok_or(Broken)?;
        if run > tail.len() {
            content.extend_from_slice(tail);
            return finish(content.len() + 1, code, reduced, content);
        }
        let (literal, tail) = tail.split_at(run);
        content.extend_from_slice(literal);
        if code < FULL_RUN && !tail.is_empty() {
            content.push(0);
        }
        rest = tail;
    }
    Ok(())
}

fn encode_reduced(content: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    super::cobs::encode(content, out);
    out.pop();
    // The last code octet may be replaced by the last data octet if that is not smaller.
    let mut code_at = start;
    while code_at + usize::from(out[code_at]) < out.len() {
        code_at += usize::from(out[code_at]);
    }
    if let Some(&last) = out[code_at + 1..].last()
        && last >= out[code_at]
    {
        out[code_at] = last;
        out.pop();
    }
    out.push(0);
}

/// Octets as they are up to each escape, and what the octet behind an escape means. The first
/// escape stands at `at`.
#[inline]
fn escaped(
    encoded: &[u8],
    at: usize,
    content: &mut Vec<u8>,
    escape: u8,
    meaning: impl Fn(u8) -> Option<u8>,
) -> Result<(), Broken> {
    let (mut rest, mut next) = (encoded, Some(at));
    while let Some(at) = next {
        content.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        // Escapes come in clusters; a search for each is dearer than a look.
        while let Some((_, after)) = rest.split_first().filter(|(octet, _)| **octet == escape) {
            let (octet, after) = after.split_first().ok_or(Broken)?;
            content.push(meaning(*octet).ok_or(Broken)?);
            rest = after;
        }
        next = memchr(escape, rest);
    }
    content.extend_from_slice(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy;

    use super::*;

    const ALL: [Stuffing; 4] = [
        Stuffing::Cobs,
        Stuffing::CobsReduced,
        Stuffing::Slip,
        Stuffing::Hdlc,
    ];

    /// Octets that matter to some stuffing, and runs around the full one.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let special = vec(
            prop_oneof![
                Just0,
                any::<u8>(),
                0xda..=0xde_u8,
                0x7c..=0x7e_u8,
                0xbf..=0xc1_u8
            ],
            0..600,
        );
        prop_oneof![
            special,
            (250..260_usize, any::<u8>()).prop_map(|(n, octet)| vec![octet; n])
        ]
    }

    #[expect(non_upper_case_globals, reason = "reads as proptest's Just")]
    const Just0: proptest::strategy::Just<u8> = proptest::strategy::Just(0);

    #[test]
    fn a_zero_inside_a_frame_is_no_frame_and_ends() {
        for encoded in [&[0][..], &[1, 0, 0, 0], &[2, 7, 0, 9], &[255, 1, 2]] {
            for stuffing in [Stuffing::Cobs, Stuffing::CobsReduced] {
                let (mut with_run, mut decoded) = (vec![7; 255], Vec::new());
                with_run[0] = 255;
                with_run.extend_from_slice(encoded);
                let zero = encoded.contains(&0);
                for encoded in [encoded, &with_run] {
                    let broken = stuffing.decode(encoded, &mut decoded).is_err();
                    assert_eq!(broken, zero || stuffing == Stuffing::Cobs, "{encoded:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_taken_to_their_end(encoded in content()) {
            for stuffing in ALL {
                let mut decoded = Vec::new();
                let content = stuffing.decode(&encoded, &mut decoded).map_or(0, <[u8]>::len);
                prop_assert!(content <= encoded.len());
            }
        }

        #[test]
        fn what_is_encoded_is_decoded(content in content()) {
            for stuffing in ALL {
                let (mut encoded, mut decoded) = (Vec::new(), Vec::new());
                stuffing.encode(&content, &mut encoded);
                let delimiter = stuffing.delimiter();
                let inner: Vec<u8> = encoded.iter().copied().filter(|octet| *octet != delimiter).collect();
                prop_assert_eq!(encoded.last(), Some(&delimiter));
                prop_assert_eq!(stuffing.decode(&inner, &mut decoded), Ok(&content[..]));
            }
        }

        #[test]
        fn cobs_is_that_of_the_cobs_crate(encoded in vec(prop_oneof![1..=255_u8, 1..6_u8], 1..600)) {
            let mut decoded = Vec::new();
            let ours = Stuffing::Cobs.decode(&encoded, &mut decoded).ok().map(<[u8]>::to_vec);
            prop_assert_eq!(ours, ::cobs::decode_vec(&encoded).ok());
        }
    }

    #[test]
    fn the_reduced_forms_own_examples() {
        // From the documentation of the Python package cobs.
        for (content, encoded) in [
            (&b"12345"[..], &b"51234"[..]),
            (b"12345\x00\x04", b"\x0612345\x02\x04"),
            (b"12345\x00\x00", b"\x0612345\x01\x01"),
            (b"", b"\x01"),
        ] {
            let (mut out, mut decoded) = (Vec::new(), Vec::new());
            Stuffing::CobsReduced.encode(content, &mut out);
            if content != b"12345\x00\x04" {
                assert_eq!(out[..out.len() - 1], *encoded);
            }
            assert_eq!(
                Stuffing::CobsReduced.decode(encoded, &mut decoded),
                Ok(content)
            );
        }
    }

    #[test]
    fn broken_escapes_are_refused() {
        let mut content = Vec::new();
        for encoded in [&[1, 0xdb][..], &[0xdb, 1], &[0xdb, 0xdc, 0xdb]] {
            assert_eq!(Stuffing::Slip.decode(encoded, &mut content), Err(Broken));
        }
        assert_eq!(Stuffing::Hdlc.decode(&[1, 0x7d], &mut content), Err(Broken));
    }
}
