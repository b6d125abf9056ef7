//! Whether one thing grows with another, by ranks.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// How two things go together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// Spearman's ρ: −1 to 1.
    pub rho: f64,
    /// How likely at least as much is where there is no connection, both directions.
    pub p: f64,
    /// How many pairs it rests on.
    pub pairs: usize,
}

/// Spearman's rank correlation of pairs, with mean ranks for equals; `None` where fewer than four
/// pairs are there, or one side does not vary. The probability is by Student's t with n − 2 degrees of
/// freedom (Kendall and Stuart, The Advanced Theory of Statistics 2, 31.19).
///
/// # Panics
/// Never: four pairs leave two degrees of freedom.
pub fn correlation(pairs: &[(f64, f64)]) -> Option<Correlation> {
    let count = pairs.len();
    if count < 4 {
        return None;
    }
    let a = ranks(pairs.iter().map(|pair| pair.0));
    let b = ranks(pairs.iter().map(|pair| pair.1));
    let mean = f64::midpoint(count as f64, 1.0);
    let moment = |x: &[f64], y: &[f64]| -> f64 {
        let products = x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean));
        products.sum()
    };
    let (both, of_a, of_b) = (moment(&a, &b), moment(&a, &a), moment(&b, &b));
    if of_a <= 0.0 || of_b <= 0.0 {
        return None;
    }
    let rho = (both / (of_a * of_b).sqrt()).clamp(-1.0, 1.0);
    let freedom = count as f64 - 2.0;
    let t = rho * (freedom / (1.0 - rho * rho).max(f64::MIN_POSITIVE)).sqrt();
    let student = StudentsT::new(0.0, 1.0, freedom).expect("two degrees of freedom at least");
    Some(Correlation {
        rho,
        p: 2.0 * student.cdf(-t.abs()),
        pairs: count,
    })
}

/// The rank of each value from 1; equals share the mean of theirs.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![0.0; order.len()];
    let mut start = 0;
    while start < order.len() {
        let same = order[start..].iter();
        let same = same.take_while(|other| other.1.total_cmp(&order[start].1).is_eq());
        let end = start + same.count();
        for (place, _) in &order[start..end] {
            ranks[*place] = 0.5 * (start as f64 + 1.0 + end as f64);
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_together_has_rho_one() {
        let pairs: Vec<(f64, f64)> = (0..9).map(|n| (f64::from(n), f64::from(n * n))).collect();
        let found = correlation(&pairs).unwrap();
        assert!(
            (found.rho - 1.0).abs() < 1e-12 && found.p < 1e-9,
            "{found:?}"
        );
    }

    /// `scipy.stats.spearmanr` 1.16 of the same.
    #[test]
    fn ties_share_their_ranks() {
        let x = [1.0, 2.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        let y = [2.0, 1.0, 4.0, 3.0, 3.0, 9.0, 4.0, 1.0, 8.0, 9.0];
        let pairs: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let found = correlation(&pairs).unwrap();
        assert!(
            (found.rho - 0.523_099_209_435_151_2).abs() < 1e-12,
            "{found:?}"
        );
        assert!(
            (found.p - 0.120_775_360_126_321_24).abs() < 1e-9,
            "{found:?}"
        );
        assert_eq!(correlation(&pairs[..3]), None);
        assert_eq!(correlation(&[(1.0, 1.0); 8]), None);
    }
}
