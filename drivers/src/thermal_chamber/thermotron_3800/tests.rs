//! The emulator, line by line, at the pace that a 3800 wants and faster.

use super::MODEL;
use crate::plant::AirId;
use crate::rehearsal::Alone;
use crate::thermal_chamber::rig::alone_with;

/// A chamber and its air.
struct Chamber {
    alone: Alone,
    air: AirId,
}

impl Chamber {
    fn with(options: &[(&str, &str)]) -> Chamber {
        let (alone, air) = alone_with(&MODEL, options);
        Chamber { alone, air }
    }

    fn wait(&mut self, millis: u64) {
        self.alone.pass(millis * 1_000);
    }

    fn air(&self) -> f64 {
        self.alone.plant.air(self.air).0
    }

    /// What is answered to a line; a second later it listens again.
    fn ask(&mut self, line: &str) -> String {
        let answer = self.hurry(line);
        self.wait(1_000);
        answer
    }

    fn hurry(&mut self, line: &str) -> String {
        let answer = self.alone.answer(format!("{line}\r\n").as_bytes());
        String::from_utf8(answer).unwrap().trim_end().to_owned()
    }
}

#[test]
fn a_3800_answers_nothing_that_it_is_told() {
    let mut chamber = Chamber::with(&[]);
    assert_eq!(chamber.ask("SETP1,60"), "");
    assert_eq!(chamber.ask("SETP1?"), "23.0", "it counts once it runs");
    assert_eq!(chamber.ask("MODE?"), "2");
    assert_eq!(chamber.ask("RUNM"), "");
    assert_eq!(chamber.ask("SETP1?"), "60.0");
    assert_eq!(chamber.ask("MODE?"), "16");
    chamber.wait(900_000);
    assert!((chamber.air() - 60.0).abs() < 0.3);
    assert_eq!(chamber.ask("STOP"), "");
    assert_eq!(chamber.ask("MODE?"), "2");
    assert_eq!(chamber.ask("SETP1,1000"), "");
    assert_eq!(chamber.ask("RUNM"), "");
    assert_eq!(chamber.ask("SETP1?"), "60.0", "out of reach");
}

#[test]
fn a_3800_loses_what_comes_too_soon() {
    let mut chamber = Chamber::with(&[]);
    assert_eq!(chamber.hurry("SETP1,60"), "");
    chamber.wait(500);
    assert_eq!(chamber.hurry("RUNM"), "");
    assert_eq!(chamber.hurry("MODE?"), "");
    chamber.wait(500);
    assert_eq!(chamber.ask("MODE?"), "2");
    assert_eq!(chamber.hurry("INIT"), "");
    chamber.wait(2_900);
    assert_eq!(chamber.hurry("MODE?"), "");
    chamber.wait(100);
    assert_eq!(chamber.hurry("MODE?"), "2");
}

#[test]
fn an_8200_answers_a_number() {
    let mut chamber = Chamber::with(&[("dialect", "8200")]);
    assert_eq!(chamber.hurry("SETP1,60"), "0");
    assert_eq!(chamber.hurry("MRMP1,2"), "0");
    assert_eq!(chamber.hurry("RUNM"), "0");
    assert_eq!(chamber.hurry("SETP1,1000"), "3");
    assert_eq!(chamber.hurry("HELLO"), "2");
    assert_eq!(chamber.hurry("AUXE1,59"), "0");
    assert_eq!(chamber.hurry("AUXE1?"), "59");
    chamber.wait(600_000);
    // Ten minutes at 2 K/min from 23 °C.
    let air = chamber.air();
    assert!((41.0..43.1).contains(&air), "{air}");
    assert_eq!(chamber.hurry("HOLD"), "0");
    chamber.wait(600_000);
    let air = chamber.air();
    assert!((42.5..43.5).contains(&air), "{air}");
    assert_eq!(chamber.hurry("MODE?"), "8");
}

#[test]
fn an_open_door_holds_it_stopped() {
    let mut chamber = Chamber::with(&[("door", "open"), ("dialect", "8200")]);
    assert_eq!(chamber.hurry("RUNM"), "1");
    assert_eq!(chamber.hurry("MODE?"), "2");
}

#[test]
fn a_broken_sensor_reads_full_scale_and_alarms() {
    let mut chamber = Chamber::with(&[("sensor", "open")]);
    assert_eq!(chamber.ask("PVAR1?"), "999.9");
    assert_eq!(chamber.ask("ALRM1?"), "32");
}
