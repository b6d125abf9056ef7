//! Channel access data units: frames of one length, each behind an attached sync marker
//! (CCSDS 131.0-B-5, section 9), randomized or not (section 10), with their error control field.
//!
//! A marker is believed if the frame behind it has the right frame error control field; if not,
//! the search goes on at the next octet, so that a marker within data hides nothing.

use memchr::memmem::Finder;

use crate::telemetry::ccsds::checksum::pec;

/// The attached sync marker of an uncoded, convolutional or Reed-Solomon stream.
pub const MARKER: [u8; 4] = [0x1a, 0xcf, 0xfc, 0x1d];

/// Octets of the frame error control field (CCSDS 132.0-B-3, 4.1.6).
pub const FECF_OCTETS: usize = 2;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// A frame whose error control field is right, without marker and that field, derandomized.
    Frame(&'a [u8]),
    /// Octets that belong to none.
    Skipped {
        /// How many.
        octets: usize,
        /// Whether a marker stood at the first of them, with a wrong frame behind it.
        marked: bool,
    },
}

/// Takes a stream apart into frames, whatever its chunks.
#[derive(Clone, Debug)]
pub struct CaduDecoder {
    frame_octets: usize,
    /// What is to be combined with each frame; empty if it is not randomized.
    sequence: Vec<u8>,
    held: Vec<u8>,
    frame: Vec<u8>,
    skipped: usize,
    marked: bool,
    finder: Finder<'static>,
}

/// The pseudo-random sequence of `octets` octets: h(x) = x⁸ + x⁷ + x⁵ + x³ + 1, all ones at first.
pub fn random_sequence(octets: usize) -> Vec<u8> {
    let mut register = 0xff_u8;
    let mut sequence = Vec::with_capacity(octets);
    for _ in 0..octets {
        let mut octet = 0;
        for _ in 0..8 {
            octet = octet << 1 | register >> 7;
            let next = (register >> 7 ^ register >> 4 ^ register >> 2 ^ register) & 1;
            register = register << 1 | next;
        }
        sequence.push(octet);
    }
    sequence
}

impl CaduDecoder {
    /// A decoder of frames of `frame_octets`, marker not counted.
    pub fn new(frame_octets: usize, randomized: bool) -> CaduDecoder {
        CaduDecoder {
            frame_octets,
            sequence: random_sequence(if randomized { frame_octets } else { 0 }),
            held: Vec::new(),
            frame: Vec::new(),
            skipped: 0,
            marked: false,
            finder: Finder::new(&MARKER),
        }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Unit<'_>)) {
        self.held.extend_from_slice(chunk);
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        loop {
            let rest = &held[at..];
            let Some(marker) = self.finder.find(rest) else {
                // The last octets may be the beginning of a marker.
                let sure = rest.len().saturating_sub(MARKER.len() - 1);
                self.skip(sure, false);
                at += sure;
                break;
            };
            self.skip(marker, false);
            at += marker;
            let start = at + MARKER.len();
            let Some(frame) = held.get(start..start + self.frame_octets) else {
                break;
            };
            if self.accept(frame) {
                self.tell(&mut sink);
                sink(Unit::Frame(&self.frame));
                at = start + self.frame_octets;
            } else {
                self.skip(1, true);
                at += 1;
            }
        }
        self.held = held;
        self.held.drain(..at);
    }

    /// The stream has ended. Returns how many octets at its end may begin a frame, but do not.
    pub fn finish(&mut self, mut sink: impl FnMut(Unit<'_>)) -> usize {
        self.tell(&mut sink);
        std::mem::take(&mut self.held).len()
    }

    fn accept(&mut self, raw: &[u8]) -> bool {
        self.frame.clear();
        self.frame.extend_from_slice(raw);
        for (octet, random) in self.frame.iter_mut().zip(&self.sequence) {
            *octet ^= random;
        }
        let covered = self.frame.len().saturating_sub(FECF_OCTETS);
        let right = pec(&self.frame[..covered]).to_be_bytes() == self.frame[covered..];
        self.frame.truncate(covered);
        right
    }

    fn skip(&mut self, octets: usize, marked: bool) {
        if self.skipped == 0 && octets > 0 {
            self.marked = marked;
        }
        self.skipped += octets;
    }

    fn tell(&mut self, sink: &mut impl FnMut(Unit<'_>)) {
        if self.skipped > 0 {
            sink(Unit::Skipped {
                octets: self.skipped,
                marked: self.marked,
            });
            self.skipped = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    const OCTETS: usize = 12;

    fn frame(content: u8) -> Vec<u8> {
        let mut frame = vec![content; OCTETS - FECF_OCTETS];
        frame.extend(pec(&frame).to_be_bytes());
        frame
    }

    fn told(stream: &[u8], chunk: usize, randomized: bool) -> (Vec<String>, usize) {
        let mut decoder = CaduDecoder::new(OCTETS, randomized);
        let (mut told, mut octets) = (Vec::new(), 0);
        let mut sink = |unit: Unit<'_>| {
            octets += match unit {
                Unit::Frame(_) => MARKER.len() + OCTETS,
                Unit::Skipped { octets, .. } => octets,
            };
            told.push(format!("{unit:?}"));
        };
        for chunk in stream.chunks(chunk) {
            decoder.push(chunk, &mut sink);
        }
        let tail = decoder.finish(&mut sink);
        (told, octets + tail)
    }

    #[test]
    fn the_sequence_begins_as_the_standard_prints_it() {
        // CCSDS 131.0-B-5, 10.4.1: 1111 1111 0100 1000 0000 1110 1100 0000 1001 1010 …
        assert_eq!(random_sequence(5), [0xff, 0x48, 0x0e, 0xc0, 0x9a]);
        let long = random_sequence(600);
        assert_eq!(long[..255], long[255..510]);
    }

    #[test]
    fn a_marker_within_a_frame_hides_nothing() {
        let mut stream = vec![9];
        stream.extend(MARKER);
        stream.extend(&frame(1)[..5]);
        stream.extend(MARKER);
        let mut random = frame(2);
        for (octet, with) in random.iter_mut().zip(random_sequence(OCTETS)) {
            *octet ^= with;
        }
        stream.extend(random);
        let expected = [
            "Skipped { octets: 10, marked: false }".to_owned(),
            format!("Frame({:?})", [2; OCTETS - FECF_OCTETS]),
        ];
        assert_eq!(told(&stream, 1, true).0, expected);
        assert_eq!(told(&stream, 99, true).0, expected);
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference_and_no_octet_is_lost(parts in vec((0..4_u8, vec(any::<u8>(), 0..9)), 0..9), chunk in 1..30_usize) {
            let mut stream = Vec::new();
            for (kind, noise) in parts {
                stream.extend(MARKER);
                stream.extend(frame(kind));
                match kind {
                    0 => stream.extend(noise),
                    1 => stream.truncate(stream.len() - noise.len()),
                    _ => {}
                }
            }
            let whole = told(&stream, stream.len().max(1), false);
            prop_assert_eq!(whole.1, stream.len());
            prop_assert_eq!(told(&stream, chunk, false), whole);
        }
    }
}
