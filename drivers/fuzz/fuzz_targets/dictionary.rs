//! Dictionaries of any text, and packets of any content against those that compile.
#![no_main]

use drivers::telemetry::ccsds::packet::TmPacket;
use drivers::telemetry::ccsds::plan::Plan;
use drivers::telemetry::ccsds::time::Time;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    let (fields, source) = input;
    let head = "[[packet]]\nname = \"p\"\napid = 1\nservice = 3\nsubtype = 25\nfield = ";
    let Ok(plan) = Plan::compile(&format!("{head}{fields}")) else {
        return;
    };
    let packet = TmPacket {
        apid: 1,
        count: 0,
        service: 3,
        subtype: 25,
        message: 0,
        destination: 0,
        time: Time::days_and_millis(0),
        source,
    };
    plan.decode(&packet, |_| {});
    let values = vec![1.0; plan.channels().len()];
    plan.encode(0, &values, &mut Vec::new());
});
