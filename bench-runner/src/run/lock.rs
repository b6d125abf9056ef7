//! One bench, one run: while a run holds the lines to its instruments, no other run of this
//! machine may. A lock is a file lock (`flock(2)`), so the kernel opens it when its owner dies,
//! however it dies.
//!
//! The file's first line is a fencing token: a number that grows with each owner. Before it sends
//! anything, whoever holds the lock looks whether the number is still its own. So one that was taken
//! over without having died, as where somebody tidied up the folder of locks, or on a file system whose
//! locks do not hold, tells no device anything any more. The rest of the text is for people.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use drivers::link::Fence;
use reports::digest::sha256_hex;

use crate::plan::{DevicePlan, Plan};

/// Where locks of any user of this machine stand, by the Filesystem Hierarchy Standard 3.0 (5.9);
/// the second is for machines that have no such folder.
const FOLDERS: [&str; 2] = ["/run/lock", "/var/lock"];

/// The lines that a run holds, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    held: Vec<Held>,
}

/// One line that is held.
#[derive(Debug)]
struct Held {
    file: File,
    path: PathBuf,
    far_end: String,
    token: u64,
}

/// Why a bench cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("{device}: another run holds {line} ({owner})")]
    Busy {
        /// The device at the line's end.
        device: String,
        /// The line.
        line: String,
        /// Who has it, as far as is known.
        owner: String,
    },
    /// No lock can be made.
    #[error("cannot lock {line} with {}: {source}", path.display())]
    Lock {
        /// The line.
        line: String,
        /// The lock's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes all lines of a plan that leave this process, or none. With `wait`, waits for those
    /// that are held.
    ///
    /// # Errors
    /// If another run has one of them, or if no lock can be made.
    pub fn take(plan: &Plan, wait: bool) -> Result<Lock, LockError> {
        let purpose = format!("campaign {}", plan.header.campaign);
        Lock::hold(&plan.devices, &purpose, wait)
    }

    /// Takes all lines of some devices that leave this process, or none, and says what for.
    ///
    /// # Errors
    /// If another run has one of them, or if no lock can be made.
    pub fn hold(devices: &[DevicePlan], purpose: &str, wait: bool) -> Result<Lock, LockError> {
        let wired = devices.iter().map(DevicePlan::wired);
        let lines = wired.filter_map(|wired| {
            let line = wired.link.line()?;
            Some((line.far_end(), wired.name.to_string(), line.to_string()))
        });
        Lock::lines(lines.collect(), purpose, wait)
    }

    /// Takes the line of a port that is in no wiring.
    ///
    /// # Errors
    /// If a run has it, or if no lock can be made.
    pub(crate) fn line(far_end: &str, port: &str, purpose: &str) -> Result<Lock, LockError> {
        let line = (far_end.to_owned(), port.to_owned(), port.to_owned());
        Lock::lines(vec![line], purpose, false)
    }

    /// Holds nothing.
    pub(crate) fn none() -> Lock {
        Lock { held: Vec::new() }
    }

    /// Has the drivers of `devices` send nothing on a line that is not this lock's any more.
    pub(crate) fn fence(&self, devices: &mut [DevicePlan]) {
        for device in devices {
            let wired = device.wired_mut();
            let Some(line) = wired.link.line() else {
                continue;
            };
            let far_end = line.far_end();
            let mut held = self.held.iter();
            let held = held.find(|held| held.far_end == far_end);
            wired.fence = held.map(Held::fence);
        }
    }

    fn lines(
        mut lines: Vec<(String, String, String)>,
        purpose: &str,
        wait: bool,
    ) -> Result<Lock, LockError> {
        let folder = folder();
        // Everybody in one order: two runs that wait never wait for each other.
        lines.sort();
        // Devices that share a line are held by one lock.
        lines.dedup_by(|one, other| one.0 == other.0);
        let holder = format!("process {}, {purpose}\n", std::process::id());
        let mut held = Vec::new();
        for (far_end, device, line) in lines {
            let path = folder.join(format!(
                "bench-{}.lock",
                &sha256_hex(far_end.as_bytes())[..16]
            ));
            let failed = |source| LockError::Lock {
                line: line.clone(),
                path: path.clone(),
                source,
            };
            let mut file = open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if wait => file.lock().map_err(failed)?,
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Busy {
                        device,
                        line,
                        owner: owner(&read(&mut file)),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            let token = token(&read(&mut file)).map_or(1, |token| token.wrapping_add(1));
            tell(&mut file, token, &holder).map_err(failed)?;
            held.push(Held {
                file,
                path,
                far_end,
                token,
            });
        }
        Ok(Lock { held })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        for held in &mut self.held {
            // What stays behind names nobody; the lock itself goes with the descriptor.
            let _whatever = tell(&mut held.file, held.token, "");
        }
    }
}

impl Held {
    /// Looks by the file's name: the file itself may not be the one that others lock any more.
    fn fence(&self) -> Fence {
        let (path, own) = (self.path.clone(), self.token);
        Fence::new(move || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            match token(&text) {
                Some(token) if token == own => Ok(()),
                Some(_) => Err(owner(&text)),
                None => Err(format!("{} is gone, or was emptied", path.display())),
            }
        })
    }
}

fn folder() -> PathBuf {
    let writable = |folder: &&&str| {
        fs::metadata(folder)
            .is_ok_and(|found| found.is_dir() && found.permissions().mode() & 0o002 != 0)
    };
    let folder = FOLDERS.iter().find(writable).map(PathBuf::from);
    folder.unwrap_or_else(std::env::temp_dir)
}

/// Opens a lock's file for any user, making it if it is not there. It is never removed: somebody
/// may wait for it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // Without `create` first: in folders for everybody, Linux lets nobody "create" what another
    // user made (`fs.protected_regular`).
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = options.create(true).mode(0o666).open(path)?;
            // Past the umask. Only its maker may, and one who lost a race need not.
            let _made = file.set_permissions(fs::Permissions::from_mode(0o666));
            Ok(file)
        }
        opened => opened,
    }
}

/// Writes the whole text over the one before, so that whoever reads meanwhile finds a token.
fn tell(file: &mut File, token: u64, owner: &str) -> io::Result<()> {
    let text = format!("token {token:020}\n{owner}");
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    // What cannot be read says nothing.
    let _unreadable = file
        .rewind()
        .and_then(|()| file.take(400).read_to_string(&mut text));
    text
}

/// The token in a lock's text.
fn token(text: &str) -> Option<u64> {
    text.lines().next()?.strip_prefix("token ")?.parse().ok()
}

/// The owner in a lock's text.
fn owner(text: &str) -> String {
    let told = text.lines().find(|line| !line.starts_with("token "));
    match told.map(str::trim) {
        Some(owner) if !owner.is_empty() => owner.to_owned(),
        _ => "it does not say who it is".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_owner_has_a_token_of_its_own_and_the_last_one_passes() {
        let port = format!("test:{}", std::process::id());
        let take = || Lock::line(&port, &port, "a test").unwrap();
        let first = take();
        let token = first.held[0].token;
        let fence = format!("{:?}", first.held[0].fence());
        assert_eq!(fence, "Fence");
        let text = fs::read_to_string(&first.held[0].path).unwrap();
        assert_eq!(super::token(&text), Some(token));
        assert!(owner(&text).contains("a test"), "{text}");
        drop(first);
        let second = take();
        assert_eq!(second.held[0].token, token + 1);
        let path = second.held[0].path.clone();
        drop(second);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(owner(&text), "it does not say who it is");
        fs::remove_file(path).unwrap();
    }
}
