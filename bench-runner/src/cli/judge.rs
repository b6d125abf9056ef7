//! `bench judge`: the verdict of a run, from its record alone.

use std::path::PathBuf;

use reports::render;

use super::golden::in_pipeline;
use super::run::may_go_on;
use super::{colour_out, complain, failed, no_run, print};
use crate::execute::{accept_throughput, judge};
use crate::exit::Exit;

/// Judge a run again, from its record alone
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes())]
pub(super) struct Args {
    /// Folder of the run
    run: PathBuf,
    /// The summary as JSON
    #[arg(long)]
    json: bool,
    /// Take the run's throughput as golden, into this file
    #[arg(long, value_name = "FILE")]
    accept_golden: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> Exit {
    if let Some(exit) = no_run(&args.run) {
        return exit;
    }
    if let Some(file) = &args.accept_golden {
        if let Some(why) = in_pipeline() {
            complain(&format!("Error: {why}\n"));
            return Exit::Refused;
        }
        return match accept_throughput(&args.run, file) {
            Ok(()) => {
                complain(&format!(
                    "accepted into {}; review the change\n",
                    file.display()
                ));
                Exit::Passed
            }
            Err(error) => failed(&error),
        };
    }
    match judge(&args.run) {
        Ok(outcome) => {
            print(&if args.json {
                render::summary::json(&outcome.report)
            } else {
                render::summary::text(&outcome.report, colour_out())
            });
            if may_go_on(&outcome.report.ending) && !args.json {
                let run = args.run.display();
                complain(&format!("`bench resume {run}` goes on with it\n"));
            }
            outcome.exit
        }
        Err(error) => failed(&error),
    }
}
