//! RFC 2217: data comes through whole, pieces make no difference, and no octet is made up.
#![no_main]

use drivers::link::LinkSpec;
use drivers::link::LineSpec;
use drivers::link::rfc2217::codec::Codec;
use libfuzzer_sys::fuzz_target;

fn codec() -> Codec {
    match "rfc2217:host:1@9600".parse() {
        Ok(LinkSpec::Line(LineSpec::Rfc2217(spec))) => Codec::new(spec.line),
        other => panic!("{other:?}"),
    }
}

fn told(chunks: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let (mut codec, mut data, mut answers) = (codec(), Vec::new(), Vec::new());
    for chunk in chunks {
        codec.receive(chunk, &mut data, &mut answers);
    }
    (data, answers)
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, stream) = input;
    let (head, tail) = stream.split_at(cut % (stream.len() + 1));
    let whole = told(&[stream]);
    assert!(whole.0.len() <= stream.len());
    assert_eq!(told(&[head, tail]), whole);
    let mut sent = Vec::new();
    Codec::encode(stream, &mut sent);
    assert_eq!(told(&[&sent]), (stream.to_vec(), Vec::new()));
});
