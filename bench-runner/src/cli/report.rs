//! `bench report`: the report of a run, made again from its record; and whether a report is of it.

use std::fs;
use std::path::{Path, PathBuf};

use reports::render::seal::Seal;
use reports::render::{html, pdf};

use super::past::compared;
use super::{complain, failed, no_run, print};
use crate::execute::{judge, write_reports, write_template};
use crate::exit::Exit;

/// Make the report of a run again, from its record; or verify one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Folder of the run
    #[arg(required_unless_present_any = ["compare", "over"])]
    run: Option<PathBuf>,
    /// Two runs side by side: verdicts that changed, margins, plots over each other, speed with its
    /// interval, energy, what was asked differently
    #[arg(long, num_args = 2, value_names = ["RUN", "RUN"], conflicts_with = "run")]
    compare: Option<Vec<PathBuf>>,
    /// One campaign over all its runs below a folder: margins, speed and energy from run to run
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["run", "compare"])]
    over: Option<PathBuf>,
    /// Which campaign, where the folder has runs of several: a part of its name
    #[arg(long, requires = "over")]
    campaign: Option<String>,
    /// File of the comparison, .pdf or .html; comparison.pdf if left out
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    out: Option<PathBuf>,
    /// Write a folder from which the command `typst` makes a report that looks as you like: text, data,
    /// plots as SVG, fonts. A report.typ and a style.typ that are there already are left as they are
    #[arg(long, value_name = "FOLDER", requires = "run")]
    template: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Tell whether a report is of a run, and unchanged: its seal, the record, the inputs, the verdict
    Verify {
        /// Report, PDF or HTML
        file: PathBuf,
        /// Folder of the run; the report's own folder if left out
        #[arg(long)]
        run: Option<PathBuf>,
    },
}

pub(super) fn main(args: &Args) -> Exit {
    let out = args.out.as_deref();
    if let Some([before, now]) = args.compare.as_deref() {
        return compared::compare([before, now], out);
    }
    if let Some(folder) = &args.over {
        return compared::over(folder, args.campaign.as_deref(), out);
    }
    match (&args.verb, &args.run) {
        (Some(Verb::Verify { file, run }), _) => verify(file, run.as_deref()),
        (None, Some(run)) => again(run, args.template.as_deref()),
        (None, None) => Exit::Refused,
    }
}

fn again(run: &Path, template: Option<&Path>) -> Exit {
    if let Some(exit) = no_run(run) {
        return exit;
    }
    let outcome = match judge(run) {
        Ok(outcome) => outcome,
        Err(error) => return failed(&error),
    };
    if let Some(folder) = template {
        if folder.join("data.json").exists() && !folder.join("report.typ").exists() {
            let folder = folder.display();
            complain(&format!(
                "Error: {folder} has a data.json of something else; expected a folder that is new, or one \
                 that `bench report --template` wrote\n"
            ));
            return Exit::Refused;
        }
        return match write_template(&outcome, folder) {
            Ok(kept) => {
                print(&told(folder, &kept));
                Exit::Passed
            }
            Err(error) => failed(&error),
        };
    }
    match write_reports(&outcome) {
        Ok(()) => {
            for name in ["report.pdf", "report.html"] {
                print(&format!("{}\n", outcome.folder.join(name).display()));
            }
            Exit::Passed
        }
        Err(error) => failed(&error),
    }
}

/// What a template's folder is for, and what of it was there before.
fn told(folder: &Path, kept: &[&str]) -> String {
    let at = folder.display().to_string();
    let kept = kept.iter();
    let kept = kept.map(|name| format!("{name} was there already and is as it was\n"));
    let quoted = at.replace('\'', "'\\''");
    format!(
        "{at}\n{}to make the PDF: typst compile --font-path '{quoted}/fonts' '{quoted}/report.typ'\n",
        kept.collect::<String>()
    )
}

/// What a verification comes to.
fn told_of(same: bool, same_record: bool) -> &'static str {
    match (same, same_record) {
        (true, _) => "The report is of this run.\n",
        (false, true) => {
            "The report is of this run, but it or what the run was made from was changed.\n"
        }
        (false, false) => {
            "The report is of another run; `--run` names the run that it is held against.\n"
        }
    }
}

/// Tells whether a report is of a run, and unchanged.
fn verify(file: &Path, run: Option<&Path>) -> Exit {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            complain(&format!("Error: cannot read {}: {error}\n", file.display()));
            return Exit::Refused;
        }
    };
    let Some(sealed) = Seal::find(&bytes) else {
        complain(&format!(
            "Error: {} carries no seal of bench; expected a report.pdf or report.html as `bench run` and `bench report` \
             write them\n",
            file.display()
        ));
        return Exit::Refused;
    };
    let beside = file.parent().unwrap_or(Path::new("."));
    let folder = run.unwrap_or(if beside.as_os_str().is_empty() {
        Path::new(".")
    } else {
        beside
    });
    if let Some(exit) = no_run(folder) {
        return exit;
    }
    // This hashes the record and every input, and judges anew.
    let outcome = match judge(folder) {
        Ok(outcome) => outcome,
        Err(error) => return failed(&error),
    };
    let found = Seal::of(&outcome.report);
    let mut told = Vec::new();
    let mut same = true;
    for (what, of_report, of_run) in [
        ("record", &sealed.record, &found.record),
        ("inputs", &sealed.inputs, &found.inputs),
        ("verdict", &sealed.verdict, &found.verdict),
    ] {
        if of_report == of_run {
            told.push(format!("{what:<8} same: {of_run}\n"));
        } else {
            same = false;
            told.push(format!(
                "{what:<8} differs: the report has {of_report}, the run {of_run}\n"
            ));
        }
    }
    let drawn = [
        pdf::bytes(&outcome.report).unwrap_or_default(),
        html::document(&outcome.report).into_bytes(),
    ];
    if drawn.contains(&bytes) {
        told.push("pages    same, octet for octet, as this version draws them\n".to_owned());
    } else {
        let versions = &outcome.report.manifest.versions;
        let version = versions.get("bench").map_or("", String::as_str);
        same = same && version != env!("CARGO_PKG_VERSION");
        told.push(format!(
            "pages    differ from what this version ({}) draws of the run (made by {version})\n",
            env!("CARGO_PKG_VERSION")
        ));
    }
    told.push(told_of(same, sealed.record == found.record).to_owned());
    print(&told.concat());
    if same { Exit::Passed } else { Exit::Damaged }
}
