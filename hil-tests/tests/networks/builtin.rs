//! The built-in networks against onnxruntime: every sample of the goldens.

use std::fs;
use std::path::PathBuf;

use drivers::accelerator::network::{Memo, Network, builtin, builtin_names};
use reports::golden::{Comparison, Golden};

/// The one tensor of a golden's file, cut into samples.
fn samples(golden: &str, file: &str, tensor: &str, bytes: usize) -> Vec<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("goldens")
        .join(golden)
        .join(file);
    let file = fs::read(path).expect("the golden is there");
    let (length, rest) = file.split_first_chunk::<8>().expect("it has a header");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Value = serde_json::from_slice(header).expect("JSON");
    let samples = header[tensor]["shape"][0].as_u64().expect("a number");
    assert_eq!(data.len() as u64, samples * bytes as u64);
    data.chunks(bytes).map(<[u8]>::to_vec).collect()
}

/// A network, and the inputs and outputs of its golden.
fn golden(model: &str, golden: &str) -> (Network, Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let network = Network::load(builtin(model).expect("built in")).expect("whole");
    let inputs = samples(golden, "inputs.safetensors", "input", network.input_bytes());
    let outputs = samples(
        golden,
        "outputs.safetensors",
        "output",
        network.output_bytes(),
    );
    assert_eq!(inputs.len(), outputs.len());
    (network, inputs, outputs)
}

fn cloud_mask() -> (Network, Vec<Vec<u8>>, Vec<Vec<u8>>) {
    golden("eo-cloudnet-tiny", "cloud-mask")
}

fn keyword_spotting() -> (Network, Vec<Vec<u8>>, Vec<Vec<u8>>) {
    golden("mlperf-tiny-kws", "keyword-spotting")
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (words, _) = bytes.as_chunks();
    words.iter().copied().map(f32::from_le_bytes).collect()
}

/// The best class of each pixel of three planes.
fn mask(logits: &[f32]) -> Vec<usize> {
    let pixels = logits.len() / 3;
    let class = |pixel: usize| {
        let logit = |class: usize| logits[class * pixels + pixel];
        (0..3).fold(0, |best, class| {
            if logit(class) > logit(best) {
                class
            } else {
                best
            }
        })
    };
    (0..pixels).map(class).collect()
}

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[test]
fn cloud_masks_agree_with_onnxruntime() {
    let (network, inputs, outputs) = cloud_mask();
    assert_eq!(inputs.len(), 6);
    let mut largest = 0.0_f32;
    for (input, expected) in inputs.iter().zip(&outputs) {
        let (actual, expected) = (floats(&network.infer(input).unwrap()), floats(expected));
        for (actual, expected) in actual.iter().zip(&expected) {
            largest = largest.max((actual - expected).abs());
        }
        assert_eq!(mask(&actual), mask(&expected));
    }
    println!("largest difference {largest:e}");
    // Four noise floors of the golden; the golden's own tolerance is wider.
    assert!(largest < 4.6e-5, "{largest:e}");
}

#[test]
fn cloud_logits_are_the_same_bits_on_every_machine() {
    let (network, inputs, _) = cloud_mask();
    let hash = fnv(&network.infer(&inputs[0]).unwrap());
    // The same comes of numpy's float32, one multiplication and one addition at a time.
    assert_eq!(hash, 0xA958_E61C_E44A_BF5E, "{hash:#018X}");
}

/// The reference models of MLPerf Tiny, each with how many samples its golden has.
const TINY: [(&str, &str, usize); 5] = [
    ("mlperf-tiny-ad", "anomaly-detection", 20),
    ("mlperf-tiny-ic", "image-classification", 12),
    ("mlperf-tiny-kws", "keyword-spotting", 20),
    ("mlperf-tiny-sww", "wakeword", 20),
    ("mlperf-tiny-vww", "person-detection", 4),
];

#[test]
fn tiny_models_answer_as_onnxruntime_does_bit_for_bit() {
    for (model, folder, samples) in TINY {
        let (network, inputs, outputs) = golden(model, folder);
        assert_eq!(inputs.len(), samples, "{model}");
        for (sample, (input, expected)) in inputs.iter().zip(&outputs).enumerate() {
            let found = network.infer(input).unwrap();
            assert_eq!(found, *expected, "{model}, sample {sample}");
        }
    }
}

/// Every prompt, token by token: the smallest lead of a decision is 40 times what runtimes differ by.
#[test]
fn stories_are_those_of_onnxruntime_token_by_token() {
    let (network, inputs, outputs) = golden("stories260k", "story-generation");
    assert_eq!(inputs.len(), 8);
    for (sample, (input, expected)) in inputs.iter().zip(&outputs).enumerate() {
        assert_eq!(network.infer(input).unwrap(), *expected, "prompt {sample}");
    }
}

#[test]
fn logits_agree_with_onnxruntime() {
    let (network, inputs, outputs) = golden("stories260k-logits", "story-logits");
    assert_eq!(inputs.len(), 4);
    let mut largest = 0.0_f32;
    for (input, expected) in inputs.iter().zip(&outputs) {
        let (actual, expected) = (floats(&network.infer(input).unwrap()), floats(expected));
        for (actual, expected) in actual.iter().zip(&expected) {
            largest = largest.max((actual - expected).abs());
        }
    }
    println!("largest difference {largest:e}");
    assert!(largest < 4.0 * 2.2e-5, "{largest:e}");
}

#[test]
fn logits_are_the_same_bits_on_every_machine() {
    let (network, inputs, _) = golden("stories260k-logits", "story-logits");
    let hash = fnv(&network.infer(&inputs[0]).unwrap());
    assert_eq!(hash, 0x57C5_CD67_7DD4_2F1E, "{hash:#018X}");
}

/// The other precisions of the language model, each with the largest difference of a logit that is
/// looked for: in int8 one activation that is rounded to its other neighbour.
const PRECISIONS: [(&str, f32); 2] = [("bf16", 1.2e-4), ("int8", 8e-2)];

#[test]
fn other_precisions_write_as_onnxruntime_does() {
    for (precision, most) in PRECISIONS {
        let model = format!("stories260k-{precision}");
        let (network, inputs, outputs) = golden(&model, &format!("story-generation-{precision}"));
        for (sample, (input, expected)) in inputs.iter().zip(&outputs).enumerate() {
            let found = network.infer(input).unwrap();
            assert_eq!(found, *expected, "{model}, prompt {sample}");
        }
        let model = format!("{model}-logits");
        let (network, inputs, outputs) = golden(&model, &format!("story-logits-{precision}"));
        let (actual, expected) = (network.infer(&inputs[0]).unwrap(), floats(&outputs[0]));
        let pairs = floats(&actual).into_iter().zip(expected);
        let far = pairs.map(|(a, g)| (a - g).abs()).fold(0.0, f32::max);
        println!("{model}: largest difference {far:e}");
        assert!(far < most, "{model}: {far:e}");
    }
}

fn ships() -> (Network, Golden, Vec<Vec<u8>>) {
    let (network, inputs, _) = golden("eo-shipnet-tiny", "ship-detection");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("goldens/ship-detection");
    (network, Golden::read(&folder).unwrap(), inputs)
}

/// Every scene of every number of ships, by the golden's own comparator.
#[test]
fn ships_are_counted_as_onnxruntime_does() {
    let (network, golden, inputs) = ships();
    assert_eq!(inputs.len(), 24);
    for (sample, input) in inputs.iter().enumerate() {
        let found = golden.compare(sample, &network.infer(input).unwrap());
        assert!(found.passes(), "{}", found.because);
        // Nearer than the golden asks: a hundredth of a pixel.
        assert!(found.difference < 0.01, "{}", found.because);
    }
}

/// The highest bit of some weight's exponent: other counts, which are told as such.
#[test]
fn a_corrupted_weight_changes_counts() {
    let (mut network, golden, inputs) = ships();
    let mut told = Vec::new();
    for byte in (3..network.image().len()).step_by(400) {
        network.flip(byte, 6).unwrap();
        let compared = golden.compare(1, &network.infer(&inputs[1]).unwrap());
        let empty = golden.compare(0, &network.infer(&inputs[0]).unwrap());
        network.flip(byte, 6).unwrap();
        told.extend([compared, empty].into_iter().filter(|it| !it.passes()));
    }
    let counted = |it: &&Comparison| it.because.contains("found where the golden has");
    let counts = told.iter().filter(counted).count();
    assert!(counts > 0, "{told:#?}");
    assert!(
        told.iter().any(|it| it.because.contains("missed ship at")),
        "{told:#?}"
    );
}

#[test]
fn every_network_has_a_golden() {
    let tiny = TINY.map(|(model, ..)| model);
    let others = [
        "eo-cloudnet-tiny",
        "eo-shipnet-tiny",
        "stories260k",
        "stories260k-logits",
        "stories260k-bf16",
        "stories260k-bf16-logits",
        "stories260k-int8",
        "stories260k-int8-logits",
    ];
    let known = |name: &str| others.contains(&name) || tiny.contains(&name);
    assert!(builtin_names().all(known));
}

/// One flipped bit of an 8-bit weight that changes a decision, and is taken back.
#[test]
fn the_highest_bit_of_a_weight_changes_a_decision() {
    let (mut network, inputs, outputs) = golden("mlperf-tiny-vww", "person-detection");
    let changed = (0..200).step_by(8).any(|byte| {
        network.flip(byte, 7).unwrap();
        let class = |bytes: &[u8]| bytes[0].cast_signed() >= bytes[1].cast_signed();
        let mut pairs = inputs.iter().zip(&outputs);
        let wrong =
            pairs.any(|(input, right)| class(&network.infer(input).unwrap()) != class(right));
        network.flip(byte, 7).unwrap();
        wrong
    });
    assert!(changed);
}

#[test]
fn an_exponent_upset_ruins_a_mask_until_it_is_taken_back() {
    let (mut network, inputs, outputs) = cloud_mask();
    let before = network.infer(&inputs[0]).unwrap();
    let expected = mask(&floats(&outputs[0]));
    // Bit 30 of the first weight: the exponent's highest.
    network.flip(3, 6).unwrap();
    let upset = mask(&floats(&network.infer(&inputs[0]).unwrap()));
    let wrong = upset
        .iter()
        .zip(&expected)
        .filter(|(upset, expected)| upset != expected);
    assert!(wrong.count() > expected.len() / 100);
    network.flip(3, 6).unwrap();
    assert_eq!(network.infer(&inputs[0]).unwrap(), before);
}

#[test]
fn a_memo_gives_what_the_network_gives() {
    let (mut network, inputs, outputs) = keyword_spotting();
    let mut memo = Memo::new();
    for _ in 0..2 {
        for (input, expected) in inputs.iter().zip(&outputs) {
            assert_eq!(memo.infer(&network, input).unwrap()[..], expected[..]);
        }
    }
    // The highest bit of the first bias of the last layer.
    let site = |byte: &usize| network.site(*byte).is_some_and(|site| site.tensor == "t1");
    let bias = (0..network.image().len()).find(site).unwrap();
    network.flip(bias + 3, 7).unwrap();
    let upset = memo.infer(&network, &inputs[0]).unwrap();
    assert_ne!(upset[..], outputs[0][..]);
    assert_eq!(upset[..], network.infer(&inputs[0]).unwrap()[..]);
}
