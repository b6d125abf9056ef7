//! The command line: one file per verb.

mod can;
mod completions;
mod console;
mod decode;
mod devices;
mod emulate;
mod gate;
mod golden;
mod init;
mod judge;
mod list;
mod many;
mod past;
mod plan;
mod profile;
mod report;
mod resume;
mod run;
mod supervise;
mod torture;
mod watch;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use self::many::{monte_carlo, submit};
use self::past::{export, replay, runs};
use crate::config::alter::{Setting, altered};
use crate::config::folder::Folder;
use crate::embedded;
use crate::exit::{Exit, TABLE};
use crate::plan::Firmware;

/// A hardware-in-the-loop test bench for AI accelerators in orbit.
#[derive(Debug, Parser)]
#[command(name = "bench", version, after_help = exit_codes(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Args),
    Resume(resume::Args),
    Plan(plan::Args),
    Gate(gate::Args),
    Submit(submit::Args),
    Profile(profile::Args),
    Init(init::Args),
    List(list::Args),
    Emulate(emulate::Args),
    Devices(devices::find::Args),
    Doctor(devices::doctor::Args),
    Console(devices::console::Args),
    Safe(devices::safe::Args),
    Can(can::Args),
    Decode(decode::Args),
    Golden(golden::Args),
    Torture(torture::Args),
    MonteCarlo(monte_carlo::Args),
    Judge(judge::Args),
    Replay(replay::Args),
    Export(export::Args),
    Runs(runs::Args),
    Watch(watch::Args),
    Serve(watch::serve::Args),
    Report(report::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Supervise(supervise::Args),
}

/// Where campaign and wiring come from.
#[derive(Debug, clap::Args)]
struct Question {
    /// Campaign file; the embedded two-orbit quickstart if left out
    campaign: Option<PathBuf>,
    /// Wiring file; the embedded emulated bench if left out
    #[arg(short, long, env = "BENCH_WIRING")]
    wiring: Option<PathBuf>,
    /// Seed, instead of the campaign's
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Another value than the campaign's, as `orbit.battery.capacity_ah=7.5`; again for more
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// How bench time passes
    #[arg(long, value_enum, default_value = "virtual")]
    pace: PaceArg,
    /// Firmware to run instead of the wiring's, on every `qemu:` link or on one device's
    #[arg(long, value_name = "[DEVICE=]ELF")]
    firmware: Vec<Firmware>,
    /// File with more [[fault]] than the campaign has
    #[arg(long)]
    faults: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PaceArg {
    /// Jumps to the next thing to do; for emulated benches
    Virtual,
    /// As on the wall
    Real,
}

impl Question {
    /// What a plan is made from; says what cannot be set, with the code that ends with.
    fn request(&self) -> Result<crate::plan::Request, Exit> {
        let place = |path: &Option<PathBuf>, embedded: fn() -> (Folder, String)| match path {
            None => embedded(),
            Some(path) => place_of(path),
        };
        let (folder, name) = place(&self.campaign, embedded::campaign);
        let folder = altered(folder, &name, &self.set).map_err(|why| {
            complain(&format!("Error: {why}\n"));
            Exit::Refused
        })?;
        Ok(crate::plan::Request {
            campaign: (folder, name),
            wiring: place(&self.wiring, embedded::wiring),
            seed: self.seed,
            pace: match self.pace {
                PaceArg::Virtual => crate::runtime::Pace::Virtual,
                PaceArg::Real => crate::runtime::Pace::Real,
            },
            dictionary: None,
            firmware: self.firmware.clone(),
            faults: self.faults.as_deref().map(place_of),
        })
    }
}

/// A file as folder and name.
fn place_of(path: &Path) -> (Folder, String) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    match path.file_name() {
        Some(name) => (Folder::Disk(folder), name.to_string_lossy().into_owned()),
        // `.`, `..` and `/` have no name; they are read, and refused, as they are.
        None => (Folder::Disk(PathBuf::new()), path.display().to_string()),
    }
}

/// Parses the command line and does what it says.
pub fn main() -> Exit {
    match Cli::parse().verb {
        Verb::Run(args) => run::main(&args),
        Verb::Resume(args) => resume::main(&args),
        Verb::Plan(args) => plan::main(&args),
        Verb::Gate(args) => gate::main(&args),
        Verb::Submit(args) => submit::main(&args),
        Verb::Supervise(args) => supervise::main(&args),
        Verb::Profile(args) => profile::main(&args),
        Verb::Init(args) => init::main(&args),
        Verb::List(args) => list::main(&args),
        Verb::Emulate(args) => emulate::main(&args),
        Verb::Can(args) => can::main(&args),
        Verb::Devices(args) => devices::find::main(&args),
        Verb::Doctor(args) => devices::doctor::main(&args),
        Verb::Console(args) => devices::console::main(&args),
        Verb::Safe(args) => devices::safe::main(&args),
        Verb::Decode(args) => decode::main(&args),
        Verb::Golden(args) => golden::main(&args),
        Verb::Torture(args) => torture::main(&args),
        Verb::MonteCarlo(args) => monte_carlo::main(&args),
        Verb::Judge(args) => judge::main(&args),
        Verb::Replay(args) => replay::main(&args),
        Verb::Export(args) => export::main(&args),
        Verb::Runs(args) => runs::main(&args),
        Verb::Watch(args) => watch::main(&args),
        Verb::Serve(args) => watch::serve::main(&args),
        Verb::Report(args) => report::main(&args),
        Verb::Completions(args) => completions::main(&args),
    }
}

/// The whole command line, for completions.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

fn exit_codes() -> String {
    let rows = TABLE
        .iter()
        .map(|(exit, name, meaning)| format!("  {}  {name:<12}  {meaning}\n", *exit as u8));
    format!("Exit codes:\n{}", rows.collect::<String>())
}

/// Whether what goes to standard output may have colours (<https://no-color.org>).
fn colour_out() -> bool {
    colour_allowed() && std::io::stdout().is_terminal()
}

/// Whether what goes to standard error may have colours.
fn colour_err() -> bool {
    colour_allowed() && std::io::stderr().is_terminal()
}

fn colour_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb()
}

/// Whether the terminal can only go on, as that of an editor: it knows no colours and no places.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Prints to standard output; a reader that went away (`| head`) is no error.
fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _reader_gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints to standard error.
fn complain(text: &str) {
    use std::io::Write;
    let _reader_gone = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Says so if `run` is no folder of a run: a wrong command line, not a damaged record.
fn no_run(run: &Path) -> Option<Exit> {
    let record = run.join(crate::execute::RECORD_FILE);
    if record.exists() {
        return None;
    }
    let (run, record) = (run.display(), record.display());
    complain(&format!(
        "Error: {run} is no folder of a run: there is no {record}\n"
    ));
    Some(Exit::Refused)
}

/// Says what went wrong, and with what code that ends.
fn failed(error: &crate::execute::ExecuteError) -> Exit {
    let help = error.help();
    let help = help.map_or(String::new(), |help| format!("  Help: {help}\n"));
    complain(&format!("Error: {error}\n{help}"));
    error.exit()
}

/// How many things are done at a time: `--jobs`.
///
/// # Errors
/// What was expected.
fn jobs(text: &str) -> Result<usize, String> {
    const MOST: usize = 1_024;
    let jobs = text.parse().ok().filter(|jobs| (1..=MOST).contains(jobs));
    jobs.ok_or_else(|| format!("expected a whole number from 1 to {MOST}"))
}
