//! A reader of TOML that keeps places, notes what is wrong and goes on.

use std::cell::RefCell;

use toml::de::{DeTable, DeValue};

use super::refusal::{Place, Refusal, nearest};
use super::units::{DURATION_HELP, seconds};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub place: Place,
}

/// Where readers note what is wrong.
pub(super) struct Notes {
    pub(super) file: usize,
    pub(super) refusals: RefCell<Vec<Refusal>>,
}

impl Notes {
    pub(super) fn new(file: usize) -> Notes {
        Notes {
            file,
            refusals: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn note(&self, refusal: Refusal) {
        self.refusals.borrow_mut().push(refusal);
    }
}

/// A table under reading; keys that nobody asked for are noted when it is dropped.
pub struct TableReader<'a> {
    notes: &'a Notes,
    table: &'a DeTable<'a>,
    place: Place,
    what: String,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> TableReader<'a> {
    pub(super) fn new(
        notes: &'a Notes,
        table: &'a DeTable<'a>,
        place: Place,
        what: &str,
    ) -> TableReader<'a> {
        let known = RefCell::new(Vec::new());
        TableReader {
            notes,
            table,
            place,
            what: what.to_owned(),
            known,
        }
    }

    /// The place of the table.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Notes a refusal.
    pub fn note(&self, refusal: Refusal) {
        self.notes.note(refusal);
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(key);
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        let place = Place {
            file: self.notes.file,
            span: value.span(),
        };
        Some(Node {
            notes: self.notes,
            value: value.get_ref(),
            place,
            what: key.to_owned(),
        })
    }

    /// The value of `key`; its absence is noted.
    pub fn required(&self, key: &'static str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            let message = format!("`{key}` is missing in {}", self.what);
            self.note(Refusal::at(
                &self.place,
                message,
                format!("expected a key `{key}` here"),
            ));
        }
        node
    }

    /// All entries, for tables whose keys are names.
    pub fn entries(&self) -> Vec<(Located<String>, Node<'a>)> {
        let place = |span| Place {
            file: self.notes.file,
            span,
        };
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(name, value)| {
                let key = name.get_ref().to_string();
                let node = Node {
                    notes: self.notes,
                    value: value.get_ref(),
                    place: place(value.span()),
                    what: key.clone(),
                };
                (
                    Located {
                        value: key,
                        place: place(name.span()),
                    },
                    node,
                )
            })
            .collect();
        entries.sort_by_key(|(name, _)| name.place.span.start);
        entries
    }

    /// Notes each key that nobody asked for.
    pub fn finish(self) {
        let known = self.known.borrow();
        for (name, _) in self.entries() {
            if !known.contains(&name.value.as_str()) {
                let message = format!("unknown key `{}` in {}", name.value, self.what);
                let help = nearest(&name.value, known.iter().copied())
                    .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
                self.note(Refusal::at(&name.place, message, "nobody reads this").help(help));
            }
        }
    }
}

/// A value under reading.
pub struct Node<'a> {
    notes: &'a Notes,
    value: &'a DeValue<'a>,
    /// Its place.
    pub place: Place,
    /// Its key.
    pub what: String,
}

impl<'a> Node<'a> {
    fn wrong<T>(&self, expected: &str) -> Option<T> {
        let message = format!("`{}` is {}", self.what, kind(self.value));
        self.notes.note(Refusal::at(
            &self.place,
            message,
            format!("expected {expected}"),
        ));
        None
    }

    fn located<T>(&self, value: T) -> Located<T> {
        Located {
            value,
            place: self.place.clone(),
        }
    }

    /// The same value, with another place for notes.
    pub(super) fn noting<'b>(&self, notes: &'b Notes) -> Node<'b>
    where
        'a: 'b,
    {
        Node {
            notes,
            value: self.value,
            place: self.place.clone(),
            what: self.what.clone(),
        }
    }

    /// Notes a refusal at this value.
    pub fn refuse<T>(&self, message: impl Into<String>, expected: impl Into<String>) -> Option<T> {
        self.notes.note(Refusal::at(&self.place, message, expected));
        None
    }

    /// A text.
    pub fn text(&self) -> Option<Located<String>> {
        match self.value {
            DeValue::String(text) => Some(self.located(text.to_string())),
            _ => self.wrong("a text in quotes"),
        }
    }

    /// A whole or broken number; never infinite or not a number.
    pub fn number(&self) -> Option<Located<f64>> {
        let number = match self.value {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => return self.wrong("a number"),
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Some(self.located(number)),
            None => self.wrong("a finite number"),
        }
    }

    /// A whole number from zero.
    pub fn whole(&self) -> Option<Located<u64>> {
        let whole = match self.value {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        match whole {
            Some(whole) => Some(self.located(whole)),
            None => self.wrong("a whole number from 0"),
        }
    }

    /// A length of time in seconds, written with its unit.
    pub fn duration(&self) -> Option<Located<f64>> {
        let DeValue::String(text) = self.value else {
            return self.wrong(&format!("a length of time; {DURATION_HELP}"));
        };
        match seconds(text) {
            Some(seconds) => Some(self.located(seconds)),
            None => self.refuse(format!("`{text}` is no length of time"), DURATION_HELP),
        }
    }

    /// One of some words.
    pub fn choice(&self, words: &[&'static str]) -> Option<Located<&'static str>> {
        let text = self.text()?.value;
        if let Some(&word) = words.iter().find(|&&word| word == text) {
            return Some(self.located(word));
        }
        let help = nearest(&text, words.iter().copied());
        let message = format!("`{text}` is no `{}`", self.what);
        let expected = format!("expected one of: {}", words.join(", "));
        self.notes
            .note(Refusal::at(&self.place, message, expected).maybe_help(help));
        None
    }

    /// A table.
    pub fn table(&self, what: &str) -> Option<TableReader<'a>> {
        match self.value {
            DeValue::Table(table) => Some(TableReader::new(
                self.notes,
                table,
                self.place.clone(),
                what,
            )),
            _ => self.wrong("a table"),
        }
    }

    /// The elements of an array.
    pub fn list(&self) -> Option<Vec<Node<'a>>> {
        match self.value {
            DeValue::Array(array) => {
                let nodes = array.iter().map(|value| Node {
                    notes: self.notes,
                    value: value.get_ref(),
                    place: Place {
                        file: self.notes.file,
                        span: value.span(),
                    },
                    what: self.what.clone(),
                });
                Some(nodes.collect())
            }
            _ => self.wrong("a list in square brackets"),
        }
    }

    /// One text, or a list of texts.
    pub fn texts(&self) -> Option<Vec<Located<String>>> {
        match self.value {
            DeValue::String(_) => Some(vec![self.text()?]),
            DeValue::Array(_) => self.list()?.iter().map(Node::text).collect(),
            _ => self.wrong("a text, or a list of texts"),
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
