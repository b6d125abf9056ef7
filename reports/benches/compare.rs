//! Comparing two large tensors of single precision: all statistics in one pass, against a pass by hand
//! with SSE2 that tells fewer (count out of tolerance, largest absolute and relative difference, mean).
//! In turns, so that neighbours disturb both alike; the fastest of each counts.

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

#[cfg(target_arch = "x86_64")]
mod by_hand {
    //! SSE2 as every machine of this kind has it.

    use std::arch::x86_64::{
        __m128, _mm_add_ps, _mm_and_ps, _mm_castsi128_ps, _mm_cmpnle_ps, _mm_div_ps, _mm_max_ps,
        _mm_movemask_ps, _mm_mul_ps, _mm_set1_epi32, _mm_set1_ps, _mm_setzero_ps, _mm_sub_ps,
    };

    const BLOCK: usize = 1_024;

    /// How many are outside, largest difference, largest relative one, mean.
    pub(super) fn pass(a: &[f32], g: &[f32], (rtol, atol): (f32, f32)) -> (usize, f32, f32, f64) {
        let (_, a, _) = bytemuck::pod_align_to::<f32, __m128>(a);
        let (_, g, _) = bytemuck::pod_align_to::<f32, __m128>(g);
        let count = a.len().min(g.len());
        let magnitude = _mm_castsi128_ps(_mm_set1_epi32(0x7fff_ffff));
        let (rtols, atols) = (_mm_set1_ps(rtol), _mm_set1_ps(atol));
        let (mut most, mut relative) = ([_mm_setzero_ps(); 2], [_mm_setzero_ps(); 2]);
        let (mut outside, mut sum) = (0, 0.0);
        for (a, g) in a[..count].chunks(BLOCK).zip(g[..count].chunks(BLOCK)) {
            let mut sums = [_mm_setzero_ps(); 2];
            let pairs = a.as_chunks::<2>().0.iter().zip(g.as_chunks::<2>().0);
            for (a, g) in pairs {
                for lane in 0..2 {
                    let size = _mm_and_ps(g[lane], magnitude);
                    let difference = _mm_and_ps(_mm_sub_ps(a[lane], g[lane]), magnitude);
                    let allowed = _mm_add_ps(atols, _mm_mul_ps(rtols, size));
                    let out = _mm_movemask_ps(_mm_cmpnle_ps(difference, allowed));
                    outside += out.count_ones() as usize;
                    most[lane] = _mm_max_ps(most[lane], difference);
                    relative[lane] = _mm_max_ps(relative[lane], _mm_div_ps(difference, size));
                    sums[lane] = _mm_add_ps(sums[lane], difference);
                }
            }
            sum += f64::from(total(sums, |x, y| x + y));
        }
        let most = total(most, f32::max);
        (
            outside,
            most,
            total(relative, f32::max),
            sum / (count * 4).max(1) as f64,
        )
    }

    fn total(lanes: [__m128; 2], by: fn(f32, f32) -> f32) -> f32 {
        let values: [f32; 8] = bytemuck::cast(lanes);
        values.into_iter().fold(0.0, by)
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
        #[cfg(target_arch = "x86_64")]
        {
            let begin = Instant::now();
            let by_hand = black_box(by_hand::pass(&actual, &golden, (RTOL, ATOL)));
            times[1].push(begin.elapsed());
            // Vectors begin at whole lanes of both, and large allocations do so at the same place.
            assert_eq!(ours.outside, by_hand.0);
        }
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
    if !times[1].is_empty() {
        println!("by hand, SSE2               {:6.2} GB/s", rate(&times[1]));
        println!(
            "ratio                       {:6.2}",
            rate(&times[0]) / rate(&times[1])
        );
    }
    println!("count only, plain loop      {:6.2} GB/s", rate(&times[2]));
}
