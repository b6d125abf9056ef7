//! Two tensors of single precision compared in one pass over their bytes, as fast as memory and one
//! division an element allow.
//!
//! Sixteen lanes keep their own sums, so that the compiler may work on them side by side; a block of
//! elements is summed in single precision and added up in double. What is in doubt here is decided in
//! double precision elsewhere.

/// Lanes that are worked on side by side.
const LANES: usize = 16;
/// Elements after which sums go to double precision: few enough that single precision loses less than
/// 2⁻¹⁵ of them.
const BLOCK: usize = 4_096;

/// What one pass tells of an output beside its golden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// How many elements.
    pub count: usize,
    /// How many are out of tolerance; not a number always is.
    pub outside: usize,
    /// Largest absolute difference.
    pub max_difference: f32,
    /// Largest part of its tolerance that an element uses: 1 for all of it.
    pub max_used: f32,
    /// The element that uses it, the first of equals.
    pub index: usize,
    /// Mean absolute difference.
    pub mean_difference: f64,
    /// Mean squared difference.
    pub mean_square: f64,
}

/// Sums of each lane over a block.
#[derive(Clone, Copy)]
struct Sums {
    inside: [u32; LANES],
    difference: [f32; LANES],
    square: [f32; LANES],
    most: [f32; LANES],
    used: [f32; LANES],
}

impl Sums {
    const ZERO: Sums = Sums {
        inside: [0; LANES],
        difference: [0.0; LANES],
        square: [0.0; LANES],
        most: [0.0; LANES],
        used: [0.0; LANES],
    };

    #[inline]
    fn add(&mut self, a: &[f32; LANES], g: &[f32; LANES], (rtol, atol): (f32, f32)) {
        for lane in 0..LANES {
            let difference = (a[lane] - g[lane]).abs();
            let used = difference / (atol + rtol * g[lane].abs());
            // Not a number is not inside.
            self.inside[lane] += u32::from(used <= 1.0);
            self.difference[lane] += difference;
            self.square[lane] += difference * difference;
            self.most[lane] = if difference > self.most[lane] {
                difference
            } else {
                self.most[lane]
            };
            self.used[lane] = if used > self.used[lane] {
                used
            } else {
                self.used[lane]
            };
        }
    }
}

/// Compares `actual` with `golden`, as many elements as the shorter has, with a tolerance of
/// `atol + rtol · |golden|`, which must be above zero.
pub fn compare(actual: &[f32], golden: &[f32], (rtol, atol): (f32, f32)) -> Pass {
    let count = actual.len().min(golden.len());
    let mut pass = Pass {
        count,
        outside: 0,
        max_difference: 0.0,
        max_used: 0.0,
        index: 0,
        mean_difference: 0.0,
        mean_square: 0.0,
    };
    let mut worst_block = 0;
    let blocks = actual[..count]
        .chunks(BLOCK)
        .zip(golden[..count].chunks(BLOCK));
    for (place, (a, g)) in blocks.enumerate() {
        let mut sums = Sums::ZERO;
        let (a_lanes, a_rest) = a.as_chunks::<LANES>();
        let (g_lanes, g_rest) = g.as_chunks::<LANES>();
        let mut worked = a_lanes.len() * LANES;
        for (a, g) in a_lanes.iter().zip(g_lanes) {
            sums.add(a, g, (rtol, atol));
        }
        if !a_rest.is_empty() {
            // Zeros beside zeros differ by nothing.
            let (mut a, mut g) = ([0.0; LANES], [0.0; LANES]);
            a[..a_rest.len()].copy_from_slice(a_rest);
            g[..g_rest.len()].copy_from_slice(g_rest);
            sums.add(&a, &g, (rtol, atol));
            worked += LANES;
        }
        pass.outside += worked - sums.inside.iter().sum::<u32>() as usize;
        pass.mean_difference += f64::from(sums.difference.iter().sum::<f32>());
        pass.mean_square += f64::from(sums.square.iter().sum::<f32>());
        let most =
            |values: &[f32; LANES]| values.iter().fold(0.0_f32, |most, value| most.max(*value));
        pass.max_difference = pass.max_difference.max(most(&sums.most));
        let used = most(&sums.used);
        if used > pass.max_used {
            pass.max_used = used;
            worst_block = place * BLOCK;
        }
    }
    pass.mean_difference /= count.max(1) as f64;
    pass.mean_square /= count.max(1) as f64;
    let end = count.min(worst_block + BLOCK);
    let block = actual[worst_block..end]
        .iter()
        .zip(&golden[worst_block..end]);
    let mut used = block.map(|(a, g)| (a - g).abs() / (atol + rtol * g.abs()));
    let found = used.position(|used| used >= pass.max_used);
    pass.index = worst_block + found.unwrap_or(0);
    pass
}

/// How many of the elements are not finite.
pub fn not_finite(values: &[f32]) -> usize {
    let counts = values.chunks(BLOCK).map(|block| {
        let each = block.iter().map(|value| u32::from(!value.is_finite()));
        each.sum::<u32>() as usize
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, element by element in double precision.
    fn slowly(a: &[f32], g: &[f32], (rtol, atol): (f32, f32)) -> (usize, f64, f64, f64) {
        let mut told = (0, 0.0_f64, 0.0_f64, 0.0_f64);
        for (a, g) in a.iter().zip(g) {
            let difference = (a - g).abs();
            let used = difference / (atol + rtol * g.abs());
            told.0 += usize::from(used > 1.0 || used.is_nan());
            told.1 = told.1.max(f64::from(difference));
            told.2 = told.2.max(f64::from(used));
            told.3 += f64::from(difference);
        }
        told.3 /= a.len().max(1) as f64;
        told
    }

    proptest! {
        #[test]
        fn one_pass_tells_what_a_plain_loop_does(
            pairs in prop::collection::vec((-1e3..1e3_f32, -1e-2..1e-2_f32), 0..9_000),
            rtol in 0.0..1e-3_f32,
        ) {
            let g: Vec<f32> = pairs.iter().map(|pair| pair.0).collect();
            let a: Vec<f32> = pairs.iter().map(|pair| pair.0 + pair.1).collect();
            let found = compare(&a, &g, (rtol, 1e-3));
            let (outside, most, used, mean) = slowly(&a, &g, (rtol, 1e-3));
            prop_assert_eq!(found.outside, outside);
            prop_assert!((f64::from(found.max_difference) - most).abs() <= 0.0);
            prop_assert!((f64::from(found.max_used) - used).abs() <= 0.0);
            prop_assert!((found.mean_difference - mean).abs() <= 1e-4 * mean);
            if let (Some(a), Some(g)) = (a.get(found.index), g.get(found.index)) {
                let of_index = (a - g).abs() / (1e-3 + rtol * g.abs());
                prop_assert!((of_index - found.max_used).abs() <= 0.0);
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_outside() {
        let golden = vec![1.0; 10_000];
        let mut actual = golden.clone();
        (actual[17], actual[9_999]) = (f32::NAN, f32::INFINITY);
        assert_eq!(not_finite(&actual), 2);
        let found = compare(&actual, &golden, (0.0, 1.0));
        assert_eq!(found.outside, 2);
        assert_eq!(compare(&[], &[], (0.0, 1.0)).count, 0);
    }
}
