//! Bracketed search for roots and minima of functions that may fail.

/// Rounds after which a search gives up refining; bisection alone needs 45 for a day to 1 ns.
const ROUNDS: usize = 100;

/// Where `f` is zero between `a` and `b`, at which its signs differ, to within `tolerance`.
/// Brent's method (Brent 1973, chapter 4): never leaves the bracket, never worse than bisection.
pub(super) fn root<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    (mut a, mut at_a): (f64, f64),
    (mut b, mut at_b): (f64, f64),
    tolerance: f64,
) -> Result<f64, E> {
    let (mut c, mut at_c) = (a, at_a);
    let mut step = b - a;
    let mut step_before = step;
    for _ in 0..ROUNDS {
        if at_b * at_c > 0.0 {
            (c, at_c) = (a, at_a);
            step = b - a;
            step_before = step;
        }
        if at_c.abs() < at_b.abs() {
            (a, b, c) = (b, c, b);
            (at_a, at_b, at_c) = (at_b, at_c, at_b);
        }
        let half = 0.5 * (c - b);
        if half.abs() <= tolerance || at_b == 0.0 {
            break;
        }
        let guess = if step_before.abs() >= tolerance && at_a.abs() > at_b.abs() {
            interpolated(half, [(a, at_a), (b, at_b), (c, at_c)])
        } else {
            None
        };
        match guess {
            Some(guess)
                if 2.0 * guess.abs() < (3.0 * half.abs() - tolerance).min(step_before.abs())
                    && guess * half > 0.0 =>
            {
                step_before = step;
                step = guess;
            }
            _ => {
                step = half;
                step_before = half;
            }
        }
        (a, at_a) = (b, at_b);
        b += if step.abs() > tolerance {
            step
        } else {
            tolerance.copysign(half)
        };
        at_b = f(b)?;
    }
    Ok(b)
}

/// The step from `b` by inverse quadratic interpolation, or by the secant where two of the
/// three points are one; `half` is half the way from `b` to `c`.
fn interpolated(half: f64, [(a, at_a), (b, at_b), (c, at_c)]: [(f64, f64); 3]) -> Option<f64> {
    let s = at_b / at_a;
    let (p, q) = if a.to_bits() == c.to_bits() {
        (2.0 * half * s, 1.0 - s)
    } else {
        let (q, r) = (at_a / at_c, at_b / at_c);
        (
            s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)),
            (q - 1.0) * (r - 1.0) * (s - 1.0),
        )
    };
    let step = -p / q;
    step.is_finite().then_some(step)
}

/// Where `f` is least between `a` and `b`, to within `tolerance`, or any point at which it is
/// below zero, by golden section: dips are smooth but may be flat.
pub(super) fn dip<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    (mut a, mut b): (f64, f64),
    tolerance: f64,
) -> Result<(f64, f64), E> {
    // The smaller part of the golden section, (3 - sqrt 5) / 2.
    const PART: f64 = 0.381_966_011_250_105_1;
    let mut left = a + PART * (b - a);
    let mut right = b - PART * (b - a);
    let (mut at_left, mut at_right) = (f(left)?, f(right)?);
    for _ in 0..ROUNDS {
        if b - a <= tolerance || at_left.min(at_right) < 0.0 {
            break;
        }
        if at_left < at_right {
            b = right;
            (right, at_right) = (left, at_left);
            left = a + PART * (b - a);
            at_left = f(left)?;
        } else {
            a = left;
            (left, at_left) = (right, at_right);
            right = b - PART * (b - a);
            at_right = f(right)?;
        }
    }
    Ok(if at_left < at_right {
        (left, at_left)
    } else {
        (right, at_right)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    /// A function, a bracket and the root in it.
    type Case = (fn(f64) -> f64, f64, f64, f64);

    fn found(f: impl Fn(f64) -> f64, a: f64, b: f64) -> (f64, u32) {
        let calls = Cell::new(0);
        let counted = |x: f64| {
            calls.set(calls.get() + 1);
            Ok::<f64, Infallible>(f(x))
        };
        let x = root(counted, (a, f(a)), (b, f(b)), 1e-9).unwrap();
        (x, calls.get())
    }

    #[test]
    fn roots_are_found_quickly_and_exactly() {
        let cases: [Case; 5] = [
            (|x| x * x - 2.0, 0.0, 2.0, std::f64::consts::SQRT_2),
            (|x| 2.0 - x * x, 2.0, 0.0, std::f64::consts::SQRT_2),
            (f64::cos, 1.0, 3.0, std::f64::consts::FRAC_PI_2),
            (|x| x - 30.0, 0.0, 30.0, 30.0),
            (|x| x.exp() - 20.0, -5.0, 10.0, 2.995_732_273_553_991),
        ];
        for (f, a, b, expected) in cases {
            let (x, calls) = found(f, a, b);
            assert!((x - expected).abs() < 2e-9, "{x} for {expected}");
            assert!(calls <= 14, "{calls} calls for {expected}");
        }
    }

    #[test]
    fn a_hard_root_costs_no_more_than_bisection_times_three() {
        let (x, calls) = found(|x| (x - 1.0).powi(9), 0.0, 5.0);
        assert!((x - 1.0).abs() < 1e-8);
        assert!(calls < 100);
    }

    #[test]
    fn a_dip_below_zero_ends_the_search() {
        let (_, deep) = dip(
            |x| Ok::<f64, Infallible>((x - 0.3).powi(2) - 0.01),
            (-1.0, 1.0),
            1e-6,
        )
        .unwrap();
        assert!(deep < 0.0);
        let (at, least) = dip(
            |x| Ok::<f64, Infallible>((x - 0.3).powi(2) + 0.01),
            (-1.0, 1.0),
            1e-6,
        )
        .unwrap();
        assert!((at - 0.3).abs() < 1e-6 && (least - 0.01).abs() < 1e-12);
    }
}
