//! The emulators' words, their channels, and the lists that they play.

use profiles::option::OptionValue;

use crate::power_supply::bench::Bench;

fn volts(supply: &mut Bench, channel: usize) -> f64 {
    let answer = supply.hear(&format!("MEAS:VOLT? (@{channel})"));
    answer.parse().unwrap_or_else(|_| panic!("{answer}"))
}

#[test]
fn channels_are_named_in_lists() {
    let mut supply = Bench::new("keysight-n6705b");
    supply.accepts(&[
        "VOLT 5,(@1)",
        "VOLT 6, (@2)",
        "SOURCE:VOLT 3.3, (@3:4)",
        "CURR 500 MA,(@1,2,3,4)",
        "OUTP:STAT 1, (@1,3)",
        ":OUTP:PMOD VOLT, (@1)",
    ]);
    assert_eq!(
        supply.hear("VOLT? (@1:4)"),
        "+5.00000000E+00,+6.00000000E+00,+3.30000000E+00,+3.30000000E+00"
    );
    assert_eq!(
        supply.hear("OUTP? (@4:1);:CURR? (@2)"),
        "0,1,0,1;+5.00000000E-01"
    );
    assert_eq!(
        supply.hear("VOLT? MAX,(@1);:VOLT? MIN, (@1)"),
        "+6.12000000E+01;+0.00000000E+00"
    );
    for (channel, expected) in [(1, 5.0), (2, 0.0), (3, 3.3)] {
        assert!((volts(&mut supply, channel) - expected).abs() < 0.02);
    }
    assert_eq!(supply.hear("STAT:OPER:COND? (@1:4)"), "1,4,1,4");
    assert_eq!(
        supply.hear("SYST:CHAN:COUN?;MOD? (@1,4)"),
        "4;N6754A,N6754A"
    );
    for (line, error) in [
        ("VOLT 5", "-109,\"Missing parameter\""),
        ("VOLT 5,(@5)", "-241,\"Hardware missing\""),
        ("VOLT 5,(@0)", "-241,\"Hardware missing\""),
        ("VOLT 5,(@x)", "-171,\"Invalid expression\""),
        ("VOLT 5,@(1)", "-103,\"Invalid separator\""),
        ("VOLT 62,(@1)", "-222,\"Data out of range\""),
        ("VOLT 5 A,(@1)", "-131,\"Invalid suffix\""),
        ("VOLT (@1)", "-109,\"Missing parameter\""),
        ("APPL CH1,5,1", "-113,\"Undefined header\""),
    ] {
        supply.hear(line);
        assert_eq!(supply.error(), error, "{line}");
    }
    assert_eq!(supply.hear("VOLT? (@1)"), "+5.00000000E+00");
}

#[test]
fn the_e36312a_also_has_a_channel_that_is_selected() {
    let mut supply = Bench::new("keysight-e36312a");
    assert_eq!(
        supply.raw("*IDN?\n"),
        b"Keysight Technologies,E36312A,MY59000001,1.0.6-1.0.4-1.00\n"
    );
    supply.accepts(&[
        "APPL CH2,12,0.5",
        "APPL P6V, 5, 2",
        "INST:SEL CH3;:VOLT 7",
        "OUTP ON,(@1:3)",
    ]);
    assert_eq!(
        supply.hear("APPL? CH1;:APPL? CH2;:INST?;:INST:NSEL?"),
        "\"5.000000,2.000000\";\"12.000000,0.500000\";CH3;3"
    );
    assert_eq!(
        supply.hear("VOLT?;:VOLT? (@1);:VOLT? MAX,(@1)"),
        "+7.00000000E+00;+5.00000000E+00;+6.18000000E+00"
    );
    assert!((volts(&mut supply, 2) - 12.0).abs() < 0.01);
    assert_eq!(supply.hear("STAT:QUES:INST:ISUM2:COND?"), "2");
    supply.hear("VOLT 7, (@1)");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    supply.hear("INST:SEL CH4");
    assert_eq!(supply.error(), "-224,\"Illegal parameter value\"");
}

#[test]
fn a_channel_trips_alone_and_latches() {
    for (model, condition) in [
        ("keysight-n6705b", "STAT:QUES:COND? (@1)"),
        ("keysight-e36312a", "STAT:QUES:INST:ISUM1:COND?"),
    ] {
        let mut supply = Bench::new(model);
        supply.accepts(&[
            "VOLT:PROT 5,(@1)",
            "VOLT 4,(@1:2);:OUTP 1,(@1:2)",
            "VOLT 5.5,(@1)",
        ]);
        let tripped = supply.hear(&format!("VOLT:PROT:TRIP? (@1:2);:{condition}"));
        assert!(matches!(tripped.as_str(), "1,0;1" | "1,0;512"), "{tripped}");
        assert!(volts(&mut supply, 1).abs() < 0.01);
        assert!((volts(&mut supply, 2) - 4.0).abs() < 0.02);
        supply.accepts(&["OUTP:PROT:CLE (@1)"]);
        assert_eq!(
            supply.hear("VOLT:PROT:TRIP? (@1)"),
            "1",
            "its cause is still there"
        );
        supply.accepts(&["VOLT 4,(@1)", "OUTP:PROT:CLE (@1)"]);
        assert_eq!(supply.hear("VOLT:PROT:TRIP? (@1)"), "0");
        assert!((volts(&mut supply, 1) - 4.0).abs() < 0.02);
    }
}

#[test]
fn over_current_trips_after_its_delay_and_power_is_bounded() {
    let load = [("load_ohm", OptionValue::Number(10.0))];
    let mut supply = Bench::with("keysight-n6705b", &load);
    supply.accepts(&["VOLT 20,(@1);:CURR 1,(@1)", "OUTP 1,(@1)"]);
    assert_eq!(
        supply.hear("STAT:OPER:COND? (@1);:STAT:QUES:COND? (@1)"),
        "2;128"
    );
    supply.accepts(&["CURR:PROT:DEL 0.05,(@1)", "CURR:PROT:STAT 1,(@1)"]);
    supply.pass(200);
    assert_eq!(
        supply.hear("CURR:PROT:TRIP? (@1);:STAT:QUES:COND? (@1)"),
        "1;2"
    );
    // 306 W at 60 V are 5.1 A, which is 51 V across 10 Ω.
    supply.accepts(&[
        "CURR:PROT:STAT 0,(@1)",
        "OUTP:PROT:CLE (@1)",
        "CURR 20,(@1);:VOLT 60,(@1)",
    ]);
    assert_eq!(
        supply.hear("STAT:OPER:COND? (@1);:STAT:QUES:COND? (@1)"),
        "0;8"
    );
    assert!((volts(&mut supply, 1) - 51.0).abs() < 0.02);
}

#[test]
fn a_list_is_played_on_bench_time_and_ends_as_it_is_told() {
    for last in [0, 1] {
        let mut supply = Bench::new("keysight-n6705b");
        supply.accepts(&[
            "VOLT 3,(@1);:CURR 1,(@1);:OUTP 1,(@1)",
            "VOLT:MODE LIST,(@1)",
            "LIST:VOLT 20,10,5,(@1)",
            "LIST:DWEL 0.2,0.8,1.6,(@1)",
            "LIST:COUN 1,(@1);STEP AUTO,(@1)",
        ]);
        supply.accepts(&[&format!("LIST:TERM:LAST {last},(@1)")]);
        assert_eq!(
            supply.hear("LIST:VOLT? (@1);DWEL? (@1);VOLT:POIN? (@1)"),
            "+2.00000000E+01,+1.00000000E+01,+5.00000000E+00;\
             +2.00000000E-01,+8.00000000E-01,+1.60000000E+00;3"
        );
        assert!((supply.volts() - 3.0).abs() < 1e-9, "it waits");
        supply.accepts(&["INIT:TRAN (@1)"]);
        assert_eq!(supply.hear("STAT:OPER:COND? (@1)"), "81");
        supply.hear("TRIG:TRAN (@1)");
        // 100 ms of the plant have passed since.
        assert!((supply.volts() - 20.0).abs() < 1e-9);
        supply.pass(300);
        assert!((supply.volts() - 10.0).abs() < 1e-9);
        assert_eq!(supply.hear("STAT:OPER:COND? (@1)"), "65");
        supply.hear("LIST:VOLT 1,(@1)");
        assert_eq!(
            supply.error(),
            "-221,\"Settings conflict\"",
            "not while it plays"
        );
        supply.pass(900);
        assert!((supply.volts() - 5.0).abs() < 1e-9);
        supply.pass(2_000);
        let expected = if last == 1 { 5.0 } else { 3.0 };
        assert!(
            (supply.volts() - expected).abs() < 1e-9,
            "{}",
            supply.volts()
        );
        assert_eq!(supply.hear("STAT:OPER:COND? (@1)"), "1");
    }
}

#[test]
fn lists_wait_for_triggers_repeat_and_must_go_together() {
    let mut supply = Bench::new("keysight-e36312a");
    supply.accepts(&[
        "VOLT:MODE LIST,(@2);:CURR:MODE LIST,(@2);:OUTP 1,(@2)",
        "LIST:VOLT 2,4,6,(@2);CURR 0.5,(@2);DWEL 0.5,(@2)",
        "LIST:STEP ONCE,(@2);COUN 2,(@2)",
        "TRIG:SOUR BUS,(@2);:INIT (@2)",
    ]);
    for expected in [2.0, 4.0, 6.0, 2.0, 4.0, 6.0, 0.0] {
        supply.accepts(&["*TRG"]);
        assert!((supply.volts() - expected).abs() < 1e-9, "{expected}");
    }
    supply.hear("*TRG");
    assert_eq!(supply.error(), "-211,\"Trigger ignored\"");
    supply.accepts(&["LIST:DWEL 1,2,(@2)"]);
    supply.hear("INIT (@2)");
    assert_eq!(supply.error(), "-226,\"Lists not same length\"");
    supply.hear("LIST:DWEL 4000,(@2)");
    assert_eq!(supply.error(), "-222,\"Data out of range\"");
    let many = vec!["1"; 101].join(",");
    supply.hear(&format!("LIST:VOLT {many},(@2)"));
    assert_eq!(supply.error(), "-223,\"Too much data\"");
    supply.accepts(&[
        "LIST:DWEL 1,(@2);COUN INF,(@2);STEP AUTO,(@2)",
        "TRIG:SOUR IMM,(@2);:INIT (@2)",
    ]);
    supply.pass(10_000);
    supply.hear("INIT (@2)");
    assert_eq!(supply.error(), "-213,\"Init ignored\"");
    supply.accepts(&["ABOR (@2)"]);
    assert!(supply.volts().abs() < 1e-9, "as before the list");
}

#[test]
fn steps_wait_for_their_trigger() {
    let mut supply = Bench::new("keysight-n6705b");
    supply.accepts(&[
        "VOLT 1,(@1,2);:OUTP 1,(@1,2)",
        "VOLT:MODE STEP,(@1,2)",
        "VOLT:TRIG 7,(@1,2)",
        "INIT:TRAN (@1,2)",
    ]);
    assert!((supply.volts() - 1.0).abs() < 1e-9);
    supply.accepts(&["*TRG"]);
    assert!((supply.volts() - 7.0).abs() < 1e-9);
    assert!((volts(&mut supply, 2) - 7.0).abs() < 0.02);
}

#[test]
fn registers_of_channels_reach_the_status_byte() {
    let mut supply = Bench::new("keysight-n6705b");
    supply.accepts(&[
        "*CLS",
        "STAT:QUES:ENAB 1,(@3)",
        "*SRE 8",
        "VOLT:PROT 2,(@3);:VOLT 3,(@3)",
    ]);
    assert_eq!(supply.hear("*STB?"), "0");
    supply.accepts(&["OUTP 1,(@3)"]);
    assert_eq!(supply.hear("*STB?;:STAT:QUES? (@3)"), "72;1");
    assert_eq!(
        supply.hear("STAT:QUES? (@3);:STAT:QUES:ENAB? (@1,3)"),
        "0;0,1"
    );
    supply.accepts(&["*SAV 3", "*RST"]);
    assert_eq!(supply.hear("VOLT? (@3);:OUTP? (@3)"), "+0.00000000E+00;0");
    supply.accepts(&["*RCL 3"]);
    assert_eq!(supply.hear("VOLT? (@3)"), "+3.00000000E+00");
}
