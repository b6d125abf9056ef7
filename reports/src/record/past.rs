//! A record that is gone on with: what of its file is whole is kept, and its index is made anew, so
//! that the file is one container again when it is closed.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom};
use std::path::Path;

use mcap::records::{self, ChunkHeader, op};

use super::RecordError;
use super::chunks::{Scan, messages, record_at};
use super::container::{Container, message_indexes, numbers, octets, record, text};

/// What a file holds already.
pub(super) struct Past {
    /// The sequence number that comes next.
    pub(super) next: u32,
    /// Records of the indexes of all chunks.
    indexes: Vec<u8>,
    chunk_count: u32,
    /// Messages on each channel.
    counts: Vec<u64>,
    span: Option<(u64, u64)>,
}

/// A chunk whose message indexes are being gathered.
struct Open {
    start: u64,
    length: u64,
    header: ChunkHeader,
    /// Channels, and where their index begins.
    offsets: Vec<u8>,
    indexes_length: u64,
}

/// Cuts off what is behind the last whole chunk of a record, and gives a container that goes on there,
/// with what [`Past::join`] is to add once its channels are known.
///
/// # Errors
/// If the file cannot be read or written, is still being written, or has no whole chunk.
pub(super) fn reopen(path: &Path) -> Result<(Container, Past), RecordError> {
    let failed = |source| RecordError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(failed)?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        let path = path.to_owned();
        return Err(RecordError::InUse { path });
    }
    let bytes = fs::read(path).map_err(failed)?;
    if !bytes.starts_with(mcap::MAGIC) {
        return Err(RecordError::NotMcap);
    }
    let scan = Scan::of(&bytes);
    let last = scan.chunks.last().ok_or(RecordError::NoHeader)?;
    let end = last.stored.end;
    let mut room = Vec::new();
    let unpacked = last.records(&bytes, &mut room).unwrap_or_default();
    let mut past = Past {
        next: scan.next,
        indexes: Vec::new(),
        chunk_count: 0,
        counts: Vec::new(),
        span: None,
    };
    let open = past.walk(&bytes[..end]);
    file.set_len(end as u64).map_err(failed)?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut container = Container::at(file, end as u64);
    // The indexes behind the last chunk may be torn: they are written anew.
    let placed = past.placed(unpacked);
    if let Some(mut open) = open {
        open.offsets = message_indexes(&mut container.out, end as u64, &placed);
        open.indexes_length = container.out.len() as u64;
        past.close(open);
    }
    container.write_out().map_err(failed)?;
    Ok((container, past))
}

impl Past {
    /// Adds what was there before to a container whose channels are known.
    pub(super) fn join(self, container: &mut Container) {
        container.indexes = self.indexes;
        container.chunk_count = self.chunk_count;
        container.whole_span = self.span;
        for (count, before) in container.counts.iter_mut().zip(self.counts) {
            *count += before;
        }
    }

    /// Notes every chunk but the last, which it gives.
    fn walk(&mut self, bytes: &[u8]) -> Option<Open> {
        let (mut at, mut open) = (mcap::MAGIC.len(), None::<Open>);
        while let Some((code, body)) = record_at(bytes, at, bytes.len()) {
            let length = (body.end - at) as u64;
            match mcap::parse_record(code, &bytes[body.clone()]) {
                Ok(records::Record::Chunk { header, .. }) => {
                    let next = Open {
                        start: at as u64,
                        length,
                        header,
                        offsets: Vec::new(),
                        indexes_length: 0,
                    };
                    if let Some(before) = open.replace(next) {
                        self.close(before);
                    }
                }
                Ok(records::Record::MessageIndex(index)) => {
                    if let Some(open) = &mut open {
                        let channel = index.channel_id;
                        open.offsets.extend_from_slice(&channel.to_le_bytes());
                        numbers(&mut open.offsets, &[at as u64]);
                        open.indexes_length += length;
                        *self.count(channel) += index.records.len() as u64;
                    }
                }
                _ => {}
            }
            at = body.end;
        }
        open
    }

    /// For each channel, time and place of its messages in a chunk, which are counted.
    fn placed(&mut self, chunk: &[u8]) -> Vec<Vec<(u64, u64)>> {
        let mut placed: Vec<Vec<(u64, u64)>> = Vec::new();
        let _: std::ops::ControlFlow<()> = messages(chunk, &mut |message| {
            let channel = usize::from(message.channel);
            placed.resize(placed.len().max(channel + 1), Vec::new());
            placed[channel].push((message.at.as_micros() * 1_000, message.place as u64));
            *self.count(message.channel) += 1;
            std::ops::ControlFlow::Continue(())
        });
        placed
    }

    fn count(&mut self, channel: u16) -> &mut u64 {
        let place = usize::from(channel);
        let length = self.counts.len().max(place + 1);
        self.counts.resize(length, 0);
        &mut self.counts[place]
    }

    fn close(&mut self, open: Open) {
        let header = open.header;
        let (first, last) = (header.message_start_time, header.message_end_time);
        record(&mut self.indexes, op::CHUNK_INDEX, |out| {
            numbers(out, &[first, last, open.start, open.length]);
            octets(out, &open.offsets);
            numbers(out, &[open.indexes_length]);
            text(out, &header.compression);
            numbers(out, &[header.compressed_size, header.uncompressed_size]);
        });
        self.chunk_count += 1;
        let (begin, end) = self.span.unwrap_or((first, last));
        self.span = Some((begin.min(first), end.max(last)));
    }
}
