//! What can go wrong with a run's folder, beside the bench itself.

use std::path::{Path, PathBuf};

use reports::judge::JudgeError;
use reports::record::RecordError;

use super::RECORD_FILE;
use crate::exit::Exit;

/// Why a run or a record could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The folder or a file in it.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a run's folder.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has a run already.
    #[error("{0} holds a run already; runs are never overwritten")]
    Occupied(PathBuf),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A record that is none, or is damaged so that nothing of it can be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: RecordError,
    },
    /// The checks.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A file of a run is not the one that was recorded.
    #[error(
        "{path} is not the file of this run: its SHA-256 is {found}, but the run says {expected}"
    )]
    Changed {
        /// Which.
        path: PathBuf,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file that the run was made from is gone.
    #[error("{0} is gone: the run was made from it")]
    Gone(PathBuf),
    /// An input that would lie outside of the run's folder.
    #[error(
        "the record names an input `{0}`, which is outside of the run's folder: no run did that"
    )]
    Outside(String),
    /// A golden among a run's inputs.
    #[error("{path}: {why}")]
    Golden {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A run that cannot be a golden.
    #[error("this run cannot be a golden: {0}")]
    Unfit(String),
    /// The report.
    #[error("cannot draw the report: {0}")]
    Draw(String),
    /// The run cannot be gone on with.
    #[error("cannot resume: {0}")]
    Resume(String),
    /// The run cannot be replayed as asked.
    #[error("cannot replay: {0}")]
    Replay(String),
}

impl ExecuteError {
    /// What a record's file says of itself; its errors about what is in it do not name it.
    pub fn of_record(path: &Path, error: RecordError) -> ExecuteError {
        match error {
            RecordError::File { .. } | RecordError::NoRoom { .. } | RecordError::InUse { .. } => {
                ExecuteError::Record(error)
            }
            why => ExecuteError::Unreadable {
                path: path.to_owned(),
                why,
            },
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            ExecuteError::Changed { path, .. } if path.ends_with(RECORD_FILE) => {
                let run = path.parent().unwrap_or(Path::new("."));
                format!(
                    "take it from where it was copied; `bench export {} --out rest.mcap` saves what can be \
                     read of it",
                    run.display()
                )
            }
            ExecuteError::Changed { .. } | ExecuteError::Gone(_) => {
                "a run is judged by the files that it was made from; take it from where it was copied"
                    .to_owned()
            }
            ExecuteError::Unreadable { .. } => {
                "expected a record as `bench run` writes it, copied whole".to_owned()
            }
            _ => return None,
        })
    }

    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            ExecuteError::Occupied(_)
            | ExecuteError::Read { .. }
            | ExecuteError::Unfit(_)
            | ExecuteError::Replay(_)
            | ExecuteError::Resume(_)
            | ExecuteError::Record(RecordError::File { .. } | RecordError::NoRoom { .. }) => {
                Exit::Refused
            }
            ExecuteError::Record(RecordError::InUse { .. }) => Exit::Busy,
            ExecuteError::Record(_)
            | ExecuteError::Unreadable { .. }
            | ExecuteError::Changed { .. }
            | ExecuteError::Gone(_)
            | ExecuteError::Outside(_)
            | ExecuteError::Golden { .. }
            | ExecuteError::Judge(_) => Exit::Damaged,
            ExecuteError::Write { .. } | ExecuteError::Draw(_) => Exit::BenchFault,
        }
    }
}
