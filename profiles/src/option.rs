//! Options: settings that a make or a check declares, so that the plan can refuse wrong ones by
//! file and line, and `bench list` can show them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One setting that a make or a check takes.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its key.
    pub name: &'static str,
    /// What it may be.
    pub kind: OptionKind,
    /// What it is when the file does not say; `None`: the file must say.
    pub default: Option<OptionDefault>,
    /// One line of help.
    pub help: &'static str,
}

/// What an option may be.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A number from `min` to `max`.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Symbol of its unit.
        unit: &'static str,
    },
    /// A whole number from `min` to `max`: an address, a count.
    Whole {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Symbol of its unit.
        unit: &'static str,
    },
    /// A length of time as text, `"250 ms"`; kept in seconds.
    Duration,
    /// Any text.
    Text,
    /// A line that the device is told, with places for these numbers; empty for none.
    Template(&'static [&'static str]),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or the path of a file that ends with one of those.
    ChoiceOrFile(&'static [&'static str], &'static [&'static str]),
}

/// The value of an option that the file does not give.
#[derive(Clone, Copy, Debug)]
pub enum OptionDefault {
    /// A number, or a duration in seconds.
    Number(f64),
    /// A text or a choice.
    Text(&'static str),
    /// None: the setting is off.
    Unset,
}

/// A checked value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptionValue {
    /// A number, or a duration in seconds.
    Number(f64),
    /// A text or a choice.
    Text(String),
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Number(number) => write!(f, "{number}"),
            OptionValue::Text(text) => f.write_str(text),
        }
    }
}

/// Checked settings, with defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(BTreeMap<String, OptionValue>);

impl Options {
    /// The defaults of `specs`.
    pub fn defaults(specs: &[OptionSpec]) -> Options {
        let mut options = Options::default();
        for spec in specs {
            match spec.default {
                Some(OptionDefault::Number(number)) => {
                    options.set(spec.name, OptionValue::Number(number));
                }
                Some(OptionDefault::Text(text)) => {
                    options.set(spec.name, OptionValue::Text(text.to_owned()));
                }
                Some(OptionDefault::Unset) | None => {}
            }
        }
        options
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: OptionValue) {
        self.0.insert(name.to_owned(), value);
    }

    /// A number, or a duration in seconds, if set.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(OptionValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A text or a choice, if set.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(OptionValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// All that are set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
