//! Consistent Overhead Byte Stuffing (Cheshire and Baker 1999), each frame ended by a zero octet.
//!
//! A zero appears nowhere else, so that damage reaches no further than the next delimiter.

use profiles::reading::{Damage, DamageKind};

/// Longest run that one code octet announces.
const LONGEST_RUN: usize = 254;

/// What stood between two delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// A frame.
    Frame {
        /// Its content, decoded.
        content: &'a [u8],
        /// Octets it took on the line, with its delimiter.
        octets: u32,
    },
    /// Octets that are no frame, with their delimiter.
    Damaged(Damage),
    /// A delimiter with nothing before it: some senders put one before each frame, too.
    Filler,
}

/// Takes a stream apart into frames, whatever its chunks.
#[derive(Clone, Debug)]
pub struct CobsDecoder {
    /// Encoded octets since the last delimiter, while they may still be a frame.
    encoded: Vec<u8>,
    content: Vec<u8>,
    limit: usize,
    /// Octets of a frame that is too long, not yet told as damage.
    skipped: usize,
    skipping: bool,
}

impl CobsDecoder {
    /// A decoder of frames of at most `limit` encoded octets, the delimiter not counted.
    pub fn new(limit: usize) -> CobsDecoder {
        CobsDecoder {
            encoded: Vec::with_capacity(limit),
            content: Vec::with_capacity(limit),
            limit,
            skipped: 0,
            skipping: false,
        }
    }

    /// Takes a chunk of any length and tells what it completes.
    pub fn push(&mut self, mut chunk: &[u8], mut sink: impl FnMut(Framed<'_>)) {
        while let Some(end) = chunk.iter().position(|&octet| octet == 0) {
            let (head, rest) = chunk.split_at(end);
            chunk = &rest[1..];
            if !self.skipping && self.encoded.is_empty() && head.len() <= self.limit {
                // The common case, without a copy: the whole frame is in this chunk.
                sink(decode(head, &mut self.content));
            } else {
                self.gather(head, &mut sink);
                self.finish(&mut sink);
            }
        }
        self.gather(chunk, &mut sink);
    }

    /// Octets taken but not told yet.
    pub fn pending(&self) -> usize {
        self.encoded.len() + self.skipped
    }

    fn gather(&mut self, mut part: &[u8], sink: &mut impl FnMut(Framed<'_>)) {
        if !self.skipping {
            if self.encoded.len() + part.len() <= self.limit {
                self.encoded.extend_from_slice(part);
                return;
            }
            self.skipping = true;
            self.skipped = self.encoded.len();
            self.encoded.clear();
        }
        // A line that never ends its frame is told of once per limit, not only at its end.
        while self.skipped + part.len() > self.limit {
            let told = self.limit + 1;
            part = &part[told - self.skipped..];
            self.skipped = 0;
            sink(damaged(told, DamageKind::TooLong));
        }
        self.skipped += part.len();
    }

    fn finish(&mut self, sink: &mut impl FnMut(Framed<'_>)) {
        if self.skipping {
            sink(damaged(self.skipped + 1, DamageKind::TooLong));
            self.skipping = false;
            self.skipped = 0;
        } else {
            sink(decode(&self.encoded, &mut self.content));
            self.encoded.clear();
        }
    }
}

fn damaged(octets: usize, why: DamageKind) -> Framed<'static> {
    Framed::Damaged(Damage {
        bytes: octets as u32,
        why,
    })
}

/// Decodes what stood before a delimiter into `content`.
fn decode<'a>(encoded: &[u8], content: &'a mut Vec<u8>) -> Framed<'a> {
    let octets = encoded.len() + 1;
    if encoded.is_empty() {
        return Framed::Filler;
    }
    content.clear();
    let mut rest = encoded;
    while let Some((&code, tail)) = rest.split_first() {
        let run = usize::from(code) - 1;
        if run > tail.len() {
            return damaged(octets, DamageKind::Framing);
        }
        let (literal, tail) = tail.split_at(run);
        content.extend_from_slice(literal);
        // A zero is implied after a short run, but not at the end of the frame.
        if run < LONGEST_RUN && !tail.is_empty() {
            content.push(0);
        }
        rest = tail;
    }
    Framed::Frame {
        content,
        octets: octets as u32,
    }
}

/// Appends `content` as a frame, with its delimiter.
pub fn encode(content: &[u8], out: &mut Vec<u8>) {
    let mut runs = content.split(|&octet| octet == 0).peekable();
    while let Some(mut run) = runs.next() {
        while run.len() > LONGEST_RUN || run.len() == LONGEST_RUN && runs.peek().is_some() {
            out.push(0xff);
            out.extend_from_slice(&run[..LONGEST_RUN]);
            run = &run[LONGEST_RUN..];
        }
        // A full last run ends the frame without an empty run behind it.
        out.push(run.len() as u8 + 1);
        out.extend_from_slice(run);
    }
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(limit: usize, stream: &[u8], chunk: usize) -> Vec<String> {
        let mut decoder = CobsDecoder::new(limit);
        let mut told = Vec::new();
        for chunk in stream.chunks(chunk) {
            decoder.push(chunk, |framed| told.push(format!("{framed:?}")));
        }
        told
    }

    #[test]
    fn the_papers_examples() {
        let cases: &[(&[u8], &[u8])] = &[
            (
                &[0x11, 0x22, 0x00, 0x33],
                &[0x03, 0x11, 0x22, 0x02, 0x33, 0],
            ),
            (&[], &[1, 0]),
            (&[0], &[1, 1, 0]),
            (&[0, 0], &[1, 1, 1, 0]),
        ];
        for (content, encoded) in cases {
            let mut out = Vec::new();
            encode(content, &mut out);
            assert_eq!(&out, encoded);
            let mut decoder = CobsDecoder::new(16);
            let mut seen = Vec::new();
            decoder.push(encoded, |framed| {
                if let Framed::Frame { content, octets } = framed {
                    seen.push((content.to_vec(), octets as usize));
                }
            });
            assert_eq!(seen, [(content.to_vec(), encoded.len())]);
        }
    }

    #[test]
    fn a_run_of_254_may_end_in_either_way() {
        let content = [7_u8; 254];
        let mut out = Vec::new();
        encode(&content, &mut out);
        assert_eq!(out.len(), 256, "255 octets and the delimiter");
        let mut longer = out.clone();
        longer.insert(255, 1);
        for encoded in [out, longer] {
            let mut decoder = CobsDecoder::new(300);
            decoder.push(&encoded, |framed| {
                assert!(matches!(framed, Framed::Frame { content: heard, .. } if heard == content));
            });
        }
    }

    #[test]
    fn a_run_beyond_its_frame_is_damage_and_the_next_frame_is_heard() {
        let stream = [9, 1, 2, 0, 2, 5, 0];
        for chunk in 1..=stream.len() {
            insta::allow_duplicates! {
                insta::assert_debug_snapshot!(frames(16, &stream, chunk), @r#"
                [
                    "Damaged(Damage { bytes: 4, why: Framing })",
                    "Frame { content: [5], octets: 3 }",
                ]
                "#);
            }
        }
    }

    #[test]
    fn an_endless_frame_is_told_in_pieces_whatever_the_chunks() {
        let mut stream = vec![1_u8; 23];
        stream.extend([0, 2, 5, 0]);
        let whole = frames(9, &stream, stream.len());
        assert_eq!(whole.len(), 4, "{whole:?}");
        for chunk in 1..stream.len() {
            assert_eq!(frames(9, &stream, chunk), whole, "chunks of {chunk}");
        }
    }
}
