//! `bench can`: CAN logs and buses, with a DBC file.

mod database;
mod decode;

use clap::Subcommand;

use crate::exit::Exit;

/// Decode CAN logs, look at buses and send on them, with a DBC file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Decode(decode::Args),
}

pub(super) fn main(args: &Args) -> Exit {
    match &args.what {
        What::Decode(args) => decode::main(args),
    }
}
