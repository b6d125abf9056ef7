//! Refusals: everything that is wrong with what was asked, at once, each with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use ariadne::{Cache, Config, IndexType, Label, Report, ReportKind};

/// How many refusals are shown; who has more has another kind of file.
const SHOWN: usize = 100;
/// Longest source line that is shown, bytes.
const LONGEST_LINE: usize = 500;

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
        self.line_and_column(place).0
    }

    fn line_and_column(&self, place: &Place) -> (usize, usize) {
        let text = self.get(place.file).1;
        let before = &text[..text.floor_char_boundary(place.span.start)];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[start..].chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// What stands at a place.
    pub fn quoted(&self, place: &Place) -> &str {
        let text = self.get(place.file).1;
        text.get(place.span.clone()).unwrap_or_default()
    }

    /// The place of a refusal within its first line, and the name of its file; `None` if there is
    /// no source line that can be shown.
    fn shown(&self, refusal: &Refusal) -> Option<(Place, &str)> {
        let place = refusal.place.as_ref()?;
        let (label, text) = self.get(place.file);
        let start = text.floor_char_boundary(place.span.start);
        let end = text.ceil_char_boundary(place.span.end).max(start);
        let marked = &text[start..end];
        // Of a text over several lines the first says enough.
        let end = start + marked.find(['\n', '\r']).unwrap_or(marked.len());
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let place = Place {
            file: place.file,
            span: start..end,
        };
        (line_end - line_start <= LONGEST_LINE).then_some((place, label))
    }

    fn cache(&self) -> impl Cache<String> {
        // A terminal does what it is told by control characters: they are not shown.
        let visible = |text: &str| -> String {
            let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            text.chars()
                .flat_map(|c| {
                    // As many bytes as before, for the places' sake.
                    let count = if hidden(c) { c.len_utf8() } else { 1 };
                    std::iter::repeat_n(if hidden(c) { '?' } else { c }, count)
                })
                .collect()
        };
        let sources = self.0.iter();
        let sources = sources.map(|(label, text)| (label.clone(), visible(text)));
        ariadne::sources(sources.collect::<Vec<_>>())
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
    /// Lines of the same file, from one, in which the same is wrong.
    pub also: Vec<usize>,
}

impl Refusal {
    /// Something wrong at `place`.
    pub fn at(place: &Place, message: impl Into<String>, expected: impl Into<String>) -> Refusal {
        Refusal {
            place: Some(place.clone()),
            message: message.into(),
            expected: expected.into(),
            help: None,
            also: Vec::new(),
        }
    }

    /// Something wrong that is in no file.
    pub fn nowhere(message: impl Into<String>) -> Refusal {
        Refusal {
            place: None,
            message: message.into(),
            expected: String::new(),
            help: None,
            also: Vec::new(),
        }
    }

    /// Where the same is wrong again.
    fn note(&self) -> Option<String> {
        const SHOWN: usize = 12;
        let lines: Vec<String> = self.also.iter().map(usize::to_string).collect();
        let shown = lines.iter().take(SHOWN).cloned().collect::<Vec<_>>();
        let more = match lines.len() {
            0 => return None,
            count if count > SHOWN => format!(" and {} more", count - SHOWN),
            _ => String::new(),
        };
        let word = if lines.len() == 1 { "line" } else { "lines" };
        Some(format!("the same in {word} {}{more}", shown.join(", ")))
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

/// Counts the lines of places in their order, each byte of a file once.
#[derive(Default)]
struct Lines {
    file: usize,
    at: usize,
    line: usize,
}

impl Lines {
    fn of(&mut self, sources: &Sources, place: &Place) -> usize {
        if place.file != self.file || place.span.start < self.at {
            (self.file, self.at, self.line) = (place.file, 0, 0);
        }
        let text = sources.get(place.file).1;
        let end = text.floor_char_boundary(place.span.start);
        self.line += text[self.at..end].matches('\n').count();
        self.at = end;
        self.line + 1
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
    /// Refusals in the order of their places, each told once: where the same is wrong again, its
    /// lines are told with the first.
    pub fn new(sources: Sources, mut list: Vec<Refusal>) -> Refusals {
        list.sort_by_key(|refusal| {
            refusal
                .place
                .as_ref()
                .map_or((usize::MAX, 0), |place| (place.file, place.span.start))
        });
        let mut lines = Lines::default();
        let mut first: BTreeMap<(Option<usize>, String), usize> = BTreeMap::new();
        let mut told: Vec<Refusal> = Vec::new();
        for refusal in list {
            let file = refusal.place.as_ref().map(|place| place.file);
            let known = first.entry((file, refusal.message.clone()));
            let index = *known.or_insert(told.len());
            let Some(earlier) = told.get_mut(index) else {
                told.push(refusal);
                continue;
            };
            if earlier.place != refusal.place
                && let Some(place) = &refusal.place
            {
                earlier.also.push(lines.of(&sources, place));
            }
        }
        Refusals {
            sources,
            list: told,
        }
    }

    /// The text for people: each with file, line, the source marked, and what to do.
    pub fn render(&self, colour: bool) -> String {
        let mut text = Vec::new();
        let config = Config::default()
            .with_color(colour)
            .with_index_type(IndexType::Byte);
        let mut cache = self.sources.cache();
        for refusal in self.list.iter().take(SHOWN) {
            match self.sources.shown(refusal) {
                Some((place, label)) => {
                    let span = (label.to_owned(), place.span.clone());
                    let mut report = Report::build(ReportKind::Error, span.clone())
                        .with_config(config)
                        .with_message(clip(&refusal.message))
                        .with_label(Label::new(span).with_message(clip(&refusal.expected)));
                    if let Some(help) = &refusal.help {
                        report = report.with_help(clip(help));
                    }
                    if let Some(note) = refusal.note() {
                        report = report.with_note(note);
                    }
                    // Writing to memory cannot fail.
                    let _always_ok = report.finish().write(&mut cache, &mut text);
                }
                None => text.extend_from_slice(self.plain(refusal).as_bytes()),
            }
        }
        if self.list.len() > SHOWN {
            let more = format!("… and {} more.\n", self.list.len() - SHOWN);
            text.extend_from_slice(more.as_bytes());
        }
        let count: usize = self.list.iter().map(|refusal| 1 + refusal.also.len()).sum();
        let things = if count == 1 { "thing is" } else { "things are" };
        let tail = format!("{count} {things} wrong; nothing was touched.\n");
        text.extend_from_slice(tail.as_bytes());
        // The renderer pads lines; trailing blanks are noise in logs and snapshots.
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect()
    }

    /// A refusal without its source line: it has none, or one that is too long to show.
    fn plain(&self, refusal: &Refusal) -> String {
        let mut lines = vec![format!("Error: {}", clip(&refusal.message))];
        if let Some(place) = &refusal.place {
            let label = self.sources.get(place.file).0;
            let (line, column) = self.sources.line_and_column(place);
            let expected = clip(&refusal.expected);
            lines.push(format!("  In {label}:{line}:{column}: {expected}"));
        }
        let help = refusal.help.as_ref();
        lines.extend(help.map(|help| format!("  Help: {}", clip(help))));
        lines.extend(refusal.note().map(|note| format!("  Note: {note}")));
        lines.join("\n") + "\n"
    }
}

/// A text cut to a length that a terminal can show.
fn clip(text: &str) -> String {
    const LONGEST: usize = 400;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST / 4).collect();
    let end: String = text.chars().rev().take(LONGEST / 4).collect();
    let end: String = end.chars().rev().collect();
    format!("{start} … {end}")
}

/// Longest word that is compared with known ones, bytes; nobody misspells a page.
const LONGEST_WORD: usize = 64;

/// How far `word` is from `known`, if near enough to be meant. Case, `-`, `_` and blanks weigh
/// nothing; a beginning is near.
fn distance(word: &str, known: &str) -> Option<usize> {
    if word.len() > LONGEST_WORD || word.is_empty() {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let (word, known) = (plain(word), plain(known));
    let distance = strsim::damerau_levenshtein(&word, &known);
    let allowed = (word.len().max(known.len()) / 3).max(1);
    let begins = word.len() >= 4 && known.starts_with(&word);
    (distance <= allowed || begins).then_some(distance)
}

/// Whether `word` looks like `known` misspelt.
pub fn is_near(word: &str, known: &str) -> bool {
    distance(word, known).is_some()
}

/// The known word that is nearest to `word`, as advice; `None` if none is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .filter_map(|candidate| Some((distance(word, candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_found_and_a_strange_one_is_not() {
        let near = |word: &str| nearest(word, ["length", "name", "power-supply", "on"].into_iter());
        assert_eq!(near("lenght").unwrap(), "did you mean `length`?");
        assert_eq!(near("nmae").unwrap(), "did you mean `name`?");
        assert_eq!(
            near("POWER_SUPPLY").unwrap(),
            "did you mean `power-supply`?"
        );
        assert_eq!(near("ON").unwrap(), "did you mean `on`?");
        for strange in ["", "x", "kind", &"name".repeat(1_000_000)] {
            assert_eq!(near(strange), None);
        }
    }
}
