//! A record read while it is written: what is whole is told, what is torn is waited for.
//!
//! Nothing is remembered of the tail of the file: each look begins behind the last whole chunk, so that
//! it does not matter where the file was torn when it was looked at before, nor whether a run that goes on
//! cut it there.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use mcap::records::op;

use super::RecordError;
use super::chunks::{RECORD_HEAD, Scan, first_message, record_at};
use super::words::{Topic, Words, content};
use crate::digest::crc32;
use crate::event::Event;
use crate::header::Header;
use crate::rows::Rows;

/// Octets that are read at once, unless a chunk is longer.
const READ: u64 = 4 << 20;

/// No chunk is longer: what claims to be is none.
const LONGEST: u64 = 1 << 30;

/// What a follower tells.
#[derive(Debug)]
pub enum News<'a> {
    /// A run begins, or what was told of it does not hold any more: another file is there, or the run
    /// went on after it was cut off. Everything is told from the begin.
    Begins(&'a Header),
    /// The next event.
    Event(&'a Event),
    /// The next events, all of them readings of one device.
    Rows(&'a Rows<'a>),
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// There is more that is whole.
    More,
    /// Everything that is whole was told; the record goes on, or was torn here.
    Waiting,
    /// Everything was told, and the record is closed.
    Closed,
}

/// Follows a record.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: Option<File>,
    /// The place behind the last whole chunk.
    position: u64,
    /// The CRC-32 of the first octets of the file, as many as they were when its first chunk was whole.
    first: Option<(u64, u32)>,
    scan: Scan,
    /// Length of the file when it was closed.
    closed: Option<u64>,
    /// Headers that were seen on this way through the file.
    headers: usize,
    /// The place of the newest header that is known, and it: it counts from the begin of the file.
    newest: Option<(usize, Header)>,
    words: Option<Words>,
}

impl Follower {
    /// A follower of the record in the file `path`, which need not be there yet.
    pub fn new(path: &Path) -> Follower {
        Follower {
            path: path.to_owned(),
            file: None,
            position: mcap::MAGIC.len() as u64,
            first: None,
            scan: Scan::new(),
            closed: None,
            headers: 0,
            newest: None,
            words: None,
        }
    }

    /// Octets of the record that were told.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Gives what is new to `tell`, of at most 4 MiB of the file or of one chunk.
    ///
    /// # Errors
    /// If the file cannot be read, is no record, or holds what this version does not write. A file that
    /// is not there, or not yet whole, is no error.
    pub fn look(&mut self, tell: &mut dyn FnMut(News<'_>)) -> Result<Reach, RecordError> {
        let path = self.path.clone();
        let failed = |source| RecordError::File {
            path: path.clone(),
            source,
        };
        let Some(length) = self.attend().map_err(failed)? else {
            return Ok(Reach::Waiting);
        };
        if self.closed == Some(length) {
            return Ok(Reach::Closed);
        }
        self.closed = None;
        let bytes = self.read(length).map_err(failed)?;
        let before = self.position;
        self.take(&bytes, tell)?;
        // Nothing whole is behind the place: torn, or not written yet, or written over by another run.
        let stuck = self.closed.is_none() && self.position == before;
        if stuck && self.is_another() {
            self.anew(None);
            return Ok(Reach::More);
        }
        Ok(if self.closed.is_some() {
            Reach::Closed
        } else if stuck {
            Reach::Waiting
        } else {
            Reach::More
        })
    }

    /// Sees to it that the file at the path is the one that is open; its length.
    fn attend(&mut self) -> io::Result<Option<u64>> {
        let named = match fs::metadata(&self.path) {
            Ok(named) => named,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let open = self.file.as_ref().map(File::metadata).transpose()?;
        // While it is open, no other file has its number.
        let same = open.is_some_and(|o| (o.dev(), o.ino()) == (named.dev(), named.ino()));
        if !same {
            self.file = Some(File::open(&self.path)?);
            self.anew(None);
        } else if named.len() < self.position {
            self.anew(None);
        }
        let file = self.file.as_ref();
        Ok(file.map(File::metadata).transpose()?.map(|it| it.len()))
    }

    /// Goes back to the begin of the file, where a header counts that stands further behind in it.
    fn anew(&mut self, newest: Option<(usize, Header)>) {
        self.position = mcap::MAGIC.len() as u64;
        self.first = None;
        self.scan = Scan::new();
        self.closed = None;
        self.headers = 0;
        self.newest = newest;
        self.words = None;
    }

    /// The octets behind the last whole chunk, as far as they are read at once.
    fn read(&self, length: u64) -> io::Result<Vec<u8>> {
        let left = length.saturating_sub(self.position);
        let mut bytes = self.octets(self.position, left.min(READ))?;
        // Records behind a chunk are short; what does not fit is a chunk.
        let mut at = 0;
        while let Some((_, body)) = record_at(&bytes, at, bytes.len()) {
            at = body.end;
        }
        if let Some(needed) = claimed(&bytes, at).filter(|_| at < bytes.len()) {
            let whole = at as u64 + needed;
            let first_is_cut = whole > bytes.len() as u64 && whole <= left;
            if first_is_cut && bytes.len() as u64 == READ && whole <= LONGEST {
                bytes = self.octets(self.position, whole)?;
            }
        }
        Ok(bytes)
    }

    /// Octets of the file, fewer if it is shorter by now.
    fn octets(&self, from: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
        let Some(file) = &self.file else {
            return Ok(Vec::new());
        };
        let mut read = 0;
        while read < bytes.len() {
            match file.read_at(&mut bytes[read..], from + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Tells the whole chunks in `bytes`, which begin at the position.
    fn take(&mut self, bytes: &[u8], tell: &mut dyn FnMut(News<'_>)) -> Result<(), RecordError> {
        if self.first.is_none() {
            let magic = self.octets(0, mcap::MAGIC.len() as u64);
            let magic = magic.unwrap_or_default();
            if !mcap::MAGIC.starts_with(&magic) {
                return Err(RecordError::NotMcap);
            }
        }
        let (start, mut at) = (self.position, 0);
        while let Some((code, body)) = record_at(bytes, at, bytes.len()) {
            at = body.end;
            match code {
                op::CHUNK => {
                    if !self.chunk(bytes, &body, tell)? {
                        return Ok(());
                    }
                    self.position = start + body.end as u64;
                    self.remember_first();
                }
                op::FOOTER if bytes[body.end..] == *mcap::MAGIC => {
                    self.closed = Some(start + bytes.len() as u64);
                    return Ok(());
                }
                // Room that is not written yet.
                0 => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells the chunk in `body`; whether it was one, and the next one goes on behind it.
    fn chunk(
        &mut self,
        bytes: &[u8],
        body: &Range<usize>,
        tell: &mut dyn FnMut(News<'_>),
    ) -> Result<bool, RecordError> {
        let (next, last) = (self.scan.next, self.scan.last);
        self.scan.headers.clear();
        if self.scan.chunk(bytes, body).is_none() {
            (self.scan.next, self.scan.last) = (next, last);
            return Ok(false);
        }
        let byte = usize::try_from(self.position).unwrap_or(usize::MAX);
        let Some(chunk) = self.scan.chunks.pop() else {
            return Ok(false);
        };
        let records = self.scan.records(bytes, &chunk);
        if !self.scan.headers.is_empty() {
            self.headers += 1;
            let place = self.headers - 1;
            let known = self.newest.as_ref().map_or(0, |(place, _)| *place);
            if place > known || self.newest.is_none() {
                let header = header(records, byte)?;
                if place > known {
                    // The run went on, and all of it is to be seen by the newer header.
                    self.anew(Some((place, header)));
                    return Ok(false);
                }
                self.newest = Some((place, header));
            }
            if let (None, Some((_, header))) = (&self.words, &self.newest) {
                tell(News::Begins(header));
                self.words = Some(Words::forgetful(Topic::all(&self.scan.topics, header)));
            }
        }
        let words = self.words.as_mut().ok_or(RecordError::NoHeader)?;
        words.tell(records, byte, tell)?;
        Ok(true)
    }

    /// Whether the octets up to the first chunk's end are not those that were there.
    fn is_another(&self) -> bool {
        let Some((length, sum)) = self.first else {
            return false;
        };
        let bytes = self.octets(0, length);
        bytes.is_ok_and(|bytes| crc32(&bytes) != sum)
    }

    fn remember_first(&mut self) {
        if self.first.is_none()
            && let Ok(bytes) = self.octets(0, self.position)
        {
            self.first = Some((self.position, crc32(&bytes)));
        }
    }
}

/// The header that a chunk begins with.
pub(super) fn header(records: &[u8], byte: usize) -> Result<Header, RecordError> {
    let message = first_message(records).ok_or(RecordError::NoHeader)?;
    serde_json::from_slice(message.data).map_err(|error| content(byte, error.to_string()))
}

/// Octets of the record at `at` by its own head, the head included.
pub(super) fn claimed(bytes: &[u8], at: usize) -> Option<u64> {
    let head = bytes.get(at..at + RECORD_HEAD)?;
    let length = u64::from_le_bytes(head[1..].try_into().ok()?);
    length.checked_add(RECORD_HEAD as u64)
}
