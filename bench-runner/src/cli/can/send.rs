//! `bench can send`: a frame, or a message with values for its signals.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use drivers::clock::Clock;
use drivers::link::LineSpec;
use drivers::link::can::BusFrame;
use drivers::telemetry::dbc::{ComposeError, Message, Signal};
use profiles::time::Period;

use super::super::{complain, print};
use super::{database, stop, wire};
use crate::can::{frame_of, read_frame};
use crate::config::refusal::nearest;
use crate::exit::Exit;
use crate::runtime::{self, Pace};

/// Send a frame, or a message with values for its signals
///
/// Signals that are not given are zero. A multiplexer that is not given selects those that are.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bus, as a wiring has it: can:can0; `-` only shows the frame
    link: String,
    /// Frame as cansend takes it, 305#C3B3 or 305##1C3B3 or 305#R4; or the name of a message
    what: String,
    /// Values of a message's signals, in their units or by name
    #[arg(value_name = "SIGNAL=VALUE")]
    values: Vec<String>,
    /// DBC file that describes the message
    #[arg(long, value_name = "FILE")]
    dbc: Option<PathBuf>,
    /// Send it again and again, every so many milliseconds
    #[arg(long, value_name = "MS")]
    every: Option<u32>,
    /// How often; without --every once
    #[arg(short = 'n', long, value_name = "TIMES", requires = "every")]
    count: Option<u64>,
}

pub(super) fn main(args: &Args) -> Exit {
    let refused = |why: String| {
        complain(&format!("Error: {why}\n"));
        Exit::Refused
    };
    let frame = match frame(args) {
        Ok(frame) => frame,
        Err(why) => return refused(why),
    };
    if args.link == "-" {
        let mut text = String::new();
        drivers::link::can::candump::write(0, "can0", &frame, &mut text);
        let shown = text.rsplit(' ').next().unwrap_or_default();
        print(&format!("{shown}\n"));
        return Exit::Passed;
    }
    let line = match wire::line(&args.link) {
        Ok(line) => line,
        Err(why) => return refused(why),
    };
    match runtime::block_on(Pace::Real, send(args, &line, frame)) {
        Ok(()) => Exit::Passed,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::BenchFault
        }
    }
}

fn frame(args: &Args) -> Result<BusFrame, String> {
    let Some(path) = &args.dbc else {
        if !args.what.contains('#') {
            let what = &args.what;
            return Err(format!(
                "`{what}` is no frame; a message by its name needs a DBC file: give --dbc FILE"
            ));
        }
        if let Some(value) = args.values.first() {
            return Err(format!(
                "`{value}` is a value, but the frame has its octets already"
            ));
        }
        return read_frame(&args.what);
    };
    if args.what.contains('#') {
        return read_frame(&args.what);
    }
    let database = database::read(path)?;
    let message = database.named(&args.what).ok_or_else(|| {
        let names = database.messages().iter().map(Message::name);
        let near = nearest(&args.what, names).map(|near| format!("; {near}"));
        let (what, path) = (&args.what, path.display());
        format!("{path} has no message `{what}`{}", near.unwrap_or_default())
    })?;
    let values: Result<Vec<(&str, &str)>, String> = args
        .values
        .iter()
        .map(|value| {
            let split = value.split_once('=');
            split.ok_or_else(|| format!("`{value}` is no value, expected SIGNAL=VALUE"))
        })
        .collect();
    let data = message.compose(&values?).map_err(|error| match &error {
        ComposeError::NoSignal { signal, .. } => {
            let names = message.signals().iter().map(Signal::name);
            match nearest(signal, names) {
                Some(near) => format!("{error}; {near}"),
                None => error.to_string(),
            }
        }
        _ => error.to_string(),
    })?;
    Ok(frame_of(message.id(), &data))
}

async fn send(args: &Args, line: &LineSpec, frame: BusFrame) -> Result<(), String> {
    let ended = stop()?;
    let clock = Clock::start_fine();
    let mut link = wire::open(line, clock).await?;
    let every = args.every.and_then(Period::from_millis);
    let times = match every {
        None => 1,
        Some(_) => args.count.unwrap_or(u64::MAX),
    };
    let (mut at, mut sent) = (clock.now(), 0);
    while sent < times && !ended.load(Ordering::Relaxed) {
        let done = link.send(frame.to_bytes()).await;
        done.map_err(|error| error.to_string())?;
        sent += 1;
        if let Some(every) = every.filter(|_| sent < times) {
            at = at + every;
            clock.sleep_until(at).await;
        }
    }
    Ok(())
}
