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
        "golden `tiny` has no file `inputs.safetensors` in its folder; restore it there"
    );

    let other = files("accepted", outputs, "kind = 'bit-exact'");
    let error = Golden::from_files("other", &other).unwrap_err();
    assert!(matches!(error, GoldenError::Manifest { .. }), "{error}");

    let nan = floats(&[1.0, f32::NAN]);
    let nan = files("accepted", ("f32", &[1, 2], &nan), "kind = 'bit-exact'");
    assert!(Golden::from_files("tiny", &nan).is_err());
}

#[test]
fn the_ladder_has_seven_rungs() {
    let golden = mask();
    let rung = |input, bytes: &[u8]| golden.compare(input, bytes).rung;
    assert_eq!(rung(0, &floats(&[1.0, 0.0, 0.5, 2.0])), Rung::Exact);
    assert_eq!(rung(0, &floats(&[1.005, 0.0, 0.5, 2.0])), Rung::Within);
    // Off, but each pixel is of its class; then one is not.
    assert_eq!(rung(0, &floats(&[1.02, 0.0, 0.5, 2.0])), Rung::Degraded);
    assert_eq!(rung(0, &floats(&[1.0, 0.0, 1.5, 2.0])), Rung::Wrong);
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
    insta::assert_snapshot!(compared.because, @"output of input 0 is 0.750000 at [1, 0], golden 0.500000: off by 2.500e-1, allowed 1.050e-2; 1 of 4 elements are out, and the decision is the golden's");
    let flipped = mask().compare(0, &floats(&[1.0, 0.0, 1.5, 2.0]));
    assert_eq!(flipped.mask_agreement, Some(0.5));
    insta::assert_snapshot!(flipped.because, @"mask of input 0 agrees in 50.000 % of pixels, at least 90.000 % asked");
}

#[test]
fn a_throughput_golden_is_the_same_text_again() {
    let cell = Cell {
        samples: 640,
        celsius: None,
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
        more: None,
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
        "kind = 'bit-exact'\n[margins]\nundecidable_up_to = 0.5 # a tie\nsmallest = [9.0, 9.0]",
    );
    let golden = Golden::from_files("tiny", &old).unwrap();
    let origin = Origin {
        run: "run-7".to_owned(),
        kernels: "Maker Board, firmware 2".to_owned(),
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
    assert_eq!(told, [(Rung::Exact, 1), (Rung::Degraded, 1)]);
    // Its bits belong to the board's kernels, and its leads are those of its own outputs.
    assert_eq!(candidate.manifest().dialect, "test/Maker Board, firmware 2");
    assert_eq!(candidate.manifest().margins.smallest, [1.0, 2.0]);
    assert!(text.contains("undecidable_up_to = 0.5 # a tie"), "{text}");
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

/// A golden of two samples of three classes with something in its manifest changed.
fn altered(from: &str, to: &str) -> String {
    let outputs = ("i8", &[2, 3][..], &[1, 2, 3, 4, 5, 6][..]);
    let mut files = files("accepted", outputs, "kind = 'top-k'\nk = 1\n[margins]");
    let text = String::from_utf8(files["golden.toml"].clone()).unwrap();
    assert!(text.contains(from), "{text}");
    files.insert("golden.toml".to_owned(), text.replace(from, to).into());
    let error = Golden::from_files("tiny", &files).unwrap_err();
    error.to_string()
}

/// Each says the key, what was found and what was expected. Most would make a golden that nothing fails.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn manifests_that_make_no_sense_are_refused() {
    let cases = [
        (
            "k = 1",
            "k = 0",
            "`k` is 0: expected at least 1, and fewer than the 3 classes",
        ),
        ("k = 1", "k = 3", "`k` is 3: expected at least 1"),
        (
            "[margins]",
            "[margins]\nundecidable_up_to = inf",
            "`undecidable_up_to` is inf: expected",
        ),
        (
            "[margins]",
            "[margins]\nundecidable_up_to = nan",
            "`undecidable_up_to` is NaN: expected",
        ),
        (
            "[margins]",
            "[margins]\nsmallest = [1.0]",
            "`smallest` has 1 numbers: expected one for each of the 2",
        ),
        (
            "noise_floor = 0.0",
            "noise_floor = -1.0",
            "`noise_floor` is -1: expected a number from 0 up",
        ),
        (
            "samples = 2",
            "samples = 2\nexpires = 'soon'",
            "`expires` is `soon`: expected a day, such as",
        ),
        (
            "samples = 2",
            "samples = 2\nexpires = '20271231'",
            "`expires` is `20271231`: expected a day",
        ),
        (
            "name = 'tiny'",
            "name = 'other'",
            "`name` is `other`: expected `tiny`, as its folder is named",
        ),
        (
            "kind = 'top-k'\nk = 1",
            "kind = 'lsb'\nmax = -1.0",
            "`max` is -1: expected a number from 0 up",
        ),
        (
            "kind = 'top-k'\nk = 1",
            "kind = 'similarity'\nmin_cosine = nan",
            "`min_cosine` is NaN: expected a share",
        ),
        (
            "kind = 'top-k'\nk = 1",
            "kind = 'tolerance'\nrtol = 0.0\natol = inf",
            "`atol` is inf: expected a number",
        ),
        (
            "kind = 'top-k'\nk = 1",
            "kind = 'tolerance'\nrtol = 0.0\nmask = { min_class_agreement = 99.9, min_iou = 1.0 }",
            "`mask.min_class_agreement` is 99.9: expected a share from 0 to 1",
        ),
        (
            "kind = 'top-k'\nk = 1",
            "kind = 'detections'\nmin_f1 = 1.0\nmin_score = 0.5",
            "`output.shape` is [3]",
        ),
        (
            "file = 'outputs.safetensors'",
            "file = '../outputs.safetensors'",
            "no file `../outputs.safetensors`",
        ),
        (
            "shape = [3]",
            "shape = [9223372036854775807, 9]",
            "but golden.toml says i8 [2, 9223372036854775807, 9]",
        ),
        (
            "samples = 2",
            "samples = 9223372036854775807",
            "is u8 [2, 1], but golden.toml says u8 [9223",
        ),
        (
            "tensor = 'output'",
            "tensor = 'logits'",
            "has no tensor `logits`, which golden.toml names, but `output`",
        ),
    ];
    for (from, to, expected) in cases {
        let error = altered(from, to);
        assert!(error.contains(expected), "{to}: {error}");
    }
}

/// A day may be written as TOML writes days.
#[test]
fn a_last_day_is_read_either_way_and_ends() {
    for day in ["2027-12-31", "'2027-12-31'"] {
        let mut files = files("accepted", ("i8", &[1, 2], &[1, 2]), "kind = 'bit-exact'");
        let text = String::from_utf8(files["golden.toml"].clone()).unwrap();
        files.insert(
            "golden.toml".to_owned(),
            format!("expires = {day}\n{text}").into(),
        );
        let golden = Golden::from_files("tiny", &files).unwrap();
        assert!(!golden.manifest().is_over("2027-12-31"));
        assert!(golden.manifest().is_over("2028-01-01"));
    }
}

/// Tensor files that are damaged, or other than they say; the manifest vouches for each.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn tensor_files_that_lie_are_refused() {
    let headed = |header: &str, data: &[u8]| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    };
    let info = |shape: &str, from: u64, to: u64| {
        format!("{{\"dtype\":\"U8\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}")
    };
    let whole = tensor("output", "I8", &[2, 3], &[1, 2, 3, 4, 5, 6]);
    // Ends that come to 2^64 - 40 bytes: what is added to them goes round.
    let parts = (0..16_u64).map(|n| {
        let (from, to) = (
            n << 60,
            if n == 15 {
                u64::MAX - 39
            } else {
                (n + 1) << 60
            },
        );
        format!("\"t{n}\":{}", info(&format!("[{}]", to - from), from, to))
    });
    let round = format!("{{{}}}", parts.collect::<Vec<_>>().join(","));
    let cases: [(Vec<u8>, &str); 12] = [
        (Vec::new(), "no safetensors file, or cut off"),
        (whole[..20].to_vec(), "no safetensors file, or cut off"),
        (
            whole[..whole.len() - 2].to_vec(),
            "`output` ends at byte 6 of 4",
        ),
        ([&whole[..], b"xx"].concat(), "not fully covered"),
        (vec![0xff; 64], "no safetensors file, or cut off"),
        (
            b"\x93NUMPY\x01\0v\0{'descr': '|i1', 'shape': (2, 3), }".to_vec(),
            "no safetensors file",
        ),
        (
            b"PK\x03\x04 an archive of arrays".to_vec(),
            "no safetensors file",
        ),
        (headed("not json", b""), "no safetensors file, or cut off"),
        (
            headed(&"[".repeat(100_000), b""),
            "no safetensors file, or cut off",
        ),
        (headed(&round, b""), "` ends at byte"),
        (
            headed(
                &format!(
                    "{{\"output\":{}}}",
                    info("[1099511627776,1099511627776]", 0, 0)
                ),
                b"",
            ),
            "overflow",
        ),
        (
            headed(&format!("{{\"output\":{}}}", info("[2,3]", 6, 0)), &[0; 6]),
            "no safetensors file",
        ),
    ];
    for (bytes, expected) in cases {
        let outputs = ("i8", &[2, 3][..], &[1, 2, 3, 4, 5, 6][..]);
        let mut files = files("accepted", outputs, "kind = 'bit-exact'");
        let text = String::from_utf8(files["golden.toml"].clone()).unwrap();
        let text = text.replace(&sha256_hex(&whole), &sha256_hex(&bytes));
        files.insert("golden.toml".to_owned(), text.into());
        files.insert("outputs.safetensors".to_owned(), bytes);
        let error = Golden::from_files("tiny", &files).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(
            error.starts_with("golden `tiny`: outputs.safetensors: "),
            "{error}"
        );
    }
}

/// No sample times an absurd shape is no overflow.
#[test]
fn no_sample_of_an_absurd_shape_is_refused() {
    let mut files = files(
        "accepted",
        ("i8", &[1, 3], &[1, 2, 3]),
        "kind = 'bit-exact'",
    );
    let old = sha256_hex(&files["inputs.safetensors"]);
    let input = tensor("input", "U8", &[0, 1 << 62, 4], &[]);
    let text = String::from_utf8(files["golden.toml"].clone()).unwrap();
    let text = text.replace(&old, &sha256_hex(&input));
    let text = text
        .replace("samples = 1", "samples = 0")
        .replace("shape = [1]", "shape = [4611686018427387904, 4]");
    files.insert("golden.toml".to_owned(), text.into());
    files.insert("inputs.safetensors".to_owned(), input);
    let error = Golden::from_files("tiny", &files).unwrap_err().to_string();
    assert!(
        error.contains("inputs.safetensors: holds no sample"),
        "{error}"
    );
}
