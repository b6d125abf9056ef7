//! Loading: a file to its raw form, and every refusal on the way.

use toml::de::DeTable;

use super::campaign::{RawCampaign, campaign};
use super::folder::Folder;
use super::reader::{Notes, TableReader};
use super::refusal::{Place, Refusal, Sources};
use super::wiring::{RawWiring, wiring};

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
        let label = folder.label(path);
        match folder.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => {
                let file = self.sources.add(&label, &text);
                Some((file, text))
            }
            Ok(Err(_)) => {
                self.refusals
                    .push(Refusal::nowhere(format!("{label} is not UTF-8 text")));
                None
            }
            Err(why) => {
                let refusal = Refusal::nowhere(format!("cannot read {label}: {why}"));
                self.refusals
                    .push(refusal.help("`bench init` writes files to start from"));
                None
            }
        }
    }

    /// A campaign file.
    pub fn campaign(&mut self, folder: &Folder, path: &str) -> Option<RawCampaign> {
        let (file, text) = self.text(folder, path)?;
        self.document(file, &text, "the campaign", campaign)
            .flatten()
    }

    /// A wiring file.
    pub fn wiring(&mut self, folder: &Folder, path: &str) -> Option<RawWiring> {
        let (file, text) = self.text(folder, path)?;
        self.document(file, &text, "the wiring", wiring)
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
            for error in errors {
                let place = Place {
                    file,
                    span: error.span().unwrap_or(0..0),
                };
                let message = format!("{what} is not TOML: {}", error.message());
                self.refusals.push(Refusal::at(&place, message, "here"));
            }
            // What a broken file seems to say would only add noise to what is surely wrong.
            return None;
        }
        let notes = Notes::new(file);
        let top = Place {
            file,
            span: 0..text.find('\n').unwrap_or(text.len()),
        };
        let root = TableReader::new(&notes, table.get_ref(), top, what);
        let raw = read(&root);
        root.finish();
        self.refusals.append(&mut notes.refusals.into_inner());
        Some(raw)
    }
}
