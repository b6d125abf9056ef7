//! `bench supervise`: the second process that `bench run` starts beside itself on real lines. Not
//! for people: it is told of its run by a pipe.

use std::path::PathBuf;

use super::devices::bench;
use crate::exit::Exit;
use crate::supervise::watch;

/// Watch over the run that started this process, and leave its bench safe if it cannot
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Wiring file
    wiring: PathBuf,
    /// Folder of the run
    folder: PathBuf,
}

pub(super) fn main(args: &Args) -> Exit {
    watch(&bench(&args.wiring), &args.folder)
}
