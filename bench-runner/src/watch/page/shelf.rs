//! The runs that a server shows: those in a folder, a few of them followed at a time.

use std::fs;
use std::path::{Path, PathBuf};

use drivers::clock::Clock;
use reports::record::header_of;
use serde_json::{Value, json};

use crate::execute::{MANIFEST_FILE, RECORD_FILE};
use crate::watch::find::{self, Found};
use crate::watch::watched::Watched;

/// Runs that are followed at once; the one that was asked for longest ago is forgotten.
const FOLLOWED: usize = 8;

/// Runs that are listed, the newest.
const LISTED: usize = 200;

/// The runs of a server.
pub struct Shelf {
    folder: PathBuf,
    clock: Clock,
    /// By their names, the one that was asked for last at the end.
    followed: Vec<(String, Watched)>,
}

impl Shelf {
    /// The runs in `folder`, or the one that it is.
    pub fn new(folder: &Path, clock: Clock) -> Shelf {
        Shelf {
            folder: folder.to_owned(),
            clock,
            followed: Vec::new(),
        }
    }

    /// The clock by which it looks.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// The runs that there are, the newest first, each by its name.
    pub(super) fn names(&self) -> Vec<(String, Found)> {
        let found = find::runs(&self.folder).into_iter().rev().take(LISTED);
        let named = found.map(|found| (self.name(&found.folder), found));
        named.collect()
    }

    fn name(&self, folder: &Path) -> String {
        let within = folder.strip_prefix(&self.folder).unwrap_or(folder);
        if within.as_os_str().is_empty() {
            return Watched::new(folder, self.clock).name();
        }
        within.to_string_lossy().into_owned()
    }

    /// The folder of a run.
    pub(super) fn folder(&self, name: &str) -> Option<PathBuf> {
        let mut names = find::runs(&self.folder).into_iter();
        names
            .find(|found| self.name(&found.folder) == name)
            .map(|found| found.folder)
    }

    /// A run, read as far as its record goes. Why not, if its record cannot be read.
    pub(super) fn run(&mut self, name: &str) -> Option<Result<&Watched, String>> {
        let known = self.followed.iter().position(|(known, _)| known == name);
        let entry = if let Some(place) = known {
            self.followed.remove(place)
        } else {
            let folder = self.folder(name)?;
            (name.to_owned(), Watched::new(&folder, self.clock))
        };
        if self.followed.len() >= FOLLOWED {
            drop(self.followed.remove(0));
        }
        self.followed.push(entry);
        let (_, watched) = self.followed.last_mut()?;
        let read = watched.refresh().map_err(|error| error.to_string());
        Some(read.map(|_| &*watched))
    }

    /// The newest run, and those that were asked for: by name, as far as their records go.
    pub(super) fn asked_for(&mut self) -> Vec<(&str, &Watched)> {
        let newest = self.names().into_iter().next().map(|(name, _)| name);
        let asked = self.followed.iter().map(|(name, _)| name.clone());
        let mut names: Vec<String> = asked.collect();
        names.extend(newest.filter(|newest| !self.followed.iter().any(|(name, _)| name == newest)));
        for name in &names {
            // One that cannot be read has no header, or is told as far as it was read.
            let _unreadable = self.run(name);
        }
        let followed = self.followed.iter();
        let mut runs: Vec<_> = followed.map(|(name, run)| (name.as_str(), run)).collect();
        runs.sort_by_key(|(name, _)| *name);
        runs
    }
}

/// What a run's manifest says of it: campaign, verdict, when it began. While it goes on it has none, and its
/// record knows the campaign.
pub(super) fn facts(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join(MANIFEST_FILE)).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let campaign = match &manifest["campaign"] {
        Value::Null => header_of(&folder.join(RECORD_FILE))
            .map_or(Value::Null, |header| header.campaign.into()),
        known => known.clone(),
    };
    json!({
        "campaign": campaign,
        "started": manifest["started"],
        "verdict": manifest["verdict"],
        "exit_code": manifest["exit_code"],
    })
}
