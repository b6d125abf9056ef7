//! Lines of text with checksums and typed values.

use drivers::telemetry::framing::split::Splitter;
use drivers::telemetry::text::{Judged, LineReader, Told, Value};
use memchr::{memchr, memchr_iter};

use crate::{SEED, compare, way};

const OCTETS: usize = 60_000_000;
const CHUNK: usize = 1 << 16;

/// A dozen pairs a line, of every form; one line in four is a sentence.
fn stream() -> Vec<u8> {
    use std::fmt::Write;
    let (mut numbers, mut text, mut body) = (SEED, String::new(), String::new());
    let keys = [
        "volt.bus", "amp", "temp_mcu", "state", "flags", "x", "rpm", "gps_fix", "msg",
    ];
    for count in 0.. {
        if text.len() > OCTETS {
            break;
        }
        body.clear();
        let time = f64::from(count) * 0.123_456;
        let number = numbers.next() as i32;
        let mut put = |what: std::fmt::Arguments<'_>| body.write_fmt(what).expect("a string");
        if numbers.below(4) == 0 {
            let (degrees, metres) = (numbers.below(18_000), numbers.below(9_000));
            put(format_args!(
                "GPGGA,{count:06}.00,{degrees}.{metres:04},N,0{metres}.2,E,1,08,0.9,{metres}.4,M,46.9,M,,"
            ));
        } else {
            put(format_args!("K,{count},t={time:.6}"));
            for index in 0..4 + numbers.below(12) {
                let key = keys[(index as usize * 5 + count as usize) % keys.len()];
                let small = numbers.below(100_000) as f64 * 1e-3 - 50.0;
                match numbers.below(9) {
                    0 => put(format_args!(",{key}={}", number >> numbers.below(24))),
                    1 | 2 => put(format_args!(",{key}={small:.3}~V")),
                    3 => put(format_args!(",{key}={small:.6}")),
                    4 => put(format_args!(",{key}={:e}", f64::from(number) * 1.1e-9)),
                    5 => put(format_args!(",{key}=0x{:X}", number.unsigned_abs())),
                    6 => put(format_args!(",{key}=true")),
                    7 => put(format_args!(",{key}=\"a,b \\\"c\\\"\"")),
                    _ => put(format_args!(",{key}=IDLE")),
                }
            }
        }
        let sum = body.bytes().fold(0, |sum, octet| sum ^ octet);
        writeln!(text, "${body}*{sum:02X}").expect("a string");
    }
    text.into_bytes()
}

fn exclusive_or(octets: &[u8]) -> u8 {
    let (words, rest) = octets.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(0, |sum, word| sum ^ u64::from_ne_bytes(*word));
    sum.to_ne_bytes()
        .iter()
        .chain(rest)
        .fold(0, |sum, octet| sum ^ octet)
}

/// The loop by hand: believes its input, so that nothing is checked but the checksum.
fn by_hand(stream: &[u8]) -> u64 {
    let (mut good, mut total, mut start) = (0, 0.0, 0);
    let mut values: Vec<(&[u8], f64)> = Vec::new();
    for end in memchr_iter(b'\n', stream) {
        let line = &stream[start..end];
        start = end + 1;
        let star = line.len() - 3;
        let digit = |octet: u8| (octet & 15) + 9 * (octet >> 6);
        if exclusive_or(&line[1..star]) != digit(line[star + 1]) << 4 | digit(line[star + 2]) {
            continue;
        }
        values.clear();
        let mut rest = &line[1..star];
        if !rest.starts_with(b"K,") {
            good += rest.split(|octet| *octet == b',').count() as u64;
            continue;
        }
        rest = &rest[2..];
        while let Some(equals) = memchr(b'=', rest) {
            let key = &rest[..equals];
            rest = &rest[equals + 1..];
            let (value, taken) = value_by_hand(rest);
            values.push((key, value));
            rest = &rest[taken..];
        }
        good += values.len() as u64;
        total += values.first().map_or(0.0, |(_, value)| *value);
    }
    std::hint::black_box(total);
    good
}

fn value_by_hand(rest: &[u8]) -> (f64, usize) {
    if rest.first() == Some(&b'"') {
        let mut at = 1;
        while rest[at] != b'"' {
            at += if rest[at] == b'\\' { 2 } else { 1 };
        }
        return (0.0, at + 1);
    }
    let negative = rest.first() == Some(&b'-');
    let (mut at, mut whole, mut scale, mut point) = (usize::from(negative), 0_u64, 1.0, false);
    while let Some(&octet) = rest.get(at) {
        match octet {
            b'0'..=b'9' => {
                whole = whole.wrapping_mul(10).wrapping_add(u64::from(octet - b'0'));
                scale *= if point { 10.0 } else { 1.0 };
            }
            b'.' => point = true,
            b',' => break,
            _ => {
                let end = memchr(b',', rest).unwrap_or(rest.len());
                let token = &rest[..memchr(b'~', &rest[..end]).unwrap_or(end)];
                let text = std::str::from_utf8(token).unwrap_or("");
                let exact = matches!(octet, b'e') && token[0] != b't';
                let slow = if exact {
                    text.parse().unwrap_or(0.0)
                } else {
                    whole as f64 / scale
                };
                return (slow, end);
            }
        }
        at += 1;
    }
    let value = whole as f64 / scale;
    (if negative { -value } else { value }, at)
}

fn ours(stream: &[u8]) -> u64 {
    let (mut reader, mut splitter) = (LineReader::default(), Splitter::lines(1 << 16));
    let (mut good, mut total) = (0, 0.0);
    for chunk in stream.chunks(CHUNK) {
        splitter.push(chunk, |piece| {
            let judged = reader.read(piece.octets, |told| match told {
                Told::Pairs { pairs, seconds, .. } => {
                    good += 1 + pairs.len() as u64;
                    total += seconds;
                    if let Some(Value::Real(value)) = pairs.first().map(|pair| pair.value) {
                        total += value;
                    }
                }
                Told::Sentence { fields, .. } => {
                    let fields = fields.unwrap_or_default();
                    good += 2 + memchr_iter(b',', fields).count() as u64;
                }
            });
            assert_eq!(judged, Judged::Good);
        });
    }
    std::hint::black_box(total);
    good
}

pub(crate) fn measure() {
    let stream = stream();
    let ways = vec![
        way("lines and checksums alone", || {
            let mut start = 0;
            memchr_iter(b'\n', &stream).fold(0, |sum, end| {
                let line = &stream[start..end];
                start = end + 1;
                sum + u64::from(exclusive_or(line))
            })
        }),
        way("by hand, nothing checked but the sum", || by_hand(&stream)),
        way("line reader, 64 KiB", || ours(&stream)),
    ];
    compare(
        "lines of text",
        stream.len(),
        ways,
        "by hand, nothing checked but the sum",
    );
}
