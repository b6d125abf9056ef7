//! The emulator, line by line, at the pace that it wants and faster.

use super::MODEL;
use crate::plant::AirId;
use crate::rehearsal::Alone;
use crate::thermal_chamber::rig::alone_with;

/// A circulator and what it tempers.
struct Circulator {
    alone: Alone,
    air: AirId,
}

impl Circulator {
    fn with(options: &[(&str, &str)]) -> Circulator {
        let (alone, air) = alone_with(&MODEL, options);
        Circulator { alone, air }
    }

    fn air(&self) -> f64 {
        self.alone.plant.air(self.air).0
    }

    /// What is answered to a line; then it is left in peace.
    fn ask(&mut self, line: &str) -> String {
        let answer = self.hurry(line);
        self.alone.pass(260_000);
        answer
    }

    fn hurry(&mut self, line: &str) -> String {
        let answer = self.alone.answer(format!("{line}\r").as_bytes());
        String::from_utf8(answer).unwrap()
    }
}

#[test]
fn a_set_point_counts_once_it_runs() {
    let mut circulator = Circulator::with(&[]);
    assert_eq!(circulator.ask("out_sp_00 55.5"), "");
    assert_eq!(circulator.ask("in_sp_00"), "55.50\n");
    circulator.alone.pass(3_600_000_000);
    assert!((circulator.air() - 23.0).abs() < 0.3, "it does not run");
    assert_eq!(circulator.ask("OUT_MODE_05 1"), "");
    assert_eq!(circulator.ask("STATUS"), "03 REMOTE START\n");
    circulator.alone.pass(3_600_000_000);
    assert!((circulator.air() - 55.5).abs() < 0.3);
    // Another of its set points counts now.
    assert_eq!(circulator.ask("out_sp_01 10"), "");
    assert_eq!(circulator.ask("out_mode_01 1"), "");
    circulator.alone.pass(3_600_000_000);
    assert!((circulator.air() - 10.0).abs() < 0.3);
}

#[test]
fn what_was_wrong_is_told_once() {
    let mut circulator = Circulator::with(&[]);
    for (order, status) in [
        ("out_sp_00 201", "-11 VALUE TOO LARGE\n"),
        ("out_sp_00 -51", "-10 VALUE TOO SMALL\n"),
        ("out_sp_00 inf", "-08 INVALID COMMAND\n"),
        ("hello", "-08 INVALID COMMAND\n"),
        ("out_mode_05 2", "-11 VALUE TOO LARGE\n"),
    ] {
        assert_eq!(circulator.ask(order), "");
        assert_eq!(circulator.ask("status"), status, "{order}");
        assert_eq!(circulator.ask("status"), "02 REMOTE STOP\n");
    }
    assert_eq!(circulator.ask("in_sp_00"), "23.00\n");
    assert_eq!(circulator.ask("out_sp_03 50"), "");
    assert_eq!(circulator.ask("out_sp_00 60"), "");
    assert_eq!(
        circulator.ask("status"),
        "-13 VALUE EXCEEDS TEMPERATURE LIMITS\n"
    );
    assert_eq!(circulator.ask("in_sp_00"), "60.00\n", "stored all the same");
}

#[test]
fn in_manual_it_takes_no_settings() {
    let mut circulator = Circulator::with(&[("control", "manual")]);
    assert_eq!(circulator.ask("status"), "00 MANUAL STOP\n");
    assert_eq!(circulator.ask("out_mode_05 1"), "");
    let refused = "-09 COMMAND NOT ALLOWED IN CURRENT OPERATING MODE\n";
    assert_eq!(circulator.ask("status"), refused);
    assert_eq!(circulator.ask("in_mode_05"), "0\n");
}

#[test]
fn what_comes_too_soon_after_a_setting_is_lost() {
    let mut circulator = Circulator::with(&[]);
    assert_eq!(circulator.hurry("out_sp_00 40"), "");
    assert_eq!(circulator.hurry("out_mode_05 1"), "");
    circulator.alone.pass(260_000);
    assert_eq!(circulator.ask("in_mode_05"), "0\n");
    assert_eq!(circulator.ask("in_sp_00"), "40.00\n");
}

#[test]
fn a_broken_sensor_alarms_and_tempers_nothing() {
    let mut circulator = Circulator::with(&[("sensor", "open")]);
    assert_eq!(circulator.ask("status"), "-05 WORKING SENSOR ALARM\n");
    assert_eq!(circulator.ask("in_pv_00"), "999.99\n");
    circulator.ask("out_sp_00 60");
    circulator.ask("out_mode_05 1");
    circulator.alone.pass(3_600_000_000);
    assert!((circulator.air() - 23.0).abs() < 0.3);
}
