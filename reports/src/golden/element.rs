//! Elements: the numbers in a tensor's bytes, row-major and little-endian.

use safetensors::Dtype;
use serde::{Deserialize, Serialize};

/// What a tensor's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElementType {
    /// 32-bit floating point.
    #[serde(rename = "f32", alias = "F32")]
    F32,
    /// 64-bit floating point.
    #[serde(rename = "f64", alias = "F64")]
    F64,
    /// 16-bit floating point (IEEE 754 binary16).
    #[serde(rename = "f16", alias = "F16", alias = "float16")]
    F16,
    /// 16-bit floating point with eight bits of exponent.
    #[serde(rename = "bf16", alias = "BF16", alias = "bfloat16")]
    Bf16,
    /// 16-bit signed integer.
    #[serde(rename = "i16", alias = "I16", alias = "int16")]
    I16,
    /// 64-bit signed integer; token numbers are far below what a double holds exactly.
    #[serde(rename = "i64", alias = "I64", alias = "int64")]
    I64,
    /// 8-bit signed integer.
    #[serde(rename = "i8", alias = "I8", alias = "int8")]
    I8,
    /// 8-bit unsigned integer.
    #[serde(rename = "u8", alias = "U8", alias = "uint8")]
    U8,
    /// 32-bit signed integer.
    #[serde(rename = "i32", alias = "I32", alias = "int32")]
    I32,
}

impl ElementType {
    /// As files spell it.
    pub const fn name(self) -> &'static str {
        match self {
            ElementType::F32 => "f32",
            ElementType::F64 => "f64",
            ElementType::F16 => "f16",
            ElementType::Bf16 => "bf16",
            ElementType::I16 => "i16",
            ElementType::I64 => "i64",
            ElementType::I8 => "i8",
            ElementType::U8 => "u8",
            ElementType::I32 => "i32",
        }
    }

    /// As safetensors has it.
    pub(super) const fn stored(self) -> Dtype {
        match self {
            ElementType::F32 => Dtype::F32,
            ElementType::F64 => Dtype::F64,
            ElementType::F16 => Dtype::F16,
            ElementType::Bf16 => Dtype::BF16,
            ElementType::I16 => Dtype::I16,
            ElementType::I64 => Dtype::I64,
            ElementType::I8 => Dtype::I8,
            ElementType::U8 => Dtype::U8,
            ElementType::I32 => Dtype::I32,
        }
    }

    /// Length of one element in bytes.
    pub const fn size(self) -> usize {
        match self {
            ElementType::F64 | ElementType::I64 => 8,
            ElementType::F32 | ElementType::I32 => 4,
            ElementType::F16 | ElementType::Bf16 | ElementType::I16 => 2,
            ElementType::I8 | ElementType::U8 => 1,
        }
    }

    /// The elements of `bytes` in order; a rest shorter than an element is left out.
    pub fn decode(self, bytes: &[u8]) -> Vec<f64> {
        let (words, _) = bytes.as_chunks::<4>();
        let (halves, _) = bytes.as_chunks::<2>();
        let (doubles, _) = bytes.as_chunks::<8>();
        match self {
            ElementType::F32 => words
                .iter()
                .map(|w| f64::from(f32::from_le_bytes(*w)))
                .collect(),
            ElementType::I32 => words
                .iter()
                .map(|w| f64::from(i32::from_le_bytes(*w)))
                .collect(),
            ElementType::F64 => doubles.iter().map(|d| f64::from_le_bytes(*d)).collect(),
            ElementType::I64 => doubles
                .iter()
                .map(|d| i64::from_le_bytes(*d) as f64)
                .collect(),
            ElementType::I16 => halves
                .iter()
                .map(|h| f64::from(i16::from_le_bytes(*h)))
                .collect(),
            ElementType::Bf16 => halves
                .iter()
                .map(|h| f64::from(f32::from_bits(u32::from(u16::from_le_bytes(*h)) << 16)))
                .collect(),
            ElementType::F16 => halves
                .iter()
                .map(|h| half(u16::from_le_bytes(*h)))
                .collect(),
            ElementType::I8 => bytes.iter().map(|b| f64::from(b.cast_signed())).collect(),
            ElementType::U8 => bytes.iter().map(|b| f64::from(*b)).collect(),
        }
    }

    /// The smallest and largest value that a quantised element is clamped to.
    pub const fn rails(self) -> Option<(f64, f64)> {
        match self {
            ElementType::I8 => Some((-128.0, 127.0)),
            ElementType::U8 => Some((0.0, 255.0)),
            ElementType::I16 => Some((-32_768.0, 32_767.0)),
            ElementType::F64
            | ElementType::F32
            | ElementType::F16
            | ElementType::Bf16
            | ElementType::I64
            | ElementType::I32 => None,
        }
    }
}

/// A number of IEEE 754 binary16: sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match (exponent, bits & 0x3ff) {
        (0, _) => fraction * (-24_f64).exp2(),
        (31, 0) => f64::INFINITY,
        (31, _) => f64::NAN,
        _ => (1.0 + fraction / 1_024.0) * f64::from(exponent - 15).exp2(),
    }
}

/// The place of a flat `index` in a tensor of `shape`, slowest axis first.
pub(super) fn coordinates(mut index: usize, shape: &[usize]) -> Vec<usize> {
    let mut place = vec![0; shape.len()];
    for (axis, &length) in shape.iter().enumerate().rev() {
        place[axis] = index % length.max(1);
        index /= length.max(1);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_row_major() {
        assert_eq!(coordinates(0, &[2, 3, 4]), [0, 0, 0]);
        assert_eq!(coordinates(23, &[2, 3, 4]), [1, 2, 3]);
        assert_eq!(coordinates(5, &[2, 3, 4]), [0, 1, 1]);
    }

    #[test]
    fn elements_are_little_endian() {
        assert_eq!(ElementType::F32.decode(&1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(
            ElementType::F16.decode(&[0x00, 0x3c, 0xff, 0x7b]),
            [1.0, 65_504.0]
        );
        assert_eq!(ElementType::F16.decode(&[0x01, 0x80]), [-(-24_f64).exp2()]);
        assert_eq!(ElementType::Bf16.decode(&[0xc0, 0x3f]), [1.5]);
        assert_eq!(ElementType::I64.decode(&[7, 0, 0, 0, 0, 0, 0, 0]), [7.0]);
        assert_eq!(ElementType::I8.decode(&[0xff, 0x7f]), [-1.0, 127.0]);
        assert_eq!(
            ElementType::I32.decode(&[0xfe, 0xff, 0xff, 0xff, 1]),
            [-2.0]
        );
    }
}
