//! `bench torture`: a campaign under faults by chance, seed by seed, and the rules that must hold
//! whatever breaks.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::many::cores;
use super::{PaceArg, Question, colour_err, complain, print};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::torture::{Crew, Found, Told, draw, work, written};
use crate::workers::Workers;

/// Run a campaign under random faults, seed by seed, and check that the bench stays safe and honest
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs in virtual time, on emulated devices only. Exit codes: 0 no rule was \
                        broken, 1 one was, 2 refused, 3 a worker could not be started."
)]
pub(super) struct Args {
    #[command(flatten)]
    question: Question,
    /// Seeds of the faults, first and last: 1..1000
    #[arg(long, value_parser = seeds, default_value = "1..100")]
    seeds: (u64, u64),
    /// Runs at a time; as many as there are cores if left out
    #[arg(short, long, value_parser = super::jobs)]
    jobs: Option<usize>,
    /// Longest that one run may take on the wall, s
    #[arg(long, default_value_t = 60)]
    limit: u64,
    /// Only the faults of this file, once
    #[arg(long, conflicts_with_all = ["seeds", "faults"])]
    replay: Option<PathBuf>,
    /// Print the faults of the seeds, and run nothing
    #[arg(long)]
    show: bool,
    /// Folder for a file of faults for each seed that breaks a rule
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// JSON lines on standard output, for programs
    #[arg(long)]
    json: bool,
    /// Is told by another process what to run
    #[arg(long, hide = true)]
    worker: bool,
}

/// Most seeds of one call: a week of an ordinary machine.
const MOST_SEEDS: u64 = 1_000_000;

/// `1..1000`, or one number.
fn seeds(text: &str) -> Result<(u64, u64), String> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let last = last.strip_prefix('=').unwrap_or(last);
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last && last - first >= MOST_SEEDS => {
            Err(format!("expected at most {MOST_SEEDS} seeds at a time"))
        }
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        (Some(_), Some(_)) => Err("the last seed is below the first".to_owned()),
        _ => Err("expected the first and the last seed, such as 1..1000".to_owned()),
    }
}

pub(super) fn main(args: &Args) -> Exit {
    let mut request = match args.question.request() {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    request.pace = crate::runtime::Pace::Virtual;
    if let Some(file) = &args.replay {
        request.faults = Some(super::place_of(file));
    }
    if args.question.pace == PaceArg::Real {
        complain("Error: torture has no real pace: it runs in virtual time\n");
        return Exit::Refused;
    }
    let plan = match Plan::new(&request) {
        Ok(plan) => plan,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    if args.worker {
        return match work(plan) {
            Ok(()) => Exit::Passed,
            Err(error) => {
                complain(&format!("Error: {error}\n"));
                Exit::BenchFault
            }
        };
    }
    if args.show {
        let (first, last) = args.seeds;
        for seed in first..=last {
            let text = written(&plan, &draw(&plan, seed));
            print(&format!("# seed {seed}\n\n{text}\n"));
        }
        return Exit::Passed;
    }
    if let Some(folder) = &args.out
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        complain(&format!(
            "Error: cannot write into {}: {error}\n",
            folder.display()
        ));
        return Exit::Refused;
    }
    torture(args, &plan)
}

fn torture(args: &Args, plan: &Plan) -> Exit {
    let Some(program) = this_program() else {
        return Exit::BenchFault;
    };
    let crew = Crew {
        workers: Workers {
            program,
            jobs: args.jobs.unwrap_or_else(cores),
            arguments: worker_arguments(args),
        },
        limit: Duration::from_secs(args.limit),
    };
    let (first, last) = args.seeds;
    let seeds: Box<dyn Iterator<Item = Option<u64>> + Send> = match args.replay {
        Some(_) => Box::new(std::iter::once(None)),
        None => Box::new((first..=last).map(Some)),
    };
    let count = if args.replay.is_some() {
        1
    } else {
        last - first + 1
    };
    let bar = bar(count, args.json);
    let mut endings: BTreeMap<String, u64> = BTreeMap::new();
    let (mut broken, mut done) = (0_u64, 0_u64);
    let worked = crew.run(plan, seeds, |told| match told {
        Told::Done { seed, exit } => {
            done += 1;
            *endings.entry(exit.clone()).or_default() += 1;
            bar.inc(1);
            if args.json {
                print(&format!(
                    "{}\n",
                    json!({"type": "seed", "seed": seed, "exit": exit})
                ));
            } else if bar.is_hidden() && done.is_multiple_of(100) {
                complain(&format!("{done} of {count} seeds, {broken} violations\n"));
            }
        }
        Told::Found(found) => {
            broken += 1;
            bar.suspend(|| tell(args, plan, &found));
        }
    });
    bar.finish_and_clear();
    if let Err(error) = worked {
        complain(&format!("Error: {error}\n"));
        return Exit::BenchFault;
    }
    if args.json {
        let line = json!({
            "type": "summary", "seeds": done, "violations": broken, "endings": endings,
        });
        print(&format!("{line}\n"));
    } else {
        let ends = endings
            .iter()
            .map(|(name, count)| format!("{name} {count}"));
        let ends = ends.collect::<Vec<_>>().join(", ");
        print(&format!(
            "{done} runs, {broken} violations; endings: {ends}\n"
        ));
    }
    if broken == 0 {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

/// The program that runs, to be started again.
fn this_program() -> Option<PathBuf> {
    let program = std::env::current_exe();
    if let Err(error) = &program {
        complain(&format!("Error: cannot find this program: {error}\n"));
    }
    program.ok()
}

fn bar(count: u64, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:16} {pos} of {len} seeds  {eta} left") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}

/// Tells a violation with what to do to see it again.
fn tell(args: &Args, plan: &Plan, found: &Found) {
    let drawn = found.seed.map(|seed| draw(plan, seed)).unwrap_or_default();
    let kept: Vec<_> = found
        .kept
        .iter()
        .filter_map(|place| drawn.get(*place).cloned())
        .collect();
    let text = written(plan, &kept);
    let (rule, why) = (&found.violation.rule, &found.violation.why);
    let path = match (&args.out, found.seed) {
        (Some(folder), Some(seed)) => {
            let path = folder.join(format!("seed-{seed}-{}.toml", crate::slug(rule)));
            let head = format!("# seed {seed}: {rule}: {why}\n\n");
            match std::fs::write(&path, head + &text) {
                Ok(()) => Some(path),
                Err(error) => {
                    complain(&format!("cannot write {}: {error}\n", path.display()));
                    None
                }
            }
        }
        _ => None,
    };
    if args.json {
        let line = json!({
            "type": "violation", "seed": found.seed, "rule": rule, "why": why,
            "faults": found.of, "needed": kept.len(), "toml": text,
        });
        return print(&format!("{line}\n"));
    }
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = match found.seed {
        Some(seed) => writeln!(out, "seed {seed}: {rule}: {why}"),
        None => writeln!(out, "{rule}: {why}"),
    };
    if found.seed.is_some() {
        let _ = writeln!(out, "# {} of {} faults suffice", kept.len(), found.of);
    }
    if let Some(path) = path {
        let _ = writeln!(out, "# bench torture --replay {}", path.display());
    }
    let _ = writeln!(out, "{text}");
    print(&out);
}

/// What makes another process of this program a worker at the same plan.
fn worker_arguments(args: &Args) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["torture".into(), "--worker".into()];
    let question = &args.question;
    if let Some(wiring) = &question.wiring {
        arguments.extend(["--wiring".into(), wiring.into()]);
    }
    if let Some(seed) = question.seed {
        arguments.extend(["--seed".into(), seed.to_string().into()]);
    }
    for setting in &question.set {
        arguments.extend(["--set".into(), setting.to_string().into()]);
    }
    if let Some(file) = &question.faults {
        arguments.extend(["--faults".into(), file.into()]);
    }
    if let Some(file) = &args.replay {
        arguments.extend(["--replay".into(), file.into()]);
    }
    if let Some(campaign) = &question.campaign {
        arguments.extend(["--".into(), campaign.into()]);
    }
    arguments
}
