//! slcan and socketcand: any octets give the same in any pieces, and frames come back.
#![no_main]

use drivers::link::can::BusFrame;
use drivers::link::can::slcan::{Said, SlcanDecoder, write_frame};
use drivers::link::can::socketcand::{SocketcandDecoder, Word, write_heard};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, octets) = input;
    let (head, tail) = octets.split_at(cut % (octets.len() + 1));
    let said = |pieces: &[&[u8]]| {
        let (mut told, mut decoder) = (Vec::new(), SlcanDecoder::default());
        for piece in pieces {
            decoder.push(piece, |said| told.push(said));
        }
        told
    };
    let told = said(&[octets]);
    assert_eq!(told, said(&[head, tail]));
    for said in told {
        let Said::Frame(frame, stamp) = said else {
            continue;
        };
        if matches!(frame, BusFrame::Error(_)) {
            continue;
        }
        let mut line = Vec::new();
        write_frame(&frame, stamp, &mut line);
        let mut again = Vec::new();
        SlcanDecoder::default().push(&line, |said| again.push(said));
        assert_eq!(again, [Said::Frame(frame, stamp)]);
    }
    let mut words = Vec::new();
    let mut decoder = SocketcandDecoder::default();
    decoder.push(head, |word| words.push(word));
    decoder.push(tail, |word| words.push(word));
    for word in words {
        let Word::Frame(frame, Some(micros)) = word else {
            continue;
        };
        if let Some(text) = write_heard(&frame, micros) {
            let mut again = Vec::new();
            SocketcandDecoder::default().push(text.as_bytes(), |word| again.push(word));
            assert_eq!(again, [Word::Frame(frame, Some(micros))]);
        }
    }
});
