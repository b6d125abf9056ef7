//! Lines, judged and taken apart where they stand.
//!
//! Headers of lines are read with nom. Pairs are read by [`super::value`] in one pass by hand: a
//! line has a dozen of them, and nom's alternatives would look at each three times.

use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::u64 as digits;
use nom::combinator::rest as remaining;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::emptied;
use super::value::{self, Value};

/// A `key=value` pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// Its value.
    pub value: Value<'a>,
    /// Its unit; empty without one.
    pub unit: &'a [u8],
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judged {
    /// Nothing between two line ends.
    Empty,
    /// No frame, or a body that is neither form.
    Malformed,
    /// The checksum is wrong.
    BadChecksum,
    /// Whole.
    Good,
}

/// What a whole line tells.
#[derive(Debug, PartialEq)]
pub enum Told<'a, 'p> {
    /// A `key=value` line.
    Pairs {
        /// Its count.
        count: u64,
        /// Its time, s.
        seconds: f64,
        /// Its pairs, in their order.
        pairs: &'p [Pair<'a>],
    },
    /// An NMEA sentence.
    Sentence {
        /// Who talks: two characters.
        talker: &'a [u8],
        /// What about: three characters.
        kind: &'a [u8],
        /// Its fields, commas between them.
        fields: Option<&'a [u8]>,
    },
}

/// Reads lines; keeps its room from line to line.
#[derive(Debug, Default)]
pub struct LineReader {
    /// Always empty between lines.
    room: Vec<Pair<'static>>,
}

impl LineReader {
    /// Judges a line without its line end, and gives what it tells to `sink` if it is whole.
    pub fn read<'a>(&mut self, line: &'a [u8], sink: impl FnOnce(Told<'a, '_>)) -> Judged {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Judged::Empty;
        }
        let Some((body, sum)) = framed(line) else {
            return Judged::Malformed;
        };
        if exclusive_or(body) != sum {
            return Judged::BadChecksum;
        }
        let mut pairs: Vec<Pair<'a>> = emptied(std::mem::take(&mut self.room), no_pair);
        let judged = match tell(body, &mut pairs) {
            Some(told) => {
                sink(told);
                Judged::Good
            }
            None => Judged::Malformed,
        };
        self.room = emptied(pairs, no_pair);
        judged
    }
}

fn no_pair<'b>(_: Pair<'_>) -> Pair<'b> {
    Pair {
        key: &[],
        value: Value::Null,
        unit: &[],
    }
}

/// What is between `$` and `*`, and the checksum behind it.
#[inline]
fn framed(line: &[u8]) -> Option<(&[u8], u8)> {
    let (body, [b'*', high, low]) = line.strip_prefix(b"$")?.split_last_chunk()? else {
        return None;
    };
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    Some((body, (digit(high)? << 4 | digit(low)?) as u8))
}

/// Eight octets at a time, which the compiler widens further.
#[inline]
fn exclusive_or(octets: &[u8]) -> u8 {
    let (words, rest) = octets.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(0, |sum, word| sum ^ u64::from_ne_bytes(*word));
    let folded = sum.to_ne_bytes().iter().fold(0, |sum, octet| sum ^ octet);
    rest.iter().fold(folded, |sum, octet| sum ^ octet)
}

fn tell<'a, 'p>(body: &'a [u8], pairs: &'p mut Vec<Pair<'a>>) -> Option<Told<'a, 'p>> {
    let Some(rest) = body.strip_prefix(b"K,") else {
        return sentence(body);
    };
    let header: IResult<&[u8], u64> = terminated(digits, tag(",t=")).parse(rest);
    let (rest, count) = header.ok()?;
    let (seconds, unit, taken) = value::read(rest)?;
    let seconds = match seconds {
        Value::Real(seconds) if seconds.is_finite() => seconds,
        Value::Whole(seconds) => seconds as f64,
        _ => return None,
    };
    if !unit.is_empty() {
        return None;
    }
    let mut rest = &rest[taken..];
    while let [b',', after @ ..] = rest {
        let key = key_length(after)?;
        let (value, unit, taken) = value::read(&after[key + 1..])?;
        pairs.push(Pair {
            key: &after[..key],
            value,
            unit,
        });
        rest = &after[key + 1 + taken..];
    }
    rest.is_empty().then_some(Told::Pairs {
        count,
        seconds,
        pairs,
    })
}

/// How long the key is that stands before `=`: `[A-Za-z_][A-Za-z0-9_.]*`.
#[inline]
fn key_length(octets: &[u8]) -> Option<usize> {
    let wordy = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'.');
    let length = octets.iter().position(|octet| !wordy(octet))?;
    let first = octets.first()?;
    (octets[length] == b'=' && length > 0 && !first.is_ascii_digit() && *first != b'.')
        .then_some(length)
}

fn sentence<'a, 'p>(body: &'a [u8]) -> Option<Told<'a, 'p>> {
    let talker = |input: &'a [u8]| -> IResult<&'a [u8], &'a [u8]> {
        take_while_m_n(2, 2, |octet: u8| octet.is_ascii_uppercase()).parse(input)
    };
    let kind = |input: &'a [u8]| -> IResult<&'a [u8], &'a [u8]> {
        let wordy = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit();
        take_while_m_n(3, 3, wordy).parse(input)
    };
    let (rest, (talker, kind)) = (talker, kind).parse(body).ok()?;
    let fields: IResult<&[u8], &[u8]> = preceded(tag(","), remaining).parse(rest);
    let fields = match (rest.is_empty(), fields) {
        (true, _) => None,
        (false, Ok((_, fields))) => Some(fields),
        (false, Err(_)) => return None,
    };
    Some(Told::Sentence {
        talker,
        kind,
        fields,
    })
}
