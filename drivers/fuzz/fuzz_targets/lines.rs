//! Lines of text: no octets panic, a good line has no more pairs than commas, and a row of separated values
//! has one for each column.
#![no_main]

use drivers::telemetry::text::{CsvLine, CsvReader, LineReader, Told};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let mut reader = LineReader::default();
    reader.read(body, |_| ());
    let mut rows = CsvReader::default();
    for line in body.split(|octet| *octet == b'\n') {
        rows.read(line, |line| {
            if let CsvLine::Row(columns, cells) = line {
                assert_eq!(columns.len(), cells.len());
            }
        });
    }
    // With the right checksum, so that the body is looked at.
    let sum = body.iter().fold(b'K' ^ b',', |sum, octet| sum ^ octet);
    let mut line = b"$K,".to_vec();
    line.extend(body);
    line.extend(format!("*{sum:02x}").bytes());
    reader.read(&line, |told| {
        if let Told::Pairs { pairs, .. } = told {
            let commas = body.iter().filter(|octet| **octet == b',').count();
            assert!(pairs.len() <= commas);
            for pair in pairs {
                let _ = pair.value.text();
            }
        }
    });
});
