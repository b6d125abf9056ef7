//! Space packets: from a walk over their headers to every field in a column.

use crc::{CRC_16_IBM_3740, Crc, Table};
use drivers::telemetry::ccsds::checksum::pec;
use drivers::telemetry::ccsds::packet::{PacketType, TmPacket};
use drivers::telemetry::ccsds::scanner::{Scanned, Scanner};
use drivers::telemetry::ccsds::time::Time;
use drivers::telemetry::dictionary::columns::Columns;
use drivers::telemetry::dictionary::layout::{Scratch, bits};
use drivers::telemetry::dictionary::{Calibration, Coding, Count, Dictionary, Layouts, Packet};

use crate::{Numbers, SEED, compare, way};

/// Packets of eight kinds as a satellite sends them: housekeeping, attitude, events, samples,
/// dumps, fillers.
const DICTIONARY: &str = r#"{"name": "bench", "packets": [
  {"name": "EPS", "apid": 17, "pus": {"service": 3, "subtype": 25}, "fields": [
    {"name": "sid", "type": "u8", "const": 1}, {"name": "volts", "type": "u16", "cal": [0.0, 0.001]},
    {"name": "amps", "type": "i16"}, {"name": "soc", "type": "u8", "cal": [0.0, 0.5]},
    {"name": "cells", "type": "u16", "count": 8}, {"name": "temps", "type": "i16", "count": 6, "cal": [0.0, 0.01]},
    {"name": "heater", "type": "bits", "bits": 1}, {"name": "armed", "type": "bits", "bits": 1},
    {"name": "mode", "type": "bits", "bits": 2}, {"name": "fault", "type": "bits", "bits": 4},
    {"name": "uptime", "type": "u32"}]},
  {"name": "AOCS", "apid": 18, "pus": {"service": 3, "subtype": 25}, "fields": [
    {"name": "sid2", "type": "u8", "const": 2}, {"name": "q", "type": "f32", "count": 4},
    {"name": "rate", "type": "f32", "count": 3}, {"name": "acs", "type": "bits", "bits": 3},
    {"name": "star", "type": "bits", "bits": 1}, {"name": "wheels", "type": "bits", "bits": 4},
    {"name": "rpm", "type": "i32", "count": 4}, {"name": "sun", "type": "u16", "cal": [-180.0, 0.0055]},
    {"name": "orbit", "type": "f64", "count": 6}]},
  {"name": "EVENT", "apid": 35, "pus": {"service": 5, "subtype": [1, 2, 3, 4]}, "fields": [
    {"name": "event", "type": "u16"}, {"name": "length", "type": "u8"}, {"name": "aux", "type": "bytes", "count": "length"}]},
  {"name": "SCIENCE", "apid": 49, "pus": {"service": 129, "subtype": 1}, "fields": [
    {"name": "block", "type": "u32"}, {"name": "n", "type": "u16"}, {"name": "sample", "type": "u16", "count": "n"}]},
  {"name": "ADC", "apid": 50, "pus": {"service": 201, "subtype": 2}, "fields": [
    {"name": "channel", "type": "bits", "bits": 4}, {"name": "gain", "type": "bits", "bits": 4},
    {"name": "raw", "type": "bits", "bits": 12, "count": 32}, {"name": "acc", "type": "sbits", "bits": 20},
    {"name": "sum", "type": "sbits", "bits": 28}, {"name": "tag", "type": "u64"}]},
  {"name": "IDLE", "apid": 2047, "fields": [{"name": "fill", "type": "bytes", "count": "rest"}]}]}"#;

const OCTETS: usize = 100_000_000;
const CHUNK: usize = 1 << 16;
const LONGEST: usize = 4_096;

static TABLES: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_IBM_3740);

/// A stream of whole packets, and where each begins.
fn stream() -> (Vec<u8>, Vec<usize>) {
    let (mut numbers, mut stream, mut begins) = (SEED, Vec::with_capacity(OCTETS), Vec::new());
    let mut counts = [0_u16; 6];
    let mut source = Vec::new();
    while stream.len() < OCTETS {
        source.clear();
        // Weights as of a mission: much housekeeping and attitude, most octets in samples.
        let kind = [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4][numbers.below(12) as usize];
        let (apid, service, subtype, octets) = match kind {
            0 => (17, 3, 25, 37),
            1 => (18, 3, 25, 94),
            2 => (35, 5, 1, 3 + numbers.below(40) as usize),
            3 => (49, 129, 1, 6 + 2 * (16 + numbers.below(464) as usize)),
            _ => (50, 201, 2, 63),
        };
        while source.len() < octets {
            source.extend(numbers.next().to_le_bytes());
        }
        source.truncate(octets);
        match kind {
            2 => source[2] = (octets - 3) as u8,
            3 => source[4..6].copy_from_slice(&(((octets - 6) / 2) as u16).to_be_bytes()),
            _ => {}
        }
        begins.push(stream.len());
        TmPacket {
            apid,
            count: counts[kind],
            service,
            subtype,
            message: counts[kind],
            destination: 0,
            time: Time::days_and_millis(stream.len() as u64),
            source: &source,
        }
        .write(&mut stream);
        counts[kind] = (counts[kind] + 1) & 0x3fff;
    }
    begins.push(stream.len());
    (stream, begins)
}

/// The loop by hand: believes every length, checks every checksum by `sum`, looks at the header.
fn walk(stream: &[u8], sum: impl Fn(&[u8]) -> u16) -> u64 {
    let (mut rest, mut good) = (stream, 0);
    while let Some(header) = rest.first_chunk::<20>() {
        let octets = 7 + usize::from(u16::from_be_bytes([header[4], header[5]]));
        let Some((packet, after)) = rest.split_at_checked(octets) else {
            break;
        };
        let (covered, told) = packet.split_at(octets - 2);
        let secondary = header[0] & 8 == 0 || header[6] >> 4 == 2 && header[13] & 0x0f <= 0x0e;
        good += u64::from(secondary && sum(covered).to_be_bytes() == *told);
        rest = after;
    }
    good
}

fn scan(stream: &[u8], layouts: &Layouts, chunk: usize) -> u64 {
    let expected = layouts.dictionary().expected();
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, LONGEST);
    let (mut good, mut services) = (0, 0);
    let mut sink = |scanned: Scanned<'_>| {
        if let Scanned::Packet(packet) = scanned {
            if let Some(packet) = TmPacket::read_checked(packet) {
                services ^= u64::from(packet.service) + packet.time.seconds() as u64;
            }
            good += 1;
        }
    };
    for chunk in stream.chunks(chunk) {
        scanner.push(chunk, &mut sink);
    }
    scanner.finish(&mut sink);
    std::hint::black_box(services);
    good
}

fn scan_alone(stream: &[u8], layouts: &Layouts) -> u64 {
    let expected = layouts.dictionary().expected();
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, LONGEST);
    let mut good = 0;
    for chunk in stream.chunks(CHUNK) {
        scanner.push(chunk, |scanned| {
            good += u64::from(matches!(scanned, Scanned::Packet(_)));
        });
    }
    good
}

fn to_columns(stream: &[u8], layouts: &Layouts) -> u64 {
    let expected = layouts.dictionary().expected();
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, LONGEST);
    let (mut columns, mut scratch) = (Columns::new(layouts), Scratch::default());
    let (mut values, mut at) = (0, 0);
    for chunk in stream.chunks(CHUNK) {
        columns.clear();
        scanner.push(chunk, |scanned| match scanned {
            Scanned::Packet(packet) => {
                if let Some(kind) = layouts.kind(packet) {
                    let (fields, _) = layouts.fields(kind, packet, &mut scratch);
                    columns.push(at, packet, &fields);
                }
                at += packet.len() as u64;
            }
            Scanned::Skipped { octets, .. } => at += octets as u64,
        });
        values += columns.values() as u64;
    }
    values
}

/// The plain way to do the same: a list of window, shift, mask and calibration for each kind of
/// packet, made from the dictionary at run time, and a push for each value.
fn to_columns_plainly(stream: &[u8], layouts: &Layouts) -> u64 {
    let packets = &layouts.dictionary().packets;
    let mut columns: Vec<Vec<Vec<f64>>> = packets
        .iter()
        .map(|packet| vec![Vec::new(); packet.fields.len()])
        .collect();
    let (mut values, mut at) = (0, 0);
    for chunk in stream.chunks(CHUNK) {
        columns.iter_mut().flatten().for_each(Vec::clear);
        // Packets cut by a chunk's end are taken from the stream, so that nothing is copied.
        let end = at.max(chunk.as_ptr() as usize - stream.as_ptr() as usize + chunk.len());
        while at + 6 < end {
            let header = &stream[at..];
            let octets = 7 + usize::from(u16::from_be_bytes([header[4], header[5]]));
            let (covered, told) = stream[at..at + octets].split_at(octets - 2);
            at += octets;
            if pec(covered).to_be_bytes() != *told {
                continue;
            }
            let apid = u16::from_be_bytes([covered[0], covered[1]]) & 0x7ff;
            let Some(kind) = packets.iter().position(|packet| packet.apid == apid) else {
                continue;
            };
            values += plainly(&packets[kind], covered, &mut columns[kind]);
        }
    }
    values
}

fn plainly(packet: &Packet, covered: &[u8], columns: &mut [Vec<f64>]) -> u64 {
    let user = covered.get(20..).unwrap_or_default();
    let (mut bit, mut values, mut count_before) = (0, 0, 0);
    for (field, column) in packet.fields.iter().zip(columns) {
        let width = field.bits as usize;
        let count = match field.count {
            Count::One => 1,
            Count::Fixed(count) => count as usize,
            Count::Field(_) => count_before,
            Count::Rest => (8 * user.len() - bit) / width,
        };
        if field.is_octets() {
            bit += count * width;
            continue;
        }
        let (offset, slope) = match &field.calibration {
            Calibration::Polynomial(terms) => (terms[0], terms[1]),
            _ => (0.0, 1.0),
        };
        for _ in 0..count {
            let raw = bits(user, bit, field.bits);
            let number = match field.coding {
                Coding::Signed => ((raw << (64 - width)).cast_signed() >> (64 - width)) as f64,
                Coding::Float if width == 32 => f64::from(f32::from_bits(raw as u32)),
                Coding::Float => f64::from_bits(raw),
                _ => raw as f64,
            };
            column.push(offset + slope * number);
            count_before = raw as usize;
            bit += width;
        }
        values += count as u64;
    }
    values
}

/// A copy in which a packet in `every` has one octet changed.
fn damaged(stream: &[u8], begins: &[usize], every: u64) -> Vec<u8> {
    let (mut numbers, mut stream) = (Numbers(7), stream.to_vec());
    for pair in begins.windows(2) {
        if numbers.below(every) == 0 {
            let octets = (pair[1] - pair[0]) as u64;
            stream[pair[0] + numbers.below(octets) as usize] ^= 1 << numbers.below(8);
        }
    }
    stream
}

#[expect(clippy::too_many_lines, reason = "a list of ways")]
pub(crate) fn measure() {
    let (stream, begins) = stream();
    let layouts = Dictionary::read(DICTIONARY).and_then(Layouts::compile);
    let layouts = layouts.expect("the dictionary above");
    let mut copy = vec![0; stream.len()];
    let ways = vec![
        way("memcpy", || {
            copy.copy_from_slice(&stream);
            u64::from(copy[stream.len() / 2])
        }),
        way("walk, no checksum", || {
            // It looks at both ends of a packet, so that none of it is left out.
            walk(&stream, |covered| {
                u16::from(covered[covered.len() - 1].wrapping_sub(covered[6]) >> 7)
            })
        }),
        way("walk by hand + table crate", || {
            walk(&stream, |covered| TABLES.checksum(covered))
        }),
        way("walk by hand + crc-fast crate", || {
            let kind = crc_fast::CrcAlgorithm::Crc16Ibm3740;
            walk(&stream, |covered| crc_fast::checksum(kind, covered) as u16)
        }),
        way("walk by hand + the bench's checksum", || walk(&stream, pec)),
        way("scanner + PUS header, whole", || {
            scan(&stream, &layouts, stream.len())
        }),
        way("scanner + PUS header, chunks of 64 KiB", || {
            scan(&stream, &layouts, CHUNK)
        }),
        way("scanner + PUS header, chunks of 1 KiB", || {
            scan(&stream, &layouts, 1 << 10)
        }),
        way("scanner alone, chunks of 64 KiB", || {
            scan_alone(&stream, &layouts)
        }),
        way("every field, a plain run-time plan", || {
            to_columns_plainly(&stream, &layouts)
        }),
        way("every field by dictionary to columns", || {
            to_columns(&stream, &layouts)
        }),
    ];
    let best = "walk by hand + the bench's checksum";
    println!(
        "{} packets, {} octets in the middle",
        begins.len() - 1,
        stream.len() / begins.len()
    );
    compare("space packets", stream.len(), ways, best);
    let little = damaged(&stream, &begins, 500);
    let much = damaged(&stream, &begins, 20);
    let ways = vec![
        way("clean", || scan(&stream, &layouts, CHUNK)),
        way("one packet in 500 damaged", || {
            scan(&little, &layouts, CHUNK)
        }),
        way("one packet in 20 damaged", || scan(&much, &layouts, CHUNK)),
    ];
    compare("damaged space packets", stream.len(), ways, "clean");
    for octets in [16_usize, 64, 220, 1_024, 65_536] {
        let part = &stream[..4 << 20];
        let each = |sum: fn(&[u8]) -> u16| {
            move || {
                part.chunks_exact(octets)
                    .fold(0, |all, one| all ^ u64::from(sum(one)))
            }
        };
        let ways = vec![
            way("table crate", each(|octets| TABLES.checksum(octets))),
            way(
                "crc-fast crate",
                each(|octets| {
                    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc16Ibm3740, octets) as u16
                }),
            ),
            way("the bench's", each(pec)),
        ];
        compare(
            &format!("checksums of {octets} octets"),
            part.len(),
            ways,
            "table crate",
        );
    }
}
