//! Numbers and instants as text, fast: a day has two million of them.

use std::fmt::Write;

use profiles::orbit::Utc;

/// Above this a number has no six digits after its point that mean anything.
const LARGEST: f64 = 9e12;

/// Appends a number with six digits after its point.
pub(super) fn fixed(out: &mut String, value: f64) {
    if !value.is_finite() || value.abs() >= LARGEST {
        // Writing to a String cannot fail.
        let _always_ok = write!(out, "{value:.6}");
        return;
    }
    let millionths = (value.abs() * 1e6).round() as u64;
    if value < 0.0 && millionths > 0 {
        out.push('-');
    }
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    digits(out, whole, 1);
    out.push('.');
    digits(out, rest, 6);
}

/// Appends a whole number, with zeros before it up to `least` digits.
fn digits(out: &mut String, mut number: u64, least: usize) {
    let mut text = [b'0'; 20];
    let mut from = text.len();
    while number > 0 || text.len() - from < least {
        from -= 1;
        text[from] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.push_str(std::str::from_utf8(&text[from..]).unwrap_or_default());
}

/// Instants in order of time, as RFC 3339 with microseconds. The date and the minute are made
/// once a minute.
#[derive(Default)]
pub(super) struct Stamps {
    /// Up to the minute, and when that began.
    minute: Option<(String, Utc)>,
}

/// Length of `2025-06-25T18:11:`, before the seconds.
const PREFIX: usize = 17;

/// Length of `39.880184`, after it.
const SECONDS: usize = 9;

impl Stamps {
    /// Appends an instant.
    pub(super) fn write(&mut self, out: &mut String, at: Utc) {
        if let Some((prefix, began)) = &self.minute {
            let micros = (at.seconds_since(*began) * 1e6).round();
            // The sixtieth second is a leap second or the next minute: made anew.
            if (0.0..60e6).contains(&micros) {
                let micros = micros as u64;
                out.push_str(prefix);
                digits(out, micros / 1_000_000, 2);
                out.push('.');
                digits(out, micros % 1_000_000, 6);
                out.push('Z');
                return;
            }
        }
        let text = at.exact();
        let seconds = text.get(PREFIX..PREFIX + SECONDS);
        self.minute = seconds
            .and_then(|seconds| seconds.parse::<f64>().ok())
            .map(|seconds| (text[..PREFIX].to_owned(), at.plus_seconds(-seconds)));
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: f64) -> String {
        let mut text = String::new();
        fixed(&mut text, value);
        text
    }

    #[test]
    fn numbers_are_as_the_standard_library_writes_them() {
        for (value, expected) in [
            (0.0, "0.000000"),
            (-0.0, "0.000000"),
            (-1e-7, "0.000000"),
            (1.5, "1.500000"),
            (-12.000_001, "-12.000001"),
            (86_400.0, "86400.000000"),
            (0.999_999_9, "1.000000"),
            (1e13, "10000000000000.000000"),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(shown(f64::NAN), "NaN");
    }

    #[test]
    fn instants_are_exact_over_a_leap_second_and_a_year() {
        for start in ["2016-12-31T23:59:57.250000Z", "2025-12-31T23:58:59.999999Z"] {
            let start = Utc::parse(start).unwrap();
            let mut stamps = Stamps::default();
            for step in 0..200 {
                let at = start.plus_seconds(f64::from(step) * 0.75);
                let mut text = String::new();
                stamps.write(&mut text, at);
                assert_eq!(text, at.exact());
            }
        }
    }

    proptest! {
        #[test]
        fn any_number_is_near_what_is_written(value in -1e9..1e9_f64) {
            let back: f64 = shown(value).parse().unwrap();
            prop_assert!((back - value).abs() <= 5.01e-7 + 1e-15 * value.abs());
        }
    }
}
