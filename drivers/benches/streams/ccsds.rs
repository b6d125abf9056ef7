//! Space packets: from a walk over their headers to every field in a column.

use crc::{CRC_16_IBM_3740, Crc, Table};
use drivers::telemetry::ccsds::checksum::pec;
use drivers::telemetry::ccsds::packet::{PacketType, TmPacket};
use drivers::telemetry::ccsds::scanner::{Scanned, Scanner};
use drivers::telemetry::ccsds::time::Time;
use drivers::telemetry::dictionary::columns::Columns;
use drivers::telemetry::dictionary::layout::{Scratch, bits};
use drivers::telemetry::dictionary::{Calibration, Coding, Count, Dictionary, Layouts, Packet};

use crate::{Numbers, SEED, checksums, compare, way};

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
  {"name": "VERIFIED", "apid": 1, "pus": {"service": 1, "subtype": [1, 3, 7]}, "fields": [
    {"name": "version", "type": "bits", "bits": 3}, {"name": "kind", "type": "bits", "bits": 1},
    {"name": "header", "type": "bits", "bits": 1}, {"name": "process", "type": "bits", "bits": 11},
    {"name": "flags", "type": "bits", "bits": 2}, {"name": "sequence", "type": "bits", "bits": 14}]},
  {"name": "ADC12", "apid": 51, "pus": {"service": 201, "subtype": 2}, "fields": [
    {"name": "channel", "type": "bits", "bits": 4}, {"name": "gain", "type": "bits", "bits": 3},
    {"name": "saturated", "type": "bits", "bits": 1}, {"name": "raw", "type": "bits", "bits": 12, "count": 32},
    {"name": "acc", "type": "sbits", "bits": 20}, {"name": "sum", "type": "sbits", "bits": 28},
    {"name": "fine", "type": "bits", "bits": 13, "cal": [-4.0, 0.25]}, {"name": "pad", "type": "bits", "bits": 3},
    {"name": "big", "type": "bits", "bits": 40}, {"name": "tag", "type": "u64"}]},
  {"name": "DUMP", "apid": 65, "fields": [
    {"name": "address", "type": "u32"}, {"name": "content", "type": "bytes", "count": "rest"}]},
  {"name": "IDLE", "apid": 2047, "fields": [{"name": "fill", "type": "bytes", "count": "rest"}]}]}"#;

const OCTETS: usize = 100_000_000;
const CHUNK: usize = 1 << 16;
const LONGEST: usize = 4_096;

pub(crate) static TABLES: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_IBM_3740);

/// Which kinds of packets there are, by how often: much housekeeping and attitude, most octets in
/// samples. 191 octets and 78 values in the middle.
const DENSE: &[usize] = &[0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4];

/// The mix that `docs/performance.md` names, in a hundred, with dumps and fillers; 220 octets and 73 values in the middle.
const MISSION: &[(usize, usize)] = &[
    (0, 21),
    (1, 20),
    (2, 7),
    (3, 23),
    (5, 5),
    (6, 13),
    (7, 10),
    (8, 1),
];

/// A stream of whole packets, and where each begins.
fn stream(mix: &[usize]) -> (Vec<u8>, Vec<usize>) {
    let (mut numbers, mut stream, mut begins) = (SEED, Vec::with_capacity(OCTETS), Vec::new());
    let mut counts = [0_u16; 9];
    let mut source = Vec::new();
    while stream.len() < OCTETS {
        source.clear();
        let kind = mix[numbers.below(mix.len() as u64) as usize];
        let (apid, service, subtype, octets) = match kind {
            5 => (1, 1, 1, 4),
            6 => (51, 201, 2, 70),
            7 => (65, 0, 0, 4 + 32 + numbers.below(808) as usize),
            8 => (2_047, 0, 0, 1 + numbers.below(120) as usize),
            0 => (17, 3, 25, 39),
            1 => (18, 3, 25, 96),
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
        if service == 0 {
            bare(apid, counts[kind], &source, &mut stream);
            counts[kind] = (counts[kind] + 1) & 0x3fff;
            continue;
        }
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

/// A packet without a secondary header.
fn bare(apid: u16, count: u16, source: &[u8], stream: &mut Vec<u8>) {
    let start = stream.len();
    stream.extend_from_slice(&apid.to_be_bytes());
    stream.extend_from_slice(&(0xc000 | count).to_be_bytes());
    stream.extend_from_slice(&(source.len() as u16 + 1).to_be_bytes());
    stream.extend_from_slice(source);
    let sum = pec(&stream[start..]);
    stream.extend_from_slice(&sum.to_be_bytes());
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
                columns.take(layouts, at, packet, &mut scratch);
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
    let head = if packet.service.is_some() { 20 } else { 6 };
    let user = covered.get(head..).unwrap_or_default();
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

/// Every field of the mix that missions send.
fn mission(layouts: &Layouts) {
    let kinds = MISSION.iter();
    let mix: Vec<usize> = kinds.flat_map(|(kind, of)| vec![*kind; *of]).collect();
    let (stream, begins) = stream(&mix);
    let mut copy = vec![0; stream.len()];
    let packets = begins.len() - 1;
    let values = to_columns(&stream, layouts);
    assert_eq!(
        values,
        to_columns_plainly(&stream, layouts),
        "no packet is a misfit"
    );
    println!(
        "{packets} packets, {} octets and {} values in the middle",
        stream.len() / packets,
        values / packets as u64
    );
    let ways = vec![
        way("memcpy", || {
            copy.copy_from_slice(&stream);
            u64::from(copy[stream.len() / 2])
        }),
        way("walk by hand + the bench's checksum", || walk(&stream, pec)),
        way("scanner alone, chunks of 64 KiB", || {
            scan_alone(&stream, layouts)
        }),
        way("every field, a plain run-time plan", || {
            to_columns_plainly(&stream, layouts)
        }),
        way("every field by dictionary to columns", || {
            to_columns(&stream, layouts)
        }),
    ];
    let best = "walk by hand + the bench's checksum";
    compare("space packets of a mission", stream.len(), ways, best);
}

pub(crate) fn measure() {
    let (stream, begins) = stream(DENSE);
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
    drop(copy);
    mission(&layouts);
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
    checksums::all(&stream);
}
