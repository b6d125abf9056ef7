//! A record read once from its begin to its end, for whoever judges it: chunk by chunk, and nothing of the
//! file is kept, so that a day's record takes no more memory than an hour's.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use mcap::records::op;
use sha2::{Digest, Sha256};

use super::chunks::{RECORD_HEAD, Scan, record_at};
use super::follower::{News, claimed, header};
use super::words::{Topic, Words};
use super::{Oversized, RecordError, Torn};
use crate::digest::hex;
use crate::header::Header;

/// Octets that are read at once: as many as stay in the cache until they are told.
const READ: usize = 1 << 20;

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// SHA-256 of all octets of the file as they were read, as 64 lower-case hex digits: of what was told
    /// and of nothing that was written since.
    pub sha256: String,
    /// How many octets they are.
    pub bytes: u64,
    /// Where it ends, if it was not closed.
    pub torn: Option<Torn>,
}

/// Tells the record in the file `path` to `tell`: its header, then every event in order. If it turns out
/// that the run was cut off and went on, all is told again from the begin with the header of the whole.
///
/// # Errors
/// If it cannot be read, is no record, is torn before its header was whole, or has a message that is not
/// what this version writes; the events before it were told.
pub fn read_once(path: &Path, tell: &mut dyn FnMut(News<'_>)) -> Result<Whole, RecordError> {
    let failed = |source| RecordError::File {
        path: path.to_owned(),
        source,
    };
    let mut newest = None;
    loop {
        let window = File::open(path).and_then(Window::new).map_err(failed)?;
        let mut reader = Reader {
            window,
            scan: Scan::new(),
            words: None,
            headers: 0,
            newest,
            went_on: None,
        };
        reader.read(tell, &failed)?;
        newest = reader.went_on;
        if newest.is_none() {
            let scan = reader.scan;
            return Ok(Whole {
                sha256: hex(&reader.window.digest.finalize()),
                bytes: reader.window.end,
                torn: (!scan.closed).then_some(Torn {
                    byte: scan.intact as u64,
                    at: scan.last,
                    oversized: scan.oversized,
                }),
            });
        }
    }
}

/// The header of the record in the file `path` as it stands at its begin: of a run that goes on, or was cut
/// off, too. Nothing behind it is looked at.
///
/// # Errors
/// If it cannot be read, is no record, or its header is not whole.
pub fn header_of(path: &Path) -> Result<Header, RecordError> {
    let failed = |source| RecordError::File {
        path: path.to_owned(),
        source,
    };
    let mut window = File::open(path).and_then(Window::new).map_err(failed)?;
    if !window.begins_with(mcap::MAGIC).map_err(failed)? {
        return Err(RecordError::NotMcap);
    }
    let mut scan = Scan::new();
    while let Some((code, body)) = window.record().map_err(failed)? {
        if code == op::CHUNK {
            let whole = scan.chunk(window.bytes(), &body);
            let chunk = whole.and_then(|()| scan.chunks.pop());
            let chunk = chunk.filter(|_| !scan.headers.is_empty());
            let chunk = chunk.ok_or(RecordError::NoHeader)?;
            let records = scan.records(window.bytes(), &chunk);
            return header(records, window.place(chunk.stored.start));
        }
        window.pass(body.end);
    }
    Err(RecordError::NoHeader)
}

/// One way through the file.
struct Reader {
    window: Window,
    scan: Scan,
    words: Option<Words>,
    /// Headers that were seen on this way.
    headers: usize,
    /// The newest header that is known, and the how many-th it is.
    newest: Option<(usize, Header)>,
    /// A newer one, which was found on the way.
    went_on: Option<(usize, Header)>,
}

impl Reader {
    fn read(
        &mut self,
        tell: &mut dyn FnMut(News<'_>),
        failed: &dyn Fn(io::Error) -> RecordError,
    ) -> Result<(), RecordError> {
        if !self.window.begins_with(mcap::MAGIC).map_err(failed)? {
            return Err(RecordError::NotMcap);
        }
        while let Some((code, body)) = self.window.record().map_err(failed)? {
            if code == op::CHUNK && !self.chunk(&body, tell)? {
                break;
            }
            self.window.pass(body.end);
            self.scan.intact = self.window.place(body.end);
            if code == op::FOOTER {
                self.scan.closed = self.window.ends_with(mcap::MAGIC).map_err(failed)?;
                break;
            }
        }
        self.window.read_out().map_err(failed)?;
        match (&self.words, self.scan.oversized) {
            (Some(_), _) => Ok(()),
            (None, Some(oversized)) => Err(RecordError::Oversized(oversized)),
            (None, None) => Err(RecordError::NoHeader),
        }
    }

    /// Tells the chunk in `body`; whether it is intact.
    fn chunk(
        &mut self,
        body: &Range<usize>,
        tell: &mut dyn FnMut(News<'_>),
    ) -> Result<bool, RecordError> {
        let bytes = self.window.bytes();
        let start = self.window.place(body.start - RECORD_HEAD);
        self.scan.headers.clear();
        let known = self.scan.topics.len();
        if self.scan.chunk(bytes, body).is_none() {
            let byte = start as u64;
            let oversized = self.scan.oversized;
            self.scan.oversized = oversized.map(|oversized| Oversized { byte, ..oversized });
            return Ok(false);
        }
        let Some(chunk) = self.scan.chunks.pop() else {
            return Ok(false);
        };
        let byte = start + chunk.stored.start - (body.start - RECORD_HEAD);
        let records = self.scan.records(bytes, &chunk);
        if !self.scan.headers.is_empty() {
            self.headers += 1;
            let told = (self.headers, header(records, byte)?);
            if self.words.is_none() {
                let (_, header) = self.newest.get_or_insert(told);
                tell(News::Begins(header));
                self.words = Some(Words::forgetful(Topic::all(&self.scan.topics, header)));
            } else if self.newest.as_ref().is_some_and(|it| it.0 < told.0) {
                self.went_on = Some(told);
            }
        }
        let (Some(words), Some((_, header))) = (&mut self.words, &self.newest) else {
            return Err(RecordError::NoHeader);
        };
        if self.went_on.is_some() {
            return Ok(true);
        }
        if self.scan.topics.len() > known {
            words.know(Topic::all(&self.scan.topics, header));
        }
        words.tell(records, byte, tell)?;
        Ok(true)
    }
}

/// The part of the file that is at hand.
struct Window {
    file: File,
    /// Octets of the file when it was opened.
    length: u64,
    /// Octets that were read.
    end: u64,
    digest: Sha256,
    room: Vec<u8>,
    /// What of the room is not passed yet.
    open: Range<usize>,
}

impl Window {
    fn new(file: File) -> io::Result<Window> {
        Ok(Window {
            length: file.metadata()?.len(),
            file,
            end: 0,
            digest: Sha256::new(),
            room: vec![0; READ],
            open: 0..0,
        })
    }

    fn bytes(&self) -> &[u8] {
        &self.room[..self.open.end]
    }

    /// Where in the file an octet of the room stands.
    fn place(&self, at: usize) -> usize {
        usize::try_from(self.end).unwrap_or(usize::MAX) - self.open.end + at
    }

    /// The next record that is whole: its opcode and where its body is.
    fn record(&mut self) -> io::Result<Option<(u8, Range<usize>)>> {
        loop {
            let (at, end) = (self.open.start, self.open.end);
            if let Some(record) = record_at(&self.room, at, end) {
                return Ok(Some(record));
            }
            let needed = claimed(self.bytes(), at).unwrap_or(RECORD_HEAD as u64);
            let left = self.length.saturating_sub(self.end) + (end - at) as u64;
            // What claims more than the file has is torn, and no room is made for it.
            let needed = usize::try_from(needed.min(left + 1)).unwrap_or(usize::MAX);
            if needed as u64 > left || !self.read(needed)? {
                return Ok(None);
            }
        }
    }

    /// Reads until `needed` octets are open; whether there are as many.
    fn read(&mut self, needed: usize) -> io::Result<bool> {
        self.room.copy_within(self.open.clone(), 0);
        self.open = 0..self.open.len();
        if self.room.len() < needed {
            self.room.resize(needed, 0);
        }
        while self.open.end < needed {
            let read = match self.file.read(&mut self.room[self.open.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let (from, to) = (self.open.end, self.open.end + read);
            self.digest.update(&self.room[from..to]);
            self.end += read as u64;
            self.open.end = to;
        }
        Ok(true)
    }

    /// Goes on behind `end` of the room.
    fn pass(&mut self, end: usize) {
        self.open.start = end;
    }

    /// Whether the file goes on with `octets`, which are passed then.
    fn begins_with(&mut self, octets: &[u8]) -> io::Result<bool> {
        let is_long = self.read(octets.len())?;
        let is_so = is_long && self.bytes()[self.open.start..].starts_with(octets);
        if is_so {
            self.pass(self.open.start + octets.len());
        }
        Ok(is_so)
    }

    /// Whether `octets` and nothing else are left of the file.
    fn ends_with(&mut self, octets: &[u8]) -> io::Result<bool> {
        let is_longer = self.read(octets.len() + 1)?;
        Ok(!is_longer && self.bytes()[self.open.start..] == *octets)
    }

    /// Reads what is left of the file, which counts for its digest alone.
    fn read_out(&mut self) -> io::Result<()> {
        loop {
            self.pass(self.open.end);
            if !self.read(READ)? {
                return Ok(());
            }
        }
    }
}
