//! Numbers with units as people write them: `"250 ms"`, `"95 min"`, `"2 orbits"`.

use nom::Parser;
use nom::character::complete::{alpha1, multispace0};
use nom::combinator::{all_consuming, opt};
use nom::number::complete::double;
use nom::sequence::preceded;

/// A number and its unit, if one is written.
fn quantity(text: &str) -> Option<(f64, Option<&str>)> {
    let unit = opt(preceded(
        multispace0::<&str, nom::error::Error<&str>>,
        alpha1,
    ));
    let (_, (number, unit)) = all_consuming((double, unit)).parse(text.trim()).ok()?;
    Some((number, unit))
}

/// What a length of time is written as.
pub(super) const DURATION_HELP: &str = "write a number and a unit: `ms`, `s`, `min`, `h` or `d`";

/// A length of time in seconds: `"250 ms"`. `None` if it is none, negative or not finite.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let (number, unit) = quantity(text)?;
    let factor = match unit? {
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let seconds = number * factor;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// A number of orbits: `"2 orbits"`.
pub(super) fn orbits(text: &str) -> Option<f64> {
    match quantity(text)? {
        (number, Some("orbit" | "orbits")) if number.is_finite() && number > 0.0 => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(seconds("250 ms"), Some(0.25));
        assert_eq!(seconds("95min"), Some(5_700.0));
        assert_eq!(seconds("1.5 h"), Some(5_400.0));
        for wrong in [
            "", "5", "5 m", "-1 s", "s", "1 s 2", "nan s", "inf s", "1e400 s",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
        assert_eq!(orbits("2 orbits"), Some(2.0));
        assert_eq!(orbits("0 orbits"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Some(seconds) = seconds(&text) {
                proptest::prop_assert!(seconds.is_finite() && seconds >= 0.0);
            }
        }
    }
}
