//! Packets and fragments as libcsp writes them, and any at all.

use proptest::prelude::*;

use super::*;
use crate::link::can::{CanFrame, CanId};

fn octets(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn hello() -> Packet {
    Packet {
        priority: 2,
        source: 1,
        destination: 10,
        port: 7,
        from_port: 20,
        flags: 0,
        content: b"Hello, board!".to_vec(),
    }
}

/// The frames that libcsp (2.1, its CAN interface on a virtual bus) sent for [`hello`].
const FRAMES: [(Version, [(u32, &str); 3]); 2] = [
    (
        Version::One,
        [
            (0x0150_0800, "82a1d400000d4865"),
            (0x0154_0400, "6c6c6f2c20626f61"),
            (0x0154_0000, "726421"),
        ],
    ),
    (
        Version::Two,
        [
            (0x1001_4082, "0004750048656c6c"),
            (0x1001_4084, "6f2c20626f617264"),
            (0x1001_4089, "21"),
        ],
    ),
];

#[test]
fn fragments_are_those_of_libcsp() {
    for (version, frames) in FRAMES {
        let frames = frames.map(|(id, hex)| CanFrame::new(CanId::Extended(id), &octets(hex)));
        let mut fragments = Fragments::new(version, 100);
        assert_eq!(fragments.cut(&hello()), frames);
        let mut told: Vec<Reassembled> = frames.iter().map(|frame| fragments.push(frame)).collect();
        assert_eq!(told.pop(), Some(Reassembled::Packet(hello())));
        assert_eq!(told, [Reassembled::Partly, Reassembled::Partly]);
        assert_eq!(fragments.pending(), 0);
        // A fragment that never came: what was there of the packet is damage, once.
        fragments.push(&frames[0]);
        assert!(matches!(
            fragments.push(&frames[2]),
            Reassembled::Damaged(_)
        ));
        assert_eq!(fragments.pending(), 0);
    }
}

#[test]
fn checksums_cover_the_data_or_the_header_too() {
    // As libcsp wrote them on a serial line (KISS), before and since version 2.1.
    for (version, old, new) in [
        (Version::One, "476ce7e9", "cac16694"),
        (Version::Two, "476ce7e9", "ae5d955f"),
    ] {
        // There the flag that says so was not set in the header.
        let sum = hello().checksum(version, b"Hello, board!");
        assert_eq!(sum.to_be_bytes().to_vec(), octets(new));
        let mut packet = hello();
        packet.add_checksum(version);
        for sum in [octets(old), packet.content[13..].to_vec()] {
            let mut packet = packet.clone();
            packet.content.truncate(13);
            packet.content.extend_from_slice(&sum);
            assert_eq!(packet.data(version), Checked::Right(b"Hello, board!"));
            packet.content[0] ^= 1;
            assert_eq!(packet.data(version), Checked::Wrong);
        }
        packet.content.truncate(3);
        assert_eq!(packet.data(version), Checked::Wrong);
    }
}

fn any_packet() -> impl Strategy<Value = (Version, Packet)> {
    let content = proptest::collection::vec(any::<u8>(), 0..600);
    (
        any::<bool>(),
        0..4_u8,
        any::<(u16, u16)>(),
        0..64_u8,
        0..64_u8,
        0..64_u8,
        content,
    )
        .prop_map(
            |(two, priority, (source, destination), port, from_port, flags, content)| {
                let (version, most) = if two {
                    (Version::Two, 0x3fff)
                } else {
                    (Version::One, 0x1f)
                };
                let packet = Packet {
                    priority,
                    source: source & most,
                    destination: destination & most,
                    port,
                    from_port,
                    flags,
                    content,
                };
                (version, packet)
            },
        )
}

proptest! {
    #[test]
    fn packets_come_back_from_fragments_of_several_senders((version, packet) in any_packet()) {
        let mut near = Fragments::new(version, 600);
        let mut other = packet.clone();
        other.source ^= 1;
        let (one, two) = (near.cut(&packet), near.cut(&other));
        let mut far = Fragments::new(version, 600);
        let mut heard = Vec::new();
        for (a, b) in one.iter().zip(&two) {
            for frame in [a, b] {
                match far.push(frame) {
                    Reassembled::Packet(packet) => heard.push(packet),
                    Reassembled::Partly => {}
                    Reassembled::Damaged(damage) => panic!("{damage:?}"),
                }
            }
        }
        prop_assert_eq!(heard, [packet, other]);
    }

    #[test]
    fn any_frames_do_no_harm_and_little_is_kept(
        frames in proptest::collection::vec(
            (0..0x2000_0000_u32, proptest::collection::vec(any::<u8>(), 0..=8)), 0..200),
        two: bool,
    ) {
        let version = if two { Version::Two } else { Version::One };
        let mut far = Fragments::new(version, 64);
        for (id, octets) in frames {
            far.push(&CanFrame::new(CanId::Extended(id), &octets));
            prop_assert!(far.pending() <= 16 * (64 + 6));
        }
    }
}
