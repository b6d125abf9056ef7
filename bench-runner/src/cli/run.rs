//! `bench run`: plans a campaign, runs it, records, judges and reports it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reports::header::Header;
use reports::record::Recorder;
use reports::render;
use reports::verdict::Ending;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use super::console::{self, Console, Style};
use super::devices::place::on_place;
use super::{Question, colour_err, colour_out, complain, failed, print};
use crate::execute::{ExecuteError, Outcome, RECORD_FILE, execute, execute_lean, keep_inputs};
use crate::exit::Exit;
use crate::labgrid::Place;
use crate::plan::{DevicePlan, Plan, Request};
use crate::run::{Lock, LockError, Stop};
use crate::runtime::Pace;
use crate::supervise::{Guard, GuardError};

/// Run a campaign, and record, judge and report it
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes())]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Args {
    #[command(flatten)]
    question: Question,
    /// Folder for the run; a new one under `runs` if left out
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// JSON lines on standard output, for programs
    #[arg(long)]
    json: bool,
    /// Wait for instruments that another run holds, and for the place
    #[arg(long)]
    wait: bool,
    /// Keep every chunk on every line in the record, in both directions, for `bench replay`
    #[arg(long)]
    wire: bool,
    /// Acquire this place of labgrid's, run on its resources, and release it when it is safe
    #[arg(long, value_name = "PLACE")]
    labgrid: Option<String>,
    /// Draw no report if the run passes: for the many runs of a gate
    #[arg(long)]
    lean: bool,
    /// No progress; in the end one line with the verdict and the run's folder
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn main(args: &Args) -> Exit {
    let mut request = match args.question.request() {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let Some(place) = &args.labgrid else {
        return run(args, &request);
    };
    let given = args
        .question
        .wiring
        .is_some()
        .then_some(request.wiring.clone());
    on_place(
        || Place::take(place, args.wait),
        given,
        |wiring| {
            request.wiring = wiring;
            run(args, &request)
        },
    )
}

fn run(args: &Args, request: &Request) -> Exit {
    let mut plan = match Plan::new(request) {
        Ok(plan) => plan,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    plan.header.wire = args.wire;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| new_folder(&plan.header.campaign));
    // Held until the run is over and told.
    let lock = match Lock::take(&plan, args.wait) {
        Ok(lock) => lock,
        Err(error) => return held(&error),
    };
    lock.fence(&mut plan.devices);
    if let Err(why) = room_for(&folder) {
        complain(&format!("Error: {why}\nNothing was touched.\n"));
        return Exit::Refused;
    }
    let style = Style::of(args.quiet, args.json);
    warn(&plan, style);
    let kept = folder.join("inputs/wiring.toml");
    let mut wiring = args.question.wiring.as_deref();
    if args.labgrid.is_some() {
        // Its links are known here alone: the supervisor reads what the run keeps of it.
        if let Err(error) = keep_inputs(&plan, &folder) {
            complain(&format!("Error: {error}\nNothing was touched.\n"));
            return Exit::BenchFault;
        }
        wiring = Some(kept.as_path());
    }
    let at = (wiring, folder.as_path());
    carry_out(&plan, at, style, &plan.header, |console, stop| {
        if args.lean {
            execute_lean(&plan, &folder, console, stop)
        } else {
            execute(&plan, &folder, console, stop)
        }
    })
}

/// Has `run` carry out a plan, watched over and shown, and tells what came of it.
pub(super) fn carry_out(
    plan: &Plan,
    (wiring, folder): (Option<&Path>, &Path),
    style: Style,
    header: &Header,
    run: impl FnOnce(&mut Console, &Stop) -> Result<Outcome, ExecuteError>,
) -> Exit {
    let stop = Stop::default();
    if let Err(error) = heed(&stop) {
        complain(&format!("Error: cannot watch for signals: {error}\n"));
        return Exit::BenchFault;
    }
    let _guard = match guard(plan, wiring, folder, &stop) {
        Ok(guard) => guard,
        Err(error) => {
            complain(&format!(
                "Error: {error}\nWithout a supervisor nobody would switch the bench off if this \
                 program died.\nNothing was touched.\n"
            ));
            return Exit::BenchFault;
        }
    };
    if plan.pace == Pace::Real && style == Style::People {
        complain(&super::watch::advice(folder));
    }
    let watch = console::Watch::start();
    let mut console = Console::new(header, style);
    let outcome = run(&mut console, &stop);
    console.finish();
    match outcome {
        Ok(outcome) => {
            tell(&outcome, style, &watch);
            outcome.exit
        }
        Err(error) => failed(&error),
    }
}

/// Has a second process watch over a run on real lines; a bench in memory dies with its run.
fn guard(
    plan: &Plan,
    wiring: Option<&Path>,
    folder: &Path,
    stop: &Stop,
) -> Result<Option<Guard>, GuardError> {
    let mut devices = plan.devices.iter().map(DevicePlan::wired);
    let Some(wiring) = wiring else {
        return Ok(None);
    };
    if devices.all(|wired| wired.link.line().is_none()) {
        return Ok(None);
    }
    Guard::start(wiring, folder, stop.pulse()).map(Some)
}

/// Lets signals stop the run: Ctrl-C and a terminal that hangs up ask, a second one hurries, and so
/// does SIGTERM, for who sends that sends SIGKILL next. None of them skips a step.
fn heed(stop: &Stop) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGHUP, SIGTERM])?;
    // A record as long as files may be must end the run, and not kill it: the write says so, too.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let stop = stop.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTERM {
                stop.hurry();
            } else {
                stop.ask();
            }
        }
    });
    Ok(())
}

/// Says why the bench cannot be had.
pub(super) fn held(error: &LockError) -> Exit {
    let (advice, exit) = match error {
        LockError::Busy { .. } => (
            "Wait for it with --wait, or end it with Ctrl-C or SIGTERM: it leaves the bench safe.",
            Exit::Busy,
        ),
        LockError::Lock { .. } => (
            "Without a lock two runs could command one instrument.",
            Exit::BenchFault,
        ),
    };
    complain(&format!("Error: {error}\n{advice}\nNothing was touched.\n"));
    exit
}

/// Says what is allowed but surely not meant.
fn warn(plan: &Plan, style: Style) {
    for warning in plan.warnings() {
        if style == Style::Programs {
            let line = serde_json::json!({"type": "warning", "text": warning});
            print(&format!("{line}\n"));
        } else if style == Style::People {
            complain(&format!("Warning: {warning}\n"));
        }
    }
}

fn tell(outcome: &Outcome, style: Style, watch: &console::Watch) {
    if let Some(why) = &outcome.unwritten {
        let folder = outcome.folder.display();
        complain(&format!(
            "Warning: {why}\n  Help: make room, then `bench report {folder}` writes the reports\n"
        ));
    }
    let seconds = watch.seconds();
    let simulated = outcome.report.manifest.sim_seconds;
    let ratio = simulated / seconds.max(1e-9);
    if style == Style::Programs {
        let mut summary: serde_json::Value =
            serde_json::from_str(&render::summary::json(&outcome.report)).unwrap_or_default();
        summary["type"] = "summary".into();
        summary["folder"] = outcome.folder.display().to_string().into();
        summary["wall_seconds"] = seconds.into();
        summary["times_real_time"] = ratio.into();
        print(&format!("{summary}\n"));
        return;
    }
    if style == Style::Quiet {
        // The word of the verdict where that decides, as in the summary; else what outranks it.
        let verdict = outcome.report.verdict.to_string();
        let name = match outcome.exit {
            Exit::Passed | Exit::Failed => &verdict,
            exit => exit.name(),
        };
        let folder = outcome.folder.display();
        print(&format!("{name} {folder}\n"));
        return;
    }
    print(&render::summary::text(&outcome.report, colour_out()));
    let folder = outcome.folder.display();
    let length = if simulated < 120.0 {
        format!("{simulated:.1} s")
    } else {
        format!("{:.0} min", simulated / 60.0)
    };
    print(&format!(
        "\n{length} of bench time in {seconds:.2} s: {ratio:.0} times real time\n\
         report  {folder}/report.pdf\nrecord  {folder}/record.mcap\n"
    ));
    if may_go_on(&outcome.report.ending) {
        print(&format!("go on   bench resume {folder}\n"));
    }
}

/// Whether a run that ended so is one to go on with.
pub(super) fn may_go_on(ending: &Ending) -> bool {
    match ending {
        Ending::BenchFault { .. } | Ending::Interrupted { .. } | Ending::Absent { .. } => true,
        Ending::Completed | Ending::Interlock { .. } | Ending::Unsafe { .. } => false,
    }
}

/// Makes the folder of a run. It must be new or empty: a run never mixes with other files. If it
/// cannot be written, nothing of it is left.
fn room_for(folder: &Path) -> Result<(), String> {
    let name = folder.display();
    match fs::read_dir(folder) {
        Ok(entries) => {
            if folder.join(RECORD_FILE).exists() {
                return Err(format!(
                    "{name} holds a run already; runs are never overwritten: give another --out"
                ));
            }
            if entries.count() > 0 {
                return Err(format!(
                    "{name} has other files in it; a run needs its own folder"
                ));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(format!("cannot use {name}: {error}")),
    }
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .collect();
    let probe = folder.join(RECORD_FILE);
    let made = fs::create_dir_all(folder).map_err(|error| error.to_string());
    let made = made.and_then(|()| Recorder::try_at(&probe).map_err(|error| error.to_string()));
    made.map_err(|error| {
        for path in missing {
            // What was not made is not there to be removed.
            let _not_made = fs::remove_dir(path);
        }
        format!(
            "cannot write into {name}: {error}\n  Help: give a writable folder with --out, on a disk \
             with at least 5 MiB free"
        )
    })
}

/// `runs/<campaign>/<time>`, and a number after it if that is there.
fn new_folder(campaign: &str) -> PathBuf {
    let time = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let base = PathBuf::from("runs").join(crate::slug(campaign));
    let names = std::iter::once(time.clone()).chain((2..).map(|n| format!("{time}-{n}")));
    names
        .map(|name| base.join(name))
        .find(|path| !path.exists())
        .unwrap_or(base)
}
