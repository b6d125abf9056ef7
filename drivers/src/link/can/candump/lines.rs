//! Lines of a stream, by big reads.

use std::io::{self, Read};

/// Octets read at once.
const READ: usize = 1 << 20;

/// Lines of a stream, as many as are there at a time, in one piece that ends with a line's end.
#[derive(Debug)]
pub struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    /// Octets of the buffer that were given out.
    given: usize,
    /// Octets of the buffer that were read.
    filled: usize,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of `from`.
    pub fn new(from: R) -> Lines<R> {
        Lines {
            from,
            buffer: vec![0; READ],
            given: 0,
            filled: 0,
            ended: false,
        }
    }

    /// The next lines, with their ends; only the last line of all may lack its own. `None` at the
    /// end.
    ///
    /// # Errors
    /// If reading fails.
    pub fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled -= self.given;
        self.given = 0;
        while !self.ended {
            if self.buffer.len() - self.filled < READ / 2 {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            let read = match self.from.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let new = self.filled..self.filled + read;
            self.filled += read;
            if let Some(end) = memchr::memrchr(b'\n', &self.buffer[new.clone()]) {
                self.given = new.start + end + 1;
                return Ok(Some(&self.buffer[..self.given]));
            }
        }
        self.given = self.filled;
        Ok((self.filled > 0).then(|| &self.buffer[..self.filled]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads as little at a time as it likes.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(into.len());
            into[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    proptest! {
        #[test]
        fn pieces_are_whole_lines_and_all_of_the_stream(
            text in "[ab\n]{0,60}",
            drip in 1_usize..9,
        ) {
            let mut lines = Lines::new(Drip(text.as_bytes(), drip));
            let mut heard = Vec::new();
            while let Some(piece) = lines.next_piece().unwrap() {
                prop_assert!(!piece.is_empty());
                heard.extend_from_slice(piece);
                prop_assert!(piece.ends_with(b"\n") || heard.len() == text.len());
            }
            prop_assert_eq!(heard, text.as_bytes());
        }
    }
}
