//! The container of a record: an MCAP file (<https://mcap.dev/spec>, version 0) as the recorder
//! writes it, append-only, in compressed chunks with a checksum and an index.
//!
//! The crate `mcap` writes such files, too, at half a microsecond for a message. Here messages are
//! encoded where they will stand, a chunk is compressed in one call that needs no context, and
//! reaches the file in one write. What is written is read back by the crate, and by other people's
//! readers, in the tests.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};

use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};
use mcap::records::op;

use super::room::Room;
use crate::digest::crc32;

/// Octets of a block of an LZ4 frame at most: what its descriptor says.
pub(super) const BLOCK: usize = 4 << 20;

/// Begin of an LZ4 frame (LZ4 frame format 1.6.4): magic number, version 1 with independent blocks
/// and no checksums, blocks of 4 MiB, and the checksum of these two octets.
pub(super) const FRAME_HEAD: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];

/// Length of a block whose octets are as they were.
pub(super) const STORED: u32 = 1 << 31;

/// Below this nothing is won.
const WORTH_PACKING: usize = 256;

/// A file that is being written.
pub(super) struct Container {
    pub(super) file: File,
    /// Octets in the file.
    pub(super) position: u64,
    /// A write has failed: what comes later would leave a gap.
    broken: bool,
    chunk: Vec<u8>,
    packed: Vec<u8>,
    /// What goes to the file next.
    pub(super) out: Vec<u8>,
    /// Time of the first and last message of the open chunk.
    span: Option<(u64, u64)>,
    /// For each channel, time and place in the open chunk of its messages.
    placed: Vec<Vec<(u64, u64)>>,
    /// Records of all schemas and channels, to be repeated at the end.
    schemas: Vec<u8>,
    channels: Vec<u8>,
    schema_count: u16,
    /// Records of the indexes of all chunks.
    pub(super) indexes: Vec<u8>,
    pub(super) chunk_count: u32,
    /// Messages on each channel.
    pub(super) counts: Vec<u64>,
    pub(super) whole_span: Option<(u64, u64)>,
}

impl Container {
    /// Begins a container in an empty file.
    pub(super) fn new(mut file: File, library: &str) -> io::Result<Container> {
        let mut out = mcap::MAGIC.to_vec();
        record(&mut out, op::HEADER, |out| {
            text(out, "bench");
            text(out, library);
        });
        file.write_all(&out)?;
        Ok(Container::at(file, out.len() as u64))
    }

    /// A container that goes on behind the first `position` octets of a file, which ends there.
    pub(super) fn at(file: File, position: u64) -> Container {
        Container {
            file,
            position,
            broken: false,
            chunk: Vec::new(),
            packed: Vec::new(),
            out: Vec::new(),
            span: None,
            placed: Vec::new(),
            schemas: Vec::new(),
            channels: Vec::new(),
            schema_count: 0,
            indexes: Vec::new(),
            chunk_count: 0,
            counts: Vec::new(),
            whole_span: None,
        }
    }

    /// Adds a schema; its number.
    pub(super) fn add_schema(&mut self, name: &str, encoding: &str, data: &[u8]) -> u16 {
        self.schema_count += 1;
        let number = self.schema_count;
        let start = self.schemas.len();
        record(&mut self.schemas, op::SCHEMA, |out| {
            out.extend_from_slice(&number.to_le_bytes());
            text(out, name);
            text(out, encoding);
            octets(out, data);
        });
        self.chunk.extend_from_slice(&self.schemas[start..]);
        number
    }

    /// Adds a channel; its number.
    pub(super) fn add_channel(
        &mut self,
        schema: u16,
        topic: &str,
        encoding: &str,
        metadata: &BTreeMap<String, String>,
    ) -> u16 {
        let number = self.placed.len() as u16;
        self.placed.push(Vec::new());
        self.counts.push(0);
        let start = self.channels.len();
        record(&mut self.channels, op::CHANNEL, |out| {
            out.extend_from_slice(&number.to_le_bytes());
            out.extend_from_slice(&schema.to_le_bytes());
            text(out, topic);
            text(out, encoding);
            sized(out, |out| {
                for (key, value) in metadata {
                    text(out, key);
                    text(out, value);
                }
            });
        });
        self.chunk.extend_from_slice(&self.channels[start..]);
        number
    }

    /// Appends a message at `time`, in ns, whose data are what `put` appends.
    pub(super) fn message<E>(
        &mut self,
        (channel, sequence, time): (u16, u32, u64),
        put: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.chunk.len();
        let mut head = [0; 31];
        head[0] = op::MESSAGE;
        head[9..11].copy_from_slice(&channel.to_le_bytes());
        head[11..15].copy_from_slice(&sequence.to_le_bytes());
        head[15..23].copy_from_slice(&time.to_le_bytes());
        head[23..31].copy_from_slice(&time.to_le_bytes());
        self.chunk.extend_from_slice(&head);
        if let Err(error) = put(&mut self.chunk) {
            self.chunk.truncate(at);
            return Err(error);
        }
        let length = (self.chunk.len() - at - 9) as u64;
        self.chunk[at + 1..at + 9].copy_from_slice(&length.to_le_bytes());
        self.placed[usize::from(channel)].push((time, at as u64));
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        Ok(())
    }

    /// Octets in the open chunk.
    pub(super) fn open(&self) -> usize {
        self.chunk.len()
    }

    /// Ends the chunk and gives it to the operating system. If that fails, the file is cut off
    /// behind the chunk before, so that a full disk tears nothing.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let (first, last) = self.span.take().unwrap_or_default();
        let unpacked = self.chunk.len() as u64;
        let is_packed = pack(&self.chunk, &mut self.packed)?;
        let stored = if is_packed { &self.packed } else { &self.chunk };
        let compression = if is_packed { "lz4" } else { "" };
        let sum = crc32(&self.chunk);
        self.out.clear();
        record(&mut self.out, op::CHUNK, |out| {
            numbers(out, &[first, last, unpacked]);
            out.extend_from_slice(&sum.to_le_bytes());
            text(out, compression);
            numbers(out, &[stored.len() as u64]);
            out.extend_from_slice(stored);
        });
        let (start, length) = (self.position, self.out.len() as u64);
        let offsets = message_indexes(&mut self.out, start, &self.placed);
        for (placed, count) in self.placed.iter_mut().zip(&mut self.counts) {
            *count += placed.len() as u64;
            placed.clear();
        }
        record(&mut self.indexes, op::CHUNK_INDEX, |out| {
            numbers(out, &[first, last, start, length]);
            octets(out, &offsets);
            numbers(out, &[self.out.len() as u64 - length]);
            text(out, compression);
            numbers(out, &[stored.len() as u64, unpacked]);
        });
        self.chunk_count += 1;
        let (begin, end) = self.whole_span.unwrap_or((first, last));
        self.whole_span = Some((begin.min(first), end.max(last)));
        self.chunk.clear();
        self.write_out()
    }

    /// Ends the container with its summary; the file, to be kept until it is on the disk.
    pub(super) fn finish(mut self) -> io::Result<File> {
        self.flush()?;
        self.out.clear();
        record(&mut self.out, op::DATA_END, |out| {
            out.extend_from_slice(&0_u32.to_le_bytes());
        });
        let before = self.out.len();
        let start = self.position + before as u64;
        let mut statistics = Vec::new();
        record(&mut statistics, op::STATISTICS, |out| self.statistics(out));
        let mut offsets = Vec::new();
        for (code, group) in [
            (op::SCHEMA, &self.schemas),
            (op::CHANNEL, &self.channels),
            (op::STATISTICS, &statistics),
            (op::CHUNK_INDEX, &self.indexes),
        ] {
            let at = self.position + self.out.len() as u64;
            self.out.extend_from_slice(group);
            record(&mut offsets, op::SUMMARY_OFFSET, |out| {
                out.push(code);
                numbers(out, &[at, group.len() as u64]);
            });
        }
        let offsets_start = self.position + self.out.len() as u64;
        self.out.extend_from_slice(&offsets);
        self.out.push(op::FOOTER);
        numbers(&mut self.out, &[20, start, offsets_start]);
        let sum = crc32(&self.out[before..]);
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.out.extend_from_slice(mcap::MAGIC);
        self.write_out()?;
        // Gives back the room that was kept behind it.
        self.file.set_len(self.position)?;
        Ok(self.file)
    }

    fn statistics(&self, out: &mut Vec<u8>) {
        let (first, last) = self.whole_span.unwrap_or_default();
        numbers(out, &[self.counts.iter().sum()]);
        out.extend_from_slice(&self.schema_count.to_le_bytes());
        for count in [self.counts.len() as u32, 0, 0, self.chunk_count] {
            out.extend_from_slice(&count.to_le_bytes());
        }
        numbers(out, &[first, last]);
        sized(out, |out| {
            let counted = (0_u16..).zip(&self.counts);
            for (channel, count) in counted.filter(|(_, count)| **count > 0) {
                out.extend_from_slice(&channel.to_le_bytes());
                numbers(out, &[*count]);
            }
        });
    }

    /// Room behind what is written.
    ///
    /// # Errors
    /// If there is too little.
    pub(super) fn room(&self) -> io::Result<Room> {
        Room::behind(&self.file, self.position)
    }

    /// Sees to it that there is room behind what is written.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn keep(&self, room: &mut Room) -> io::Result<()> {
        room.keep(&self.file, self.position)
    }

    pub(super) fn write_out(&mut self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier part could not be written"));
        }
        if let Err(error) = self.file.write_all(&self.out) {
            // Whether this works or not, the reader stops where a chunk is not whole.
            let _cut_off = self.file.set_len(self.position);
            self.broken = true;
            return Err(error);
        }
        self.position += self.out.len() as u64;
        Ok(())
    }
}

/// Appends the indexes of a chunk's messages, by channel; where each begins, in a file in which `out`
/// begins at `start`.
pub(super) fn message_indexes(
    out: &mut Vec<u8>,
    start: u64,
    placed: &[Vec<(u64, u64)>],
) -> Vec<u8> {
    let mut offsets = Vec::new();
    for (channel, placed) in (0_u16..).zip(placed) {
        if placed.is_empty() {
            continue;
        }
        offsets.extend_from_slice(&channel.to_le_bytes());
        numbers(&mut offsets, &[start + out.len() as u64]);
        record(out, op::MESSAGE_INDEX, |out| {
            out.extend_from_slice(&channel.to_le_bytes());
            sized(out, |out| {
                for (time, at) in placed {
                    numbers(out, &[*time, *at]);
                }
            });
        });
    }
    offsets
}

/// Packs `chunk` as an LZ4 frame; `false` if that makes it no smaller.
fn pack(chunk: &[u8], packed: &mut Vec<u8>) -> io::Result<bool> {
    if chunk.len() < WORTH_PACKING {
        return Ok(false);
    }
    packed.clear();
    packed.extend_from_slice(&FRAME_HEAD);
    for block in chunk.chunks(BLOCK) {
        let at = packed.len();
        packed.resize(at + 4 + compress_bound(block.len())?, 0);
        let room = &mut packed[at + 4..];
        let mode = Some(CompressionMode::FAST(1));
        let length = compress_to_buffer(block, mode, false, room)?;
        if length < block.len() {
            packed[at..at + 4].copy_from_slice(&(length as u32).to_le_bytes());
            packed.truncate(at + 4 + length);
        } else {
            let size = STORED | block.len() as u32;
            packed.truncate(at);
            packed.extend_from_slice(&size.to_le_bytes());
            packed.extend_from_slice(block);
        }
    }
    packed.extend_from_slice(&0_u32.to_le_bytes());
    Ok(packed.len() < chunk.len())
}

/// A record: its opcode and the length of what `body` appends, in front of it.
pub(super) fn record(out: &mut Vec<u8>, code: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(code);
    let at = out.len();
    out.extend_from_slice(&[0; 8]);
    body(out);
    let length = (out.len() - at - 8) as u64;
    out[at..at + 8].copy_from_slice(&length.to_le_bytes());
}

/// What `body` appends, with its length in four octets in front.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

pub(super) fn octets(out: &mut Vec<u8>, octets: &[u8]) {
    sized(out, |out| out.extend_from_slice(octets));
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    octets(out, text.as_bytes());
}

pub(super) fn numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::*;

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        let mut decoder = lz4::Decoder::new(packed).unwrap();
        decoder.read_to_end(&mut all).unwrap();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_packed_unpacks(octets in proptest::collection::vec(any::<u8>(), 300..2_000), times in 1..5_000_usize) {
            let chunk = octets.repeat(times);
            let mut packed = Vec::new();
            pack(&chunk, &mut packed).unwrap();
            prop_assert_eq!(unpacked(&packed), chunk);
        }
    }

    #[test]
    fn noise_is_stored_and_short_chunks_are_left_alone() {
        let mut number = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        })
        .take(9_000_000)
        .collect();
        let mut packed = Vec::new();
        assert!(!pack(&noise, &mut packed).unwrap());
        assert_eq!(unpacked(&packed), noise);
        assert!(!pack(&[0; 100], &mut packed).unwrap());
    }
}
