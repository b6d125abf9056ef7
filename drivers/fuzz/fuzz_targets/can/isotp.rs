//! ISO-TP: every octet is accounted for, whatever comes, in frames of CAN 2.0 and CAN FD, with an
//! address and without.
#![no_main]

use drivers::telemetry::framing::isotp::{Address, Event, Flow, IsoTp, Layout};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Option<(u8, u8)>, Vec<u8>, Vec<Vec<u8>>)| {
    let (block_size, address, message, frames) = input;
    let flow = Flow {
        block_size,
        separation: 0,
    };
    let address = address.map(|(to, from)| Address { to, from });
    let frame = if block_size % 2 == 0 { 8 } else { 64 };
    let mut end = IsoTp::with_layout(flow, 4_200, Layout { frame, address });
    let (mut out, mut octets, mut sent) = (Vec::new(), 0, 0);
    end.send(&message, &mut out);
    for frame in frames.iter().filter(|frame| frame.len() <= 64) {
        sent += frame.len();
        end.push(frame, &mut out, |event| {
            octets += match event {
                Event::Message { octets, .. } | Event::Control { octets } => octets,
                Event::Damaged(damage) => damage.bytes,
                Event::Sent | Event::Overflow => 0,
            };
        });
    }
    assert_eq!((octets + end.pending()) as usize, sent);
});
