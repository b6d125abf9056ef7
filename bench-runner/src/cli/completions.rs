//! `bench completions`: what a shell needs to complete the command line.

use clap_complete::{Shell, generate};

use super::{command, print};
use crate::exit::Exit;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which shell
    shell: Shell,
}

pub(super) fn main(args: &Args) -> Exit {
    let mut text = Vec::new();
    generate(args.shell, &mut command(), "bench", &mut text);
    print(&String::from_utf8_lossy(&text));
    Exit::Passed
}
