//! Files and frames of any kind: nothing panics, columns are what single frames are, and what is
//! composed is read back.

use std::fmt::Write;

use profiles::time::Period;
use proptest::prelude::*;

use super::columns::{Column, Gathered, Numbers};
use super::signal::{Raw, Signal};
use super::{ComposeError, Database};
use crate::link::can::candump::LogReader;

/// A signal: first bit, length, Motorola, signed, group or none, scale.
type Any = (usize, usize, bool, bool, Option<u64>, usize);

const SCALES: [&str; 5] = [
    "(1,0)",
    "(0.5,-3)",
    "(-0.01,40)",
    "(1000,0)",
    "(1.5E-003,7)",
];

fn file(octets: usize, signals: &[Any]) -> String {
    let mut text =
        format!("BU_: A B\n\nBO_ 256 M: {octets} A\n SG_ page M : 0|2@1+ (1,0) [0|0] \"\" B\n");
    for (n, (start, bits, motorola, signed, group, scale)) in signals.iter().enumerate() {
        let mux = group.map_or(String::new(), |group| format!(" m{group}"));
        let (order, sign) = (u8::from(!motorola), if *signed { '-' } else { '+' });
        let scale = SCALES[*scale];
        writeln!(
            text,
            " SG_ s{n}{mux} : {start}|{bits}@{order}{sign} {scale} [0|0] \"\" B"
        )
        .unwrap();
    }
    text
}

fn signals(octets: usize) -> impl Strategy<Value = Vec<Any>> {
    let group = proptest::option::of(0_u64..3);
    let signal = (
        0..octets * 8,
        1_usize..=64,
        any::<bool>(),
        any::<bool>(),
        group,
        0..SCALES.len(),
    );
    proptest::collection::vec(signal, 1..12)
}

/// The nearest numbers that a signal can have differ by its factor.
fn resolution(signal: &Signal) -> f64 {
    signal.scale().0.abs()
}

/// A file of every statement, to be damaged.
const WHOLE: &str = r#"VERSION "1"

NS_ :
	NS_DESC_
	CM_
	FILTER

BS_:

BU_: A B

VAL_TABLE_ States 0 "off" 1 "on" ;

BO_ 256 M: 8 A
 SG_ page M : 0|2@1+ (1,0) [0|3] "" B
 SG_ a m0 : 8|16@1- (0.5,-3) [0|0] "V" B
 SG_ b m1M : 15|4@0+ (1,0) [0|0] "" B
 SG_ c m2 : 32|32@1- (1,0) [0|0] "A" B

CM_ SG_ 256 a "one
BO_ of two; lines";
CM_ "no more";
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 1000;
BA_ "GenMsgCycleTime" BO_ 256 100;
VAL_ 256 page 0 "x" 1 "y" ;
VAL_ 256 b States ;
SIG_VALTYPE_ 256 c : 1;
SG_MUL_VAL_ 256 c b 1-2, 5-5;
"#;

#[test]
fn the_whole_file_has_no_flaw() {
    let database = Database::compile(WHOLE).unwrap();
    assert_eq!(database.flaws(), []);
    let message = database.named("M").unwrap();
    assert_eq!(message.cycle().map(Period::as_millis), Some(100));
    let b = &message.signals()[2];
    assert_eq!(b.name_of(Raw::Unsigned(1)), Some("on"));
    // Two multiplexers deep: page 1 selects b, and b 5 selects c.
    let data = [1, 0x50, 0, 0, 0, 0, 0x80, 0x3f];
    let told: Vec<(usize, Raw)> = message.told(&data).collect();
    assert_eq!(
        told,
        [
            (0, Raw::Unsigned(1)),
            (2, Raw::Unsigned(5)),
            (3, Raw::Float(1.0))
        ]
    );
    // No signal belongs to b = 3, and it has no name; b = 0 has one.
    assert!(message.selects_nothing(&[1, 0x30, 0, 0, 0, 0, 0, 0]));
    assert!(!message.selects_nothing(&[1, 0, 0, 0, 0, 0, 0, 0]));
}

#[test]
fn flaws_say_what_was_found_and_expected_and_the_rest_is_read() {
    let text = "BO_ 256 GOOD: 8 A\n SG_ a : 0|8@1+ (1,0) [0|0] \"\" B\n SG_ b : 0|8@2+ (1,0)\n\
                BO_ 65792 LONG: 8 A\n SG_ c : 60|8@1+ (1,0) [0|0] \"\" B\nCM_ 145 \"x\";\n\
                CM_ \"no end\"\nBO_ 257 2ND: 8 A\nSG_ d : 0|8@1+ (1,0) [0|0] \"V B\n\
                VAL_ 256 z 0 \"x\" ;\nVAL_ 999 z 0 \"x\" ;\nSOMETHING else\nBO_ 256 AGAIN: 1 A\n";
    let database = Database::compile(text).unwrap();
    let told: Vec<String> = database.flaws().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    3: found `2+ (1,0)`, expected `0` (Motorola) or `1` (Intel)
    4: found the identifier 65792 (0x10100) of message LONG without bit 31, expected at most 2047 or bit 31 set; it is read as one of 29 bits
    5: signal LONG.c reaches to octet 9, beyond its message, expected at most octet 8; it is left out
    6: found `145 "x";`, expected `BU_`, `BO_`, `SG_`, `EV_` or the comment in quotation marks
    8: found `BO_ 257 2ND: 8 A`, expected `;` at the end of the statement
    8: found the name `2ND`, expected one that begins with a letter
    9: found `"V B`, expected the unit in quotation marks
    10: found signal z, expected one of message GOOD
    11: found message 999 of signal z, expected one of the file
    12: found `SOMETHING else`, expected a statement, such as `BO_` or `SG_`
    13: found message AGAIN with the identifier 256 of GOOD, expected one of its own; frames are read as AGAIN
    "#);
    let names: Vec<&str> = database
        .messages()
        .iter()
        .map(super::Message::name)
        .collect();
    assert_eq!(names, ["AGAIN", "2ND", "LONG"]);
    insta::assert_snapshot!(
        Database::compile("nothing").unwrap_err(),
        @"cannot read the DBC file: there is no message (`BO_`) in it; line 1: found `nothing`, expected a statement, such as `BO_` or `SG_`"
    );
}

#[test]
fn what_cannot_be_sent_says_why() {
    let database = Database::compile(WHOLE).unwrap();
    let message = database.named("M").unwrap();
    let why = |values: &[(&str, &str)]| message.compose(values).unwrap_err().to_string();
    assert_eq!(why(&[("z", "1")]), "message M has no signal `z`");
    assert_eq!(
        why(&[("a", "20000")]),
        "20000 is out of the range of a, -16387 to 16380.5"
    );
    assert_eq!(
        why(&[("b", "half")]),
        "`half` is no value of b, expected a number or one of off, on"
    );
    assert_eq!(
        why(&[("page", "4")]),
        "4 is out of the range of page, 0 to 3"
    );
    assert_eq!(
        why(&[("a", "1"), ("b", "on")]),
        "a is not in a frame with the other values: page selects other signals"
    );
    assert_eq!(
        message.compose(&[("a", "1")]).unwrap(),
        [0, 8, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        message.compose(&[("c", "1")]).unwrap(),
        [1, 0x10, 0, 0, 0, 0, 0x80, 0x3f]
    );
}

proptest! {
    #[test]
    fn columns_are_what_single_frames_are(
        (octets, signals) in (1_usize..=64).prop_flat_map(|octets| (Just(octets), signals(octets))),
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=64), 1..20),
    ) {
        let database = Database::compile(&file(octets, &signals)).unwrap();
        let message = &database.messages()[0];
        let mut gathered = Gathered::new(&database);
        let mut reader = LogReader::default();
        let mut lines = Vec::new();
        for (n, frame) in frames.iter().enumerate() {
            let fd = frame.len() > 8;
            let mut line = format!("(1700000000.000001) can0 100#{}", if fd { "#0" } else { "" });
            for octet in frame {
                write!(line, "{octet:02X}").unwrap();
            }
            reader.read(line.as_bytes()).unwrap();
            prop_assert!(gathered.push(n as u64, 0, &reader));
            lines.push(n as u64);
        }
        let rows = &gathered.rows()[0];
        prop_assert_eq!(&rows.lines, &lines);
        for (at, signal) in message.signals().iter().enumerate() {
            let mut column = Column::of(signal);
            column.read(message, at, rows);
            let told = |frame: &Vec<u8>| message.told(frame).find(|told| told.0 == at);
            let there: Vec<bool> = frames.iter().map(|frame| told(frame).is_some()).collect();
            let present: Vec<bool> = column
                .present
                .iter()
                .flat_map(|&(length, there)| std::iter::repeat_n(there, length))
                .collect();
            prop_assert_eq!(present, there);
            let values = frames.iter().filter_map(told).map(|(_, raw)| raw);
            match &column.numbers {
                Numbers::Real(numbers) => {
                    let values: Vec<u64> = values.map(|raw| signal.physical(raw).to_bits()).collect();
                    let numbers: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
                    prop_assert_eq!(numbers, values);
                }
                Numbers::Signed(numbers) => {
                    prop_assert_eq!(numbers.iter().map(|&number| Raw::Signed(number)).collect::<Vec<_>>(), values.collect::<Vec<_>>());
                }
                Numbers::Unsigned(numbers) => {
                    prop_assert_eq!(numbers.iter().map(|&number| Raw::Unsigned(number)).collect::<Vec<_>>(), values.collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn what_is_told_is_composed_again(
        (octets, signals) in (1_usize..=64).prop_flat_map(|octets| (Just(octets), signals(octets))),
        data in proptest::collection::vec(any::<u8>(), 64),
    ) {
        let database = Database::compile(&file(octets, &signals)).unwrap();
        let message = &database.messages()[0];
        let data = &data[..octets];
        let told: Vec<(usize, Raw)> = message.told(data).collect();
        // Signals of the same bits agree, for they were read from one frame.
        let composed = message.compose_raw(&told).unwrap();
        prop_assert_eq!(message.told(&composed).collect::<Vec<_>>(), told.clone());
        for (at, raw) in told {
            let signal = &message.signals()[at];
            let back = signal.raw_of(signal.physical(raw)).unwrap();
            let gap = (signal.physical(back) - signal.physical(raw)).abs();
            // Beyond 53 bits the real number in between is not exact.
            let digits = signal.physical(raw).abs() * 1e-15;
            prop_assert!(gap <= resolution(signal) * 0.5 + digits * 8.0);
        }
    }

    #[test]
    fn values_are_sent_to_within_half_a_step(
        scale in 0..SCALES.len(), bits in 1_usize..=40, signed in any::<bool>(), part in 0.0..=1.0_f64,
    ) {
        let text = file(8, &[(8, bits, false, signed, None, scale)]);
        let database = Database::compile(&text).unwrap();
        let message = &database.messages()[0];
        let signal = &message.signals()[1];
        let ends = match signal.raw_of(f64::MAX) {
            Err(ComposeError::OutOfRange { least, most, .. }) => (least, most),
            other => panic!("{other:?}"),
        };
        let value = ends.0 + part * (ends.1 - ends.0);
        let data = message.compose(&[("s0", &value.to_string())]).unwrap();
        let heard = signal.physical(signal.raw(&data).unwrap());
        prop_assert!((heard - value).abs() <= resolution(signal) * (0.5 + 1e-9));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(BO_|SG_|VAL_|CM_|SIG_VALTYPE_|SG_MUL_VAL_|BA_|NS_|[0-9]{1,10}|[a-zM]{1,2}|[:;|@+\"(),\\[\\] \n-]){0,60}") {
        if let Ok(database) = Database::compile(&text) {
            let lines = text.lines().count() + 1;
            prop_assert!(database.flaws().iter().all(|flaw| (1..=lines).contains(&flaw.line)));
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(
        cuts in proptest::collection::vec((0..WHOLE.len(), 0_usize..9, "[ -~\n]{0,3}"), 1..6),
        frame in proptest::collection::vec(any::<u8>(), 0..=8),
    ) {
        let mut text = WHOLE.to_owned();
        for (at, length, put) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.replace_range(at..end, &put);
            }
        }
        if let Ok(database) = Database::compile(&text) {
            for message in database.messages() {
                message.selects_nothing(&frame);
                for (at, raw) in message.told(&frame) {
                    message.signals()[at].physical(raw);
                }
            }
        }
    }
}
