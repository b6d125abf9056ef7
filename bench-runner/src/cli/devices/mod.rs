//! Verbs about the devices of a bench, without a campaign: what is there, whether it is well, a
//! word with one of them, and leaving all of them safe.

pub(super) mod console;
pub(super) mod doctor;
mod exams;
pub(super) mod find;
pub(super) mod place;
mod probe;
pub(super) mod safe;

use std::path::{Path, PathBuf};

use super::complain;
use crate::config::folder::Folder;
use crate::exit::Exit;
use crate::labgrid::Place;
use crate::plan::Bench;
use crate::run::LockError;
use place::on_place;

/// The bench that a verb is about.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// Wiring file
    #[arg(env = "BENCH_WIRING", required_unless_present = "labgrid")]
    wiring: Option<PathBuf>,
    /// The resources of this place of labgrid's; it is acquired, unless you have it, and released
    #[arg(long, value_name = "PLACE")]
    labgrid: Option<String>,
}

impl Where {
    /// Does `act` with the bench.
    fn on(&self, wait: bool, act: impl FnOnce(&Bench) -> Exit) -> Exit {
        let given = self.wiring.as_deref().map(file);
        match (&self.labgrid, given) {
            (Some(place), given) => {
                let take = || Place::take_or_hold(place, wait);
                on_place(take, given, |(folder, name)| {
                    act(&Bench::File(folder, name))
                })
            }
            (None, Some((folder, name))) => act(&Bench::File(folder, name)),
            (None, None) => {
                complain("Error: neither a wiring nor a place was named\n");
                Exit::Refused
            }
        }
    }
}

/// The wiring in a file.
pub(super) fn bench(path: &Path) -> Bench {
    let (folder, name) = file(path);
    Bench::File(folder, name)
}

fn file(path: &Path) -> (Folder, String) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    match path.file_name() {
        Some(name) => (Folder::Disk(folder), name.to_string_lossy().into_owned()),
        // `.`, `..` and `/` have no name; they are read, and refused, as they are.
        None => (Folder::Disk("".into()), path.display().to_string()),
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
