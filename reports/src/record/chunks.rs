//! What of a record's file is intact, chunk by chunk, and the messages in them.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::{ControlFlow, Range};

use lz4::block::decompress_to_buffer;
use mcap::records::{self, op};
use profiles::time::BenchTime;

use super::container::{BLOCK, FRAME_HEAD, STORED};
use crate::digest::crc32;

/// Opcode and length before each record.
pub(super) const RECORD_HEAD: usize = 9;

/// No chunk is larger: one is closed when it holds a mebibyte, and a message has at most 4 GiB only
/// in theory. What claims to be is no chunk of a record, compressed or not.
const CHUNK_LIMIT: u64 = 1 << 28;

/// LZ4 makes at most so many octets of one (a length goes on with octets of 255 each), so what claims more is
/// refused before it is unpacked.
const LZ4_LIMIT: u64 = 255;

/// Channel, sequence, log time and publish time before each message.
pub(super) const MESSAGE_HEAD: usize = 22;

/// What of a file is intact.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) topics: BTreeMap<u16, String>,
    pub(super) chunks: Vec<Chunk>,
    /// The records of the chunk that was looked at last, if they are compressed in the file.
    room: Vec<u8>,
    /// The first byte behind the last intact record.
    pub(super) intact: usize,
    pub(super) closed: bool,
    pub(super) last: BenchTime,
    /// The sequence number that must come next.
    pub(super) next: u32,
    /// The chunks that begin with a header.
    pub(super) headers: Vec<usize>,
    /// A chunk that ends the scan, for no recorder writes its like.
    pub(super) oversized: Option<Oversized>,
}

/// A chunk that says of itself, or turns out, to be larger unpacked than any chunk of a record: the
/// file is forged, or damaged there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversized {
    /// Where in the file it stands.
    pub byte: u64,
    /// Its octets in the file.
    pub stored: u64,
    /// What it claims to unpack to, in octets.
    pub claimed: u64,
}

impl std::fmt::Display for Oversized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the chunk at byte {} has {} octets and claims to unpack to {}; no recorder writes such \
             a chunk (at most {CHUNK_LIMIT} octets, and just what it claims): the file is forged, or \
             damaged there",
            self.byte, self.stored, self.claimed
        )
    }
}

impl Scan {
    /// Of a file of which nothing was looked at.
    pub(super) fn new() -> Scan {
        Scan {
            topics: BTreeMap::new(),
            chunks: Vec::new(),
            room: Vec::new(),
            intact: mcap::MAGIC.len(),
            closed: false,
            last: BenchTime::ZERO,
            next: 0,
            headers: Vec::new(),
            oversized: None,
        }
    }

    pub(super) fn of(bytes: &[u8]) -> Scan {
        let mut scan = Scan::new();
        while let Some((code, body)) = record_at(bytes, scan.intact, bytes.len()) {
            if code == op::CHUNK && scan.chunk(bytes, &body).is_none() {
                break;
            }
            scan.intact = body.end;
            if code == op::FOOTER {
                scan.closed = bytes[body.end..] == *mcap::MAGIC;
                break;
            }
        }
        scan
    }

    /// Takes a chunk if its checksum holds and every message in it is the next one.
    pub(super) fn chunk(&mut self, bytes: &[u8], body: &Range<usize>) -> Option<()> {
        let parsed = mcap::parse_record(op::CHUNK, &bytes[body.clone()]);
        let Ok(records::Record::Chunk { header, data }) = parsed else {
            return None;
        };
        let unpacked = match header.compression.as_str() {
            "" => None,
            "lz4" => Some(usize::try_from(header.uncompressed_size).ok()?),
            _ => return None,
        };
        let oversized = Oversized {
            byte: (body.start - RECORD_HEAD) as u64,
            stored: data.len() as u64,
            claimed: header.uncompressed_size,
        };
        let most = CHUNK_LIMIT.min(LZ4_LIMIT.saturating_mul(oversized.stored));
        if unpacked.is_some() && oversized.claimed > most {
            self.oversized = Some(oversized);
            return None;
        }
        // Behind three times and sizes, a checksum and two lengths.
        let start = body.start + 40 + header.compression.len();
        let stored = start..start + data.len();
        let chunk = Chunk { stored, unpacked };
        let mut room = std::mem::take(&mut self.room);
        if chunk.records(bytes, &mut room).is_none() {
            // One octet more than it claims was unpacked.
            let is_more = unpacked.is_some_and(|unpacked| room.len() > unpacked);
            self.oversized = is_more.then_some(oversized);
            return None;
        }
        let records = match unpacked {
            Some(_) => room.as_slice(),
            None => data.as_ref(),
        };
        if crc32(records) != header.uncompressed_crc {
            return None;
        }
        self.walk(records)?;
        self.room = room;
        self.chunks.push(chunk);
        Some(())
    }

    /// The records of the chunk that was taken last, out of the same octets.
    pub(super) fn records<'a>(&'a self, bytes: &'a [u8], chunk: &Chunk) -> &'a [u8] {
        match chunk.unpacked {
            Some(_) => &self.room,
            None => &bytes[chunk.stored.clone()],
        }
    }

    /// Takes the records of a chunk if every message in it is the next one.
    fn walk(&mut self, chunk: &[u8]) -> Option<()> {
        let (mut at, mut is_first) = (0, true);
        while at < chunk.len() {
            let (code, body) = record_at(chunk, at, chunk.len())?;
            at = body.end;
            match code {
                op::CHANNEL => match mcap::parse_record(code, &chunk[body]).ok()? {
                    records::Record::Channel(channel) => {
                        self.topics.insert(channel.id, channel.topic);
                    }
                    _ => return None,
                },
                op::MESSAGE => {
                    let message = message_at(chunk, body)?;
                    if message.sequence != self.next {
                        return None;
                    }
                    if is_first && self.topics.get(&message.channel).is_some_and(is_header) {
                        self.headers.push(self.chunks.len());
                    }
                    is_first = false;
                    self.next = self.next.wrapping_add(1);
                    self.last = message.at;
                }
                // No record (MCAP, "Records"); zeros are what costs a forger least.
                0 => return None,
                _ => {}
            }
        }
        Some(())
    }
}

impl Chunk {
    /// Its records: in the file, or unpacked into `room`. `None` if they do not unpack to what the
    /// chunk says of them.
    pub(super) fn records<'a>(&self, bytes: &'a [u8], room: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let stored = bytes.get(self.stored.clone())?;
        let Some(unpacked) = self.unpacked else {
            return Some(stored);
        };
        if unpack_own(stored, unpacked, room).is_some() {
            return Some(room.as_slice());
        }
        room.clear();
        // One octet more than there should be, so that too much is seen and no more is made.
        let decoder = lz4::Decoder::new(stored).ok()?;
        room.reserve_exact(unpacked.saturating_add(1));
        let read = decoder.take(unpacked as u64 + 1).read_to_end(room).ok()?;
        (read == unpacked).then_some(room.as_slice())
    }
}

/// Unpacks a frame as a recorder writes it, of blocks that need nothing but themselves, in a call for each.
/// `None` of any other, and of one that does not unpack to just `unpacked` octets.
fn unpack_own(stored: &[u8], unpacked: usize, room: &mut Vec<u8>) -> Option<()> {
    let mut rest = stored.strip_prefix(&FRAME_HEAD)?;
    room.resize(unpacked, 0);
    let mut room = room.as_mut_slice();
    loop {
        let (size, behind) = rest.split_first_chunk()?;
        let size = u32::from_le_bytes(*size);
        if size == 0 {
            return (room.is_empty() && behind.is_empty()).then_some(());
        }
        let block;
        (block, rest) = behind.split_at_checked((size & !STORED) as usize)?;
        let made = if size & STORED == 0 {
            let most = i32::try_from(room.len().min(BLOCK)).ok();
            decompress_to_buffer(block, most, room).ok()?
        } else {
            room.get_mut(..block.len())?.copy_from_slice(block);
            block.len()
        };
        room = room.get_mut(made..)?;
    }
}

fn is_header(topic: &String) -> bool {
    topic == super::topic::HEADER
}

/// The record at `at`, if it ends before `end`: its opcode and where its body is.
pub(super) fn record_at(bytes: &[u8], at: usize, end: usize) -> Option<(u8, Range<usize>)> {
    let head = bytes.get(at..at.checked_add(RECORD_HEAD)?)?;
    let (&code, length) = head.split_first()?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let start = at + RECORD_HEAD;
    let stop = start.checked_add(length).filter(|&stop| stop <= end)?;
    Some((code, start..stop))
}

pub(super) fn message_at(bytes: &[u8], body: Range<usize>) -> Option<Message<'_>> {
    let place = body.start - RECORD_HEAD;
    let (head, data) = bytes.get(body)?.split_first_chunk::<MESSAGE_HEAD>()?;
    let (channel, rest) = head.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (log_time, _) = rest.split_first_chunk()?;
    Some(Message {
        place,
        channel: u16::from_le_bytes(*channel),
        sequence: u32::from_le_bytes(*sequence),
        at: BenchTime::from_micros(u64::from_le_bytes(*log_time) / 1_000),
        data,
    })
}

/// Gives every message of an intact chunk to `take` until it breaks.
pub(super) fn messages<'a, B>(
    chunk: &'a [u8],
    take: &mut dyn FnMut(&Message<'a>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut at = 0;
    while let Some((code, body)) = record_at(chunk, at, chunk.len()) {
        at = body.end;
        if code == op::MESSAGE
            && let Some(message) = message_at(chunk, body)
        {
            take(&message)?;
        }
    }
    ControlFlow::Continue(())
}

pub(super) fn first_message(chunk: &[u8]) -> Option<Message<'_>> {
    let mut first = None;
    let _: ControlFlow<()> = messages(chunk, &mut |message| {
        first = Some(*message);
        ControlFlow::Break(())
    });
    first
}
/// A chunk of the file: where its records stand, as they are or compressed.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) stored: Range<usize>,
    /// Octets of its records, if they are compressed.
    unpacked: Option<usize>,
}

/// One message, in place.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    /// Where its record begins in its chunk.
    pub(super) place: usize,
    pub(super) channel: u16,
    sequence: u32,
    pub(super) at: BenchTime,
    pub(super) data: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mebibyte of zeros in a frame of a few thousand octets, as often as is asked.
    fn zeros(mebibytes: usize) -> Vec<u8> {
        use std::io::Write;
        let mut encoder = lz4::EncoderBuilder::new().build(Vec::new()).unwrap();
        for _ in 0..mebibytes {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        encoder.finish().0
    }

    /// A file with one chunk that says of its packed records that they are `size` octets.
    fn forged(packed: &[u8], size: u64) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend([0; 16]);
        body.extend(size.to_le_bytes());
        body.extend([0; 4]);
        body.extend(3_u32.to_le_bytes());
        body.extend(b"lz4");
        body.extend((packed.len() as u64).to_le_bytes());
        body.extend(packed);
        let mut file = mcap::MAGIC.to_vec();
        file.push(op::CHUNK);
        file.extend((body.len() as u64).to_le_bytes());
        file.extend(body);
        file
    }

    #[test]
    fn a_chunk_that_is_a_bomb_is_not_unpacked() {
        let packed = zeros(64);
        assert!(packed.len() < 1 << 20);
        // More in it than it says: nothing is unpacked behind that.
        let file = forged(&packed, 4_096);
        let stored = file.len() - packed.len()..file.len();
        let chunk = Chunk {
            stored,
            unpacked: Some(4_096),
        };
        let mut room = Vec::new();
        assert!(chunk.records(&file, &mut room).is_none());
        assert!(room.capacity() < 1 << 16, "{}", room.capacity());
        // Neither is what says that it is huge, whether or not it is; what stands before is kept.
        for size in [4_096, CHUNK_LIMIT + 1, 1 << 32, u64::MAX] {
            let scan = Scan::of(&forged(&packed, size));
            assert!(scan.chunks.is_empty(), "{size}");
            assert_eq!(scan.intact, mcap::MAGIC.len(), "{size}");
            assert_eq!(scan.room.capacity(), 0, "{size}");
        }
    }
}
