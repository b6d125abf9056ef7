//! Tensor files that are cut off, blown up or of another shape are refused with the file's name, even
//! where the manifest vouches for them; none makes the bench panic.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reports::digest::sha256_hex;
use reports::golden::{Golden, GoldenError};

/// A golden of two outputs of three floats, whose output file is these bytes.
fn golden(outputs: &[u8]) -> Result<Golden, GoldenError> {
    let inputs = file(
        r#"{"input":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}}"#,
        &[0, 1],
    );
    let manifest = format!(
        "name = 'tiny'\nstate = 'accepted'\ndialect = 'test'\nsamples = 2\n[model]\nname = 'm'\n\
         file = 'm'\nsha256 = '00'\n[input]\nfile = 'inputs.safetensors'\nsha256 = '{}'\n\
         tensor = 'input'\ndtype = 'u8'\nshape = [1]\n[output]\nfile = 'outputs.safetensors'\n\
         sha256 = '{}'\ntensor = 'output'\ndtype = 'f32'\nshape = [3]\n[comparator]\n\
         kind = 'bit-exact'\n",
        sha256_hex(&inputs),
        sha256_hex(outputs)
    );
    let files = BTreeMap::from([
        ("golden.toml".to_owned(), manifest.into_bytes()),
        ("inputs.safetensors".to_owned(), inputs),
        ("outputs.safetensors".to_owned(), outputs.to_vec()),
    ]);
    Golden::from_files("tiny", &files)
}

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

const HEADER: &str = r#"{"output":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;

fn whole() -> Vec<u8> {
    let numbers = (0..6_u8).flat_map(|number| f32::from(number).to_le_bytes());
    file(HEADER, &numbers.collect::<Vec<u8>>())
}

#[test]
fn tensors_of_another_form_are_refused_with_what_was_expected() {
    assert!(golden(&whole()).is_ok());
    let data = [0; 24];
    let with = |from: &str, to: &str| file(&HEADER.replace(from, to), &data);
    let nan = {
        let mut bytes = whole();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        bytes
    };
    let cases = [
        (
            with("[2,3]", "[3,2]"),
            "is f32 [3, 2], but golden.toml says f32 [2, 3]",
        ),
        (
            with("F32", "I32"),
            "is i32 [2, 3], but golden.toml says f32 [2, 3]",
        ),
        (with("output", "outcome"), "output"),
        (with("[2,3]", "[2,4]"), ""),
        (with("[0,24]", "[0,48]"), ""),
        (with("[2,3]", "[18446744073709551615,3]"), ""),
        (with("[0,24]", "[8,18446744073709551615]"), ""),
        (whole()[..whole().len() - 1].to_vec(), ""),
        ([whole(), vec![0; 100]].concat(), ""),
        (whole()[..10].to_vec(), ""),
        (Vec::new(), ""),
        (vec![0xff; 64], ""),
        (
            nan,
            "output 1 is NaN at [2], and what is not finite can be met by no answer",
        ),
    ];
    for (bytes, why) in cases {
        let error = golden(&bytes).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("golden `tiny`: outputs.safetensors: "),
            "{text}"
        );
        assert!(text.contains(why), "{text}");
        assert!(
            text.len() > "golden `tiny`: outputs.safetensors: ".len() + 8,
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn garbled_files_are_refused_or_read_and_never_a_panic(
        places in prop::collection::vec((0..112_usize, any::<u8>()), 1..6),
        length in 0..112_usize,
        cut in any::<bool>(),
    ) {
        let mut bytes = whole();
        for (place, byte) in places {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if cut {
            bytes.truncate(length);
        }
        if let Ok(golden) = golden(&bytes) {
            prop_assert_eq!(golden.outputs().len(), 2);
            prop_assert!(golden.outputs().iter().all(|output| output.len() == 12));
        }
    }
}
