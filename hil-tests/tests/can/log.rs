//! `bench can` on logs and on emulated buses, as a process.
//!
//! 1. `decode`: every line of the reference logs gives what cantools gives; the same values as
//!    CSV; a Parquet file; files that are wrong;
//! 2. `send -`: what a message with values looks like as a frame;
//! 3. `replay … memory`: frames that wait for the bus; `load`.

use std::fs;
use std::path::{Path, PathBuf};

use hil_tests::program::{Program, Said};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

fn reference(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../drivers/tests/data/can");
    folder.join(name)
}

fn bench(folder: &Path, arguments: &[&str]) -> Said {
    Program::new(PROGRAM, folder).run(arguments)
}

fn decode(name: &str, more: &[&str]) -> Said {
    let (log, dbc) = (
        reference(&format!("logs/{name}.log")),
        reference(&format!("{name}.dbc")),
    );
    let (log, dbc) = (log.display().to_string(), dbc.display().to_string());
    bench(
        Path::new("."),
        &[&["can", "decode", &log, "--dbc", &dbc], more].concat(),
    )
}

/// The same value, or the next number that a double can hold.
fn alike(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a.next_down()..=a.next_up()).contains(&b),
        _ => a == b,
    }
}

#[test]
fn each_line_of_a_log_says_what_cantools_says() {
    for name in [
        "random104",
        "comma_body",
        "gm_global_a_high_voltage_management",
        "hyundai_2015_ccan",
        "hyundai_canfd",
        "mazda_3_2019",
        "toyota_prius_2010_pt",
        "vw_mqb",
    ] {
        let said = decode(name, &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let expected = fs::read_to_string(reference(&format!("logs/{name}.jsonl"))).unwrap();
        let expected: Vec<Value> = expected.lines().map(|line| line.parse().unwrap()).collect();
        let told: Vec<Value> = said.out.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(told.len(), expected.len());
        for (mut told, mut expected) in told.into_iter().zip(expected) {
            // cantools reads nothing of a message of which a signal is beyond its end, or of which two
            // with scales overlap.
            if expected.get("cantools_error").is_some() {
                assert_eq!(told["msg"], expected["msg"]);
                continue;
            }
            let physical = |line: &mut Value| line.as_object_mut().unwrap().shift_remove("phys");
            let (a, b) = (physical(&mut told), physical(&mut expected));
            assert_eq!(told, expected);
            let (Some(Value::Object(a)), Some(Value::Object(b))) = (&a, &b) else {
                assert_eq!(a, b);
                continue;
            };
            assert_eq!(a.len(), b.len(), "{told}");
            for (signal, value) in a {
                assert!(alike(value, &b[signal]), "{signal}: {value} of {told}");
            }
        }
    }
}

/// Files that cantools refuses whole, and the first of what is wrong with each.
#[test]
fn what_cantools_refuses_is_told_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    let mut told = Vec::new();
    for name in [
        "_honda_common",
        "chrysler_cusw",
        "fca_giorgio",
        "gm_global_a_lowspeed",
        "mazda_2017",
        "toyota_radar_dsu_tssp",
    ] {
        let dbc = reference(&format!("refused/{name}.dbc"))
            .display()
            .to_string();
        fs::write(folder.path().join("empty.log"), "").unwrap();
        let said = bench(
            folder.path(),
            &["can", "decode", "empty.log", "--dbc", &dbc],
        );
        let first = said.err.lines().next().unwrap();
        let flaws = said.err.matches("Warning: ").count();
        let first = first.split_once("dbc:").unwrap().1;
        told.push(format!("{name}: {flaws}, {first}"));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_table_has_the_same_values() {
    let folder = TempDir::new().unwrap();
    let csv = folder.path().join("log.csv").display().to_string();
    let said = decode("random104", &["--out", &csv]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    let table = fs::read_to_string(csv).unwrap();
    let mut rows = table.lines();
    assert_eq!(
        rows.next(),
        Some("line,t_s,interface,id,message,signal,raw,value,unit,name")
    );
    let mut expected = Vec::new();
    for line in decode("random104", &[]).out.lines() {
        let line: Value = line.parse().unwrap();
        let (Some(raw), Some(phys)) = (line["raw"].as_object(), line["phys"].as_object()) else {
            continue;
        };
        for (signal, raw) in raw {
            expected.push((
                line["ln"].clone(),
                signal.clone(),
                raw.clone(),
                phys[signal].clone(),
            ));
        }
    }
    let number = |text: &str| match text.parse::<Value>() {
        Ok(number) => number,
        Err(_) => Value::String(text.to_owned()),
    };
    let told: Vec<_> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            (
                number(cells[0]),
                cells[5].to_owned(),
                number(cells[6]),
                number(cells[7]),
            )
        })
        .collect();
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!((&told.0, &told.1), (&expected.0, &expected.1));
        assert!(
            alike(&told.2, &expected.2) && alike(&told.3, &expected.3),
            "{told:?} {expected:?}"
        );
    }
}

#[test]
fn a_parquet_file_begins_and_ends_as_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.parquet");
    let said = decode("random104", &["--out", &path.display().to_string()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let file = fs::read(path).unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let none = decode("random104", &["--format", "none"]);
    assert_eq!(none.err, said.err);
}

#[test]
fn what_is_wrong_with_a_file_is_told_by_line() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("board.dbc"), BOARD).unwrap();
    fs::write(folder.path().join("board.log"), LOG).unwrap();
    let said = bench(
        folder.path(),
        &["can", "decode", "board.log", "--dbc", "board.dbc"],
    );
    insta::assert_snapshot!(said.all(), @r#"
    exit code 0
    --- out
    {"ln":1,"t":"1700000000.000000","if":"can0","id":256,"ext":false,"fd":false,"kind":"data","data":"2E6D06FF01000000","msg":"POWER","raw":{"vbus":27950,"ibus":-250,"mode":1},"phys":{"vbus":27.95,"ibus":-1.25,"mode":1}}
    {"ln":2,"t":"1700000000.010000","if":"can0","id":1792,"ext":false,"fd":false,"kind":"data","data":"1234","msg":"HEALTH","raw":{"tj":4660},"phys":{"tj":46.6}}
    {"ln":3,"kind":"bad"}
    {"ln":4,"t":"1700000000.020000","if":"can0","id":2047,"ext":false,"fd":false,"kind":"data","data":"","msg":null}
    --- err
    Warning: board.dbc:9: signal POWER.beyond reaches to octet 9, beyond its message, expected at most octet 8; it is left out
    Warning: board.dbc:14: found `145 "whose?";`, expected `BU_`, `BO_`, `SG_`, `EV_` or the comment in quotation marks
    Warning: board.dbc:17: found signal absent, expected one of message POWER
    board.log:3: column 26: expected an identifier of three or eight hexadecimal digits and `#`
    board.log: 4 lines, 3 frames, 2 of them decoded, 1 not in the DBC file, 1 malformed lines
    "#);
    let said = bench(
        folder.path(),
        &["can", "decode", "board.log", "--dbc", "board.log"],
    );
    insta::assert_snapshot!(said.all(), @r#"
    exit code 2
    --- err
    Error: board.log: cannot read the DBC file: there is no message (`BO_`) in it; line 1: found `(1700000000.000000) can0…`, expected a statement, such as `BO_` or `SG_`
    "#);
    let said = bench(
        folder.path(),
        &["can", "decode", "none.log", "--dbc", "board.dbc"],
    );
    assert_eq!(said.code, Some(2));
    assert!(
        said.err
            .ends_with("Error: none.log: No such file or directory (os error 2)\n")
    );
}

/// A board's messages, with three flaws.
const BOARD: &str = r#"VERSION ""

BU_: BOARD BENCH

BO_ 256 POWER: 8 BOARD
 SG_ vbus : 0|16@1+ (0.001,0) [0|40] "V" BENCH
 SG_ ibus : 16|16@1- (0.005,0) [-100|100] "A" BENCH
 SG_ mode : 32|2@1+ (1,0) [0|3] "" BENCH
 SG_ beyond : 60|8@1+ (1,0) [0|0] "" BENCH

BO_ 1792 HEALTH: 2 BOARD
 SG_ tj : 7|16@0- (0.01,0) [-40|125] "degC" BENCH

CM_ 145 "whose?";
BA_ "GenMsgCycleTime" BO_ 1792 10;
VAL_ 256 mode 0 "idle" 1 "infer" ;
VAL_ 256 absent 0 "x" ;
"#;

const LOG: &str = "(1700000000.000000) can0 100#2E6D06FF01000000
(1700000000.010000) can0 700#1234
(1700000000.010000) can0 700 1234
(1700000000.020000) can0 7FF#
";

#[test]
fn a_message_is_composed_of_its_values() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("board.dbc"), BOARD).unwrap();
    let send = |arguments: &[&str]| {
        let said = bench(
            folder.path(),
            &[&["can", "send", "-", "--dbc", "board.dbc"], arguments].concat(),
        );
        let lines = said.err.lines().filter(|line| !line.starts_with("Warning"));
        format!("{:?} {}{}", said.code, said.out, lines.collect::<String>())
    };
    assert_eq!(
        send(&["POWER", "vbus=27.95", "ibus=-1.25", "mode=infer"]),
        "Some(0) 100#2E6D06FF01000000\n"
    );
    assert_eq!(send(&["305##1C3b3"]), "Some(0) 305##1C3B3\n");
    insta::assert_snapshot!(
        send(&["POWER", "vbus=50"]),
        @"Some(2) Error: 50 is out of the range of vbus, 0 to 40"
    );
    insta::assert_snapshot!(
        send(&["POWER", "vbu=1"]),
        @"Some(2) Error: message POWER has no signal `vbu`; did you mean `vbus`?"
    );
    insta::assert_snapshot!(
        send(&["POWR"]),
        @"Some(2) Error: board.dbc has no message `POWR`; did you mean `POWER`?"
    );
    insta::assert_snapshot!(
        send(&["305#C3B"]),
        @"Some(2) Error: `305#C3B` is no frame, expected pairs of hexadecimal digits to the end, or ` R`, or ` T`"
    );
    let said = bench(folder.path(), &["can", "send", "memory", "305#"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("bench can replay LOG memory"),
        "{}",
        said.err
    );
}

/// A board tells of its health each 10 ms; from 20 ms on others fill the bus.
fn busy() -> String {
    let mut lines = Vec::new();
    for n in 0..8_u32 {
        lines.push((n * 10_000, "board 700#1234".to_owned()));
    }
    for n in 0..100_u32 {
        lines.push((20_000 + n * 250, format!("other 010#{n:016X}")));
    }
    lines.sort();
    let line = |(micros, rest): (u32, String)| format!("(1700000000.{micros:06}) {rest}\n");
    lines.into_iter().map(line).collect()
}

#[test]
fn telemetry_on_a_busy_bus_is_late_and_told_so() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("board.dbc"), BOARD).unwrap();
    fs::write(folder.path().join("busy.log"), busy()).unwrap();
    let replay = |more: &[&str]| {
        let arguments = ["can", "replay", "busy.log", "memory", "--bit-rate"];
        bench(folder.path(), &[&arguments, more].concat())
    };
    let fast = replay(&["1000000", "--dbc", "board.dbc", "--only", "board"]);
    assert!(
        fast.err.contains("8 frames of 1 nodes, 0 of them late"),
        "{}",
        fast.err
    );
    let slow = replay(&["250000", "--dbc", "board.dbc"]);
    assert!(slow.out.contains("LATE: "), "{}", slow.out);
    // The board's frame waits until the others have sent all of theirs.
    assert!(
        slow.err.contains("108 frames of 2 nodes, 1 of them late"),
        "{}",
        slow.err
    );
    assert!(
        slow.err.contains("\n700 waited for the bus "),
        "{}",
        slow.err
    );
    documented(&slow);
    let load = bench(
        folder.path(),
        &["can", "load", "busy.log", "--bit-rate", "250000"],
    );
    let interfaces: Vec<&str> = load
        .out
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(interfaces, ["board: 8 frames", "other: 100 frames"]);
    let no_rate = bench(folder.path(), &["can", "replay", "busy.log", "memory"]);
    assert_eq!(no_rate.code, Some(2));
}

/// The page on CAN shows this very run: its first frame, the late one, and what it comes to.
fn documented(said: &Said) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/can.md");
    let page = fs::read_to_string(page).unwrap();
    let command = "$ bench can replay busy.log memory --bit-rate 250000 --dbc board.dbc\n";
    let shown = page.split_once(command).unwrap().1;
    let shown = shown.split_once("```").unwrap().0;
    let out: Vec<&str> = said.out.lines().collect();
    let late = out.iter().position(|line| line.contains("LATE")).unwrap();
    let told = said.err.lines().filter(|line| !line.starts_with("Warning"));
    let expected: Vec<&str> = out[..2]
        .iter()
        .chain(["…"].iter())
        .chain(&out[late - 1..=late])
        .copied()
        .chain(told)
        .collect();
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}
