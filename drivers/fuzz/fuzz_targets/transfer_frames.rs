//! Channel access data units and transfer frames: every octet is accounted for, chunks make no
//! difference, and no frame panics.
#![no_main]

use drivers::telemetry::ccsds::transfer_frame::TransferFrame;
use drivers::telemetry::framing::cadu::{CaduDecoder, MARKER, Unit};
use libfuzzer_sys::fuzz_target;

fn told(chunks: &[&[u8]], octets: usize) -> (Vec<String>, usize) {
    let mut decoder = CaduDecoder::new(octets, true);
    let (mut told, mut sum) = (Vec::new(), 0);
    let mut sink = |unit: Unit<'_>| {
        sum += match unit {
            Unit::Frame(frame) => {
                let _ = TransferFrame::read(frame);
                octets + MARKER.len()
            }
            Unit::Skipped { octets, .. } => octets,
        };
        told.push(format!("{unit:?}"));
    };
    for chunk in chunks {
        decoder.push(chunk, &mut sink);
    }
    let tail = decoder.finish(&mut sink);
    (told, sum + tail)
}

fuzz_target!(|input: (usize, u8, &[u8])| {
    let (cut, octets, stream) = input;
    let octets = 16 + usize::from(octets);
    let _ = TransferFrame::read(stream);
    let (head, tail) = stream.split_at(cut % (stream.len() + 1));
    let whole = told(&[stream], octets);
    assert_eq!(whole.1, stream.len());
    assert_eq!(told(&[head, tail], octets), whole);
});
