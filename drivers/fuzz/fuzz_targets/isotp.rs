//! ISO-TP: every octet is accounted for, whatever comes.
#![no_main]

use drivers::telemetry::framing::isotp::{Event, Flow, IsoTp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<u8>, Vec<[u8; 8]>)| {
    let (block_size, message, frames) = input;
    let flow = Flow {
        block_size,
        separation: 0,
    };
    let mut end = IsoTp::new(flow, 4_200);
    let (mut out, mut octets) = (Vec::new(), 0);
    end.send(&message, &mut out);
    for frame in &frames {
        end.push(frame, &mut out, |event| {
            octets += match event {
                Event::Message { octets, .. } | Event::Control { octets } => octets,
                Event::Damaged(damage) => damage.bytes,
                Event::Sent | Event::Overflow => 0,
            };
        });
    }
    assert_eq!((octets + end.pending()) as usize, 8 * frames.len());
});
