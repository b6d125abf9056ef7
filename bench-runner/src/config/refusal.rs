//! Refusals: everything that is wrong with what was asked, at once, each with its place.

use std::ops::Range;

use ariadne::{Config, IndexType, Label, Report, ReportKind};

/// The files that were read, by number.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<(String, String)>);

impl Sources {
    /// Adds a file, under the name that the user knows it by.
    pub fn add(&mut self, label: &str, text: &str) -> usize {
        self.0.push((label.to_owned(), text.to_owned()));
        self.0.len() - 1
    }

    /// Name and text of a file.
    pub fn get(&self, file: usize) -> (&str, &str) {
        let (label, text) = &self.0[file];
        (label, text)
    }

    /// The line, from one, in which `place` starts.
    pub fn line(&self, place: &Place) -> usize {
        let text = self.get(place.file).1;
        let start = place.span.start.min(text.len());
        text[..start].matches('\n').count() + 1
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, by its number in [`Sources`].
    pub file: usize,
    /// Bytes of its text.
    pub span: Range<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Where, if it is in a file.
    pub place: Option<Place>,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What is said at the place: what was expected.
    pub expected: String,
    /// What to do.
    pub help: Option<String>,
}

impl Refusal {
    /// Something wrong at `place`.
    pub fn at(place: &Place, message: impl Into<String>, expected: impl Into<String>) -> Refusal {
        Refusal {
            place: Some(place.clone()),
            message: message.into(),
            expected: expected.into(),
            help: None,
        }
    }

    /// Something wrong that is in no file.
    pub fn nowhere(message: impl Into<String>) -> Refusal {
        Refusal {
            place: None,
            message: message.into(),
            expected: String::new(),
            help: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Refusal {
        self.help = Some(help.into());
        self
    }

    /// The same with advice, if there is any.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Refusal {
        self.help = help.or(self.help);
        self
    }
}

/// All that is wrong, and the files to show it in.
#[derive(Debug)]
pub struct Refusals {
    /// The files.
    pub sources: Sources,
    /// What is wrong, in the order of the files.
    pub list: Vec<Refusal>,
}

impl Refusals {
    /// Refusals in the order of their places, each told once.
    pub fn new(sources: Sources, mut list: Vec<Refusal>) -> Refusals {
        list.sort_by_key(|refusal| {
            refusal
                .place
                .as_ref()
                .map_or((usize::MAX, 0), |place| (place.file, place.span.start))
        });
        list.dedup_by(|a, b| a.place == b.place && a.message == b.message);
        Refusals { sources, list }
    }

    /// The text for people: each with file, line, the source marked, and what to do.
    pub fn render(&self, colour: bool) -> String {
        let mut text = Vec::new();
        let config = Config::default()
            .with_color(colour)
            .with_index_type(IndexType::Byte);
        for refusal in &self.list {
            let Some(place) = &refusal.place else {
                text.extend_from_slice(format!("Error: {}\n", refusal.message).as_bytes());
                if let Some(help) = &refusal.help {
                    text.extend_from_slice(format!("  Help: {help}\n").as_bytes());
                }
                continue;
            };
            let (label, source) = self.sources.get(place.file);
            let end = place.span.end.min(source.len());
            let span = (label.to_owned(), place.span.start.min(end)..end);
            let mut report = Report::build(ReportKind::Error, span.clone())
                .with_config(config)
                .with_message(&refusal.message)
                .with_label(Label::new(span).with_message(&refusal.expected));
            if let Some(help) = &refusal.help {
                report = report.with_help(help);
            }
            let cache = ariadne::sources([(label.to_owned(), source)]);
            if report.finish().write(cache, &mut text).is_err() {
                text.extend_from_slice(refusal.message.as_bytes());
            }
        }
        let count = self.list.len();
        let things = if count == 1 { "thing is" } else { "things are" };
        let tail = format!("{count} {things} wrong; nothing was touched.\n");
        text.extend_from_slice(tail.as_bytes());
        // The renderer pads lines; trailing blanks are noise in logs and snapshots.
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect()
    }
}

/// The known word that is nearest to `word`, as advice; `None` if none is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
