//! Kernels on quantised bytes, with the arithmetic of onnxruntime: sums in 32 bits, one float
//! multiplication, ties to even, then the zero point.

use super::program::Quantisation;
use super::window::Window;

/// 1.5 * 2^23: floats near it are 1 apart.
const UNIT_PLACE: f32 = 12_582_912.0;

/// What a quantised convolution needs to know about its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scales {
    /// What the input's bytes stand for.
    pub(super) input: Quantisation,
    /// What the output's bytes stand for.
    pub(super) output: Quantisation,
}

/// Parameters of a quantised convolution, as they are in memory now.
pub(super) struct Parameters<'a> {
    /// `[out, in / groups, rows, columns]`, bytes widened to 16 bits.
    pub(super) weight: &'a [i16],
    /// `[out]`, in units of input scale times weight scale.
    pub(super) bias: &'a [i32],
    /// `[out]`, what one step of a channel's weights stands for.
    pub(super) scale: &'a [f32],
}

/// `QLinearConv`. Integer sums do not depend on their order; they wrap, as registers do.
pub(super) fn convolve(
    window: &Window,
    scales: Scales,
    input: &[i8],
    parameters: &Parameters<'_>,
) -> Vec<i8> {
    let zero = i16::from(scales.input.zero);
    let padded = window.pad(input, 1, |byte: i8| i16::from(byte) - zero);
    let (pixels, taps) = (window.pixels(), window.taps());
    let mut sums = vec![0; window.channels[1] * pixels];
    let mut patch = vec![[0]; taps];
    let depth = window.channels[1] / window.groups;
    for group in 0..window.groups {
        let weights = &parameters.weight[group * depth * taps..(group + 1) * depth * taps];
        let sums = &mut sums[group * depth * pixels..(group + 1) * depth * pixels];
        for pixel in 0..pixels {
            let at = [pixel / window.out[1], pixel % window.out[1]];
            window.patch(&padded, group, at, &mut patch);
            for (channel, weights) in weights.chunks_exact(taps).enumerate() {
                sums[channel * pixels + pixel] = dot(patch.as_flattened(), weights);
            }
        }
    }
    let mut output = Vec::with_capacity(sums.len());
    for (channel, sums) in sums.chunks_exact(pixels).enumerate() {
        let bias = parameters.bias[channel];
        let step = scales.input.scale * parameters.scale[channel] / scales.output.scale;
        let zero = scales.output.zero;
        output.extend(
            sums.iter()
                .map(|sum| round(sum.wrapping_add(bias) as f32 * step, zero)),
        );
    }
    output
}

/// The sum of products.
fn dot(left: &[i16], right: &[i16]) -> i32 {
    left.iter()
        .zip(right)
        .map(|(left, right)| i32::from(*left).wrapping_mul(i32::from(*right)))
        .fold(0, i32::wrapping_add)
}

/// Rounds steps to a byte, ties to even, and holds it within the byte's range. What is not a
/// number becomes the zero point.
fn round(steps: f32, zero: i8) -> i8 {
    let zero = i32::from(zero);
    let lowest = (i32::from(i8::MIN) - zero) as f32;
    let highest = (i32::from(i8::MAX) - zero) as f32;
    // Where the last place is worth 1, adding rounds to even. The library's function does the
    // same, but is a call for each element on processors that lack the instruction.
    let steps = steps.clamp(lowest, highest) + UNIT_PLACE - UNIT_PLACE;
    (steps as i32 + zero) as i8
}

/// `QuantizeLinear`.
pub(super) fn quantise(input: &[f32], quantisation: Quantisation) -> Vec<i8> {
    input
        .iter()
        .map(|real| round(real / quantisation.scale, quantisation.zero))
        .collect()
}

/// `DequantizeLinear`.
pub(super) fn dequantise(input: &[i8], quantisation: Quantisation) -> Vec<f32> {
    let zero = i32::from(quantisation.zero);
    input
        .iter()
        .map(|byte| (i32::from(*byte) - zero) as f32 * quantisation.scale)
        .collect()
}
