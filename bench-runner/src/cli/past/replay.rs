//! `bench replay`: what a run says to the parsers and checks of today.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reports::verdict::{Finding, Verdict};

use crate::cli::decode::read_dictionary;
use crate::cli::{colour_err, complain, failed, no_run, print};
use crate::config::folder::Folder;
use crate::execute::{Replay, replay};
use crate::exit::Exit;
use crate::plan::{Plan, Request};
use crate::runtime::Pace;

/// Replay a run: its raw bytes through the parsers of today, its events through the checks of today
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Folder of the run
    run: PathBuf,
    /// Campaign with other checks, for the same wiring; the run's own if left out
    #[arg(long)]
    campaign: Option<PathBuf>,
    /// Dictionary of the boards' packets instead of their own: TOML, JSON or XTCE. Its limits are
    /// checks, too; the run must have kept its raw bytes
    #[arg(short, long)]
    dictionary: Option<PathBuf>,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    if let Some(exit) = no_run(&args.run) {
        return exit;
    }
    let dictionary = match args.dictionary.as_deref().map(read_dictionary).transpose() {
        Ok(dictionary) => dictionary.map(Arc::new),
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            return Exit::Refused;
        }
    };
    let inputs = args.run.join("inputs");
    let own = || (Folder::Disk(inputs.clone()), "campaign.toml".to_owned());
    let request = Request {
        campaign: args.campaign.as_deref().map_or_else(own, place),
        wiring: (Folder::Disk(inputs.clone()), "wiring.toml".to_owned()),
        seed: None,
        pace: Pace::Real,
        dictionary,
        firmware: Vec::new(),
        faults: None,
    };
    let plan = Plan::new(&request).or_else(|_| {
        let pace = Pace::Virtual;
        Plan::new(&Request { pace, ..request })
    });
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    match replay(&args.run, &plan) {
        Ok(replayed) => told(&replayed),
        Err(error) => failed(&error),
    }
}

fn place(path: &Path) -> (Folder, String) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let name = path.file_name().unwrap_or_default();
    (Folder::Disk(folder), name.to_string_lossy().into_owned())
}

/// Prints what changed and why; a changed verdict is a failure.
fn told(replay: &Replay) -> Exit {
    let mut lines = Vec::new();
    for heard in &replay.heard {
        let ((readings, damages), (readings_now, damages_now)) = (heard.then, heard.now);
        lines.push(format!(
            "{}: {} chunks; {readings} readings and {damages} damages then, {readings_now} and {damages_now} now",
            heard.device, heard.chunks
        ));
    }
    if replay.heard.is_empty() {
        let none = "no raw bytes of a board are in the record (bench run --wire keeps them): its samples are judged as recorded";
        lines.push(none.to_owned());
    }
    let mut changed = 0_usize;
    for (then, now) in &replay.findings {
        let line = match (then, now) {
            (Some(then), Some(now)) if then.verdict != now.verdict => {
                changed += 1;
                let (before, after) = (&then.because, &now.because);
                format!(
                    "{}: {} -> {}\n  then: {before}\n  now:  {after}",
                    now.check,
                    word(then),
                    word(now)
                )
            }
            (Some(then), Some(now)) if then.because != now.because => {
                format!(
                    "{}: {} as before\n  then: {}\n  now:  {}",
                    now.check,
                    word(now),
                    then.because,
                    now.because
                )
            }
            (Some(then), None) => format!("{}: {}, not asked any more", then.check, word(then)),
            (None, Some(now)) => {
                changed += usize::from(now.verdict == Verdict::Fail);
                format!("{}: new, {}: {}", now.check, word(now), now.because)
            }
            (Some(_), Some(_)) | (None, None) => continue,
        };
        lines.push(line);
    }
    let verdict = |found: &mut dyn Iterator<Item = &Finding>| {
        let all: Vec<Finding> = found.cloned().collect();
        Verdict::of(&all)
    };
    let then = verdict(&mut replay.findings.iter().filter_map(|(then, _)| then.as_ref()));
    let now = verdict(&mut replay.findings.iter().filter_map(|(_, now)| now.as_ref()));
    lines.push(format!("all checks: {then} then, {now} now"));
    lines.push(match changed {
        0 => "no verdict changed".to_owned(),
        1 => "1 verdict changed".to_owned(),
        _ => format!("{changed} verdicts changed"),
    });
    print(&(lines.join("\n") + "\n"));
    if changed == 0 {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

fn word(finding: &Finding) -> String {
    format!("{:?}", finding.verdict).to_uppercase()
}
