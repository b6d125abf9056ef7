//! Supplies of several makers' habits, by description alone: driver and emulator together, and the
//! emulator's own words.

use profiles::command::Switch;
use profiles::option::{OptionValue, Options};
use profiles::quantity::{Amperes, Volts};
use profiles::time::BenchTime;

use super::{MODEL, OPTIONS};
use crate::emulator::Outbox;
use crate::error::DeviceErrorKind;
use crate::model::EmulatorSetup;
use crate::plant::{Place, Plant};
use crate::power_supply::rig::Rig;
use crate::rehearsal::{emulator_setup, paused};

fn described(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::defaults(&OPTIONS);
    for (name, text) in settings {
        let value = match text.parse() {
            Ok(number) => OptionValue::Number(number),
            Err(_) => OptionValue::Text((*text).to_owned()),
        };
        options.set(name, value);
    }
    options
}

/// A Rigol DP832 on its first channel (its programming guide has these forms).
const RIGOL: [(&str, &str); 14] = [
    ("identity", "RIGOL TECHNOLOGIES,DP832*"),
    ("set", ":APPL CH1,{volts:.3},{amps:.3}"),
    ("on", ":OUTP CH1,ON"),
    ("off", ":OUTP CH1,OFF"),
    ("output_query", ":OUTP? CH1"),
    ("on_answers", "ON,YES"),
    ("measure_volts", ":MEAS:VOLT? CH1"),
    ("measure_amps", ":MEAS:CURR? CH1"),
    ("protect", ":OUTP:OVP:VAL CH1,{volts:.3}"),
    ("protect_query", ":OUTP:OVP:VAL? CH1"),
    ("over_current_set", ""),
    ("tripped_query", ":OUTP:OVP:QUES? CH1"),
    ("clear", ":OUTP:OVP:CLE CH1"),
    ("gap", "0.02"),
];

/// A supply without SCPI, errors or protection, whose lines end with CR.
const PLAIN: [(&str, &str); 16] = [
    ("identity", "*"),
    ("identity_query", "ID"),
    ("set", ""),
    ("set_volts", "SV{volts:.2}"),
    ("set_amps", "SI{amps:.3}"),
    ("volts_query", "SV?"),
    ("amps_query", "SI?"),
    ("on", "ON"),
    ("off", "OFF"),
    ("output_query", "STATE"),
    ("measure_volts", "V?"),
    ("measure_amps", "I?"),
    ("protect", ""),
    ("tripped_query", ""),
    ("error_query", ""),
    ("terminator", "cr"),
];

#[test]
fn other_makers_supplies_are_driven_by_their_description() {
    for settings in [&RIGOL[..], &PLAIN[..]] {
        let mut options = described(settings);
        options.set("over_current_set", OptionValue::Text(String::new()));
        if settings == PLAIN {
            options.set("clear", OptionValue::Text(String::new()));
        }
        paused(async {
            let mut rig = Rig::with(&MODEL, options);
            rig.supply.identify().await.unwrap();
            rig.load(0.1);
            rig.feed(0.5, 0.9, 0.8).await;
            let (volts, amps, state) = rig.measure().await;
            assert!((volts - 15.0).abs() < 0.03, "{volts} V");
            assert!((amps - 0.6).abs() < 0.01, "{amps} A");
            assert_eq!(state, "on");
            // Above the ceiling, whoever holds it.
            let programmed = rig.supply.program(Volts(26.0), Amperes(1.0)).await;
            rig.wait(200).await;
            let state = rig.measure().await.2;
            assert!(programmed.is_err() || state == "protected", "{state}");
            rig.supply.make_safe().await.unwrap();
            rig.wait(200).await;
            assert!(rig.bus_volts().abs() < 1e-9);
        });
    }
}

#[test]
fn another_identity_is_noticed() {
    paused(async {
        let mut driver = described(&[("identity", "ITECH*,IT6942A,*")]);
        let mut rig = Rig::with(&MODEL, described(&[("identity", "ITECH LTD,IT6933A,*")]));
        let (near, far) = crate::link::Link::pair(rig.clock, MODEL.pacing);
        driver.set("rated_volts", OptionValue::Number(60.0));
        let described = described(&[("identity", "ITECH LTD,IT6933A,*")]);
        let stranger = Rig::on(&MODEL, described, rig.clock, near, far);
        drop(std::mem::replace(&mut rig, stranger));
        rig.supply.identify().await.unwrap();
        let (near, far) = crate::link::Link::pair(rig.clock, MODEL.pacing);
        let (aside, _) = crate::link::Link::pair(rig.clock, MODEL.pacing);
        let options = Options::defaults(&OPTIONS);
        let _another = Rig::on(&MODEL, options, rig.clock, aside, far);
        let mut supply = crate::power_supply::rig::drive(&MODEL, near, rig.clock, driver);
        let error = supply.identify().await.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::WrongIdentity { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_supply_that_does_not_read_back_what_it_was_told_is_noticed() {
    paused(async {
        // The driver tells millivolts where the supply takes volts.
        let mut options = described(&PLAIN);
        options.set("over_current_set", OptionValue::Text(String::new()));
        options.set("clear", OptionValue::Text(String::new()));
        let mut rig = Rig::with(&MODEL, options.clone());
        rig.supply.program(Volts(5.0), Amperes(1.0)).await.unwrap();
        rig.supply.switch(Switch::On).await.unwrap();
        let error = rig.supply.program(Volts(500.0), Amperes(1.0)).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error.kind, DeviceErrorKind::NotApplied { .. }),
            "{error}"
        );
    });
}

/// What the default emulator answers to each line.
fn hear(lines: &[&str]) -> Vec<String> {
    let mut plant = Plant::default();
    let bus = plant.add_bus();
    let mut emulator = (MODEL.emulate)(EmulatorSetup {
        options: described(&[("load_ohm", "10")]),
        ..emulator_setup(&OPTIONS, Place::Bus(bus))
    });
    let mut at = BenchTime::ZERO;
    let mut answers = Vec::new();
    for line in lines {
        let mut out = Outbox::default();
        at = at.plus_micros(300_000);
        plant.advance(at);
        let bytes = format!("{line}\n");
        emulator.receive(at, bytes.as_bytes(), &mut plant, &mut out);
        let answer: Vec<u8> = out.take().into_iter().flat_map(|(_, c)| c).collect();
        answers.push(String::from_utf8(answer).unwrap().trim_end().to_owned());
    }
    answers
}

#[test]
fn the_words_of_most_supplies_are_understood_beside_the_description() {
    let answers = hear(&[
        "*CLS;*RST",
        "SOUR:VOLT 5000 MV;:CURR 1 A",
        "VOLT?;CURR?",
        "APPL 6,1.5;APPL?",
        "VOLT? MAX;:CURR? MAX",
        "VOLT 99",
        "SYST:ERR?",
        "NONSENSE",
        "SYST:ERR?;*ESR?",
        "OUTP:STAT 1;:VOLT:PROT:TRIP?",
        "STAT:OPER:COND?;:STAT:QUES:COND?",
        "MEAS:POW?",
        "VOLT 5 A",
        "SYST:ERR?;ERR?",
    ]);
    assert_eq!(answers[2], "+5.00000000E+00;+1.00000000E+00");
    assert_eq!(answers[3], "\"6.0000,1.5000\"");
    assert_eq!(answers[4], "+3.00000000E+01;+3.00000000E+00");
    assert_eq!(answers[6], "-222,\"Data out of range\"");
    assert_eq!(answers[8], "-113,\"Undefined header\";48");
    assert_eq!(answers[9], "0");
    assert_eq!(answers[10], "256;0");
    let watts: f64 = answers[11].parse().unwrap();
    assert!((watts - 3.6).abs() < 0.01, "{watts} W");
    assert_eq!(answers[13], "-131,\"Invalid suffix\";+0,\"No error\"");
}
