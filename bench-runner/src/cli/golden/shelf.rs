//! The folder of goldens: `NAME/` is the golden, `NAME.new/` its candidate.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use reports::golden::{Files, Golden, GoldenError, ThroughputError, ThroughputGolden};

use crate::config::folder::read_some;
use crate::plan::speaks;

/// What a candidate's folder ends in.
const NEW: &str = ".new";

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It must not be.
    #[error("{0}")]
    Refused(String),
    /// A golden is damaged.
    #[error(transparent)]
    Golden(#[from] GoldenError),
    /// Its vocabulary is too short.
    #[error("{0}")]
    Speechless(String),
    /// A throughput golden is damaged.
    #[error("golden `{name}`: {source}")]
    Throughput {
        /// The campaign's folder.
        name: String,
        /// What is wrong with it.
        source: ThroughputError,
    },
    /// The disk.
    #[error("{path}: {source}")]
    Disk {
        /// Which file or folder.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
}

/// A throughput golden, or what is wrong with it.
pub(super) type Speed = Result<ThroughputGolden, Trouble>;

/// A folder of goldens.
pub(super) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    pub(super) fn new(folder: PathBuf) -> Shelf {
        Shelf { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is in the folder.
    fn entries(&self) -> Result<Vec<std::fs::DirEntry>, Trouble> {
        let folder = &self.folder;
        if !folder.is_dir() {
            return Err(Trouble::Refused(format!(
                "there is no folder `{}`; `--dir` names the folder that has a folder for each golden",
                folder.display()
            )));
        }
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect);
        entries.map_err(|source| Trouble::Disk {
            path: folder.clone(),
            source,
        })
    }

    /// Names of goldens and of candidates without one, in order.
    pub(super) fn names(&self) -> Result<Vec<String>, Trouble> {
        let mut names = Vec::new();
        for entry in self.entries()? {
            // A throughput golden has a folder too, and no manifest.
            if entry.path().join("golden.toml").exists() {
                let name = entry.file_name().to_string_lossy().into_owned();
                names.push(name.strip_suffix(NEW).unwrap_or(&name).to_owned());
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The throughput goldens, by the campaign's folder, in order.
    pub(super) fn throughputs(&self) -> Result<Vec<(String, Speed)>, Trouble> {
        let mut found = Vec::new();
        for entry in self.entries()? {
            let path = entry.path().join("throughput.toml");
            if !path.exists() {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = read_some(&path).map_err(|source| Trouble::Disk { path, source });
            let golden = bytes.and_then(|bytes| {
                let golden = ThroughputGolden::from_toml(&String::from_utf8_lossy(&bytes));
                let name = name.clone();
                golden.map_err(|source| Trouble::Throughput { name, source })
            });
            found.push((name, golden));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// The golden and its candidate, as far as they are there; `true` for the candidate.
    pub(super) fn both(&self, name: &str) -> Vec<(bool, Result<Golden, Trouble>)> {
        let there = [false, true].into_iter();
        let there = there.filter(|candidate| self.path(name, *candidate).exists());
        there
            .map(|candidate| (candidate, self.golden(name, candidate)))
            .collect()
    }

    /// A candidate, and the golden that it would replace.
    pub(super) fn pair(&self, name: &str) -> Result<(Option<Golden>, Golden), Trouble> {
        if !self.path(name, true).exists() {
            let waiting: Vec<String> = self
                .names()?
                .into_iter()
                .filter(|name| self.path(name, true).exists())
                .collect();
            let why = if waiting.is_empty() {
                "no golden has one; `bench golden record RUN` makes one".to_owned()
            } else {
                format!("these have one: {}", waiting.join(", "))
            };
            return Err(Trouble::Refused(format!(
                "`{name}` has no candidate: {why}"
            )));
        }
        let golden = self.path(name, false).exists();
        let golden = golden.then(|| self.golden(name, false)).transpose()?;
        Ok((golden, self.golden(name, true)?))
    }

    /// Writes a candidate; one that waits already is replaced, for it is looked at by nobody yet.
    pub(super) fn put(&self, name: &str, files: &Files) -> Result<PathBuf, Trouble> {
        let path = self.path(name, true);
        write(&path, files)?;
        Ok(path)
    }

    /// Makes the candidate the golden. The manifest comes last: until then the old golden does
    /// not vouch for the new outputs, and is refused.
    pub(super) fn accept(&self, name: &str, who: &str) -> Result<(), Trouble> {
        if who.trim().is_empty() {
            let why = "nobody answers for it: say who by --by";
            return Err(Trouble::Refused(why.to_owned()));
        }
        let (_, candidate) = self.pair(name)?;
        let today = crate::execute::today();
        let manifest = candidate.manifest();
        if let Some(day) = manifest
            .expires
            .as_ref()
            .filter(|_| manifest.is_over(&today))
        {
            return Err(Trouble::Refused(format!(
                "`{name}` would count for nothing: its `expires` is {day}, and today is {today}; write a \
                 later day into {}, or take the line out",
                self.path(name, true).join("golden.toml").display()
            )));
        }
        let mut files = self.files(name, true)?;
        let manifest = candidate.accepted(&files, who, &today)?;
        files.insert("golden.toml".to_owned(), manifest);
        write(&self.path(name, false), &files)?;
        self.reject(name)
    }

    /// Removes the candidate.
    pub(super) fn reject(&self, name: &str) -> Result<(), Trouble> {
        self.pair(name)?;
        let path = self.path(name, true);
        std::fs::remove_dir_all(&path).map_err(|source| Trouble::Disk { path, source })
    }

    fn path(&self, name: &str, candidate: bool) -> PathBuf {
        let ending = if candidate { NEW } else { "" };
        self.folder.join(format!("{name}{ending}"))
    }

    fn golden(&self, name: &str, candidate: bool) -> Result<Golden, Trouble> {
        let golden = Golden::from_files(name, &self.files(name, candidate)?)?;
        speaks(golden).map_err(Trouble::Speechless)
    }

    fn files(&self, name: &str, candidate: bool) -> Result<Files, Trouble> {
        let folder = self.path(name, candidate);
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |source| Trouble::Disk { path, source }
        };
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(disk(&folder))? {
            let path = entry.map_err(disk(&folder))?.path();
            if path.is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let bytes = read_some(&path).map_err(disk(&path))?;
                files.insert(name.into_owned(), bytes);
            }
        }
        Ok(files)
    }
}

fn write(folder: &Path, files: &Files) -> Result<(), Trouble> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |source| Trouble::Disk { path, source }
    };
    std::fs::create_dir_all(folder).map_err(disk(folder))?;
    let manifest = |name: &str| name == "golden.toml";
    let tensors = files.iter().filter(|(name, _)| !manifest(name));
    let last = files.iter().filter(|(name, _)| manifest(name));
    for (name, bytes) in tensors.chain(last) {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(disk(&path))?;
    }
    Ok(())
}
