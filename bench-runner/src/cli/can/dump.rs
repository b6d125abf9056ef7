//! `bench can dump`: what goes over a bus, as candump shows it, and what it says.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drivers::clock::Clock;
use drivers::link::LineSpec;
use drivers::link::can::BusFrame;
use drivers::link::can::bus::BusLoad;
use drivers::telemetry::dbc::Database;
use profiles::time::{BenchTime, Period};

use super::super::{complain, print};
use super::wire::{self, Rates};
use super::{database, stop};
use crate::can::{Style, TextForm};
use crate::exit::Exit;
use crate::runtime::{self, Pace};

/// How often signals are looked for.
const LOOK: Period = Period::millis(50);

/// Show the frames of a bus as candump does, with their signals
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bus, as a wiring has it: can:can0
    link: String,
    /// DBC file that describes the messages: their signals are shown below each frame, and which
    /// of them are late
    #[arg(long, value_name = "FILE")]
    dbc: Option<PathBuf>,
    /// Form of the frames
    #[arg(long, value_enum, default_value = "log")]
    style: Style,
    /// End after so many frames
    #[arg(short = 'n', long, value_name = "FRAMES")]
    count: Option<u64>,
    /// End after so long
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    #[command(flatten)]
    rates: Rates,
}

pub(super) fn main(args: &Args) -> Exit {
    let ready = || -> Result<_, String> {
        let line = wire::line(&args.link)?;
        let database = args.dbc.as_deref().map(database::read).transpose()?;
        Ok((line, database, stop()?))
    };
    let (line, database, ended) = match ready() {
        Ok(ready) => ready,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            return Exit::Refused;
        }
    };
    let dump = dump(args, &line, database.as_ref(), &ended);
    match runtime::block_on(Pace::Real, dump) {
        Ok(0) => Exit::Inconclusive,
        Ok(_) => Exit::Passed,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::BenchFault
        }
    }
}

/// Shows frames until it is over; how many there were.
async fn dump(
    args: &Args,
    line: &LineSpec,
    database: Option<&Database>,
    ended: &Arc<AtomicBool>,
) -> Result<u64, String> {
    let clock = Clock::start_fine();
    let mut link = wire::open(line, clock).await?;
    let (epoch, name) = (wire::epoch(clock), wire::name(line));
    let mut form = TextForm::new(args.style, database);
    let mut load = args.rates.rates().map(BusLoad::new);
    let end = args
        .seconds
        .map_or(BenchTime::MAX, BenchTime::from_secs_f64);
    let (mut frames, mut text) = (0, String::new());
    while !ended.load(Ordering::Relaxed) && clock.now() < end && args.count != Some(frames) {
        let look = end.min(clock.now() + LOOK);
        let Some(arrival) = clock.until(look, link.receive()).await else {
            continue;
        };
        let arrival = arrival.map_err(|error| error.to_string())?;
        let Some(frame) = BusFrame::from_bytes(&arrival.chunk) else {
            continue;
        };
        frames += 1;
        let micros = epoch + arrival.at.as_micros().cast_signed();
        text.clear();
        form.frame(micros, &name, &frame, &mut text);
        print(&text);
        if let Some(second) = load.as_mut().and_then(|load| load.push(micros, &frame)) {
            let (part, frames) = (second.part() * 100.0, second.frames);
            complain(&format!("{name}: load {part:.1} %, {frames} frames/s\n"));
        }
    }
    let late = form.late();
    complain(&format!("{name}: {frames} frames, {late} of them late\n"));
    Ok(frames)
}
