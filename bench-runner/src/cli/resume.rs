//! `bench resume`: goes on with a run that was cut off.

use std::path::PathBuf;

use super::console::Style;
use super::run::{carry_out, held};
use super::{colour_err, complain, failed, no_run};
use crate::config::folder::Folder;
use crate::config::{duration_help, seconds};
use crate::execute::{RECORD_FILE, Resumption, resume};
use crate::exit::Exit;
use crate::plan::{Plan, Request};
use crate::run::Lock;
use crate::runtime::Pace;

/// Go on with a run that was cut off, at the last step or orbit that it completed
///
/// On the same bench and with the same inputs, which are in the run's folder: one that has changed is
/// refused. Temperatures come back first, then power; then the campaign goes on. It is one run with a
/// gap, in one record: what was measured before counts, and a check of a stretch that the gap is in the
/// middle of cannot pass.
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes())]
pub(super) struct Args {
    /// Folder of the run
    run: PathBuf,
    /// How long chambers get to come back to their temperatures: "20 min". As long as they probably
    /// need, if left out
    #[arg(long, value_name = "TIME", value_parser = length)]
    settle: Option<f64>,
    /// JSON lines on standard output, for programs
    #[arg(long)]
    json: bool,
    /// Wait for instruments that another run holds
    #[arg(long)]
    wait: bool,
    /// No progress; in the end one line with the verdict and the run's folder
    #[arg(short, long)]
    quiet: bool,
}

fn length(text: &str) -> Result<f64, String> {
    seconds(text).ok_or_else(|| {
        let help = duration_help(text).map_or(String::new(), |help| format!("; {help}"));
        format!("expected a length of time such as \"20 min\"{help}")
    })
}

pub(super) fn main(args: &Args) -> Exit {
    if let Some(exit) = no_run(&args.run) {
        return exit;
    }
    let mut resumption = match resumption(args) {
        Ok(resumption) => resumption,
        Err(exit) => return exit,
    };
    let lock = match Lock::take(&resumption.plan, args.wait) {
        Ok(lock) => lock,
        Err(error) => return held(&error),
    };
    lock.fence(&mut resumption.plan.devices);
    let style = Style::of(args.quiet, args.json);
    if style == Style::People {
        complain(&format!(
            "{}; going on with {}\n",
            resumption.before(),
            resumption.with()
        ));
    }
    let wiring = args.run.join("inputs/wiring.toml");
    let at = (Some(wiring.as_path()), args.run.as_path());
    let (plan, header) = (&resumption.plan, &resumption.header);
    carry_out(plan, at, style, header, |console, stop| {
        resume(&args.run, &resumption, console, stop)
    })
}

/// The run's plan, made anew from its inputs, and what is left of it.
fn resumption(args: &Args) -> Result<Resumption, Exit> {
    let path = args.run.join(RECORD_FILE);
    let record = reports::record::Record::open(&path).map_err(|error| {
        complain(&format!("Error: {}: {error}\n", path.display()));
        Exit::Damaged
    })?;
    let header = record.header();
    let inputs = Folder::Disk(args.run.join("inputs"));
    let request = Request {
        campaign: (inputs.clone(), "campaign.toml".to_owned()),
        wiring: (inputs.clone(), "wiring.toml".to_owned()),
        seed: Some(header.seed),
        pace: if header.pace == "real" {
            Pace::Real
        } else {
            Pace::Virtual
        },
        dictionary: None,
        firmware: Vec::new(),
        faults: args
            .run
            .join("inputs/faults.toml")
            .exists()
            .then(|| (inputs, "faults.toml".to_owned())),
    };
    drop(record);
    let plan = Plan::new(&request).map_err(|refusals| {
        complain(&refusals.render(colour_err()));
        Exit::Refused
    })?;
    Resumption::of(&args.run, plan, args.settle).map_err(|error| failed(&error))
}
