//! `bench report`: the report of a run, made again from its record.

use std::path::PathBuf;

use super::{failed, no_run, print};
use crate::execute::{judge, write_reports};
use crate::exit::Exit;

/// Make the report of a run again, from its record
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the run
    run: PathBuf,
}

pub(super) fn main(args: &Args) -> Exit {
    if let Some(exit) = no_run(&args.run) {
        return exit;
    }
    let outcome = match judge(&args.run) {
        Ok(outcome) => outcome,
        Err(error) => return failed(&error),
    };
    match write_reports(&outcome) {
        Ok(()) => {
            print(&format!(
                "{}\n",
                outcome.folder.join("report.pdf").display()
            ));
            Exit::Passed
        }
        Err(error) => failed(&error),
    }
}
