//! What is told of a gate: to people, to CI systems, and to `bench gate merge`.

mod ctrf;
mod github;
mod gitlab;
mod junit;
mod markdown;
mod pdf;
mod words;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::{Decision, GateRun, RESULT_FILE};

pub use github::annotations;
pub use words::text;

/// Writes everything into the gate's folder, and what GitHub shows of a step where it says so.
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    run: &GateRun,
    decision: &Decision,
    folder: &Path,
    step_summary: Option<&Path>,
) -> io::Result<()> {
    let json = serde_json::to_string_pretty(run).map_err(io::Error::other)?;
    let markdown = markdown::text(run, decision);
    fs::create_dir_all(folder)?;
    for (name, text) in [
        (RESULT_FILE, json + "\n"),
        ("gate.md", markdown.clone()),
        ("junit.xml", junit::xml(run, decision)),
        ("ctrf.json", ctrf::json(run)),
        ("gl-code-quality.json", gitlab::code_quality(run, decision)),
    ] {
        fs::write(folder.join(name), text)?;
    }
    let paper = pdf::bytes(run, decision).map_err(io::Error::other)?;
    fs::write(folder.join("gate.pdf"), paper)?;
    if let Some(path) = step_summary {
        // Other steps of the job may have written theirs before.
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file?.write_all(markdown.as_bytes())?;
    }
    Ok(())
}
