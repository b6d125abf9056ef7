//! Streams cost no allocation for each packet, frame or line once their buffers have their size.

use drivers::telemetry::ccsds::SequenceCounts;
use drivers::telemetry::ccsds::packet::{PacketType, TmPacket};
use drivers::telemetry::ccsds::scanner::{Scanned, Scanner};
use drivers::telemetry::ccsds::time::Time;
use drivers::telemetry::dictionary::columns::Columns;
use drivers::telemetry::dictionary::derive::Deriver;
use drivers::telemetry::dictionary::layout::Scratch;
use drivers::telemetry::dictionary::{Dictionary, Layouts};
use drivers::telemetry::framing::split::Splitter;
use drivers::telemetry::framing::stuffing::Stuffing;
use drivers::telemetry::text::{CsvLine, CsvReader, LineReader};

const DICTIONARY: &str = r#"
    [[packet]]
    name = "hk"
    apid = 17
    service = 3
    subtype = 25
    field = [
        { name = "n", type = "u8" },
        { name = "sample", type = "u16", count = "n", calibration = [1, 2] },
        { name = "flags", type = "u3" },
        { name = "acc", type = "i13" },
        { name = "tail", type = "bytes", count = "rest" },
    ]
    [[derived]]
    name = "twice"
    value = "2 * acc"
"#;

/// Allocations of `round`, after it has been through twice.
fn allocations(mut round: impl FnMut()) -> u64 {
    round();
    round();
    allocation_counter::measure(&mut round).count_total
}

#[test]
fn packets_to_columns() {
    let mut stream = Vec::new();
    for count in 0..500_u16 {
        let samples = (count % 9) as u8;
        let mut source = vec![samples];
        source.extend(vec![
            7;
            2 * usize::from(samples) + 2 + usize::from(count % 5)
        ]);
        TmPacket {
            apid: 17,
            count,
            service: 3,
            subtype: 25,
            message: count,
            destination: 0,
            time: Time::days_and_millis(0),
            source: &source,
        }
        .write(&mut stream);
        if count % 50 == 0 {
            stream.extend([1, 2, 3]);
        }
    }
    let layouts = Layouts::compile(Dictionary::read(DICTIONARY).unwrap()).unwrap();
    let expected = layouts.dictionary().expected();
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, 4_096);
    let (mut columns, mut scratch) = (Columns::new(&layouts), Scratch::default());
    let (mut counts, mut deriver) = (SequenceCounts::default(), Deriver::new(&layouts));
    let (mut packets, mut derived) = (0, 0);
    let round = || {
        columns.clear();
        packets = 0;
        for chunk in stream.chunks(700) {
            scanner.push(chunk, |scanned| {
                if let Scanned::Packet(packet) = scanned {
                    let kind = layouts.kind(packet).unwrap();
                    let (fields, misfit) = layouts.fields(kind, packet, &mut scratch);
                    assert_eq!(misfit, None);
                    columns.push(0, packet, &fields);
                    counts.check(17, packets);
                    deriver.push(&layouts, &fields, |_, _| derived += 1);
                    packets += 1;
                }
            });
        }
    };
    assert_eq!(allocations(round), 0);
    assert_eq!((packets, derived), (500, 1_500));
}

#[test]
fn frames_and_lines() {
    let mut stream = Vec::new();
    for length in 0..300 {
        Stuffing::Cobs.encode(&vec![(length % 3) as u8; length], &mut stream);
    }
    let (mut splitter, mut content) = (Splitter::new(0, 1_000), Vec::new());
    let round = || {
        for chunk in stream.chunks(97) {
            splitter.push(chunk, |piece| {
                Stuffing::Cobs.decode(piece.octets, &mut content).unwrap();
            });
        }
    };
    assert_eq!(allocations(round), 0);

    let line = b"$K,1,t=1.5,volts=3.25~V,state=IDLE,text=\"a\",n=0x1F*07\n";
    let (mut splitter, mut reader) = (Splitter::lines(1_000), LineReader::default());
    let mut pairs = 0;
    let round = || {
        for chunk in line.repeat(100).chunks(1_000) {
            splitter.push(chunk, |piece| {
                reader.read(piece.octets, |_| pairs += 1);
            });
        }
    };
    assert_eq!(allocations(round), 1, "the text itself");
    assert_eq!(pairs, 300);
}

#[test]
fn rows_of_separated_values() {
    let rows = "17.5,3,IDLE,\"a, b\",0x1F\r\n".repeat(100);
    let (mut splitter, mut reader) = (Splitter::lines(1_000), CsvReader::default());
    let mut values = 0;
    let round = || {
        for chunk in rows.as_bytes().chunks(700) {
            splitter.push(chunk, |piece| {
                reader.read(piece.octets, |line| match line {
                    CsvLine::Row(_, cells) => values += cells.len(),
                    other => panic!("{other:?}"),
                });
            });
        }
    };
    assert_eq!(allocations(round), 0);
    assert_eq!(values, 1_500);
}
