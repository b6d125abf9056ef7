//! Files that are written, whole or bit by bit.

use std::path::Path;

use super::Stop;

/// Writes a file bit by bit.
pub(super) fn stream(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let cannot =
        |why: &dyn std::fmt::Display| Stop::Disk(format!("cannot write {}: {why}", path.display()));
    let mut file = std::fs::File::create(path).map_err(|why| cannot(&why))?;
    write(&mut file).map_err(|stop| match stop {
        Stop::Disk(why) => cannot(&why),
        other => other,
    })
}

pub(super) fn save(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Stop> {
    std::fs::write(path, bytes)
        .map_err(|why| Stop::Disk(format!("cannot write {}: {why}", path.display())))
}
