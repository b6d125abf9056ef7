//! Space packets of several application processes on a bare stream: every octet is accounted
//! for, chunks make no difference, and what is told as a packet has the right checksum.
#![no_main]

use drivers::telemetry::ccsds::checksum::pec;
use drivers::telemetry::ccsds::packet::{PacketType, TmPacket};
use drivers::telemetry::ccsds::scanner::{Expected, Scanned, Scanner};
use libfuzzer_sys::fuzz_target;

fn told(chunks: &[&[u8]]) -> (Vec<String>, usize) {
    let expected = [(17, true), (65, false), (2_047, false)];
    let expected = expected.map(|(apid, secondary)| Expected { apid, secondary });
    let mut scanner = Scanner::new(PacketType::Telemetry, &expected, 4_096);
    let (mut told, mut octets) = (Vec::new(), 0);
    let mut sink = |scanned: Scanned<'_>| {
        octets += match scanned {
            Scanned::Packet(packet) => {
                assert_eq!(pec(packet), 0);
                let _ = TmPacket::read_checked(packet);
                packet.len()
            }
            Scanned::Skipped { octets, .. } => octets,
        };
        told.push(format!("{scanned:?}"));
    };
    for chunk in chunks {
        scanner.push(chunk, &mut sink);
    }
    let tail = scanner.finish(&mut sink);
    (told, octets + tail)
}

fuzz_target!(|input: (usize, Vec<(u8, Vec<u8>)>)| {
    let (cut, parts) = input;
    let mut stream = Vec::new();
    for (kind, octets) in parts {
        let start = stream.len();
        if kind % 3 == 0 {
            stream.extend([0x08, 17, 0xc0, kind, 0, (15 + octets.len().min(200)) as u8]);
            stream.extend([0x20, 3, 25, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0]);
            stream.extend(&octets[..octets.len().min(200)]);
            let sum = pec(&stream[start..]);
            stream.extend(sum.to_be_bytes());
        } else {
            stream.extend(octets);
        }
    }
    let (head, tail) = stream.split_at(cut % (stream.len() + 1));
    let whole = told(&[&stream]);
    assert_eq!(whole.1, stream.len());
    assert_eq!(told(&[head, tail]), whole);
});
