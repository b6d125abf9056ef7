//! The sources of the workspace, for tests of their form.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold no sources of ours.
const OTHERS: [&str; 4] = [".git", "target", "runs", "corpus"];

/// The workspace's folder.
///
/// # Panics
/// Never: this crate lies in it.
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the crate lies in its workspace")
}

/// A text of the workspace.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path in the workspace, with `/` between folders.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Its folder's path; empty for the workspace itself.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name without its folder.
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(&self.path, |(_, name)| name)
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// Whether all of it is for tests: in a folder of tests, or a module that only tests have.
    pub fn is_test(&self) -> bool {
        let own = ["tests", "contract", "rig", "rehearsal"];
        let mut parts = self.path.trim_end_matches(".rs").split('/').skip(1);
        parts.any(|part| own.contains(&part))
    }

    /// The lines before the tests in the file.
    pub fn lines_without_tests(&self) -> usize {
        let tests = self.text.find("#[cfg(test)]\nmod tests {");
        self.text[..tests.unwrap_or(self.text.len())]
            .lines()
            .count()
    }
}

/// Every text of the workspace, in order of paths.
pub fn texts() -> Vec<Source> {
    let mut sources: Vec<Source> = files()
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(workspace().join(&path)).ok()?;
            Some(Source { path, text })
        })
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Every Rust source of the workspace, in order of paths.
pub fn rust() -> Vec<Source> {
    let mut sources = texts();
    sources.retain(Source::is_rust);
    sources
}

/// The path of every file of the workspace.
///
/// # Panics
/// If a folder cannot be read.
pub fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(workspace().join(&folder)).expect("sources are readable");
        for entry in entries {
            let entry = entry.expect("a folder can be read to its end");
            let name = entry.file_name();
            let path = folder.join(&name);
            let kind = entry.file_type().expect("the system knows what it is");
            if kind.is_file() && name != ".git" {
                found.push(path.to_string_lossy().into_owned());
            } else if kind.is_dir() && !OTHERS.iter().any(|other| name == *other) {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}
