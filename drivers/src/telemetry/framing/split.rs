//! Cuts a stream at its delimiters, whatever its chunks, and knows where each piece began.

use memchr::memchr;

/// A piece between two delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Where its first octet stands in the stream.
    pub offset: u64,
    /// Octets it has; more than are in `octets` if it was longer than the limit.
    pub length: u64,
    /// Its octets, without delimiters; at most as many as the limit allows.
    pub octets: &'a [u8],
}

/// Cuts one stream.
#[derive(Clone, Debug)]
pub struct Splitter {
    delimiter: u8,
    /// What stands before the next chunk since the last delimiter, up to the limit.
    held: Vec<u8>,
    /// Octets since the last delimiter, also those that were not kept.
    open: u64,
    /// Octets of the stream taken so far.
    taken: u64,
    limit: usize,
    /// Whether pieces of no octet are told.
    empties: bool,
}

impl Splitter {
    /// A splitter that passes over empty pieces and keeps at most `limit` octets of a piece. Longer ones are told with their
    /// beginning and their length.
    pub fn new(delimiter: u8, limit: usize) -> Splitter {
        Splitter {
            delimiter,
            held: Vec::new(),
            open: 0,
            taken: 0,
            limit,
            empties: false,
        }
    }

    /// A splitter of lines, which tells empty ones, too.
    pub fn lines(limit: usize) -> Splitter {
        Splitter {
            empties: true,
            ..Splitter::new(b'\n', limit)
        }
    }

    /// Takes a chunk of any length and tells the pieces that it ends.
    pub fn push(&mut self, mut chunk: &[u8], mut sink: impl FnMut(Piece<'_>)) {
        while let Some(end) = memchr(self.delimiter, chunk) {
            let (head, rest) = chunk.split_at(end);
            if self.open == 0 && head.len() <= self.limit {
                // The common case, without a copy: the whole piece is in this chunk.
                if self.empties || !head.is_empty() {
                    sink(Piece {
                        offset: self.taken,
                        length: head.len() as u64,
                        octets: head,
                    });
                }
                self.taken += head.len() as u64;
            } else {
                self.hold(head);
                self.tell(&mut sink);
            }
            self.taken += 1;
            chunk = &rest[1..];
        }
        self.hold(chunk);
    }

    /// The stream has ended, and its end is as good as a delimiter.
    pub fn finish(&mut self, mut sink: impl FnMut(Piece<'_>)) {
        if self.open > 0 {
            self.tell(&mut sink);
        }
    }

    /// Octets since the last delimiter.
    pub fn pending(&self) -> u64 {
        self.open
    }

    fn hold(&mut self, part: &[u8]) {
        let room = self.limit - self.held.len();
        self.held.extend_from_slice(&part[..part.len().min(room)]);
        self.open += part.len() as u64;
        self.taken += part.len() as u64;
    }

    fn tell(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        sink(Piece {
            offset: self.taken - self.open,
            length: self.open,
            octets: &self.held,
        });
        self.held.clear();
        self.open = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn pieces(stream: &[u8], chunk: usize, limit: usize) -> Vec<(u64, u64, Vec<u8>)> {
        let mut splitter = Splitter::new(0, limit);
        let mut told = Vec::new();
        let mut sink = |piece: Piece<'_>| {
            told.push((piece.offset, piece.length, piece.octets.to_vec()));
        };
        for chunk in stream.chunks(chunk) {
            splitter.push(chunk, &mut sink);
        }
        splitter.finish(&mut sink);
        told
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(stream in vec(0..4_u8, 0..60), chunk in 1..20_usize, limit in 1..9_usize) {
            let expected: Vec<(u64, u64, Vec<u8>)> = stream
                .split(|octet| *octet == 0)
                .filter(|piece| !piece.is_empty())
                .map(|piece| {
                    let offset = piece.as_ptr() as usize - stream.as_ptr() as usize;
                    (offset as u64, piece.len() as u64, piece[..piece.len().min(limit)].to_vec())
                })
                .collect();
            prop_assert_eq!(pieces(&stream, chunk, limit), expected);
        }
    }
}
