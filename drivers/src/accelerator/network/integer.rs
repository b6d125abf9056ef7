//! Kernels on quantised bytes, with the arithmetic of onnxruntime: sums in 32 bits, one float
//! multiplication, ties to even, then the zero point.

use super::program::Quantisation;
use super::window::Window;

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
    let mut output = vec![0; window.channels[1] * pixels];
    let mut patch = vec![[0]; taps];
    let depth = window.channels[1] / window.groups;
    let multipliers: Vec<f32> = parameters
        .scale
        .iter()
        .map(|scale| scales.input.scale * scale / scales.output.scale)
        .collect();
    for group in 0..window.groups {
        for pixel in 0..pixels {
            let at = [pixel / window.out[1], pixel % window.out[1]];
            window.patch(&padded, group, at, &mut patch);
            for channel in group * depth..(group + 1) * depth {
                let weights = &parameters.weight[channel * taps..(channel + 1) * taps];
                let sum = dot(patch.as_flattened(), weights);
                let sum = sum.wrapping_add(parameters.bias[channel]);
                let real = sum as f32 * multipliers[channel];
                output[channel * pixels + pixel] = round(real, scales.output.zero);
            }
        }
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
    let steps = steps.clamp(lowest, highest).round_ties_even() as i32;
    (steps + zero) as i8
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
