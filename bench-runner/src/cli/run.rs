//! `bench run`: plans a campaign, runs it, records, judges and reports it.

use std::path::PathBuf;

use reports::render;

use super::console::{self, Console};
use super::{Question, colour_err, colour_out, complain, failed, print};
use crate::execute::{Outcome, execute};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::run::Stop;

/// Run a campaign, and record, judge and report it
#[derive(Debug, clap::Args)]
#[command(after_help = super::exit_codes())]
pub(super) struct Args {
    #[command(flatten)]
    question: Question,
    /// Folder for the run; a new one under `runs` if left out
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// JSON lines on standard output, for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> Exit {
    let plan = match Plan::new(&args.question.request()) {
        Ok(plan) => plan,
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            return Exit::Refused;
        }
    };
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| new_folder(&plan.header.campaign));
    let stop = Stop::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, std::sync::Arc::clone(&stop.0)) {
            complain(&format!("Error: cannot watch for signals: {error}\n"));
            return Exit::BenchFault;
        }
    }
    let watch = console::Watch::start();
    let mut console = Console::new(&plan.header, args.json);
    let outcome = execute(&plan, &folder, &mut console, &stop);
    console.finish();
    match outcome {
        Ok(outcome) => {
            tell(&outcome, args.json, &watch);
            outcome.exit
        }
        Err(error) => failed(&error),
    }
}

fn tell(outcome: &Outcome, json: bool, watch: &console::Watch) {
    let seconds = watch.seconds();
    let simulated = outcome.report.manifest.sim_seconds;
    let ratio = simulated / seconds.max(1e-9);
    if json {
        let mut summary: serde_json::Value =
            serde_json::from_str(&render::summary::json(&outcome.report)).unwrap_or_default();
        summary["type"] = "summary".into();
        summary["folder"] = outcome.folder.display().to_string().into();
        summary["wall_seconds"] = seconds.into();
        summary["times_real_time"] = ratio.into();
        print(&format!("{summary}\n"));
        return;
    }
    print(&render::summary::text(&outcome.report, colour_out()));
    let folder = outcome.folder.display();
    print(&format!(
        "\n{:.0} min of bench time in {seconds:.2} s: {ratio:.0} times real time\n\
         report  {folder}/report.pdf\nrecord  {folder}/record.mcap\n",
        simulated / 60.0
    ));
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
