//! Numbers with units as people write them: `"250 ms"`, `"95 min"`, `"2 orbits"`.

use nom::Parser;
use nom::character::complete::{alpha1, multispace0};
use nom::combinator::{all_consuming, opt};
use nom::number::complete::double;
use nom::sequence::preceded;

use super::campaign::RawLength;
use super::refusal::is_near;

/// A number and its unit, if one is written.
fn quantity(text: &str) -> Option<(f64, Option<&str>)> {
    let unit = opt(preceded(
        multispace0::<&str, nom::error::Error<&str>>,
        alpha1,
    ));
    let (_, (number, unit)) = all_consuming((double, unit)).parse(text.trim()).ok()?;
    Some((number, unit))
}

/// What to write instead of something wrong.
pub(super) struct Advice {
    /// What was expected.
    pub(super) expected: &'static str,
    /// What to write.
    pub(super) help: Option<String>,
}

/// Units of time as files spell them, their length in seconds, and other spellings of them.
const TIMES: [(&str, f64, &[&str]); 5] = [
    (
        "ms",
        1e-3,
        &["msec", "millis", "millisecond", "milliseconds"],
    ),
    ("s", 1.0, &["sec", "secs", "second", "seconds"]),
    ("min", 60.0, &["m", "mins", "minute", "minutes"]),
    ("h", 3_600.0, &["hr", "hrs", "hour", "hours"]),
    ("d", 86_400.0, &["day", "days"]),
];

/// What to write instead of `text` where a length of time is wanted; `of_step`: or orbits.
pub(super) fn duration_advice(text: &str, of_step: bool) -> Advice {
    let expected = if of_step {
        "expected a number and a unit: ms, s, min, h, d or orbits"
    } else {
        "expected a number and a unit: ms, s, min, h or d"
    };
    let help = match quantity(text) {
        Some((number, _)) if !number.is_finite() => None,
        Some((number, _)) if number < 0.0 => Some("a length of time is not negative".to_owned()),
        Some((number, None)) => Some(format!("which unit? such as \"{number} s\"")),
        Some((number, Some(unit))) => {
            let low = unit.to_lowercase();
            let known = TIMES.iter();
            let meant = known.filter(|(name, _, also)| *name == low || also.contains(&&*low));
            let meant = meant.map(|(name, ..)| *name).next();
            let orbits = (of_step && is_near(&low, "orbits")).then_some("orbits");
            meant
                .or(orbits)
                .map(|unit| format!("did you mean `\"{number} {unit}\"`?"))
        }
        None => None,
    };
    Advice { expected, help }
}

/// What to write instead of the text `text` where a number is wanted.
pub(crate) fn number_advice(text: &str) -> Option<String> {
    match quantity(text)? {
        (_, Some(_)) => Some("write the number alone; the key says the unit".to_owned()),
        (number, None) => Some(format!("write {number} without quotes")),
    }
}

/// A length of time in seconds: `"250 ms"`. `None` if it is none, negative or not finite.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let (number, unit) = quantity(text)?;
    let unit = unit?;
    // One letter may be a metre or a month as well; whole words are taken.
    let is_it = |(name, _, also): &&(&str, f64, &[&str])| {
        *name == unit || (unit.len() > 1 && also.contains(&unit))
    };
    let (_, factor, _) = TIMES.iter().find(is_it)?;
    let seconds = number * factor;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// The length of a step: of time, or in orbits.
pub(super) fn length_of_step(text: &str) -> Option<RawLength> {
    let of_time = seconds(text).map(RawLength::Seconds);
    of_time.or_else(|| orbits(text).map(RawLength::Orbits))
}

/// A number of orbits: `"2 orbits"`.
fn orbits(text: &str) -> Option<f64> {
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

    #[test]
    fn advice_says_what_to_write() {
        let help = |text| duration_advice(text, true).help.unwrap_or_default();
        assert_eq!(help("5 minutes"), "did you mean `\"5 min\"`?");
        assert_eq!(help("60 S"), "did you mean `\"60 s\"`?");
        assert_eq!(help("2 obits"), "did you mean `\"2 orbits\"`?");
        assert_eq!(help("60"), "which unit? such as \"60 s\"");
        assert_eq!(help("-1 s"), "a length of time is not negative");
        assert_eq!(help("soon"), "");
        assert_eq!(number_advice("30").unwrap(), "write 30 without quotes");
        assert!(number_advice("30 V").unwrap().contains("alone"));
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
