//! The telemetry decoders against data from programs that share nothing with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use drivers::link::can::CanId;
use drivers::telemetry::ccsds::SequenceCounts;
use drivers::telemetry::ccsds::packet::{PacketType, primary_header};
use drivers::telemetry::ccsds::scanner::{Expected, Scanned, Scanner};
use drivers::telemetry::dbc::{Database, Raw};
use drivers::telemetry::framing::cobs::{CobsDecoder, Framed};
use profiles::reading::DamageKind;
use serde_json::Value;

fn read(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(path.join(name)).expect("the data are in the repository")
}

fn rows(name: &str) -> Vec<Value> {
    let text = String::from_utf8(read(name)).expect("JSON is UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits"))
        .collect()
}

/// Application processes of the reference stream, and whether they have a secondary header.
const EXPECTED: [(u16, bool); 8] = [
    (17, true),
    (18, true),
    (35, true),
    (1, true),
    (49, true),
    (50, true),
    (65, false),
    (2_047, false),
];

/// Packets that never came, by application process, and steps back, by the rule.
const LOST: [(u16, u16); 6] = [(1, 1), (17, 6), (18, 6), (49, 3), (50, 7), (65, 3)];
const BACKWARD: [(u16, u32); 1] = [(50, 1)];

/// Accepted packets as (offset, length, application process, count), and octets skipped.
fn scan(stream: &[u8], chunk: usize) -> (Vec<[usize; 4]>, usize) {
    let expected = EXPECTED.map(|(apid, secondary)| Expected { apid, secondary });
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, 4_096);
    let (mut accepted, mut at, mut skipped) = (Vec::new(), 0, 0);
    let mut sink = |scanned: Scanned<'_>| match scanned {
        Scanned::Packet(packet) => {
            let (_, header) = primary_header(packet).expect("it has been accepted");
            let (apid, count) = (usize::from(header.apid), usize::from(header.count));
            accepted.push([at, packet.len(), apid, count]);
            at += packet.len();
        }
        Scanned::Skipped { octets, .. } => {
            at += octets;
            skipped += octets;
        }
    };
    for chunk in stream.chunks(chunk) {
        scanner.push(chunk, &mut sink);
    }
    let tail = scanner.finish(&mut sink);
    assert_eq!(tail, 0);
    assert_eq!(at, stream.len());
    (accepted, skipped)
}

#[test]
fn the_scanner_accepts_what_the_rule_accepts_whatever_the_chunks() {
    let stream = read("ccsds/damaged.bin");
    let expected: Vec<[usize; 4]> = rows("ccsds/damaged.scan.jsonl")
        .iter()
        .map(|row| ["off", "len", "apid", "seq"].map(|key| row[key].as_u64().unwrap() as usize))
        .collect();
    for chunk in [1, 7, 64, 1_000, stream.len()] {
        let (accepted, skipped) = scan(&stream, chunk);
        assert_eq!(accepted.len(), expected.len(), "chunks of {chunk}");
        assert_eq!(accepted, expected, "chunks of {chunk}");
        let total: usize = expected.iter().map(|packet| packet[1]).sum();
        assert_eq!(skipped, stream.len() - total);
    }
}

#[test]
fn gaps_and_steps_back_are_those_of_the_rule() {
    let (mut lost, mut backward) = (BTreeMap::new(), BTreeMap::new());
    let mut counts = SequenceCounts::default();
    for row in rows("ccsds/damaged.scan.jsonl") {
        let number = |key: &str| row[key].as_u64().unwrap() as u16;
        match counts
            .check(number("apid"), number("seq"))
            .map(|damage| damage.why)
        {
            Some(DamageKind::Gap { lost: more }) => {
                *lost.entry(number("apid")).or_insert(0) += more;
            }
            Some(DamageKind::Repeated) => *backward.entry(number("apid")).or_insert(0) += 1,
            other => assert_eq!(other, None),
        }
    }
    assert_eq!(lost, BTreeMap::from(LOST));
    assert_eq!(backward, BTreeMap::from(BACKWARD));
}

#[test]
fn cobs_frames_are_those_of_the_reference() {
    let stream = read("framing/cobs_damaged.bin");
    let rows = rows("framing/cobs_damaged.jsonl");
    for chunk in [1, 13, stream.len()] {
        let mut decoder = CobsDecoder::new(1_024);
        let mut expected = rows.iter();
        for chunk in stream.chunks(chunk) {
            decoder.push(chunk, |framed| match framed {
                Framed::Filler => {}
                Framed::Frame { content, octets: n } => {
                    let row = expected.next().unwrap();
                    assert_eq!(u64::from(n), row["enc_len"].as_u64().unwrap() + 1);
                    if let Some(hex) = row["hex"].as_str() {
                        assert_eq!(content, octets(hex), "{row}");
                    } else {
                        assert_ne!(row["st"], "bad_frame", "{row}");
                    }
                }
                Framed::Damaged(damage) => {
                    let row = expected.next().unwrap();
                    assert_eq!(row["st"], "bad_frame", "{row}");
                    let encoded = row["enc_len"].as_u64().unwrap();
                    assert_eq!(u64::from(damage.bytes), encoded + 1);
                }
            });
        }
        assert_eq!(expected.next(), None);
    }
}

fn as_f64(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("a number as text"),
        number => number.as_f64().expect("a number"),
    }
}

/// Whether two numbers are the same but for the last digits: the file's are text.
fn alike(a: f64, b: f64) -> bool {
    a.is_nan() && b.is_nan()
        || a.total_cmp(&b).is_eq()
        || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// Compares every signal of every frame with what cantools makes of it; how many there were.
fn compare(name: &str) -> usize {
    // Latin-1, as some editors write it.
    let text: String = read(&format!("can/{name}.dbc"))
        .iter()
        .map(|&octet| char::from(octet))
        .collect();
    let database = Database::compile(&text).expect("a good file");
    let mut values = 0;
    for row in rows(&format!("can/{name}.jsonl")) {
        let id = row["id"].as_u64().expect("a number") as u32;
        let id = if row["ext"] == true {
            CanId::Extended(id)
        } else {
            CanId::Standard(id as u16)
        };
        let message = database.message(id).expect("it is in the file");
        assert_eq!(message.name(), row["msg"]);
        let data = octets(row["data"].as_str().expect("hexadecimal"));
        assert_eq!(
            message.selects_nothing(&data),
            row["mux"] == "undefined",
            "{row}"
        );
        let mut present = 0;
        for signal in message.present(&data) {
            let raw = signal.raw(&data).expect("it is present");
            let (told, truth) = (&row["raw"][signal.name()], &row["phys"][signal.name()]);
            if told.is_null() && row["mux"] == "undefined" {
                continue;
            }
            let right = match raw {
                Raw::Unsigned(raw) => told.as_u64() == Some(raw),
                Raw::Signed(raw) => told.as_i64() == Some(raw),
                Raw::Float(raw) => alike(raw, as_f64(told)),
            };
            assert!(right, "{}: {raw:?} of {row}", signal.name());
            let (physical, truth) = (signal.physical(raw), as_f64(truth));
            assert!(
                alike(physical, truth),
                "{}: {physical} of {row}",
                signal.name()
            );
            present += 1;
        }
        // Where nothing is selected, cantools tells no values.
        if let Some(told) = row["raw"].as_object() {
            assert_eq!(present, told.len(), "{row}");
        }
        values += present;
    }
    values
}

#[test]
fn dbc_signals_are_those_of_cantools() {
    for (name, least) in [
        ("comma_body", 500),
        ("toyota_prius_2010_pt", 300),
        ("random104", 700),
    ] {
        let values = compare(name);
        assert!(values >= least, "{name}: only {values} values");
    }
}
