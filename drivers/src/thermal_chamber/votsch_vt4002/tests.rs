//! The emulator, message by message, in both of its protocols.

use profiles::option::OptionValue;

use super::MODEL;
use crate::plant::AirId;
use crate::rehearsal::Alone;
use crate::thermal_chamber::rig::alone;

/// A chamber and its air.
struct Chamber {
    alone: Alone,
    air: AirId,
}

impl Chamber {
    fn with(options: &[(&str, OptionValue)]) -> Chamber {
        let (alone, air) = alone(&MODEL, options);
        Chamber { alone, air }
    }

    fn wait(&mut self, seconds: u64) {
        self.alone.pass(seconds * 1_000_000);
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.alone.answer(bytes)
    }

    fn ask(&mut self, line: &str) -> String {
        let answer = self.hear(format!("{line}\r").as_bytes());
        String::from_utf8(answer).unwrap().trim_end().to_owned()
    }

    fn air(&self) -> f64 {
        self.alone.plant.air(self.air).0
    }

    /// Set point, actual value, and whether it runs.
    fn told(&mut self) -> (f64, f64, bool) {
        let answer = self.ask("$01I");
        let words: Vec<&str> = answer.split(' ').collect();
        assert_eq!(words.len(), 11, "{answer}");
        let number = |at: usize| words[at].parse::<f64>().unwrap();
        (number(0), number(1), words[10].as_bytes()[1] == b'1')
    }

    /// A SIMSERV command, its fields between commas here.
    fn simserv(&mut self, fields: &str) -> String {
        let line: Vec<u8> = fields
            .bytes()
            .map(|byte| if byte == b',' { 0xb6 } else { byte })
            .chain([b'\r'])
            .collect();
        let answer = self.hear(&line);
        let answer = answer.iter().map(|&byte| match byte {
            0xb6 => ',',
            byte => char::from(byte),
        });
        answer.collect::<String>().trim_end().to_owned()
    }
}

#[test]
fn set_points_and_the_start_bit_are_kept() {
    let mut chamber = Chamber::with(&[]);
    let start = format!("$01E 0050.0 0000.0 0000.0 0000.0 01{}", "0".repeat(30));
    assert_eq!(chamber.ask(&start), "0");
    assert!(matches!(chamber.told(), (n, _, true) if (n - 50.0).abs() < 0.01));
    chamber.wait(900);
    assert!((chamber.air() - 50.0).abs() < 0.3);
    // Without digital channels only the set point is told; as short as people write it.
    assert_eq!(chamber.ask("$01E -010.5"), "0");
    assert!(matches!(chamber.told(), (n, _, true) if (n + 10.5).abs() < 0.01));
    assert_eq!(chamber.ask("$01E 10 20 000000000000"), "0");
    assert!(matches!(chamber.told(), (n, _, false) if (n - 10.0).abs() < 0.01));
}

#[test]
fn what_it_does_not_take_changes_nothing() {
    let mut chamber = Chamber::with(&[]);
    for wrong in [
        "$01E",
        "$01E hot",
        "$01E 0200.0 0100",
        "$01E -0040.1",
        "$01U 5",
        "$01P0002",
    ] {
        assert_eq!(chamber.ask(wrong), "1", "{wrong}");
    }
    assert_eq!(chamber.ask("$01X"), "'$01X' is an unknown command.");
    assert_eq!(chamber.told(), (23.0, 23.0, false));
}

#[test]
fn only_its_own_address_is_answered() {
    let three = ("address", OptionValue::Number(3.0));
    let mut chamber = Chamber::with(&[three]);
    assert_eq!(chamber.ask("$01I"), "");
    assert!(!chamber.ask("$03I").is_empty());
    assert!(!chamber.ask("$00I").is_empty());
    assert_eq!(chamber.ask("hello"), "");
    assert!(chamber.hear(b"$03I\r\n").ends_with(b"\r\n"));
}

#[test]
fn a_gradient_leads_the_set_point() {
    let mut chamber = Chamber::with(&[]);
    assert_eq!(chamber.ask("$01U 0002.0 0000.0 0000.0 0000.0"), "0");
    assert_eq!(chamber.ask("$01E 0063.0 01000000"), "0");
    chamber.wait(600);
    let (nominal, _, running) = chamber.told();
    assert!(running && (nominal - 43.0).abs() < 0.2, "{nominal}");
    chamber.wait(660);
    assert!((chamber.told().0 - 63.0).abs() < 0.01);
}

#[test]
fn its_program_is_started_and_stopped() {
    let mut chamber = Chamber::with(&[]);
    assert_eq!(chamber.ask("$01P0001"), "0");
    chamber.wait(2_400);
    let (nominal, actual, running) = chamber.told();
    assert!(running && (nominal + 20.0).abs() < 0.1 && (actual + 20.0).abs() < 0.5);
    assert_eq!(chamber.ask("$01P0000"), "0");
    assert!(!chamber.told().2);
}

#[test]
fn simserv_is_answered_beside_it() {
    let mut chamber = Chamber::with(&[]);
    assert_eq!(chamber.simserv("11001,1,1,-12.5"), "1");
    assert_eq!(chamber.simserv("11002,1,1"), "1,-12.5000");
    assert!(chamber.simserv("11004,1,1").starts_with("1,2"));
    assert_eq!(chamber.simserv("10012,1"), "1,1");
    assert_eq!(chamber.simserv("14001,1,1,1"), "1");
    assert_eq!(chamber.simserv("14003,1,1"), "1,1");
    assert_eq!(chamber.simserv("10012,1"), "1,3");
    assert!(matches!(chamber.told(), (n, _, true) if (n + 12.5).abs() < 0.01));
    assert_eq!(chamber.simserv("14001,1,1,0"), "1");
    assert!(!chamber.told().2);
    assert_eq!(chamber.simserv("11001,1,1,900"), "-6");
    assert_eq!(chamber.simserv("11004,1,7"), "-8");
    assert_eq!(chamber.simserv("12345,1"), "-5");
}

#[test]
fn a_broken_sensor_and_an_open_door_stop_it() {
    for name in ["sensor", "door"] {
        let open = OptionValue::Text("open".to_owned());
        let mut chamber = Chamber::with(&[(name, open)]);
        assert_eq!(chamber.ask("$01E 0060.0 01000000"), "0");
        assert!(!chamber.told().2);
        assert_eq!(chamber.simserv("10012,1"), "1,9");
        chamber.wait(300);
        assert!((chamber.air() - 23.0).abs() < 0.1);
    }
}
