//! `bench monte-carlo`: one campaign with other values in each of many runs, and how its margins are
//! distributed.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use profiles::seed::Seed;

use super::{ShardArgs, cores};
use crate::cli::{PaceArg, Question, colour_err, complain, print};
use crate::config::load::Loader;
use crate::config::vary::{Distribution, Varied};
use crate::exit::Exit;
use crate::monte_carlo::{
    Draw, Flown, RESULT_FILE, Start, Study, draw, fly, of_shard, text, work, write,
};
use crate::plan::{Plan, Request};
use crate::workers::Workers;

/// Fly a campaign many times with other values each time, and tell how its margins are distributed
///
/// What is varied stands in the campaign's [vary], or is given with --vary. Runs in virtual time, on
/// emulated devices only.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes(), args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    question: Question,
    /// How many runs
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Vary a value, as `orbit.battery.capacity_ah=7.6..8.4` or `…="8.0 +- 0.2"`; again for more
    #[arg(long, value_name = "KEY=DISTRIBUTION", value_parser = varied)]
    vary: Vec<Varied>,
    /// Runs at a time; as many as there are cores if left out
    #[arg(short, long, value_parser = crate::cli::jobs)]
    jobs: Option<usize>,
    #[command(flatten)]
    shard: ShardArgs,
    /// Folder for what is told
    #[arg(short, long, default_value = "monte-carlo")]
    out: PathBuf,
    /// Print the command of one run, by its number, and fly nothing
    #[arg(long, value_name = "RUN")]
    show: Option<u64>,
    /// Is told by another process what to fly
    #[arg(long, hide = true)]
    worker: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Merge(Merge),
}

/// Put shards together, and tell of all of them
#[derive(Debug, clap::Args)]
struct Merge {
    /// Folders of all shards
    #[arg(required = true)]
    shards: Vec<PathBuf>,
    /// Folder for what is told
    #[arg(short, long, default_value = "monte-carlo")]
    out: PathBuf,
}

fn varied(text: &str) -> Result<Varied, String> {
    let parts = text.split_once('=');
    let (key, distribution) = parts.ok_or("expected KEY=DISTRIBUTION")?;
    let distribution: Distribution = distribution.parse()?;
    Ok((key.trim().to_owned(), distribution))
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    let outcome = match &args.verb {
        Some(Verb::Merge(merge)) => merged(merge),
        None => match args.question.request() {
            Ok(request) => study(args, request),
            Err(exit) => return exit,
        },
    };
    outcome.unwrap_or_else(|why| {
        // A campaign that is refused says so by itself.
        let why = why.strip_prefix("Error: ").unwrap_or(&why);
        complain(&format!("Error: {}\n", why.trim_end()));
        Exit::Refused
    })
}

fn merged(merge: &Merge) -> Result<Exit, String> {
    let mut shards = Vec::new();
    for folder in &merge.shards {
        let path = folder.join(RESULT_FILE);
        let name = path.display().to_string();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                complain(&format!(
                    "Error: a shard is lost: cannot read {name}: {error}\nKilled before the end, or the \
                     machine went away? Nothing is told without it.\n"
                ));
                return Ok(Exit::BenchFault);
            }
        };
        let study: Study = serde_json::from_slice(&bytes)
            .map_err(|error| format!("{name} is no result of a study: {error}"))?;
        shards.push((name, study));
    }
    told(&Study::merge(shards)?, &merge.out)
}

fn told(study: &Study, out: &Path) -> Result<Exit, String> {
    write(study, out).map_err(|error| format!("cannot write into {}: {error}", out.display()))?;
    print(&text(study));
    print(&format!(
        "\nreport   {0}/report.pdf, report.html\nruns     {0}/runs.csv, runs.parquet\n\
         all      {0}/{RESULT_FILE}\n",
        out.display()
    ));
    Ok(study.exit())
}

fn study(args: &Args, mut request: Request) -> Result<Exit, String> {
    if args.question.pace == PaceArg::Real {
        return Err("a Monte Carlo study has no real pace: it runs in virtual time".to_owned());
    }
    request.pace = crate::runtime::Pace::Virtual;
    let given = request.seed.take();
    let start = Start { request };
    if args.worker {
        work(&start).map_err(|error| error.to_string())?;
        return Ok(Exit::Passed);
    }
    let plan = match Plan::new(&start.request) {
        Ok(plan) => plan,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Ok(Exit::Refused);
        }
    };
    let varied = all_varied(args, &start.request);
    let seed = Seed(given.unwrap_or(plan.seed.0));
    let shard = args.shard.shard()?;
    let mut study = Study {
        format: 1,
        campaign: plan.header.campaign.clone(),
        question: question(&plan, &varied, seed, args.runs),
        command: command(args),
        seed: seed.0,
        runs: args.runs,
        shard,
        varied: varied
            .iter()
            .map(|(key, it)| (key.clone(), it.to_string()))
            .collect(),
        flown: Vec::new(),
    };
    if let Some(run) = args.show {
        print(&format!("{}\n", study.command(&draw(seed, &varied, run))));
        return Ok(Exit::Passed);
    }
    // What no run can have, the first has not.
    start.plan(&draw(seed, &varied, u64::from(shard.index)))?;
    if args.out.join(RESULT_FILE).exists() {
        return Err(format!(
            "{} holds a study already; it is never overwritten: give another --out",
            args.out.display()
        ));
    }
    let draws = of_shard(args.runs, shard).map(|run| draw(seed, &varied, run));
    match flown(args, draws, of_shard(args.runs, shard).count() as u64) {
        Ok(flown) => study.flown = flown,
        Err(error) => {
            complain(&format!("Error: cannot start a worker: {error}\n"));
            return Ok(Exit::BenchFault);
        }
    }
    told(&study, &args.out)
}

fn flown(
    args: &Args,
    draws: impl Iterator<Item = Draw> + Send,
    count: u64,
) -> std::io::Result<Vec<Flown>> {
    let workers = Workers {
        jobs: args.jobs.unwrap_or_else(cores),
        program: std::env::current_exe()?,
        arguments: arguments(args),
    };
    let bar = bar(count);
    let mut done = 0_u64;
    let flown = fly(&workers, draws, |_| {
        done += 1;
        bar.inc(1);
        if bar.is_hidden() && done.is_multiple_of(100) {
            complain(&format!("{done} of {count} runs\n"));
        }
    });
    bar.finish_and_clear();
    flown
}

/// What the campaign varies, and what the command line does; the latter wins.
fn all_varied(args: &Args, request: &Request) -> Vec<Varied> {
    let (folder, name) = &request.campaign;
    let campaign = Loader::default().campaign(folder, name);
    let own = campaign.map(|campaign| campaign.vary).unwrap_or_default();
    let own = own
        .into_iter()
        .filter(|(key, _)| args.vary.iter().all(|(other, _)| other != key));
    own.chain(args.vary.iter().cloned()).collect()
}

fn question(plan: &Plan, varied: &[Varied], seed: Seed, runs: u64) -> String {
    let mut asked = format!("{} {runs}\n", seed.0).into_bytes();
    for (key, distribution) in varied {
        asked.extend(format!("{key} = {distribution}\n").bytes());
    }
    for (name, bytes) in &plan.files {
        asked.extend(name.bytes());
        asked.extend(bytes);
    }
    reports::digest::sha256_hex(&asked)
}

/// What asks for the same campaign on the same bench.
fn same(question: &Question) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(wiring) = &question.wiring {
        arguments.extend(["--wiring".into(), wiring.into()]);
    }
    for setting in &question.set {
        arguments.extend(["--set".into(), setting.to_string().into()]);
    }
    for firmware in &question.firmware {
        arguments.extend(["--firmware".into(), firmware.to_string().into()]);
    }
    if let Some(file) = &question.faults {
        arguments.extend(["--faults".into(), file.into()]);
    }
    arguments
}

/// What makes another process of this program a worker at the same campaign.
fn arguments(args: &Args) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["monte-carlo".into(), "--worker".into()];
    arguments.extend(same(&args.question));
    if let Some(campaign) = &args.question.campaign {
        arguments.extend(["--".into(), campaign.into()]);
    }
    arguments
}

/// The command of one run, without its seed and its values.
fn command(args: &Args) -> String {
    let mut words = vec!["bench".to_owned(), "run".to_owned()];
    let campaign = args.question.campaign.as_ref();
    words.extend(campaign.map(|path| path.display().to_string()));
    for word in same(&args.question) {
        let word = word.to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:".contains(c);
        if word.chars().all(is_plain) {
            words.push(word.into_owned());
        } else {
            words.push(format!("'{word}'"));
        }
    }
    words.join(" ")
}

fn bar(count: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:16} {pos} of {len} runs  {eta} left") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}
