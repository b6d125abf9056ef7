//! Comparing two large tensors of single precision: count out of tolerance, largest absolute difference,
//! largest part of a tolerance with its element, and mean in one pass, against a pass by hand with vectors
//! of four that tells as much, but no element.
//! In turns, so that neighbours disturb both alike; the fastest of each counts.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench times itself and tells what it found"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use reports::golden::pass;

/// Elements of each side: 64 MiB, far beyond the caches.
const ELEMENTS: usize = 16 << 20;
const TURNS: usize = 15;
const RTOL: f32 = 1e-4;
const ATOL: f32 = 1e-5;

/// Noise that needs no dependency: xorshift.
fn tensor(mut state: u64, noise: f32) -> Vec<f32> {
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..ELEMENTS)
        .map(|place| (place % 1_000) as f32 * 0.01 + 0.5 + noise * next())
        .collect()
}

mod by_hand {
    //! Vectors of four, as SSE2 and NEON have them, two at a time.

    use wide::f32x4;

    const BLOCK: usize = 1_024;

    /// How many are outside, largest difference, largest relative one, mean.
    pub(super) fn pass(a: &[f32], g: &[f32], (rtol, atol): (f32, f32)) -> (usize, f32, f32, f64) {
        let (_, a, _) = bytemuck::pod_align_to::<f32, f32x4>(a);
        let (_, g, _) = bytemuck::pod_align_to::<f32, f32x4>(g);
        let count = a.len().min(g.len());
        let (rtols, atols) = (f32x4::splat(rtol), f32x4::splat(atol));
        let (mut most, mut relative) = ([f32x4::ZERO; 2], [f32x4::ZERO; 2]);
        let (mut outside, mut sum) = (0, 0.0);
        for (a, g) in a[..count].chunks(BLOCK).zip(g[..count].chunks(BLOCK)) {
            let mut sums = [f32x4::ZERO; 2];
            let pairs = a.as_chunks::<2>().0.iter().zip(g.as_chunks::<2>().0);
            for (a, g) in pairs {
                for lane in 0..2 {
                    let size = g[lane].abs();
                    let difference = (a[lane] - g[lane]).abs();
                    let allowed = atols + rtols * size;
                    outside += difference.simd_gt(allowed).to_bitmask().count_ones() as usize;
                    most[lane] = most[lane].fast_max(difference);
                    relative[lane] = relative[lane].fast_max(difference / size);
                    sums[lane] += difference;
                }
            }
            sum += f64::from((sums[0] + sums[1]).reduce_add());
        }
        let total = |lanes: [f32x4; 2]| {
            let both = lanes[0].fast_max(lanes[1]).to_array();
            both.into_iter().fold(0.0, f32::max)
        };
        let mean = sum / (count * 4).max(1) as f64;
        (outside, total(most), total(relative), mean)
    }
}

fn fastest(times: &[Duration]) -> f64 {
    times.iter().min().expect("there are turns").as_secs_f64()
}

fn main() {
    let golden = tensor(1, 0.0);
    let actual = tensor(2, 2e-5);
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..TURNS {
        let begin = Instant::now();
        let ours = black_box(pass::compare(&actual, &golden, (RTOL, ATOL)));
        times[0].push(begin.elapsed());
        let begin = Instant::now();
        let by_hand = black_box(by_hand::pass(&actual, &golden, (RTOL, ATOL)));
        times[1].push(begin.elapsed());
        // Vectors begin at whole lanes of both, and large allocations do so at the same place.
        assert_eq!(ours.outside, by_hand.0);
        let begin = Instant::now();
        let plain = actual
            .iter()
            .zip(&golden)
            .filter(|(a, g)| (*a - *g).abs() > ATOL + RTOL * g.abs());
        black_box(plain.count());
        times[2].push(begin.elapsed());
        black_box(ours);
    }
    let bytes = (2 * 4 * ELEMENTS) as f64;
    let rate = |times: &[Duration]| bytes / fastest(times) * 1e-9;
    println!("all statistics in one pass  {:6.2} GB/s", rate(&times[0]));
    println!("by hand, vectors of four    {:6.2} GB/s", rate(&times[1]));
    println!(
        "ratio                       {:6.2}",
        rate(&times[0]) / rate(&times[1])
    );
    println!("count only, plain loop      {:6.2} GB/s", rate(&times[2]));
}
