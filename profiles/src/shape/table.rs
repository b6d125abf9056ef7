//! Values from a table, as somebody measured or another tool computed them.

use super::sampled;
use crate::time::{BenchTime, Period, Window};

/// What a table is between two rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Between {
    /// A straight line.
    #[default]
    Linear,
    /// The last row's value.
    Step,
}

/// Values at times; constant before the first row and after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    rows: Vec<(BenchTime, f64)>,
    between: Between,
}

/// What is wrong with the text of a table, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct TableError {
    /// Line of the text, 1 for the first.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Table {
    /// Reads `seconds,value` rows in time order. Blank lines and lines that start with `#` are
    /// skipped, and so is a first row `seconds,value`.
    ///
    /// # Errors
    /// If a row is no such row, is not later than the one before it, or if there is none.
    pub fn parse(text: &str, between: Between) -> Result<Table, TableError> {
        let mut rows: Vec<(BenchTime, f64)> = Vec::new();
        let lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        for (index, (line, row)) in lines.enumerate() {
            if index == 0 && is_heading(row) {
                continue;
            }
            let (at, value) = parse_row(row).map_err(|why| TableError { line, why })?;
            if let Some((last, _)) = rows.last()
                && at <= *last
            {
                let why = format!("{at} is not later than the row before it, {last}");
                return Err(TableError { line, why });
            }
            rows.push((at, value));
        }
        if rows.is_empty() {
            return Err(TableError {
                line: text.lines().count().max(1),
                why: "no row `seconds,value`".into(),
            });
        }
        Ok(Table { rows, between })
    }

    /// The rows.
    pub fn rows(&self) -> &[(BenchTime, f64)] {
        &self.rows
    }

    /// The value at `at`.
    pub fn value_at(&self, at: BenchTime) -> f64 {
        let after = self.rows.partition_point(|(time, _)| *time <= at);
        let (Some(&(from, a)), next) = (
            after.checked_sub(1).and_then(|index| self.rows.get(index)),
            self.rows.get(after),
        ) else {
            return self.rows[0].1;
        };
        match (next, self.between) {
            (Some(&(to, b)), Between::Linear) => {
                a + (b - a) * (at.micros_since(from) as f64 / to.micros_since(from) as f64)
            }
            _ => a,
        }
    }

    /// The largest value of all rows.
    pub fn highest(&self) -> f64 {
        let values = self.rows.iter().map(|(_, value)| *value);
        values.fold(f64::MIN, f64::max)
    }

    /// The values at the start of `window` and every `every` from there.
    pub fn sampled(&self, window: Window, every: Period) -> Vec<(BenchTime, f64)> {
        sampled(window, every, |at| self.value_at(at))
    }
}

fn is_heading(row: &str) -> bool {
    row.split(',').map(str::trim).eq(["seconds", "value"])
}

fn parse_row(row: &str) -> Result<(BenchTime, f64), String> {
    let columns: Vec<&str> = row.split(',').map(str::trim).collect();
    let &[seconds, value] = columns.as_slice() else {
        return Err(format!("expected `seconds,value`, found `{row}`"));
    };
    let number = |text: &str, what: &str| match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{what} `{text}` is no finite number")),
    };
    let seconds = number(seconds, "time")?;
    if seconds < 0.0 {
        return Err(format!("time `{seconds}` is before the start"));
    }
    Ok((BenchTime::from_secs_f64(seconds), number(value, "value")?))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    const TEXT: &str = "# measured\nseconds,value\n1,10\n\n 2.5 , 40 \n4,-5e0\n";

    fn at(table: &Table, millis: u64) -> f64 {
        table.value_at(BenchTime::from_millis(millis))
    }

    #[test]
    fn a_table_is_read_and_interpolated() {
        let table = Table::parse(TEXT, Between::Linear).unwrap();
        let values = [0, 1_000, 2_000, 2_500, 4_000, 9_000].map(|millis| at(&table, millis));
        assert_eq!(values, [10.0, 10.0, 30.0, 40.0, -5.0, -5.0]);
    }

    #[test]
    fn a_step_table_holds_its_values() {
        let table = Table::parse(TEXT, Between::Step).unwrap();
        let values = [0, 2_499, 2_500, 3_999, 4_000].map(|millis| at(&table, millis));
        assert_eq!(values, [10.0, 10.0, 40.0, 40.0, -5.0]);
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line, why) in [
            ("", 1, "no row"),
            ("seconds,value\n", 1, "no row"),
            ("1,2\nx,3", 2, "time `x`"),
            ("1,2\n\n3,nan", 3, "value `nan`"),
            ("1,2\n1,3", 2, "not later"),
            ("-1,2", 1, "before the start"),
            ("1;2", 1, "expected `seconds,value`"),
            ("1,2,3", 1, "expected `seconds,value`"),
            ("1,2\nseconds,value", 2, "time `seconds`"),
        ] {
            let error = Table::parse(text, Between::Linear).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
            assert!(error.why.contains(why), "{text:?}: {error}");
        }
    }
}
