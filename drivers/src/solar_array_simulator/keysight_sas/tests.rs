//! The emulators' words, line by line: curves, tables, lists, channels, status.

use profiles::option::OptionValue;

use crate::plant::{BusId, Place, Plant};
use crate::rehearsal::Alone;
use crate::solar_array_simulator::MODELS;

const NO_ERROR: &str = "+0,\"No error\"";

/// A simulator on a bus.
struct Simulator {
    alone: Alone,
    bus: BusId,
}

impl Simulator {
    fn new(name: &str) -> Simulator {
        Simulator::with(name, &[])
    }

    fn with(name: &str, set: &[(&str, OptionValue)]) -> Simulator {
        let make = MODELS.iter().find(|make| make.name == name).unwrap();
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let at = (plant, Place::Bus(bus));
        Simulator {
            alone: Alone::new(make.emulate, make.options, set, at),
            bus,
        }
    }

    fn loaded(name: &str, ohm: f64) -> Simulator {
        Simulator::with(name, &[("load_ohm", OptionValue::Number(ohm))])
    }

    /// What the line answers; then two steps of the plant pass.
    fn hear(&mut self, line: &str) -> String {
        let answer = self.alone.answer(format!("{line}\n").as_bytes());
        self.pass(200);
        let answer = String::from_utf8(answer).unwrap();
        answer.strip_suffix('\n').unwrap_or(&answer).to_owned()
    }

    fn pass(&mut self, millis: u64) {
        self.alone.pass(millis * 1_000);
    }

    fn accepts(&mut self, line: &str) {
        assert_eq!(self.hear(line), "", "{line}");
        assert_eq!(self.hear("SYST:ERR?"), NO_ERROR, "{line}");
    }

    fn refuses(&mut self, line: &str, code: &str) {
        assert_eq!(self.hear(line), "", "{line}");
        let error = self.hear("SYST:ERR?");
        assert!(error.starts_with(&format!("{code},")), "{line}: {error}");
        assert_eq!(self.hear("SYST:ERR?"), NO_ERROR, "{line}: twice");
    }

    fn numbers(&mut self, question: &str) -> Vec<f64> {
        let answer = self.hear(question);
        let fields = answer.split([',', ';']);
        fields.map(|field| field.parse().unwrap()).collect()
    }

    fn volts(&self) -> f64 {
        self.alone.plant.bus(self.bus).volts.0
    }
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, {expected}");
}

const CURVE: &str = "CURR:SAS:ISC 4.6,(@1);IMP 4.2,(@1);:VOLT:SAS:VOC 32,(@1);VMP 28,(@1)";
const POINTS: &str = "CURR:SAS:ISC? (@1);IMP? (@1);:VOLT:SAS:VOC? (@1);VMP? (@1)";

#[test]
fn the_published_working_points_are_measured() {
    for (ohm, volts, amps) in [
        (2.0, 9.135_54, 4.567_769),
        (5.0, 22.287_93, 4.457_585),
        (8.0, 28.965_87, 3.620_733),
        (50.0, 31.472_71, 0.629_454),
    ] {
        let mut simulator = Simulator::loaded("keysight-e4360a", ohm);
        simulator.accepts("CURR:MODE SAS,(@1)");
        simulator.accepts(CURVE);
        simulator.accepts("OUTP ON,(@1)");
        let measured = simulator.numbers("MEAS:VOLT? (@1);:FETC:CURR? (@1)");
        near(measured[0], volts, 0.003);
        near(measured[1], amps, 0.001);
    }
}

#[test]
fn a_curve_is_taken_whole_or_not_at_all() {
    let mut simulator = Simulator::new("keysight-e4360a");
    simulator.accepts("CURR:MODE SAS;:OUTP ON");
    simulator.accepts(CURVE);
    let told = simulator.numbers(POINTS);
    assert_eq!(told, [4.6, 4.2, 32.0, 28.0]);
    for (line, code) in [
        // Together at the end of the line; in any order.
        (
            "CURR:SAS:ISC 5,(@1);IMP 4,(@1);:VOLT:SAS:VOC 40,(@1);VMP 40,(@1)",
            "+320",
        ),
        ("VOLT:SAS:VMP 30;:CURR:SAS:IMP 4.7;ISC 4.6", "+321"),
        ("CURR:SAS:IMP 0.3;:VOLT:SAS:VMP 5", "+322"),
        ("CURR:SAS:ISC 8.5;IMP 8.4;:VOLT:SAS:VOC 65;VMP 61", "+328"),
        // |dV/dI| is less than a quarter of an ohm.
        ("VOLT:SAS:VMP 31.5;:CURR:SAS:IMP 4.5", "+322"),
        // One point alone, with the three others unchanged.
        ("VOLT:SAS:VMP 33", "+320"),
        ("CURR:SAS:ISC 4", "+321"),
        // One value that cannot be spoils the line.
        ("CURR:SAS:ISC 9;IMP 4;:VOLT:SAS:VOC 40;VMP 35", "-222"),
        ("CURR:SAS:ISC 5;:VOLT:SAS:VOC 66", "-222"),
        ("CURR:SAS:ISC -1", "-222"),
        ("CURR:SAS:ISC 5 V", "-131"),
        ("CURR:SAS:ISC \"5\"", "-104"),
        ("CURR:SAS:ISC", "-109"),
        ("CURR:SAS:ISC 5,6,(@1)", "-108"),
    ] {
        simulator.refuses(line, code);
        assert_eq!(simulator.numbers(POINTS), told, "{line}");
        near(simulator.volts(), 32.0, 1e-9);
    }
    // What was refused does not come back with the next point.
    simulator.accepts("CURR:SAS:ISC 4.7");
    assert_eq!(simulator.numbers(POINTS), [4.7, 4.2, 32.0, 28.0]);
    simulator.accepts("CURR:SAS:ISC 4200 MA;IMP 4.2 A;:VOLT:SAS:VOC 30000MV");
    assert_eq!(simulator.numbers(POINTS), [4.2, 4.2, 30.0, 28.0]);
}

#[test]
fn the_older_ones_answer_with_the_standards_numbers() {
    let mut simulator = Simulator::new("keysight-e4350b");
    simulator.accepts("SOUR:CURR:SAS:ISC 4.6;IMP 4.2;:SOUR:VOLT:SAS:VOC 32;VMP 28");
    simulator.refuses("VOLT:SAS:VMP 33", "-221");
    simulator.refuses("CURR:SAS:IMP 5", "-221");
    simulator.refuses("CURR:SAS:ISC 9", "-222");
    simulator.refuses("VOLT:SAS:VOC 70", "-222");
    // There is one output, and no list of channels.
    simulator.refuses("CURR:SAS:ISC 4.6,(@1)", "-178");
    simulator.accepts("CURR:MODE SAS");
    simulator.refuses("VOLT 10", "-221");
    assert_eq!(simulator.hear("CURR:MODE?"), "SAS");
    assert_eq!(
        simulator.numbers("CURR:SAS:ISC? MAX;:VOLT:SAS:VOC? MAX"),
        [8.16, 66.3]
    );
    simulator.accepts("OUTP ON");
    assert_eq!(simulator.hear("STAT:OPER:COND?;:STAT:QUES:COND?"), "256;0");
}

#[test]
fn a_plain_supply_is_the_third_mode() {
    let mut simulator = Simulator::loaded("keysight-e4360a", 10.0);
    simulator.accepts("CURR:MODE FIX;:VOLT 12;:CURR 2;:OUTP 1");
    near(simulator.volts(), 12.0, 1e-9);
    assert_eq!(simulator.hear("STAT:OPER:COND?"), "1");
    simulator.accepts("CURR 1");
    near(simulator.volts(), 10.0, 1e-6);
    assert_eq!(simulator.hear("STAT:OPER:COND?"), "2");
    simulator.accepts("CURR:MODE:DTAB 256");
    simulator.refuses("CURR:MODE:DTAB 300", "-224");
    simulator.accepts("CURR:MODE SAS");
    simulator.refuses("CURR:MODE:DTAB 4096", "+315");
    simulator.refuses("VOLT 12", "+315");
    simulator.refuses("CURR 1", "+315");
    simulator.refuses("CURR:MODE TABL", "+315");
    simulator.refuses("CURR:MODE SOLAR", "-224");
    simulator.accepts("CURR:MODE FIX;:VOLT:TRIG 5;:INIT:TRAN (@1);:TRIG:TRAN (@1)");
    near(simulator.numbers("VOLT?")[0], 5.0, 1e-9);
}

#[test]
fn tables_are_written_in_parts_checked_and_taken_by_name() {
    for name in ["keysight-e4360a", "keysight-e4350b"] {
        let mut simulator = Simulator::loaded(name, 10.0);
        simulator.accepts("MEM:TABL:SEL array1");
        simulator.accepts("MEM:TABL:VOLT 0,10;VOLT 20,30");
        simulator.accepts("MEM:TABL:CURR 3,3,2,0");
        assert_eq!(
            simulator.hear("MEM:TABL:VOLT:POIN?;:MEM:TABL:CURR:POIN?"),
            "4;4"
        );
        assert_eq!(simulator.numbers("MEM:TABL:CURR?"), [3.0, 3.0, 2.0, 0.0]);
        simulator.accepts("CURR:TABL:NAME array1");
        assert_eq!(simulator.hear("CURR:TABL:NAME?"), "array1");
        simulator.accepts("CURR:MODE TABL;:OUTP ON");
        // 10 ohm meet the line from (10 V, 3 A) to (20 V, 2 A) at its end.
        near(simulator.volts(), 20.0, 1e-6);
        simulator.accepts("CURR:SAS:SCAL 50");
        near(simulator.volts(), 13.333, 0.01);
        simulator.accepts("CURR:SAS:SCAL 100");
        simulator.accepts("MEM:TABL:COPY array2");
        simulator.accepts("MEM:COPY:TABL \"array3\"");
        assert_eq!(
            simulator.hear("MEM:CAT?"),
            "\"array1\",\"array2\",\"array3\""
        );
        simulator.refuses("MEM:DEL:NAME array1", "-221");
        simulator.accepts("MEM:DEL:NAME array3");
        simulator.refuses("MEM:DEL:NAME array3", "-141");
        simulator.refuses("MEM:TABL:SEL a_name_too_long", "-144");
        simulator.refuses("CURR:TABL:NAME nobody", "-141");
        simulator.accepts("MEM:DEL:ALL");
        assert_eq!(simulator.hear("MEM:CAT?"), "\"array1\"");
    }
}

#[test]
fn tables_that_are_no_curve_leave_the_last_one_in_force() {
    let mut simulator = Simulator::loaded("keysight-e4350b", 10.0);
    simulator.accepts("MEM:TABL:SEL good;:MEM:TABL:VOLT 0,20,30;CURR 3,2,0");
    simulator.accepts("CURR:TABL:NAME good;:CURR:MODE TABL;:OUTP ON");
    let volts = simulator.volts();
    for (table, volts, amps, code) in [
        ("unequal", "0,10,20", "3,2", "-226"),
        ("few", "0,10", "3,2", "-221"),
        ("still", "0,10,10", "3,2,1", "-221"),
        ("rising", "0,10,20", "1,2,0", "-221"),
        ("strong", "0,62,64", "8,8,0", "-221"),
    ] {
        simulator.accepts(&format!("MEM:TABL:SEL {table}"));
        simulator.accepts(&format!("MEM:TABL:VOLT {volts}"));
        simulator.accepts(&format!("MEM:TABL:CURR {amps}"));
        simulator.refuses(&format!("CURR:TABL:NAME {table}"), code);
    }
    simulator.accepts("MEM:TABL:SEL wrong");
    simulator.refuses("MEM:TABL:VOLT 1,2,700", "-222");
    assert_eq!(simulator.hear("MEM:TABL:VOLT:POIN?"), "0");
    let many = vec!["1"; 101].join(",");
    simulator.refuses(&format!("MEM:TABL:VOLT {many}"), "-223");
    near(simulator.volts(), volts, 1e-12);
    assert_eq!(simulator.hear("CURR:TABL:NAME?"), "good");
}

#[test]
fn protection_latches_until_its_cause_is_gone_and_it_is_cleared() {
    let mut simulator = Simulator::loaded("keysight-e4360a", 10.0);
    simulator.accepts("CURR:MODE SAS;:VOLT:PROT 40");
    simulator.accepts(CURVE);
    simulator.accepts("OUTP ON");
    let volts = simulator.volts();
    simulator.accepts("VOLT:PROT 20");
    assert!(simulator.volts().abs() < 1e-9);
    assert_eq!(
        simulator.hear("STAT:QUES:COND?;EVEN?;EVEN?;:OUTP?"),
        "1;1;0;1"
    );
    simulator.hear("OUTP:PROT:CLE (@1)");
    simulator.pass(300);
    assert_eq!(simulator.hear("STAT:QUES:COND? (@1)"), "1");
    simulator.accepts("VOLT:PROT 40;:OUTP:PROT:CLE");
    simulator.pass(300);
    near(simulator.volts(), volts, 1e-9);
    simulator.accepts("CURR:PROT:LEV 1;STAT ON");
    assert_eq!(simulator.hear("STAT:QUES:COND?"), "2");
    assert!(simulator.volts().abs() < 1e-9);
}

#[test]
fn channels_are_listed_in_every_way() {
    let mut simulator = Simulator::new("keysight-e4360a");
    assert_eq!(simulator.hear("SYST:CHAN:COUN?"), "2");
    assert_eq!(simulator.hear("SYST:CHAN:MOD? (@1,2)"), "E4361A,E4361A");
    simulator.accepts("VOLT 5,(@1);:VOLT 7,(@2)");
    assert_eq!(simulator.numbers("VOLT? (@1:2)"), [5.0, 7.0]);
    assert_eq!(simulator.numbers("VOLT? (@2,1)"), [7.0, 5.0]);
    assert_eq!(simulator.numbers("VOLT?"), [5.0]);
    assert_eq!(simulator.numbers("VOLT? MAX, (@1,2)"), [60.0, 60.0]);
    simulator.accepts("OUTP ON, (@1,2)");
    assert_eq!(simulator.hear("OUTP? (@1,2)"), "1,1");
    near(simulator.numbers("MEAS:VOLT? (@2)")[0], 7.0, 0.003);
    assert_eq!(simulator.hear("STAT:OPER:COND? (@1,2)"), "1,1");
    simulator.refuses("VOLT 5,(@3)", "-241");
    simulator.refuses("VOLT 5,(@x)", "-171");
    simulator.refuses("VOLT 5,(1)", "-171");
    simulator.refuses("VOLT? MAX,MIN,(@1)", "-108");
    simulator.refuses("VOLT?(@1)", "-103");
    // A curve for one channel leaves the other alone.
    simulator.accepts("CURR:SAS:ISC 4,(@2);IMP 3.5,(@2);:VOLT:SAS:VOC 30,(@2);VMP 25,(@2)");
    assert_eq!(simulator.numbers("CURR:SAS:ISC? (@1,2)"), [0.085, 4.0]);
}

#[test]
fn lists_walk_by_their_own_time_or_by_triggers() {
    let mut simulator = Simulator::loaded("keysight-e4360a", 1e6);
    simulator.accepts("CURR:MODE SAS;:CURR:SAS:MODE LIST;:OUTP ON");
    simulator.accepts(CURVE);
    simulator.accepts("LIST:SAS:VMP 28,26,24,(@1);:LIST:SAS:VOC 32,30,28,(@1)");
    simulator.accepts("LIST:SAS:IMP 4.2,(@1);:LIST:SAS:ISC 4.6,4.6,4.6,(@1)");
    simulator.accepts("LIST:DWEL 2,1,1,(@1);:LIST:STEP AUTO,(@1)");
    simulator.accepts("INIT:TRAN (@1)");
    assert_eq!(simulator.hear("STAT:OPER:COND?"), "17");
    simulator.hear("TRIG:TRAN (@1)");
    near(simulator.volts(), 32.0, 1e-3);
    assert_eq!(simulator.hear("STAT:OPER:COND?"), "65");
    simulator.refuses("LIST:DWEL 1", "+315");
    simulator.pass(1_800);
    near(simulator.volts(), 30.0, 1e-3);
    simulator.pass(1_000);
    near(simulator.volts(), 28.0, 1e-3);
    simulator.pass(1_000);
    near(simulator.volts(), 32.0, 1e-3);
    assert_eq!(simulator.hear("STAT:OPER:COND?"), "1");
    // By triggers, and the last curve stays.
    simulator.accepts("LIST:STEP ONCE;TERM:LAST ON;:INIT:TRAN");
    for volts in [32.0, 30.0, 28.0, 28.0] {
        simulator.hear("*TRG");
        simulator.pass(1_000);
        near(simulator.volts(), volts, 1e-3);
    }
    simulator.hear("ABOR:TRAN (@1)");
    simulator.pass(200);
    near(simulator.volts(), 32.0, 1e-3);
    simulator.accepts("LIST:SAS:VOC 32,30");
    simulator.refuses("INIT:TRAN", "-226");
    simulator.accepts("LIST:SAS:VOC 32,30,20");
    simulator.refuses("INIT:TRAN", "+320");
}

#[test]
fn a_reset_is_a_plain_supply_that_is_off_and_settings_come_back() {
    let mut simulator = Simulator::new("keysight-e4360a");
    simulator.accepts("CURR:MODE SAS;:OUTP ON");
    simulator.accepts(CURVE);
    simulator.accepts("*SAV 1");
    simulator.accepts("*RST");
    assert!(simulator.volts().abs() < 1e-9);
    assert_eq!(
        simulator.hear("OUTP?;:CURR:MODE?;:CURR:SAS:MODE?"),
        "0;FIX;IMM"
    );
    near(simulator.numbers("CURR:SAS:ISC?")[0], 0.085, 1e-9);
    simulator.accepts("*RCL 1");
    assert_eq!(simulator.numbers(POINTS), [4.6, 4.2, 32.0, 28.0]);
    near(simulator.volts(), 32.0, 1e-9);
    simulator.refuses("*SAV 9", "-222");
}

#[test]
fn the_familys_other_words_are_understood() {
    let mut simulator = Simulator::new("keysight-e4350b");
    for line in [
        "DISP:TEXT 'SOLAR';MODE TEXT",
        "DISP:MODE NORM;:DISP OFF",
        "SYST:REM",
        "*PSC 0;*ESE 60;*SRE 32;*OPC;*WAI",
        "OUTP:PROT:DEL 0.5",
        "OUTPUT:STATE OFF;:OUTP:DFI ON;:OUTP:DFI:SOUR QUES",
        "source:current:mode fixed",
        "CURR:PROT 5;:CURR:PROT:STAT 1",
        "CURR:TABL:OFFS 0.1;:VOLT:TABL:OFFS 1",
        "",
    ] {
        simulator.accepts(line);
    }
    assert_eq!(
        simulator.hear("OUTP:DFI:SOUR?;:DISP:TEXT?"),
        "QUES;\"SOLAR\""
    );
    assert_eq!(simulator.hear("*OPC?;*TST?"), "1;0");
    simulator.refuses("NONSENSE 5", "-113");
    simulator.hear("*CLS;VOLT:SAS:VMP 90");
    assert_eq!(simulator.hear("*ESR?"), "16");
    let mut modular = Simulator::new("keysight-e4360a");
    modular.hear("*CLS;*ESE 8;*SRE 40;STAT:QUES:ENAB 1,(@2)");
    modular.hear("VOLT:SAS:VMP 64");
    // A device-dependent error, and the summary of it.
    assert_eq!(modular.hear("*STB?;*ESR?"), "96;8");
    modular.hear("VOLT:PROT 3,(@2);:VOLT 5,(@2);:OUTP 1,(@2)");
    assert_eq!(modular.hear("*STB?;:STAT:QUES? (@1,2)"), "72;0,1");
    assert_eq!(modular.hear("*STB?"), "0");
}

#[test]
fn answers_end_with_a_line_feed_alone() {
    let mut simulator = Simulator::new("keysight-e4360a");
    let answer = simulator.alone.answer(b"*IDN?\r\n");
    assert_eq!(answer, b"Agilent Technologies,E4360A,MY00000001,A.02.06\n");
}
