//! Mission dictionaries of any text, in all three forms, and any packets against them.
#![no_main]

use drivers::telemetry::dictionary::columns::Columns;
use drivers::telemetry::dictionary::derive::Deriver;
use drivers::telemetry::dictionary::expression::Expression;
use drivers::telemetry::dictionary::layout::Scratch;
use drivers::telemetry::dictionary::{Dictionary, Layouts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (fields, text, user) = input;
    let _ = Dictionary::read(text);
    let _ = Expression::parse(text);
    let toml = format!("[[packet]]\nname = \"p\"\napid = 1\nfield = {fields}");
    let json = format!("{{\"packets\": [{{\"name\": \"p\", \"apid\": 1, \"fields\": {fields}}}]}}");
    for text in [toml, json] {
        let Ok(layouts) = Dictionary::read(&text).and_then(Layouts::compile) else {
            continue;
        };
        let mut packet = vec![0, 1, 0xc0, 0];
        packet.extend((user.len() as u16 + 1).to_be_bytes());
        packet.extend(user);
        packet.extend([0, 0]);
        let (mut columns, mut scratch) = (Columns::new(&layouts), Scratch::default());
        let mut deriver = Deriver::new(&layouts);
        if let Some(kind) = layouts.kind(&packet) {
            let (fields, _) = layouts.fields(kind, &packet, &mut scratch);
            deriver.push(&layouts, &fields, |_, _| ());
            columns.push(0, &packet, &fields);
            for offset in 1..100 {
                columns.take(&layouts, offset, &packet, &mut Scratch::default());
            }
            assert_eq!(columns.table(kind).offsets.len(), 100);
        }
    }
});
