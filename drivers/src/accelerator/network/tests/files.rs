//! Model files that are damaged give errors, never panics.

use proptest::prelude::*;

use super::super::{Network, NetworkError, builtin, builtin_names};

/// A model file around a program and data, with the tensors `w` (2 x 1 x 1 x 1 floats) and `b`.
fn file(program: &str, data: &[f32; 4]) -> Vec<u8> {
    let header = serde_json::json!({
        "__metadata__": { "network": program },
        "w": { "dtype": "F32", "shape": [2, 1, 1, 1], "data_offsets": [0, 8] },
        "b": { "dtype": "F32", "shape": [2], "data_offsets": [8, 16] },
    });
    let header = header.to_string().into_bytes();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(data.iter().flat_map(|real| real.to_le_bytes()));
    file
}

/// One convolution of one pixel into two channels, then these steps.
fn program(steps: &str, output: &str, shape: &str) -> String {
    format!(
        r#"{{"format":1,"name":"tiny",
        "input":{{"value":"x","dtype":"f32","shape":[1,1,1,1]}},
        "output":{{"value":"{output}","dtype":"f32","shape":{shape}}},
        "steps":[{{"op":"conv","input":"x","weight":"w","bias":"b","groups":1,"stride":[1,1],
        "pad":[0,0,0,0],"dilation":[1,1],"output":"y"}}{steps}]}}"#
    )
}

fn load(program: &str) -> Result<Network, NetworkError> {
    Network::load(&file(program, &[2.0, -3.0, 0.5, 0.25]))
}

fn infer(network: &Network, input: f32) -> Vec<f32> {
    let output = network.infer(&input.to_le_bytes()).unwrap();
    let (words, rest) = output.as_chunks();
    assert!(rest.is_empty());
    words.iter().copied().map(f32::from_le_bytes).collect()
}

#[test]
fn a_small_network_computes() {
    let network = load(&program("", "y", "[1,2,1,1]")).unwrap();
    assert_eq!(infer(&network, 1.0), [2.5, -2.75]);
    assert_eq!(network.name(), "tiny");
    assert_eq!((network.input_bytes(), network.output_bytes()), (4, 8));
    assert_eq!(network.macs(), Some(2));
    assert_eq!(network.image().len(), 16);
}

#[test]
fn a_value_read_twice_is_not_overwritten() {
    let steps = r#",{"op":"reshape","input":"y","shape":[1,2,1,1],"output":"same"},
        {"op":"relu","input":"same","output":"r"},
        {"op":"concat_channels","inputs":["y","r"],"output":"z"}"#;
    let network = load(&program(steps, "z", "[1,4,1,1]")).unwrap();
    assert_eq!(infer(&network, 1.0), [2.5, -2.75, 2.5, 0.0]);
}

#[test]
fn programs_that_make_no_sense_are_refused() {
    let step = |step: &str| format!(",{step}");
    let wrong = [
        (
            step(r#"{"op":"relu","input":"q","output":"z"}"#),
            "nothing has made `q`",
        ),
        (
            step(r#"{"op":"relu","input":"x","output":"y"}"#),
            "made twice",
        ),
        (
            step(r#"{"op":"fly","input":"y","output":"z"}"#),
            "unknown variant `fly`",
        ),
        (
            step(r#"{"op":"reshape","input":"y","shape":[3],"output":"z"}"#),
            "cannot make [3]",
        ),
        (
            step(r#"{"op":"resize_nearest","input":"y","factor":[0,1],"output":"z"}"#),
            "a value of shape [1, 2, 0, 1]",
        ),
        (
            step(r#"{"op":"resize_nearest","input":"y","factor":[99999,99999],"output":"z"}"#),
            "a value of shape",
        ),
        (
            step(r#"{"op":"dequantise","input":"y","scale":1.0,"zero":0,"output":"z"}"#),
            "should be I8",
        ),
        (
            step(r#"{"op":"average_pool","input":"y","kernel":[2,2],"stride":[1,1],"output":"z"}"#),
            "larger than the input",
        ),
        (
            step(r#"{"op":"average_pool","input":"y","kernel":[1,1],"stride":[0,1],"output":"z"}"#),
            "not from 1 to",
        ),
        (
            step(r#"{"op":"concat_channels","inputs":[],"output":"z"}"#),
            "nothing to join",
        ),
        (String::new(), "nothing has made `z`"),
    ];
    for (steps, expected) in wrong {
        let error = load(&program(&steps, "z", "[1,2,1,1]"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{steps}: {error}");
    }
    let error = load(&program("", "y", "[1,3,1,1]"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("should be F32 [1, 3, 1, 1]"), "{error}");
    let error = load("{}").unwrap_err().to_string();
    assert!(error.contains("missing field"), "{error}");
}

#[test]
fn lengths_that_overflow_are_refused() {
    let header = br#"{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    assert!(matches!(
        Network::load(&file),
        Err(NetworkError::Container(_))
    ));
    assert!(Network::load(&[0xFF; 16]).is_err());
    assert!(Network::load(&[]).is_err());
}

#[test]
fn an_input_of_the_wrong_length_is_refused() {
    let network = Network::load(builtin("mlperf-tiny-kws").unwrap()).unwrap();
    let wrong = NetworkError::InputLength {
        expected: 490,
        got: 489,
    };
    assert_eq!(network.infer(&[0; 489]), Err(wrong));
    assert!(network.infer(&[0; 490]).is_ok());
}

/// The files under test, by turns.
fn builtin_file() -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> = builtin_names()
        .map(|name| builtin(name).unwrap().to_vec())
        .collect();
    proptest::sample::select(files)
}

/// Loads, and where that succeeds infers on zeros.
fn use_it(file: &[u8]) {
    if let Ok(network) = Network::load(file) {
        let output = network.infer(&vec![0; network.input_bytes()]).unwrap();
        assert_eq!(output.len(), network.output_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn truncated_files_are_refused(file in builtin_file(), part in 0.0..1.0) {
        let length = (file.len() as f64 * part) as usize;
        prop_assert!(Network::load(&file[..length]).is_err());
    }

    #[test]
    fn garbled_files_do_not_panic(
        mut file in builtin_file(),
        garble in proptest::collection::vec((0.0..1.0, any::<u8>()), 1..4),
    ) {
        // Half of the places are in the first tenth of the file, where the program is.
        for (index, (part, byte)) in garble.into_iter().enumerate() {
            let reach = if index % 2 == 0 { file.len() / 10 } else { file.len() };
            let place = (reach as f64 * part) as usize;
            file[place] = byte;
        }
        use_it(&file);
    }

    #[test]
    fn garbled_numbers_in_programs_do_not_panic(
        mut file in builtin_file(),
        places in proptest::collection::vec((0.0..0.2, b'0'..=b'9'), 1..6),
    ) {
        // Digits for digits: the JSON stays whole and the meaning changes.
        for (part, digit) in places {
            let start = (file.len() as f64 * part) as usize;
            if let Some(byte) = file[start..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                *byte = digit;
            }
        }
        use_it(&file);
    }
}

/// The small language model with some keys of its program changed.
fn llama(changes: &[(&str, serde_json::Value)]) -> Result<Network, NetworkError> {
    let file = builtin("stories260k").unwrap();
    let (length, rest) = file.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: serde_json::Value = serde_json::from_slice(header).unwrap();
    let text = header["__metadata__"]["network"].as_str().unwrap();
    let mut program: serde_json::Value = serde_json::from_str(text).unwrap();
    for (key, value) in changes {
        program[*key] = value.clone();
    }
    header["__metadata__"]["network"] = program.to_string().into();
    let header = header.to_string().into_bytes();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(data);
    Network::load(&file)
}

#[test]
fn language_models_that_make_no_sense_are_refused() {
    assert!(llama(&[]).is_ok());
    let wrong = [
        (
            "architecture",
            "gpt".into(),
            "its architecture is `gpt`, and only `llama` is known",
        ),
        ("format", 2.into(), "it has format 2, and only 1 is known"),
        ("heads", 7.into(), "64 elements do not go into 7 heads"),
        (
            "kv_heads",
            3.into(),
            "8 heads of an even length that share 3",
        ),
        (
            "hidden",
            171.into(),
            "`gate` has shape [5, 172, 64] and should have [5, 171, 64]",
        ),
        (
            "context",
            256.into(),
            "`cos` has shape [512, 4] and should have [256, 4]",
        ),
        (
            "tokens",
            500.into(),
            "500 tokens and 96 new ones are more than its context of 512",
        ),
        ("tokens", 0.into(), "`tokens` is 0 and not from 1 to"),
        (
            "layers",
            100_000.into(),
            "`layers` is 100000 and not from 1 to",
        ),
        (
            "new_tokens",
            0.into(),
            "`new_tokens` is 0, which does not go with its task",
        ),
        ("task", "sing".into(), "unknown variant `sing`"),
        ("begin", 512.into(), "`begin` is no token"),
    ];
    for (key, value, expected) in wrong {
        let error = llama(&[(key, value)]).unwrap_err().to_string();
        assert!(error.contains(expected), "{key}: {error}");
    }
}

#[test]
fn tokens_that_nobody_knows_are_the_unknown_one_and_no_token_is_the_first() {
    let network = Network::load(builtin("stories260k").unwrap()).unwrap();
    let input = |tokens: &[i32]| -> Vec<u8> {
        let mut all = vec![-1; network.input_bytes() / 4];
        all[..tokens.len()].copy_from_slice(tokens);
        all.iter().flat_map(|token| token.to_le_bytes()).collect()
    };
    let said = |tokens: &[i32]| network.infer(&input(tokens)).unwrap();
    assert_eq!(said(&[1, 9_999, 403]), said(&[1, 0, 403]));
    assert_eq!(said(&[]), said(&[1]));
    // What comes behind the end is not read.
    assert_eq!(said(&[1, -1, 403]), said(&[1]));
    let passes = network.passes(&input(&[1, 403])).unwrap();
    assert_eq!((passes.first, passes.all), (2, 97));
}
