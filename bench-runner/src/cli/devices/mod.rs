//! Verbs about the devices of a bench, without a campaign: what is there, whether it is well, a
//! word with one of them, and leaving all of them safe.

pub(super) mod console;
pub(super) mod doctor;
mod exams;
pub(super) mod find;
mod probe;
pub(super) mod safe;

use std::path::Path;

use super::complain;
use crate::config::folder::Folder;
use crate::exit::Exit;
use crate::plan::Bench;
use crate::run::LockError;

/// The wiring in a file.
pub(super) fn bench(path: &Path) -> Bench {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    match path.file_name() {
        Some(name) => Bench::File(Folder::Disk(folder), name.to_string_lossy().into_owned()),
        // `.`, `..` and `/` have no name; they are read, and refused, as they are.
        None => Bench::File(Folder::Disk("".into()), path.display().to_string()),
    }
}

/// Says who has a device.
fn busy(error: &LockError) -> Exit {
    complain(&format!(
        "Error: {error}\nIt leaves the bench safe when it ends: wait for it with --wait, or end it \
         with SIGTERM.\nNothing was touched.\n"
    ));
    Exit::Busy
}
