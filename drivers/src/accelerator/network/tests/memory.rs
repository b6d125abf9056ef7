//! Upsets in the memory image, and the memo that must not outlive them.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Memo, Network, NetworkError, builtin, builtin_names};

fn network(name: &str) -> Network {
    Network::load(builtin(name).unwrap()).unwrap()
}

/// An input that is not all the same.
fn input(network: &Network) -> Vec<u8> {
    (0..network.input_bytes())
        .map(|byte| {
            if byte % 4 == 3 {
                0x3F
            } else {
                (byte * 7 % 251) as u8
            }
        })
        .collect()
}

#[test]
fn an_exponent_upset_changes_the_output_until_it_is_taken_back() {
    for name in builtin_names() {
        let mut network = network(name);
        let input = input(&network);
        let before = network.infer(&input).unwrap();
        // Of the last bias: the exponent's highest bit, or of an integer the highest of its size.
        let last = network.image().len() - 1;
        network.flip(last, 6).unwrap();
        assert!(network.infer(&input).unwrap() != before, "{name}");
        network.flip(last, 6).unwrap();
        assert!(network.infer(&input).unwrap() == before, "{name}");
    }
}

#[test]
fn what_is_no_number_comes_out_as_one_nan() {
    let mut network = network("eo-cloudnet-tiny");
    let last = network.image().len() - 4;
    // The last bias becomes a signalling, negative NaN.
    let bits = u32::from_le_bytes(network.image()[last..].try_into().unwrap());
    let flips = bits ^ 0xFF80_0001;
    for bit in (0..32).filter(|bit| flips >> bit & 1 == 1) {
        network.flip(last + bit / 8, (bit % 8) as u8).unwrap();
    }
    let output = network.infer(&input(&network)).unwrap();
    let (words, _) = output[2 * 4 * 128 * 128..].as_chunks::<4>();
    assert!(
        words
            .iter()
            .all(|word| *word == 0x7FC0_0000_u32.to_le_bytes())
    );
}

#[test]
fn every_byte_has_a_site() {
    for name in builtin_names() {
        let network = network(name);
        let bytes = network.image().len();
        assert!(
            (0..bytes).all(|byte| network.site(byte).is_some()),
            "{name}"
        );
        assert_eq!(network.site(bytes), None);
    }
    let site = network("eo-cloudnet-tiny").site(4 * 8 * 6 * 9 + 5).unwrap();
    assert_eq!((site.tensor.as_str(), site.dtype.as_str()), ("c1_b", "F32"));
    assert_eq!((site.element, site.byte), (1, 1));
}

#[test]
fn there_is_no_bit_beyond_the_end() {
    let mut network = network("mlperf-tiny-kws");
    let bytes = network.image().len();
    for (byte, bit) in [(bytes, 0), (0, 8), (usize::MAX, 255)] {
        let none = NetworkError::NoSuchBit { byte, bit, bytes };
        assert_eq!(network.flip(byte, bit), Err(none));
    }
}

#[test]
fn a_memo_computes_once_and_anew_after_each_upset() {
    let mut network = network("mlperf-tiny-kws");
    let input = input(&network);
    let mut memo = Memo::new();
    let clean = memo.infer(&network, &input).unwrap();
    assert!(Arc::ptr_eq(&clean, &memo.infer(&network, &input).unwrap()));
    network.flip(3, 7).unwrap();
    let upset = memo.infer(&network, &input).unwrap();
    assert_eq!(*upset, *network.infer(&input).unwrap());
    assert_ne!(upset, clean);
    network.flip(3, 7).unwrap();
    assert_eq!(memo.infer(&network, &input).unwrap(), clean);
    assert_eq!(memo.len(), 1);
}

#[test]
fn a_memo_tells_networks_apart_and_does_not_grow_forever() {
    let clean = network("mlperf-tiny-kws");
    let mut upset = clean.clone();
    upset.flip(3, 7).unwrap();
    let mut memo = Memo::new();
    for index in 0..100_u8 {
        let input = vec![index; 490];
        assert_eq!(
            *memo.infer(&clean, &input).unwrap(),
            *clean.infer(&input).unwrap()
        );
    }
    assert!(memo.len() <= 64);
    let input = input(&clean);
    for network in [&clean, &upset, &clean] {
        assert_eq!(
            *memo.infer(network, &input).unwrap(),
            *network.infer(&input).unwrap()
        );
    }
    assert!(memo.infer(&clean, &[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_upsets_leave_a_network_that_computes(
        name in proptest::sample::select(builtin_names().collect::<Vec<_>>()),
        flips in proptest::collection::vec((0.0..1.0, 0..8_u8), 1..20),
    ) {
        let mut network = network(name);
        let input = input(&network);
        let before = network.infer(&input).unwrap();
        let place = |part: f64| (part * network.image().len() as f64) as usize;
        let flips: Vec<(usize, u8)> =
            flips.iter().map(|(part, bit)| (place(*part), *bit)).collect();
        for (byte, bit) in &flips {
            network.flip(*byte, *bit).unwrap();
        }
        prop_assert_eq!(network.infer(&input).unwrap().len(), network.output_bytes());
        for (byte, bit) in flips {
            network.flip(byte, bit).unwrap();
        }
        prop_assert!(network.infer(&input).unwrap() == before);
    }
}

/// Every layer's values are within reach, and the next inference knows nothing of it.
#[test]
fn activations_turn_over_in_one_inference_alone() {
    for name in ["mlperf-tiny-kws", "eo-cloudnet-tiny", "stories260k-logits"] {
        let network = Network::load(builtin(name).unwrap()).unwrap();
        let input = vec![1; network.input_bytes()];
        let right = network.infer(&input).unwrap();
        let mut wrong = 0;
        for place in 0..24_u32 {
            // The uppermost bits of bytes all over what it makes.
            let flips = [(place * 104_729 * 4 + 3, 6)];
            let upset = network.infer_upset(&input, &flips).unwrap();
            assert_eq!(upset.len(), right.len());
            wrong += u32::from(upset != right);
        }
        assert!(wrong >= 12, "{name}: {wrong} of 24 differ");
        assert_eq!(network.infer(&input).unwrap(), right, "{name}");
        // The same bit twice is as it was.
        let twice = network.infer_upset(&input, &[(3, 6), (3, 6)]).unwrap();
        assert_eq!(twice, right, "{name}");
        assert_eq!(network.infer_upset(&input, &[]).unwrap(), right, "{name}");
    }
}
