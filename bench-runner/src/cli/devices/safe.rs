//! `bench safe`: leaves every device of a wiring safe, without a campaign.

use std::path::PathBuf;

use drivers::accelerator::Question;
use profiles::reading::Reading;
use tokio::task::JoinSet;

use super::{bench, busy, read};
use crate::cli::{colour_err, complain, print};
use crate::exit::Exit;
use crate::plan;
use crate::run::alone::{Alone, alone, driving, words};
use crate::run::{Lock, LockError};
use crate::runtime::{self, Pace};

/// Switch off every device of a wiring, and read back that it is off
///
/// First what draws, then the boards, then what feeds them, then the chambers: as at the end of a
/// run. Ends with 9 (UNSAFE) if that is not confirmed for every instrument. Devices in memory are
/// emulated anew in each run and have nothing to be switched off.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Wiring file
    #[arg(env = "BENCH_WIRING")]
    wiring: PathBuf,
    /// Switch nothing: only read back whether the outputs are off
    #[arg(long)]
    verify: bool,
    /// Wait for devices that a run holds
    #[arg(long)]
    wait: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    let devices = match plan::devices(&bench(&args.wiring)) {
        Ok(devices) => devices,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    let _lock = match Lock::hold(&devices, "bench safe", args.wait) {
        Ok(lock) => lock,
        Err(error @ LockError::Busy { .. }) => return busy(&error),
        // Safety does not wait for a lock that cannot be made.
        Err(error) => {
            complain(&format!("Warning: {error}\n"));
            Lock::none()
        }
    };
    runtime::block_on(Pace::Real, async {
        let roles = alone(&devices, Pace::Real.clock());
        if roles.iter().all(Vec::is_empty) {
            complain("no device of this wiring is at the end of a line: nothing to do\n");
            return Exit::Inconclusive;
        }
        let mut worst = Exit::Passed;
        for devices in roles {
            let mut tasks = JoinSet::new();
            for device in devices {
                let verify = args.verify;
                tasks.spawn(async move {
                    let told = Box::pin(leave(&device, verify)).await;
                    (device.wired.name.to_string(), told)
                });
            }
            let mut told = tasks.join_all().await;
            told.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, told) in told {
                worst = worst.max(tell(&name, &told));
            }
        }
        worst
    })
}

/// What became of a device.
enum Left {
    Safe(String),
    Unsafe(String),
    /// Its supply makes it safe.
    Silent(String),
}

fn tell(name: &str, left: &Left) -> Exit {
    let (word, text, exit) = match left {
        Left::Safe(text) => ("safe", text, Exit::Passed),
        Left::Silent(text) => ("silent", text, Exit::Passed),
        Left::Unsafe(text) => ("NOT SAFE", text, Exit::Unsafe),
    };
    print(&format!("{word:<9} {name:<16} {text}\n"));
    exit
}

async fn leave(device: &Alone, verify: bool) -> Left {
    if device.is_board() {
        return board(device, verify).await;
    }
    let reached = if verify {
        device.reach().await.map(|(instrument, _)| instrument)
    } else {
        device.make_safe().await
    };
    let mut instrument = match reached {
        Ok(instrument) => instrument,
        Err(error) => return Left::Unsafe(error.kind.to_string()),
    };
    let channels = instrument.channels();
    let readings: Vec<Reading> = match read(&mut instrument).await {
        Ok(readings) => readings,
        // That it is off was read back before.
        Err(_) if !verify => return Left::Safe("told, and read back".to_owned()),
        Err(error) => return Left::Unsafe(error.kind.to_string()),
    };
    let told = words(&channels, &readings);
    match driving(&channels, &readings) {
        Some("on") => Left::Unsafe(told),
        _ => Left::Safe(told),
    }
}

/// A board is told to stop, if it speaks; what makes it safe is its supply.
async fn board(device: &Alone, verify: bool) -> Left {
    if verify {
        return Left::Silent("a board: its supply makes it safe".to_owned());
    }
    match device.ask_board(&Question::Stop).await {
        Ok(said) if said.answer.is_some() => Left::Safe("told to stop".to_owned()),
        Ok(_) => Left::Silent("the board does not speak; its supply makes it safe".to_owned()),
        Err(error) => Left::Silent(format!("{}; its supply makes it safe", error.kind)),
    }
}
