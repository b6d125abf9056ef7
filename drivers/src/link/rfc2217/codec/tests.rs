//! The codec, octet by octet.

use super::*;
use proptest::prelude::*;

fn codec(line: &str) -> Codec {
    Codec::new(LineSettings::parse(line).unwrap())
}

/// Data and answers to what a server sends.
fn hear(codec: &mut Codec, octets: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut data, mut answers) = (Vec::new(), Vec::new());
    codec.receive(octets, &mut data, &mut answers);
    (data, answers)
}

#[test]
fn the_line_is_set_when_the_server_agrees_and_not_before() {
    // From RFC 2217, section 3: 9600 baud are 00 00 25 80, 8 data bits, even parity 3, two
    // stop bits 2, XON/XOFF 2, purge of the receive buffer 1.
    let mut codec = codec("9600,8E2,xonxoff");
    assert_eq!(codec.agreed(), None);
    let (data, answers) = hear(&mut codec, &[IAC, DO, COM_PORT]);
    assert_eq!((data, codec.agreed()), (vec![], Some(true)));
    let mut expected = vec![IAC, SB, COM_PORT, 1, 0, 0, 0x25, 0x80, IAC, SE];
    for (verb, value) in [(2, 8), (3, 3), (4, 2), (5, 2), (12, 1)] {
        expected.extend([IAC, SB, COM_PORT, verb, value, IAC, SE]);
    }
    assert_eq!(answers, expected);
    assert_eq!(
        hear(&mut codec, &[IAC, DO, COM_PORT]).1,
        [0_u8; 0],
        "only once"
    );
}

#[test]
fn a_baud_rate_with_an_escape_in_it_is_escaped() {
    // 65,280 is 00 00 FF 00.
    let (_, answers) = hear(&mut codec("65280"), &[IAC, DO, COM_PORT]);
    let start = [IAC, SB, COM_PORT, 1, 0, 0, IAC, IAC, 0, IAC, SE];
    assert_eq!(answers[..start.len()], start);
}

#[test]
fn acknowledgements_are_held_against_what_was_asked() {
    let answer = |code: u8, value: &[u8]| {
        let mut octets = vec![IAC, SB, COM_PORT, code];
        Codec::encode(value, &mut octets);
        octets.extend([IAC, SE]);
        let mut codec = codec("9600,8N2");
        let _nothing = hear(&mut codec, &octets);
        codec.take_trouble()
    };
    assert_eq!(answer(101, &9_600_u32.to_be_bytes()), None);
    assert_eq!(answer(101, &0_u32.to_be_bytes()), None);
    let other = answer(101, &115_200_u32.to_be_bytes());
    assert_eq!(other, Some(Trouble::Baud(115_200)));
    assert_eq!(answer(102, &[8]), None);
    assert_eq!(answer(103, &[3]), Some(Trouble::Setting("parity")));
    assert_eq!(
        answer(104, &[1]),
        Some(Trouble::Setting("number of stop bits"))
    );
    // States of the lines, and a name.
    assert_eq!(answer(107, &[0xb0]), None);
    assert_eq!(answer(0, b"ser2net"), None);
}

#[test]
fn what_was_not_asked_for_is_refused_once() {
    let mut codec = codec("9600");
    // ECHO and a terminal's type.
    let (data, answers) = hear(&mut codec, &[IAC, WILL, 1, IAC, DO, 24, IAC, WILL, BINARY]);
    assert_eq!(answers, [IAC, DONT, 1, IAC, WONT, 24]);
    assert_eq!(data, [0_u8; 0]);
    assert_eq!(
        hear(&mut codec, &[IAC, WONT, 1, IAC, DONT, 24]).1,
        [0_u8; 0]
    );
    let _nothing = hear(&mut codec, &[IAC, DONT, COM_PORT]);
    assert_eq!(codec.take_trouble(), Some(Trouble::NoComPort));
}

#[test]
fn a_server_that_is_full_says_so() {
    let mut codec = codec("9600");
    let _nothing = hear(&mut codec, &[IAC, SB, COM_PORT, SUSPEND, IAC, SE]);
    assert!(codec.is_suspended());
    let _nothing = hear(&mut codec, &[IAC, SB, COM_PORT, RESUME, IAC, SE]);
    assert!(!codec.is_suspended());
}

proptest! {
    #[test]
    fn every_octet_of_data_comes_through(data: Vec<u8>, cut: prop::sample::Index) {
        let mut sent = Vec::new();
        Codec::encode(&data, &mut sent);
        let mut codec = codec("9600");
        let cut = cut.index(sent.len() + 1);
        let (mut head, answers) = hear(&mut codec, &sent[..cut]);
        let (tail, more) = hear(&mut codec, &sent[cut..]);
        head.extend(tail);
        prop_assert_eq!(head, data);
        prop_assert_eq!((answers, more), (vec![], vec![]));
    }

    #[test]
    fn any_octets_in_any_pieces_mean_the_same(
        pieces in prop::collection::vec(prop::collection::vec(telnet(), 0..12), 0..8)
    ) {
        let (mut whole, mut parts) = (codec("9600"), codec("9600"));
        let expected = hear(&mut whole, &pieces.concat());
        let (mut data, mut answers) = (Vec::new(), Vec::new());
        for piece in &pieces {
            parts.receive(piece, &mut data, &mut answers);
        }
        prop_assert!(data.len() <= pieces.concat().len());
        prop_assert_eq!((data, answers), expected);
        prop_assert_eq!(parts.agreed(), whole.agreed());
        prop_assert_eq!(parts.take_trouble(), whole.take_trouble());
    }

    #[test]
    fn two_clients_do_not_answer_each_other_for_ever(
        octets in prop::collection::vec(telnet(), 0..60)
    ) {
        let (mut one, mut other) = (codec("9600"), codec("9600"));
        let mut said = octets;
        for _ in 0..4 {
            said = hear(&mut one, &said).1;
            said = hear(&mut other, &said).1;
        }
        prop_assert_eq!(said, [0_u8; 0]);
    }
}

/// Octets among which those of Telnet are frequent.
fn telnet() -> impl Strategy<Value = u8> {
    let known = [
        IAC, DONT, DO, WONT, WILL, SB, SE, COM_PORT, BINARY, 101, 108, 0, 1,
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()), 1 => any::<u8>()]
}
