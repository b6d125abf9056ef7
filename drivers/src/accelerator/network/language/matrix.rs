//! Matrices of a language model, row by row: single-precision numbers, or bytes with a scale for each row.

use super::Place;
use super::precision::Steps;
use crate::accelerator::network::image::Image;

/// Part sums of a product of vectors.
const LANES: usize = 8;

/// A matrix, or several of one shape below each other.
pub(super) struct Matrix {
    /// Numbers of a row.
    width: usize,
    body: Body,
}

enum Body {
    Reals(Vec<f32>),
    Steps(Vec<i8>, Vec<f32>),
}

impl Matrix {
    /// As it is in memory now; `width` is the length of a row.
    pub(super) fn new(place: &Place, width: usize, image: &Image) -> Matrix {
        let body = match &place.scale {
            None => Body::Reals(reals(place, image)),
            Some(scale) => Body::Steps(image.bytes_of(&place.values), image.f32s(scale)),
        };
        Matrix { width, body }
    }

    /// A row, as numbers.
    pub(super) fn row(&self, row: usize) -> Vec<f32> {
        let within = row * self.width..(row + 1) * self.width;
        match &self.body {
            Body::Reals(reals) => reals[within].to_vec(),
            Body::Steps(steps, scales) => {
                let steps = steps[within].iter();
                steps.map(|step| f32::from(*step) * scales[row]).collect()
            }
        }
    }

    /// Number `part` of `parts` that lie below each other, times a vector.
    pub(super) fn product(&self, (part, parts): (usize, usize), vector: &[f32]) -> Vec<f32> {
        match &self.body {
            Body::Reals(reals) => {
                let reals = one_of(reals, part, parts);
                let rows = reals.chunks_exact(self.width);
                rows.map(|row| dot(row, vector)).collect()
            }
            Body::Steps(steps, scales) => {
                let vector = Steps::of(vector);
                let rows = one_of(steps, part, parts).chunks_exact(self.width);
                let scales = one_of(scales, part, parts);
                let product = |(row, scale): (&[i8], &f32)| {
                    let pairs = row.iter().zip(&vector.steps);
                    let products = pairs.map(|(a, b)| i32::from(*a) * i32::from(*b));
                    // No row is so long that this could overflow: 2^16 products below 2^14.
                    products.sum::<i32>() as f32 * (vector.scale * scale)
                };
                rows.zip(scales).map(product).collect()
            }
        }
    }
}

/// The numbers of a tensor in single precision, or in its upper half.
pub(super) fn reals(place: &Place, image: &Image) -> Vec<f32> {
    if place.halves {
        image.bf16s(&place.values)
    } else {
        image.f32s(&place.values)
    }
}

/// Part `part` of `parts` of one length.
fn one_of<T>(all: &[T], part: usize, parts: usize) -> &[T] {
    let length = all.len() / parts;
    &all[part * length..(part + 1) * length]
}

/// The scalar product, in [`LANES`] part sums.
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (lefts, left_rest) = left.as_chunks::<LANES>();
    let (rights, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in lefts.iter().zip(rights) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    for (lane, (left, right)) in left_rest.iter().zip(right_rest).enumerate() {
        sums[lane] += left * right;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
