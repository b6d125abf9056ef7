//! Goldens: what is refused, and each rung of the ladder.

use std::collections::BTreeMap;

use reports::digest::sha256_hex;
use reports::golden::{
    Band, Cell, Cells, Golden, GoldenError, Goldens, Origin, Rung, ThroughputGolden, rungs,
};

use crate::bench_run::header;

/// A safetensors file with one tensor.
fn tensor(name: &str, dtype: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let end = data.len();
    let head = format!(
        "{{\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[0,{end}]}}}}"
    );
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// The files of a golden with `samples` inputs of one byte.
fn files(
    state: &str,
    outputs: (&str, &[usize], &[u8]),
    comparator: &str,
) -> BTreeMap<String, Vec<u8>> {
    let (dtype, shape, data) = outputs;
    let samples = shape[0];
    let input_data: Vec<u8> = (0..samples as u8).collect();
    let input = tensor("input", "U8", &[samples, 1], &input_data);
    let output = tensor("output", &dtype.to_uppercase(), shape, data);
    let manifest = format!(
        "name = 'tiny'\nstate = '{state}'\ndialect = 'test'\nsamples = {samples}\n\
         noise_floor = 0.0\n\
         [model]\nname = 'm'\nfile = 'm.safetensors'\nsha256 = '00'\n\
         [input]\nfile = 'inputs.safetensors'\nsha256 = '{}'\ntensor = 'input'\n\
         dtype = 'u8'\nshape = [1]\n\
         [output]\nfile = 'outputs.safetensors'\nsha256 = '{}'\ntensor = 'output'\n\
         dtype = '{dtype}'\nshape = {:?}\n\
         [comparator]\n{comparator}\n",
        sha256_hex(&input),
        sha256_hex(&output),
        &shape[1..]
    );
    BTreeMap::from([
        ("golden.toml".to_owned(), manifest.into_bytes()),
        ("inputs.safetensors".to_owned(), input),
        ("outputs.safetensors".to_owned(), output),
    ])
}

const TOLERANCE: &str = "kind = 'tolerance'\nrtol = 0.001\natol = 0.01\n\
    [comparator.mask]\nmin_class_agreement = 0.9\nmin_iou = 0.5\n";

pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Two samples of two classes of two pixels.
fn mask() -> Golden {
    let outputs = floats(&[1.0, 0.0, 0.5, 2.0, 5.0, 6.0, 7.0, 8.0]);
    let files = files("accepted", ("f32", &[2, 2, 2], &outputs), TOLERANCE);
    Golden::from_files("tiny", &files).unwrap()
}

/// Two samples of four bytes, compared bit by bit.
pub(crate) fn goldens(state: &str) -> Goldens {
    let files = files(
        state,
        ("i8", &[2, 4], &[1, 2, 3, 4, 9, 8, 7, 6]),
        "kind = 'bit-exact'",
    );
    let golden = Golden::from_files("tiny", &files).unwrap();
    Goldens {
        workloads: BTreeMap::from([("tiny".to_owned(), golden.into())]),
        throughput: None,
    }
}

#[test]
fn samples_are_cut_from_the_tensors() {
    let golden = mask();
    assert_eq!(golden.sample_count(), 2);
    assert_eq!(&golden.inputs()[1][..], [1]);
    assert_eq!(&golden.outputs()[1][..], floats(&[5.0, 6.0, 7.0, 8.0]));
    assert_eq!(golden.output_shape(), [2, 2]);
}

#[test]
fn bytes_that_nobody_vouches_for_are_refused() {
    let outputs = ("i8", &[1, 2][..], &[1, 2][..]);
    let mut wrong = files("accepted", outputs, "kind = 'bit-exact'");
    wrong.get_mut("outputs.safetensors").unwrap().reverse();
    let error = Golden::from_files("tiny", &wrong).unwrap_err();
    assert!(matches!(error, GoldenError::Digest { .. }), "{error}");

    let mut missing = files("accepted", outputs, "kind = 'bit-exact'");
    missing.remove("inputs.safetensors");
    let error = Golden::from_files("tiny", &missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        "golden `tiny` has no file `inputs.safetensors`"
    );

    let other = files("accepted", outputs, "kind = 'bit-exact'");
    let error = Golden::from_files("other", &other).unwrap_err();
    assert!(matches!(error, GoldenError::Manifest { .. }), "{error}");

    let nan = floats(&[1.0, f32::NAN]);
    let nan = files("accepted", ("f32", &[1, 2], &nan), "kind = 'bit-exact'");
    assert!(Golden::from_files("tiny", &nan).is_err());
}

#[test]
fn the_ladder_has_six_rungs() {
    let golden = mask();
    let rung = |input, bytes: &[u8]| golden.compare(input, bytes).rung;
    assert_eq!(rung(0, &floats(&[1.0, 0.0, 0.5, 2.0])), Rung::Exact);
    assert_eq!(rung(0, &floats(&[1.005, 0.0, 0.5, 2.0])), Rung::Within);
    assert_eq!(rung(0, &floats(&[1.02, 0.0, 0.5, 2.0])), Rung::Wrong);
    assert_eq!(
        rung(0, &floats(&[f32::NAN, 0.0, 0.5, 2.0])),
        Rung::NonFinite
    );
    assert_eq!(rung(0, &floats(&[1.0, 0.0, 0.5])), Rung::Structure);
    assert_eq!(rung(2, &floats(&[1.0, 0.0, 0.5, 2.0])), Rung::Structure);
    assert_eq!(rung(0, &floats(&[3.0; 4])), Rung::Degenerate);
    assert_eq!(rung(0, &floats(&[5.0, 6.0, 7.0, 8.0])), Rung::Degenerate);
}

#[test]
fn a_comparison_names_value_limit_and_element() {
    let compared = mask().compare(0, &floats(&[1.0, 0.0, 0.75, 2.0]));
    assert_eq!(compared.index, Some(2));
    assert_eq!(compared.coordinates, [1, 0]);
    assert_eq!(compared.outside, 1);
    assert_eq!(compared.mask_agreement, Some(1.0));
    insta::assert_snapshot!(compared.because, @"output of input 0 is 0.750000 at [1, 0], golden 0.500000: off by 2.500e-1, allowed 1.050e-2; 1 of 4 elements are out");
    let flipped = mask().compare(0, &floats(&[1.0, 0.0, 1.5, 2.0]));
    assert_eq!(flipped.mask_agreement, Some(0.5));
    insta::assert_snapshot!(flipped.because, @"mask of input 0 agrees in 50.000 % of pixels, at least 90.000 % asked");
}

#[test]
fn a_throughput_golden_is_the_same_text_again() {
    let cell = Cell {
        samples: 640,
        rate: 12.5,
        p50_ms: 80.0,
        p90_ms: 81.25,
        p99_ms: 90.0,
        blocks: None,
    };
    let none = Cell { samples: 0, ..cell };
    let phases = BTreeMap::from([("umbra".to_owned(), cell), ("sunlit".to_owned(), none)]);
    let cells: Cells = BTreeMap::from([("words".to_owned(), phases)]);
    let band = Band {
        slower: 0.03,
        faster: Some(0.2),
    };
    let golden = ThroughputGolden::accept(&header(), &cells, band);
    let text = golden.to_toml();
    insta::assert_snapshot!(text, @r#"
    campaign = "eclipse"

    [band]
    slower = 0.03
    faster = 0.2

    [workload."words"."umbra"]
    samples = 640
    rate = 12.5
    p50_ms = 80.0
    p90_ms = 81.25
    p99_ms = 90.0
    "#);
    assert_eq!(ThroughputGolden::from_toml(&text).unwrap(), golden);
    assert!(ThroughputGolden::from_toml("campaign = 'x'").is_err());
    let zero = text.replace("12.5", "0.0");
    assert!(ThroughputGolden::from_toml(&zero).is_err());
}

/// Comparator, type and golden, what passes, what does not and a part of what is said of it.
type Case = (
    &'static str,
    &'static str,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    &'static str,
);

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let bytes = |values: &[i8]| {
        values
            .iter()
            .map(|v| v.cast_unsigned())
            .collect::<Vec<u8>>()
    };
    let near = f32::from_bits(2.0_f32.to_bits() + 3);
    let tokens = |values: &[i32]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|token| token.to_le_bytes())
            .collect()
    };
    let golden = floats(&[1.0, 5.0, 2.0, -1.0]);
    let boxes = floats(&[1.0, 0.9, 0.0, 0.0, 10.0, 10.0]);
    vec![
        (
            "kind = 'lsb'\nmax = 3.0\np99 = 2.0",
            "i8",
            bytes(&[10, 50, -20, 0]),
            bytes(&[12, 49, -20, 1]),
            bytes(&[12, 47, -20, 1]),
            "off by 3 steps at the 99th percentile, allowed 2",
        ),
        (
            "kind = 'lsb'\nmax = 40.0",
            "i8",
            bytes(&[10, 50, -20, 0]),
            bytes(&[40, 50, -20, 0]),
            bytes(&[50, 40, -20, 0]),
            "decides for class 0",
        ),
        (
            "kind = 'ulp'\nmax = 4",
            "f32",
            floats(&[1.0, 2.0]),
            floats(&[1.0, near]),
            floats(&[1.0, 2.000_002]),
            "ulp at element 1",
        ),
        (
            "kind = 'similarity'\nmin_cosine = 0.999\nmax_nmse = 0.01",
            "f32",
            golden.clone(),
            floats(&[1.05, 5.0, 2.0, -1.0]),
            floats(&[2.0, 10.0, 4.0, -2.0]),
            "normalised mean squared error of 1.000e0",
        ),
        (
            "kind = 'top-k'\nk = 2",
            "f32",
            golden.clone(),
            floats(&[1.9, 2.0, 5.0, -9.0]),
            floats(&[2.1, 5.0, 2.0, -1.0]),
            "best classes [0, 1], golden [1, 2]",
        ),
        (
            "kind = 'psnr'\nmin_db = 20.0",
            "f32",
            floats(&[0.0, 1.0, 0.0, 1.0]),
            floats(&[0.05, 1.0, 0.0, 1.0]),
            floats(&[0.5, 1.0, 0.0, 1.0]),
            "12.04 dB, at least 20 asked",
        ),
        (
            "kind = 'tokens'\nmax_edits = 1",
            "i32",
            tokens(&[4, 7, 9, 2]),
            tokens(&[4, 7, 8, 2]),
            tokens(&[4, 8, 9, 3]),
            "2 edits from the golden's 4, allowed 1; the first 1 are the same, then 8 instead of 7",
        ),
        (
            "kind = 'teacher-forced'\nmax_mean_kl = 0.001\nmin_top1 = 1.0\nmax_nll_increase = 0.01",
            "f32",
            golden.clone(),
            floats(&[1.01, 5.0, 2.0, -1.0]),
            floats(&[1.0, 2.0, 5.0, -1.0]),
            "0.00 % of 1, at least 100.00 % asked; first after token 0: 2 instead of 1",
        ),
        (
            "kind = 'detections'\nmin_f1 = 0.9\nmin_score = 0.5",
            "f32",
            boxes,
            floats(&[1.0, 0.8, 1.0, 0.0, 11.0, 10.0]),
            floats(&[1.0, 0.8, 8.0, 0.0, 18.0, 10.0]),
            "F1 0.0000, at least 0.9 asked",
        ),
    ]
}

#[test]
fn each_comparator_holds_what_it_is_for_and_nothing_else() {
    for (comparator, dtype, golden, passes, fails, said) in cases() {
        let size = if dtype == "i8" { 1 } else { 4 };
        let shape = if comparator.contains("detections") {
            vec![1, golden.len() / size / 6, 6]
        } else {
            vec![1, golden.len() / size]
        };
        let files = files("accepted", (dtype, &shape, &golden), comparator);
        let golden = Golden::from_files("tiny", &files).unwrap();
        let good = golden.compare(0, &passes);
        assert_eq!(good.rung, Rung::Within, "{comparator}: {}", good.because);
        let bad = golden.compare(0, &fails);
        assert_eq!(bad.rung, Rung::Wrong, "{comparator}: {}", bad.because);
        assert!(bad.because.contains(said), "{comparator}: {}", bad.because);
    }
}

#[test]
fn a_candidate_never_counts_until_somebody_accepts_it() {
    let old = files(
        "accepted",
        ("i8", &[2, 2], &[1, 2, 3, 4]),
        "kind = 'bit-exact'",
    );
    let golden = Golden::from_files("tiny", &old).unwrap();
    let origin = Origin {
        run: "run-7".to_owned(),
        ..Origin::default()
    };
    let new = golden.candidate(&old, &[vec![1, 2], vec![3, 5]], &origin);
    let new = new.unwrap();
    let candidate = Golden::from_files("tiny", &new).unwrap();
    assert!(!candidate.is_accepted());
    let text = String::from_utf8(new["golden.toml"].clone()).unwrap();
    assert!(text.contains("run = \"run-7\""), "{text}");
    let before = sha256_hex(&old["outputs.safetensors"]);
    assert!(text.contains(&format!("replaces = \"{before}\"")), "{text}");
    let told = rungs(&golden.against(&candidate));
    assert_eq!(told, [(Rung::Exact, 1), (Rung::Wrong, 1)]);
    let manifest = candidate.accepted(&new, "a person", "2026-11-27").unwrap();
    let mut accepted = new.clone();
    accepted.insert("golden.toml".to_owned(), manifest);
    let accepted = Golden::from_files("tiny", &accepted).unwrap();
    assert!(accepted.is_accepted());
    assert_eq!(accepted.manifest().provenance.accepted_by, "a person");
    let short = golden.candidate(&old, &[vec![1, 2]], &origin).unwrap_err();
    assert!(
        short.to_string().contains("expected 2 outputs of 2 bytes"),
        "{short}"
    );
}
