//! The emulator's registers, frame by frame: as published, and as its manual describes them.

use super::{MODEL, Order, register, word};
use crate::modbus::frame::sealed;
use crate::modbus::session::hex;
use crate::plant::AirId;
use crate::rehearsal::{self, Alone};
use crate::thermal_chamber::rig::alone_with;

const STEP: u16 = register::EDITED_STEP;

/// A chamber and its air.
struct Chamber {
    alone: Alone,
    air: AirId,
}

impl Chamber {
    fn new() -> Chamber {
        Chamber::with(&[])
    }

    fn with(options: &[(&str, &str)]) -> Chamber {
        let (alone, air) = alone_with(&MODEL, options);
        Chamber { alone, air }
    }

    /// Lets time pass, in which the emulator acts by itself.
    fn wait(&mut self, seconds: u64) {
        self.alone.pass(seconds * 1_000_000);
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.alone.answer(bytes)
    }

    fn air(&self) -> f64 {
        self.alone.plant.air(self.air).0
    }

    fn asked(&mut self, frame: &str) -> String {
        hex(&self.hear(&rehearsal::hex(frame).unwrap()))
    }

    fn words(&mut self, register: u16, count: u16) -> Vec<u16> {
        let [high, low] = register.to_be_bytes();
        let answer = self.hear(&sealed(&[1, 3, high, low, 0, count as u8]));
        assert_eq!(answer[1], 3, "register {register}: {}", hex(&answer));
        let words = answer[3..answer.len() - 2].chunks(2);
        words
            .map(|word| u16::from_be_bytes([word[0], word[1]]))
            .collect()
    }

    fn word(&mut self, register: u16) -> u16 {
        self.words(register, 1)[0]
    }

    fn float(&mut self, register: u16) -> f32 {
        let words = self.words(register, 2);
        Order::LowHigh.float([words[0], words[1]])
    }

    /// Exception code; 0 if it is taken.
    fn write(&mut self, register: u16, words: &[u16]) -> u8 {
        let mut message = vec![1, 16];
        message.extend(register.to_be_bytes());
        message.extend([0, words.len() as u8, 2 * words.len() as u8]);
        message.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        let answer = self.hear(&sealed(&message));
        if answer[1] == 16 { 0 } else { answer[2] }
    }

    fn write_float(&mut self, register: u16, value: f32) -> u8 {
        self.write(register, &Order::LowHigh.words(value))
    }
}

#[test]
fn published_frames_are_answered() {
    let mut chamber = Chamber::new();
    assert_eq!(
        chamber.asked("01 10 0A DE 00 02 04 00 00 41 C8 30 19"),
        "01 10 0A DE 00 02 22 2A"
    );
    assert_eq!(
        chamber.asked("01 03 0A DE 00 02 A7 E9"),
        "01 03 04 00 00 41 C8 CB F5"
    );
    assert_eq!(
        chamber.asked("01 03 40 B8 00 01 11 EF"),
        "01 03 02 00 3D 79 95"
    );
}

#[test]
fn the_same_is_answered_on_tcp() {
    let mut chamber = Chamber::new();
    let asked = "01 07 00 00 00 06 01 03 0A DE 00 02";
    assert_eq!(
        chamber.asked(asked),
        "01 07 00 00 00 07 01 03 04 00 00 41 B8"
    );
    // Whoever has the socket; then torn, two at once, an unknown function and another's unit.
    assert_eq!(
        chamber.asked("00 02 00 00 00 06 FF 03 0A DE 00 01"),
        "00 02 00 00 00 05 FF 03 02 00 00"
    );
    assert_eq!(chamber.hear(&[0, 3, 0, 0, 0]), b"");
    assert_eq!(
        chamber.asked("06 01 03 0A FE 00 01"),
        "00 03 00 00 00 05 01 03 02 00 0A"
    );
    assert_eq!(
        chamber.asked("00 04 00 00 00 06 01 03 0A AA 00 01 00 05 00 00 00 06 01 03 0A FE 00 01"),
        "00 04 00 00 00 05 01 03 02 00 0A 00 05 00 00 00 05 01 03 02 00 0A"
    );
    assert_eq!(
        chamber.asked("00 06 00 00 00 08 01 16 00 04 00 F2 00 25"),
        "00 06 00 00 00 03 01 96 01"
    );
    assert_eq!(chamber.asked("00 07 00 00 00 06 02 03 0A FE 00 01"), "");
    // RTU goes on beside it.
    assert_eq!(
        chamber.asked("01 03 40 B8 00 01 11 EF"),
        "01 03 02 00 3D 79 95"
    );
}

#[test]
fn limits_hold_the_set_point_and_take_it_along() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.write_float(register::HIGH_LIMIT, 50.0), 0);
    assert_eq!(chamber.write_float(register::SET_POINT, 50.1), 3);
    assert_eq!(chamber.write_float(register::SET_POINT, f32::NAN), 3);
    assert_eq!(chamber.write_float(register::SET_POINT, 50.0), 0);
    assert_eq!(chamber.write_float(register::HIGH_LIMIT, 40.0), 0);
    assert!((chamber.float(register::SET_POINT) - 40.0).abs() < 1e-6);
    // All of a message, or nothing of it: the second of these limits is out of reach.
    let words = [Order::LowHigh.words(-10.0), Order::LowHigh.words(1e6)].concat();
    assert_eq!(chamber.write(register::LOW_LIMIT, &words), 3);
    assert!((chamber.float(register::LOW_LIMIT) + 75.0).abs() < 1e-6);
    assert_eq!(chamber.write_float(register::LOW_LIMIT, 60.0), 3);
}

#[test]
fn what_is_not_there_is_an_exception() {
    let mut chamber = Chamber::new();
    // The cascade loop is not fitted, and 2774 is no number but half of one.
    let read = |register: u16| {
        let [high, low] = register.to_be_bytes();
        sealed(&[1, 3, high, low, 0, 2])
    };
    assert_eq!(chamber.hear(&read(4_180)), sealed(&[1, 0x83, 2]));
    assert_eq!(chamber.hear(&read(u16::MAX)), sealed(&[1, 0x83, 2]));
    assert_eq!(chamber.write(register::AIR, &[0, 0]), 2);
    assert_eq!(chamber.write(register::SET_POINT, &[0]), 2);
    assert_eq!(chamber.write(register::ACTIVE_MODE, &[10]), 2);
    assert_eq!(chamber.write(register::MODE, &[11]), 3);
    assert_eq!(
        chamber.write(register::START, &[1_782]),
        3,
        "an empty profile"
    );
}

#[test]
fn a_set_point_ramps_from_the_process_value() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.write_float(register::RAMP_RATE, 2.0), 0);
    assert_eq!(chamber.write(register::RAMP_SCALE, &[word::MINUTES]), 0);
    assert_eq!(chamber.write(register::RAMP_ACTION, &[word::BOTH]), 0);
    assert_eq!(chamber.write_float(register::SET_POINT, 43.0), 0);
    chamber.wait(300);
    assert!((chamber.float(register::SET_POINT) - 43.0).abs() < 1e-6);
    assert!((chamber.float(register::CLOSED_LOOP) - 33.0).abs() < 0.2);
    // The air follows: it is never ahead, and lags by some settling times.
    let air = chamber.air();
    assert!((30.0..33.1).contains(&air), "{air}");
    chamber.wait(600);
    assert!((chamber.float(register::CLOSED_LOOP) - 43.0).abs() < 1e-6);
}

#[test]
fn off_and_manual_are_what_they_say() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.write(register::MODE, &[word::OFF]), 0);
    assert_eq!(chamber.write_float(register::SET_POINT, 80.0), 0);
    chamber.wait(600);
    assert!((chamber.float(register::AIR) - 23.0).abs() < 0.2);
    assert!((chamber.float(register::POWER) - 0.0).abs() < 1e-6);
    assert_eq!(chamber.write(register::MODE, &[word::MANUAL]), 0);
    assert_eq!(chamber.write_float(register::MANUAL_POWER, 100.0), 0);
    chamber.wait(120);
    let air = chamber.float(register::AIR);
    assert!((28.0..33.5).contains(&air), "{air}");
}

#[test]
fn alarms_are_told_with_their_hysteresis() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.word(1_330), word::OFF);
    assert_eq!(chamber.write_float(1_334, 20.0), 0);
    assert_eq!(chamber.write(1_330, &[word::PROCESS]), 0);
    assert_eq!(chamber.word(1_356), word::ALARM_HIGH);
    // Within the hysteresis it stays.
    assert_eq!(chamber.write_float(1_334, 23.3), 0);
    assert_eq!(chamber.word(1_356), word::ALARM_HIGH);
    assert_eq!(chamber.write_float(1_334, 30.0), 0);
    assert_eq!(chamber.word(1_356), word::NONE);
    // The fourteenth, on the deviation; there is no fifteenth.
    assert_eq!(chamber.write_float(2_634, 10.0), 0);
    assert_eq!(chamber.write_float(2_636, -10.0), 0);
    assert_eq!(chamber.write(2_630, &[word::DEVIATION]), 0);
    assert_eq!(chamber.write_float(register::SET_POINT, 80.0), 0);
    assert_eq!(chamber.word(2_656), word::ALARM_LOW);
    assert_eq!(chamber.write(1_332, &[11]), 3);
    assert_eq!(chamber.write(1_356, &[word::NONE]), 2);
}

#[test]
fn it_says_who_it_is() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.words(0, 2), [124, 0]);
    assert_eq!(chamber.words(12, 2), [0xe240, 1]);
    assert_eq!(chamber.word(90), word::OK);
}

#[test]
fn key_one_closes_the_contactor_and_opens_it() {
    let mut chamber = Chamber::new();
    assert_eq!(chamber.word(33_718), word::ON);
    assert_eq!(chamber.write(6_850, &[word::DOWN]), 0);
    assert_eq!(chamber.word(33_718), word::OFF);
    assert_eq!(chamber.write_float(register::SET_POINT, 80.0), 0);
    chamber.wait(300);
    assert!((chamber.float(register::AIR) - 23.0).abs() < 0.2);
    assert_eq!(chamber.write(6_850, &[word::DOWN]), 0);
    assert_eq!(chamber.word(33_718), word::ON);
}

#[test]
fn a_broken_sensor_stops_the_loop_and_alarms() {
    let mut chamber = Chamber::with(&[("sensor", "open")]);
    assert_eq!(chamber.write_float(register::SET_POINT, 80.0), 0);
    assert!(chamber.float(register::AIR).is_nan());
    assert_eq!(chamber.word(register::ACTIVE_MODE), word::OFF);
    assert_eq!(chamber.word(1_356), word::ERROR);
    chamber.wait(300);
    assert!((chamber.air() - 23.0).abs() < 1e-6);
}

/// Profile 5: at once to 30 °C for a minute with event 1 on, at 3 K/min to 60 °C, a soak of two
/// minutes, once again from step 2, and off.
fn upload(chamber: &mut Chamber) {
    let float = |value| Order::LowHigh.words(value);
    let mut write = |register, words: &[u16]| assert_eq!(chamber.write(register, words), 0);
    write(register::EDITED, &[5]);
    write(register::EDIT, &[word::ADD]);
    write(register::EDITED_NAME, &[u16::from(b'h'), u16::from(b'i')]);
    write(STEP, &[word::INSTANT]);
    write(STEP + 2, &[0, 0, 1]);
    write(STEP + 20, &float(30.0));
    write(STEP + 52, &[word::ON]);
    write(STEP + 170, &[word::RAMP_RATE]);
    write(STEP + 170 + 12, &float(3.0));
    write(STEP + 170 + 20, &float(60.0));
    write(STEP + 340, &[word::SOAK]);
    write(STEP + 340 + 4, &[2]);
    write(STEP + 510, &[word::JUMP]);
    write(STEP + 510 + 8, &[2, 0, 1]);
    write(STEP + 680, &[word::END]);
    write(STEP + 680 + 76, &[word::OFF]);
}

#[test]
fn a_profile_is_kept_and_played() {
    let mut chamber = Chamber::new();
    upload(&mut chamber);
    assert_eq!(chamber.word(register::EDITED_STEPS), 5);
    assert_eq!(
        chamber.words(16_886 + 160, 3),
        [u16::from(b'h'), u16::from(b'i'), 0]
    );
    assert_eq!(chamber.words(48_000, 4), [1, 0, 5, 0]);
    assert_eq!(chamber.write(STEP, &[4_711]), 3, "no type of step");
    assert_eq!(chamber.write(register::PROFILE, &[5]), 0);
    assert_eq!(chamber.write(register::START, &[word::START]), 0);
    assert_eq!(chamber.word(register::STATE), word::RUNNING);
    assert_eq!(chamber.word(16_594), word::ON);
    assert_eq!(chamber.words(16_622, 5), [0, 0, 1, 0, 0]);
    chamber.wait(60 + 300);
    assert_eq!(chamber.word(register::RUNNING_STEP), 2);
    assert!((chamber.float(register::CLOSED_LOOP) - 45.0).abs() < 0.1);
    assert_eq!(chamber.write(register::STOP, &[word::PAUSE]), 0);
    chamber.wait(1_000);
    assert_eq!(chamber.word(register::STATE), word::PAUSE);
    assert!((chamber.float(register::CLOSED_LOOP) - 45.0).abs() < 0.1);
    assert_eq!(chamber.write(register::RESUME, &[word::RESUME]), 0);
    chamber.wait(310);
    assert_eq!(chamber.word(register::RUNNING_STEP), 3);
    // The jump leads back to step 2, whose target is there already.
    chamber.wait(120);
    assert_eq!(chamber.word(register::RUNNING_STEP), 3);
    chamber.wait(120);
    assert_eq!(chamber.word(register::STATE), word::NONE);
    assert_eq!(chamber.word(register::ACTIVE_MODE), word::OFF);
}

#[test]
fn a_profile_that_is_terminated_leaves_the_users_set_point() {
    let mut chamber = Chamber::new();
    upload(&mut chamber);
    assert_eq!(chamber.write(register::PROFILE, &[5]), 0);
    assert_eq!(chamber.write(register::START, &[word::START]), 0);
    assert_eq!(chamber.write(register::START, &[word::START]), 3, "it runs");
    assert_eq!(chamber.write(register::STOP, &[word::TERMINATE]), 0);
    assert!((chamber.float(register::CLOSED_LOOP) - 23.0).abs() < 1e-6);
    assert_eq!(chamber.word(register::ACTIVE_MODE), word::AUTO);
    assert_eq!(chamber.write(register::EDIT, &[word::DELETE]), 0);
    assert_eq!(chamber.word(48_000), 0);
}

#[test]
fn the_clock_is_set_part_by_part() {
    let mut chamber = Chamber::new();
    for (register, value) in [(14_674, 2_026), (14_670, 2), (14_672, 28), (14_664, 23)] {
        assert_eq!(chamber.write(register, &[value]), 0);
    }
    assert_eq!(chamber.write(14_672, &[30]), 3);
    chamber.wait(3_600);
    assert_eq!(
        chamber.words(14_664, 12),
        [0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 2_026, 0]
    );
}
