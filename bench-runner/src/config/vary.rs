//! `[vary]`: values that are drawn anew in each run of `bench monte-carlo`, as `KEY = "DISTRIBUTION"`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use profiles::seed::Stream;

use super::campaign::RawValue;
use super::reader::{Located, TableReader};

/// What a value is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// `7.6..8.4`: any number from one to the other, equally likely.
    Uniform(f64, f64),
    /// `0..3`: a whole number from one to the other, both included.
    Whole(i64, i64),
    /// `2025-01-01T00:00:00Z..2026-01-01T00:00:00Z`: any second from one to the other.
    Time(Timestamp, Timestamp),
    /// `8.0 +- 0.2`: normal, with mean and standard deviation, never beyond six of them.
    Normal(f64, f64),
    /// `a | b | c`: one of them.
    OneOf(Vec<String>),
}

impl Distribution {
    /// A value, as TOML. Numbers have seven digits: more than any of them means.
    pub fn draw(&self, stream: &mut Stream) -> String {
        match self {
            Distribution::Uniform(low, high) => number(low + (high - low) * stream.unit()),
            Distribution::Whole(low, high) => {
                let count = high.abs_diff(*low).saturating_add(1);
                low.saturating_add_unsigned(stream.below(count)).to_string()
            }
            Distribution::Time(first, last) => {
                let (first, last) = (first.as_second(), last.as_second());
                let second = first.saturating_add_unsigned(stream.below(first.abs_diff(last) + 1));
                let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
                format!("\"{time}\"")
            }
            Distribution::Normal(mean, deviation) => number(mean + deviation * stream.normal()),
            Distribution::OneOf(values) => {
                let place = stream.below(values.len() as u64);
                let value = values.get(place as usize);
                value.cloned().unwrap_or_default()
            }
        }
    }
}

/// Seven significant digits, and always a decimal point.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    format!("{rounded:?}")
}

impl FromStr for Distribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Distribution, String> {
        let text = text.trim();
        let float = |text: &str| {
            let number = text.trim().parse::<f64>().ok();
            number.filter(|number| number.is_finite())
        };
        if text.contains('|') {
            let values = text.split('|').map(|value| value.trim().to_owned());
            let values: Vec<String> = values.collect();
            if values.iter().any(String::is_empty) {
                return Err(format!("`{text}` has nothing between two bars"));
            }
            return Ok(Distribution::OneOf(values));
        }
        if let Some((mean, deviation)) = text.split_once("+-").or_else(|| text.split_once('±')) {
            return match (float(mean), float(deviation)) {
                (Some(mean), Some(deviation)) if deviation >= 0.0 => {
                    Ok(Distribution::Normal(mean, deviation))
                }
                _ => Err(format!(
                    "`{text}`: expected mean and standard deviation, as 8.0 +- 0.2"
                )),
            };
        }
        let known = || {
            let (low, high) = text.split_once("..")?;
            let (low, high) = (low.trim(), high.trim());
            if let (Ok(low), Ok(high)) = (low.parse(), high.parse()) {
                return (low <= high).then_some(Distribution::Whole(low, high));
            }
            if let (Some(low), Some(high)) = (float(low), float(high)) {
                return (low <= high).then_some(Distribution::Uniform(low, high));
            }
            let (first, last) = (low.parse().ok()?, high.parse().ok()?);
            (first <= last).then_some(Distribution::Time(first, last))
        };
        known().ok_or_else(|| {
            format!(
                "`{text}` is no distribution: expected 7.6..8.4 (any between, the lower first), 0..3 (whole \
                 numbers), 2025-01-01T00:00:00Z..2026-01-01T00:00:00Z (times), 8.0 +- 0.2 (normal) or a | b"
            )
        })
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Uniform(low, high) => write!(f, "{low:?}..{high:?}"),
            Distribution::Whole(low, high) => write!(f, "{low}..{high}"),
            Distribution::Time(first, last) => write!(f, "{first}..{last}"),
            Distribution::Normal(mean, deviation) => write!(f, "{mean:?} +- {deviation:?}"),
            Distribution::OneOf(values) => f.write_str(&values.join(" | ")),
        }
    }
}

/// A key of the campaign, and what its value is drawn from.
pub type Varied = (String, Distribution);

/// The table, with nested ones laid flat: `orbit.start` is `[vary.orbit]` with `start` as well.
pub(super) fn vary(root: &TableReader<'_>) -> Vec<Varied> {
    let mut varied = Vec::new();
    if let Some(table) = root.get("vary").and_then(|node| node.table("[vary]")) {
        flatten(&table, "", &mut varied);
    }
    varied
}

fn flatten(table: &TableReader<'_>, above: &str, varied: &mut Vec<Varied>) {
    for (key, node) in table.entries() {
        let Located { value: key, .. } = key;
        let key = format!("{above}{key}");
        let text = match node.raw() {
            RawValue::Text(text) => text,
            RawValue::Number(_) => {
                let what = format!("`{key}` is one number");
                let _refused: Option<()> = node.refuse(
                    what,
                    "expected a distribution in quotes, such as \"7.6..8.4\"",
                );
                continue;
            }
            RawValue::Other => {
                if let Some(inner) = node.table(&key) {
                    flatten(&inner, &format!("{key}."), varied);
                }
                continue;
            }
        };
        match text.parse() {
            Ok(distribution) => varied.push((key, distribution)),
            Err(why) => {
                let _refused: Option<()> = node.refuse(why, "expected a distribution");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use profiles::seed::Seed;

    use super::*;

    fn draws(text: &str) -> Vec<String> {
        let distribution: Distribution = text.parse().unwrap();
        // What is told of it reads back as the same.
        assert_eq!(distribution.to_string().parse(), Ok(distribution.clone()));
        let mut stream = Seed(1).stream("x", "y");
        (0..2_000).map(|_| distribution.draw(&mut stream)).collect()
    }

    fn numbers(text: &str) -> Vec<f64> {
        draws(text).iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn draws_are_from_what_is_written() {
        let uniform = numbers("7.5..8.5");
        assert!(uniform.iter().all(|it| (7.5..=8.5).contains(it)));
        let mean = uniform.iter().sum::<f64>() / 2_000.0;
        assert!((mean - 8.0).abs() < 0.03, "{mean}");
        let whole = draws("0..3");
        for value in ["0", "1", "2", "3"] {
            let count = whole.iter().filter(|it| *it == value).count();
            assert!((400..600).contains(&count), "{value}: {count}");
        }
        let normal = numbers("8.0 +- 0.2");
        let variance = normal.iter().map(|it| (it - 8.0).powi(2)).sum::<f64>() / 2_000.0;
        assert!((variance.sqrt() - 0.2).abs() < 0.01, "{variance}");
        let times = draws("2025-01-01T00:00:00Z..2025-01-01T00:00:01Z");
        assert!(times.contains(&"\"2025-01-01T00:00:00Z\"".to_owned()));
        assert!(times.contains(&"\"2025-01-01T00:00:01Z\"".to_owned()));
        let words = draws("\"oblate\" | \"spherical\"");
        assert!(words.contains(&"\"oblate\"".to_owned()));
    }

    #[test]
    fn what_is_no_distribution_is_told() {
        for text in [
            "", "x", "2..1", "1..x", "1 +- x", "1 +- -1", "nan..1.0", "a | | b",
        ] {
            let why = text.parse::<Distribution>().unwrap_err();
            assert!(why.contains(&format!("`{text}`")), "{text}: {why}");
        }
    }
}
