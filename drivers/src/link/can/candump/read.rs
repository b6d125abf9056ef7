//! A line of the log to a frame, at about the cost of looking at each character once.

use super::MOST_OCTETS;
use super::hex::{decimal, nibble, octets};
use crate::link::can::{BusFrame, CanFrame, CanId, FdFrame, RemoteFrame};

/// Mask of a 29-bit identifier (`CAN_EFF_MASK`).
const EXTENDED_MASK: u32 = 0x1fff_ffff;
/// Identifier flag: error frame (`CAN_ERR_FLAG`).
const ERROR: u32 = 0x2000_0000;

/// What a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A data frame of CAN 2.0.
    Data,
    /// A CAN FD frame with these flags (`CANFD_BRS` 1, `CANFD_ESI` 2).
    Fd(u8),
    /// A remote frame that asks for so many octets.
    Remote(u8),
    /// No frame of the bus, but what the controller tells of errors, with the classes of
    /// `linux/can/error.h`.
    Error(u32),
}

/// Which way a frame went, where the log has it (`candump -x`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It was received.
    Received,
    /// It was sent.
    Sent,
}

/// A line that is not of the log's form, and what was expected in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {}: expected {expected}", .at + 1)]
pub struct Malformed {
    /// Octets of the line that are of the form.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
}

/// Reads lines, each into the place of the one before.
#[derive(Clone, Debug)]
pub struct LogReader {
    /// Microseconds since 1970-01-01T00:00:00 UTC.
    pub micros: i64,
    /// Octets of the line with the time, without the parentheses.
    pub time: (usize, usize),
    /// Octets of the line with the interface's name.
    pub interface: (usize, usize),
    /// The identifier; of an error frame nothing that means anything.
    pub id: CanId,
    /// What the line shows.
    pub kind: Kind,
    /// Which way it went.
    pub direction: Option<Direction>,
    length: usize,
    // Hexadecimal digits are read by eight, so the last four octets may be written in vain.
    octets: [u8; MOST_OCTETS],
}

impl Default for LogReader {
    fn default() -> LogReader {
        LogReader {
            micros: 0,
            time: (0, 0),
            interface: (0, 0),
            id: CanId::Standard(0),
            kind: Kind::Data,
            direction: None,
            length: 0,
            octets: [0; MOST_OCTETS],
        }
    }
}

impl LogReader {
    /// The frame's octets.
    pub fn data(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    /// The frame as a link carries it; `None` for an error frame whose classes the kernel does not
    /// have.
    pub fn frame(&self) -> Option<BusFrame> {
        let id = self.id;
        Some(match self.kind {
            Kind::Data => BusFrame::Data(CanFrame::new(id, self.data())),
            Kind::Fd(flags) => {
                let mut frame = FdFrame::new(id, self.data(), 0);
                frame.bit_rate_switch = flags & 1 != 0;
                frame.sender_passive = flags & 2 != 0;
                BusFrame::Fd(frame)
            }
            Kind::Remote(length) => BusFrame::Remote(RemoteFrame { id, length }),
            Kind::Error(classes) => {
                let mut chunk = [0; 16];
                chunk[..4].copy_from_slice(&(classes | ERROR).to_ne_bytes());
                chunk[4] = self.length as u8;
                chunk[8..8 + self.length].copy_from_slice(self.data());
                return BusFrame::from_bytes(&chunk);
            }
        })
    }

    /// The first eight octets, the first in the lowest eight bits. Behind the frame's end there
    /// are those of frames before.
    pub(crate) fn word(&self) -> u64 {
        let word = self.octets.first_chunk::<8>();
        u64::from_le_bytes(*word.expect("it has 64 octets"))
    }

    /// Reads a line without its end. A carriage return before the end is no part of it.
    ///
    /// # Errors
    /// If the line has not the form; what was read before is lost.
    #[inline]
    pub fn read(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let begin = self.read_time(line)?;
        let length = line[begin..].iter().position(|&octet| octet == b' ');
        let Some(length) = length.filter(|&length| length > 0) else {
            return Err(malformed(begin, "the name of an interface and a space"));
        };
        self.interface = (begin, begin + length);
        self.read_frame(line, begin + length + 1)
    }

    /// Reads `(1700000103.763963) `, and gives where what follows begins.
    fn read_time(&mut self, line: &[u8]) -> Result<usize, Malformed> {
        const DIGITS: &str = "the time in seconds with six decimals, as in `(1700000103.763963)`";
        // Ten digits before the point will do until the year 2286.
        if let Some(head) = line.first_chunk::<20>()
            && (head[0], head[11], head[18], head[19]) == (b'(', b'.', b')', b' ')
        {
            let eight = |at: usize| {
                let digits = head[at..].first_chunk::<8>();
                digits.and_then(|digits| decimal(*digits))
            };
            // Digits 2 to 9; 0 and 1; the last two of the seconds with the point are no number.
            let two = |at: usize| Some((digit(head[at])? * 10 + digit(head[at + 1])?) as u64);
            let micros = [
                head[12], head[13], head[14], head[15], head[16], head[17], b'0', b'0',
            ];
            if let (Some(high), Some(low), Some(micros)) = (two(1), eight(3), decimal(micros)) {
                let seconds = high * 100_000_000 + low;
                self.micros = (seconds * 1_000_000 + micros / 100).cast_signed();
                self.time = (1, 18);
                return Ok(20);
            }
        }
        self.read_any_time(line).ok_or(malformed(0, DIGITS))
    }

    #[cold]
    fn read_any_time(&mut self, line: &[u8]) -> Option<usize> {
        let inner = line.strip_prefix(b"(")?;
        let end = inner.iter().position(|&octet| octet == b')')?;
        if inner.get(end + 1) != Some(&b' ') {
            return None;
        }
        let text = std::str::from_utf8(&inner[..end]).ok()?;
        let (seconds, fraction) = text.split_once('.')?;
        let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        // Nanoseconds are what `candump -N` writes.
        if !matches!(fraction.len(), 6 | 9) || !is_number(fraction) || !is_number(seconds) {
            return None;
        }
        let micros = fraction[..6].parse::<i64>().ok()?;
        let seconds = seconds.parse::<i64>().ok()?;
        self.micros = seconds.checked_mul(1_000_000)?.checked_add(micros)?;
        self.time = (1, 1 + end);
        Some(end + 3)
    }

    /// Reads `ID#DATA` and what may follow.
    fn read_frame(&mut self, line: &[u8], begin: usize) -> Result<(), Malformed> {
        const ID: &str = "an identifier of three or eight hexadecimal digits and `#`";
        let text = &line[begin..];
        let bad_id = malformed(begin, ID);
        let (behind, is_error) = if let [a, b, c, b'#', ..] = *text {
            let digits = [a, b, c].map(nibble);
            let [Some(a), Some(b), Some(c)] = digits else {
                return Err(bad_id);
            };
            let id = u16::from(a) << 8 | u16::from(b) << 4 | u16::from(c);
            if id > 0x7ff {
                return Err(malformed(
                    begin,
                    "an identifier of at most 7FF, or of eight digits",
                ));
            }
            self.id = CanId::Standard(id);
            (begin + 4, None)
        } else {
            let digits = text.first_chunk::<9>().filter(|digits| digits[8] == b'#');
            let digits = digits.and_then(|digits| digits.first_chunk::<8>());
            let word = digits.and_then(|digits| octets(*digits)).ok_or(bad_id)?;
            let word = word.swap_bytes();
            let is_error = word & ERROR != 0;
            if !is_error && word > EXTENDED_MASK {
                return Err(malformed(begin, "an identifier of at most 1FFFFFFF"));
            }
            self.id = CanId::Extended(word & EXTENDED_MASK);
            (begin + 9, is_error.then_some(word & EXTENDED_MASK))
        };
        let (rest, direction) = match line[behind..] {
            [ref rest @ .., b' ', b'R'] => (rest, Some(Direction::Received)),
            [ref rest @ .., b' ', b'T'] => (rest, Some(Direction::Sent)),
            ref rest => (rest, None),
        };
        self.direction = direction;
        self.read_content(rest, behind, is_error)
    }

    fn read_content(
        &mut self,
        text: &[u8],
        at: usize,
        error: Option<u32>,
    ) -> Result<(), Malformed> {
        match (text, error) {
            ([b'R', rest @ ..], None) => {
                self.length = 0;
                self.kind = Kind::Remote(match rest {
                    [] => 0,
                    [length @ b'0'..=b'8'] => length - b'0',
                    _ => return Err(malformed(at + 1, "a length of 0 to 8, or nothing")),
                });
                Ok(())
            }
            ([b'#', rest @ ..], None) => {
                let flags = rest.first().and_then(|&digit| nibble(digit));
                let Some(flags) = flags else {
                    return Err(malformed(at + 1, "the flags of a CAN FD frame, one digit"));
                };
                self.kind = Kind::Fd(flags);
                self.read_octets(&rest[1..], at + 2, MOST_OCTETS)
            }
            (text, error) => {
                self.kind = error.map_or(Kind::Data, Kind::Error);
                self.read_octets(text, at, 8)
            }
        }
    }

    #[inline]
    fn read_octets(&mut self, digits: &[u8], at: usize, most: usize) -> Result<(), Malformed> {
        const OCTETS: &str = "pairs of hexadecimal digits to the end, or ` R`, or ` T`";
        if digits.len() > 2 * most {
            let what = if most == 8 {
                "at most 8 octets"
            } else {
                "at most 64 octets"
            };
            return Err(malformed(at + 2 * most, what));
        }
        self.length = digits.len() / 2;
        let (eights, rest) = digits.as_chunks::<8>();
        let (fours, _) = self.octets.as_chunks_mut::<4>();
        for (four, eight) in fours.iter_mut().zip(eights) {
            let Some(word) = octets(*eight) else {
                return Err(malformed(at, OCTETS));
            };
            *four = word.to_le_bytes();
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        let begin = eights.len() * 4;
        for (n, pair) in pairs.iter().enumerate() {
            let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else {
                return Err(malformed(at, OCTETS));
            };
            self.octets[begin + n] = high << 4 | low;
        }
        if odd.is_empty() {
            Ok(())
        } else {
            Err(malformed(at + digits.len() - 1, OCTETS))
        }
    }
}

fn digit(digit: u8) -> Option<u32> {
    digit.is_ascii_digit().then(|| u32::from(digit - b'0'))
}

fn malformed(at: usize, expected: &'static str) -> Malformed {
    Malformed { at, expected }
}
