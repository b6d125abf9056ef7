//! What serial ports, pseudo-terminals and sockets have in common: streams of bytes that are read
//! and written, the pace of lines that are played, and names under which ends are found.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use profiles::time::{BenchTime, Period};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Arrival;
use super::memory::Pacing;
use crate::clock::Clock;
use crate::error::LinkError;

/// Bytes that are read at once: more than any line brings between two looks.
pub(super) const READ_BYTES: usize = 4_096;
/// How long a far end may take nothing, until it counts as gone.
const STUCK: Period = Period::millis(2_000);

/// Waits for bytes, and takes all that are there, up to `most`. Cancel-safe: nothing is taken
/// before it is given.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    clock: Clock,
    most: usize,
) -> Result<Arrival, LinkError> {
    // The buffer is not kept while nothing is there: every future that waits here would hold it.
    let chunk = poll_fn(|context| {
        let mut bytes = [0; READ_BYTES];
        let mut buffer = ReadBuf::new(&mut bytes[..most]);
        Pin::new(&mut *stream)
            .poll_read(context, &mut buffer)
            .map_ok(|()| Bytes::copy_from_slice(buffer.filled()))
    })
    .await
    .map_err(|error| failed(&error))?;
    if chunk.is_empty() {
        // A port that was unplugged reads nothing, at once and for ever.
        return Err(LinkError::Closed);
    }
    Ok(Arrival::new(clock.now(), chunk))
}

/// Writes all of a chunk.
pub(super) async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    clock: Clock,
    mut chunk: &[u8],
) -> Result<(), LinkError> {
    while !chunk.is_empty() {
        let write = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, chunk));
        match clock.within(STUCK, write).await {
            Ok(Ok(0)) => return Err(LinkError::Closed),
            Ok(Ok(length)) => chunk = &chunk[length..],
            Ok(Err(error)) => return Err(failed(&error)),
            Err(_) => return Err(LinkError::Stuck(STUCK)),
        }
    }
    Ok(())
}

/// What the operating system says when a far end is gone, and everything else that it says.
pub(super) fn failed(error: &io::Error) -> LinkError {
    const EIO: i32 = 5;
    match error.kind() {
        io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof => LinkError::Closed,
        _ if error.raw_os_error() == Some(EIO) => LinkError::Closed,
        _ => LinkError::Failed(error.to_string()),
    }
}

/// The pace of a line that is played: neither a pseudo-terminal nor a socket takes the time that
/// characters take on a real line, in either direction.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    pacing: Pacing,
    /// When the last character is gone.
    gone_at: BenchTime,
    /// When the last character is there.
    there_at: BenchTime,
    /// Read, but not there yet: `receive` may be dropped while it waits.
    coming: Option<Arrival>,
}

impl Pace {
    pub(super) fn new(clock: Clock, pacing: Pacing) -> Pace {
        Pace {
            clock,
            pacing,
            gone_at: BenchTime::ZERO,
            there_at: BenchTime::ZERO,
            coming: None,
        }
    }

    /// When the last character of a chunk is gone, if its first may leave at `at`.
    pub(super) fn gone_at(&self, at: BenchTime, chunk: &[u8]) -> BenchTime {
        at.max(self.gone_at).plus_micros(self.pacing.micros(chunk))
    }

    /// Waits until the last character is gone.
    pub(super) async fn leave(&mut self, at: BenchTime, chunk: &[u8]) {
        let at = if at == BenchTime::ZERO {
            self.clock.now()
        } else {
            at
        };
        self.gone_at = self.gone_at(at, chunk);
        if self.clock.now() < self.gone_at {
            self.clock.sleep_until(self.gone_at).await;
        }
    }

    /// Bytes to read at once: what comes in ten milliseconds, so that long messages are not heard
    /// in two pieces with a silence between them.
    pub(super) fn piece(&self) -> usize {
        match self.pacing {
            Pacing::Serial {
                baud,
                bits_per_byte,
            } => (baud / bits_per_byte.max(1) / 100) as usize,
            Pacing::Instant | Pacing::Can { .. } => READ_BYTES,
        }
        .clamp(1, READ_BYTES)
    }

    /// Whether something was read that is not there yet.
    pub(super) fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Something was read.
    pub(super) fn comes(&mut self, mut arrival: Arrival) {
        let micros = self.pacing.micros(&arrival.chunk);
        arrival.at = arrival.at.max(self.there_at).plus_micros(micros);
        self.there_at = arrival.at;
        self.coming = Some(arrival);
    }

    /// Waits until the last character of what was read is there. Cancel-safe.
    pub(super) async fn there(&mut self) -> Result<Arrival, LinkError> {
        if self.clock.now() < self.there_at {
            self.clock.sleep_until(self.there_at).await;
        }
        self.coming.take().ok_or(LinkError::Closed)
    }
}

/// A name in the file system under which an end is found, until the end is dropped.
#[derive(Debug)]
pub(super) struct Published {
    path: PathBuf,
    /// What it says: where the link leads, or what the file holds.
    says: PathBuf,
}

impl Published {
    /// A symbolic link. It replaces an older one in one step, so that a client that opens the
    /// name finds either the old end or the new one.
    pub(super) fn link(path: &Path, target: &Path) -> Result<Published, LinkError> {
        publish(path, target, |new| std::os::unix::fs::symlink(target, new))
    }

    /// A file with one line.
    pub(super) fn file(path: &Path, line: &str) -> Result<Published, LinkError> {
        publish(path, Path::new(line), |new| {
            std::fs::write(new, format!("{line}\n"))
        })
    }

    /// What it leads to.
    pub(super) fn says(&self) -> &Path {
        &self.says
    }

    fn is_ours(&self) -> bool {
        let link = std::fs::read_link(&self.path);
        let file = || std::fs::read_to_string(&self.path).map(|text| PathBuf::from(text.trim()));
        link.or_else(|_| file()).is_ok_and(|says| says == self.says)
    }
}

fn publish(
    path: &Path,
    says: &Path,
    make: impl Fn(&Path) -> io::Result<()>,
) -> Result<Published, LinkError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = path.with_file_name(name);
    let made = make(&new).and_then(|()| std::fs::rename(&new, path));
    made.map_err(|error| LinkError::Open {
        line: path.display().to_string(),
        why: error.to_string(),
    })?;
    Ok(Published {
        path: path.to_owned(),
        says: says.to_owned(),
    })
}

impl Drop for Published {
    fn drop(&mut self) {
        // Another end may have taken the name over.
        if self.is_ours() {
            let _already_gone = std::fs::remove_file(&self.path);
        }
    }
}
