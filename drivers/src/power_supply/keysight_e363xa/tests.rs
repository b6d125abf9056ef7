//! The emulators' words, outputs and protection, line by line.

use profiles::option::OptionValue;

use crate::power_supply::bench::Bench;

#[test]
fn nothing_is_told_before_it_listens() {
    let mut supply = Bench::new("keysight-e3632a");
    assert_eq!(supply.hear("*IDN?"), "HEWLETT-PACKARD,E3632A,0,1.1-5.0-1.0");
    supply.hear("VOLT 5");
    assert_eq!(supply.error(), "+550,\"Command not allowed in local\"");
    assert_eq!(supply.hear("VOLT?"), "+0.00000000E+00");
    supply.accepts(&["SYST:REM", "VOLT 5"]);
    assert_eq!(supply.hear("VOLT?"), "+5.00000000E+00");
    supply.accepts(&["SYST:LOC"]);
    supply.hear("VOLT 6");
    assert_eq!(supply.error(), "+550,\"Command not allowed in local\"");
}

#[test]
fn gpib_listens_at_once_and_ends_lines_without_a_return() {
    let gpib = [("interface", OptionValue::Text("gpib".to_owned()))];
    let mut supply = Bench::with("keysight-e3632a", &gpib);
    supply.accepts(&["VOLT 5"]);
    assert_eq!(supply.raw("VOLT?\n"), b"+5.00000000E+00\n");
}

#[test]
fn the_words_of_both_are_understood() {
    for model in ["keysight-e3631a", "keysight-e3632a"] {
        let mut supply = Bench::new(model);
        supply.accepts(&[
            "SYST:REM",
            "*RST;*CLS;*PSC 0",
            "SOURce:VOLTage:LEVel:IMMediate:AMPLitude 5000 MV",
            "source:curr 500 ma",
            "VOLT:TRIG 3;:CURR:TRIG 0.25",
            "TRIG:SOUR BUS;DEL 0",
            "INIT;*TRG",
            "DISP OFF;:DISP:TEXT 'bench; test';:DISP:TEXT:CLE;:DISP ON",
            "SYST:BEEP",
            "*SAV 2;*RCL 2",
            "OUTP:STAT ON;:OUTP OFF",
            "VOLT MIN;:VOLT MAX;:CURR MIN;:CURR MAX",
            "*ESE 60;*SRE 32;*OPC;*WAI",
        ]);
        supply.hear("*TRG");
        assert_eq!(supply.error(), "-211,\"Trigger ignored\"");
        supply.hear("*SAV 4");
        assert_eq!(supply.error(), "-222,\"Data out of range\"");
    }
}

#[test]
fn each_output_has_its_own_levels_behind_one_switch() {
    let mut supply = Bench::new("keysight-e3631a");
    supply.accepts(&["SYST:REM", "APPL P6V,5,2", "APPL P25V, 12.0, 0.5"]);
    // PyMeasure's and InstrumentKit's way.
    supply.accepts(&["INST:NSEL 3;:VOLT -5;:CURR 1", "INST P6V"]);
    assert_eq!(supply.hear("INST?;:INST:NSEL?"), "P6V;1");
    assert_eq!(
        supply.hear("VOLT?;CURR?"),
        "+5.00000000E+00;+2.00000000E+00"
    );
    assert_eq!(supply.hear("APPL? N25V"), "\"-5.000000,1.000000\"");
    assert_eq!(supply.hear("APPL?"), "\"5.000000,2.000000\"");
    supply.hear("INST:SEL N25V");
    assert_eq!(
        supply.hear("VOLT? MAX;:VOLT? MIN"),
        "-2.57500000E+01;+0.00000000E+00"
    );
    supply.hear("VOLT 5");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    supply.hear("INST:SEL P60V");
    assert_eq!(supply.error(), "-224,\"Illegal parameter value\"");
    supply.hear("INST:NSEL 4");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    // A list of channels is of later supplies.
    supply.hear("OUTP 1, (@1)");
    assert_eq!(supply.error(), "-108,\"Parameter not allowed\"");
    assert_eq!(supply.hear("OUTP?"), "0");
    supply.hear("OUTP ON");
    let volts = |supply: &mut Bench, name: &str| -> f64 {
        supply.hear(&format!("MEAS? {name}")).parse().unwrap()
    };
    for (name, expected) in [("P6V", 5.0), ("P25V", 12.0), ("N25V", -5.0)] {
        assert!((volts(&mut supply, name) - expected).abs() < 0.01, "{name}");
    }
    assert_eq!(
        supply.hear("STAT:QUES:INST:ISUM2:COND?;:STAT:QUES:COND?"),
        "2;0"
    );
    // What sums up the outputs is told, once it is asked for.
    supply.hear("STAT:QUES:INST:ISUM2:ENAB 2;:STAT:QUES:INST:ENAB 4;:OUTP OFF;:OUTP ON");
    assert_eq!(
        supply.hear("STAT:QUES:COND?;:STAT:QUES:INST?;:STAT:QUES:INST:ISUM2?"),
        "8192;4;2"
    );
}

#[test]
fn outputs_that_track_mirror_each_other_and_coupled_ones_share_a_trigger() {
    let mut supply = Bench::new("keysight-e3631a");
    supply.accepts(&["SYST:REM", "APPL P25V,7,1", ":OUTP:TRAC 1"]);
    assert_eq!(
        supply.hear("APPL? N25V;:OUTP:TRAC?"),
        "\"-7.000000,1.000000\";1"
    );
    supply.accepts(&["APPL N25V,-9", ":OUTP:TRAC 0"]);
    assert_eq!(supply.hear("APPL? P25V"), "\"9.000000,1.000000\"");
    supply.accepts(&[
        "INST:COUP P6V,P25V",
        "INST P6V;:VOLT:TRIG 1",
        "INST P25V;:VOLT:TRIG 2",
        "TRIG:SOUR IMM;:INIT",
    ]);
    assert_eq!(
        supply.hear("INST:COUP?;:APPL? P6V;:APPL? P25V"),
        "P6V,P25V;\"1.000000,5.000000\";\"2.000000,1.000000\""
    );
}

#[test]
fn a_range_bounds_what_can_be_told() {
    let mut supply = Bench::new("keysight-e3632a");
    supply.accepts(&["SYST:REM"]);
    assert_eq!(
        supply.hear("VOLT:RANG?;:VOLT? MAX;:CURR? MAX"),
        "P15V;+1.54500000E+01;+7.21000000E+00"
    );
    supply.hear("VOLT 20");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    supply.accepts(&[
        "VOLT:RANG HIGH",
        "APPL 28,4",
        "VOLT:STEP 0.5;:VOLT UP;:CURR:STEP 1;:CURR DOWN",
    ]);
    assert_eq!(supply.hear("APPL?"), "\"28.50000,3.00000\"");
    // The levels come down with the range.
    supply.accepts(&["VOLT:RANG P15V"]);
    assert_eq!(
        supply.hear("APPL?;:VOLT:RANG?"),
        "\"15.45000,3.00000\";P15V"
    );
    supply.hear("APPL 16,1");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    assert_eq!(
        supply.hear("APPL?"),
        "\"15.45000,3.00000\"",
        "nothing of it is done"
    );
}

#[test]
fn protection_latches_until_its_cause_is_gone_and_it_is_cleared() {
    let mut supply = Bench::new("keysight-e3632a");
    supply.accepts(&["SYST:REM", "VOLT:PROT 10", "VOLT 8;:CURR 1;:OUTP ON"]);
    assert!((supply.volts() - 8.0).abs() < 1e-9);
    supply.accepts(&["VOLT 12"]);
    assert_eq!(
        supply.hear("VOLT:PROT:TRIP?;:STAT:QUES:COND?;:OUTP?"),
        "1;512;1"
    );
    assert!(supply.volts().abs() < 1e-9);
    // Cleared while its cause is there, it trips again.
    supply.accepts(&["VOLT:PROT:CLE"]);
    assert_eq!(supply.hear("VOLT:PROT:TRIP?"), "1");
    supply.accepts(&["VOLT 8"]);
    assert!(supply.volts().abs() < 1e-9);
    supply.accepts(&["VOLT:PROT:CLE"]);
    assert_eq!(supply.hear("VOLT:PROT:TRIP?;:STAT:QUES:COND?"), "0;2");
    assert!((supply.volts() - 8.0).abs() < 1e-9);
    // Disarmed, it does not trip.
    supply.accepts(&["VOLT:PROT:STAT OFF", "VOLT 12"]);
    assert_eq!(supply.hear("VOLT:PROT:TRIP?"), "0");
    supply.hear("VOLT:PROT 0.5");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    assert_eq!(
        supply.hear("VOLT:PROT? MIN;:VOLT:PROT? MAX;:CURR:PROT? MAX"),
        "+1.00000000E+00;+3.20000000E+01;+7.50000000E+00"
    );
}

#[test]
fn over_current_trips_where_a_load_draws_it() {
    let load = [("load_ohm", OptionValue::Number(5.0))];
    let mut supply = Bench::with("keysight-e3632a", &load);
    supply.accepts(&["SYST:REM", "APPL 10,1;:OUTP ON"]);
    // In constant current: 1 A through 5 Ω.
    assert_eq!(supply.hear("STAT:QUES:COND?"), "1");
    let volts: f64 = supply.hear("MEAS:VOLT?").parse().unwrap();
    assert!((volts - 5.0).abs() < 0.01, "{volts}");
    supply.accepts(&["CURR:PROT 1.5;:CURR 3"]);
    assert_eq!(supply.hear("CURR:PROT:TRIP?;:STAT:QUES:COND?"), "1;1024");
    supply.accepts(&["CURR 1", "CURR:PROT:CLE"]);
    assert_eq!(supply.hear("CURR:PROT:TRIP?;:STAT:QUES:COND?"), "0;1");
}

#[test]
fn measurements_are_noisy_and_come_in_steps() {
    let mut supply = Bench::new("keysight-e3632a");
    supply.accepts(&["SYST:REM", "APPL 12,1;:OUTP ON"]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answer = supply.hear("MEAS:VOLT?");
        let volts: f64 = answer.parse().unwrap();
        assert!(
            ((volts / 0.000_5) - (volts / 0.000_5).round()).abs() < 1e-5,
            "{answer}"
        );
        assert!((volts - 12.0).abs() < 0.003, "{answer}");
        seen.insert(answer);
    }
    assert!(seen.len() > 2, "{seen:?}");
}
