//! `bench gate`: many runs, one decision, with its reason.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::many::{ShardArgs, cores};
use super::{complain, print};
use crate::exit::Exit;
use crate::gate::{
    self, Baseline, Decision, GateFile, GateRun, Job, Pool, RESULT_FILE, Shard, Try, Unmerged,
    decide,
};

/// Run campaigns × firmware × conditions × seeds, hold them against the baseline, and decide
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes(), args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Gate file
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Firmware to judge, instead of the file's; again for more
    #[arg(long, value_name = "ELF")]
    firmware: Vec<PathBuf>,
    /// Folder for the runs and what is told of them
    #[arg(short, long, default_value = "gate")]
    out: PathBuf,
    /// Runs at a time; as many as there are cores if left out
    #[arg(short, long, value_parser = super::jobs)]
    jobs: Option<usize>,
    #[command(flatten)]
    shard: ShardArgs,
    /// Take what is measured as baseline, if everything else passes
    #[arg(long)]
    accept_baseline: bool,
    /// Say what would be run and how it would be decided; run nothing
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Merge(Merge),
}

/// Put shards together, and decide over all of them
#[derive(Debug, clap::Args)]
struct Merge {
    /// Folders of all shards
    #[arg(required = true)]
    shards: Vec<PathBuf>,
    /// Folder for what is told
    #[arg(short, long, default_value = "gate")]
    out: PathBuf,
}

/// What is asked, looked up.
struct Asked {
    gate: GateFile,
    baseline: Option<Baseline>,
    /// All jobs of the gate.
    all: Vec<Job>,
    /// Those of this shard.
    mine: Vec<Job>,
    shard: Shard,
    question: String,
}

pub(super) fn main(args: &Args) -> Exit {
    let outcome = match (&args.verb, &args.file) {
        (Some(Verb::Merge(merge)), _) => merged(&merge.shards, &merge.out),
        (None, Some(file)) => whole(args, file),
        // The command line asks for one of them.
        (None, None) => Err("expected a gate file".to_owned()),
    };
    outcome.unwrap_or_else(|why| {
        complain(&format!("Error: {why}\n"));
        Exit::Refused
    })
}

/// Puts shards together, and tells the decision over all of them.
pub(super) fn merged(shards: &[PathBuf], out: &Path) -> Result<Exit, String> {
    let run = match gate::merge(shards) {
        Ok(run) => run,
        Err(Unmerged::Refused(why)) => return Err(why),
        Err(Unmerged::Lost(why)) => {
            complain(&format!("Error: {why}\n"));
            return Ok(Exit::BenchFault);
        }
    };
    told(&run, &decide(&run), out)
}

fn whole(args: &Args, file: &Path) -> Result<Exit, String> {
    let asked = ask(args, file)?;
    if args.explain {
        print(&explained(&asked));
        return Ok(Exit::Passed);
    }
    if args.out.join(RESULT_FILE).exists() || args.out.join("runs").exists() {
        return Err(format!(
            "{} holds a gate already; it is never overwritten: give another --out",
            args.out.display()
        ));
    }
    let program = std::env::current_exe().map_err(|error| format!("who am I? {error}"))?;
    let width = args.jobs.unwrap_or_else(cores);
    let pool = Arc::new(Pool::new(program, args.out.clone(), width, &asked.gate));
    heed(&pool).map_err(|error| format!("cannot watch for signals: {error}"))?;
    let started_ms = jiff::Timestamp::now().as_millisecond();
    let jobs = pool.run(&asked.mine, &progress);
    let run = GateRun {
        format: 1,
        gate: asked.gate.name.clone(),
        question: asked.question,
        shard: asked.shard,
        all: asked.all.iter().map(|job| job.name.clone()).collect(),
        slower: asked.gate.slower,
        baseline: asked.baseline,
        started_ms,
        ended_ms: jiff::Timestamp::now().as_millisecond(),
        jobs,
    };
    let mut decision = decide(&run);
    if pool.is_stopped() {
        decision.exit = decision.exit.max(Exit::Interrupted);
    }
    if args.accept_baseline {
        return accept(&asked.gate, &run, &mut decision, &args.out);
    }
    told(&run, &decision, &args.out)
}

/// Looks up everything that a gate names, before anything is run.
fn ask(args: &Args, file: &Path) -> Result<Asked, String> {
    let gate = GateFile::read(file)?;
    if args.accept_baseline {
        if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) {
            return Err("a baseline is accepted by a person, not in CI".to_owned());
        }
        if gate.baseline.is_none() {
            return Err("the gate names no `baseline` to be accepted".to_owned());
        }
    }
    let shard = args.shard.shard()?;
    if args.accept_baseline && shard != Shard::WHOLE {
        return Err("a shard is no baseline: accept the whole gate".to_owned());
    }
    let path = gate.baseline.as_ref().map(|path| gate.at(path));
    let path = path.filter(|path| !args.accept_baseline || path.exists());
    let baseline = path.as_deref().map(Baseline::read).transpose()?;
    let all = gate::jobs(&gate, &args.firmware)?;
    let mut asked = fs::read(file).unwrap_or_default();
    if let Some(path) = path {
        asked.extend(fs::read(path).unwrap_or_default());
    }
    for job in &all {
        asked.extend(job.name.as_bytes());
        for file in [
            Some(&job.campaign),
            Some(&job.wiring),
            job.firmware.as_ref(),
        ] {
            let Some(file) = file else { continue };
            let bytes = fs::read(file)
                .map_err(|error| format!("`{}` needs {}: {error}", job.name, file.display()))?;
            asked.extend(bytes);
        }
    }
    Ok(Asked {
        mine: gate::of_shard(&all, baseline.as_ref(), shard),
        question: reports::digest::sha256_hex(&asked),
        gate,
        baseline,
        all,
        shard,
    })
}

fn accept(
    gate: &GateFile,
    run: &GateRun,
    decision: &mut Decision,
    out: &Path,
) -> Result<Exit, String> {
    decision
        .reasons
        .retain(|reason| !["slower", "no baseline"].contains(&reason.class));
    if let Some(reason) = decision.reasons.first() {
        let why = format!(
            "not accepted: {}: {}: {}\n",
            reason.class, reason.subject, reason.why
        );
        let exit = told(run, decision, out)?;
        complain(&why);
        return Ok(exit);
    }
    decision.exit = Exit::Passed;
    let exit = told(run, decision, out)?;
    let path = gate.baseline.as_ref().map(|path| gate.at(path));
    if let Some(path) = path {
        fs::write(&path, Baseline::accept(run).to_toml())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        complain(&format!(
            "accepted into {}; review the change\n",
            path.display()
        ));
    }
    Ok(exit)
}

/// Tells the decision: on standard output, in the folder, and to the CI around.
fn told(run: &GateRun, decision: &Decision, out: &Path) -> Result<Exit, String> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let summary = variable("GITHUB_STEP_SUMMARY").map(PathBuf::from);
    gate::write(run, decision, out, summary.as_deref())
        .map_err(|error| format!("cannot write into {}: {error}", out.display()))?;
    print(&gate::text(run, decision));
    if variable("GITHUB_ACTIONS").is_some() {
        print(&gate::annotations(run, decision));
    }
    print(&format!("\nsummary  {}/gate.md\n", out.display()));
    Ok(decision.exit)
}

fn progress(name: &str, done: Option<&Try>) {
    if let Some(done) = done {
        let word = match done.code {
            Some(0) => "passed".to_owned(),
            Some(code) => format!("ended with {code}"),
            None => "was killed".to_owned(),
        };
        complain(&format!("{name}: {word} after {:.1} s\n", done.seconds));
    }
}

/// Lets signals end the runs under way; each leaves its bench safe.
fn heed(pool: &Arc<Pool>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGHUP, SIGTERM])?;
    let pool = Arc::clone(pool);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            pool.stop();
        }
    });
    Ok(())
}

fn explained(asked: &Asked) -> String {
    let Asked {
        gate,
        baseline,
        all,
        mine,
        shard,
        ..
    } = asked;
    let mut text = format!(
        "{}: {} runs, {} of them in shard {shard}\n",
        gate.name,
        all.len(),
        mine.len()
    );
    for job in mine {
        text.extend([format!("  {}\n", job.name)]);
    }
    text += "\nA run that does not pass is run once more, to learn whether it fails again. One that does\n\
             is a failure; one that does not is flaky, which blocks with code 4.\n";
    let compared = match baseline {
        Some(baseline) => format!(
            "Latencies and rates are held against the baseline's ({} groups): a workload that takes \
             more than\n{:.0} % longer blocks with code 1, when 99.9 % confidence says so.\n",
            baseline.speed.len(),
            gate.slower * 100.0
        ),
        None => "There is no baseline: nothing says whether it became slower.\n".to_owned(),
    };
    text.push_str(&compared);
    text += "The gate ends with the worst of its runs; nothing that was not run, and nothing that was\n\
             inconclusive, passes.\n";
    text
}
