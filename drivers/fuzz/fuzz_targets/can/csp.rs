//! CSP on CAN: any frames do no harm, what is kept is bounded, and packets come back.
#![no_main]

use drivers::link::can::{CanFrame, CanId};
use drivers::telemetry::framing::csp::{Fragments, Packet, Reassembled, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, Vec<(u32, Vec<u8>)>, Vec<u8>)| {
    let (two, frames, content) = input;
    let version = if two { Version::Two } else { Version::One };
    let mut far = Fragments::new(version, 64);
    for (id, octets) in &frames {
        let id = CanId::Extended(id & 0x1fff_ffff);
        far.push(&CanFrame::new(id, &octets[..octets.len().min(8)]));
        assert!(far.pending() <= 16 * 70);
    }
    let packet = Packet {
        priority: 1,
        source: 3,
        destination: 4,
        port: 5,
        from_port: 6,
        flags: 0,
        content: content.into_iter().take(500).collect(),
    };
    let mut whole = Fragments::new(version, 500);
    let frames = whole.cut(&packet);
    let told = frames.iter().map(|frame| whole.push(frame)).last();
    assert_eq!(told, Some(Reassembled::Packet(packet)));
});
