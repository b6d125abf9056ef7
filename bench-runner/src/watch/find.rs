//! Which runs there are below a folder, and whether one is being written.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::execute::RECORD_FILE;

/// Deeper folders are not looked into.
const DEEPEST: usize = 6;

/// A run that can be watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// When its record changed last.
    pub changed: SystemTime,
    /// Its folder.
    pub folder: PathBuf,
}

/// Runs in `folder`, or the run that it is; the newest last.
pub fn runs(folder: &Path) -> Vec<Found> {
    let folders = folders(folder).into_iter();
    let mut found: Vec<Found> = folders
        .map(|folder| {
            let record = fs::metadata(folder.join(RECORD_FILE));
            let changed = record.and_then(|record| record.modified());
            Found {
                changed: changed.unwrap_or(SystemTime::UNIX_EPOCH),
                folder,
            }
        })
        .collect();
    found.sort();
    found
}

/// The folders of the runs in `folder`, or itself if it is one, in the order of their names.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    gather(folder, 0, &mut folders);
    folders
}

fn gather(folder: &Path, depth: usize, folders: &mut Vec<PathBuf>) {
    if folder.join(RECORD_FILE).is_file() {
        folders.push(folder.to_owned());
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut places: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    places.sort();
    for place in places {
        // Links could lead in circles.
        if depth < DEEPEST && place.is_dir() && !place.is_symlink() {
            gather(&place, depth + 1, folders);
        }
    }
}

/// Whether a process of this machine holds the record of a run open to write into it; `None` where the
/// system does not tell. Asks the system and not the file: a lock that is tried could be in the way of a
/// run that goes on.
pub fn is_written(folder: &Path) -> Option<bool> {
    let record = fs::metadata(folder.join(RECORD_FILE)).ok()?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    Some(holds(&locks, record.dev(), record.ino()))
}

/// Whether a lock of a whole file is on that file, as proc(5) lists them:
/// `1: FLOCK  ADVISORY  WRITE 708 00:13:16853 0 EOF`.
fn holds(locks: &str, device: u64, file: u64) -> bool {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let place = format!("{major:02x}:{minor:02x}:{file}");
    locks.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.any(|word| word == "FLOCK") && words.any(|word| word == place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_found_by_its_file() {
        let locks = "1: POSIX  ADVISORY  READ 5433 08:01:7864448 128 128\n\
                     2: FLOCK  ADVISORY  WRITE 2001 08:01:7864554 0 EOF\n";
        let device = rustix::fs::makedev(8, 1);
        assert!(holds(locks, device, 7_864_554));
        assert!(!holds(locks, device, 7_864_448), "another kind of lock");
        assert!(!holds(locks, device, 86_455), "another file");
        assert!(!holds(locks, rustix::fs::makedev(8, 2), 7_864_554));
    }

    #[test]
    fn a_record_is_written_while_its_lock_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("a/b");
        fs::create_dir_all(&run).unwrap();
        let file = fs::File::create(run.join(RECORD_FILE)).unwrap();
        assert_eq!(runs(dir.path()).len(), 1);
        assert_eq!(is_written(&run), Some(false));
        file.lock().unwrap();
        assert_eq!(is_written(&run), Some(true));
    }
}
