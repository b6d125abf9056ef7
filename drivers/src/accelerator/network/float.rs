//! Kernels on floats. Each sum is taken in one written order and nothing is fused, so that every
//! machine gives the same bits; the compiler may use vectors across output elements only.

use super::window::Window;

/// Output elements computed side by side along a row.
const LANES: usize = 16;

/// Output channels computed side by side. With [`LANES`] it fills half of the sixteen 128-bit
/// registers that every x86-64 has, and a quarter of those of `AArch64`.
const ROWS: usize = 2;

/// `Conv`: each output element is its bias, plus weight times input in the order of the weights.
///
/// `weight` is `[out, in / groups, rows, columns]`, `bias` is `[out]`.
pub(super) fn convolve(window: &Window, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let padded = window.pad(input, LANES, |element| element);
    let mut output = vec![0.0; window.channels[1] * window.pixels()];
    let mut patch = vec![[0.0; LANES]; window.taps()];
    let depth = window.channels[1] / window.groups;
    for group in 0..window.groups {
        let channels = group * depth..(group + 1) * depth;
        let blocks = blocks(window, channels, weight, bias);
        for row in 0..window.out[0] {
            for column in (0..window.out[1]).step_by(LANES) {
                window.patch(&padded, group, [row, column], &mut patch);
                let start = row * window.out[1] + column;
                let lanes = LANES.min(window.out[1] - column);
                for block in &blocks {
                    let sums = block.sums(&patch);
                    for (channel, sums) in block.channels.clone().zip(&sums) {
                        let start = channel * window.pixels() + start;
                        output[start..start + lanes].copy_from_slice(&sums[..lanes]);
                    }
                }
            }
        }
    }
    output
}

/// The weights of a few output channels, interleaved.
struct Block {
    /// At most [`ROWS`]; the weights of the missing ones are zero.
    channels: std::ops::Range<usize>,
    bias: [f32; ROWS],
    weights: Vec<[f32; ROWS]>,
}

impl Block {
    /// The channels' sums at each lane.
    fn sums(&self, patch: &[[f32; LANES]]) -> [[f32; LANES]; ROWS] {
        let mut sums = self.bias.map(|bias| [bias; LANES]);
        for (seen, weights) in patch.iter().zip(&self.weights) {
            for (sums, weight) in sums.iter_mut().zip(weights) {
                for (sum, seen) in sums.iter_mut().zip(seen) {
                    *sum += weight * seen;
                }
            }
        }
        sums
    }
}

/// Cuts the output channels of a group into blocks.
fn blocks(
    window: &Window,
    channels: std::ops::Range<usize>,
    weight: &[f32],
    bias: &[f32],
) -> Vec<Block> {
    let taps = window.taps();
    let block = |first: usize| {
        let channels = first..channels.end.min(first + ROWS);
        let mut block = Block {
            channels: channels.clone(),
            bias: [0.0; ROWS],
            weights: vec![[0.0; ROWS]; taps],
        };
        for (row, channel) in channels.enumerate() {
            block.bias[row] = bias[channel];
            let weights = &weight[channel * taps..(channel + 1) * taps];
            for (to, from) in block.weights.iter_mut().zip(weights) {
                to[row] = *from;
            }
        }
        block
    };
    channels.clone().step_by(ROWS).map(block).collect()
}

/// `Relu`; what is not a number stays so.
pub(super) fn relu(values: &mut [f32]) {
    for value in values {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

/// `Add` of two values of the same shape.
pub(super) fn add(left: &[f32], right: &[f32]) -> Vec<f32> {
    left.iter()
        .zip(right)
        .map(|(left, right)| left + right)
        .collect()
}

/// `Resize` to the nearest at or before: each element becomes a block of `factor` rows and
/// columns. `columns` is the length of an input row.
pub(super) fn resize(input: &[f32], columns: usize, factor: [usize; 2]) -> Vec<f32> {
    let mut output = Vec::with_capacity(input.len() * factor[0] * factor[1]);
    let mut wide = Vec::with_capacity(columns * factor[1]);
    for row in input.chunks_exact(columns) {
        wide.clear();
        for element in row {
            wide.extend(std::iter::repeat_n(*element, factor[1]));
        }
        for _ in 0..factor[0] {
            output.extend_from_slice(&wide);
        }
    }
    output
}

/// `AveragePool`: sums in row-major order, divided once.
pub(super) fn average(window: &Window, input: &[f32]) -> Vec<f32> {
    let padded = window.pad(input, 1, |element| element);
    let mut patch = vec![[0.0]; window.taps()];
    let mut output = Vec::with_capacity(window.channels[1] * window.pixels());
    for channel in 0..window.channels[0] {
        for row in 0..window.out[0] {
            for column in 0..window.out[1] {
                window.patch(&padded, channel, [row, column], &mut patch);
                let sum = patch.iter().fold(0.0, |sum, [element]| sum + element);
                output.push(sum / window.taps() as f32);
            }
        }
    }
    output
}
