//! What a wiring says of a supply, ready to be told and heard.

use profiles::option::Options;
use profiles::template::Template;
use profiles::time::Period;

use super::OPTIONS;
use profiles::option::OptionKind;

/// A supply in its own words.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) identity: String,
    pub(super) identity_query: String,
    pub(super) remote: String,
    pub(super) set: Template,
    pub(super) set_volts: Template,
    pub(super) set_amps: Template,
    pub(super) volts_query: String,
    pub(super) amps_query: String,
    pub(super) on: String,
    pub(super) off: String,
    pub(super) output_query: String,
    pub(super) on_answers: Vec<String>,
    pub(super) measure_volts: String,
    pub(super) measure_amps: String,
    pub(super) protect: Template,
    pub(super) protect_query: String,
    pub(super) over_current_set: Template,
    pub(super) tripped_query: String,
    pub(super) clear: String,
    pub(super) error_query: String,
    pub(super) terminator: &'static str,
    pub(super) gap: Option<Period>,
    pub(super) deadline: Period,
    pub(super) over_current_trips: bool,
}

impl Description {
    /// From options that the plan has checked.
    pub(super) fn new(options: &Options) -> Description {
        let text = |name: &str| options.text(name).unwrap_or_default().to_owned();
        let template = |name: &str| {
            let spec = OPTIONS.iter().find(|spec| spec.name == name);
            let fields = match spec.map(|spec| spec.kind) {
                Some(OptionKind::Template(fields)) => fields,
                _ => &[],
            };
            Template::parse(&text(name), fields)
                .expect("the plan refuses templates that are none, by the same code")
        };
        let millis = |name: &str| {
            let seconds = options.number(name).unwrap_or(0.0);
            Period::from_millis((seconds * 1e3).round() as u32)
        };
        let answers = text("on_answers");
        Description {
            identity: text("identity"),
            identity_query: text("identity_query"),
            remote: text("remote"),
            set: template("set"),
            set_volts: template("set_volts"),
            set_amps: template("set_amps"),
            volts_query: text("volts_query"),
            amps_query: text("amps_query"),
            on: text("on"),
            off: text("off"),
            output_query: text("output_query"),
            on_answers: answers.split(',').map(|a| a.trim().to_owned()).collect(),
            measure_volts: text("measure_volts"),
            measure_amps: text("measure_amps"),
            protect: template("protect"),
            protect_query: text("protect_query"),
            over_current_set: template("over_current_set"),
            tripped_query: text("tripped_query"),
            clear: text("clear"),
            error_query: text("error_query"),
            terminator: match options.text("terminator") {
                Some("cr") => "\r",
                Some("crlf") => "\r\n",
                _ => "\n",
            },
            gap: millis("gap"),
            deadline: millis("deadline").unwrap_or(Period::millis(1)),
            over_current_trips: options.text("over_current") == Some("trip"),
        }
    }

    /// The line without which no supply can be driven, or left safe with certainty.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let both = self.set.is_empty();
        let lines = [
            ("on", self.on.is_empty()),
            ("off", self.off.is_empty()),
            ("output_query", self.output_query.is_empty()),
            ("measure_volts", self.measure_volts.is_empty()),
            ("measure_amps", self.measure_amps.is_empty()),
            ("set_volts", both && self.set_volts.is_empty()),
            ("set_amps", both && self.set_amps.is_empty()),
        ];
        let empty = lines.into_iter().find(|(_, is_empty)| *is_empty);
        empty.map(|(name, _)| name)
    }

    /// The lines that set volts and amperes.
    pub(super) fn settings(&self, volts: f64, amps: f64) -> Vec<String> {
        if !self.set.is_empty() {
            return vec![self.set.fill(&[volts, amps])];
        }
        let lines = [self.set_volts.fill(&[volts]), self.set_amps.fill(&[amps])];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Whether an answer, or a part of it between `;` or `,`, says on.
    pub(super) fn is_on(&self, answer: &str) -> bool {
        answer.split([';', ',']).any(|part| {
            let part = part.trim();
            let mut answers = self.on_answers.iter();
            answers.any(|on| on.eq_ignore_ascii_case(part))
        })
    }

    /// Whether the answer to the identity query is the one that was described.
    pub(super) fn is_it(&self, answer: &str) -> bool {
        matches(&self.identity, answer.trim())
    }

    /// The character that ends a line.
    pub(super) fn end(&self) -> u8 {
        if self.terminator == "\r" {
            b'\r'
        } else {
            b'\n'
        }
    }

    /// An identity that the pattern allows, with four fields.
    pub(super) fn example(&self) -> String {
        let mut fields: Vec<String> = self
            .identity
            .split(',')
            .map(|field| field.replace('*', "0").trim().to_owned())
            .collect();
        while fields.len() < 4 {
            fields.push("0".to_owned());
        }
        let whole = fields.join(",");
        if self.is_it(&whole) {
            whole
        } else {
            self.identity.replace('*', "0")
        }
    }
}

/// Whether `text` is `pattern`, in any case, where `*` is anything.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The number that an answer is, with or without its unit: `12.50 V`.
pub(super) fn number(answer: &str) -> Option<f64> {
    let answer = answer.trim();
    let is_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let end = answer.find(|c| !is_number(c)).unwrap_or(answer.len());
    // `1E` is one ampere and not half a number.
    let number = answer[..end].trim_end_matches(['e', 'E']);
    let unit = answer[number.len()..].trim();
    let value: f64 = number.parse().ok()?;
    let plain = unit.chars().all(char::is_alphabetic);
    (value.is_finite() && plain && unit.len() <= 3).then_some(value)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn identities_match_with_anything_in_the_stars() {
        for (pattern, text, is) in [
            (
                "RIGOL*,DP832A,*",
                "RIGOL TECHNOLOGIES,DP832A,DP8A1,00.01.14",
                true,
            ),
            ("rigol*", "RIGOL TECHNOLOGIES,DP832A", true),
            ("*DP832*", "RIGOL TECHNOLOGIES,DP832A", true),
            ("*", "", true),
            ("RIGOL,DP832", "RIGOL,DP832", true),
            ("RIGOL,DP832", "RIGOL,DP832A", false),
            ("*DP832", "RIGOL,DP832A", false),
            ("*,DP811,*", "RIGOL,DP832,1", false),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn answers_are_numbers_with_or_without_units() {
        for (answer, expected) in [
            ("12.5", Some(12.5)),
            (" +1.2E+01 ", Some(12.0)),
            ("12.50 V", Some(12.5)),
            ("1.5A", Some(1.5)),
            ("12;13", None),
            ("", None),
            ("V", None),
            ("1,2", None),
            ("9.9E99999", None),
        ] {
            assert_eq!(number(answer), expected, "{answer}");
        }
    }
}
