//! The emulator, line by line, at the pace that a 3800 wants and faster.

use profiles::option::{OptionValue, Options};
use profiles::time::BenchTime;

use super::MODEL;
use crate::emulator::{Emulator, Outbox};
use crate::plant::{AirId, Place, Plant};
use crate::rehearsal::emulator_setup;

/// A chamber and its air.
struct Chamber {
    emulator: Box<dyn Emulator>,
    plant: Plant,
    air: AirId,
    at: BenchTime,
}

impl Chamber {
    fn with(options: &[(&str, &str)]) -> Chamber {
        let mut plant = Plant::default();
        let air = plant.add_air();
        let mut setup = emulator_setup(MODEL.options, Place::Air(air));
        setup.options = Options::defaults(MODEL.options);
        for (name, value) in options {
            let value = OptionValue::Text((*value).to_owned());
            setup.options.set(name, value);
        }
        Chamber {
            emulator: (MODEL.emulate)(setup),
            plant,
            air,
            at: BenchTime::ZERO,
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.at.plus_micros(millis * 1_000);
        let mut out = Outbox::default();
        while self.emulator.next_action() <= until {
            self.at = self.emulator.next_action();
            self.plant.advance(self.at);
            self.emulator.act(self.at, &mut self.plant, &mut out);
        }
        self.at = until;
        self.plant.advance(until);
    }

    /// What is answered to a line; a second later it listens again.
    fn ask(&mut self, line: &str) -> String {
        let answer = self.hurry(line);
        self.wait(1_000);
        answer
    }

    fn hurry(&mut self, line: &str) -> String {
        let mut out = Outbox::default();
        let sent = format!("{line}\r\n");
        self.emulator
            .receive(self.at, sent.as_bytes(), &mut self.plant, &mut out);
        let answers = out.take().into_iter().flat_map(|(_, chunk)| chunk);
        String::from_utf8(answers.collect())
            .unwrap()
            .trim_end()
            .to_owned()
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
    assert!((chamber.plant.air(chamber.air).0 - 60.0).abs() < 0.3);
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
    let air = chamber.plant.air(chamber.air).0;
    assert!((41.0..43.1).contains(&air), "{air}");
    assert_eq!(chamber.hurry("HOLD"), "0");
    chamber.wait(600_000);
    let air = chamber.plant.air(chamber.air).0;
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
