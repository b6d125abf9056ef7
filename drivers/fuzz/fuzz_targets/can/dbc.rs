//! DBC signals anywhere, multiplexed or not: what is written is read back, and no frame panics.
#![no_main]

use drivers::link::can::{CanFrame, CanId};
use drivers::telemetry::Decoder;
use drivers::telemetry::dbc::{Database, TelemetryDecoder};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|input: (Vec<(u8, u8, bool, bool, u8)>, Vec<u8>)| {
    let (signals, data) = input;
    let mut text = String::from("BU_: A B\n\nBO_ 256 M: 8 A\n SG_ page M : 0|2@1+ (1,0) [0|3] \"\" B\n");
    for (n, (start, length, intel, signed, group)) in signals.iter().take(20).enumerate() {
        let (order, sign) = (u8::from(*intel), if *signed { '-' } else { '+' });
        let mux = if group % 5 == 4 { String::new() } else { format!(" m{}", group % 5) };
        let length = length % 65;
        text += &format!(" SG_ s{n}{mux} : {start}|{length}@{order}{sign} (0.5,-3) [0|0] \"\" B\n");
    }
    let Ok(database) = Database::compile(&text) else {
        return;
    };
    let database = Arc::new(database);
    let values = vec![5.0; database.channels().len()];
    if let Some(message) = database.named("M") {
        let _ = message.encode(&values, 3, 1);
        for signal in message.present(&data) {
            assert!(signal.raw(&data).is_some());
        }
    }
    let mut decoder = TelemetryDecoder::new(database);
    let mut out = Vec::new();
    for chunk in data.chunks(8) {
        decoder.push(&CanFrame::new(CanId::Standard(256), chunk).to_bytes(), &mut out);
        decoder.push(chunk, &mut out);
    }
});
