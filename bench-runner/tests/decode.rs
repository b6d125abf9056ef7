//! `bench decode` against reference streams whose values come from programs that share nothing
//! with it, at chunks from one octet to the whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bench_runner::decode::{Counts, Format, Json, Settings, Stream};
use drivers::telemetry::ccsds::checksum::pec;
use drivers::telemetry::dictionary::{Dictionary, Layouts};
use drivers::telemetry::framing::cadu::{MARKER, random_sequence};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert_eq, proptest};
use proptest::strategy::Strategy;
use serde_json::{Map, Value, json};

fn read(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/telemetry");
    fs::read(path.join(name)).expect("the data are in the repository")
}

fn rows(text: &[u8]) -> Vec<Value> {
    let lines = text
        .split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("each line is JSON"))
        .collect()
}

fn layouts() -> Layouts {
    let text = String::from_utf8(read("ccsds/dict_a.json")).expect("JSON is UTF-8");
    let dictionary = Dictionary::read(&text).and_then(Layouts::compile);
    dictionary.expect("the reference's dictionary")
}

fn settings(format: Format, layouts: Option<&Layouts>) -> Settings<'_> {
    Settings {
        format,
        layouts,
        longest_packet: 4_096,
        frame_octets: 223,
        randomized: true,
        separator: None,
        columns: &[],
        notes: true,
    }
}

fn decoded<'a>(
    settings: &Settings<'_>,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> (Vec<u8>, Counts) {
    let mut stream = Stream::new(settings).expect("there is a dictionary");
    let mut out = Json::default();
    for chunk in chunks {
        stream.push(chunk, &mut out);
    }
    stream.finish(&mut out);
    (out.bytes().to_vec(), stream.counts())
}

fn whole(format: Format, stream: &[u8]) -> Vec<Value> {
    let layouts = layouts();
    rows(&decoded(&settings(format, Some(&layouts)), std::iter::once(stream)).0)
}

/// The lines that have this key.
fn with<'a>(key: &str, rows: &'a [Value]) -> Vec<&'a Value> {
    rows.iter().filter(|row| row.get(key).is_some()).collect()
}

fn assert_same(got: &[&Value], expected: &[Value]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert_eq!(*got, expected);
    }
}

#[test]
fn every_field_of_every_packet_is_that_of_the_reference() {
    let got = whole(Format::Ccsds, &read("ccsds/clean_a.bin"));
    assert_same(&with("i", &got), &rows(&read("ccsds/clean_a.jsonl")));
}

#[test]
fn of_a_damaged_stream_what_the_rule_accepts_and_no_more() {
    let stream = read("ccsds/damaged_a.bin");
    let got = whole(Format::Ccsds, &stream);
    let mut expected = rows(&read("ccsds/damaged_a.scan.jsonl"));
    assert_eq!(got.last(), expected.pop().as_ref(), "totals");
    let packets = with("i", &got);
    let short: Vec<Value> = packets
        .iter()
        .map(|row| json!({"off": row["off"], "len": row["len"], "apid": row["apid"], "seq": row["seq"]}))
        .collect();
    assert_same(&short.iter().collect::<Vec<_>>(), &expected);
    // Of what was sent, all that arrived intact was found.
    let found: BTreeMap<u64, &Value> = packets
        .iter()
        .map(|row| (row["off"].as_u64().unwrap(), &row["len"]))
        .collect();
    let mut intact = 0;
    for row in rows(&read("ccsds/damaged_a.truth.jsonl")) {
        if row["st"] == "intact" {
            assert_eq!(found[&row["off"].as_u64().unwrap()], &row["len"]);
            intact += 1;
        }
    }
    assert_eq!(intact, 2_218);
}

#[test]
fn every_octet_is_in_a_packet_or_told_as_skipped() {
    let stream = read("ccsds/damaged_a.bin");
    let got = whole(Format::Ccsds, &stream);
    let mut at = 0;
    for row in with("len", &got) {
        assert_eq!(row["off"], at);
        at += row["len"].as_u64().unwrap();
    }
    assert_eq!(at, stream.len() as u64);
}

#[test]
fn frames_are_those_of_the_reference() {
    for (name, format) in [
        ("cobs", Format::Cobs),
        ("cobsr", Format::CobsR),
        ("slip", Format::Slip),
    ] {
        for damage in ["", "_damaged"] {
            let got = whole(format, &read(&format!("framing/{name}{damage}.bin")));
            let expected = rows(&read(&format!("framing/{name}{damage}.jsonl")));
            assert_same(&with("i", &got), &expected);
        }
    }
}

#[test]
fn lines_are_those_of_the_reference() {
    let got = whole(Format::Ascii, &read("ascii/lines107.txt"));
    assert_same(&with("ln", &got), &rows(&read("ascii/lines107.jsonl")));
}

/// A value of a row as Python's csv module gives it, which has no types.
fn typed(text: &str) -> Value {
    let text = text.trim();
    let whole = text.parse::<i64>().map(Value::from);
    let real = || text.parse::<f64>().map(Value::from);
    match text.to_ascii_lowercase().as_str() {
        "" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => whole.or_else(|_| real()).unwrap_or_else(|_| text.into()),
    }
}

#[test]
fn separated_values_are_those_of_pythons_reader() {
    for name in ["minimal", "all", "tabs"] {
        let got = whole(Format::Csv, &read(&format!("csv/{name}.csv")));
        assert_eq!(got[0]["st"], "heading", "{name}");
        let expected = rows(&read(&format!("csv/{name}.jsonl")));
        let got = with("kv", &got);
        assert_eq!(got.len(), expected.len(), "{name}");
        for (row, expected) in got.iter().zip(&expected) {
            let kv = row["kv"].as_object().expect("an object");
            let told = expected.as_object().expect("an object");
            assert!(kv.keys().eq(told.keys()), "{name}: {row}");
            for (column, text) in told {
                let value = match &kv[column] {
                    Value::String(text) => text.trim().into(),
                    other => other.clone(),
                };
                let text = text.as_str().expect("a text");
                assert_eq!(value, typed(text), "{name}, {column}: {text:?}");
            }
            let millis = kv["time_ms"].as_f64().expect("a number");
            assert_eq!(row["t"], millis * 1e-3);
        }
    }
}

/// All streams, as (format, octets).
fn streams() -> Vec<(Format, Vec<u8>)> {
    let mut streams = vec![
        (Format::Ccsds, read("ccsds/damaged_a.bin")),
        (Format::Ascii, read("ascii/lines107.txt")),
        (Format::Csv, read("csv/minimal.csv")),
        (Format::Csv, read("ascii/lines107.txt")),
        (
            Format::Cadu,
            transfer_frames(&read("ccsds/clean_a.bin")[..60_000]),
        ),
    ];
    for (format, name) in [
        (Format::Cobs, "cobs_damaged"),
        (Format::CobsR, "cobsr_damaged"),
        (Format::Slip, "slip_damaged"),
        (Format::Kiss, "slip"),
        (Format::Hdlc, "cobs"),
    ] {
        streams.push((format, read(&format!("framing/{name}.bin"))));
    }
    streams
}

#[test]
fn chunks_of_every_power_of_two_give_the_same_lines() {
    let layouts = layouts();
    for (format, stream) in streams() {
        let settings = settings(format, Some(&layouts));
        let expected = decoded(&settings, std::iter::once(&stream[..]));
        let sizes = (0..17)
            .map(|power| 1 << power)
            .chain([3, 7, 22, 61, 4_095, 4_097]);
        for size in sizes {
            assert!(
                decoded(&settings, stream.chunks(size)) == expected,
                "{format:?} by {size}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn chunks_of_any_lengths_give_the_same_lines(
        (format, stream) in proptest::sample::select(streams()).prop_flat_map(|(format, stream)| {
            let start = 0..stream.len() - 3_000;
            (Just(format), start.prop_map(move |at| stream[at..at + 3_000].to_vec()))
        }),
        lengths in vec(0..300_usize, 1..40),
    ) {
        let layouts = layouts();
        let settings = settings(format, Some(&layouts));
        let mut rest = &stream[..];
        let chunks: Vec<&[u8]> = lengths.iter().map(|length| {
            let (chunk, after) = rest.split_at((*length).min(rest.len()));
            rest = after;
            chunk
        }).collect();
        let chunks = chunks.into_iter().chain([rest]);
        prop_assert_eq!(decoded(&settings, chunks), decoded(&settings, std::iter::once(&stream[..])));
    }

    #[test]
    fn no_octets_panic(stream in vec(any::<u8>(), 0..400), chunk in 1..50_usize) {
        let layouts = layouts();
        for (format, _) in streams() {
            let settings = settings(format, Some(&layouts));
            let (lines, _) = decoded(&settings, stream.chunks(chunk));
            rows(&lines);
        }
    }
}

/// Space packets in randomized TM transfer frames of virtual channel 2 of spacecraft 7.
fn transfer_frames(packets: &[u8]) -> Vec<u8> {
    const OCTETS: usize = 223;
    const ROOM: usize = OCTETS - 6 - 2;
    let mut stream = Vec::new();
    let mut begins = Vec::new();
    let mut at = 0;
    while at + 6 < packets.len() {
        begins.push(at);
        at += 7 + usize::from(u16::from_be_bytes([packets[at + 4], packets[at + 5]]));
    }
    for (count, data) in packets.chunks_exact(ROOM).enumerate() {
        let start = count * ROOM;
        let first = begins
            .iter()
            .find(|begin| **begin >= start && **begin < start + ROOM);
        let pointer = first.map_or(0x7ff, |first| (first - start) as u16);
        let mut frame = vec![0x00, 0x74, count as u8, count as u8];
        frame.extend((0x1800 | pointer).to_be_bytes());
        frame.extend(data);
        frame.extend(pec(&frame).to_be_bytes());
        for (octet, with) in frame.iter_mut().zip(random_sequence(OCTETS)) {
            *octet ^= with;
        }
        stream.extend(MARKER);
        stream.extend(frame);
    }
    stream
}

#[test]
fn packets_in_transfer_frames_are_the_same_packets() {
    let packets = &read("ccsds/clean_a.bin")[..60_000];
    let mut stream = transfer_frames(packets);
    let expected = rows(&read("ccsds/clean_a.jsonl"));
    let got = whole(Format::Cadu, &stream);
    let last = got.last().unwrap();
    assert_eq!(
        (&last["missing_frames"], &last["skipped_bytes"]),
        (&json!(0), &json!(0))
    );
    let told = with("i", &got);
    assert!(told.len() > 200);
    assert_same(&told, &expected[..told.len()]);
    // A frame that is hit is missing; the packets that do not touch it are told all the same.
    stream[227 * 10 + 100] ^= 1;
    let got = whole(Format::Cadu, &stream);
    let last = got.last().unwrap();
    assert_eq!(
        (&last["missing_frames"], &last["skipped_bytes"]),
        (&json!(1), &json!(227))
    );
    let hit = with("i", &got).len();
    assert!(
        (1..8).contains(&(told.len() - hit)),
        "{hit} of {}",
        told.len()
    );
}

#[test]
fn kiss_and_hdlc_frames_are_read() {
    let got = whole(
        Format::Kiss,
        &[0xc0, 0xc0, 0x10, b'h', 0xdb, 0xdc, 0xc0, 0x03, 0xc0],
    );
    assert_eq!(got[0]["port"], 1);
    assert_eq!(got[0]["command"], "data");
    assert_eq!(got[0]["f"], json!({"data": "68c0"}));
    assert_eq!(got[1]["command"], "slot_time");
    // The check value of CRC-16/IBM-SDLC over "123456789" is 0x906e; its low octet goes first.
    let mut frame = vec![0x7e];
    frame.extend(b"123456789");
    frame.extend([0x6e, 0x90, 0x7e, 0x31, 0x7d, 0x7e]);
    let got = whole(Format::Hdlc, &frame);
    let states: Vec<&Value> = got.iter().filter_map(|row| row.get("st")).collect();
    assert_eq!(states, ["ok", "bad_frame"]);
    assert_eq!(got[0]["f"], json!({"data": "33343536373839"}));
}

#[test]
fn derived_channels_states_and_misfits_are_told() {
    let text = r#"
        [[packet]]
        name = "hk"
        apid = 17
        service = 3
        subtype = 25
        structure = 1
        field = [
            { name = "volts", type = "u16", unit = "V", calibration = [0, 0.5], yellow = [5, 9] },
            { name = "amps", type = "u8" },
            { name = "state", type = "u8", states = ["off", "on"] },
        ]
        [[packet]]
        name = "other"
        apid = 17
        service = 3
        structure = 2
        field = [{ name = "n", type = "u8" }]
        [[derived]]
        name = "power"
        value = "volts * amps"
    "#;
    let layouts = Layouts::compile(Dictionary::read(text).unwrap()).unwrap();
    let mut stream = Vec::new();
    for source in [
        &[0, 1, 0, 9, 2, 1][..],
        &[0, 2, 7],
        &[0, 1, 0, 9, 2, 5, 1],
        &[0, 9, 9],
    ] {
        let start = stream.len();
        stream.extend([0x08, 17, 0xc0, 0, 0, (14 + source.len() + 1) as u8]);
        stream.extend([0x20, 3, 25, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0]);
        stream.extend(source);
        let sum = pec(&stream[start..]);
        stream.extend(sum.to_be_bytes());
    }
    let settings = Settings {
        notes: false,
        ..settings(Format::Ccsds, Some(&layouts))
    };
    let rows = rows(&decoded(&settings, std::iter::once(&stream[..])).0);
    let of = |row: usize, key: &str| rows[row].get(key).cloned().unwrap_or(Value::Null);
    assert_eq!(of(0, "derived"), json!({"power": 9.0}));
    assert_eq!(
        (of(0, "limits"), of(1, "limits")),
        (json!({"volts": "yellow"}), Value::Null)
    );
    assert_eq!(of(0, "eng"), json!({"volts": 4.5, "state": "on"}));
    assert_eq!(
        (of(1, "name"), of(1, "derived")),
        (json!("other"), Value::Object(Map::new()))
    );
    assert_eq!(of(2, "eng"), json!({"volts": 4.5, "state": null}));
    assert_eq!(of(2, "why"), json!("1 octets behind the last field"));
    assert_eq!(of(3, "name"), Value::Null);
}
