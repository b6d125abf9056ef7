//! Any octets as lines of a log of candump: each is a frame that is written as it was read, or
//! malformed; pieces of a stream are its lines.
#![no_main]

use drivers::link::can::candump::{Lines, LogReader, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut reader = LogReader::default();
    let mut again = LogReader::default();
    for line in octets.split(|&octet| octet == b'\n') {
        if reader.read(line).is_err() {
            continue;
        }
        let Some(frame) = reader.frame().filter(|_| reader.micros >= 0) else {
            continue;
        };
        let mut text = String::new();
        write(reader.micros, "can0", &frame, &mut text);
        again.read(text.as_bytes()).expect("it was written so");
        assert_eq!((again.micros, again.frame()), (reader.micros, Some(frame)));
    }
    let mut lines = Lines::new(octets);
    let mut heard = 0;
    while let Some(piece) = lines.next_piece().expect("memory is read") {
        heard += piece.len();
    }
    assert_eq!(heard, octets.len());
});
