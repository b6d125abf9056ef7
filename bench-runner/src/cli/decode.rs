//! `bench decode`: a stream or a capture to what it says.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use drivers::telemetry::ccsds::time::UNIX_EPOCH_DAYS;
use drivers::telemetry::dictionary::{Dictionary, Layouts};

use super::complain;
use crate::decode::{Counts, Format, Settings, Stream, decode, tabulate};
use crate::exit::Exit;
use crate::table::{Form, Table};

/// Decode a stream or a capture: packets, frames or lines to JSON lines or a table
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// File with the octets as they came; `-` for standard input
    file: PathBuf,
    /// What they are
    #[arg(short, long, value_enum)]
    format: Format,
    /// Dictionary of the packets: TOML, JSON or XTCE
    #[arg(short, long)]
    dictionary: Option<PathBuf>,
    /// Where to: JSON lines, or a table of values if it ends in `.csv` or `.parquet`; standard
    /// output if left out
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Only this packet, device or sentence, as a table with a column for each of its fields
    #[arg(long, value_name = "NAME")]
    packet: Option<String>,
    /// Only packets, frames and lines: nothing on what was skipped, no gaps, no totals
    #[arg(long)]
    only_packets: bool,
    /// Longest space packet that is believed, in octets
    #[arg(long, default_value_t = 4096, value_name = "OCTETS")]
    longest_packet: u32,
    /// Length of the transfer frames of `cadu`, without the sync marker
    #[arg(long, default_value_t = 1115, value_name = "OCTETS")]
    frame_octets: u32,
    /// The transfer frames of `cadu` are randomized
    #[arg(long)]
    randomized: bool,
    /// What separates values of `csv`: a character, or `tab`; found out from the first line if left
    /// out
    #[arg(long, value_parser = separator, value_name = "CHARACTER")]
    separator: Option<u8>,
    /// Names of the columns of `csv`, with commas between them, if it has no heading
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    columns: Vec<String>,
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [one @ (b' '..=b'~' | b'\t')]
            if !one.is_ascii_alphanumeric() && !b"\"+-._#".contains(one) =>
        {
            Ok(*one)
        }
        _ => Err(
            "expected one of , ; | : space, `tab`, or another sign that no value holds".to_owned(),
        ),
    }
}

pub(super) fn main(args: &Args) -> Exit {
    match run(args) {
        Ok(counts) => {
            complain(&told(args, &counts));
            if counts.good == 0 {
                Exit::Inconclusive
            } else {
                Exit::Passed
            }
        }
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::Refused
        }
    }
}

fn run(args: &Args) -> Result<Counts, String> {
    let layouts = match &args.dictionary {
        Some(path) => Some(read_dictionary(path)?),
        None if args.format.needs_dictionary() => {
            return Err(
                "packets need a dictionary to be found and read: give --dictionary FILE \
                 (TOML, JSON or XTCE)"
                    .to_owned(),
            );
        }
        None => None,
    };
    if args.format != Format::Csv && (args.separator.is_some() || !args.columns.is_empty()) {
        return Err("--separator and --columns belong to --format csv".to_owned());
    }
    let settings = Settings {
        format: args.format,
        layouts: layouts.as_ref(),
        longest_packet: args.longest_packet as usize,
        frame_octets: args.frame_octets.max(16) as usize,
        randomized: args.randomized,
        separator: args.separator,
        columns: &args.columns,
        notes: !args.only_packets,
    };
    let mut stream = Stream::new(&settings).ok_or("the format needs a dictionary")?;
    let mut input = open(&args.file)?;
    let out = args.out.as_deref();
    let done = match out.and_then(|path| Some((path, Form::of(path)?))) {
        Some((path, form)) => to_table(
            args,
            (path, form),
            &mut stream,
            &mut *input,
            layouts.as_ref(),
        ),
        None if args.packet.is_some() => {
            return Err(
                "--packet makes a table: give --out a name ending in .csv or .parquet".into(),
            );
        }
        None => to_lines(out, &mut stream, &mut *input),
    };
    let told = |error| format!("{}: {error}", args.file.display());
    done.map(|()| stream.counts()).map_err(told)
}

fn to_lines(out: Option<&Path>, stream: &mut Stream<'_>, input: &mut dyn Read) -> io::Result<()> {
    let mut output = create(out)?;
    let done = decode(stream, input, &mut |lines| output.write_all(lines));
    match done.and_then(|()| output.flush()) {
        // A reader that went away (`| head`) is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn to_table(
    args: &Args,
    (path, form): (&Path, Form),
    stream: &mut Stream<'_>,
    input: &mut dyn Read,
    layouts: Option<&Layouts>,
) -> io::Result<()> {
    let mut table = Table::create(path, form, args.packet.as_deref())?;
    decode(stream, input, &mut |lines| {
        tabulate(lines, layouts, &mut table)
    })?;
    let values = table.finish()?;
    complain(&format!("{}: {values} values\n", path.display()));
    Ok(())
}

pub(super) fn read_dictionary(path: &Path) -> Result<Layouts, String> {
    let place = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{place}: {error}"))?;
    Dictionary::read(&text)
        .and_then(Layouts::compile)
        .map_err(|error| format!("{place}: {error}"))
}

fn open(path: &Path) -> Result<Box<dyn Read>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn create(path: Option<&Path>) -> io::Result<Box<dyn Write>> {
    Ok(match path {
        None => Box::new(io::stdout().lock()),
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
    })
}

/// One sentence for people, on standard error.
fn told(args: &Args, counts: &Counts) -> String {
    let unit = match args.format {
        Format::Ccsds | Format::Cadu => "packets",
        Format::Ascii => "lines",
        Format::Csv => "rows",
        _ => "frames",
    };
    let first = format!("{}: {} {unit}", args.file.display(), counts.good);
    let rest = [
        (counts.bad, "bad"),
        (counts.skipped, "octets skipped"),
        (counts.lost, "lost"),
    ];
    let rest = rest.iter().filter(|(count, _)| *count > 0);
    let rest = rest.map(|(count, what)| format!(", {count} {what}"));
    let clock = counts.clock.map(|clock| {
        let back = match clock.back {
            0 => String::new(),
            times => format!(", back {times} times"),
        };
        let (from, to) = (utc(clock.first_us), utc(clock.last_us));
        format!("; on-board time {from} to {to}{back}")
    });
    let rest: String = rest.collect();
    format!("{first}{rest}{}\n", clock.unwrap_or_default())
}

/// A time of day of the CCSDS epoch's calendar, leap seconds as the code has them.
fn utc(micros: u64) -> String {
    let epoch = i64::from(UNIX_EPOCH_DAYS) * 86_400;
    let seconds = (micros / 1_000_000).cast_signed() - epoch;
    let time = jiff::Timestamp::from_second(seconds);
    time.map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}
