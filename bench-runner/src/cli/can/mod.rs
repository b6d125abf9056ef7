//! `bench can`: CAN logs and buses, with a DBC file.

mod database;
mod decode;
mod dump;
mod load;
mod replay;
mod send;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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
    Dump(dump::Args),
    Send(send::Args),
    Replay(replay::Args),
    Load(load::Args),
}

pub(super) fn main(args: &Args) -> Exit {
    match &args.what {
        What::Decode(args) => decode::main(args),
        What::Dump(args) => dump::main(args),
        What::Send(args) => send::main(args),
        What::Replay(args) => replay::main(args),
        What::Load(args) => load::main(args),
    }
}

/// Becomes true at the first Ctrl-C or SIGTERM.
fn stop() -> Result<Arc<AtomicBool>, String> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))
            .map_err(|error| format!("cannot watch for signals: {error}"))?;
    }
    Ok(ended)
}
