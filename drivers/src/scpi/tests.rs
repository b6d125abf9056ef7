//! Messages, headers and status, against the standard; and any bytes at all.

use proptest::prelude::*;

use super::header::{Table, is_mnemonic};
use super::message::{Domain, Param, Unit, next_unit};
use super::responder::{Call, Responder, Word, table, write_nr3};
use super::status::{Status, code};

fn units(message: &str) -> Result<Vec<Unit<'_>>, i16> {
    let mut units = Vec::new();
    let mut rest = message;
    while let Some((unit, next)) = next_unit(rest)? {
        units.push(unit);
        rest = next;
    }
    Ok(units)
}

fn only_param(message: &str) -> Param<'_> {
    let mut units = units(message).unwrap();
    units.pop().unwrap().params.pop().unwrap()
}

#[test]
fn compound_messages_come_apart() {
    let parsed = units(" INST:NSEL 2; :VOLT? MAX;*CLS ;CURR 1.5, \"a;\"\"b\"\r").unwrap();
    let shown: Vec<_> = parsed
        .iter()
        .map(|unit| (unit.header, unit.rooted, unit.query, unit.params.len()))
        .collect();
    assert_eq!(
        shown,
        [
            ("INST:NSEL", false, false, 1),
            ("VOLT", true, true, 1),
            ("*CLS", false, false, 0),
            ("CURR", false, false, 2),
        ]
    );
    assert_eq!(parsed[3].params[1], Param::Text("a;\"b".into()));
}

#[test]
fn parameters_are_what_they_look_like() {
    let number = |value, suffix| Param::Number { value, suffix };
    for (message, expected) in [
        ("A 5", number(5.0, "")),
        ("A -.5e-3 mV", number(-0.5e-3, "mV")),
        ("A +4.00000000E+00", number(4.0, "")),
        ("A 5000.000000 MV", number(5_000.0, "MV")),
        ("A 5V", number(5.0, "V")),
        ("A #Hff", number(255.0, "")),
        ("A #q17", number(15.0, "")),
        ("A #B101", number(5.0, "")),
        ("A MAX", Param::Word("MAX")),
        ("A inf", Param::Word("inf")),
        ("A 'it''s'", Param::Text("it's".into())),
        ("A (@1,3:4)", Param::Expression("(@1,3:4)")),
    ] {
        assert_eq!(only_param(message), expected, "{message}");
    }
}

#[test]
fn what_is_no_message_has_the_standards_number() {
    for (message, code) in [
        ("VOLT,5", code::INVALID_SEPARATOR),
        ("VOLT?MAX", code::INVALID_SEPARATOR),
        ("VOLT 5 5", code::INVALID_SEPARATOR),
        ("VOLT 5,", code::INVALID_SEPARATOR),
        (":", code::SYNTAX_ERROR),
        ("5", code::SYNTAX_ERROR),
        ("VOLT \"5", code::SYNTAX_ERROR),
        ("VOLT &", code::SYNTAX_ERROR),
    ] {
        assert_eq!(units(message), Err(code), "{message}");
    }
    assert_eq!(
        units(" ;").map(|units| units.len()),
        Err(code::SYNTAX_ERROR)
    );
    assert_eq!(units("").map(|units| units.len()), Ok(0));
}

#[test]
fn suffixes_multiply() {
    let domain = |unit| Domain {
        unit,
        min: 0.0,
        max: 1e7,
        default: 3.0,
    };
    let value = |message, unit| only_param(message).number(&domain(unit));
    assert_eq!(value("A 5000 MV", "V"), Ok(5.0));
    assert_eq!(value("A 1000.0 MA", "A"), Ok(1.0));
    assert_eq!(value("A 1 MAA", "A"), Ok(1e6));
    assert_eq!(value("A 2 kv", "V"), Ok(2_000.0));
    assert_eq!(value("A 2 MHZ", "HZ"), Ok(2e6));
    assert_eq!(value("A 15.6 US", "S"), Ok(15.6 * 1e-6));
    assert_eq!(value("A MIN", "V"), Ok(0.0));
    assert_eq!(value("A maximum", "V"), Ok(1e7));
    assert_eq!(value("A DEF", "V"), Ok(3.0));
    assert_eq!(value("A MEDIUM", "V"), Err(code::CHARACTER_DATA));
    assert_eq!(value("A 5 A", "V"), Err(code::INVALID_SUFFIX));
    assert_eq!(value("A 5 V", ""), Err(code::SUFFIX_NOT_ALLOWED));
    assert_eq!(value("A -1", "V"), Err(code::OUT_OF_RANGE));
    assert_eq!(value("A '5'", "V"), Err(code::DATA_TYPE));
}

#[test]
fn short_and_long_forms_only() {
    assert!(
        ["volt", "VOLTAGE", "Volt"]
            .iter()
            .all(|word| is_mnemonic("VOLTage", word))
    );
    assert!(
        ["vol", "volta", "voltages", ""]
            .iter()
            .all(|word| !is_mnemonic("VOLTage", word))
    );
    let table = Table::compile([
        ("[SOURce#:]VOLTage[:LEVel][:IMMediate][:AMPLitude][?]", 1),
        ("[SOURce:]VOLTage:PROTection[:LEVel]", 2),
        ("MEASure[:SCALar]:VOLTage[:DC]?", 3),
    ]);
    let meaning = |header, query| {
        table
            .find(header, query)
            .map(|found| (found.meaning, found.number))
    };
    assert_eq!(meaning("volt", false), Some((1, 1)));
    assert_eq!(meaning("SOUR2:VOLT:AMPL", true), Some((1, 2)));
    assert_eq!(
        meaning("source:voltage:level:immediate:amplitude", true),
        Some((1, 1))
    );
    assert_eq!(meaning("VOLT:IMM:LEV", true), None);
    assert_eq!(meaning("VOLT:PROT", false), Some((2, 1)));
    assert_eq!(meaning("VOLT:PROT", true), None);
    assert_eq!(meaning("MEAS:VOLT", true), Some((3, 1)));
    assert_eq!(meaning("MEAS:VOLT", false), None);
    assert_eq!(meaning("MEAS", true), None);
    assert_eq!(meaning("VOLT2", true), None);
}

/// A make with two words.
struct Toy {
    responder: Responder,
    table: Table<Word<u8>>,
    volts: f64,
}

const TOY: [(&str, u8); 3] = [
    ("VOLTage[:LEVel][?]", 0),
    ("MEASure:VOLTage?", 1),
    ("MEASure:CURRent?", 2),
];

impl Toy {
    fn new() -> Toy {
        Toy {
            responder: Responder::new("MAKER,TOY,1,2".to_owned()),
            table: table(TOY),
            volts: 0.0,
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> String {
        let volts = &mut self.volts;
        let make = |call: &Call<'_, u8>, _: &mut Status, reply: &mut String| {
            let domain = Domain {
                unit: "V",
                min: 0.0,
                max: 20.0,
                default: 0.0,
            };
            assert_eq!(call.number, 1);
            if call.query {
                write_nr3(reply, *volts + f64::from(call.meaning));
            } else {
                *volts = call.only()?.number(&domain)?;
            }
            Ok(())
        };
        self.responder.receive(bytes, &self.table, make)
    }
}

#[test]
fn paths_are_kept_within_a_message_only() {
    let mut toy = Toy::new();
    assert_eq!(
        toy.hear(b"MEAS:VOLT?;CURR?;*OPC?;CURR?;:VOLT?\r\n"),
        "+1.00000000E+00;+2.00000000E+00;1;+2.00000000E+00;+0.00000000E+00\r\n"
    );
    assert_eq!(
        toy.hear(b"MEAS:VOLT?\nCURR?\nSYST:ERR?\n"),
        "+1.00000000E+00\r\n-113,\"Undefined header\"\r\n"
    );
}

#[test]
fn a_command_error_ends_the_message_and_an_execution_error_does_not() {
    let mut toy = Toy::new();
    assert_eq!(toy.hear(b"VOLT 99;:VOLT?\n"), "+0.00000000E+00\r\n");
    assert_eq!(toy.hear(b"VOLT;:VOLT?\n"), "");
    assert_eq!(toy.hear(b"VOLT 1,2;:VOLT?\n"), "");
    assert_eq!(toy.hear(b"*ESR?;*ESR?\n"), "176;0\r\n");
    assert_eq!(
        toy.hear(b"SYST:ERR?;ERR?;:SYST:ERR:NEXT?;:SYST:ERR?\n"),
        "-222,\"Data out of range\";-109,\"Missing parameter\";-108,\"Parameter not allowed\";\
         +0,\"No error\"\r\n"
    );
}

#[test]
fn the_queue_keeps_the_oldest_errors_and_says_that_more_came() {
    let mut toy = Toy::new();
    for _ in 0..30 {
        assert_eq!(toy.hear(b"NONSENSE\n"), "");
    }
    for _ in 0..19 {
        assert!(toy.hear(b"SYST:ERR?\n").starts_with("-113"));
    }
    assert_eq!(toy.hear(b"SYST:ERR?\n"), "-350,\"Too many errors\"\r\n");
    assert_eq!(toy.hear(b"SYST:ERR?\n"), "+0,\"No error\"\r\n");
    assert_eq!(
        toy.hear(b"NONSENSE\n*CLS\nSYST:ERR?\n"),
        "+0,\"No error\"\r\n"
    );
}

#[test]
fn events_are_latched_summed_up_and_cleared_by_reading() {
    let mut toy = Toy::new();
    assert_eq!(toy.hear(b"*CLS;*ESE 48;*SRE 40;STAT:QUES:ENAB 2\n"), "");
    assert_eq!(toy.hear(b"*STB?\n"), "0\r\n");
    toy.responder.status.questionable.set_condition(2);
    toy.responder.status.questionable.set_condition(0);
    assert_eq!(toy.hear(b"NONSENSE\n*STB?\n"), "104\r\n");
    assert_eq!(
        toy.hear(b"STAT:QUES:COND?;EVEN?;:STAT:QUES?\n"),
        "0;2;0\r\n"
    );
    assert_eq!(toy.hear(b"*STB?;*ESR?;*STB?\n"), "96;32;16\r\n");
    assert_eq!(
        toy.hear(b"STAT:QUES:NTR 2;PTR 0;:STAT:QUES:NTR?;PTR?\n"),
        "2;0\r\n"
    );
    toy.responder.status.questionable.set_condition(2);
    toy.responder.status.questionable.set_condition(0);
    assert_eq!(
        toy.hear(b"STAT:QUES?\n*IDN?;*TST?;*OPT?\n"),
        "2\r\nMAKER,TOY,1,2;0;0\r\n"
    );
    assert_eq!(
        toy.hear(b"STAT:PRES;:STAT:QUES:ENAB?;PTR?;NTR?\n"),
        "0;32767;0\r\n"
    );
}

#[test]
fn lines_that_are_too_long_or_no_text_are_errors() {
    let mut toy = Toy::new();
    let mut long = vec![b' '; 5_000];
    long.extend(b"\nSYST:ERR?\n");
    assert_eq!(toy.hear(&long), "-363,\"Input buffer overrun\"\r\n");
    assert_eq!(
        toy.hear(b"VOLT \xb5\nSYST:ERR?\n"),
        "-101,\"Invalid character\"\r\n"
    );
}

#[test]
fn numbers_are_written_as_nr3() {
    for (value, expected) in [
        (4.0, "+4.00000000E+00"),
        (-0.0125, "-1.25000000E-02"),
        (1e-12, "+1.00000000E-12"),
        (102.38, "+1.02380000E+02"),
    ] {
        let mut reply = String::new();
        write_nr3(&mut reply, value);
        assert_eq!(reply, expected);
    }
}

/// Bytes that are often nearly a message.
fn nearly_messages() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "VOLT", "?", ";", ":", " ", "5", "\n", "\r\n", "MEAS:VOLT?", "*CLS", "SYST:ERR?", ",",
            "MV", "#H", "\"", "'", "(@", ")", "1e999", "-", "*ESE", "STAT:QUES:ENAB", "MAX",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_taken_apart_without_loss(text in "[ -~]{0,60}") {
        // Every unit is found in what was before, and what is left is the end of it.
        let mut rest = text.as_str();
        while let Ok(Some((unit, next))) = next_unit(rest) {
            prop_assert!(next.len() < rest.len());
            prop_assert!(rest.ends_with(next));
            prop_assert!(rest[..rest.len() - next.len()].contains(unit.header));
            rest = next;
        }
    }

    #[test]
    fn any_bytes_are_answered_line_by_line_however_they_are_cut(
        bytes in nearly_messages(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = Toy::new().hear(&bytes);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut toy = Toy::new();
        let pieces: String = cuts.windows(2).map(|cut| toy.hear(&bytes[cut[0]..cut[1]])).collect();
        prop_assert_eq!(&pieces, &whole);
        let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
        prop_assert!(whole.matches("\r\n").count() <= lines);
    }

    #[test]
    fn numbers_come_back(value in -1e9_f64..1e9) {
        let mut reply = "A ".to_owned();
        write_nr3(&mut reply, value);
        let domain = Domain { unit: "", min: f64::MIN, max: f64::MAX, default: 0.0 };
        let back = only_param(&reply).number(&domain).unwrap();
        prop_assert!((back - value).abs() <= value.abs() * 1e-8);
    }
}
