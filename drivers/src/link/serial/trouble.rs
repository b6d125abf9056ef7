//! Why a serial port cannot be opened, so that a person knows what to do: it is not there, it
//! may not be used, or somebody else has it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio_serial::ErrorKind;

use super::port::ports;
use crate::error::LinkError;

/// Where programs that talk to modems say that they have a port (Filesystem Hierarchy
/// Standard 3.0, 5.9): `LCK..ttyUSB0` with the number of the process.
const LOCKS: [&str; 2] = ["/run/lock", "/var/lock"];

/// The error for the port at `path`, which `line` names.
pub(super) fn sorted(line: String, path: &Path, error: &tokio_serial::Error) -> LinkError {
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => LinkError::Absent {
            line,
            why: absent(path),
        },
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => LinkError::Denied {
            line,
            why: denied(path),
        },
        // The crate's word for EBUSY, and for a lock that it does not get. It is its word for
        // what is no terminal too, but such an error does not come with a port that is there.
        ErrorKind::NoDevice if path.exists() => LinkError::Busy {
            line,
            why: busy(path),
        },
        _ if !path.exists() => LinkError::Absent {
            line,
            why: absent(path),
        },
        _ => LinkError::Open {
            line,
            why: error.to_string(),
        },
    }
}

/// Who says by a lock file that the port is theirs, and is alive to mean it.
pub(super) fn claimed(path: &Path) -> Option<String> {
    let port = path.canonicalize().ok()?;
    // Names of pseudo-terminals are numbers that come again.
    if port.starts_with("/dev/pts") {
        return None;
    }
    let name = format!("LCK..{}", port.file_name()?.to_string_lossy());
    let mut files = LOCKS.iter().map(|folder| Path::new(folder).join(&name));
    files.find_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        let process: u32 = text.split_whitespace().next()?.parse().ok()?;
        let alive = Path::new("/proc").join(process.to_string()).exists();
        (alive && process != std::process::id())
            .then(|| format!("{} has it, as {} says", owner(process), file.display()))
    })
}

fn absent(path: &Path) -> String {
    let there: Vec<String> = ports()
        .into_iter()
        .map(|port| port.by_id.unwrap_or(port.path).display().to_string())
        .collect();
    let there = match there.as_slice() {
        [] => "this machine has no serial port at all".to_owned(),
        ports => format!("the serial ports of this machine are {}", ports.join(", ")),
    };
    let path = path.display();
    format!("there is no {path}; is the adapter plugged in, and the device on? {there}")
}

/// Whose the port is, and the command that lets a person in.
fn denied(path: &Path) -> String {
    let found = fs::metadata(path).ok();
    let group = found.as_ref().and_then(|found| group(found.gid()));
    let path = path.display();
    match group {
        Some(group) if group != "root" => format!(
            "only members of the group `{group}` may use {path}; `sudo usermod -aG {group} \
             \"$USER\"` makes you one, from your next login on"
        ),
        _ => format!(
            "only root may use {path}; a udev rule with GROUP=\"dialout\", MODE=\"0660\" gives \
             it to the people of the bench"
        ),
    }
}

/// The name of a group.
fn group(number: u32) -> Option<String> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

fn busy(path: &Path) -> String {
    let holders = holders(path);
    if holders.is_empty() {
        let path = path.display();
        return format!("somebody else has it open; `sudo fuser -v {path}` says who");
    }
    let count = if holders.len() == 1 { "has" } else { "have" };
    format!("{} {count} it open", holders.join(" and "))
}

/// The processes that have a file open, as far as this user may look.
fn holders(path: &Path) -> Vec<String> {
    let (Ok(port), Ok(processes)) = (path.canonicalize(), fs::read_dir("/proc")) else {
        return Vec::new();
    };
    let holds = |folder: PathBuf| {
        let mut files = fs::read_dir(folder.join("fd"))
            .into_iter()
            .flatten()
            .flatten();
        files.any(|file| fs::read_link(file.path()).is_ok_and(|target| target == port))
    };
    let mut found: Vec<u32> = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process: &u32| holds(Path::new("/proc").join(process.to_string())))
        .collect();
    found.sort_unstable();
    found.into_iter().map(owner).collect()
}

/// `process 4711 (minicom)`
fn owner(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm"));
    match name {
        Ok(name) => format!("process {process} ({})", name.trim()),
        Err(_) => format!("process {process}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_is_told_who_may() {
        assert_eq!(group(0).as_deref(), Some("root"));
        assert!(denied(Path::new("/etc/passwd")).contains("udev rule"));
    }

    #[test]
    fn who_has_a_file_open_is_named() {
        let path = std::env::temp_dir().join(format!("bench-held-{}", std::process::id()));
        let held = fs::File::create(&path).unwrap();
        let this = format!("process {} (", std::process::id());
        assert!(busy(&path).starts_with(&this), "{}", busy(&path));
        drop(held);
        assert!(busy(&path).contains("fuser -v"));
        fs::remove_file(&path).unwrap();
    }
}
