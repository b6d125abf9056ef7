//! The emulator's registers, frame by frame as published.

use super::MODEL;
use crate::modbus::frame::sealed;
use crate::modbus::session::hex;
use crate::rehearsal::{self, Alone};
use crate::thermal_chamber::rig::alone;

/// A chamber and its air.
struct Chamber {
    alone: Alone,
}

impl Chamber {
    fn new() -> Chamber {
        let (alone, _air) = alone(&MODEL, &[]);
        Chamber { alone }
    }

    /// Lets time pass, in which the emulator acts by itself.
    fn wait(&mut self, seconds: u64) {
        self.alone.pass(seconds * 1_000_000);
    }

    fn hear(&mut self, frame: &str) -> String {
        let answers = self.alone.hear(&rehearsal::hex(frame).unwrap()).into_iter();
        answers.map(|(_, chunk)| hex(&chunk)).collect()
    }
}

#[test]
fn writes_are_echoed() {
    let mut chamber = Chamber::new();
    for frame in [
        // 25.0 and -40.0 degrees, event 1 on, end of the profile.
        "01 06 01 2C 00 FA C9 BC",
        "01 06 01 2C FE 70 08 7B",
        "01 06 07 D0 00 01 48 87",
        "01 06 04 C1 00 01 18 C6",
    ] {
        assert_eq!(chamber.hear(frame), frame);
    }
    assert_eq!(
        chamber.hear("01 03 01 2C 00 01 44 3F"),
        "01 03 02 FE 70 F9 C0"
    );
    assert_eq!(
        chamber.hear("01 03 07 D0 00 01 84 87"),
        "01 03 02 00 01 79 84"
    );
}

#[test]
fn refusals_have_the_published_bytes() {
    let mut chamber = Chamber::new();
    // Discrete inputs are not served, register 7 is none that is emulated, and 1200.0 degrees are
    // too hot.
    assert_eq!(chamber.hear("01 02 00 01 00 02 A8 0B"), "01 82 01 81 60");
    assert_eq!(chamber.hear("01 06 00 07 2E E0 24 23"), "01 86 02 C3 A1");
    assert_eq!(chamber.hear("01 06 01 2C 2E E0 55 D7"), "01 86 03 02 61");
    // A wrong CRC and another's address.
    assert_eq!(chamber.hear("01 03 00 64 00 01 C5 D6"), "");
    assert_eq!(chamber.hear("02 03 00 64 00 01 C5 E6"), "");
}

#[test]
fn without_decimals_registers_are_whole_degrees() {
    let mut chamber = Chamber::new();
    assert_eq!(
        chamber.hear("01 06 02 5E 00 00 E9 A0"),
        "01 06 02 5E 00 00 E9 A0"
    );
    // 25 degrees.
    assert_eq!(
        chamber.hear("01 06 01 2C 00 19 88 35"),
        "01 06 01 2C 00 19 88 35"
    );
    assert_eq!(
        chamber.hear("01 03 01 2C 00 01 44 3F"),
        "01 03 02 00 19 79 8E"
    );
    assert_eq!(
        chamber.hear("01 03 00 64 00 01 C5 D5"),
        "01 03 02 00 17 F8 4A"
    );
}

/// What reading one register answers.
fn word(chamber: &mut Chamber, register: u16) -> u16 {
    let [high, low] = register.to_be_bytes();
    let frame = hex(&sealed(&[1, 3, high, low, 0, 1]));
    let answer = rehearsal::hex(&chamber.hear(&frame)).unwrap();
    assert_eq!(answer[1], 3, "register {register}");
    u16::from_be_bytes([answer[3], answer[4]])
}

/// The exception of writing registers; 0 if they are taken.
fn write(chamber: &mut Chamber, register: u16, words: &[u16]) -> u8 {
    let mut message = vec![1, 16];
    message.extend(register.to_be_bytes());
    message.extend([0, words.len() as u8, 2 * words.len() as u8]);
    message.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    let answer = rehearsal::hex(&chamber.hear(&hex(&sealed(&message)))).unwrap();
    if answer[1] == 16 { 0 } else { answer[2] }
}

/// Profile 1: to 60.0 °C within a minute with event 2 on, a soak of 30 s, once again, and off.
fn upload(chamber: &mut Chamber) {
    let mut write = |register, words: &[u16]| assert_eq!(write(chamber, register, words), 0);
    write(4_002, &[1]);
    write(3_500, &[u16::from(b'A'), u16::from(b'B')]);
    write(4_001, &[1, 2]);
    write(4_003, &[1]);
    write(4_009, &[0, 1, 0]);
    write(4_031, &[1]);
    write(4_044, &[600]);
    write(4_001, &[2, 2]);
    write(4_003, &[3]);
    write(4_009, &[0, 0, 30]);
    write(4_001, &[3, 2]);
    write(4_003, &[4]);
    write(4_050, &[1, 1, 1]);
    write(4_001, &[4]);
    write(4_060, &[1]);
    write(25, &[0]);
}

#[test]
fn a_profile_is_kept_and_played() {
    let mut chamber = Chamber::new();
    upload(&mut chamber);
    assert_eq!(
        (word(&mut chamber, 1_218), word(&mut chamber, 1_219)),
        (39, 252)
    );
    assert_eq!(write(&mut chamber, 4_000, &[1, 2]), 0);
    assert_eq!(
        (word(&mut chamber, 4_003), word(&mut chamber, 4_011)),
        (3, 30)
    );
    assert_eq!(write(&mut chamber, 4_003, &[6]), 3);
    assert_eq!(write(&mut chamber, 4_000, &[1, 1, 5]), 0);
    assert_eq!((word(&mut chamber, 200), word(&mut chamber, 4_100)), (2, 1));
    chamber.wait(30);
    assert_eq!(word(&mut chamber, 4_122), 415);
    assert_eq!(
        (word(&mut chamber, 4_121), word(&mut chamber, 2_010)),
        (30, 1)
    );
    assert_eq!(write(&mut chamber, 1_210, &[1]), 0);
    chamber.wait(600);
    assert_eq!(
        (word(&mut chamber, 200), word(&mut chamber, 4_122)),
        (3, 415)
    );
    assert_eq!(write(&mut chamber, 4_000, &[1, 1, 3]), 3, "it runs");
    assert_eq!(write(&mut chamber, 1_209, &[1]), 0);
    chamber.wait(50);
    assert_eq!(word(&mut chamber, 4_101), 2);
    // Both again, and then the outputs are off.
    chamber.wait(30);
    assert_eq!(
        (word(&mut chamber, 4_101), word(&mut chamber, 4_126)),
        (1, 1)
    );
    chamber.wait(100);
    assert_eq!((word(&mut chamber, 200), word(&mut chamber, 103)), (0, 0));
    assert_eq!(write(&mut chamber, 4_000, &[1, 1, 3]), 0);
    assert_eq!(word(&mut chamber, 4_003), 0xffff, "no such step");
    assert_eq!(write(&mut chamber, 4_000, &[1, 1, 5]), 3, "no such profile");
}

#[test]
fn alarms_are_told_and_latch() {
    let mut chamber = Chamber::new();
    // A process alarm above 20.0 degrees, which latches.
    assert_eq!(write(&mut chamber, 303, &[200]), 0);
    assert_eq!(write(&mut chamber, 702, &[1]), 0);
    assert_eq!(write(&mut chamber, 704, &[1]), 0);
    chamber.wait(1);
    assert_eq!(word(&mut chamber, 102), 1);
    assert_eq!(write(&mut chamber, 303, &[500]), 0);
    chamber.wait(1);
    assert_eq!(word(&mut chamber, 102), 1);
    assert_eq!(write(&mut chamber, 331, &[1]), 0);
    chamber.wait(1);
    assert_eq!((word(&mut chamber, 102), word(&mut chamber, 106)), (0, 0));
    assert_eq!(word(&mut chamber, 101), 0);
}

#[test]
fn the_clock_is_set_as_a_whole() {
    let mut chamber = Chamber::new();
    assert_eq!(write(&mut chamber, 1_916, &[23, 59, 50, 12, 31, 2_026]), 0);
    assert_eq!(write(&mut chamber, 1_916, &[23, 59, 50, 2, 30, 2_026]), 3);
    chamber.wait(10);
    assert_eq!(
        (word(&mut chamber, 1_916), word(&mut chamber, 1_921)),
        (0, 2_027)
    );
}
