//! Loading: a file to its raw form, and every refusal on the way.

use std::ops::Range;
use std::string::FromUtf8Error;

use toml::de::DeTable;

use super::campaign::{RawCampaign, RawFault, campaign, faults};
use super::folder::Folder;
use super::reader::{Notes, TableReader};
use super::refusal::{Place, Refusal, Sources};
use super::syntax;
use super::wiring::{RawWiring, wiring};

/// Longest campaign or wiring that is read, bytes: a thousand times a long one.
pub const LONGEST_FILE: usize = 1_000_000;

/// What helps who has neither.
const START: &str = "`bench init` writes files to start from";

const CAMPAIGN: &str = "the campaign";
const WIRING: &str = "the wiring";
const FAULTS: &str = "the file of faults";

/// Files and refusals while configuration is read.
#[derive(Debug, Default)]
pub struct Loader {
    /// The files read so far.
    pub sources: Sources,
    /// What is wrong so far.
    pub refusals: Vec<Refusal>,
}

impl Loader {
    /// The text of a file, and its number.
    pub fn text(&mut self, folder: &Folder, path: &str) -> Option<(usize, String)> {
        self.text_or(folder, path, None)
    }

    /// The same; what helps if there is no such file, and none of nearly that name.
    fn text_or(
        &mut self,
        folder: &Folder,
        path: &str,
        help: Option<&str>,
    ) -> Option<(usize, String)> {
        let label = folder.label(path);
        let bytes = match folder.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let refusal = Refusal::nowhere(format!("cannot read {label}: {why}"));
                let refusal = refusal.maybe_help(help.map(str::to_owned));
                self.refusals.push(refusal.maybe_help(folder.nearest(path)));
                return None;
            }
        };
        if bytes.len() > LONGEST_FILE {
            let message = format!("{label} is longer than {LONGEST_FILE} bytes");
            let refusal = Refusal::nowhere(message);
            self.refusals
                .push(refusal.help("is it the right file? no campaign and no wiring is that long"));
            return None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let file = self.sources.add(&label, &text);
                Some((file, text))
            }
            Err(error) => {
                self.not_text(&label, &error);
                None
            }
        }
    }

    fn not_text(&mut self, label: &str, error: &FromUtf8Error) {
        let start = error.utf8_error().valid_up_to();
        let lossy = String::from_utf8_lossy(error.as_bytes());
        let file = self.sources.add(label, &lossy);
        let span = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
        let message = format!("{label} is not UTF-8 text");
        let refusal = Refusal::at(
            &Place { file, span },
            message,
            "expected UTF-8 from here on",
        );
        self.refusals
            .push(refusal.help("save it as UTF-8, without a byte order of UTF-16"));
    }

    /// A campaign file.
    pub fn campaign(&mut self, folder: &Folder, path: &str) -> Option<RawCampaign> {
        let (file, text) = self.text_or(folder, path, Some(START))?;
        self.document(file, &text, CAMPAIGN, campaign)
    }

    /// A file of faults, and nothing else.
    pub fn faults(&mut self, folder: &Folder, path: &str) -> Option<Vec<RawFault>> {
        let (file, text) = self.text(folder, path)?;
        self.document(file, &text, FAULTS, faults)
    }

    /// A wiring file.
    pub fn wiring(&mut self, folder: &Folder, path: &str) -> Option<RawWiring> {
        let (file, text) = self.text_or(folder, path, Some(START))?;
        self.document(file, &text, WIRING, wiring)
    }

    /// A wiring that is no file, under the name that people know it by.
    pub fn wiring_text(&mut self, label: &str, text: &str) -> Option<RawWiring> {
        let file = self.sources.add(label, text);
        self.document(file, text, WIRING, wiring)
    }

    /// A file that was read already, by whatever reads its tables.
    pub(crate) fn document<T>(
        &mut self,
        file: usize,
        text: &str,
        what: &str,
        read: impl Fn(&TableReader<'_>) -> T,
    ) -> Option<T> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            self.refusals.extend(syntax::refusals(file, text, what));
            // What a broken file seems to say would only add noise to what is surely wrong.
            return None;
        }
        let notes = Notes::new(file);
        let top = Place {
            file,
            span: first_line(text),
        };
        let root = TableReader::new(&notes, table.get_ref(), top, what);
        if let Some(other) = taken_for(&root, what) {
            let message = format!("this is {other} and not {what}");
            let help = "the campaign comes first: `bench run CAMPAIGN --wiring WIRING`";
            let refusal = Refusal::at(root.place(), message, format!("expected {what}"));
            self.refusals.push(refusal.help(help));
            return None;
        }
        let raw = read(&root);
        root.finish();
        self.refusals.append(&mut notes.refusals.into_inner());
        Some(raw)
    }
}

/// What a file is instead of `what`, if it surely is.
fn taken_for(root: &TableReader<'_>, what: &str) -> Option<&'static str> {
    let entries = root.entries();
    let has = |key: &str| entries.iter().any(|(name, _)| name.value == key);
    match (has("step") || has("check"), has("device")) {
        (true, false) if what == WIRING => Some(CAMPAIGN),
        (false, true) if what == CAMPAIGN => Some(WIRING),
        _ => None,
    }
}

/// The first line that says something: where a key of the file itself could stand.
fn first_line(text: &str) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim_end();
        if !said.is_empty() && !said.starts_with('#') {
            return start..start + said.len();
        }
        start += line.len();
    }
    0..0
}
