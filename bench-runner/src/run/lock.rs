//! One bench, one run: while a run holds the lines to its instruments, no other run of this
//! machine may. A lock is a file lock (`flock(2)`), so the kernel opens it when its owner dies,
//! however it dies; the file's text is for people only.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use reports::digest::sha256_hex;

use crate::plan::{DevicePlan, Plan};

/// Where locks of any user of this machine stand, by the Filesystem Hierarchy Standard 3.0 (5.9);
/// the second is for machines that have no such folder.
const FOLDERS: [&str; 2] = ["/run/lock", "/var/lock"];

/// The lines that a run holds, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    files: Vec<File>,
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
        Lock { files: Vec::new() }
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
        let owner = format!("process {}, {purpose}\n", std::process::id());
        let mut files = Vec::new();
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
                        owner: told(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            tell(&mut file, &owner).map_err(failed)?;
            files.push(file);
        }
        Ok(Lock { files })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        for file in &self.files {
            // What stays behind names nobody; the lock itself goes with the descriptor.
            let _whatever = file.set_len(0);
        }
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

fn tell(file: &mut File, owner: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(owner.as_bytes())
}

fn told(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(200).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        Ok(_) | Err(_) => "it does not say who it is".to_owned(),
    }
}
