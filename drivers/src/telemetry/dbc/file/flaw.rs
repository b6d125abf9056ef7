//! What is wrong with a file.

use std::fmt;

/// One thing that is wrong with a file, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Its line, counted from 1.
    pub line: usize,
    /// What was found, what was expected.
    pub what: String,
}

/// `12: found …`, to stand behind the file's name and a colon.
impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// Flaws by their place. Lines are counted once, when all are known.
#[derive(Debug, Default)]
pub(in super::super) struct Flaws(Vec<(usize, String)>);

impl Flaws {
    pub(in super::super) fn add(&mut self, at: usize, what: impl Into<String>) {
        self.0.push((at, what.into()));
    }

    /// The flaws of `text` from its first line to its last.
    pub(in super::super) fn by_line(mut self, text: &str) -> Vec<Flaw> {
        self.0.sort_by_key(|flaw| flaw.0);
        let (mut line, mut counted) = (1, 0);
        let flaws = self.0.into_iter().map(|(at, what)| {
            let at = at.min(text.len());
            let between = &text.as_bytes()[counted..at];
            line += memchr::memchr_iter(b'\n', between).count();
            counted = at;
            Flaw { line, what }
        });
        flaws.collect()
    }
}
