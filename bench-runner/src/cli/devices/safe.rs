//! `bench safe`: leaves every device of a wiring safe, without a campaign.

use super::{Where, busy};
use crate::cli::{colour_err, complain, print};
use crate::exit::Exit;
use crate::plan::{self, Bench};
use crate::run::alone::leaving::{Left, leave_all};
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
    #[command(flatten)]
    place: Where,
    /// Switch nothing: only read back whether the outputs are off
    #[arg(long)]
    verify: bool,
    /// Wait for devices that a run holds, and for the place
    #[arg(long)]
    wait: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    args.place.on(args.wait, |bench| safe(args, bench))
}

fn safe(args: &Args, bench: &Bench) -> Exit {
    let devices = match plan::devices(bench) {
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
        let mut worst = Exit::Passed;
        let mut told = |name: &str, left| worst = worst.max(tell(name, &left));
        let count = leave_all(&devices, Pace::Real.clock(), args.verify, &mut told).await;
        if count == 0 {
            complain("no device of this wiring is at the end of a line: nothing to do\n");
            return Exit::Inconclusive;
        }
        worst
    })
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
