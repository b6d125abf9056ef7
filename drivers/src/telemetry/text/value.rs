//! Values of `key=value` lines, told apart by their first octet and read where they stand.
//!
//! | value | form |
//! |---|---|
//! | whole number | `-?[0-9]+`, in 64 bits |
//! | hexadecimal | `0x[0-9A-Fa-f]+`, in 64 bits |
//! | real number | `[+-]?` digits with a point, an exponent or both; `nan`, `inf`, `-inf` |
//! | truth | `true`, `false` |
//! | text | in double quotes, with `\"`, `\\`, `\n`, `\xHH` |
//! | word | `[A-Za-z][A-Za-z0-9_-]*` |
//! | nothing | empty |
//!
//! A number may have a unit behind `~`.

/// A value, borrowed from its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Whole(i64),
    /// A hexadecimal number.
    Hexadecimal(u64),
    /// A real number.
    Real(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A bare word.
    Word(&'a [u8]),
    /// What stands between quotes, in Latin-1, with its escapes; [`Value::text`] takes them out.
    Quoted(&'a [u8]),
}

/// What a value begins with decides how far it goes: to the next comma, or to its closing quote.
/// Returns the value, its unit (empty without one) and how many octets both take.
#[inline]
pub(super) fn read(body: &[u8]) -> Option<(Value<'_>, &[u8], usize)> {
    match body.first() {
        None | Some(b',') => Some((Value::Null, &[], 0)),
        Some(b'"') => quoted(&body[1..]).map(|(text, taken)| (Value::Quoted(text), &[][..], taken)),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(body),
        Some(b'A'..=b'Z' | b'a'..=b'z') => word(body),
        Some(_) => None,
    }
}

fn quoted(rest: &[u8]) -> Option<(&[u8], usize)> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest[at] == b'"' {
            return Some((&rest[..at], at + 2));
        }
        at += match rest.get(at + 1)? {
            b'"' | b'\\' | b'n' => 2,
            b'x' => {
                let digits = rest.get(at + 2..at + 4)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(4)?
            }
            _ => return None,
        };
    }
}

/// The end of a value that is not in quotes.
#[inline]
fn end(body: &[u8]) -> usize {
    body.iter()
        .position(|octet| *octet == b',')
        .unwrap_or(body.len())
}

#[inline]
fn split_unit(token: &[u8]) -> Option<(&[u8], &[u8])> {
    match token.iter().position(|octet| *octet == b'~') {
        None => Some((token, &[])),
        // A `~` with nothing behind it is no unit.
        Some(at) if at + 1 < token.len() => Some((&token[..at], &token[at + 1..])),
        Some(_) => None,
    }
}

#[inline]
fn number(body: &[u8]) -> Option<(Value<'_>, &[u8], usize)> {
    let negative = body[0] == b'-';
    let sign = usize::from(matches!(body[0], b'-' | b'+'));
    // One pass over the digits: a whole number of up to eighteen is done by then.
    let (mut at, mut whole) = (sign, 0_u64);
    while let Some(digit) = body
        .get(at)
        .map(|octet| octet.wrapping_sub(b'0'))
        .filter(|d| *d < 10)
    {
        whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    let digits = at - sign;
    if matches!(body.get(at), None | Some(b',')) && (1..=18).contains(&digits) && body[0] != b'+' {
        let whole = whole.cast_signed();
        return Some((Value::Whole(if negative { -whole } else { whole }), &[], at));
    }
    let length = end(body);
    let (token, unit) = split_unit(&body[..length])?;
    let value = if let Some(hex) = token.strip_prefix(b"0x") {
        hexadecimal(hex)?
    } else {
        decimal(token, at.min(token.len()), whole)?
    };
    Some((value, unit, length))
}

/// `token` begins with an optional sign and goes on with digits up to `at`, which make `whole`.
#[inline]
fn decimal(token: &[u8], at: usize, whole: u64) -> Option<Value<'_>> {
    let text = std::str::from_utf8(token).ok()?;
    if at == token.len() {
        let signed = !token.starts_with(b"+");
        return signed.then(|| text.parse().ok().map(Value::Whole))?;
    }
    match &token[at..] {
        b"inf" if token == b"-inf" => return Some(Value::Real(f64::NEG_INFINITY)),
        [b'.' | b'e' | b'E', ..] => {}
        _ => return None,
    }
    // The standard library's reader takes exactly the form that is left: digits, a point, an
    // exponent; no spaces. Names such as `infinity` do not get here.
    fixed_point(token, at, whole)
        .or_else(|| text.parse().ok())
        .map(Value::Real)
}

/// Powers of ten that are exact doubles.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Clinger's fast path ("How to read floating point numbers accurately", PLDI 1990): with at most
/// fifteen digits in all, the digits and the power of ten are exact doubles, and their quotient is
/// rounded once.
#[inline]
fn fixed_point(token: &[u8], at: usize, whole: u64) -> Option<f64> {
    if token[at] != b'.' || token.len() > 17 {
        return None;
    }
    let fraction = &token[at + 1..];
    let mut digits = whole;
    for octet in fraction {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        digits = digits * 10 + u64::from(digit);
    }
    let sign = usize::from(matches!(token[0], b'-' | b'+'));
    let count = at - sign + fraction.len();
    if !(1..=15).contains(&count) {
        return None;
    }
    let value = digits as f64 / TENS[fraction.len()];
    Some(if token[0] == b'-' { -value } else { value })
}

fn hexadecimal(digits: &[u8]) -> Option<Value<'static>> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for octet in digits {
        let digit = char::from(*octet).to_digit(16)?;
        if number >> 60 != 0 {
            return None;
        }
        number = number << 4 | u64::from(digit);
    }
    Some(Value::Hexadecimal(number))
}

fn word(body: &[u8]) -> Option<(Value<'_>, &[u8], usize)> {
    let length = end(body);
    let token = &body[..length];
    let (bare, unit) = match token {
        // Only what is a number has a unit.
        [b'n', b'a', b'n', b'~', ..] | [b'i', b'n', b'f', b'~', ..] => split_unit(token)?,
        _ => (token, &token[..0]),
    };
    let value = match bare {
        b"true" => Value::Truth(true),
        b"false" => Value::Truth(false),
        b"nan" => Value::Real(f64::NAN),
        b"inf" => Value::Real(f64::INFINITY),
        _ => {
            let wordy = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
            bare.iter().all(wordy).then_some(Value::Word(bare))?
        }
    };
    Some((value, unit, length))
}

impl Value<'_> {
    /// A word, or a text without its escapes; `None` for what is no text.
    pub fn text(&self) -> Option<String> {
        let (Value::Word(raw) | Value::Quoted(raw)) = self else {
            return None;
        };
        if matches!(self, Value::Word(_)) || !raw.contains(&b'\\') {
            return Some(latin1(raw));
        }
        let (mut text, mut rest) = (String::new(), *raw);
        while let [first, after @ ..] = rest {
            rest = after;
            let octet = match (first, after) {
                (b'\\', [b'n', ..]) => b'\n',
                (b'\\', [b'x', high, low, ..]) => {
                    rest = &after[2..];
                    let digit = |octet: &u8| char::from(*octet).to_digit(16).unwrap_or(0) as u8;
                    digit(high) << 4 | digit(low)
                }
                (b'\\', [other, ..]) => *other,
                _ => {
                    text.push(char::from(*first));
                    continue;
                }
            };
            text.push(char::from(octet));
            rest = &rest[1..];
        }
        Some(text)
    }
}

/// Octets as Latin-1.
pub fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Option<(Value<'_>, &str)> {
        let (value, unit, taken) = read(text.as_bytes())?;
        (taken == text.len()).then(|| (value, std::str::from_utf8(unit).unwrap()))
    }

    #[test]
    fn each_form_is_read() {
        for (text, value) in [
            ("", Value::Null),
            ("0", Value::Whole(0)),
            ("-17", Value::Whole(-17)),
            ("-9223372036854775808", Value::Whole(i64::MIN)),
            ("0xFFFFFFFFFFFFFFFF", Value::Hexadecimal(u64::MAX)),
            ("0x0000000000000000B", Value::Hexadecimal(11)),
            ("-0.0", Value::Real(-0.0)),
            ("+86.99", Value::Real(86.99)),
            ("1.", Value::Real(1.0)),
            (".5", Value::Real(0.5)),
            ("7e2", Value::Real(700.0)),
            (
                "0.1234567890123456789",
                Value::Real(0.123_456_789_012_345_68),
            ),
            ("-inf", Value::Real(f64::NEG_INFINITY)),
            ("inf", Value::Real(f64::INFINITY)),
            ("true", Value::Truth(true)),
            ("infx", Value::Word(b"infx")),
            ("e5x", Value::Word(b"e5x")),
            ("a-b_9", Value::Word(b"a-b_9")),
            ("\"a,b\"", Value::Quoted(b"a,b")),
        ] {
            assert_eq!(one(text), Some((value, "")), "{text}");
        }
        assert_eq!(one("5~V"), Some((Value::Whole(5), "V")));
        assert_eq!(one("-1.5~1/s"), Some((Value::Real(-1.5), "1/s")));
        assert_eq!(one("0xf~%"), Some((Value::Hexadecimal(15), "%")));
    }

    #[test]
    fn other_forms_are_none() {
        for text in [
            "1.2.3",
            "0xZZ",
            "0x",
            "\"open",
            "9223372036854775808",
            "+5",
            "+inf",
            "--1",
            "1e",
            "5~",
            "RUN~V",
            "1_0",
            "a b",
            "\"x\"y",
            "\"\\q\"",
            "0x10000000000000000",
            "-",
            ".",
            "1e5x",
            "-nan",
            "\"\\xZ0\"",
            "_a",
        ] {
            assert_eq!(one(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_taken_out() {
        let text = |raw: &'static [u8]| Value::Quoted(raw).text().unwrap();
        assert_eq!(text(br#"say \"hi\" \\ \x2A\n."#), "say \"hi\" \\ *\n.");
        assert_eq!(text(b"\xb0C"), "°C");
    }
}
