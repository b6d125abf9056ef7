//! Room on the disk, kept ahead of a record: a full disk is noticed while there is still room to end
//! the run, and to say in the record how it ended.

use std::fs::File;
use std::io;

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Resource, getrlimit};

/// What a run may still write once the disk is full, until its bench is safe: a hundred times what the
/// fastest line tells in the longest time that takes, compressed.
pub(super) const AHEAD: u64 = 4 << 20;

/// More room is asked for in steps, not with each chunk.
const STEP: u64 = 1 << 20;

/// The room behind the octets of a file that is being written.
#[derive(Debug)]
pub(super) struct Room {
    /// The place in the file up to which its blocks are the file's own.
    end: u64,
}

impl Room {
    /// Room behind the first `position` octets of `file`.
    ///
    /// # Errors
    /// If there is less than is kept ahead.
    pub(super) fn behind(file: &File, position: u64) -> io::Result<Room> {
        let mut room = Room { end: position };
        room.keep(file, position)?;
        Ok(room)
    }

    /// Sees to it that there is room behind the first `position` octets of `file`. Its length stays
    /// what it is.
    ///
    /// # Errors
    /// If there is none: the disk is full, or this user's share of it, or files may not be so long.
    /// What was kept before is still there.
    pub(super) fn keep(&mut self, file: &File, position: u64) -> io::Result<()> {
        let wanted = position + AHEAD;
        // Blocks beyond a process's limit can be had, and octets be written there not.
        let longest = getrlimit(Resource::Fsize).current;
        if longest.is_some_and(|longest| wanted > longest) {
            return Err(Errno::FBIG.into());
        }
        if wanted <= self.end {
            return Ok(());
        }
        let end = wanted + STEP;
        let length = end - self.end;
        match retry_on_intr(|| fallocate(file, FallocateFlags::KEEP_SIZE, self.end, length)) {
            Ok(()) => {
                self.end = end;
                Ok(())
            }
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => has_room(file),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where blocks cannot be kept: whether there are enough of them just now. A file system that does not
/// tell even that is taken at its word when it takes no more.
fn has_room(file: &File) -> io::Result<()> {
    let Ok(free) = fstatvfs(file) else {
        return Ok(());
    };
    if free.f_blocks > 0 && free.f_bavail.saturating_mul(free.f_frsize) < AHEAD {
        return Err(Errno::NOSPC.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_is_kept_ahead_and_the_file_is_no_longer_for_it() {
        let file = tempfile::tempfile().unwrap();
        let mut room = Room::behind(&file, 0).unwrap();
        for position in [10, STEP, 3 * STEP + 5] {
            room.keep(&file, position).unwrap();
            let found = file.metadata().unwrap();
            assert_eq!(found.len(), 0);
            // Where the file system keeps no blocks, there is nothing to see.
            let kept = found.blocks() * 512;
            assert!(
                kept == 0 || kept >= position + AHEAD,
                "{kept} at {position}"
            );
        }
    }
}
