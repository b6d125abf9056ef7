//! Templates: lines that a device is told, with places for numbers, such as
//! `VOLT {volts:.3}`. Written by who describes a device, filled by its driver, and read back by
//! its emulator.

use std::ops::Range;

/// Most digits behind the point.
const MOST_DIGITS: usize = 9;

/// A line with places for numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Number of the field, and digits behind the point; as many as it takes where `None`.
    Field(usize, Option<usize>),
}

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found}; {expected}")]
pub struct TemplateError {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What stands there.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Template {
    /// Reads a template that has each of `fields`, or is empty.
    ///
    /// # Errors
    /// If a brace has no partner, a field is unknown, written twice or missing, or the digits are
    /// no number from 0 to 9.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Template, TemplateError> {
        let error = |at: Range<usize>, found: String, expected: String| TemplateError {
            at,
            found,
            expected,
        };
        let mut pieces = Vec::new();
        let mut seen = Vec::new();
        let mut start = 0;
        while let Some(brace) = text[start..].find(['{', '}']) {
            let open = start + brace;
            let inside = text[open..].strip_prefix('{');
            let end = inside.and_then(|inside| inside.find('}'));
            let (Some(inside), Some(end)) = (inside, end) else {
                let expected = format!("expected pairs, as in {}", wanted(fields));
                let found = "a brace without its partner".to_owned();
                return Err(error(open..open + 1, found, expected));
            };
            let inside = &inside[..end];
            let at = open..open + end + 2;
            let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
            let Some(index) = fields.iter().position(|field| *field == name) else {
                let expected = match fields {
                    [] => "expected no braces: nothing is filled in here".to_owned(),
                    _ => format!("expected {}", wanted(fields)),
                };
                return Err(error(
                    at,
                    format!("`{{{name}}}` is no place here"),
                    expected,
                ));
            };
            if seen.contains(&index) {
                let expected = "expected each place once".to_owned();
                return Err(error(
                    at,
                    format!("`{{{name}}}` stands there twice"),
                    expected,
                ));
            }
            let digits = format.strip_prefix('.').map(str::parse::<usize>);
            let digits = match digits {
                None if format.is_empty() => None,
                Some(Ok(digits)) if digits <= MOST_DIGITS => Some(digits),
                _ => {
                    let expected = format!("expected digits from 0 to 9, as in `{{{name}:.3}}`");
                    return Err(error(at, format!("`{format}` is no format"), expected));
                }
            };
            pieces.push(Piece::Text(text[start..open].to_owned()));
            pieces.push(Piece::Field(index, digits));
            seen.push(index);
            start = at.end;
        }
        pieces.push(Piece::Text(text[start..].to_owned()));
        if let Some(missing) = (0..fields.len()).find(|index| !seen.contains(index))
            && !text.is_empty()
        {
            let found = format!("`{{{}}}` is missing", fields[missing]);
            let expected = format!("expected {}", wanted(fields));
            return Err(error(0..text.len(), found, expected));
        }
        Ok(Template { pieces })
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        let empty = |piece: &Piece| matches!(piece, Piece::Text(text) if text.is_empty());
        self.pieces.iter().all(empty)
    }

    /// The line with `values` in the places of the fields, in the order of the fields.
    pub fn fill(&self, values: &[f64]) -> String {
        let mut line = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Field(index, digits) => {
                    let value = values.get(*index).copied().unwrap_or(0.0);
                    let number = match digits {
                        Some(digits) => format!("{value:.digits$}"),
                        None => value.to_string(),
                    };
                    line.push_str(&number);
                }
            }
        }
        line
    }

    /// The values of the fields, if `line` is this template filled in, in any case and with spaces
    /// at either end.
    pub fn read(&self, line: &str) -> Option<Vec<f64>> {
        let mut rest = line.trim();
        let count = self.pieces.len() / 2;
        let mut values = vec![0.0; count];
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    let head = rest.get(..text.len())?;
                    if !head.eq_ignore_ascii_case(text) {
                        return None;
                    }
                    rest = &rest[text.len()..];
                }
                Piece::Field(index, _) => {
                    let number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                    let end = rest.find(|c| !number(c)).unwrap_or(rest.len());
                    let value: f64 = rest[..end].parse().ok()?;
                    *values.get_mut(*index)? = value;
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

/// `{volts} and {amps}`
fn wanted(fields: &[&str]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| format!("`{{{field}}}`"))
        .collect();
    fields.join(" and ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_are_filled_and_read_back() {
        let template = Template::parse("APPL CH1,{volts:.3},{amps}", &["volts", "amps"]).unwrap();
        assert_eq!(template.fill(&[5.0, 1.25]), "APPL CH1,5.000,1.25");
        assert_eq!(template.read("appl ch1,5.000,1.25 "), Some(vec![5.0, 1.25]));
        assert_eq!(template.read("APPL CH1,5,+1.2e-1"), Some(vec![5.0, 0.12]));
        assert_eq!(template.read("APPL CH2,5,1"), None);
        assert_eq!(template.read("APPL CH1,5,1 A"), None);
        assert_eq!(template.read("APPL CH1,,1"), None);
        let swapped = Template::parse("{amps}A{volts}V", &["volts", "amps"]).unwrap();
        assert_eq!(swapped.fill(&[5.0, 1.0]), "1A5V");
        assert_eq!(swapped.read("1A5V"), Some(vec![5.0, 1.0]));
        let fixed = Template::parse("OUTP ON", &[]).unwrap();
        assert_eq!(fixed.read("outp on"), Some(vec![]));
        assert!(Template::parse("", &["volts"]).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, at, found) in [
            ("VOLT {volt}", 5..11, "`{volt}` is no place here"),
            ("VOLT {volts", 5..6, "a brace without its partner"),
            ("VOLT volts}", 10..11, "a brace without its partner"),
            ("VOLT {volts:3}", 5..14, "`3` is no format"),
            ("VOLT {volts:.12}", 5..16, "`.12` is no format"),
            ("V {volts} {volts}", 10..17, "`{volts}` stands there twice"),
            ("VOLT", 0..4, "`{volts}` is missing"),
        ] {
            let error = Template::parse(text, &["volts"]).unwrap_err();
            assert_eq!((error.at, error.found.as_str()), (at, found), "{text}");
        }
        let error = Template::parse("OUTP {state}", &[]).unwrap_err();
        assert_eq!(
            error.expected,
            "expected no braces: nothing is filled in here"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_says_where_it_is_none(text in "[ -~{}é]{0,40}") {
            match Template::parse(&text, &["volts"]) {
                Ok(template) => prop_assert_eq!(
                    template.read(&template.fill(&[1.5])).is_some(),
                    // Spaces at the ends are not told.
                    template.fill(&[1.5]).trim() == template.fill(&[1.5])
                        || template.read(&template.fill(&[1.5])).is_some()
                ),
                Err(error) => prop_assert!(text.get(error.at).is_some()),
            }
        }

        #[test]
        fn any_line_is_read_or_not(line in "\\PC{0,40}") {
            let template = Template::parse("VOLT {volts:.3}", &["volts"]).unwrap();
            let _value_or_none = template.read(&line);
        }
    }
}
