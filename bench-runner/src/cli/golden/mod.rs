//! `bench golden`: the life of goldens. What a run answered is recorded as a candidate beside
//! the golden, its difference is looked at, and a person accepts or rejects it. A candidate never
//! counts, and nothing is written where `CI` is set.

mod first;
mod inputs;
mod review;
mod shelf;
mod told;

use std::path::PathBuf;

use super::{complain, failed, no_run, print};
use crate::execute;
use crate::exit::Exit;
use shelf::{Shelf, Trouble};

/// Make, record, compare, review and accept goldens
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the goldens
    #[arg(long, value_name = "DIR", default_value = "goldens", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List goldens and candidates: state, comparator, who made and accepted them
    List,
    /// Check that every golden is whole and what its manifest vouches for
    Verify,
    /// Make the first golden of a network, as a candidate: inputs of your own, outputs of the network as the
    /// bench runs it
    New(first::First),
    /// Take what a run answered as a candidate
    Record {
        /// Folder of the run
        run: PathBuf,
        /// Which workload; the only one if left out
        #[arg(long)]
        workload: Option<String>,
    },
    /// Show how a candidate differs from its golden
    Diff {
        /// Name of the golden
        name: String,
    },
    /// Look at all candidates, one by one
    Review {
        /// Who answers for what is accepted
        #[arg(long, env = "USER")]
        by: String,
    },
    /// Make a candidate the golden
    Accept {
        /// Name of the golden
        name: String,
        /// Who answers for it
        #[arg(long, env = "USER")]
        by: String,
    },
    /// Throw a candidate away
    Reject {
        /// Name of the golden
        name: String,
    },
}

pub(super) fn main(args: &Args) -> Exit {
    let shelf = Shelf::new(args.dir.clone());
    let done = match &args.verb {
        Verb::List => list(&shelf),
        Verb::Verify => verify(&shelf),
        Verb::Record { run, workload } => return record(&shelf, run, workload.as_deref()),
        Verb::New(first) => writable().and_then(|()| {
            let path = first::make(&shelf, first)?;
            let (name, dir) = (&first.name, shelf.folder().display());
            print(&format!(
                "made {}; look at it: bench golden review --dir {dir}, or bench golden accept {name} --dir {dir}\n",
                path.display()
            ));
            Ok(Exit::Passed)
        }),
        Verb::Diff { name } => shelf.pair(name).map(|(golden, candidate)| {
            print(&told::difference(golden.as_ref(), &candidate));
            Exit::Passed
        }),
        Verb::Review { by } => review::review(&shelf, by),
        Verb::Accept { name, by } => writable().and_then(|()| {
            shelf.accept(name, by)?;
            print(&format!("accepted `{name}` by {by}; commit the change\n"));
            Ok(Exit::Passed)
        }),
        Verb::Reject { name } => writable().and_then(|()| {
            shelf.reject(name)?;
            print(&format!("rejected the candidate of `{name}`\n"));
            Ok(Exit::Passed)
        }),
    };
    done.unwrap_or_else(|trouble| {
        complain(&format!("Error: {trouble}\n"));
        Exit::Refused
    })
}

/// Why no golden may be written here, if so: a pipeline that could accept goldens would gate nothing.
pub(super) fn in_pipeline() -> Option<&'static str> {
    let ci = std::env::var_os("CI");
    let is_set = ci.is_some_and(|ci| !ci.is_empty() && ci != "false" && ci != "0");
    is_set.then_some("CI is set, and a pipeline writes no golden: record and accept at a desk")
}

fn writable() -> Result<(), Trouble> {
    in_pipeline().map_or(Ok(()), |why| Err(Trouble::Refused(why.to_owned())))
}

fn list(shelf: &Shelf) -> Result<Exit, Trouble> {
    let mut text = String::new();
    let today = execute::today();
    for name in shelf.names()? {
        for (candidate, found) in shelf.both(&name) {
            text.push_str(&told::line(&name, candidate, &found, &today));
        }
    }
    for (name, found) in shelf.throughputs()? {
        text.push_str(&told::throughput(&name, &found));
    }
    if text.is_empty() {
        text = format!("no golden in {}\n", shelf.folder().display());
    }
    print(&text);
    Ok(Exit::Passed)
}

fn verify(shelf: &Shelf) -> Result<Exit, Trouble> {
    let (mut whole, mut pending, mut over, mut bad) = (0, 0, 0, 0);
    let mut damaged = |trouble: &Trouble| {
        bad += 1;
        complain(&format!("Error: {trouble}\n"));
    };
    let today = execute::today();
    for name in shelf.names()? {
        for (candidate, found) in shelf.both(&name) {
            match found {
                Ok(golden) if candidate || !golden.is_accepted() => pending += 1,
                Ok(golden) if golden.manifest().is_over(&today) => {
                    over += 1;
                    let day = golden.manifest().expires.as_deref().unwrap_or_default();
                    complain(&format!(
                        "golden `{name}` counted until {day}: record it anew, or give it a later `expires`\n"
                    ));
                }
                Ok(_) => whole += 1,
                Err(error) => damaged(&error),
            }
        }
    }
    for (_, found) in shelf.throughputs()? {
        match found {
            Ok(_) => whole += 1,
            Err(error) => damaged(&error),
        }
    }
    if whole + pending + over + bad == 0 {
        print(&format!("no golden in {}\n", shelf.folder().display()));
        return Ok(Exit::Inconclusive);
    }
    let ended = match over {
        0 => String::new(),
        _ => format!("{over} over, "),
    };
    print(&format!(
        "{whole} accepted, {ended}{pending} pending, {bad} damaged\n"
    ));
    Ok(match (bad, over) {
        (0, 0) => Exit::Passed,
        (0, _) => Exit::Inconclusive,
        _ => Exit::Damaged,
    })
}

fn record(shelf: &Shelf, run: &std::path::Path, workload: Option<&str>) -> Exit {
    if let Err(trouble) = writable() {
        complain(&format!("Error: {trouble}\n"));
        return Exit::Refused;
    }
    if let Some(exit) = no_run(run) {
        return exit;
    }
    let name = match workload.map(str::to_owned).map_or_else(|| only(run), Ok) {
        Ok(name) => name,
        Err(exit) => return exit,
    };
    match execute::candidate(run, &name) {
        Ok((golden, files)) => match shelf.put(&golden, &files) {
            Ok(path) => {
                let path = path.display();
                print(&format!(
                    "recorded {path}; look at it: bench golden diff {golden} --dir {}\n",
                    shelf.folder().display()
                ));
                Exit::Passed
            }
            Err(trouble) => {
                complain(&format!("Error: {trouble}\n"));
                Exit::BenchFault
            }
        },
        Err(error) => failed(&error),
    }
}

/// The only workload of a run.
fn only(run: &std::path::Path) -> Result<String, Exit> {
    let record = reports::record::Record::open(&run.join(execute::RECORD_FILE));
    let record = record.map_err(|error| failed(&error.into()))?;
    let workloads = &record.header().workloads;
    match workloads.as_slice() {
        [only] => Ok(only.name.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(|w| w.name.as_str()).collect();
            complain(&format!(
                "Error: this run has {} workloads: say which by --workload: {}\n",
                names.len(),
                names.join(", ")
            ));
            Err(Exit::Refused)
        }
    }
}
