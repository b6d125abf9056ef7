//! Text that is not TOML: one refusal for each section that cannot be read.
//!
//! A parser that goes on behind an error finds a dozen more which are none. So each section is
//! read by itself, from its `[header]` to the next, and only its first error counts.

use std::ops::Range;

use toml::de::{DeTable, Error};

use super::refusal::{Place, Refusal};

/// What is wrong with `text`, which is not TOML.
pub(super) fn refusals(file: usize, text: &str, what: &str) -> Vec<Refusal> {
    let refusal = |error: &Error, offset: usize| {
        let span = error.span().unwrap_or(0..0);
        let span = span.start + offset..span.end + offset;
        told(&Place { file, span }, text, what, error.message())
    };
    let mut found = Vec::new();
    for section in sections(text) {
        let (_, errors) = DeTable::parse_recoverable(&text[section.clone()]);
        found.extend(errors.first().map(|error| refusal(error, section.start)));
    }
    if found.is_empty() {
        // Each section is good, but not all of them together: something is there twice.
        let (_, errors) = DeTable::parse_recoverable(text);
        found.extend(errors.first().map(|error| refusal(error, 0)));
    }
    found
}

/// The text from each `[header]` to the next.
fn sections(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_header(line) && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| start..end)
        .collect()
}

/// Whether a line is `[a.b]` or `[[a]]`, and not a piece of a list.
fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim_end();
    let inner = line
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let inner = inner.trim_matches(['[', ']']);
        inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && !inner.contains([',', '=', '[', ']'])
    })
}

fn told(place: &Place, text: &str, what: &str, message: &str) -> Refusal {
    let word = text.get(place.span.clone()).unwrap_or_default();
    let bare = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && !word.contains(['\n', '"', '=', ' ']);
    let unquoted =
        message.starts_with("string values must be quoted") || message.starts_with("invalid float");
    if bare && unquoted {
        let message = format!("{what} is not TOML: `{word}` is a text without quotes");
        return Refusal::at(place, message, format!("expected \"{word}\""));
    }
    if message == "duplicate key" {
        let message = format!("{what} is not TOML: `{word}` is there twice");
        let refusal = Refusal::at(place, message, "expected each key and each section once");
        let listed = ["step", "workload", "check", "set", "profile"].contains(&word);
        let help = listed.then(|| format!("write [[{word}]], with two brackets, for each"));
        return refusal.maybe_help(help);
    }
    let (message, expected) = match message.split_once(", expected ") {
        // The parser's first guess at a value that is not there is a text.
        Some((_, "literal string")) => ("there is no value", "a value"),
        Some((message, expected)) => (message, expected),
        None => (message, "nothing like this here"),
    };
    let message = format!("{what} is not TOML: {message}");
    Refusal::at(place, message, format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(text: &str) -> Vec<(usize, String)> {
        let refusals = refusals(0, text, "it");
        let place = |refusal: &Refusal| refusal.place.as_ref().map_or(0, |p| p.span.start);
        let told = refusals
            .iter()
            .map(|refusal| (place(refusal), refusal.message.clone()));
        told.collect()
    }

    #[test]
    fn each_broken_section_is_told_once() {
        let text = "[a]\nx = [\n  1,\n[b]\ny = 1\ny = 2\n[[c]]\nz = \n[d]\nw = 4\n";
        let told = told_of(text);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[1].1.contains("`y` is there twice"), "{told:?}");
        assert_eq!(told[2].1, "it is not TOML: there is no value");
    }

    #[test]
    fn a_section_that_is_there_twice_is_told() {
        assert_eq!(told_of("[a]\nx = 1\n[a]\nx = 2\n").len(), 1);
    }

    #[test]
    fn a_text_without_quotes_is_called_that() {
        let told = told_of("kind = in_range\n");
        assert_eq!(
            told[0].1,
            "it is not TOML: `in_range` is a text without quotes"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_told_within_itself(text in ".*") {
            for refusal in refusals(0, &text, "it") {
                let place = refusal.place.unwrap();
                proptest::prop_assert!(place.span.start <= text.len());
            }
        }
    }
}
