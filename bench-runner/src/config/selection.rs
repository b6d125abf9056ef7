//! Selections of time as a campaign writes them: `umbra`, `contact:svalbard`,
//! `sunlit & link:b`, `!(saa | polar)`.
//!
//! ```text
//! either = both { "|" both }
//! both   = one { "&" one }
//! one    = "!" one | "(" either ")" | name
//! name   = letters, digits, and what else is none of & | ! ( ), with no space at its ends
//! ```

use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, multispace0};
use nom::combinator::{all_consuming, cut, map};
use nom::multi::many0;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};
use profiles::selection::WindowSet;
use profiles::time::Window;

use super::{Place, Refusal};

/// Deepest nesting; people write two.
const DEEPEST: usize = 32;

/// A selection, by names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    /// A phase, a step, a contact, a link, a region.
    Name(String),
    /// What is not in it.
    Not(Box<Selection>),
    /// What is in all of them.
    All(Vec<Selection>),
    /// What is in any of them.
    Any(Vec<Selection>),
}

impl Selection {
    /// Reads a selection. `Err` is the byte at which nothing more can be understood.
    pub(crate) fn parse(text: &str) -> Result<Selection, usize> {
        // Each opening is a call of the parser, and a stack has an end.
        let (mut open, mut negated) = (0usize, 0usize);
        for (at, letter) in text.bytes().enumerate() {
            match letter {
                b'(' => open += 1,
                b')' => open = open.saturating_sub(1),
                b'!' => negated += 1,
                b' ' => {}
                _ => negated = 0,
            }
            if open + negated > DEEPEST {
                return Err(at);
            }
        }
        match all_consuming(either).parse(text) {
            Ok((_, selection)) => Ok(selection),
            Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
                Err(text.len() - error.input.len())
            }
            Err(nom::Err::Incomplete(_)) => Err(text.len()),
        }
    }

    /// The time that it selects of `whole`, where `stretches` knows every name.
    pub(crate) fn evaluate(
        &self,
        whole: Window,
        stretches: &impl Fn(&str) -> WindowSet,
    ) -> WindowSet {
        match self {
            Selection::Name(name) => stretches(name),
            Selection::Not(inner) => inner.evaluate(whole, stretches).not_in(whole),
            Selection::All(parts) => {
                let all = WindowSet::new([whole]);
                let parts = parts.iter().map(|part| part.evaluate(whole, stretches));
                parts.fold(all, |all, part| all.and(&part))
            }
            Selection::Any(parts) => {
                let parts = parts.iter().map(|part| part.evaluate(whole, stretches));
                parts.fold(WindowSet::default(), |any, part| any.or(&part))
            }
        }
    }

    /// What is wrong with `text`, of which nothing is understood from byte `at` on.
    pub(crate) fn refusal(text: &str, at: usize, place: &Place) -> Refusal {
        let rest = text.get(at..).unwrap_or_default();
        let found = if rest.is_empty() {
            "the end".to_owned()
        } else {
            format!("`{rest}`")
        };
        let message = format!("`{text}` selects no time: found {found}");
        let expected = "expected a name here, or `!`, or `(`";
        let help = "join names by `&` (both), `|` (either), `!` (not) and parentheses";
        Refusal::at(place, message, expected).help(help)
    }

    /// The names in it.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Selection::Name(name) => vec![name],
            Selection::Not(inner) => inner.names(),
            Selection::All(parts) | Selection::Any(parts) => {
                parts.iter().flat_map(Selection::names).collect()
            }
        }
    }
}

fn either(input: &str) -> IResult<&str, Selection> {
    joined(input, '|', both, Selection::Any)
}

fn both(input: &str) -> IResult<&str, Selection> {
    joined(input, '&', spaced_one, Selection::All)
}

/// Parts with a sign between them. Behind a sign there must be a part: that is cut, so that the
/// error stands there.
fn joined<'a>(
    input: &'a str,
    sign: char,
    part: fn(&'a str) -> IResult<&'a str, Selection>,
    join: fn(Vec<Selection>) -> Selection,
) -> IResult<&'a str, Selection> {
    let rest = many0(preceded(char(sign), cut(part)));
    let (input, (first, rest)) = pair(part, rest).parse(input)?;
    if rest.is_empty() {
        return Ok((input, first));
    }
    Ok((input, join(std::iter::once(first).chain(rest).collect())))
}

fn spaced_one(input: &str) -> IResult<&str, Selection> {
    delimited(multispace0, one, multispace0).parse(input)
}

fn one(input: &str) -> IResult<&str, Selection> {
    let not = preceded(char('!'), cut(spaced_one));
    let not = map(not, |inner| Selection::Not(Box::new(inner)));
    let nested = delimited(char('('), cut(either), cut(char(')')));
    let name = take_while1(|letter: char| !"&|!()".contains(letter) && !letter.is_control());
    let name = map(name, |name: &str| {
        Selection::Name(name.trim_end().to_owned())
    });
    alt((not, nested, name)).parse(input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Selection {
        Selection::Name(text.to_owned())
    }

    #[test]
    fn and_binds_closer_than_or() {
        let expected = Selection::Any(vec![
            name("umbra"),
            Selection::All(vec![
                name("two orbits"),
                Selection::Not(Box::new(name("contact:kiruna"))),
            ]),
        ]);
        let text = "umbra | two orbits & !contact:kiruna ";
        assert_eq!(Selection::parse(text), Ok(expected.clone()));
        let text = "(umbra)|((two orbits)&! ( contact:kiruna ))";
        assert_eq!(Selection::parse(text), Ok(expected));
    }

    #[test]
    fn what_is_none_is_marked() {
        let cases = [
            ("", 0),
            ("umbra &", 7),
            ("umbra & | saa", 8),
            ("(umbra", 6),
            ("umbra)", 5),
            ("!", 1),
        ];
        for (text, at) in cases {
            assert_eq!(Selection::parse(text), Err(at), "{text}");
        }
        assert!(
            Selection::parse(&"(".repeat(100_000)).is_err(),
            "no stack is that deep"
        );
        assert!(
            Selection::parse(&"!".repeat(100_000)).is_err(),
            "no stack is that deep"
        );
    }

    fn text(selection: &Selection) -> String {
        let joined = |parts: &[Selection], sign: &str| {
            let parts: Vec<String> = parts.iter().map(text).collect();
            format!("({})", parts.join(sign))
        };
        match selection {
            Selection::Name(name) => name.clone(),
            Selection::Not(inner) => format!("!{}", text(inner)),
            Selection::All(parts) => joined(parts, " & "),
            Selection::Any(parts) => joined(parts, "|"),
        }
    }

    fn selections() -> impl Strategy<Value = Selection> {
        let leaf = "[a-z]([a-z:0-9 -]{0,6}[a-z0-9])?".prop_map(Selection::Name);
        leaf.prop_recursive(4, 24, 3, |inner| {
            let parts = prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                inner.prop_map(|inner| Selection::Not(Box::new(inner))),
                parts.clone().prop_map(Selection::All),
                parts.prop_map(Selection::Any),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(selection in selections()) {
            prop_assert_eq!(Selection::parse(&text(&selection)), Ok(selection));
        }

        #[test]
        fn nothing_breaks_it(text in "[ a-c&|!()é]{0,40}") {
            if let Err(at) = Selection::parse(&text) {
                prop_assert!(at <= text.len());
            }
        }
    }
}
