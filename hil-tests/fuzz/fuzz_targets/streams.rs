//! `bench decode` on any stream in every format, in two chunkings: the same lines, and all of them
//! JSON that a table takes.
#![no_main]

use std::sync::OnceLock;

use bench_runner::decode::{Format, Json, Settings, Stream};
use drivers::telemetry::dictionary::{Dictionary, Layouts};
use libfuzzer_sys::fuzz_target;

const DICTIONARY: &str = r#"
    [[packet]]
    name = "hk"
    apid = 1
    service = 3
    subtype = 25
    field = [
        { name = "n", type = "u8" },
        { name = "sample", type = "i12", count = "n", calibration = [1, 2], red = [0, 9] },
        { type = "u4" },
        { name = "mode", type = "u3", states = ["a", "b"] },
        { name = "tail", type = "bytes", count = "rest" },
    ]
    [[packet]]
    name = "text"
    apid = 2
    field = [{ name = "f", type = "f32" }, { name = "said", type = "text", count = "rest" }]
    [[derived]]
    name = "twice"
    value = "2 * f"
"#;

fn layouts() -> &'static Layouts {
    static LAYOUTS: OnceLock<Layouts> = OnceLock::new();
    LAYOUTS.get_or_init(|| {
        let read = Dictionary::read(DICTIONARY).and_then(Layouts::compile);
        read.expect("the dictionary above")
    })
}

fn lines(format: Format, octets: &[u8], chunk: usize) -> Vec<u8> {
    let settings = Settings {
        format,
        layouts: Some(layouts()),
        longest_packet: 512,
        frame_octets: 32,
        randomized: false,
        separator: None,
        columns: &[],
        notes: true,
    };
    let mut stream = Stream::new(&settings).expect("there is a dictionary");
    let mut out = Json::default();
    for chunk in octets.chunks(chunk) {
        stream.push(chunk, &mut out);
    }
    stream.finish(&mut out);
    out.bytes().to_vec()
}

fuzz_target!(|octets: &[u8]| {
    for format in [
        Format::Ccsds,
        Format::Cadu,
        Format::Cobs,
        Format::CobsR,
        Format::Slip,
        Format::Kiss,
        Format::Hdlc,
        Format::Ascii,
        Format::Csv,
    ] {
        let whole = lines(format, octets, octets.len().max(1));
        assert_eq!(whole, lines(format, octets, 7), "{format:?}");
        assert!(std::str::from_utf8(&whole).is_ok(), "{format:?}");
    }
});
