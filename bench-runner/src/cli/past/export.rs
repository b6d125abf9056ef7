//! `bench export`: a run's record for other people's tools.

use std::io;
use std::path::{Path, PathBuf};

use drivers::link::can::CanFrame;
use profiles::reading::Value;
use reports::event::{Event, EventKind};
use reports::header::{DeviceHeader, Header};
use reports::record::{Record, Recorder};

use crate::cli::{complain, no_run};
use crate::execute::RECORD_FILE;
use crate::exit::Exit;
use crate::table::{Form, Row, Table};

/// Export a run's record: to Parquet or CSV for data tools, or to a whole MCAP file
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Folder of the run
    run: PathBuf,
    /// New file: `.parquet` or `.csv` with a row for each value, `.mcap` for viewers; of a run with
    /// `--wire` also `.log`, CAN frames as candump writes them, and `.bin`, what a device sent
    #[arg(short, long)]
    out: PathBuf,
    /// Only this device, as a table with a column for each of its channels
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    if let Some(exit) = no_run(&args.run) {
        return exit;
    }
    let path = args.run.join(RECORD_FILE);
    let record = match Record::open(&path) {
        Ok(record) => record,
        Err(error) => return ended(&format!("{}: {error}", path.display()), Exit::Damaged),
    };
    if args.out.exists() {
        let text = format!(
            "{} is there already; an export never overwrites",
            args.out.display()
        );
        return ended(&text, Exit::Refused);
    }
    if let Some(device) = &args.device
        && record.header().device(device).is_none()
    {
        let known: Vec<&str> = record
            .header()
            .devices
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        let known = known.join(", ");
        return ended(
            &format!("the run has no device `{device}`; it has {known}"),
            Exit::Refused,
        );
    }
    let done = match (Form::of(&args.out), args.out.extension()) {
        (Some(form), _) => to_table(&record, &args.out, form, args.device.as_deref()),
        (None, Some(ending)) if ending == "mcap" => to_mcap(&record, &args.out),
        (None, Some(ending)) if ending == "log" || ending == "bin" => {
            to_wire(&record, &args.out, args.device.as_deref(), ending == "log")
        }
        (None, _) => {
            let text = format!(
                "{}: expected .parquet, .csv, .mcap, .log or .bin",
                args.out.display()
            );
            return ended(&text, Exit::Refused);
        }
    };
    match done {
        Ok(told) => {
            complain(&format!("{}: {told}\n", args.out.display()));
            if let Some(torn) = record.torn() {
                complain(&format!(
                    "the record is torn; it was exported up to {}\n",
                    torn.at
                ));
                if let Some(oversized) = torn.oversized {
                    complain(&format!("{oversized}\n"));
                }
            }
            Exit::Passed
        }
        Err(error) => ended(&format!("{}: {error}", args.out.display()), Exit::Damaged),
    }
}

fn ended(text: &str, exit: Exit) -> Exit {
    complain(&format!("Error: {text}\n"));
    exit
}

fn to_mcap(record: &Record, out: &Path) -> Result<String, String> {
    let text = |error: reports::record::RecordError| error.to_string();
    let mut recorder = Recorder::create(out, record.header()).map_err(text)?;
    let (mut events, mut failed) = (0_u64, None);
    let walked = record.for_each(&mut |event| {
        if failed.is_none() {
            failed = recorder.record(event).err();
            events += 1;
        }
    });
    if let Some(error) = failed {
        return Err(error.to_string());
    }
    walked.and_then(|()| recorder.finish()).map_err(text)?;
    Ok(format!("{events} events"))
}

/// As candump writes them.
const DIGITS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
];

/// What went over the lines: frames of all CAN devices in candump's form, with the time and the
/// direction, or the octets that one device sent.
fn to_wire(
    record: &Record,
    out: &Path,
    device: Option<&str>,
    candump: bool,
) -> Result<String, String> {
    if !record.header().wire {
        return Err(
            "the run did not keep what went over its lines: bench run --wire does".to_owned(),
        );
    }
    if !candump && device.is_none() {
        return Err("name the device whose octets are wanted: --device NAME".to_owned());
    }
    let (mut text, mut chunks) = (Vec::new(), 0_u64);
    let walked = record.for_each(&mut |event| {
        let EventKind::Wire { sent, octets } = &event.kind else {
            return;
        };
        let name = record
            .header()
            .device_at(event.device)
            .map(|known| known.name.as_str());
        let name = name.unwrap_or_default();
        if device.is_some_and(|wanted| wanted != name) {
            return;
        }
        if candump {
            if let Some(frame) = CanFrame::from_bytes(octets) {
                let micros = event.at.as_micros();
                let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
                let digits =
                    |octet: &u8| [octet >> 4, octet & 15].map(|half| DIGITS[usize::from(half)]);
                let data: String = frame.data().iter().flat_map(digits).collect();
                let way = if *sent { 'T' } else { 'R' };
                let line = format!(
                    "({seconds:010}.{rest:06}) {name} {}#{data} {way}\n",
                    frame.id
                );
                text.extend_from_slice(line.as_bytes());
                chunks += 1;
            }
        } else if !sent {
            text.extend_from_slice(octets);
            chunks += 1;
        }
    });
    walked.map_err(|error| error.to_string())?;
    std::fs::write(out, &text).map_err(|error| error.to_string())?;
    Ok(format!("{chunks} chunks, {} octets", text.len()))
}

fn to_table(
    record: &Record,
    out: &Path,
    form: Form,
    device: Option<&str>,
) -> Result<String, String> {
    let mut table = Table::create(out, form, device).map_err(|error| error.to_string())?;
    let (mut place, mut failed) = (0, None);
    let walked = record.for_each(&mut |event| {
        if failed.is_none() {
            failed = rows(record.header(), event, place, &mut table).err();
            place += 1;
        }
    });
    if let Some(error) = failed {
        return Err(error.to_string());
    }
    walked.map_err(|error| error.to_string())?;
    let values = table.finish().map_err(|error| error.to_string())?;
    Ok(format!("{values} values of {place} events"))
}

/// A row for each reading of an event; for any other event one row, named for it, with its
/// details as JSON.
fn rows(header: &Header, event: &Event, place: u64, table: &mut Table) -> io::Result<()> {
    let device = header.device_at(event.device);
    let row = Row {
        place,
        source: device.map_or("bench", |device| device.name.as_str()),
        seconds: Some(event.at.as_micros() as f64 / 1e6),
        ..Row::default()
    };
    match (&event.kind, device) {
        (EventKind::Sampled { readings }, Some(device)) => {
            for reading in readings.iter() {
                let row = channel(device, reading.channel, reading.value, row);
                table.push(&row)?;
            }
            Ok(())
        }
        (EventKind::Inferred(inferred), _) => {
            for (field, value, unit) in [
                ("inference.input", u32::from(inferred.input), ""),
                ("inference.latency", inferred.latency_us, "µs"),
                ("inference.round_trip", inferred.round_trip_us, "µs"),
            ] {
                let value = Some(f64::from(value));
                table.push(&Row {
                    field,
                    value,
                    unit,
                    ..row
                })?;
            }
            Ok(())
        }
        (EventKind::Wire { .. }, _) => Ok(()),
        (kind, _) => {
            let mut told = serde_json::to_value(kind)?;
            let name = told.as_object_mut().and_then(|told| told.remove("event"));
            let name = name
                .as_ref()
                .and_then(serde_json::Value::as_str)
                .unwrap_or("event");
            let (field, details) = (format!("event.{name}"), told.to_string());
            let text = Some(details.as_str());
            table.push(&Row {
                field: &field,
                text,
                ..row
            })
        }
    }
}

fn channel<'a>(device: &'a DeviceHeader, channel: u16, value: Value, row: Row<'a>) -> Row<'a> {
    let spec = device.channels.get(usize::from(channel));
    let state = match value {
        Value::State(state) => spec.and_then(|spec| spec.states.get(usize::from(state))),
        Value::Number(_) => None,
    };
    Row {
        field: spec.map_or("unknown", |spec| &spec.name),
        unit: spec.map_or("", |spec| &spec.unit),
        value: Some(value.as_f64()),
        text: state.map(|state| &**state),
        ..row
    }
}
