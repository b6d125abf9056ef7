//! Lines of the key-value notation of CCSDS orbit messages (CCSDS 502.0-B-3, section 7).

use std::ops::Range;

use crate::orbit::elements::ElementsError;
use crate::orbit::utc::Utc;

/// A piece of a line and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
    /// Column of its first character, 1 for the first.
    pub(super) column: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn columns(&self) -> Range<usize> {
        self.column..self.column + self.text.chars().count().max(1)
    }

    pub(super) fn refuse(&self, expected: impl Into<String>) -> ElementsError {
        ElementsError {
            line: self.line,
            columns: self.columns(),
            found: self.text.into(),
            expected: expected.into(),
        }
    }

    /// A finite number.
    pub(super) fn number(&self, expected: &str) -> Result<f64, ElementsError> {
        let number = self.text.parse::<f64>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| self.refuse(expected))
    }

    /// A number in a range.
    pub(super) fn within(&self, range: Range<f64>, what: &str) -> Result<f64, ElementsError> {
        let expected = format!("{what} from {} to {}", range.start, range.end);
        let number = self.number(&expected)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.refuse(expected))
        }
    }

    /// An instant in UTC without an offset (`Z` may stand).
    pub(super) fn instant(&self) -> Result<Utc, ElementsError> {
        let text = self.text.trim_end_matches('Z');
        Utc::parse(&format!("{text}Z"))
            .map_err(|_| self.refuse("an instant like 2025-06-25T18:00:00.000"))
    }

    /// The piece cut at blanks.
    pub(super) fn words(&self) -> Vec<Piece<'a>> {
        let mut words = Vec::new();
        let mut rest = self.text;
        let mut column = self.column;
        while !rest.trim_start().is_empty() {
            let blank = rest.len() - rest.trim_start().len();
            let word = &rest[blank..];
            let end = word.find(char::is_whitespace).unwrap_or(word.len());
            words.push(Piece {
                text: &word[..end],
                line: self.line,
                column: column + blank,
            });
            column += blank + end;
            rest = &word[end..];
        }
        words
    }

    /// `KEY = value`, if it is that; a unit in square brackets is cut off.
    pub(super) fn key(&self) -> Option<(&'a str, Piece<'a>)> {
        let (key, value) = self.text.split_once('=')?;
        let before = key.chars().count() + 1;
        let blank = value.len() - value.trim_start().len();
        let value = value.split('[').next().unwrap_or(value).trim();
        let piece = Piece {
            text: value,
            line: self.line,
            column: self.column + before + blank,
        };
        Some((key.trim(), piece))
    }
}

/// The lines that say something: no blank ones, no comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.lines()
        .enumerate()
        .map(|(index, line)| Piece {
            text: line.trim_end(),
            line: index + 1,
            column: 1,
        })
        .filter(|piece| {
            let said = piece.text.trim_start();
            !said.is_empty() && !said.starts_with("COMMENT")
        })
}

/// Something is missing: marked at the first column of the line after the last one.
pub(super) fn missing(text: &str, what: &str) -> ElementsError {
    ElementsError {
        line: text.lines().count() + 1,
        columns: 1..2,
        found: "the end of the text".into(),
        expected: what.into(),
    }
}
