//! The same language model in another precision: a model file in single precision made anew in bf16,
//! or in bytes.
//!
//! In bf16 each parameter but the rotary angles is the nearest number of 8 significant bits, ties to
//! even; all arithmetic is in single precision. In int8 each matrix is bytes from -127 to 127 with one
//! scale a row (an output), its largest magnitude over 127; what it is multiplied with becomes bytes in
//! the same way, anew for each token, and products are added up in 32 bits (Dettmers et al.,
//! `LLM.int8()`, 2022, section 2.1: vector-wise quantisation, without its outliers). Norms, attention
//! and angles stay as they are.

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::accelerator::network::image::frame;

/// Tensors that are matrices.
const MATRICES: [&str; 8] = [
    "embedding",
    "query",
    "key",
    "value",
    "output",
    "gate",
    "down",
    "up",
];
/// The rotary angles' tensors.
const ANGLES: [&str; 2] = ["cos", "sin"];
/// What the name of a matrix has behind it for the name of its scales.
pub(super) const SCALE: &str = "_scale";
/// The largest step.
const MOST: f32 = 127.0;

/// What the parameters of a language model are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::accelerator::network) enum Precision {
    /// IEEE 754 single precision.
    #[default]
    Fp32,
    /// The upper half of it.
    Bf16,
    /// Bytes with a scale for each row.
    Int8,
}

impl Precision {
    const fn name(self) -> &'static str {
        match self {
            Precision::Fp32 => "fp32",
            Precision::Bf16 => "bf16",
            Precision::Int8 => "int8",
        }
    }
}

/// A vector in steps of a scale.
pub(super) struct Steps {
    pub(super) steps: Vec<i8>,
    pub(super) scale: f32,
}

impl Steps {
    /// Rounds to the nearest step, ties to even. What holds a NaN, or an infinity, has a scale that is
    /// no length, so that every product shows it.
    pub(super) fn of(reals: &[f32]) -> Steps {
        let largest = reals
            .iter()
            .fold(0.0, |most: f32, real| most.max(real.abs()));
        let broken = reals.iter().any(|real| real.is_nan());
        let scale = if broken { f32::NAN } else { largest / MOST };
        // A vector of zeros has no scale, and 0 / 0 becomes 0 as an integer.
        let step = |real: &f32| (real / scale).round_ties_even() as i8;
        let steps = reals.iter().map(step).collect();
        Steps { steps, scale }
    }
}

/// The nearest number that bf16 has, ties to even; parameters are finite.
fn bf16(real: f32) -> [u8; 2] {
    let bits = real.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    let [_, _, low, high] = rounded.to_le_bytes();
    [low, high]
}

/// The model file in another precision; `None` if it holds no language model in single precision.
pub(in crate::accelerator::network) fn in_precision(
    file: &[u8],
    precision: Precision,
) -> Option<Vec<u8>> {
    let (header, data) = frame(file).ok()?;
    let metadata: Metadata = serde_json::from_slice(header).ok()?;
    let mut written = Map::new();
    let mut texts = Map::new();
    for (key, program) in metadata.metadata().as_ref()? {
        let mut program: Value = serde_json::from_str(program).ok()?;
        let name = program.get("name")?.as_str()?.to_owned();
        let (base, rest) = name
            .split_once('-')
            .map_or((name.as_str(), None), |(b, r)| (b, Some(r)));
        let rest = rest.map_or_else(String::new, |rest| format!("-{rest}"));
        let program_of = program.as_object_mut()?;
        program_of.insert(
            "name".to_owned(),
            json!(format!("{base}-{}{rest}", precision.name())),
        );
        program_of.insert("precision".to_owned(), json!(precision.name()));
        texts.insert(key.clone(), json!(program.to_string()));
    }
    written.insert("__metadata__".to_owned(), Value::Object(texts));
    let mut bytes = Vec::with_capacity(data.len());
    let mut put = |name: &str, dtype: &str, shape: &[usize], tensor: &[u8]| {
        let start = bytes.len();
        bytes.extend_from_slice(tensor);
        let place = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, bytes.len()] });
        written.insert(name.to_owned(), place);
    };
    for name in metadata.offset_keys() {
        let info = metadata.info(&name)?;
        let tensor = data.get(info.data_offsets.0..info.data_offsets.1)?;
        let (words, _) = tensor.as_chunks();
        let reals: Vec<f32> = words.iter().copied().map(f32::from_le_bytes).collect();
        let matrix = MATRICES.contains(&name.as_str());
        if info.dtype != Dtype::F32 {
            return None;
        }
        match precision {
            Precision::Bf16 if !ANGLES.contains(&name.as_str()) => {
                let halves: Vec<u8> = reals.into_iter().flat_map(bf16).collect();
                put(&name, "BF16", &info.shape, &halves);
            }
            Precision::Int8 if matrix => {
                let (width, rows) = info.shape.split_last()?;
                let (mut steps, mut scales) = (Vec::new(), Vec::new());
                for row in reals.chunks_exact(*width) {
                    let row = Steps::of(row);
                    steps.extend(row.steps.iter().map(|step| step.cast_unsigned()));
                    scales.extend(row.scale.to_le_bytes());
                }
                put(&name, "I8", &info.shape, &steps);
                put(&format!("{name}{SCALE}"), "F32", rows, &scales);
            }
            _ => put(&name, "F32", &info.shape, tensor),
        }
    }
    let mut header = serde_json::to_vec(&written).ok()?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut made = (header.len() as u64).to_le_bytes().to_vec();
    made.extend(header);
    made.extend(bytes);
    Some(made)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these come out exactly")]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_nearest_ones() {
        let back = |real: f32| {
            let [low, high] = bf16(real);
            f32::from_le_bytes([0, 0, low, high])
        };
        assert_eq!(back(1.0), 1.0);
        // One and a half steps of 2^-7 are between 1.0078125 and 1.015625: ties to the even one.
        assert_eq!(back(1.0 + 1.5 / 128.0), 1.015_625);
        assert_eq!(back(1.0 + 0.5 / 128.0), 1.0);
        assert_eq!(back(-1.0 - 0.51 / 128.0), -1.007_812_5);
    }

    #[test]
    fn steps_reach_to_the_largest_and_show_what_is_no_number() {
        let steps = Steps::of(&[0.0, -2.54, 1.0, 0.03]);
        assert_eq!(steps.steps, [0, -127, 50, 2]);
        assert!((steps.scale - 0.02).abs() < 1e-9);
        let none = Steps::of(&[0.0; 3]);
        assert_eq!((none.steps, none.scale), (vec![0; 3], 0.0));
        assert!(Steps::of(&[1.0, f32::NAN]).scale.is_nan());
        assert!(Steps::of(&[1.0, f32::INFINITY]).scale.is_infinite());
    }
}
