//! Elements: the numbers in a tensor's bytes, row-major and little-endian.

use serde::{Deserialize, Serialize};

/// What a tensor's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElementType {
    /// 32-bit floating point.
    #[serde(rename = "f32", alias = "F32")]
    F32,
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
            ElementType::I8 => "i8",
            ElementType::U8 => "u8",
            ElementType::I32 => "i32",
        }
    }

    /// Length of one element in bytes.
    pub const fn size(self) -> usize {
        match self {
            ElementType::F32 | ElementType::I32 => 4,
            ElementType::I8 | ElementType::U8 => 1,
        }
    }

    /// The elements of `bytes` in order; a rest shorter than an element is left out.
    pub fn decode(self, bytes: &[u8]) -> Vec<f64> {
        let (words, _) = bytes.as_chunks::<4>();
        match self {
            ElementType::F32 => words
                .iter()
                .map(|w| f64::from(f32::from_le_bytes(*w)))
                .collect(),
            ElementType::I32 => words
                .iter()
                .map(|w| f64::from(i32::from_le_bytes(*w)))
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
            ElementType::F32 | ElementType::I32 => None,
        }
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
        assert_eq!(ElementType::I8.decode(&[0xff, 0x7f]), [-1.0, 127.0]);
        assert_eq!(
            ElementType::I32.decode(&[0xfe, 0xff, 0xff, 0xff, 1]),
            [-2.0]
        );
    }
}
