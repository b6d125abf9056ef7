//! Space packets with and without framing: every octet is accounted for, and chunks make no
//! difference.
#![no_main]

use drivers::telemetry::ccsds::line::Line;
use drivers::telemetry::ccsds::packet::{PacketType, TcPacket, TmPacket};
use drivers::telemetry::ccsds::{Received, Receiver};
use libfuzzer_sys::fuzz_target;

fn told(line: Line, chunks: &[&[u8]]) -> (Vec<String>, usize) {
    let mut receiver = Receiver::new(line);
    let (mut told, mut octets) = (Vec::new(), 0);
    for chunk in chunks {
        receiver.push(chunk, |received| {
            octets += match received {
                Received::Packet(_, octets) => octets as usize,
                Received::Damaged(damage) => damage.bytes as usize,
            };
            told.push(format!("{received:?}"));
        });
    }
    (told, octets + receiver.pending())
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, stream) = input;
    let (head, tail) = stream.split_at(cut % (stream.len() + 1));
    let bare = || Line::unframed(PacketType::Telemetry, 0x42, 256);
    let whole = told(bare(), &[stream]);
    assert_eq!(whole.1, stream.len());
    assert_eq!(told(bare(), &[head, tail]), whole);
    let whole = told(Line::cobs(256), &[stream]);
    assert!(whole.1 <= stream.len(), "fillers are not told");
    assert_eq!(told(Line::cobs(256), &[head, tail]), whole);
    // What is read is written back as it was.
    let mut out = Vec::new();
    if let Ok(packet) = TcPacket::read(stream) {
        packet.write(&mut out);
        assert_eq!(TcPacket::read(&out), Ok(packet));
    }
    out.clear();
    if let Ok(packet) = TmPacket::read(stream) {
        packet.write(&mut out);
        assert_eq!(TmPacket::read(&out), Ok(packet));
    }
});
