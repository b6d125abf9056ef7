//! Any octets as a DBC file, and frames for whatever was read: nothing panics.
#![no_main]

use drivers::link::can::candump::LogReader;
use drivers::telemetry::dbc::Database;
use drivers::telemetry::dbc::columns::{Column, Gathered};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (text, data) = input;
    let Ok(database) = Database::read(text) else {
        return;
    };
    let data = &data[..data.len().min(64)];
    let mut gathered = Gathered::new(&database);
    let mut reader = LogReader::default();
    for message in database.messages() {
        message.selects_nothing(data);
        let told: Vec<_> = message.told(data).collect();
        for (at, raw) in &told {
            let signal = &message.signals()[*at];
            let _ = signal.raw_of(signal.physical(*raw));
        }
        if message.octets() <= 64 {
            let _ = message.compose_raw(&told);
        }
        let mut line = format!("(1700000000.000001) can0 {}##0", message.id());
        for octet in data {
            line += &format!("{octet:02X}");
        }
        reader.read(line.as_bytes()).expect("it is a line");
        assert!(gathered.push(1, 0, &reader));
    }
    for (message, rows) in database.messages().iter().zip(gathered.rows()) {
        for (at, signal) in message.signals().iter().enumerate() {
            Column::of(signal).read(message, at, rows);
        }
    }
});
