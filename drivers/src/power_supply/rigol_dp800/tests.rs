//! The emulator's words, its outputs and its protection, line by line.

use profiles::option::OptionValue;

use crate::power_supply::bench::Bench;

#[test]
fn answers_are_the_guides() {
    let mut supply = Bench::new("rigol-dp832");
    assert_eq!(
        supply.raw("*IDN?\n"),
        b"RIGOL TECHNOLOGIES,DP832,DP8C000000001,00.01.14\n"
    );
    assert_eq!(supply.hear("*OPT?"), "0");
    supply.accepts(&[
        ":APPL CH1,5,1",
        ":APPL CH3,3.3,2",
        ":INST CH2",
        ":VOLT 8.88;:CURR 1.5",
        ":SOUR3:VOLT 3.2",
        ":OUTP:OVP:VAL CH1,8.8",
        ":OUTP:OVP CH1,ON",
        ":OUTP:OCP:VAL CH1,2.5;:OUTP:OCP CH1,OFF",
        ":OUTP CH1,ON",
        ":SYST:REM;:SYST:BEEP OFF;:OUTP:TRAC CH1,ON",
    ]);
    for (question, answer) in [
        (":APPL? CH1", "CH1:30V/3A,5.000,1.0000"),
        (":APPL? CH3", "CH3:5V/3A,3.200,2.0000"),
        (":APPL? CH1,VOLT", "5.000"),
        (":APPL? CH1,CURR", "1.0000"),
        (":APPL?", "CH2:30V/3A,8.880,1.5000"),
        (":INST?", "CH2"),
        (":INST:NSEL?", "2"),
        (":VOLT?", "8.880"),
        (":SOUR1:VOLT?", "5.000"),
        (":VOLT? MAX", "32.000"),
        (":SOUR3:VOLT? MAX", "5.300"),
        (":CURR? MAX", "3.2000"),
        (":OUTP:OVP:VAL? CH1", "8.800"),
        (":OUTP:OVP:VAL? CH1,MAX", "33.000"),
        (":OUTP:OVP? CH1", "ON"),
        (":OUTP:OCP? CH1", "OFF"),
        (":OUTP:OCP:VAL? CH1", "2.5000"),
        (":OUTP:OVP:QUES? CH1", "NO"),
        (":OUTP? CH1", "ON"),
        (":OUTP:STAT? CH2", "OFF"),
        (":OUTP:MODE? CH1", "CV"),
        (":OUTP:CVCC? CH2", "UR"),
        (":STAT:QUES:INST:ISUM1:COND?", "2"),
        (":OUTP:TRAC? CH1", "ON"),
        (
            ":INSTrument:NSELect 1; :SOURce:VOLTage:LEVel:IMMediate:AMPLitude?",
            "5.000",
        ),
        ("SYST:ERR?", "0,\"No error\""),
    ] {
        assert_eq!(supply.hear(question), answer, "{question}");
    }
    let all = supply.hear(":MEAS:ALL? CH1");
    let values: Vec<f64> = all.split(',').map(|value| value.parse().unwrap()).collect();
    assert!((values[0] - 5.0).abs() < 0.01 && values.len() == 3, "{all}");
    for question in [":MEAS? CH1", ":MEASure:VOLTage:DC? CH1"] {
        let volts: f64 = supply.hear(question).parse().unwrap();
        assert!((volts - 5.0).abs() < 0.01);
    }
    assert!(supply.hear(":MEASure:POWer? CH1").parse::<f64>().unwrap() < 0.01);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut supply = Bench::new("rigol-dp832");
    for (line, error) in [
        (":VOLT 33", "-222,\"Data out of range\""),
        (":APPL CH3,6,1", "-222,\"Data out of range\""),
        (":APPL CH4,6,1", "-224,\"Illegal parameter value\""),
        (":OUTP:OVP:VAL CH1,40", "-222,\"Data out of range\""),
        (":OUTP CH1,MAYBE", "-224,\"Illegal parameter value\""),
        (
            ":NONSENSE",
            "-113,\"Undefined header; keyword cannot be found\"",
        ),
        // A space where the comma belongs.
        (":OUTP:STAT ON CH1", "-103,\"Invalid separator\""),
        (":VOLT", "-109,\"Missing parameter\""),
        (
            ":SOUR4:VOLT 1",
            "-113,\"Undefined header; keyword cannot be found\"",
        ),
        ("*SAV 11", "-222,\"Data out of range\""),
        ("*TRG", "-211,\"Trigger ignored\""),
    ] {
        supply.hear(line);
        assert_eq!(supply.error(), error, "{line}");
    }
    assert_eq!(supply.hear(":APPL? CH3"), "CH3:5V/3A,0.000,1.0000");
}

#[test]
fn a_trip_switches_off_until_it_is_cleared_and_switched_on() {
    let mut supply = Bench::new("rigol-dp832");
    supply.accepts(&[
        ":OUTP:OVP:VAL CH1,10;:OUTP:OVP CH1,ON",
        ":APPL CH1,8,1;:OUTP CH1,ON",
    ]);
    assert!((supply.volts() - 8.0).abs() < 1e-9);
    supply.accepts(&[":SOUR1:VOLT 12"]);
    assert_eq!(
        supply.hear(":OUTP? CH1;:OUTP:OVP:QUES? CH1;:STAT:QUES:INST:ISUM1:COND?"),
        "OFF;YES;4"
    );
    assert!(supply.volts().abs() < 1e-9);
    supply.accepts(&[":SOUR1:VOLT 8", ":OUTP CH1,ON"]);
    assert_eq!(supply.hear(":OUTP? CH1;:SOUR1:VOLT:PROT:TRIP?"), "OFF;YES");
    supply.accepts(&[":OUTP:OVP:CLE CH1"]);
    assert_eq!(supply.hear(":OUTP? CH1;:OUTP:OVP:QUES? CH1"), "OFF;NO");
    supply.accepts(&[":OUTP CH1,ON"]);
    assert!((supply.volts() - 8.0).abs() < 1e-9);
}

#[test]
fn over_current_trips_where_it_is_armed() {
    let load = [("load_ohm", OptionValue::Number(10.0))];
    let mut supply = Bench::with("rigol-dp832", &load);
    supply.accepts(&[":APPL CH2,20,1;:OUTP CH2,ON"]);
    assert_eq!(
        supply.hear(":OUTP:MODE? CH2;:STAT:QUES:INST:ISUM2:COND?"),
        "CC;1"
    );
    supply.accepts(&[":OUTP:OCP:VAL CH2,1.5;:OUTP:OCP CH2,ON", ":SOUR2:CURR 3"]);
    assert_eq!(supply.hear(":OUTP? CH2;:OUTP:OCP:QUES? CH2"), "OFF;YES");
    supply.accepts(&["STAT:QUES:INST:ISUM2:ENAB 8;:STAT:QUES:INST:ENAB 4"]);
    assert_eq!(
        supply.hear("STAT:QUES:COND?;:STAT:QUES:INST?;:STAT:QUES:INST:ISUM2?"),
        "8192;4;9"
    );
    supply.accepts(&[":OUTP:OCP:CLE CH2", ":OUTP:OCP CH2,OFF", ":OUTP CH2,ON"]);
    assert_eq!(supply.hear(":OUTP:MODE? CH2"), "CV");
    let amps: f64 = supply.hear(":MEAS:CURR? CH2").parse().unwrap();
    assert!((amps - 2.0).abs() < 0.005);
}

#[test]
fn steps_and_triggers_change_levels() {
    let mut supply = Bench::new("rigol-dp832");
    supply.accepts(&[":VOLT:STEP 0.5;:VOLT 5;:VOLT UP;:VOLT UP", ":VOLT DOWN"]);
    assert_eq!(supply.hear(":VOLT?"), "5.500");
    supply.accepts(&[":VOLT:TRIG 7;:SOUR2:CURR:TRIG 0.5", "INIT", "*TRG"]);
    assert_eq!(supply.hear(":VOLT?;:SOUR2:CURR?"), "7.000;0.5000");
    supply.accepts(&["*SAV 1", "*RST", "*RCL 1"]);
    assert_eq!(supply.hear(":VOLT?"), "7.000");
}
