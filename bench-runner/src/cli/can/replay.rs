//! `bench can replay`: the frames of a log, at their times, on a bus or on an emulated one.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use drivers::clock::Clock;
use drivers::link::LineSpec;
use drivers::link::can::bus::{BitRates, Bus, BusLoad, Sent};
use drivers::link::can::candump::{Lines, LogReader};
use drivers::link::can::{BusFrame, CanId};
use drivers::telemetry::dbc::Database;
use profiles::time::{BenchTime, Period};

use super::super::{complain, print};
use super::wire::{self, Rates};
use super::{database, stop};
use crate::can::{Style, TextForm};
use crate::exit::Exit;
use crate::runtime::{self, Pace};

/// Longest time without a look at signals.
const LOOK: Period = Period::millis(50);

/// Send the frames of a log at their times
///
/// On `memory` each interface of the log is a node of one emulated bus: frames that are ready at
/// the same time go by their priority, each takes its bits, and what a listener hears is shown,
/// with who had to wait how long.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Log as `candump -l` and `candump -L` write it
    log: PathBuf,
    /// Bus, as a wiring has it: can:can0; or memory, for an emulated bus
    link: String,
    /// How much faster than they were recorded
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    speed: f64,
    /// Only the frames of this interface
    #[arg(long, value_name = "INTERFACE")]
    only: Option<String>,
    /// DBC file: on memory, the signals are shown below each frame, and which of them are late
    #[arg(long, value_name = "FILE")]
    dbc: Option<PathBuf>,
    /// Form of the frames that an emulated bus shows
    #[arg(long, value_enum, default_value = "log")]
    style: Style,
    #[command(flatten)]
    rates: Rates,
}

/// A frame of a log.
struct Recorded {
    /// Microseconds since the first.
    after: u64,
    node: usize,
    frame: BusFrame,
}

/// The frames of a log that can be sent.
struct Recording {
    /// Microseconds since 1970 of the first.
    begin: i64,
    frames: Vec<Recorded>,
    /// Names of the interfaces, by node.
    nodes: Vec<String>,
    /// Lines that are malformed, and error frames, which nobody can send.
    left_out: u64,
}

pub(super) fn main(args: &Args) -> Exit {
    let refused = |why: String| {
        complain(&format!("Error: {why}\n"));
        Exit::Refused
    };
    if !(args.speed.is_finite() && args.speed > 0.0) {
        return refused(format!("--speed {}: expected a number above 0", args.speed));
    }
    let recording = match read(&args.log, args.only.as_deref(), args.speed) {
        Ok(recording) => recording,
        Err(why) => return refused(format!("{}: {why}", args.log.display())),
    };
    if recording.left_out > 0 {
        let (log, lines) = (args.log.display(), recording.left_out);
        complain(&format!(
            "Warning: {log}: {lines} lines are malformed or error frames, and are left out\n"
        ));
    }
    if recording.frames.is_empty() {
        complain(&format!(
            "{}: there is no frame to send\n",
            args.log.display()
        ));
        return Exit::Inconclusive;
    }
    let database = match args.dbc.as_deref().map(database::read).transpose() {
        Ok(database) => database,
        Err(why) => return refused(why),
    };
    if args.link == "memory" {
        let Some(rates) = args.rates.rates() else {
            return refused("an emulated bus needs its bit rate: give --bit-rate RATE".to_owned());
        };
        emulated(args, &recording, rates, database.as_ref());
        return Exit::Passed;
    }
    let line = match wire::line(&args.link) {
        Ok(line) => line,
        Err(why) => return refused(why),
    };
    match runtime::block_on(Pace::Real, send(&line, &recording)) {
        Ok(()) => Exit::Passed,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::BenchFault
        }
    }
}

fn read(path: &Path, only: Option<&str>, speed: f64) -> std::io::Result<Recording> {
    let mut lines = Lines::new(File::open(path)?);
    let mut reader = LogReader::default();
    let mut recording = Recording {
        begin: 0,
        frames: Vec::new(),
        nodes: Vec::new(),
        left_out: 0,
    };
    let mut last = 0;
    while let Some(piece) = lines.next_piece()? {
        let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
        for line in piece.split(|&octet| octet == b'\n') {
            let frame = reader.read(line).ok().and_then(|()| reader.frame());
            let Some(frame) = frame.filter(|frame| frame.id().is_some()) else {
                recording.left_out += 1;
                continue;
            };
            let name = String::from_utf8_lossy(&line[reader.interface.0..reader.interface.1]);
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let known = recording.nodes.iter().position(|known| *known == name);
            let node = known.unwrap_or_else(|| {
                recording.nodes.push(name.into_owned());
                recording.nodes.len() - 1
            });
            if recording.frames.is_empty() {
                recording.begin = reader.micros;
            }
            // Logs of several interfaces go back in time by a few microseconds now and then.
            let after = (reader.micros - recording.begin).max(0) as f64 / speed;
            last = last.max(after as u64);
            recording.frames.push(Recorded {
                after: last,
                node,
                frame,
            });
        }
    }
    Ok(recording)
}

async fn send(line: &LineSpec, recording: &Recording) -> Result<(), String> {
    let ended = stop()?;
    let clock = Clock::start_fine();
    let mut link = wire::open(line, clock).await?;
    let begin = clock.now();
    let (mut sent, mut latest) = (0_u64, 0);
    for recorded in &recording.frames {
        let at = begin.plus_micros(recorded.after);
        while clock.now() < at && !ended.load(Ordering::Relaxed) {
            clock.sleep_until(at.min(clock.now() + LOOK)).await;
        }
        if ended.load(Ordering::Relaxed) {
            break;
        }
        latest = latest.max(clock.now().micros_since(at));
        let done = link.send(recorded.frame.to_bytes()).await;
        done.map_err(|error| error.to_string())?;
        sent += 1;
    }
    let late = latest as f64 / 1e3;
    complain(&format!("{sent} frames sent, none later than {late} ms\n"));
    Ok(())
}

/// Plays the log on a bus in memory.
fn emulated(args: &Args, recording: &Recording, rates: BitRates, database: Option<&Database>) {
    let mut bus = Bus::new(rates, recording.nodes.len());
    for recorded in &recording.frames {
        let at = BenchTime::from_micros(recorded.after);
        bus.offer(recorded.node, at, recorded.frame);
    }
    let mut form = TextForm::new(args.style, database);
    let mut load = BusLoad::new(rates);
    let mut waits: BTreeMap<CanId, u64> = BTreeMap::new();
    let (mut frames, mut text) = (0_u64, String::new());
    while let Some(Sent {
        node,
        frame,
        ready_at,
        begun_at,
        done_at,
    }) = bus.step(BenchTime::MAX)
    {
        let micros = recording.begin + done_at.as_micros().cast_signed();
        form.frame(micros, &recording.nodes[node], &frame, &mut text);
        let _second = load.push(micros, &frame);
        if let Some(id) = frame.id() {
            let wait = waits.entry(id).or_default();
            *wait = begun_at.micros_since(ready_at).max(*wait);
        }
        frames += 1;
        if text.len() > 1 << 16 {
            print(&text);
            text.clear();
        }
    }
    print(&text);
    let _second = load.finish();
    let (mean, peak) = (load.mean().map_or(0.0, |mean| mean.0), load.peak().part());
    let (mean, peak, late) = (mean * 100.0, peak * 100.0, form.late());
    complain(&format!(
        "{frames} frames of {} nodes, {late} of them late; load {mean:.1} %, at most {peak:.1} % in a \
         second\n",
        recording.nodes.len()
    ));
    let mut waits: Vec<(u64, CanId)> = waits.into_iter().map(|(id, wait)| (wait, id)).collect();
    waits.sort_by(|a, b| b.cmp(a));
    for (wait, id) in waits.iter().take(3).filter(|(wait, _)| *wait > 0) {
        let wait = *wait as f64 / 1e3;
        complain(&format!("{id} waited for the bus {wait} ms\n"));
    }
}
