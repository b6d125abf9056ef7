//! The report of a run as a template in a folder that people work in.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use reports::render::template;

use super::{ExecuteError, Outcome, write};

/// Writes the report as a template into `folder`, which may hold an earlier one: what users may have changed
/// in it stays, pictures of the earlier one go. Which files stayed though they differ from ours.
///
/// # Errors
/// If a file cannot be written, or an old picture cannot be taken away.
pub fn write_template(outcome: &Outcome, folder: &Path) -> Result<Vec<&'static str>, ExecuteError> {
    let files = template::files(&outcome.report);
    clear_figures(&folder.join(template::FIGURES))?;
    let mut kept = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        match template::OWN.into_iter().find(|own| *own == file.path) {
            Some(own) if path.exists() => {
                if fs::read(&path).ok() != Some(file.bytes) {
                    kept.push(own);
                }
            }
            _ => write(&path, &file.bytes)?,
        }
    }
    Ok(kept)
}

/// Takes away what earlier pictures are called, `01.svg` and so on, and nothing else.
fn clear_figures(folder: &Path) -> Result<(), ExecuteError> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let part =
            |part: Option<&OsStr>| part.and_then(OsStr::to_str).unwrap_or_default().to_owned();
        let (stem, ending) = (part(path.file_stem()), part(path.extension()));
        let numbered = stem.len() >= 2 && stem.bytes().all(|byte| byte.is_ascii_digit());
        if numbered && ["svg", "png", "json"].contains(&&*ending) {
            fs::remove_file(&path).map_err(|source| ExecuteError::Write { path, source })?;
        }
    }
    Ok(())
}
