//! COBS: every octet is accounted for, and chunks make no difference.
#![no_main]

use drivers::telemetry::framing::cobs::{CobsDecoder, Framed, encode};
use libfuzzer_sys::fuzz_target;

fn told(chunks: &[&[u8]]) -> (Vec<String>, usize) {
    let mut decoder = CobsDecoder::new(64);
    let (mut told, mut octets) = (Vec::new(), 0);
    for chunk in chunks {
        decoder.push(chunk, |framed| {
            octets += match framed {
                Framed::Frame { octets, .. } => octets as usize,
                Framed::Damaged(damage) => damage.bytes as usize,
                Framed::Filler => 1,
            };
            told.push(format!("{framed:?}"));
        });
    }
    (told, octets + decoder.pending())
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, stream) = input;
    let (head, tail) = stream.split_at(cut % (stream.len() + 1));
    let whole = told(&[stream]);
    assert_eq!(whole.1, stream.len());
    assert_eq!(told(&[head, tail]), whole);
    let mut frame = Vec::new();
    encode(stream, &mut frame);
    let mut decoder = CobsDecoder::new(frame.len());
    decoder.push(&frame, |framed| {
        assert!(matches!(framed, Framed::Frame { content, .. } if content == stream));
    });
});
