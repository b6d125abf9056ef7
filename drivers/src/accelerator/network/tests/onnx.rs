//! ONNX files: the same answers as from the files that were made of them, by kernels of our own and by
//! rten; damaged ones are refused.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use rten_onnx::onnx::{DataType, ModelProto};

use super::super::{Network, NetworkError, builtin};

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
    fs::read(folder.join(format!("{name}.onnx"))).expect("the model is there")
}

fn load(name: &str) -> Network {
    Network::from_onnx(name, &file(name), &[]).expect("it is whole")
}

/// The model of a file with something about it changed.
fn changed(name: &str, change: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let mut model = ModelProto::parse_buf(&file(name)).unwrap();
    change(&mut model);
    model.write_buf().unwrap()
}

/// The same network for rten alone: a node that our kernels do not know, and that changes nothing.
fn for_rten(name: &str) -> Network {
    let file = changed(name, |model| {
        let graph = model.graph.as_mut().unwrap();
        let last = graph.node.last_mut().unwrap();
        let output = std::mem::replace(&mut last.output[0], "before".to_owned());
        let mut node = last.clone();
        node.op_type = Some("Neg".to_owned());
        node.attribute.clear();
        for (input, output) in [("before", "negated"), ("negated", output.as_str())] {
            node.name = Some(output.to_owned());
            node.input = vec![input.to_owned()];
            node.output = vec![output.to_owned()];
            graph.node.push(node.clone());
        }
    });
    Network::from_onnx(name, &file, &[]).expect("rten carries it out")
}

fn noise(bytes: usize, float: bool) -> Vec<u8> {
    let mut state = 7_u32;
    let mut draw = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    if float {
        let reals = (0..bytes / 4).map(|_| draw() as f32 / (1 << 22) as f32 - 2.0);
        return reals.flat_map(f32::to_le_bytes).collect();
    }
    (0..bytes).map(|_| draw() as u8).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let words = bytes.as_chunks().0.iter().copied();
    words.map(f32::from_le_bytes).collect()
}

#[test]
fn own_kernels_take_onnx_files_as_they_are() {
    for name in [
        "eo-cloudnet-tiny",
        "mlperf-tiny-ad",
        "mlperf-tiny-ic",
        "mlperf-tiny-kws",
        "mlperf-tiny-sww",
        "mlperf-tiny-vww",
    ] {
        let (ours, theirs) = (Network::load(builtin(name).unwrap()).unwrap(), load(name));
        assert!(theirs.is_portable(), "{name}");
        assert_eq!(theirs.name(), name);
        assert!(theirs.image() == ours.image(), "{name}: another image");
        let input = noise(ours.input_bytes(), name.starts_with("eo"));
        assert_eq!(theirs.infer(&input), ours.infer(&input), "{name}");
        let site = |network: &Network| network.site(network.image().len() / 3);
        assert_eq!(site(&theirs), site(&ours), "{name}");
    }
}

#[test]
fn rten_computes_what_own_kernels_do() {
    let (ours, theirs) = (load("eo-cloudnet-tiny"), for_rten("eo-cloudnet-tiny"));
    assert!(ours.is_portable() && !theirs.is_portable());
    assert_eq!(theirs.macs(), None);
    assert_eq!(theirs.image().len(), ours.image().len());
    assert_eq!(theirs.output_bytes(), ours.output_bytes());
    assert!(theirs.output_is_float());
    let input = noise(ours.input_bytes(), true);
    let (one, other) = (ours.infer(&input).unwrap(), theirs.infer(&input).unwrap());
    let differences = floats(&one).into_iter().zip(floats(&other));
    let largest = differences
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max);
    assert!(largest < 1e-4, "{largest:e}");
    assert_eq!(theirs.infer(&input), Ok(other), "the same again");
}

#[test]
fn an_upset_reaches_what_rten_computes_and_can_be_taken_back() {
    let mut network = for_rten("eo-cloudnet-tiny");
    let input = noise(network.input_bytes(), true);
    let before = network.infer(&input).unwrap();
    let kept = network.clone();
    // The uppermost bit of an exponent, in the first parameter.
    network.flip(3, 6).unwrap();
    let upset = network.infer(&input).unwrap();
    assert_ne!(upset, before);
    assert_eq!(kept.infer(&input).unwrap(), before, "a copy is untouched");
    network.flip(3, 6).unwrap();
    assert_eq!(network.infer(&input).unwrap(), before);
    let beyond = network.image().len();
    assert!(matches!(
        network.flip(beyond, 0),
        Err(NetworkError::NoSuchBit { .. })
    ));
    let site = network.site(3).unwrap();
    assert_eq!(
        (site.dtype.as_str(), site.element, site.byte),
        ("F32", 0, 3)
    );
}

#[test]
fn axes_without_a_length_are_asked_for() {
    let file = changed("eo-cloudnet-tiny", |model| {
        let graph = model.graph.as_mut().unwrap();
        for value in graph.input.iter_mut().chain(&mut graph.output) {
            let tensor = value.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap();
            let axes = &mut tensor.shape.as_mut().unwrap().dim;
            for (axis, name) in [(0, "batch"), (3, "width")] {
                axes[axis].dim_value = None;
                axes[axis].dim_param = Some(name.to_owned());
            }
        }
    });
    let error = Network::from_onnx("n", &file, &[]).unwrap_err().to_string();
    assert!(
        error.contains("an axis `width` without a length"),
        "{error}"
    );
    assert!(error.contains("axes = \"width=64\""), "{error}");
    let axes = [("width".to_owned(), 64)];
    let network = Network::from_onnx("n", &file, &axes).unwrap();
    assert_eq!(network.input_bytes(), 6 * 128 * 64 * 4);
    assert_eq!(network.output_bytes(), 3 * 128 * 64 * 4);
}

#[test]
fn what_cannot_be_carried_out_is_refused_with_its_reason() {
    let error = |file: &[u8]| Network::from_onnx("n", file, &[]).unwrap_err().to_string();
    let whole = file("mlperf-tiny-kws");
    for (file, expected) in [
        (Vec::new(), "no ONNX file"),
        (builtin("mlperf-tiny-kws").unwrap().to_vec(), "no ONNX file"),
        (whole[..whole.len() / 2].to_vec(), "cut off"),
    ] {
        let error = error(&file);
        assert!(error.contains(expected), "{error}");
    }
    let short = changed("mlperf-tiny-kws", |model| {
        let tensors = &mut model.graph.as_mut().unwrap().initializer;
        let weights = tensors.iter_mut().find(|it| it.dims.len() == 4).unwrap();
        weights.raw_data.as_ref().unwrap().borrow_mut().truncate(10);
    });
    let error_of_short = error(&short);
    assert!(
        error_of_short.contains("it has 10 bytes, which is not ["),
        "{error_of_short}"
    );
    let odd = changed("mlperf-tiny-kws", |model| {
        model.graph.as_mut().unwrap().node[3].op_type = Some("QLinearSigmoid".to_owned());
    });
    let odd = error(&odd);
    assert!(
        odd.contains("QLinear") && odd.contains("own kernels cannot: node `"),
        "{odd}"
    );
    let two = changed("mlperf-tiny-kws", |model| {
        let graph = model.graph.as_mut().unwrap();
        graph.output.push(graph.output[0].clone());
    });
    let two = error(&two);
    assert!(
        two.contains("it has 2 outputs (") && two.contains("a board has one"),
        "{two}"
    );
    let double = changed("eo-cloudnet-tiny", |model| {
        let input = &mut model.graph.as_mut().unwrap().input[0];
        let tensor = input.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap();
        tensor.elem_type = Some(DataType::DOUBLE);
    });
    let double = error(&double);
    assert!(
        double.contains("is DOUBLE, and boards speak FLOAT"),
        "{double}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_give_errors_or_networks_that_compute(
        name in prop::sample::select(vec!["mlperf-tiny-kws", "eo-cloudnet-tiny"]),
        place in 0.0..1.0,
        bit in 0_u8..8,
    ) {
        // Headers and nodes are where damage matters; weights are most of a file.
        let mut file = file(name);
        let place = (place * 4_000.0) as usize;
        file[place] ^= 1 << bit;
        if let Ok(network) = Network::from_onnx("n", &file, &[]) {
            let output = network.infer(&vec![0; network.input_bytes()]);
            prop_assert_eq!(output.map(|it| it.len()), Ok(network.output_bytes()));
        }
    }
}
