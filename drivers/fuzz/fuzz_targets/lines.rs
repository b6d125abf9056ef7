//! Lines of text: no octets panic, and a good line has no more pairs than commas.
#![no_main]

use drivers::telemetry::text::{LineReader, Told};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let mut reader = LineReader::default();
    reader.read(body, |_| ());
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
