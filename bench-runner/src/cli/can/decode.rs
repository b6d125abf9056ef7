//! `bench can decode`: a log of candump to what its frames say.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use drivers::telemetry::dbc::Database;
use reports::columns::Compression;

use super::super::complain;
use super::database;
use crate::can::{Counts, CsvForm, Form, JsonForm, TableForm, decode};
use crate::exit::Exit;

/// Decode a log of candump: JSON lines, or a table of values
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Log as `candump -l` and `candump -L` write it; `-` for standard input
    log: PathBuf,
    /// DBC file that describes the messages
    #[arg(long, value_name = "FILE")]
    dbc: PathBuf,
    /// Where to: JSON lines, or a table of values if it ends in `.csv` or `.parquet`; JSON lines on
    /// standard output if left out
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to write, whatever the file's name ends in
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Compress a Parquet file with Snappy: a third of the size, half of the speed
    #[arg(long)]
    snappy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line of JSON for each line of the log
    Jsonl,
    /// A line of CSV for each value
    Csv,
    /// A Parquet table: a row for each frame, a column for each signal
    Parquet,
    /// Nothing: decode everything, tell how much there was
    None,
}

pub(super) fn main(args: &Args) -> Exit {
    match run(args) {
        Ok(counts) => {
            complain(&told(&args.log, &counts));
            if counts.lines == counts.bad {
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
    let database = database::read(&args.dbc)?;
    let mut log: Box<dyn Read> = if args.log == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.log);
        Box::new(file.map_err(|error| format!("{}: {error}", args.log.display()))?)
    };
    let done = write(args, &database, &mut *log);
    done.map_err(|error| match &args.out {
        Some(out) => format!("{} to {}: {error}", args.log.display(), out.display()),
        None => format!("{}: {error}", args.log.display()),
    })
}

fn write(args: &Args, database: &Database, log: &mut dyn Read) -> io::Result<Counts> {
    let format = args.format.unwrap_or_else(|| ending(args.out.as_deref()));
    if format == Format::None {
        return decode(log, &mut Form::Table(TableForm::forgotten(database)));
    }
    if format == Format::Parquet {
        let Some(path) = &args.out else {
            return Err(io::Error::other(
                "a Parquet table needs a file: give --out FILE",
            ));
        };
        let file = File::create(path)?;
        let compression = if args.snappy {
            Compression::Snappy
        } else {
            Compression::None
        };
        let name = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let notes = [("log", name(&args.log)), ("dbc", name(&args.dbc))];
        let form = TableForm::written(database, file, compression, &notes)?;
        return decode(log, &mut Form::Table(form));
    }
    let mut out: Box<dyn Write> = match &args.out {
        None => Box::new(io::stdout().lock()),
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
    };
    let mut form = if format == Format::Csv {
        Form::Csv(CsvForm::new(database, &mut *out))
    } else {
        Form::Json(JsonForm::new(database, &mut *out))
    };
    match decode(log, &mut form) {
        // A reader that went away (`| head`) is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Counts {
            lines: 1,
            ..Counts::default()
        }),
        other => other,
    }
}

fn ending(out: Option<&Path>) -> Format {
    let ending = out.and_then(Path::extension).unwrap_or_default();
    match ending.to_string_lossy().to_lowercase().as_str() {
        "csv" => Format::Csv,
        "parquet" => Format::Parquet,
        _ => Format::Jsonl,
    }
}

/// What there was, for people, on standard error.
fn told(log: &Path, counts: &Counts) -> String {
    let place = log.display();
    let mut lines: Vec<String> = counts
        .told
        .iter()
        .map(|(line, why)| format!("{place}:{line}: {why}\n"))
        .collect();
    let untold = counts.bad - counts.told.len() as u64;
    if untold > 0 {
        lines.push(format!("{place}: {untold} more lines are malformed\n"));
    }
    let (total, frames, decoded) = (counts.lines, counts.frames, counts.decoded);
    let all = format!("{place}: {total} lines, {frames} frames, {decoded} of them decoded");
    let parts = [
        (frames - decoded, "not in the DBC file"),
        (counts.undefined, "with an undefined multiplexer"),
        (counts.remote, "remote frames"),
        (counts.errors, "error frames"),
        (counts.bad, "malformed lines"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, what)| format!(", {count} {what}"));
    lines.extend(std::iter::once(all).chain(parts));
    lines.push("\n".to_owned());
    lines.concat()
}
