//! Frames against the published ones, slaves and masters against each other's mistakes, and any
//! bytes at all.

use profiles::time::BenchTime;
use proptest::prelude::*;
use rmodbus::ErrorKind;

use super::exception::{ILLEGAL_ADDRESS, ILLEGAL_VALUE};
use super::frame::{self, Cut};
use super::responder::{Access, Responder};
use super::session::hex;

fn bytes(text: &str) -> Vec<u8> {
    crate::rehearsal::hex(text).unwrap()
}

/// A slave at address 1 with ten registers from 100 on, which take values below 1000.
struct Slave {
    responder: Responder,
    registers: [u16; 10],
    at: BenchTime,
}

impl Slave {
    fn new() -> Slave {
        Slave {
            responder: Responder::new(1),
            registers: std::array::from_fn(|index| 250 + index as u16),
            at: BenchTime::ZERO,
        }
    }

    fn hear(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let registers = &mut self.registers;
        self.responder.receive(self.at, chunk, |access| {
            let range = |first: u16, count: usize| {
                let start = usize::from(first.checked_sub(100).ok_or(ILLEGAL_ADDRESS)?);
                let range = start..start + count;
                (range.end <= 10).then_some(range).ok_or(ILLEGAL_ADDRESS)
            };
            match access {
                Access::Read(first, words) => {
                    words.copy_from_slice(&registers[range(first, words.len())?]);
                }
                Access::Write(first, words) => {
                    let range = range(first, words.len())?;
                    if words.iter().any(|&word| word >= 1_000) {
                        return Err(ILLEGAL_VALUE);
                    }
                    registers[range].copy_from_slice(words);
                }
            }
            Ok::<(), ErrorKind>(())
        })
    }

    fn asked(&mut self, text: &str) -> String {
        let answers = self.hear(&bytes(text));
        let shown: Vec<String> = answers.iter().map(|answer| hex(answer)).collect();
        shown.join(" | ")
    }
}

#[test]
fn published_frames_are_intact() {
    for text in [
        "01 03 00 64 00 01 C5 D5",
        "01 03 02 00 FA 38 07",
        "01 03 02 FE 70 F9 C0",
        "01 03 01 2C 00 01 44 3F",
        "01 06 01 2C 00 FA C9 BC",
        "01 06 01 2C FE 70 08 7B",
        "01 06 07 D0 00 01 48 87",
        "01 06 04 C1 00 01 18 C6",
        "01 03 00 C8 00 01 05 F4",
        "01 03 02 5E 00 01 E4 60",
        "01 03 02 00 01 79 84",
        "01 83 02 C0 F1",
        "01 86 03 02 61",
        "01 86 02 C3 A1",
        "01 82 01 81 60",
        "01 06 00 07 2E E0 24 23",
        "01 02 00 01 00 02 A8 0B",
        // The guide prints D8 C3 here.
        "01 06 00 2D 00 01 D8 03",
    ] {
        assert!(frame::is_intact(&bytes(text)), "{text}");
    }
    assert!(!frame::is_intact(&bytes("01 06 00 2D 00 01 D8 C3")));
}

#[test]
fn frames_are_cut_by_their_headers() {
    assert_eq!(
        frame::request(&bytes("01 03 00 64 00 01 C5 D5")),
        Cut::Frame(8)
    );
    assert_eq!(frame::request(&bytes("01 03 00 64 00 01 C5")), Cut::More);
    assert_eq!(
        frame::request(&bytes("01 03 00 64 00 01 C5 D6")),
        Cut::Broken
    );
    assert_eq!(
        frame::reply(&bytes("01 03 02 00 FA 38 07 01 03")),
        Cut::Frame(7)
    );
    assert_eq!(frame::reply(&bytes("01 83 02 C0 F1")), Cut::Frame(5));
    // A count that is too long, although the whole ends in its own CRC.
    assert_eq!(
        frame::request(&sealed(&[1, 16, 0, 100, 0, 1, 250, 0, 1])),
        Cut::Broken
    );
    assert_eq!(frame::reply(&[]), Cut::More);
    assert_eq!(frame::reply(&[1, 0x2b]), Cut::Broken);
}

#[test]
fn slaves_answer_reads_and_writes() {
    let mut slave = Slave::new();
    assert_eq!(
        slave.asked("01 03 00 64 00 01 C5 D5"),
        "01 03 02 00 FA 38 07"
    );
    // Two registers at 101, function 16, then read back.
    assert_eq!(
        slave.asked("01 10 00 65 00 02 04 00 0A 00 0B 54 7D"),
        "01 10 00 65 00 02 51 D7"
    );
    assert_eq!(
        slave.asked("01 03 00 65 00 02 D4 14"),
        "01 03 04 00 0A 00 0B 9B F6"
    );
}

#[test]
fn slaves_refuse_with_the_standards_codes() {
    let mut slave = Slave::new();
    // Coils are not served; register 300 is none of these; 12000 is too much.
    assert_eq!(slave.asked("01 02 00 01 00 02 A8 0B"), "01 82 01 81 60");
    assert_eq!(slave.asked("01 03 01 2C 00 01 44 3F"), "01 83 02 C0 F1");
    assert_eq!(slave.asked("01 06 01 2C 00 FA C9 BC"), "01 86 02 C3 A1");
    assert_eq!(slave.asked("01 06 00 64 2E E0 D4 3D"), "01 86 03 02 61");
    // A function that nobody knows.
    assert_eq!(slave.asked("01 2B 0E 01 00 70 77"), "01 AB 01 9E F0");
}

#[test]
fn slaves_are_silent_where_they_are_not_meant() {
    let mut slave = Slave::new();
    assert_eq!(slave.asked("01 03 00 64 00 01 C5 D6"), "");
    assert_eq!(slave.responder.skipped, 8);
    // Slave 2, and everybody.
    assert_eq!(slave.asked("02 03 00 64 00 01 C5 E6"), "");
    assert_eq!(slave.asked("00 06 00 64 00 01 08 04"), "");
    assert_eq!(slave.registers[0], 250);
    // An exception is no request.
    assert_eq!(slave.asked("01 83 02 C0 F1"), "");
}

#[test]
fn a_torn_frame_is_mended_and_a_lost_one_forgotten() {
    let mut slave = Slave::new();
    assert_eq!(slave.asked("01 03 00 64"), "");
    slave.at = BenchTime::from_millis(20);
    assert_eq!(slave.asked("00 01 C5 D5"), "01 03 02 00 FA 38 07");
    assert_eq!(slave.asked("01 03 00 64"), "");
    slave.at = BenchTime::from_millis(200);
    assert_eq!(
        slave.asked("01 03 00 64 00 01 C5 D5"),
        "01 03 02 00 FA 38 07"
    );
    assert_eq!(slave.responder.skipped, 4);
}

#[test]
fn counts_that_lie_are_refused() {
    let mut slave = Slave::new();
    // Function 16 with two registers announced and one sent, and with the largest byte count.
    let frame = sealed(&[1, 16, 0, 100, 0, 2, 2, 0, 1]);
    assert_eq!(hex(&slave.hear(&frame)[0]), "01 90 03 0C 01");
    let mut long = vec![1, 16, 0, 100, 0, 123, 247];
    long.extend([0; 247]);
    assert_eq!(hex(&slave.hear(&sealed(&long))[0]), "01 90 03 0C 01");
    // No registers, and too many.
    assert_eq!(
        hex(&slave.hear(&sealed(&[1, 3, 0, 100, 0, 0]))[0]),
        "01 83 03 01 31"
    );
    assert_eq!(
        hex(&slave.hear(&sealed(&[1, 3, 0, 100, 0, 126]))[0]),
        "01 83 03 01 31"
    );
}

/// A frame with its CRC, bit by bit as Modbus over serial line V1.02, section 6.2.2, has it.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut crc = 0xffff_u16;
    for byte in body {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xa001
            } else {
                crc >> 1
            };
        }
    }
    [body, &crc.to_le_bytes()].concat()
}

#[test]
fn the_crc_is_that_of_the_standard() {
    assert_eq!(sealed(b"123456789")[9..], 0x4b37_u16.to_le_bytes());
    assert!(frame::is_intact(&sealed(b"123456789")));
}

/// Frames and noise.
fn nearly_frames() -> impl Strategy<Value = Vec<u8>> {
    let body = (0_u8..3, 0_u8..20, prop::collection::vec(any::<u8>(), 4..12));
    let frame = body.prop_map(|(address, function, mut rest)| {
        rest.splice(0..0, [address, function]);
        sealed(&rest)
    });
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![4 => frame, 1 => noise]
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_skipped(chunks in prop::collection::vec(nearly_frames(), 0..12)) {
        let mut slave = Slave::new();
        let mut heard = 0;
        for chunk in &chunks {
            let skipped = slave.responder.skipped;
            for answer in slave.hear(chunk) {
                prop_assert!(matches!(frame::reply(&answer), Cut::Frame(length) if length == answer.len())
                    || answer[1] & frame::EXCEPTION != 0 && frame::is_intact(&answer));
            }
            heard += chunk.len() as u64;
            prop_assert!(slave.responder.skipped >= skipped);
            prop_assert!(slave.responder.skipped + slave.responder.pending() as u64 <= heard);
            prop_assert!(slave.responder.pending() < frame::MAX_BYTES);
        }
        slave.at = BenchTime::from_millis(1_000);
        let answers = slave.hear(&bytes("01 03 00 64 00 01 C5 D5"));
        prop_assert_eq!(answers.len(), 1);
        prop_assert_eq!(slave.responder.pending(), 0);
    }

    #[test]
    fn a_cut_is_within_what_was_heard(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for cut in [frame::request(&bytes), frame::reply(&bytes)] {
            if let Cut::Frame(length) = cut {
                prop_assert!(length <= bytes.len() && frame::is_intact(&bytes[..length]));
            }
        }
    }
}
