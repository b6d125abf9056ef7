//! Cuts streams of bytes into RTU frames by their headers, and checks their CRC. The standard
//! cuts by 3.5 characters of silence, which operating systems and adapters do not keep.

use crc::{CRC_16_MODBUS, Crc, Table};
use nom::bytes::streaming::take;
use nom::number::streaming::be_u8;
use nom::{Err, IResult, Parser};

/// Function code of "read holding registers".
pub(crate) const READ_HOLDING: u8 = 3;
/// Function code of "read input registers".
pub(crate) const READ_INPUT: u8 = 4;
/// Function code of "write single register".
pub(crate) const WRITE_SINGLE: u8 = 6;
/// Function code of "write multiple registers".
pub(crate) const WRITE_MULTIPLE: u8 = 16;
/// Bit of the function code that makes an answer an exception.
pub(crate) const EXCEPTION: u8 = 0x80;
/// Longest frame of the standard.
pub(crate) const MAX_BYTES: usize = 256;

/// Bytes before the unit on Modbus/TCP: transaction, protocol and length (Modbus messaging on
/// TCP/IP, implementation guide V1.0b, section 3.1.3).
pub(crate) const HEADER: usize = 6;

static CRC: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_MODBUS);

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A whole frame of so many bytes with a right CRC.
    Frame(usize),
    /// The beginning of a frame, or nothing yet.
    More,
    /// No frame: the function is unknown, or the CRC is wrong.
    Broken,
}

/// What a slave hears.
pub(crate) fn request(bytes: &[u8]) -> Cut {
    let is_whole = || (4..=MAX_BYTES).contains(&bytes.len()) && is_intact(bytes);
    match request_length(bytes) {
        // Only the sender knows how long a request of an unknown function is; where its bytes end
        // in their own CRC, that is all of it.
        Err(Err::Error(_)) if is_whole() => Cut::Frame(bytes.len()),
        length => cut(&length, bytes),
    }
}

/// What a master hears.
pub(crate) fn reply(bytes: &[u8]) -> Cut {
    cut(&reply_length(bytes), bytes)
}

/// What a slave hears on Modbus/TCP, where the header says how long a message is. A length that the
/// function cannot have is none: on a line that carries both, an RTU frame may look like a header.
pub(crate) fn request_on_tcp(bytes: &[u8]) -> Cut {
    let cut = header(bytes);
    let Cut::Frame(length) = cut else { return cut };
    match request_length(&bytes[HEADER..length]) {
        Ok((_, known)) if known == length - HEADER + 2 => cut,
        // Only the sender knows how long a request of an unknown function is.
        Err(Err::Error(_)) if length == bytes.len() && bytes[HEADER + 1] != 0 => cut,
        Ok(_) | Err(_) => Cut::Broken,
    }
}

/// What a master hears on Modbus/TCP.
pub(crate) fn reply_on_tcp(bytes: &[u8]) -> Cut {
    header(bytes)
}

fn header(bytes: &[u8]) -> Cut {
    match *bytes {
        [_, _, 0, 0, high, low, ref rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([high, low]));
            match length {
                2..=254 if rest.len() >= length => Cut::Frame(HEADER + length),
                2..=254 => Cut::More,
                _ => Cut::Broken,
            }
        }
        [] | [_] | [_, _] | [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, _] => Cut::More,
        _ => Cut::Broken,
    }
}

/// An RTU frame of what stands behind a header.
pub(crate) fn sealed(message: &[u8]) -> Vec<u8> {
    let crc = CRC.checksum(message).to_le_bytes();
    [message, &crc].concat()
}

/// Whether `frame` ends in its CRC, low byte first. Appending a CRC to what it covers makes the
/// CRC of the whole zero.
pub(crate) fn is_intact(frame: &[u8]) -> bool {
    CRC.checksum(frame) == 0
}

fn cut(length: &IResult<&[u8], usize>, bytes: &[u8]) -> Cut {
    match length {
        &Ok((_, length)) if length > MAX_BYTES => Cut::Broken,
        &Ok((_, length)) if bytes.len() < length => Cut::More,
        &Ok((_, length)) if is_intact(&bytes[..length]) => Cut::Frame(length),
        Err(Err::Incomplete(_)) => Cut::More,
        Ok(_) | Err(_) => Cut::Broken,
    }
}

/// Length of a request with address and CRC.
fn request_length(input: &[u8]) -> IResult<&[u8], usize> {
    let (rest, (_address, function)) = (be_u8, be_u8).parse(input)?;
    match function {
        1..=6 | 8 => Ok((rest, 8)),
        7 | 11 | 12 | 17 => Ok((rest, 4)),
        15 | 16 => {
            let (rest, (_, count)) = (take(4_usize), be_u8).parse(rest)?;
            Ok((rest, 9 + usize::from(count)))
        }
        _ => Err(unknown(input)),
    }
}

/// Length of an answer with address and CRC.
fn reply_length(input: &[u8]) -> IResult<&[u8], usize> {
    let (rest, (_address, function)) = (be_u8, be_u8).parse(input)?;
    match function {
        EXCEPTION.. => Ok((rest, 5)),
        1..=4 => {
            let (rest, count) = be_u8(rest)?;
            Ok((rest, 5 + usize::from(count)))
        }
        5 | 6 | 15 | 16 => Ok((rest, 8)),
        _ => Err(unknown(input)),
    }
}

fn unknown(input: &[u8]) -> Err<nom::error::Error<&[u8]>> {
    Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Switch))
}
