//! Program messages of IEEE 488.2 and SCPI-99, parsed unit by unit: headers and parameters. What
//! a header means is found in a [`super::header::Table`].

use std::borrow::Cow;

use nom::branch::alt;
use nom::bytes::complete::{is_a, tag, tag_no_case, take_while, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{map, map_opt, opt, peek, recognize, verify};
use nom::multi::{many0_count, separated_list1};
use nom::number::complete::double;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::status::code;

/// One command or query of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unit<'a> {
    /// Header without leading colon and without question mark: `MEAS:VOLT`, `*IDN`.
    pub(crate) header: &'a str,
    /// Whether a colon leads back to the root.
    pub(crate) rooted: bool,
    /// Whether it ends in a question mark.
    pub(crate) query: bool,
    /// Its parameters.
    pub(crate) params: Vec<Param<'a>>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Param<'a> {
    /// A decimal number with its suffix (empty for none), or a `#H`, `#Q`, `#B` number.
    Number {
        /// The number as written, before multipliers.
        value: f64,
        /// Multiplier and unit as written: `MV`.
        suffix: &'a str,
    },
    /// Character data: `ON`, `MAX`.
    Word(&'a str),
    /// String data, quotes taken off.
    Text(Cow<'a, str>),
    /// Expression data with its parentheses: `(@1,2)`.
    Expression(&'a str),
}

/// Reads the next unit of `message` and what follows its `;`. `Ok(None)` where nothing is left.
///
/// # Errors
/// The number of the standard's error; the rest of the message is then lost.
pub(crate) fn next_unit(message: &str) -> Result<Option<(Unit<'_>, &str)>, i16> {
    let message = message.trim_start_matches(is_space);
    if message.is_empty() {
        return Ok(None);
    }
    let (rest, mut unit) = header(message).map_err(|_| code::SYNTAX_ERROR)?;
    let after = rest.trim_start_matches(is_space);
    if let Some(next) = end(after) {
        return Ok(Some((unit, next)));
    }
    if after.len() == rest.len() {
        // `VOLT5` never comes here, it is a header; `VOLT?MAX` and `VOLT=5` do.
        return Err(code::INVALID_SEPARATOR);
    }
    let (rest, params) = params(after).map_err(|_| code::SYNTAX_ERROR)?;
    unit.params = params;
    match end(rest.trim_start_matches(is_space)) {
        Some(next) => Ok(Some((unit, next))),
        None => Err(code::INVALID_SEPARATOR),
    }
}

/// What follows the unit that ends here; `None` if it does not end here.
fn end(rest: &str) -> Option<&str> {
    match rest.strip_prefix(';') {
        None if rest.is_empty() => Some(rest),
        next => next,
    }
}

/// White space of IEEE 488.2: every control character but the line feed, and the space.
fn is_space(c: char) -> bool {
    c <= ' '
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn mnemonic(input: &str) -> IResult<&str, &str> {
    verify(take_while1(is_name), |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
    })
    .parse(input)
}

fn header(input: &str) -> IResult<&str, Unit<'_>> {
    let common = recognize((char('*'), mnemonic));
    let compound = recognize((mnemonic, many0_count((char(':'), mnemonic))));
    map(
        (opt(char(':')), alt((common, compound)), opt(char('?'))),
        |(colon, header, question)| Unit {
            header,
            rooted: colon.is_some(),
            query: question.is_some(),
            params: Vec::new(),
        },
    )
    .parse(input)
}

fn params(input: &str) -> IResult<&str, Vec<Param<'_>>> {
    let comma = delimited(take_while(is_space), char(','), take_while(is_space));
    separated_list1(comma, param).parse(input)
}

fn param(input: &str) -> IResult<&str, Param<'_>> {
    alt((number, radix, word, text, expression)).parse(input)
}

fn number(input: &str) -> IResult<&str, Param<'_>> {
    // `double` also knows `inf` and `nan`, which are words here.
    let (input, _) = peek(one_of("+-.0123456789")).parse(input)?;
    let (rest, value) = double(input)?;
    let unit = recognize((
        take_while1(|c: char| c.is_ascii_alphabetic()),
        take_while(|c: char| is_name(c) || matches!(c, '/' | '.' | '%')),
    ));
    let (rest, suffix) = opt(preceded(take_while(is_space), unit)).parse(rest)?;
    let suffix = suffix.unwrap_or_default();
    Ok((rest, Param::Number { value, suffix }))
}

fn radix(input: &str) -> IResult<&str, Param<'_>> {
    let digits = |tag_text, digits, base| {
        map_opt(
            preceded(tag_no_case(tag_text), is_a(digits)),
            move |text: &str| u64::from_str_radix(text, base).ok(),
        )
    };
    map(
        alt((
            digits("#H", "0123456789abcdefABCDEF", 16),
            digits("#Q", "01234567", 8),
            digits("#B", "01", 2),
        )),
        |value| Param::Number {
            value: value as f64,
            suffix: "",
        },
    )
    .parse(input)
}

fn word(input: &str) -> IResult<&str, Param<'_>> {
    map(mnemonic, Param::Word).parse(input)
}

/// Quotes of one kind within quotes of that kind are written twice.
fn text(input: &str) -> IResult<&str, Param<'_>> {
    fn quoted<'a>(input: &'a str, quote: &'static str) -> IResult<&'a str, Param<'a>> {
        let mark = quote.as_bytes()[0] as char;
        let (mut rest, inside) =
            delimited(tag(quote), take_while(|c| c != mark), tag(quote)).parse(input)?;
        let mut whole = Cow::Borrowed(inside);
        while rest.starts_with(mark) {
            let (after, more) =
                delimited(tag(quote), take_while(|c| c != mark), tag(quote)).parse(rest)?;
            let whole = whole.to_mut();
            whole.push(mark);
            whole.push_str(more);
            rest = after;
        }
        Ok((rest, Param::Text(whole)))
    }
    quoted(input, "\"").or_else(|_| quoted(input, "'"))
}

fn expression(input: &str) -> IResult<&str, Param<'_>> {
    let inside = terminated(
        preceded(char('('), take_while(|c| c != ')' && c != '(')),
        char(')'),
    );
    map(recognize(inside), Param::Expression).parse(input)
}

/// What a numeric parameter may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Domain {
    /// Symbol of the unit in capitals; empty for none.
    pub(crate) unit: &'static str,
    /// Smallest, also as `MIN`.
    pub(crate) min: f64,
    /// Largest, also as `MAX`.
    pub(crate) max: f64,
    /// What `DEF` means.
    pub(crate) default: f64,
}

impl Param<'_> {
    /// The number in the domain's unit.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(crate) fn number(&self, domain: &Domain) -> Result<f64, i16> {
        let value = match self {
            Param::Number { value, suffix } => value * multiplier(suffix, domain.unit)?,
            Param::Word(word) => return named(word, domain),
            _ => return Err(code::DATA_TYPE),
        };
        if (domain.min..=domain.max).contains(&value) {
            Ok(value)
        } else {
            Err(code::OUT_OF_RANGE)
        }
    }

    /// A whole number from zero to `max`.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(crate) fn whole(&self, max: u16) -> Result<u16, i16> {
        let domain = Domain {
            unit: "",
            min: 0.0,
            max: f64::from(max),
            default: 0.0,
        };
        // Whole numbers are rounded, as the standard has it.
        Ok(self.number(&domain)?.round() as u16)
    }

    /// A boolean: `ON`, `OFF`, or a number that is rounded and compared with zero.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(crate) fn boolean(&self) -> Result<bool, i16> {
        match self {
            Param::Number { suffix, .. } if !suffix.is_empty() => Err(code::SUFFIX_NOT_ALLOWED),
            Param::Number { value, .. } => Ok(value.round() != 0.0),
            Param::Word(word) if word.eq_ignore_ascii_case("ON") => Ok(true),
            Param::Word(word) if word.eq_ignore_ascii_case("OFF") => Ok(false),
            Param::Word(_) => Err(code::ILLEGAL_VALUE),
            _ => Err(code::DATA_TYPE),
        }
    }

    /// Position of the word among `choices`, each written as `NORMal`.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(crate) fn choice(&self, choices: &[&str]) -> Result<usize, i16> {
        let Param::Word(word) = self else {
            return Err(code::DATA_TYPE);
        };
        choices
            .iter()
            .position(|choice| super::header::is_mnemonic(choice, word))
            .ok_or(code::ILLEGAL_VALUE)
    }
}

/// The value of `MIN`, `MAX` or `DEF`.
pub(crate) fn named(word: &str, domain: &Domain) -> Result<f64, i16> {
    const NAMES: [&str; 3] = ["MINimum", "MAXimum", "DEFault"];
    match NAMES.map(|name| super::header::is_mnemonic(name, word)) {
        [true, ..] => Ok(domain.min),
        [_, true, _] => Ok(domain.max),
        [.., true] => Ok(domain.default),
        _ => Err(code::CHARACTER_DATA),
    }
}

/// Factor of a suffix such as `MV`. By IEEE 488.2 `M` is milli and `MA` is mega, so that `MA`
/// with the ampere as its unit is a milliampere; only hertz and ohm read `M` as mega.
fn multiplier(suffix: &str, unit: &str) -> Result<f64, i16> {
    if suffix.is_empty() {
        return Ok(1.0);
    }
    if unit.is_empty() {
        return Err(code::SUFFIX_NOT_ALLOWED);
    }
    let capitals = suffix.to_ascii_uppercase();
    let mega = matches!(unit, "HZ" | "OHM");
    match capitals.strip_suffix(unit) {
        Some("") => Ok(1.0),
        Some("EX") => Ok(1e18),
        Some("PE") => Ok(1e15),
        Some("T") => Ok(1e12),
        Some("G") => Ok(1e9),
        Some("MA") => Ok(1e6),
        Some("M") if mega => Ok(1e6),
        Some("K") => Ok(1e3),
        Some("M") => Ok(1e-3),
        Some("U") => Ok(1e-6),
        Some("N") => Ok(1e-9),
        Some("P") => Ok(1e-12),
        Some("F") => Ok(1e-15),
        Some("A") => Ok(1e-18),
        _ => Err(code::INVALID_SUFFIX),
    }
}
