//! From the text of candump to values in columns, beside a loop that was written by hand for this
//! one job; and a DBC file to a database.

use std::fmt::Write;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use drivers::link::can::candump::{LogReader, hex_digits};
use drivers::telemetry::dbc::Database;
use drivers::telemetry::dbc::columns::{Column, Gathered};

/// 113 messages and 1154 signals.
const DBC: &str = include_str!("../tests/data/can/hyundai_2015_ccan.dbc");
/// Frames of the log.
const FRAMES: usize = 200_000;
/// Frames that are gathered before they are decoded.
const GROUP: usize = 1 << 16;

fn main() {
    divan::main();
}

/// A log of frames of all messages with any content.
fn log(database: &Database) -> String {
    let messages = database.messages();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut log = String::new();
    for n in 0..FRAMES {
        // Xorshift (Marsaglia 2003): any octets will do.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let message = &messages[(seed >> 40) as usize % messages.len()];
        let micros = n * 100;
        let (seconds, rest) = (1_700_000_000 + micros / 1_000_000, micros % 1_000_000);
        write!(log, "({seconds}.{rest:06}) can0 {}#", message.id()).expect("a String takes all");
        hex_digits(&seed.to_le_bytes()[..message.octets().min(8)], &mut log);
        log.push('\n');
    }
    log
}

/// The whole way: lines, frames, values.
#[divan::bench]
fn text_to_columns(bencher: Bencher<'_, '_>) {
    let database = Database::compile(DBC).expect("a good file");
    let log = log(&database);
    let mut gathered = Gathered::new(&database);
    let mut columns: Vec<Vec<Column>> = database
        .messages()
        .iter()
        .map(|message| message.signals().iter().map(Column::of).collect())
        .collect();
    let mut frame = LogReader::default();
    bencher
        .counter(ItemsCount::new(FRAMES))
        .counter(BytesCount::of_str(&log))
        .bench_local(|| {
            for (n, line) in lines(log.as_bytes()).enumerate() {
                frame.read(line).expect("the log is whole");
                gathered.push(n as u64, 0, &frame);
                if gathered.frames() == GROUP {
                    to_columns(&database, &mut gathered, &mut columns);
                }
            }
            to_columns(&database, &mut gathered, &mut columns);
        });
}

fn to_columns(database: &Database, gathered: &mut Gathered, columns: &mut [Vec<Column>]) {
    let messages = database.messages().iter();
    for ((message, rows), columns) in messages.zip(gathered.rows()).zip(columns) {
        for (at, column) in columns.iter_mut().enumerate() {
            column.clear();
            column.read(message, at, rows);
            divan::black_box(&column.numbers);
        }
    }
    gathered.clear();
}

/// The text alone.
#[divan::bench]
fn text_to_frames(bencher: Bencher<'_, '_>) {
    let database = Database::compile(DBC).expect("a good file");
    let log = log(&database);
    let mut frame = LogReader::default();
    bencher
        .counter(ItemsCount::new(FRAMES))
        .counter(BytesCount::of_str(&log))
        .bench_local(|| {
            for line in lines(log.as_bytes()) {
                frame.read(line).expect("the log is whole");
                divan::black_box(&frame);
            }
        });
}

/// The file of 82 kB.
#[divan::bench]
fn load_dbc(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::of_str(DBC))
        .bench_local(|| Database::compile(divan::black_box(DBC)));
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = log;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    })
}

/// A signal as the loop by hand has it.
struct Planned {
    shift: u32,
    unused: u32,
    big_endian: bool,
    signed: bool,
    factor: f64,
    offset: f64,
    column: usize,
}

/// The same by hand: times of a fixed form, identifiers of 11 bits, frames of at most eight octets
/// that are long enough, values pushed to their columns one by one, nothing that can be damaged.
#[divan::bench]
fn by_hand_text_to_columns(bencher: Bencher<'_, '_>) {
    let database = Database::compile(DBC).expect("a good file");
    let log = log(&database);
    let (plans, count) = plans();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); count];
    let mut times: Vec<f64> = Vec::new();
    bencher
        .counter(ItemsCount::new(FRAMES))
        .counter(BytesCount::of_str(&log))
        .bench_local(|| {
            columns.iter_mut().for_each(Vec::clear);
            times.clear();
            for line in lines(log.as_bytes()) {
                let seconds = number(&line[1..11]);
                times.push(seconds as f64 + number(&line[12..18]) as f64 * 1e-6);
                let (id, digits) = (&line[25..28], &line[29..]);
                let id = id.iter().fold(0, |id, &digit| id << 4 | value(digit));
                let mut octets = [0; 8];
                for (octet, pair) in octets.iter_mut().zip(digits.as_chunks::<2>().0) {
                    *octet = (value(pair[0]) << 4 | value(pair[1])) as u8;
                }
                let (little, big) = (u64::from_le_bytes(octets), u64::from_be_bytes(octets));
                for signal in &plans[id as usize] {
                    let word = if signal.big_endian { big } else { little };
                    let bits = word >> signal.shift << signal.unused;
                    let raw = if signal.signed {
                        (bits.cast_signed() >> signal.unused) as f64
                    } else {
                        (bits >> signal.unused) as f64
                    };
                    columns[signal.column].push(raw * signal.factor + signal.offset);
                }
            }
            divan::black_box((&columns, &times));
        });
}

fn number(digits: &[u8]) -> u64 {
    let digits = digits.iter();
    digits.fold(0, |number, &digit| number * 10 + u64::from(digit - b'0'))
}

/// The value of a digit `0` to `9` or `A` to `F`.
fn value(digit: u8) -> u32 {
    u32::from(digit & 15) + u32::from(digit >> 6) * 9
}

/// Reads `BO_` and `SG_` lines of a file that is known to be in order.
fn plans() -> (Vec<Vec<Planned>>, usize) {
    let mut plans: Vec<Vec<Planned>> = (0..0x800).map(|_| Vec::new()).collect();
    let (mut id, mut column) = (0, 0);
    for line in DBC.lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("BO_ ") {
            id = rest
                .split(' ')
                .next()
                .and_then(|id| id.parse().ok())
                .unwrap_or(0);
        } else if let Some((_, rest)) = line
            .strip_prefix("SG_ ")
            .and_then(|it| it.split_once(" : "))
        {
            let numbers: Vec<f64> = rest
                .split(['|', '@', '(', ',', ')', ' ', '+', '['])
                .filter_map(|number| number.trim_end_matches('-').parse().ok())
                .collect();
            let [start, bits, order, factor, offset, ..] = numbers[..] else {
                panic!("{line} is no signal");
            };
            let (start, bits) = (start as u32, bits as u32);
            let big_endian = order < 0.5;
            let lead = if big_endian {
                start / 8 * 8 + 7 - start % 8
            } else {
                start
            };
            plans[id].push(Planned {
                shift: if big_endian { 64 - lead - bits } else { lead },
                unused: 64 - bits,
                big_endian,
                signed: rest.contains("@1-") || rest.contains("@0-"),
                factor,
                offset,
                column,
            });
            column += 1;
        }
    }
    (plans, column)
}
