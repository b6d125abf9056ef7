//! What `bench decode` does: a stream or a capture to lines of JSON or to a table.
//!
//! A [`Stream`] takes chunks of any length and writes what they complete. The same octets in
//! other chunks give the same output. Every octet is in a packet, a frame or a line, or is told as
//! skipped, with where it stands and why.

mod frames;
mod json;
mod lines;
mod packets;
mod rows;
mod separated;
mod transfer;

use std::io::{self, Read};

use drivers::telemetry::dictionary::Layouts;
use drivers::telemetry::framing::stuffing::Stuffing;
use drivers::telemetry::text::{CsvReader, LineReader};

pub use json::Json;
pub use rows::tabulate;

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// CCSDS space packets with PUS-C telemetry headers and CRC-16; needs a dictionary
    #[value(alias = "space-packets", alias = "pus", alias = "ccsds-pus")]
    Ccsds,
    /// CCSDS transfer frames behind attached sync markers, with space packets in them
    #[value(alias = "asm", alias = "tm-frames")]
    Cadu,
    /// Frames stuffed with COBS, a zero behind each
    Cobs,
    /// The same with COBS/R, the reduced form
    #[value(alias = "cobsr", alias = "cobs/r")]
    CobsR,
    /// SLIP frames (RFC 1055)
    Slip,
    /// KISS frames of a packet radio
    Kiss,
    /// Asynchronous HDLC frames (RFC 1662) with a 16-bit check sequence
    Hdlc,
    /// `$K,…` key=value lines with checksums, and NMEA 0183 sentences
    #[value(alias = "nmea", alias = "lines", alias = "text")]
    Ascii,
    /// Separated values, a line for each row, with or without a heading
    #[value(alias = "tsv")]
    Csv,
}

impl Format {
    /// Whether packets are taken apart by a dictionary.
    pub fn needs_dictionary(self) -> bool {
        matches!(self, Format::Ccsds | Format::Cadu)
    }
}

/// What a decoder is told beside its stream.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// What the stream is.
    pub format: Format,
    /// What its packets hold.
    pub layouts: Option<&'a Layouts>,
    /// Longest space packet, in octets.
    pub longest_packet: usize,
    /// Octets of a transfer frame, without its marker.
    pub frame_octets: usize,
    /// Whether transfer frames are randomized (CCSDS 131.0-B-5, section 10).
    pub randomized: bool,
    /// What separates values of `csv`; found out if left out.
    pub separator: Option<u8>,
    /// Names of the columns of `csv`; those of its heading if there are none.
    pub columns: &'a [String],
    /// Whether what is skipped, gaps and totals are told, too.
    pub notes: bool,
}

/// A decoder of one stream.
#[derive(Debug)]
pub struct Stream<'a> {
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Packets(Box<packets::Packets<'a>>),
    Transfer(Box<transfer::Transfer<'a>>),
    Frames(Box<frames::Frames>),
    Lines(Box<lines::Lines>),
}

/// How a stream went, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets, frames or lines that were whole.
    pub good: u64,
    /// Frames or lines that were not.
    pub bad: u64,
    /// Octets in no packet, frame or line.
    pub skipped: u64,
    /// Packets that never came, as their counts tell.
    pub lost: u64,
    /// What the packets' time stamps say, if there are any.
    pub clock: Option<OnboardTimes>,
}

/// Time stamps of packets (CCSDS 301.0-B), in the order of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnboardTimes {
    /// The first, µs since 1958-01-01.
    pub first_us: u64,
    /// The last.
    pub last_us: u64,
    /// How often one was older than the one before it.
    pub back: u64,
}

impl OnboardTimes {
    /// Both streams as one, which ran side by side.
    fn with(self, other: OnboardTimes) -> OnboardTimes {
        OnboardTimes {
            first_us: self.first_us.min(other.first_us),
            last_us: self.last_us.max(other.last_us),
            back: self.back + other.back,
        }
    }
}

/// Longest frame of a stuffed stream or line of text that is kept, in octets.
const LONGEST: usize = 1 << 20;

impl<'a> Stream<'a> {
    /// A decoder, before its stream. `None` if the format needs a dictionary and there is none.
    pub fn new(settings: &Settings<'a>) -> Option<Stream<'a>> {
        let stuffed = |stuffing, check| {
            Kind::Frames(Box::new(frames::Frames::new(
                stuffing,
                check,
                settings.notes,
            )))
        };
        let lines = |reader| Kind::Lines(Box::new(lines::Lines::new(reader, settings.notes)));
        let kind = match settings.format {
            Format::Ccsds => {
                let packets = packets::Packets::new(settings.layouts?, settings);
                Kind::Packets(Box::new(packets))
            }
            Format::Cadu => {
                let transfer = transfer::Transfer::new(settings.layouts?, settings);
                Kind::Transfer(Box::new(transfer))
            }
            Format::Cobs => stuffed(Stuffing::Cobs, frames::Content::Sensor),
            Format::CobsR => stuffed(Stuffing::CobsReduced, frames::Content::Sensor),
            Format::Slip => stuffed(Stuffing::Slip, frames::Content::Sensor),
            Format::Kiss => stuffed(Stuffing::Slip, frames::Content::Kiss),
            Format::Hdlc => stuffed(Stuffing::Hdlc, frames::Content::Hdlc),
            Format::Ascii => lines(lines::Reader::Marked(LineReader::default())),
            Format::Csv => {
                let reader = CsvReader::new(settings.separator, settings.columns);
                lines(lines::Reader::Separated(reader))
            }
        };
        Some(Stream { kind })
    }

    /// Takes a chunk of any length and appends what it completes to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Json) {
        match &mut self.kind {
            Kind::Packets(packets) => packets.push(chunk, out),
            Kind::Transfer(transfer) => transfer.push(chunk, out),
            Kind::Frames(frames) => frames.push(chunk, out),
            Kind::Lines(lines) => lines.push(chunk, out),
        }
    }

    /// The stream has ended: what was waited for does not come.
    pub fn finish(&mut self, out: &mut Json) {
        match &mut self.kind {
            Kind::Packets(packets) => packets.finish(out),
            Kind::Transfer(transfer) => transfer.finish(out),
            Kind::Frames(frames) => frames.finish(out),
            Kind::Lines(lines) => lines.finish(out),
        }
    }

    /// How it went so far.
    pub fn counts(&self) -> Counts {
        match &self.kind {
            Kind::Packets(packets) => packets.counts(),
            Kind::Transfer(transfer) => transfer.counts(),
            Kind::Frames(frames) => frames.counts(),
            Kind::Lines(lines) => lines.counts(),
        }
    }
}

/// Reads all of `input` in chunks and gives the lines that each completes to `sink`.
///
/// # Errors
/// If the input cannot be read or the sink refuses.
pub fn decode(
    stream: &mut Stream<'_>,
    input: &mut dyn Read,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = vec![0; 1 << 16];
    let mut out = Json::default();
    loop {
        let octets = match input.read(&mut chunk) {
            Ok(octets) => octets,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if octets == 0 {
            stream.finish(&mut out);
            return sink(out.bytes());
        }
        stream.push(&chunk[..octets], &mut out);
        sink(out.bytes())?;
        out.clear();
    }
}
