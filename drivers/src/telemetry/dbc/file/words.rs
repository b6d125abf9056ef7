//! The words of DBC files: names, numbers, texts and signs, each after any blanks.

use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of};
use nom::combinator::{opt, recognize};
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

/// Characters of what was found that a message shows.
const SHOWN: usize = 24;

/// What was expected where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing<'a> {
    pub(super) rest: &'a str,
    pub(super) expected: &'static str,
}

pub(super) type Parsed<'a, T> = IResult<&'a str, T, Missing<'a>>;

impl<'a> ParseError<&'a str> for Missing<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Missing<'a> {
        let expected = "something else";
        Missing { rest, expected }
    }

    fn append(_: &'a str, _: ErrorKind, other: Missing<'a>) -> Missing<'a> {
        other
    }
}

impl Missing<'_> {
    /// ``found `x`, expected y``
    pub(super) fn says(&self) -> String {
        let expected = self.expected;
        match self.rest.lines().next().unwrap_or_default().trim_end() {
            "" if self.rest.is_empty() => format!("found the end of the file, expected {expected}"),
            "" => format!("found the end of the line, expected {expected}"),
            line => {
                let shown: String = line.chars().take(SHOWN).collect();
                let more = if shown.len() < line.len() { "…" } else { "" };
                format!("found `{shown}{more}`, expected {expected}")
            }
        }
    }
}

/// What follows behind blanks and ends of lines.
pub(super) fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_ascii_start();
    while let Some(comment) = rest.strip_prefix("//") {
        let end = comment.find('\n').unwrap_or(comment.len());
        rest = comment[end..].trim_ascii_start();
    }
    rest
}

fn token<'a, O>(
    text: &'a str,
    expected: &'static str,
    mut inner: impl Parser<&'a str, Output = O, Error = Missing<'a>>,
) -> Parsed<'a, O> {
    let rest = skip_blanks(text);
    let missing = |_| nom::Err::Error(Missing { rest, expected });
    inner.parse(rest).map_err(missing)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Letters, digits and underscores.
pub(super) fn word<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, &'a str> {
    token(text, expected, take_while1(is_word))
}

pub(super) fn sign<'a>(text: &'a str, sign: char, expected: &'static str) -> Parsed<'a, ()> {
    let (rest, _) = token(text, expected, char(sign))?;
    Ok((rest, ()))
}

/// One of a few characters.
pub(super) fn one<'a>(
    text: &'a str,
    choices: &'static str,
    expected: &'static str,
) -> Parsed<'a, char> {
    token(text, expected, one_of(choices))
}

/// A whole number without a sign.
pub(super) fn count<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, u64> {
    let digits = take_while1(|letter: char| letter.is_ascii_digit());
    let (rest, digits) = token(text, expected, digits)?;
    match digits.parse() {
        Ok(count) => Ok((rest, count)),
        Err(_) => Err(missing(text, expected)),
    }
}

/// A number with or without a fraction and an exponent.
pub(super) fn number<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, f64> {
    let digits = || take_while1(|letter: char| letter.is_ascii_digit());
    let mantissa = (
        opt(one_of("+-")),
        opt(digits()),
        opt(char('.')),
        opt(digits()),
    );
    let exponent = (one_of("eE"), opt(one_of("+-")), digits());
    let (rest, digits) = token(text, expected, recognize((mantissa, opt(exponent))))?;
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((rest, number)),
        _ => Err(missing(text, expected)),
    }
}

/// A whole number, perhaps below zero, perhaps written with a fraction of zero.
pub(super) fn integer<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, i64> {
    let digits = take_while1(|letter: char| letter.is_ascii_digit());
    let (rest, digits) = token(text, expected, recognize((opt(one_of("+-")), digits)))?;
    if let Ok(integer) = digits.parse() {
        return Ok((rest, integer));
    }
    // Names of 64-bit values without a sign.
    let bits = digits.parse::<u64>();
    bits.map(|bits| (rest, bits.cast_signed()))
        .map_err(|_| missing(text, expected))
}

/// A text in quotation marks, in which `\"` is one of them.
pub(super) fn quoted<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, &'a str> {
    let rest = skip_blanks(text);
    let missing = nom::Err::Error(Missing { rest, expected });
    let Some(inner) = rest.strip_prefix('"') else {
        return Err(missing);
    };
    let octets = inner.as_bytes();
    let end =
        (0..octets.len()).find(|&at| octets[at] == b'"' && (at == 0 || octets[at - 1] != b'\\'));
    match end {
        Some(end) => Ok((&inner[end + 1..], &inner[..end])),
        None => Err(missing),
    }
}

/// The same, with its end on the line of its beginning.
pub(super) fn quoted_on_line<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, &'a str> {
    match quoted(text, expected) {
        Ok((_, inner)) if inner.contains('\n') => Err(missing(text, expected)),
        read => read,
    }
}

/// `expected` is not what comes next.
pub(super) fn missing<'a>(text: &'a str, expected: &'static str) -> nom::Err<Missing<'a>> {
    let rest = skip_blanks(text);
    nom::Err::Error(Missing { rest, expected })
}
