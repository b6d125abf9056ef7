//! `bench emulate`: plays the devices of a wiring, or one model, for other processes.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use drivers::catalog;
use drivers::clock::Clock;
use drivers::link::CanSpec;
use profiles::seed::Seed;
use profiles::time::Period;
use tokio::sync::oneshot;

use super::{colour_err, complain, print};
use crate::config::folder::Folder;
use crate::config::refusal::nearest;
use crate::exit::Exit;
use crate::plan::{self, Bench};
use crate::run::{Endpoints, Lines, publish};
use crate::runtime::{self, Pace};

/// How often signals are looked for.
const LOOK: Period = Period::millis(50);

/// Play the devices of a bench, for other processes and other people's clients
///
/// Each device is found as DIR/DEVICE: a serial port, or with --tcp a file that holds the address
/// of a TCP port. `ready` on standard output says that all of them are there. Ends when standard
/// input closes, or at SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes())]
pub(super) struct Args {
    /// Wiring file, all of whose devices share one emulated world; or the name of one model
    what: String,
    /// Folder in which the devices are found
    #[arg(long, value_name = "DIR")]
    run_dir: PathBuf,
    /// TCP ports of this machine instead of serial ports
    #[arg(long)]
    tcp: bool,
    /// CAN interface on which boards on CAN are played: can0, or can0@500000 if it must be set to
    /// that
    #[arg(long, value_name = "INTERFACE", value_parser = CanSpec::read)]
    can: Option<CanSpec>,
    /// Setting of the one model, as the wiring's `options` has it: latency="5 ms"
    #[arg(short, long = "option", value_name = "KEY=VALUE")]
    options: Vec<String>,
    /// How many times faster than real everything happens: warming, booting, latencies, lines
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    speed: u32,
    /// Seed of noise and upsets
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub(super) fn main(args: &Args) -> Exit {
    let bench = match bench(args) {
        Ok(bench) => bench,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            return Exit::Refused;
        }
    };
    let devices = match plan::devices(&bench) {
        Ok(devices) => devices,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&ended)) {
            complain(&format!("Error: cannot watch for signals: {error}\n"));
            return Exit::BenchFault;
        }
    }
    if let Err(error) = std::fs::create_dir_all(&args.run_dir) {
        let folder = args.run_dir.display();
        complain(&format!(
            "Error: cannot make the folder {folder}: {error}\n"
        ));
        return Exit::BenchFault;
    }
    let endpoints = Endpoints {
        lines: if args.tcp {
            Lines::Sockets
        } else {
            Lines::Ports
        },
        bus: args.can.clone(),
        speed: args.speed,
    };
    runtime::block_on(Pace::Real, async {
        let published = publish(&devices, Seed(args.seed), &args.run_dir, &endpoints).await;
        match published {
            Ok(published) if published.served.is_empty() => Exit::Refused,
            Ok(_published) => {
                print("ready\n");
                until_the_end(&ended).await;
                Exit::Passed
            }
            Err(error) => {
                complain(&format!("Error: {error}\n"));
                Exit::BenchFault
            }
        }
    })
}

/// The wiring that is asked for.
fn bench(args: &Args) -> Result<Bench, String> {
    let path = Path::new(&args.what);
    let entries = catalog::entries();
    let Some(entry) = entries.iter().find(|entry| entry.name == args.what) else {
        let is_file = path.is_file() || path.extension().is_some_and(|end| end == "toml");
        if !is_file {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            let near = nearest(&args.what, names.iter().copied());
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            let (what, names) = (&args.what, names.join(", "));
            return Err(format!(
                "`{what}` is neither a wiring file nor a model{near}\n  models: {names}"
            ));
        }
        if !args.options.is_empty() {
            return Err("`--option` is for one model; a wiring has its own `options`".to_owned());
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Ok(Bench::File(Folder::Disk(folder), name.into_owned()));
    };
    let (name, role) = (entry.name, entry.role);
    Ok(Bench::Text(format!(
        "[device.{name}]\nrole = \"{role}\"\nmodel = \"{name}\"\nlink = \"memory\"\n\
         [device.{name}.options]\n{}\n",
        args.options.join("\n")
    )))
}

/// Waits until standard input closes, or a signal comes.
async fn until_the_end(ended: &AtomicBool) {
    let (close, mut closed) = oneshot::channel();
    thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut bytes = [0; 1_024];
        // What is written there says nothing; only the end does.
        while input.read(&mut bytes).is_ok_and(|length| length > 0) {}
        let _nobody_waits = close.send(());
    });
    let clock = Clock::start();
    while !ended.load(Ordering::Relaxed) {
        let ends = clock.within(LOOK, &mut closed).await;
        if ends.is_ok() {
            return;
        }
    }
}
