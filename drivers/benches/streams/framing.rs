//! Stuffed frames with a checksum, mostly about 60 octets long.

use crc::{CRC_16_IBM_3740, Crc, Table};
use drivers::telemetry::ccsds::checksum::pec;
use drivers::telemetry::framing::sensor::SensorPacket;
use drivers::telemetry::framing::split::Splitter;
use drivers::telemetry::framing::stuffing::Stuffing;
use memchr::{memchr, memchr2};

use crate::{SEED, compare, way};

const OCTETS: usize = 100_000_000;
const CHUNK: usize = 1 << 16;

static TABLES: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_IBM_3740);

/// Frames as sensor nodes send them: small numbers with zeros, and blocks of data.
fn stream(stuffing: Stuffing) -> Vec<u8> {
    let (mut numbers, mut stream, mut packet) = (SEED, Vec::with_capacity(OCTETS), Vec::new());
    for count in 0_u32.. {
        if stream.len() > OCTETS {
            break;
        }
        packet.clear();
        let kind = [1, 1, 1, 2, 3][numbers.below(5) as usize];
        packet.push(kind);
        packet.extend((count as u16).to_le_bytes());
        packet.extend((count * 7).to_le_bytes());
        match kind {
            1 => (0..7).for_each(|_| {
                packet.extend((numbers.next() as i16 >> numbers.below(12)).to_le_bytes());
            }),
            2 => {
                packet.extend((numbers.below(30_000) as f32 * 1e-3).to_le_bytes());
                packet.extend((numbers.below(9_000) as f32 * 1e-3).to_le_bytes());
                packet.push(numbers.below(5) as u8);
            }
            _ => {
                let octets = numbers.below(250) as u16;
                packet.extend(octets.to_le_bytes());
                packet.extend((0..octets).map(|_| numbers.next() as u8));
            }
        }
        let sum = pec(&packet);
        packet.extend(sum.to_le_bytes());
        stuffing.encode(&packet, &mut stream);
    }
    stream
}

fn right(frame: &[u8], sum: impl Fn(&[u8]) -> u16) -> bool {
    frame.len() > 8 && {
        let (covered, told) = frame.split_at(frame.len() - 2);
        sum(covered).to_le_bytes() == *told
    }
}

/// The loop by hand: a search for the delimiter, then runs copied into a buffer on the stack.
fn cobs_by_hand(stream: &[u8]) -> u64 {
    let (mut rest, mut good, mut buffer) = (stream, 0, [0_u8; 2_048]);
    while let Some(end) = memchr(0, rest) {
        let (mut encoded, mut octets) = (&rest[..end], 0);
        rest = &rest[end + 1..];
        while let Some((&code, tail)) = encoded.split_first() {
            let run = usize::from(code) - 1;
            if run > tail.len() {
                octets = 0;
                break;
            }
            buffer[octets..octets + run].copy_from_slice(&tail[..run]);
            octets += run;
            if code < 0xff && run < tail.len() {
                buffer[octets] = 0;
                octets += 1;
            }
            encoded = &tail[run..];
        }
        good += u64::from(right(&buffer[..octets], |covered| TABLES.checksum(covered)));
    }
    good
}

/// The loop by hand: a search for delimiter and escape at once.
fn slip_by_hand(stream: &[u8]) -> u64 {
    let (mut rest, mut good, mut buffer, mut octets) = (stream, 0, [0_u8; 2_048], 0);
    while let Some(at) = memchr2(0xc0, 0xdb, rest) {
        buffer[octets..octets + at].copy_from_slice(&rest[..at]);
        octets += at;
        if rest[at] == 0xc0 {
            good += u64::from(right(&buffer[..octets], |covered| TABLES.checksum(covered)));
            octets = 0;
            rest = &rest[at + 1..];
        } else {
            buffer[octets] = if rest[at + 1] == 0xdc { 0xc0 } else { 0xdb };
            octets += 1;
            rest = &rest[at + 2..];
        }
    }
    good
}

/// Every frame that ends in a chunk, unstuffed, its checksum right and its payload read.
fn ours(stream: &[u8], stuffing: Stuffing, read: bool) -> u64 {
    let mut splitter = Splitter::new(stuffing.delimiter(), 1 << 16);
    let (mut room, mut good) = (Vec::new(), 0);
    for chunk in stream.chunks(CHUNK) {
        splitter.push(chunk, |piece| {
            let content = stuffing.decode(piece.octets, &mut room);
            good += u64::from(content.is_ok_and(|content| {
                if read {
                    SensorPacket::read(content).is_ok_and(|packet| packet.payload.is_some())
                } else {
                    right(content, pec)
                }
            }));
        });
    }
    good
}

pub(crate) fn measure() {
    for (title, stuffing, by_hand) in [
        (
            "COBS frames",
            Stuffing::Cobs,
            cobs_by_hand as fn(&[u8]) -> u64,
        ),
        ("SLIP frames", Stuffing::Slip, slip_by_hand),
    ] {
        let stream = stream(stuffing);
        let ways = vec![
            way("search for delimiters", || {
                memchr::memchr_iter(stuffing.delimiter(), &stream).count() as u64
            }),
            way("by hand + table crate", || by_hand(&stream)),
            way("splitter, stuffing, checksum, 64 KiB", || {
                ours(&stream, stuffing, false)
            }),
            way("the same, payload read", || ours(&stream, stuffing, true)),
        ];
        compare(title, stream.len(), ways, "by hand + table crate");
    }
}
