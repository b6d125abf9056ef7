//! Each kernel against numbers worked out by hand, and against loops too plain to be wrong.

use proptest::prelude::*;

use super::super::float;
use super::super::integer::{self, Parameters, Scales};
use super::super::program::{Quantisation, Sweep};
use super::super::window::Window;

fn dense(pad: usize) -> Sweep {
    Sweep {
        groups: 1,
        stride: [1, 1],
        pad: [pad; 4],
        dilation: [1, 1],
    }
}

/// For each output element: its channel, and the pairs of weight and input index under it, `None`
/// in the padding; in the order of the weights.
fn visits(sweep: &Sweep, input: [usize; 3], weight: [usize; 4]) -> Vec<(usize, Vec<Tap>)> {
    let [_, rows, columns] = input;
    let [channels, depth, kernel_rows, kernel_columns] = weight;
    let [top, left, bottom, right] = sweep.pad;
    let height =
        (rows + top + bottom - (kernel_rows - 1) * sweep.dilation[0] - 1) / sweep.stride[0];
    let width =
        (columns + left + right - (kernel_columns - 1) * sweep.dilation[1] - 1) / sweep.stride[1];
    let mut outputs = Vec::new();
    for channel in 0..channels {
        let first = channel / (channels / sweep.groups) * depth;
        for (y, x) in (0..=height).flat_map(|y| (0..=width).map(move |x| (y, x))) {
            let mut taps = Vec::new();
            for (d, ky, kx) in (0..depth).flat_map(|d| {
                (0..kernel_rows).flat_map(move |ky| (0..kernel_columns).map(move |kx| (d, ky, kx)))
            }) {
                let row = (y * sweep.stride[0] + ky * sweep.dilation[0]).checked_sub(top);
                let column = (x * sweep.stride[1] + kx * sweep.dilation[1]).checked_sub(left);
                let seen = match (row, column) {
                    (Some(row), Some(column)) if row < rows && column < columns => {
                        Some(((first + d) * rows + row) * columns + column)
                    }
                    _ => None,
                };
                taps.push((
                    ((channel * depth + d) * kernel_rows + ky) * kernel_columns + kx,
                    seen,
                ));
            }
            outputs.push((channel, taps));
        }
    }
    outputs
}

type Tap = (usize, Option<usize>);

#[test]
fn a_convolution_by_hand() {
    // 1 2 3     the sums of each 2 x 2 corner, right column doubled, plus one half
    // 4 5 6
    let window = Window::new(&dense(0), &[1, 1, 2, 3], &[1, 1, 2, 2]).unwrap();
    let output = float::convolve(
        &window,
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        &[1.0, 2.0, 1.0, 2.0],
        &[0.5],
    );
    assert_eq!(output, [19.5, 25.5]);
}

#[test]
fn sums_are_taken_in_the_order_of_the_weights() {
    // (1 + 1e8) - 1e8 loses the 1; any other order keeps it.
    let window = Window::new(&dense(0), &[1, 3, 1, 1], &[1, 3, 1, 1]).unwrap();
    let output = float::convolve(&window, &[1.0; 3], &[1.0, 1e8, -1e8], &[0.0]);
    assert_eq!(output, [0.0]);
}

#[test]
fn a_rectifier_keeps_what_is_no_number() {
    let mut values = [-1.5, 0.0, 2.0, f32::NAN, f32::NEG_INFINITY];
    float::relu(&mut values);
    assert_eq!(values[..3], [0.0, 0.0, 2.0]);
    assert!(values[3].is_nan());
    assert_eq!(values[4].to_bits(), 0.0_f32.to_bits());
}

#[test]
fn resizing_makes_blocks() {
    let output = float::resize(&[1.0, 2.0, 3.0, 4.0], 2, [2, 3]);
    let rows = [
        [1.0, 1.0, 1.0, 2.0, 2.0, 2.0],
        [1.0, 1.0, 1.0, 2.0, 2.0, 2.0],
        [3.0, 3.0, 3.0, 4.0, 4.0, 4.0],
        [3.0, 3.0, 3.0, 4.0, 4.0, 4.0],
    ];
    assert_eq!(output, rows.concat());
}

#[test]
fn averages_are_of_each_channel() {
    let mut sweep = dense(0);
    sweep.groups = 2;
    let window = Window::new(&sweep, &[1, 2, 2, 2], &[2, 1, 2, 2]).unwrap();
    let output = float::average(&window, &[1.0, 2.0, 3.0, 4.0, -1.0, -1.0, -1.0, 1.0]);
    assert_eq!(output, [2.5, -0.5]);
}

#[test]
fn rounding_is_to_even_and_stays_within_a_byte() {
    let quantisation = Quantisation {
        scale: 0.5,
        zero: 10,
    };
    let reals = [
        0.25,
        0.75,
        1.25,
        -0.25,
        -0.75,
        1e9,
        -1e9,
        f32::NAN,
        f32::INFINITY,
    ];
    let bytes = integer::quantise(&reals, quantisation);
    assert_eq!(bytes, [10, 12, 12, 10, 8, 127, -128, 10, 127]);
    let reals = integer::dequantise(&[10, 12, -128], quantisation);
    assert_eq!(reals, [0.0, 1.0, -69.0]);
}

#[test]
fn a_quantised_convolution_by_hand() {
    // Input 3 and 5 above its zero 2, weights 4 and -1, bias 6: 4*3 - 5 + 6 = 13 units of
    // 0.5*0.25/0.25 = 0.5 steps: 6.5, to even 6, zero -100.
    let window = Window::new(&dense(0), &[1, 2, 1, 1], &[1, 2, 1, 1]).unwrap();
    let scales = Scales {
        input: Quantisation {
            scale: 0.5,
            zero: 2,
        },
        output: Quantisation {
            scale: 0.25,
            zero: -100,
        },
    };
    let parameters = Parameters {
        weight: &[4, -1],
        bias: &[6],
        scale: &[0.25],
    };
    assert_eq!(
        integer::convolve(&window, scales, &[5, 7], &parameters),
        [-94]
    );
}

#[test]
fn sums_wrap_and_scales_may_be_broken() {
    let window = Window::new(&dense(0), &[1, 1, 1, 1], &[1, 1, 1, 1]).unwrap();
    let one = Quantisation {
        scale: 1.0,
        zero: 0,
    };
    let scales = Scales {
        input: one,
        output: one,
    };
    let convolve = |bias: i32, scale: f32| {
        let parameters = Parameters {
            weight: &[127],
            bias: &[bias],
            scale: &[scale],
        };
        integer::convolve(&window, scales, &[127], &parameters)
    };
    assert_eq!(convolve(i32::MAX, 1.0), [-128]);
    assert_eq!(convolve(0, f32::NAN), [0]);
    assert_eq!(convolve(0, f32::INFINITY), [127]);
    assert_eq!(convolve(0, -0.0), [0]);
}

/// A geometry that fits: sweep, input `[channels, rows, columns]`, weight shape.
fn geometry() -> impl Strategy<Value = (Sweep, [usize; 3], [usize; 4])> {
    (
        (1..4_usize, 1..3_usize, 1..4_usize),
        (5..9_usize, 5..40_usize),
        (1..4_usize, 1..4_usize),
        (1..4_usize, 1..4_usize),
        [0..3_usize, 0..3, 0..3, 0..3],
        (1..3_usize, 1..3_usize),
    )
        .prop_map(
            |((groups, depth, fan), size, kernel, stride, pad, dilation)| {
                let sweep = Sweep {
                    groups,
                    stride: stride.into(),
                    pad,
                    dilation: dilation.into(),
                };
                let input = [groups * depth, size.0, size.1];
                (sweep, input, [groups * fan, depth, kernel.0, kernel.1])
            },
        )
}

/// Numbers that look random but are the same each time.
fn noise(seed: u64, count: usize) -> impl Iterator<Item = u32> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (state >> 33) as u32
    })
    .take(count)
}

fn reals(seed: u64, count: usize) -> Vec<f32> {
    noise(seed, count).map(|n| n as f32 / 1e9 - 1.0).collect()
}

fn bytes(seed: u64, count: usize) -> Vec<i8> {
    noise(seed, count).map(|n| n as i8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn convolutions_are_the_naive_ones((sweep, input, weight) in geometry(), seed: u64) {
        let shape = [&[1], &input[..]].concat();
        let window = Window::new(&sweep, &shape, &weight).unwrap();
        let seen = reals(seed, input.iter().product());
        let weights = reals(seed ^ 0xAAAA, weight.iter().product());
        let bias = reals(seed ^ 0x5555, weight[0]);
        let naive: Vec<f32> = visits(&sweep, input, weight)
            .into_iter()
            .map(|(channel, taps)| {
                taps.into_iter().fold(bias[channel], |sum, (weight, place)| {
                    sum + weights[weight] * place.map_or(0.0, |place| seen[place])
                })
            })
            .collect();
        prop_assert_eq!(float::convolve(&window, &seen, &weights, &bias), naive);
    }

    #[test]
    fn quantised_convolutions_are_the_naive_ones(
        (sweep, input, weight) in geometry(),
        seed: u64,
        zeros: [i8; 2],
    ) {
        let shape = [&[1], &input[..]].concat();
        let window = Window::new(&sweep, &shape, &weight).unwrap();
        let seen = bytes(seed, input.iter().product());
        let weights = bytes(seed ^ 0xAAAA, weight.iter().product());
        let weights: Vec<i16> = weights.into_iter().map(i16::from).collect();
        let bias: Vec<i32> = bytes(seed ^ 0x5555, weight[0]).into_iter().map(i32::from).collect();
        let scale: Vec<f32> = reals(seed ^ 0x3333, weight[0]).iter().map(|s| s.abs()).collect();
        let scales = Scales {
            input: Quantisation { scale: 0.02, zero: zeros[0] },
            output: Quantisation { scale: 0.7, zero: zeros[1] },
        };
        let naive: Vec<i8> = visits(&sweep, input, weight)
            .into_iter()
            .map(|(channel, taps)| {
                let sum: i32 = taps
                    .into_iter()
                    .filter_map(|(weight, place)| Some((weight, place?)))
                    .map(|(weight, place)| {
                        i32::from(weights[weight]) * (i32::from(seen[place]) - i32::from(zeros[0]))
                    })
                    .sum();
                let steps = (sum + bias[channel]) as f32 * (0.02 * scale[channel] / 0.7);
                let byte = f64::from(steps).round_ties_even() as i32 + i32::from(zeros[1]);
                byte.clamp(-128, 127) as i8
            })
            .collect();
        let parameters = Parameters { weight: &weights, bias: &bias, scale: &scale };
        prop_assert_eq!(integer::convolve(&window, scales, &seen, &parameters), naive);
    }
}
