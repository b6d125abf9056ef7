//! `bench submit`: a gate in shards, on the engine that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::{complain, gate::merged, print};
use crate::exit::{Exit, TABLE};
use crate::gate::{self, GateFile, RESULT_FILE};
use crate::submit::{Engine, Local, Submission};

/// Run a gate in shards: on this machine, on Slurm or on Kubernetes
///
/// Each shard is `bench gate --shard-from-env` in a job of its own; `bench gate merge` decides over all of
/// them when the last is over. A shard that left no result is lost: that is never a pass.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::cli::exit_codes())]
pub(in crate::cli) struct Args {
    /// Gate file
    file: PathBuf,
    /// Who runs the shards
    #[arg(long, value_enum, default_value = "local")]
    engine: EngineArg,
    /// How many; what the gate's [submit] says, or on this machine one for each core, if left out
    #[arg(long)]
    shards: Option<u32>,
    /// Firmware to judge, instead of the file's; again for more
    #[arg(long, value_name = "ELF")]
    firmware: Vec<PathBuf>,
    /// Folder for shards, logs and the decision; one that all machines see
    #[arg(short, long, default_value = "gate")]
    out: PathBuf,
    /// Wait for the decision, and end with its code; on this machine always
    #[arg(long)]
    wait: bool,
    /// Print what the engine would get; submit and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EngineArg {
    /// Processes on this machine
    Local,
    /// A job array, one bench for each node
    Slurm,
    /// An indexed job
    K8s,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    submit(args).unwrap_or_else(|why| {
        complain(&format!("Error: {why}\n"));
        Exit::Refused
    })
}

fn submit(args: &Args) -> Result<Exit, String> {
    let engine = match args.engine {
        EngineArg::Local => Engine::Local,
        EngineArg::Slurm => Engine::Slurm,
        EngineArg::K8s => Engine::Kubernetes,
    };
    let submission = submission(args, engine)?;
    let files = submission.files(engine)?;
    if args.dry_run {
        print(&shown(&submission, &files));
        return Ok(Exit::Passed);
    }
    let out = &submission.out;
    let cannot = |error: std::io::Error| format!("cannot write into {}: {error}", out.display());
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!(
            "{} has something in it already; nothing is overwritten: give another --out",
            out.display()
        ));
    }
    fs::create_dir_all(out.join("log")).map_err(cannot)?;
    for (name, text) in files {
        fs::write(out.join(name), text).map_err(cannot)?;
    }
    if engine == Engine::Local {
        return local(&submission);
    }
    let handed = submission.hand_over(engine, args.wait, &mut complain);
    match handed {
        Ok(None) => Ok(Exit::Passed),
        Ok(Some(code)) => Ok(waited(&submission, code)),
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Ok(Exit::BenchFault)
        }
    }
}

/// Looks up what is submitted; what cannot run anywhere is refused here.
fn submission(args: &Args, engine: Engine) -> Result<Submission, String> {
    let gate = GateFile::read(&args.file)?;
    let jobs = gate::jobs(&gate, &args.firmware)?.len();
    let cores = if engine == Engine::Local {
        Some(crate::cli::many::cores().min(jobs))
    } else {
        None
    };
    let shards = args.shards.or(gate.hardware.shards);
    let shards = shards.or_else(|| cores.and_then(|cores| u32::try_from(cores).ok()));
    let shards = shards.ok_or(
        "how many shards? Give --shards, at most as many as there are machines to run them at a time, \
         or `shards` in [submit] of the gate",
    )?;
    if shards == 0 || shards as usize > jobs {
        return Err(format!(
            "{shards} shards of {jobs} runs: expected from 1 to {jobs}; a shard that runs nothing decides \
             nothing"
        ));
    }
    let here = std::env::current_dir().map_err(|error| format!("where am I? {error}"))?;
    let program = std::env::current_exe().map_err(|error| format!("who am I? {error}"))?;
    let out = here.join(&args.out);
    Ok(Submission {
        name: gate.name,
        file: args.file.clone(),
        firmware: args.firmware.clone(),
        shards,
        out,
        here,
        program,
        pace: gate.pace,
        hardware: gate.hardware,
    })
}

fn shown(submission: &Submission, files: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, written) in files {
        if std::path::Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "yaml")
        {
            // Several documents of one stream.
            text.push_str("---\n");
        }
        text = format!(
            "{text}# {}\n{written}\n",
            submission.out.join(name).display()
        );
    }
    if files.is_empty() {
        text = format!(
            "{} processes, each `bench gate {} --shard I/{}`, then `bench gate merge`\n",
            submission.shards,
            submission.file.display(),
            submission.shards
        );
    }
    text
}

fn local(submission: &Submission) -> Result<Exit, String> {
    let shards = Arc::new(Local::default());
    heed(&shards).map_err(|error| format!("cannot watch for signals: {error}"))?;
    if let Err(why) = shards.run(submission, crate::cli::many::cores(), complain) {
        complain(&format!("Error: {why}\n"));
        return Ok(Exit::BenchFault);
    }
    let exit = merged(&submission.folders(), &submission.merged())?;
    Ok(if shards.is_stopped() {
        exit.max(Exit::Interrupted)
    } else {
        exit
    })
}

/// What an engine's code means. Only a decision that was written down is one.
fn waited(submission: &Submission, code: i32) -> Exit {
    let log = submission.out.join("log/merge.log");
    print(&fs::read_to_string(&log).unwrap_or_default());
    let exit = usize::try_from(code).ok().and_then(|code| TABLE.get(code));
    let is_decided = submission.merged().join(RESULT_FILE).exists();
    match exit {
        Some((Exit::Passed | Exit::Failed, ..)) if !is_decided => lost(&log, code),
        Some((exit, ..)) => *exit,
        None => lost(&log, code),
    }
}

fn lost(log: &Path, code: i32) -> Exit {
    complain(&format!(
        "Error: the job with the decision ended with {code} and decided nothing; see {}\n",
        log.display()
    ));
    Exit::BenchFault
}

/// Lets signals end the shards under way.
fn heed(shards: &Arc<Local>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGHUP, SIGTERM])?;
    let shards = Arc::clone(shards);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            shards.stop();
        }
    });
    Ok(())
}
