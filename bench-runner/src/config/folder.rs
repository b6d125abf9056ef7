//! Folders that configuration is read from: on disk, or embedded in the program.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::refusal::nearest;

/// Bytes after which a file is not read on, 256 MiB: goldens are far smaller, devices never end.
const HUGE: u64 = 1 << 28;
/// Names of a folder that are looked at for one that is misspelt.
const MOST_NAMES: usize = 1_000;

/// A file embedded in the program: its path and its bytes.
pub type Embedded = (&'static str, &'static [u8]);

/// Where files come from.
#[derive(Clone, Debug)]
pub enum Folder {
    /// The disk; paths are relative to this folder.
    Disk(PathBuf),
    /// The program itself; paths are relative to this folder of its files.
    Embedded(&'static [Embedded], PathBuf),
    /// Another, but for one of its files, which reads so.
    Altered(Box<Folder>, String, Arc<[u8]>),
}

impl Folder {
    /// The bytes of a file.
    ///
    /// # Errors
    /// The operating system's words, or that the program has no such file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self {
            Folder::Altered(_, name, bytes) if name == path => Ok(bytes.to_vec()),
            Folder::Altered(folder, ..) => folder.read(path),
            Folder::Disk(root) => {
                let path = on_disk(root, path);
                read_some(&path).map_err(|error| match error.kind() {
                    ErrorKind::IsADirectory => "it is a folder, and a file is wanted".to_owned(),
                    _ => error.to_string(),
                })
            }
            Folder::Embedded(files, root) => {
                let wanted = tidy(&root.join(path));
                files
                    .iter()
                    .find(|(name, _)| Path::new(name) == wanted)
                    .map(|(_, bytes)| bytes.to_vec())
                    .ok_or_else(|| "not among the embedded files".to_owned())
            }
        }
    }

    /// Where a file is on disk, for programs that read it themselves; a file that is embedded is nowhere.
    pub fn path(&self, path: &Path) -> PathBuf {
        match self {
            Folder::Disk(root) => on_disk(root, &path.to_string_lossy()),
            Folder::Embedded(..) => path.to_owned(),
            Folder::Altered(folder, ..) => folder.path(path),
        }
    }

    /// All files directly in a folder, by name.
    ///
    /// # Errors
    /// The operating system's words, or that there is none.
    pub fn read_all(&self, path: &str) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut found = BTreeMap::new();
        match self {
            Folder::Altered(folder, ..) => return folder.read_all(path),
            Folder::Disk(root) => {
                let entries = std::fs::read_dir(on_disk(root, path)).map_err(|e| e.to_string())?;
                for entry in entries {
                    let entry = entry.map_err(|error| error.to_string())?;
                    if entry.path().is_file() {
                        let bytes = read_some(&entry.path()).map_err(|e| e.to_string())?;
                        found.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
                    }
                }
            }
            Folder::Embedded(files, root) => {
                let wanted = tidy(&root.join(path));
                for (name, bytes) in *files {
                    let name = Path::new(name);
                    if name.parent() == Some(&wanted)
                        && let Some(file) = name.file_name()
                    {
                        found.insert(file.to_string_lossy().into_owned(), bytes.to_vec());
                    }
                }
            }
        }
        if found.is_empty() {
            Err("no such folder, or nothing in it".to_owned())
        } else {
            Ok(found)
        }
    }

    /// What is in the same folder and looks like `path` misspelt, as advice.
    pub fn nearest(&self, path: &str) -> Option<String> {
        if let Folder::Altered(folder, ..) = self {
            return folder.nearest(path);
        }
        let path = Path::new(path);
        let (parent, name) = (path.parent()?, path.file_name()?.to_string_lossy());
        let names: Vec<String> = match self {
            Folder::Altered(..) => Vec::new(),
            Folder::Disk(root) => {
                let folder = root.join(parent);
                let folder = if folder.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    &folder
                };
                let entries = std::fs::read_dir(folder).ok()?.flatten();
                let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
                names.take(MOST_NAMES).collect()
            }
            Folder::Embedded(files, root) => {
                let folder = tidy(&root.join(parent));
                let inside = |path: &str| {
                    let rest = Path::new(path).strip_prefix(&folder).ok()?;
                    let first = rest.components().next()?;
                    Some(first.as_os_str().to_string_lossy().into_owned())
                };
                files.iter().filter_map(|(path, _)| inside(path)).collect()
            }
        };
        let others = names
            .iter()
            .map(String::as_str)
            .filter(|other| *other != name);
        nearest(&name, others)
    }

    /// What the user knows a file here by.
    pub fn label(&self, path: &str) -> String {
        match self {
            Folder::Disk(root) if root.as_os_str().is_empty() => path.to_owned(),
            Folder::Disk(root) => tidy(&root.join(path)).display().to_string(),
            Folder::Altered(folder, name, _) if name == path => {
                format!("{} (altered)", folder.label(path))
            }
            Folder::Altered(folder, ..) => folder.label(path),
            Folder::Embedded(_, root) => format!("<embedded>/{}", tidy(&root.join(path)).display()),
        }
    }
}

/// Where `path` is on disk. The inputs that a run has kept lie in one folder, wherever they were
/// when it ran: files by their names, goldens in `goldens`.
fn on_disk(root: &Path, path: &str) -> PathBuf {
    let there = root.join(path);
    let kept = root.file_name().is_some_and(|name| name == "inputs")
        && root.join("../record.mcap").exists();
    if there.exists() || !kept {
        return there;
    }
    let name = Path::new(path).file_name().unwrap_or_default();
    let candidates = [root.join(name), root.join("goldens").join(name)];
    candidates
        .into_iter()
        .find(|kept| kept.exists())
        .unwrap_or(there)
}

/// The bytes of a file on disk; a huge one is refused. Pipes and sockets are not opened: one that nobody
/// writes to would be waited for without end.
///
/// # Errors
/// The operating system's, or that the file is none or is larger than [`HUGE`].
pub(crate) fn read_some(path: &Path) -> std::io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_fifo() || kind.is_socket() {
        let text = "it is a pipe or a socket, and a file is wanted";
        return Err(std::io::Error::new(ErrorKind::InvalidInput, text));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(HUGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > HUGE {
        let text = format!("it is larger than {} MiB, and no file here is", HUGE >> 20);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Resolves `..` without asking the disk.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if tidied.file_name().is_some() => {
                tidied.pop();
            }
            Component::CurDir => {}
            part => tidied.push(part),
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILES: &[Embedded] = &[("a/x.toml", b"x"), ("b/c/y", b"y"), ("b/c/z", b"z")];

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(place.path().join("s")).unwrap();
        let folder = Folder::Disk(place.path().to_owned());
        assert!(folder.read("s").unwrap_err().contains("a file is wanted"));
    }

    #[test]
    fn what_is_huge_is_refused_and_not_cut_off() {
        let place = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(place.path().join("h")).unwrap();
        // Sparse: it takes no room on the disk.
        file.set_len(HUGE + 1).unwrap();
        let folder = Folder::Disk(place.path().to_owned());
        let why = folder.read("h").unwrap_err();
        assert!(why.contains("larger than 256 MiB"), "{why}");
    }

    #[test]
    fn embedded_files_are_found_by_relative_paths() {
        let folder = Folder::Embedded(FILES, PathBuf::from("a"));
        assert_eq!(folder.read("x.toml").unwrap(), b"x");
        assert_eq!(folder.read("../b/c/y").unwrap(), b"y");
        assert!(folder.read("y").is_err());
        let all = folder.read_all("../b/c").unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["y", "z"]);
        assert!(folder.read_all("../b").is_err());
    }
}
