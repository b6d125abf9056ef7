//! What stands in the packets of the services that a payload needs (ECSS-E-ST-70-41C): request
//! verification (1), housekeeping (3), event reporting (5), memory management (6), function
//! management (8) and test (17). The standard leaves the widths of fields to the mission; they
//! are chosen here.

use nom::bytes::complete::take;
use nom::combinator::{eof, verify};
use nom::multi::{length_count, length_data};
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

use super::packet::pec;

/// A service type and a message subtype.
pub type Kind = (u8, u8);

/// Successful acceptance of a request.
pub const ACCEPTED: Kind = (1, 1);
/// Failed acceptance of a request.
pub const NOT_ACCEPTED: Kind = (1, 2);
/// Successful completion of execution.
pub const COMPLETED: Kind = (1, 7);
/// Failed completion of execution.
pub const NOT_COMPLETED: Kind = (1, 8);
/// Housekeeping parameter report.
pub const HOUSEKEEPING: Kind = (3, 25);
/// Informative event report.
pub const EVENT: Kind = (5, 1);
/// Load raw memory data areas.
pub const LOAD: Kind = (6, 2);
/// Dump raw memory data.
pub const DUMP: Kind = (6, 5);
/// Dumped raw memory data report.
pub const DUMPED: Kind = (6, 6);
/// Perform a function.
pub const PERFORM: Kind = (8, 1);
/// Are-you-alive connection test.
pub const PING: Kind = (17, 1);
/// Are-you-alive connection test report.
pub const ALIVE: Kind = (17, 2);

/// Which telecommand a report is about: the first four octets of its packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// Version, type, secondary header flag and application process.
    pub identification: u16,
    /// Sequence flags and count.
    pub sequence: u16,
}

impl RequestId {
    /// The identifier of an unsegmented telecommand.
    pub fn of(apid: u16, count: u16) -> RequestId {
        RequestId {
            identification: 0x1800 | apid,
            sequence: 0xc000 | count & 0x3fff,
        }
    }

    /// The telecommand's sequence count.
    pub fn count(self) -> u16 {
        self.sequence & 0x3fff
    }
}

/// Part of a memory, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryArea<'a> {
    /// Memory identifier.
    pub memory: u16,
    /// Start address.
    pub start: u32,
    /// Its octets.
    pub octets: &'a [u8],
}

/// A function to perform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its identifier, a fixed character string.
    pub name: [u8; 8],
    /// Argument identifiers and values.
    pub arguments: Vec<(u8, u32)>,
}

impl Function {
    /// The value of an argument.
    pub fn argument(&self, id: u8) -> Option<u32> {
        self.arguments
            .iter()
            .find_map(|&(known, value)| (known == id).then_some(value))
    }

    /// Appends the application data of TC(8,1).
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.name);
        out.push(self.arguments.len() as u8);
        for (id, value) in &self.arguments {
            out.push(*id);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

impl MemoryArea<'_> {
    /// Octets that one area takes besides its content.
    pub const OVERHEAD: usize = 2 + 1 + 4 + 4 + 2;

    /// Appends the application data of TC(6,2), or the source data of TM(6,6), with this area
    /// alone.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_area(self.memory, self.start, self.octets.len() as u32, out);
        out.extend_from_slice(self.octets);
        out.extend_from_slice(&pec(self.octets).to_be_bytes());
    }
}

/// Appends the application data of TC(6,5) for one area.
pub fn write_dump(memory: u16, start: u32, length: u32, out: &mut Vec<u8>) {
    write_area(memory, start, length, out);
}

fn write_area(memory: u16, start: u32, length: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&memory.to_be_bytes());
    out.push(1);
    out.extend_from_slice(&start.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
}

/// Appends the source data of a verification report: of failure, if there is a code.
pub fn write_verification(request: RequestId, failure: Option<u16>, out: &mut Vec<u8>) {
    out.extend_from_slice(&request.identification.to_be_bytes());
    out.extend_from_slice(&request.sequence.to_be_bytes());
    if let Some(code) = failure {
        out.extend_from_slice(&code.to_be_bytes());
    }
}

fn all<'a, T>(
    parser: impl Parser<&'a [u8], Output = T, Error = nom::error::Error<&'a [u8]>>,
    input: &'a [u8],
) -> Option<T> {
    (parser, eof)
        .map(|(value, _)| value)
        .parse(input)
        .ok()
        .map(|(_, value)| value)
}

fn request(input: &[u8]) -> IResult<&[u8], RequestId> {
    (be_u16, be_u16)
        .map(|(identification, sequence)| RequestId {
            identification,
            sequence,
        })
        .parse(input)
}

/// Reads a report of success.
pub fn read_success(source: &[u8]) -> Option<RequestId> {
    all(request, source)
}

/// Reads a report of failure and its code.
pub fn read_failure(source: &[u8]) -> Option<(RequestId, u16)> {
    all((request, be_u16), source)
}

/// Reads the one memory area of TC(6,2) or TM(6,6); `None` also if its checksum is wrong.
pub fn read_area(input: &[u8]) -> Option<MemoryArea<'_>> {
    let parser = (
        be_u16,
        verify(be_u8, |&areas| areas == 1),
        be_u32,
        length_data(be_u32),
        be_u16,
    );
    let (memory, _, start, octets, sum) = all(parser, input)?;
    (pec(octets) == sum).then_some(MemoryArea {
        memory,
        start,
        octets,
    })
}

/// Reads the one memory area that TC(6,5) asks for: memory, start and length.
pub fn read_dump(input: &[u8]) -> Option<(u16, u32, u32)> {
    let parser = (be_u16, verify(be_u8, |&areas| areas == 1), be_u32, be_u32);
    all(parser, input).map(|(memory, _, start, length)| (memory, start, length))
}

/// Reads the function of TC(8,1).
pub fn read_function(input: &[u8]) -> Option<Function> {
    let (name, arguments) = all((take(8_usize), length_count(be_u8, (be_u8, be_u32))), input)?;
    Some(Function {
        name: *name.first_chunk()?,
        arguments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        let area = MemoryArea {
            memory: 0x1001,
            start: 5,
            octets: b"123456789",
        };
        area.write(&mut out);
        assert_eq!(out.len(), MemoryArea::OVERHEAD + 9);
        assert_eq!(out[out.len() - 2..], [0x29, 0xb1]);
        assert_eq!(read_area(&out), Some(area));
        out[12] ^= 1;
        assert_eq!(read_area(&out), None, "its checksum is wrong");

        out.clear();
        write_dump(1, 2, 3, &mut out);
        assert_eq!(read_dump(&out), Some((1, 2, 3)));
        out.push(0);
        assert_eq!(read_dump(&out), None, "one octet too many");

        out.clear();
        let function = Function {
            name: *b"INFER   ",
            arguments: vec![(1, 70_000), (2, 3)],
        };
        function.write(&mut out);
        assert_eq!(read_function(&out).as_ref(), Some(&function));
        assert_eq!(function.argument(2), Some(3));

        out.clear();
        let id = RequestId::of(0x42, 7);
        write_verification(id, Some(4), &mut out);
        assert_eq!(out, [0x18, 0x42, 0xc0, 7, 0, 4]);
        assert_eq!(read_failure(&out), Some((id, 4)));
        assert_eq!(read_success(&out[..4]), Some(id));
    }
}
