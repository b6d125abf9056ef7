//! The columns of one line of a two-line element set, checked one by one.
//!
//! Each reader names the columns it looked at, so that a refusal can mark them.

use std::ops::Range;

use super::ElementsError;

/// Length of a line of an element set, columns.
pub(super) const LENGTH: usize = 69;

/// A line of 69 ASCII columns; whether its checksum is good is one of the questions.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Columns<'a> {
    /// Checks what all lines share: ASCII, 69 columns, the line number and a blank after it.
    pub(super) fn new(text: &'a str, line: usize, number: char) -> Result<Self, ElementsError> {
        let wide = text.chars().count();
        let refuse = |columns: Range<usize>, found: String, expected: &str| ElementsError {
            line,
            columns,
            found,
            expected: expected.into(),
        };
        if let Some((at, odd)) = text
            .chars()
            .enumerate()
            .find(|(_, c)| !matches!(c, ' '..='~'))
        {
            return Err(refuse(
                at + 1..at + 2,
                odd.escape_default().to_string(),
                "plain ASCII text",
            ));
        }
        let columns = Columns { text, line };
        if wide < 2 || !text.starts_with(number) || text.as_bytes()[1] != b' ' {
            let expected = format!("`{number} `, the start of line {number}");
            return Err(refuse(
                1..3.min(wide + 1).max(2),
                text.get(..2.min(wide)).unwrap_or_default().into(),
                &expected,
            ));
        }
        if wide < LENGTH {
            let found = format!("the end of the line after column {wide}");
            return Err(refuse(wide + 1..wide + 2, found, "69 columns"));
        }
        if wide > LENGTH {
            return Err(refuse(
                LENGTH + 1..wide + 1,
                text[LENGTH..].into(),
                "nothing after column 69",
            ));
        }
        Ok(columns)
    }

    /// The whole line.
    pub(super) fn text(self) -> &'a str {
        self.text
    }

    /// The text of columns, 1-based, end exclusive.
    pub(super) fn get(self, columns: Range<usize>) -> &'a str {
        &self.text[columns.start - 1..columns.end - 1]
    }

    /// A refusal of `columns`.
    pub(super) fn refuse(self, columns: Range<usize>, expected: &str) -> ElementsError {
        ElementsError {
            line: self.line,
            found: self.get(columns.clone()).into(),
            columns,
            expected: expected.into(),
        }
    }

    fn require(
        self,
        columns: Range<usize>,
        expected: &str,
        good: impl Fn(&str) -> bool,
    ) -> Result<&'a str, ElementsError> {
        let text = self.get(columns.clone());
        if good(text) {
            Ok(text)
        } else {
            Err(self.refuse(columns, expected))
        }
    }

    /// Columns that separate fields.
    pub(super) fn blanks(self, columns: &[usize]) -> Result<(), ElementsError> {
        for &column in columns {
            self.require(column..column + 1, "a blank between fields", |text| {
                text == " "
            })?;
        }
        Ok(())
    }

    /// The catalogue number of columns 3 to 7: five digits, or Alpha-5, in which a letter but
    /// not I or O stands for 10 to 33 in the first place.
    pub(super) fn catalogue_number(self) -> Result<u32, ElementsError> {
        let expected = "a catalogue number of five digits (or a letter and four)";
        let text = self.require(3..8, expected, |text| {
            let (first, rest) = text.split_at(1);
            let letter = |c: char| c.is_ascii_uppercase() && c != 'I' && c != 'O';
            all_digits(rest) && first.starts_with(|c: char| c.is_ascii_digit() || letter(c))
        })?;
        let first = text.as_bytes()[0];
        let skipped = u32::from(first > b'I') + u32::from(first > b'O');
        let leading = match first {
            b'0'..=b'9' => u32::from(first - b'0'),
            _ => u32::from(first - b'A') + 10 - skipped,
        };
        Ok(text[1..].bytes().fold(leading, |number, digit| {
            number * 10 + u32::from(digit - b'0')
        }))
    }

    /// A field with its decimal point written: blanks, digits, a point, digits to the end.
    pub(super) fn decimal(
        self,
        columns: Range<usize>,
        places: usize,
        expected: &str,
    ) -> Result<f64, ElementsError> {
        let text = self.require(columns.clone(), expected, |text| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            all_digits(whole.trim_start_matches(' '))
                && fraction.len() == places
                && all_digits(fraction)
        })?;
        self.number(columns, text.trim_start(), expected)
    }

    /// A [`Columns::decimal`] within a range.
    pub(super) fn angle(
        self,
        columns: Range<usize>,
        limit: f64,
        what: &str,
    ) -> Result<f64, ElementsError> {
        let expected = format!("{what} from 0 to {limit} deg with four decimal places");
        let degrees = self.decimal(columns.clone(), 4, &expected)?;
        if degrees <= limit {
            Ok(degrees)
        } else {
            Err(self.refuse(columns, &expected))
        }
    }

    /// Digits only, read as a number.
    pub(super) fn digits(
        self,
        columns: Range<usize>,
        expected: &str,
    ) -> Result<f64, ElementsError> {
        let text = self.require(columns.clone(), expected, all_digits)?;
        self.number(columns, text, expected)
    }

    /// A count on the right of its columns, with blanks before it and at least one digit.
    pub(super) fn count(self, columns: Range<usize>, expected: &str) -> Result<(), ElementsError> {
        self.require(columns, expected, |text| {
            all_digits(text.trim_start_matches(' '))
        })?;
        Ok(())
    }

    /// A sign, a point and eight digits: half the first derivative of the mean motion.
    pub(super) fn fraction(
        self,
        columns: Range<usize>,
        expected: &str,
    ) -> Result<(), ElementsError> {
        self.require(columns, expected, |text| {
            let (sign, rest) = text.split_at(1);
            is_sign(sign) && rest.strip_prefix('.').is_some_and(all_digits)
        })?;
        Ok(())
    }

    /// A sign, five digits behind an assumed point, and a signed power of ten.
    pub(super) fn exponential(
        self,
        columns: Range<usize>,
        expected: &str,
    ) -> Result<(), ElementsError> {
        self.require(columns, expected, |text| {
            let (sign, rest) = text.split_at(1);
            let (mantissa, power) = rest.split_at(5);
            is_sign(sign)
                && all_digits(mantissa)
                && power.starts_with(['+', '-'])
                && all_digits(&power[1..])
        })?;
        Ok(())
    }

    /// The international designator of columns 10 to 17, which may be blank.
    pub(super) fn designator(self) -> Result<(), ElementsError> {
        let expected = "an international designator (launch year, number and piece) or blanks";
        self.require(10..18, expected, |text| {
            let (launch, piece) = text.split_at(5);
            let letters = piece.trim_end_matches(' ');
            text.trim().is_empty()
                || (all_digits(launch)
                    && !letters.is_empty()
                    && letters.bytes().all(|c| c.is_ascii_uppercase()))
        })?;
        Ok(())
    }

    /// The classification in column 8.
    pub(super) fn classification(self) -> Result<(), ElementsError> {
        let expected = "a classification: U, C or S";
        self.require(8..9, expected, |text| matches!(text, "U" | "C" | "S"))?;
        Ok(())
    }

    /// The checksum in column 69: the sum of the digits, a minus as 1, modulo 10.
    pub(super) fn checksum(self) -> Result<(), ElementsError> {
        let sum: u32 = self.text[..LENGTH - 1]
            .chars()
            .map(|c| {
                if c == '-' {
                    1
                } else {
                    c.to_digit(10).unwrap_or(0)
                }
            })
            .sum();
        let expected = format!("the checksum {}", sum % 10);
        let digit = (sum % 10).to_string();
        self.require(LENGTH..LENGTH + 1, &expected, |text| text == digit)?;
        Ok(())
    }

    fn number(
        self,
        columns: Range<usize>,
        text: &str,
        expected: &str,
    ) -> Result<f64, ElementsError> {
        text.parse().map_err(|_| self.refuse(columns, expected))
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

fn is_sign(text: &str) -> bool {
    matches!(text, " " | "+" | "-")
}
