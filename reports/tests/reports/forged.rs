//! Records that somebody made to exhaust whoever reads them: refused with where and why, in memory
//! that the file's length bounds.

use std::io::Write;

use profiles::time::BenchTime;
use reports::digest::crc32;
use reports::record::{Oversized, Record, RecordError};

use crate::bench_run::{header, volts};
use crate::record::{read, write};

const MAGIC: usize = 8;
const CHUNK: u8 = 6;

/// `zeros` zeros as an LZ4 frame.
fn packed(zeros: usize) -> Vec<u8> {
    let mut encoder = lz4::EncoderBuilder::new().build(Vec::new()).unwrap();
    let some = vec![0; 1 << 20];
    let mut left = zeros;
    while left > 0 {
        let now = left.min(some.len());
        encoder.write_all(&some[..now]).unwrap();
        left -= now;
    }
    encoder.finish().0
}

/// A chunk that claims to unpack to so many octets.
fn chunk(stored: &[u8], claimed: u64) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [0, 0, claimed] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.extend_from_slice(&crc32(&[]).to_le_bytes());
    body.extend_from_slice(&3_u32.to_le_bytes());
    body.extend_from_slice(b"lz4");
    body.extend_from_slice(&(stored.len() as u64).to_le_bytes());
    body.extend_from_slice(stored);
    let mut record = vec![CHUNK];
    record.extend_from_slice(&(body.len() as u64).to_le_bytes());
    record.extend_from_slice(&body);
    record
}

/// A whole record up to behind its last chunk.
fn honest() -> Vec<u8> {
    let events: Vec<_> = (0..10).map(|n| volts(n * 100, n as f64)).collect();
    let mut bytes = write(&header(), &events);
    let (mut at, mut end) = (MAGIC, MAGIC);
    while let Some(head) = bytes.get(at..at + 9) {
        let length = u64::from_le_bytes(head[1..].try_into().unwrap()) as usize;
        at += 9 + length;
        if head[0] == CHUNK {
            end = at;
        }
    }
    bytes.truncate(end);
    bytes
}

fn oversized(bytes: &[u8], forged: &[u8]) -> Oversized {
    let record = Record::from_bytes([bytes, forged].concat()).unwrap();
    let torn = record.torn().expect("it does not end as a record does");
    assert_eq!(torn.byte, bytes.len() as u64);
    // What stands before it is there.
    assert_eq!(read(&record).len(), 10);
    torn.oversized.expect("it is no tear")
}

#[test]
fn a_chunk_that_claims_too_much_is_not_unpacked() {
    let bytes = honest();
    let small = packed(1 << 20);
    for claimed in [1 << 30, 4_u64 << 30, u64::MAX, 255 * small.len() as u64 + 1] {
        // Many of them, and none is unpacked.
        let forged = chunk(&small, claimed).repeat(1_000);
        let told = oversized(&bytes, &forged);
        assert_eq!(told.claimed, claimed);
        assert_eq!(told.stored, small.len() as u64);
        let text = told.to_string();
        assert!(
            text.contains(&format!("claims to unpack to {claimed}")),
            "{text}"
        );
    }
}

#[test]
fn a_chunk_that_unpacks_to_more_than_it_claims_is_not_unpacked_further() {
    let bytes = honest();
    let bomb = packed(300 << 20);
    let forged = chunk(&bomb, 1_000);
    assert_eq!(oversized(&bytes, &forged).claimed, 1_000);
}

#[test]
fn zeros_are_no_records() {
    let bytes = honest();
    let zeros = 9 << 20;
    let mut forged = chunk(&packed(zeros), zeros as u64);
    // Its checksum is right.
    forged[9 + 24..9 + 28].copy_from_slice(&crc32(&vec![0; zeros]).to_le_bytes());
    let record = Record::from_bytes([&bytes[..], &forged].concat()).unwrap();
    assert_eq!(record.torn().unwrap().byte, bytes.len() as u64);
    assert_eq!(record.torn().unwrap().at, BenchTime::from_millis(900));
}

#[test]
fn a_record_that_begins_so_is_refused() {
    let bytes = [&honest()[..MAGIC], &chunk(&packed(100), 4_u64 << 30)[..]].concat();
    let error = Record::from_bytes(bytes).unwrap_err();
    assert!(matches!(error, RecordError::Oversized(_)));
    insta::assert_snapshot!(error, @"is no record: the chunk at byte 8 has 34 octets and claims to unpack to 4294967296; no recorder writes such a chunk (at most 268435456 octets, and just what it claims): the file is forged, or damaged there");
}
