//! The emulator, line by line: as the published clients ask and read.

use profiles::option::OptionValue;
use profiles::time::BenchTime;

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
    fn new() -> Chamber {
        Chamber::with(&[])
    }

    fn with(options: &[(&str, OptionValue)]) -> Chamber {
        let (alone, air) = alone(&MODEL, options);
        Chamber { alone, air }
    }

    /// Lets time pass, in which the emulator acts by itself.
    fn wait(&mut self, seconds: u64) {
        self.alone.pass(seconds * 1_000_000);
    }

    fn hear(&mut self, text: &str) -> Vec<(BenchTime, String)> {
        let answers = self.alone.hear(text.as_bytes()).into_iter();
        answers
            .map(|(at, chunk)| (at, String::from_utf8(chunk.to_vec()).unwrap()))
            .collect()
    }

    fn ask(&mut self, line: &str) -> String {
        let answers = self.hear(&format!("{line}\r\n"));
        let answers: String = answers.into_iter().map(|(_, answer)| answer).collect();
        answers.strip_suffix("\r\n").unwrap_or("").to_owned()
    }

    fn air(&self) -> f64 {
        self.alone.plant.air(self.air).0
    }

    /// Checks that each line is repeated behind `OK:`.
    fn tell(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.ask(line), format!("OK:{line}"));
        }
    }

    fn refuses(&mut self, line: &str, why: &str) {
        assert_eq!(self.ask(line), format!("NA:{why}"), "{line}");
    }
}

#[test]
fn settings_come_back_as_they_were_sent() {
    let mut chamber = Chamber::new();
    chamber.tell(&[
        "TEMP, S25.0",
        "TEMP,S35",
        "TEMP, H 85.0",
        "TEMP, S25.0 H130.0 L-40.0",
        "HUMI, S60",
        "HUMI,SOFF",
        "POWER,off",
        "MODE, CONSTANT",
        "RELAY,ON,1,3",
    ]);
    assert_eq!(chamber.ask("TEMP?"), "23.0,25.0,130.0,-40.0");
    assert_eq!(chamber.ask("HUMI?"), "45,OFF,100,0");
    assert_eq!(chamber.ask("RELAY?"), "2,1,3");
    assert_eq!(chamber.ask("MODE?"), "CONSTANT");
    assert_eq!(chamber.ask("mode?"), "CONSTANT");
}

#[test]
fn refusals_say_why() {
    let mut chamber = Chamber::new();
    chamber.refuses("HELLO?", "CMD ERR");
    chamber.refuses("HELLO, S25", "CMD ERR");
    chamber.refuses("TEMP, X25.0", "PARA ERR");
    chamber.refuses("TEMP, Shot", "PARA ERR");
    chamber.refuses("TEMP?,WHAT", "PARA ERR");
    chamber.refuses("MODE, FAST", "PARA ERR");
    chamber.refuses("TEMP, S155.1", "DATA OUT OF RANGE");
    chamber.refuses("TEMP, H155.1", "DATA OUT OF RANGE");
    chamber.refuses("TEMP, L23.1", "DATA OUT OF RANGE");
    chamber.refuses("PRGM MON?", "CONT NOT READY-2");
    chamber.refuses("PRGM,PAUSE", "CONT NOT READY-2");
    chamber.refuses("PRGM DATA?,RAM:3", "DATA NOT READY");
    chamber.refuses("MON PTC?", "CONT NOT READY-1");
    chamber.refuses("TIMER LIST?,0", "CONT NOT READY-3");
    chamber.tell(&["POWER,OFF"]);
    chamber.refuses("KEYPROTECT,ON", "CONT NOT READY-4");
    chamber.tell(&["MODE,STANDBY", "KEYPROTECT,ON"]);
    chamber.refuses("TEMP, S25.0", "PROTECT ON");
    let long = "X".repeat(1_000);
    chamber.refuses(&long, "CMD ERR");
    assert_eq!(chamber.ask("TEMP?"), "23.0,23.0,155.0,-75.0");
}

#[test]
fn only_its_own_address_is_answered() {
    let mut chamber = Chamber::with(&[("address", OptionValue::Number(3.0))]);
    assert_eq!(chamber.ask("3,MODE?"), "STANDBY");
    assert_eq!(chamber.ask("1,MODE?"), "");
    assert_eq!(chamber.ask("16,MODE, CONSTANT"), "");
    assert_eq!(chamber.ask("17,MODE?"), "NA:ADDR ERR");
    assert_eq!(chamber.ask("3, MODE, CONSTANT"), "OK:MODE, CONSTANT");
    // RS-232, where nothing is addressed.
    assert_eq!(chamber.ask("MODE?"), "CONSTANT");
}

#[test]
fn commands_are_answered_one_after_another() {
    let mut chamber = Chamber::new();
    let answers = chamber.hear("MODE?\r\nTEMP, S30.0\r\nMO");
    let at: Vec<u64> = answers.iter().map(|(at, _)| at.as_micros()).collect();
    assert_eq!(at, [50_000, 100_000]);
    assert_eq!(chamber.ask("DE?"), "STANDBY");
}

#[test]
fn standby_leaves_the_air_alone_and_constant_does_not() {
    let mut chamber = Chamber::new();
    chamber.tell(&["TEMP, S40.0"]);
    chamber.wait(300);
    assert!((chamber.air() - 23.0).abs() < 0.1);
    chamber.tell(&["MODE,CONSTANT"]);
    chamber.wait(600);
    assert!((chamber.air() - 40.0).abs() < 0.3);
    assert!(chamber.ask("%?").starts_with("2,"));
}

#[test]
fn beyond_its_limits_it_alarms_and_stops() {
    let mut chamber = Chamber::new();
    chamber.tell(&["TEMP, S60.0", "MODE,CONSTANT"]);
    chamber.wait(1_200);
    chamber.tell(&["TEMP, S30.0 H50.0"]);
    chamber.wait(2);
    assert_eq!(chamber.ask("ALARM?"), "1,1");
    assert!(chamber.ask("MON?").ends_with(",STANDBY,1"));
    assert_eq!(chamber.ask("SRQ?"), "01010000");
    chamber.refuses("MODE,CONSTANT", "CHB NOT READY");
    chamber.tell(&["POWER,OFF", "SRQ,RESET", "POWER,ON"]);
    assert_eq!(chamber.ask("ALARM?"), "0");
}

#[test]
fn a_broken_sensor_alarms_and_stops() {
    let open = OptionValue::Text("open".to_owned());
    let mut chamber = Chamber::with(&[("sensor", open)]);
    assert_eq!(chamber.ask("ALARM?"), "1,0");
    chamber.refuses("MODE,CONSTANT", "CHB NOT READY");
}

#[test]
fn a_chamber_without_humidity_says_so() {
    let no = OptionValue::Text("no".to_owned());
    let mut chamber = Chamber::with(&[("humidity", no)]);
    chamber.refuses("HUMI?", "CONT NOT READY-1");
    chamber.refuses("HUMI, S50", "CONT NOT READY-1");
    assert_eq!(chamber.ask("MON?"), "23.0,,STANDBY,0");
    assert_eq!(chamber.ask("%?"), "1,0.0");
}

/// Program 3: to 30 °C at once, an hour to 60 °C, twice more through both, and standby.
const UPLOAD: [&str; 7] = [
    "PRGM DATA WRITE,PGM3,EDIT START",
    "PRGM DATA WRITE,PGM3,STEP1,TEMP30.0,TRAMPOFF,HUMIOFF,TIME0:30,GRANTY OFF,PAUSE OFF,REF9",
    "PRGM DATA WRITE,PGM3,STEP2,TEMP60.0,TRAMPON,TIME1:00,RELAY ON1.3",
    "PRGM DATA WRITE,PGM3,COUNT,A(1.2.2)",
    "PRGM DATA WRITE,PGM3,NAME,Two steps",
    "PRGM DATA WRITE,PGM3,END,STANDBY",
    "PRGM DATA WRITE,PGM3,EDIT END",
];

#[test]
fn a_program_is_kept_as_it_was_written() {
    let mut chamber = Chamber::new();
    chamber.tell(&UPLOAD);
    assert_eq!(
        chamber.ask("PRGM DATA?,RAM:3"),
        "2,<Two steps>,COUNT,A(1.2.2),B(0.0.0),END(STANDBY)"
    );
    assert_eq!(
        chamber.ask("PRGM DATA?,RAM:3,STEP2"),
        "2,TEMP60.0,TEMP RAMP ON,HUMI OFF,TIME1:00,GRANTY OFF,REF9,RELAY ON1.3,PAUSE OFF"
    );
    assert_eq!(
        chamber.ask("PRGM DATA?,RAM:3,DETAIL"),
        "155.0,-75.0,98,0,TEMPOFF,HUMIOFF"
    );
    assert_eq!(chamber.ask("PRGM USE?,RAM"), "1,3");
    assert_eq!(chamber.ask("PRGM USE?,RAM:3"), "Two steps,24.01/01");
    chamber.tell(&["PRGM ERASE,RAM:3"]);
    assert_eq!(chamber.ask("PRGM USE?,RAM"), "0");
}

#[test]
fn a_program_is_written_in_order() {
    let mut chamber = Chamber::new();
    chamber.refuses("PRGM DATA WRITE,PGM41,EDIT START", "PRGM WRITE ERR-1");
    chamber.refuses("PRGM DATA WRITE,PGM3,END,OFF", "PRGM WRITE ERR-2");
    chamber.tell(&UPLOAD[..2]);
    chamber.refuses("PRGM DATA WRITE,PGM4,EDIT START", "PRGM WRITE ERR-4");
    chamber.refuses("PRGM DATA WRITE,PGM4,END,OFF", "PRGM WRITE ERR-7");
    let step = "PRGM DATA WRITE,PGM3,STEP3,TEMP60.0,TIME1:00";
    chamber.refuses(step, "PRGM WRITE ERR-8");
    chamber.refuses("PRGM DATA WRITE,PGM3,COUNT,A(2.1.1)", "PRGM WRITE ERR-9");
    chamber.refuses("PRGM DATA WRITE,PGM3,STEP2,TEMP60.0", "PRGM WRITE ERR-13");
    chamber.tell(&["PRGM DATA WRITE,PGM3,EDIT CANCEL"]);
    chamber.refuses("PRGM DATA?,RAM:3", "DATA NOT READY");
}

#[test]
fn a_program_is_played() {
    let mut chamber = Chamber::new();
    chamber.tell(&UPLOAD);
    chamber.tell(&["PRGM,RUN,RAM:3,STEP1"]);
    assert_eq!(chamber.ask("MODE?,DETAIL"), "RUN");
    assert_eq!(chamber.ask("PRGM SET?"), "RAM:3,Two steps,END(STANDBY)");
    chamber.wait(3_600);
    assert_eq!(chamber.ask("PRGM MON?"), "2,45.0,OFF,0:30,2,0");
    assert_eq!(chamber.ask("RELAY?"), "2,1,3");
    let written = "PRGM DATA WRITE,PGM3,EDIT START";
    chamber.refuses(written, "PRGM WRITE ERR-10");
    chamber.tell(&["PRGM,PAUSE"]);
    chamber.wait(600);
    assert_eq!(chamber.ask("MODE?,DETAIL"), "RUN PAUSE");
    assert!((chamber.air() - 45.0).abs() < 0.3);
    chamber.tell(&["PRGM,CONTINUE"]);
    chamber.wait(1_810);
    assert!(chamber.ask("PRGM MON?").starts_with("1,30.0,OFF,0:30,1,0"));
    chamber.tell(&[
        "PRGM,ADVANCE",
        "PRGM,ADVANCE",
        "PRGM,ADVANCE",
        "PRGM,ADVANCE",
    ]);
    chamber.wait(3_600);
    assert_eq!(chamber.ask("MODE?"), "STANDBY");
}

#[test]
fn a_program_in_one_line_ramps() {
    let mut chamber = Chamber::new();
    chamber.tell(&["RUN PRGM, TEMP20.0 TIME1:00 GOTEMP80.0"]);
    assert_eq!(chamber.ask("MODE?,DETAIL"), "RMT RUN");
    chamber.wait(1_800);
    assert_eq!(chamber.ask("RUN PRGM MON?"), "1,50.0,0,0:30,0");
    assert_eq!(
        chamber.ask("RUN PRGM?"),
        "TEMP20.0 GOTEMP80.0 TIME1:00 REF9"
    );
    chamber.wait(1_900);
    assert_eq!(chamber.ask("MODE?,DETAIL"), "RMT RUN END HOLD");
    chamber.tell(&["PRGM,END,CONST"]);
    assert_eq!(chamber.ask("MODE?"), "CONSTANT");
}

#[test]
fn the_clock_is_set() {
    let mut chamber = Chamber::new();
    chamber.tell(&["DATE,26.2/28. SAT", "TIME,23:59:50"]);
    chamber.wait(20);
    assert_eq!(chamber.ask("DATE?"), "26.03/01. SUN");
    assert_eq!(chamber.ask("TIME?"), "00:00:10");
    chamber.refuses("DATE,26.2/30. SAT", "DATA OUT OF RANGE");
}
