//! Measures of how far an output is from its golden, beyond element by element. Each is a plain
//! function of two sequences of equal length, the output first.

/// Units in the last place between two numbers of single precision: how many representable
/// numbers apart they are; opposite zeros are none apart. `None` if either is not finite.
pub(super) fn ulps(a: f64, g: f64) -> Option<u64> {
    let (a, g) = (a as f32, g as f32);
    if !a.is_finite() || !g.is_finite() {
        return None;
    }
    // Signed magnitude to a line on which neighbours differ by one.
    let line = |value: f32| {
        let bits = value.to_bits();
        let magnitude = i64::from(bits & 0x7fff_ffff);
        if bits >> 31 == 1 {
            -magnitude
        } else {
            magnitude
        }
    };
    Some(line(a).abs_diff(line(g)))
}

/// Cosine of the angle between both, in double precision and clamped: rounding must not make it
/// more than 1. Two that are zero are alike; one that is zero is like nothing.
pub(super) fn cosine(a: &[f64], g: &[f64]) -> f64 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let (aa, gg) = (dot(a, a), dot(g, g));
    if aa == 0.0 && gg == 0.0 {
        return 1.0;
    }
    if aa == 0.0 || gg == 0.0 {
        return 0.0;
    }
    (dot(a, g) / (aa * gg).sqrt()).clamp(-1.0, 1.0)
}

/// Mean squared error over the golden's mean square: a scale that cosine does not see is seen.
pub(super) fn nmse(a: &[f64], g: &[f64]) -> f64 {
    let error: f64 = a.iter().zip(g).map(|(a, g)| (a - g) * (a - g)).sum();
    let power: f64 = g.iter().map(|g| g * g).sum();
    match (error, power) {
        (0.0, _) => 0.0,
        (_, 0.0) => f64::INFINITY,
        (error, power) => error / power,
    }
}

/// Peak signal-to-noise ratio, dB: the golden's range (largest less smallest) over the root of
/// the mean squared error.
pub(super) fn psnr(a: &[f64], g: &[f64]) -> f64 {
    let count = g.len().max(1) as f64;
    let error = a.iter().zip(g).map(|(a, g)| (a - g) * (a - g)).sum::<f64>() / count;
    let (low, high) = g.iter().fold((f64::MAX, f64::MIN), |(low, high), v| {
        (low.min(*v), high.max(*v))
    });
    if error == 0.0 {
        return f64::INFINITY;
    }
    20.0 * (high - low).log10() - 10.0 * error.log10()
}

/// The places of the `count` largest, in order of place; of equals the first.
pub(super) fn top(values: &[f64], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|x, y| values[*y].total_cmp(&values[*x]).then(x.cmp(y)));
    places.truncate(count);
    places.sort_unstable();
    places
}

/// By how much the last of the `count` largest leads the next one.
pub(super) fn lead(values: &[f64], count: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|x, y| y.total_cmp(x));
    match (sorted.get(count.wrapping_sub(1)), sorted.get(count)) {
        (Some(last), Some(next)) => last - next,
        _ => f64::INFINITY,
    }
}

/// The nearest-rank percentile of absolute differences, `share` from 0 to 1.
pub(super) fn percentile_difference(a: &[f64], g: &[f64], share: f64) -> f64 {
    let mut differences: Vec<f64> = a.iter().zip(g).map(|(a, g)| (a - g).abs()).collect();
    differences.sort_by(f64::total_cmp);
    let rank = (share * differences.len() as f64).ceil() as usize;
    differences
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(0.0)
}

/// Whether two tokens or classes are the same; both are whole numbers.
fn same(a: f64, g: f64) -> bool {
    a.to_bits() == g.to_bits()
}

/// How many tokens both begin with.
pub(super) fn prefix(a: &[f64], g: &[f64]) -> usize {
    a.iter().zip(g).take_while(|(a, g)| same(**a, **g)).count()
}

/// Levenshtein's distance: insertions, deletions and substitutions from one to the other.
pub(super) fn edits(a: &[f64], g: &[f64]) -> usize {
    let mut row: Vec<usize> = (0..=g.len()).collect();
    for (up, a) in a.iter().enumerate() {
        let mut diagonal = up;
        row[0] = up + 1;
        for (place, g) in g.iter().enumerate() {
            let kept = diagonal + usize::from(!same(*a, *g));
            diagonal = row[place + 1];
            row[place + 1] = kept.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[g.len()]
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these come out exactly")]
mod tests {
    use super::*;

    #[test]
    fn ulps_count_representable_numbers() {
        assert_eq!(ulps(1.0, f64::from(1.0_f32.next_up())), Some(1));
        assert_eq!(ulps(-0.0, 0.0), Some(0));
        let tiny = f64::from(f32::from_bits(1));
        assert_eq!(ulps(-tiny, tiny), Some(2));
        assert_eq!(ulps(f64::NAN, 1.0), None);
    }

    #[test]
    fn a_scale_is_seen_by_the_error_and_not_by_the_angle() {
        let (g, twice) = ([1.0, -2.0, 3.0], [2.0, -4.0, 6.0]);
        assert_eq!(cosine(&twice, &g), 1.0);
        assert_eq!(nmse(&twice, &g), 1.0);
        assert_eq!(cosine(&[0.0; 3], &g), 0.0);
    }

    #[test]
    fn psnr_is_twenty_for_a_tenth_of_the_range() {
        let found = psnr(&[0.1, 1.1, 0.1, 1.1], &[0.0, 1.0, 0.0, 1.0]);
        assert!((found - 20.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn the_largest_are_a_set() {
        assert_eq!(top(&[1.0, 5.0, 3.0, 5.0], 2), [1, 3]);
        assert_eq!(top(&[1.0, 5.0, 3.0, 5.0], 3), [1, 2, 3]);
        assert_eq!(lead(&[1.0, 5.0, 3.0, 5.0], 3), 2.0);
    }

    #[test]
    fn edits_are_the_textbook_ones() {
        let word = |text: &str| text.bytes().map(f64::from).collect::<Vec<f64>>();
        assert_eq!(edits(&word("kitten"), &word("sitting")), 3);
        assert_eq!(edits(&word(""), &word("abc")), 3);
        assert_eq!(prefix(&word("abcd"), &word("abxd")), 2);
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let (a, g) = ([0.0, 1.0, 2.0, 9.0], [0.0; 4]);
        assert_eq!(percentile_difference(&a, &g, 0.75), 2.0);
        assert_eq!(percentile_difference(&a, &g, 1.0), 9.0);
    }
}
