//! What a line wants beside its settings: pauses between commands, after answers and between
//! characters, and an echo that is not an answer.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use profiles::time::{BenchTime, Period};

use super::{Arrival, LineSpec};
use crate::clock::Clock;
use crate::error::LinkError;

/// How a line wants to be talked to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// Least time from the last character of a command to the first of the next.
    pub gap: Option<Period>,
    /// Least time from the last character heard to the first sent: how long the far end's
    /// transmitter may hold on to two wires.
    pub turnaround: Option<Period>,
    /// Pause after each character that is sent, for devices that read slowly.
    pub byte_gap: Option<Period>,
    /// Whether the adapter hears what it sends, as on two wires: it is taken out of what is heard.
    pub echo: bool,
}

impl Manners {
    /// Whether there is nothing to mind.
    pub fn is_plain(&self) -> bool {
        *self == Manners::default()
    }
}

/// A line on which manners are kept.
#[derive(Debug)]
pub(super) struct Kept {
    manners: Manners,
    clock: Clock,
    /// How long a character is on the wire, µs; 0 where nobody knows.
    byte_us: u64,
    sent_at: BenchTime,
    heard_at: BenchTime,
    /// What was sent and has not come back yet.
    echo: VecDeque<u8>,
}

impl Kept {
    pub(super) fn new(manners: Manners, line: &LineSpec, clock: Clock) -> Kept {
        let byte_us = line.settings().map_or(0, |line| {
            u64::from(line.bits_per_byte()) * 1_000_000 / u64::from(line.baud)
        });
        Kept {
            manners,
            clock,
            byte_us,
            sent_at: BenchTime::ZERO,
            heard_at: BenchTime::ZERO,
            echo: VecDeque::new(),
        }
    }

    pub(super) fn now(&self) -> BenchTime {
        self.clock.now()
    }

    /// When something may be sent that is to be sent at `at`.
    pub(super) fn not_before(&self, at: BenchTime) -> BenchTime {
        let after = |last: BenchTime, pause: Option<Period>| match pause {
            Some(pause) if last > BenchTime::ZERO => last + pause,
            _ => BenchTime::ZERO,
        };
        at.max(after(self.sent_at, self.manners.gap))
            .max(after(self.heard_at, self.manners.turnaround))
    }

    /// The pieces of a chunk that is sent at `at`, and when each is.
    pub(super) fn pieces(&self, at: BenchTime, chunk: &Bytes) -> Vec<(BenchTime, Bytes)> {
        let Some(pause) = self.manners.byte_gap else {
            return vec![(at, chunk.clone())];
        };
        let step = self.byte_us + pause.as_micros();
        let each = (0..chunk.len()).map(|place| {
            let piece = chunk.slice(place..=place);
            (at.plus_micros(place as u64 * step), piece)
        });
        each.collect()
    }

    /// A chunk was handed to the line, the last of it now.
    pub(super) fn sent(&mut self, chunk: &[u8]) {
        self.sent_by(self.clock.now(), chunk);
    }

    fn sent_by(&mut self, at: BenchTime, chunk: &[u8]) {
        let length = if self.manners.byte_gap.is_some() {
            1
        } else {
            chunk.len() as u64
        };
        let from = at.max(self.sent_at);
        self.sent_at = from.plus_micros(self.byte_us * length);
        if self.manners.echo {
            self.echo.extend(chunk);
        }
    }

    /// What is left of an arrival without the echo; `None` if it was nothing else.
    ///
    /// # Errors
    /// If something else came than was sent.
    pub(super) fn heard(&mut self, mut arrival: Arrival) -> Result<Option<Arrival>, LinkError> {
        self.heard_at = arrival.at;
        while let (Some(&sent), Some(&heard)) = (self.echo.front(), arrival.chunk.first()) {
            if sent != heard {
                let rest: Vec<u8> = self.echo.drain(..).collect();
                return Err(LinkError::NoEcho {
                    sent: rest.escape_ascii().to_string(),
                    heard: arrival.chunk.escape_ascii().to_string(),
                });
            }
            self.echo.pop_front();
            arrival.chunk.advance(1);
        }
        Ok((!arrival.chunk.is_empty()).then_some(arrival))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(manners: Manners) -> Kept {
        let link: super::super::LinkSpec = "serial:x@10000".parse().unwrap();
        Kept::new(manners, link.line().unwrap(), Clock::start())
    }

    fn arrival(millis: u64, text: &'static str) -> Arrival {
        let at = BenchTime::from_millis(millis);
        Arrival::new(at, Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn pauses_are_from_the_last_character() {
        let mut line = kept(Manners {
            gap: Some(Period::millis(20)),
            turnaround: Some(Period::millis(3)),
            ..Manners::default()
        });
        let at = BenchTime::from_millis;
        assert_eq!(line.not_before(at(1)), at(1), "the first waits for nothing");
        // Five characters of ten bits at 10,000 baud are 5 ms.
        line.sent_by(at(10), b"READ?");
        assert_eq!(line.not_before(at(12)), at(35));
        line.heard(arrival(40, "1.0")).unwrap();
        assert_eq!(line.not_before(at(40)), at(43));
        assert_eq!(line.not_before(at(50)), at(50));
    }

    #[test]
    fn characters_leave_one_by_one() {
        let line = kept(Manners {
            byte_gap: Some(Period::millis(2)),
            ..Manners::default()
        });
        let pieces = line.pieces(BenchTime::from_millis(1), &Bytes::from_static(b"abc"));
        let told: Vec<(u64, &[u8])> = pieces
            .iter()
            .map(|(at, piece)| (at.as_micros(), piece.as_ref()))
            .collect();
        // One millisecond on the wire and two of pause.
        assert_eq!(told, [(1_000, &b"a"[..]), (4_000, b"b"), (7_000, b"c")]);
    }

    #[test]
    fn an_echo_is_taken_out_in_whatever_pieces_it_comes() {
        let echo = || Manners {
            echo: true,
            ..Manners::default()
        };
        let mut line = kept(echo());
        line.sent_by(BenchTime::from_millis(1), b"READ?\n");
        assert_eq!(line.heard(arrival(2, "REA")), Ok(None));
        let rest = line.heard(arrival(3, "D?\n1.0\n")).unwrap().unwrap();
        assert_eq!(rest.chunk, Bytes::from_static(b"1.0\n"));
        let more = line.heard(arrival(4, "READ?")).unwrap().unwrap();
        assert_eq!(more.chunk, Bytes::from_static(b"READ?"), "nothing is owed");

        let mut line = kept(echo());
        line.sent_by(BenchTime::from_millis(1), b"READ?\n");
        let error = line.heard(arrival(2, "RE1.0")).unwrap_err();
        assert!(error.to_string().contains("where the echo `AD?"), "{error}");
        // What is wrong is told once; the next conversation starts clean.
        assert!(line.heard(arrival(3, "1.0")).unwrap().is_some());
    }
}
