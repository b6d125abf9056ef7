//! A reader of TOML that keeps places, notes what is wrong and goes on.

use std::cell::RefCell;

use toml::de::{DeTable, DeValue};

use super::refusal::{Place, Refusal, is_near, nearest};
use super::units::{Advice, duration_advice, number_advice, seconds};

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

/// A table under reading. [`TableReader::finish`] notes the keys that nobody asked for, and those
/// that must be there and are not.
pub struct TableReader<'a> {
    notes: &'a Notes,
    table: &'a DeTable<'a>,
    place: Place,
    pub(super) what: String,
    known: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<&'static str>>,
}

impl<'a> TableReader<'a> {
    pub(super) fn new(
        notes: &'a Notes,
        table: &'a DeTable<'a>,
        place: Place,
        what: &str,
    ) -> TableReader<'a> {
        let (known, missing) = (RefCell::default(), RefCell::default());
        TableReader {
            notes,
            table,
            place,
            what: what.to_owned(),
            known,
            missing,
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
        let mut known = self.known.borrow_mut();
        known.retain(|other| *other != key);
        known.push(key);
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

    /// The value of `key`; its absence is noted in the end.
    pub fn required(&self, key: &'static str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            self.missing.borrow_mut().push(key);
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

    /// Notes each key that nobody asked for, and each that must be there and is not. A key that
    /// looks like a missing one is that one misspelt, and told once.
    pub fn finish(self) {
        let known = self.known.borrow();
        let all = self.entries().into_iter().map(|(name, _)| name);
        let unknown: Vec<Located<String>> = all
            .filter(|name| !known.contains(&name.value.as_str()))
            .collect();
        self.tell_missing(&unknown);
        for name in &unknown {
            self.tell_unknown(name, &known);
        }
    }

    /// As [`TableReader::finish`], for a table that may have keys beside `known`: notes what is
    /// missing, and the keys that are a missing one misspelt, which it gives.
    pub fn finish_open(self, known: &[&'static str]) -> Vec<String> {
        let others = self.entries().into_iter().map(|(name, _)| name);
        let others: Vec<Located<String>> = others
            .filter(|name| !known.contains(&name.value.as_str()))
            .collect();
        self.tell_missing(&others);
        let missing = self.missing.borrow();
        let like_missing =
            |name: &&Located<String>| missing.iter().any(|key| is_near(&name.value, key));
        let misspelt: Vec<&Located<String>> = others.iter().filter(like_missing).collect();
        for name in &misspelt {
            self.tell_unknown(name, known);
        }
        misspelt.iter().map(|name| name.value.clone()).collect()
    }

    fn tell_missing(&self, unknown: &[Located<String>]) {
        for key in self.missing.borrow().iter() {
            if unknown.iter().any(|name| is_near(&name.value, key)) {
                continue;
            }
            let message = format!("`{key}` is missing in {}", self.what);
            let expected = format!("expected a key `{key}` here");
            self.note(Refusal::at(&self.place, message, expected));
        }
    }

    fn tell_unknown(&self, name: &Located<String>, known: &[&'static str]) {
        let message = format!("unknown key `{}` in {}", name.value, self.what);
        let expected = format!("expected one of: {}", known.join(", "));
        let help = nearest(&name.value, known.iter().copied());
        self.note(Refusal::at(&name.place, message, expected).maybe_help(help));
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
        self.wrong_with(expected, None)
    }

    fn wrong_with<T>(&self, expected: &str, help: Option<String>) -> Option<T> {
        let found = match self.value {
            DeValue::Integer(integer) => integer.to_string(),
            DeValue::Float(float) => float.to_string(),
            DeValue::String(_) => "a text".to_owned(),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Datetime(_) => "a date without quotes".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        let message = format!("`{}` is {found}", self.what);
        let refusal = Refusal::at(&self.place, message, format!("expected {expected}"));
        self.notes.note(refusal.maybe_help(help));
        None
    }

    /// How many refusals there are so far.
    pub(super) fn noted(&self) -> usize {
        self.notes.refusals.borrow().len()
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

    /// Notes a refusal at this value, with what to write instead.
    pub(super) fn refuse_with<T>(&self, message: String, advice: &Advice) -> Option<T> {
        let refusal = Refusal::at(&self.place, message, advice.expected);
        self.notes.note(refusal.maybe_help(advice.help.clone()));
        None
    }

    /// A text.
    pub fn text(&self) -> Option<Located<String>> {
        self.text_of("a text in quotes")
    }

    /// A text that is not blank.
    pub(super) fn name(&self) -> Option<Located<String>> {
        let text = self.text_of("a name in quotes")?;
        if text.value.trim().is_empty() {
            return self.refuse(format!("`{}` is empty", self.what), "expected a name");
        }
        Some(text)
    }

    /// A text that says what `expected` says.
    pub(super) fn text_of(&self, expected: &str) -> Option<Located<String>> {
        match self.value {
            DeValue::String(text) => Some(self.located(text.to_string())),
            _ => self.wrong(expected),
        }
    }

    /// A whole or broken number; never infinite or not a number.
    pub fn number(&self) -> Option<Located<f64>> {
        match (self.value, self.raw_number()) {
            (_, Some(number)) if number.is_finite() => Some(self.located(number)),
            (_, Some(_)) => self.wrong("a finite number"),
            (DeValue::String(text), None) => self.wrong_with("a number", number_advice(text)),
            (_, None) => self.wrong("a number"),
        }
    }

    /// The truth, where this is one; nothing is noted where it is none.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number, where this is one; nothing is noted where it is none.
    pub(crate) fn raw_number(&self) -> Option<f64> {
        match self.value {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        }
    }

    /// An instant: in quotes, or as TOML has them.
    pub(crate) fn instant(&self) -> Option<Located<String>> {
        match self.value {
            DeValue::Datetime(datetime) => Some(self.located(datetime.to_string())),
            _ => self.text_of("a time in UTC, such as \"2025-06-25T18:00:00Z\""),
        }
    }

    /// A whole number from zero.
    pub fn whole(&self) -> Option<Located<u64>> {
        let digits = self.value.as_integer();
        let whole = digits.and_then(|w| u64::from_str_radix(w.as_str(), w.radix()).ok());
        let whole = whole.map(|whole| self.located(whole));
        whole.or_else(|| self.wrong(&format!("a whole number from 0 to {}", u64::MAX)))
    }

    /// `true` or `false`.
    pub fn truth(&self) -> Option<Located<bool>> {
        let truth = self.value.as_bool().map(|truth| self.located(truth));
        truth.or_else(|| self.wrong("true or false, without quotes"))
    }

    /// A length of time in seconds, written with its unit.
    pub fn duration(&self) -> Option<Located<f64>> {
        let text = self.text_of("a length of time in quotes, such as \"250 ms\" or \"5 min\"")?;
        match seconds(&text.value) {
            Some(seconds) => Some(self.located(seconds)),
            None => self.refuse_with(
                format!("`{}` is no length of time", text.value),
                &duration_advice(&text.value, false),
            ),
        }
    }

    /// One of some words.
    pub fn choice(&self, words: &[&'static str]) -> Option<Located<&'static str>> {
        let text = self.text_of(&format!("one of, in quotes: {}", words.join(", ")))?;
        let text = text.value;
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

    /// The elements of an array; `key` is how it is written where it holds tables.
    pub fn list(&self, key: &str) -> Option<Vec<Node<'a>>> {
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
            DeValue::Table(_) => self.wrong_with(
                "a list",
                Some(format!("write [[{key}]] above it, or `{key} = [{{ … }}]`")),
            ),
            _ => self.wrong("a list in square brackets"),
        }
    }

    /// One text, or a list of texts.
    pub fn texts(&self) -> Option<Vec<Located<String>>> {
        match self.value {
            DeValue::String(_) => Some(vec![self.text()?]),
            DeValue::Array(names) if names.is_empty() => self.refuse(
                format!("`{}` is empty", self.what),
                "expected at least one name; leave the key out for all of them",
            ),
            DeValue::Array(_) => self.list(&self.what)?.iter().map(Node::text).collect(),
            _ => self.wrong("a text, or a list of texts"),
        }
    }
}
