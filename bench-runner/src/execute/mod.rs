//! Executing a plan: the run, its folder, and everything that is told of it.

mod candidate;
mod error;
mod judging;
mod replay;
mod resume;
mod template;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use profiles::time::BenchTime;
use reports::check::energies;
use reports::digest;
use reports::event::Observer;
use reports::golden::{Band, Gauge, ThroughputGolden};
use reports::header::{Header, InputFile};
use reports::record::{Record, Recorder};
use reports::render;
use reports::report::{Manifest, Report};
use reports::verdict::{Ending, Verdict};

pub use candidate::candidate;
pub use error::ExecuteError;
pub use judging::judge;
pub(crate) use judging::{cut_off, goldens_of};
pub use replay::{Heard, Replay, replay};
pub use resume::{Resumption, resume};
pub use template::write_template;
use told::{Shown, Told};

use crate::exit::Exit;
use crate::plan::Plan;
use crate::run::{self, Stop, World};
use crate::runtime;

/// The record in a run's folder.
pub const RECORD_FILE: &str = "record.mcap";
/// The manifest in a run's folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// How much slower than its golden a run may be: a bench's own run-to-run noise is below 3 %.
const BAND: Band = Band {
    slower: 0.03,
    faster: None,
    more: None,
};

/// A run that is over.
#[derive(Debug)]
pub struct Outcome {
    /// Its folder.
    pub folder: PathBuf,
    /// Everything that is told of it.
    pub report: Report,
    /// What it says to the shell.
    pub exit: Exit,
    /// Why not all of its reports could be written, if so.
    pub unwritten: Option<String>,
}

/// Runs a plan into `folder`, which must not hold a run yet. `console` sees every event too.
///
/// # Errors
/// If the folder cannot be written. Failures on the bench are no errors here but endings.
pub fn execute(
    plan: &Plan,
    folder: &Path,
    console: &mut dyn Observer,
    stop: &Stop,
) -> Result<Outcome, ExecuteError> {
    let (mut outcome, _world) = carry_out(plan, folder, console, stop)?;
    draw(&mut outcome);
    Ok(outcome)
}

/// Runs a plan into `folder` as [`execute`] does; of a run that passed, only `summary.json` is written.
///
/// # Errors
/// If the folder cannot be written.
pub fn execute_lean(
    plan: &Plan,
    folder: &Path,
    console: &mut dyn Observer,
    stop: &Stop,
) -> Result<Outcome, ExecuteError> {
    let (mut outcome, _world) = carry_out(plan, folder, console, stop)?;
    if outcome.exit == Exit::Passed {
        let text = render::summary::json(&outcome.report);
        let written = write(&folder.join("summary.json"), text.as_bytes());
        keep(&mut outcome, written);
    } else {
        draw(&mut outcome);
    }
    Ok(outcome)
}

/// Runs a plan into `folder` as [`execute`] does, but draws no reports. Gives the emulated world as
/// the run left it, too.
///
/// # Errors
/// If the folder cannot be written.
pub fn carry_out(
    plan: &Plan,
    folder: &Path,
    console: &mut dyn Observer,
    stop: &Stop,
) -> Result<(Outcome, World), ExecuteError> {
    if folder.join(RECORD_FILE).exists() {
        return Err(ExecuteError::Occupied(folder.to_owned()));
    }
    let started = now();
    let header = dated(&plan.header, &started);
    let mut recorder = begun(plan, folder, &header).inspect_err(|_| {
        // What was refused before it began is no run, and the next one may have the folder.
        let _not_there = fs::remove_file(folder.join(RECORD_FILE));
        let _not_there = fs::remove_dir_all(folder.join("inputs"));
    })?;
    let mut told = Told::new(&header, &plan.goldens)?;
    let (ending, world) = {
        let mut shown = Shown {
            told: &mut told,
            console,
            next: BenchTime::ZERO,
        };
        let observers: &mut [&mut dyn Observer] = &mut [&mut recorder, &mut shown];
        runtime::block_on(plan.pace, run::run(plan, observers, stop))
    };
    let begun = (started, Vec::new());
    Ok((closed(plan, folder, begun, (recorder, told), ending), world))
}

/// Keeps what went into a plan in the run's folder.
///
/// # Errors
/// If it cannot be written.
pub fn keep_inputs(plan: &Plan, folder: &Path) -> Result<(), ExecuteError> {
    for (path, bytes) in &plan.files {
        write(&folder.join("inputs").join(path), bytes)?;
    }
    Ok(())
}

/// The inputs of a run in its folder, and its record.
fn begun(plan: &Plan, folder: &Path, header: &Header) -> Result<Recorder, ExecuteError> {
    keep_inputs(plan, folder)?;
    Ok(Recorder::create(&folder.join(RECORD_FILE), header)?)
}

/// Closes the record of a run that is over, and tells of it. What cannot be written any more, as on a
/// disk that is full, changes nothing of what happened on the bench, and is told with the rest.
fn closed(
    plan: &Plan,
    folder: &Path,
    (started, resumed): (String, Vec<String>),
    (recorder, told): (Recorder, Told),
    ending: Ending,
) -> Outcome {
    let ending = match (recorder.finish(), ending) {
        // What is not on record did not happen.
        (Err(error), Ending::Completed) => Ending::BenchFault {
            why: error.to_string(),
        },
        (_, ending) => ending,
    };
    let manifest = Manifest {
        run_id: run_id(folder),
        started,
        ended: now(),
        resumed,
        versions: plan.header.versions.clone(),
        seed: plan.seed.0,
        pace: plan.pace.to_string(),
        campaign: plan.header.campaign.clone(),
        wiring: plan.wiring_name.clone(),
        inputs: plan.header.inputs.clone(),
        record: record_identity(folder).ok(),
        identities: BTreeMap::new(),
        ending,
        verdict: Verdict::Inconclusive,
        exit_code: 0,
        sim_seconds: 0.0,
    };
    let mut outcome = told.conclude(folder, manifest, &plan.goldens);
    let text = serde_json::to_string_pretty(&outcome.report.manifest).unwrap_or_default() + "\n";
    let written = write(&folder.join(MANIFEST_FILE), text.as_bytes());
    keep(&mut outcome, written);
    outcome
}

/// Draws the reports of a run that is over.
fn draw(outcome: &mut Outcome) {
    if outcome.unwritten.is_none() {
        let written = write_reports(outcome);
        keep(outcome, written);
    }
}

/// Tells what could not be written beside the record.
fn keep(outcome: &mut Outcome, written: Result<(), ExecuteError>) {
    let Err(error) = written else { return };
    // Half a manifest names a record that it is not of.
    let _gone = fs::remove_file(outcome.folder.join(MANIFEST_FILE));
    outcome.unwritten = Some(error.to_string());
    if matches!(outcome.exit, Exit::Passed | Exit::Inconclusive) {
        outcome.exit = Exit::BenchFault;
    }
}

/// A run is called what its folder is called.
fn run_id(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What [`write_reports`] writes into a run's folder.
pub const REPORTS: [&str; 4] = ["report.pdf", "report.html", "junit.xml", "summary.json"];

/// Writes [`REPORTS`] into the run's folder.
///
/// # Errors
/// If they cannot be drawn or written.
pub fn write_reports(outcome: &Outcome) -> Result<(), ExecuteError> {
    let report = &outcome.report;
    let pdf = render::pdf::bytes(report);
    let pdf = pdf.map_err(|error| ExecuteError::Draw(error.to_string()))?;
    let texts = [
        render::html::document(report),
        render::junit::xml(report),
        render::summary::json(report),
    ];
    let forms = std::iter::once(pdf).chain(texts.map(String::into_bytes));
    for (name, bytes) in REPORTS.iter().zip(forms) {
        write(&outcome.folder.join(name), &bytes)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExecuteError> {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, bytes));
    written.map_err(|source| ExecuteError::Write {
        path: path.to_owned(),
        source,
    })
}

/// The calendar's day in UTC, `YYYY-MM-DD`: by it goldens are accepted and expire.
pub(crate) fn today() -> String {
    now().chars().take(10).collect()
}

/// The header of a run that begins on this day: calibrations that are over by then are.
fn dated(header: &Header, started: &str) -> Header {
    let mut header = header.clone();
    for calibration in header
        .devices
        .iter_mut()
        .filter_map(|d| d.calibration.as_mut())
    {
        // Days are written so that their order is that of their text.
        let today = started.get(..10).unwrap_or(started);
        calibration.expired = calibration.due.as_deref().is_some_and(|due| due < today);
    }
    header
}

/// The wall clock in UTC, for the manifest and for whoever looks at it: `YYYY-MM-DDTHH:MM:SSZ`.
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn record_identity(folder: &Path) -> Result<InputFile, ExecuteError> {
    let path = folder.join(RECORD_FILE);
    let read = |path: &Path| Ok((digest::sha256_file(path)?, fs::metadata(path)?.len()));
    let (sha256, bytes) = read(&path).map_err(|source| ExecuteError::Read { path, source })?;
    Ok(InputFile {
        path: RECORD_FILE.to_owned(),
        sha256,
        bytes,
    })
}

/// Takes a run's throughput as golden, into `file`. Only a run that completed, and in which
/// nothing but throughput is in question, may say what is expected from now on.
///
/// # Errors
/// If the run is not fit, its record cannot be read, or the file not written.
pub fn accept_throughput(folder: &Path, file: &Path) -> Result<(), ExecuteError> {
    // What this run is to replace does not judge it.
    let report = judging::judge_without_throughput(folder)?.report;
    let unfit = report
        .findings
        .iter()
        .find(|finding| finding.kind != "throughput" && finding.verdict != Verdict::Pass);
    if report.ending != Ending::Completed {
        return Err(ExecuteError::Unfit(format!(
            "it did not complete: {}",
            report.ending
        )));
    }
    if let Some(finding) = unfit {
        let why = format!("“{}” did not pass: {}", finding.check, finding.because);
        return Err(ExecuteError::Unfit(why));
    }
    let record = Record::open(&folder.join(RECORD_FILE))?;
    let mut gauge = Gauge::new(record.header());
    record.for_each(&mut |event| gauge.observe(event))?;
    let energy = energies(record.header(), &report.findings);
    let golden = ThroughputGolden::with_energy(record.header(), &gauge.cells(), energy, BAND);
    write(file, (origin(&report) + &golden.to_toml()).as_bytes())
}

/// Where a throughput golden is from, as comments: run, record, bench, boards.
fn origin(report: &Report) -> String {
    let manifest = &report.manifest;
    let bench = manifest.versions.get("bench").map_or("", String::as_str);
    let record = manifest.record.as_ref().map_or("", |it| it.sha256.as_str());
    let head = format!(
        "# From run {} of {}, by bench {bench}, record {record}.\n",
        manifest.run_id, manifest.started
    );
    let boards = report.header.workloads.iter().filter_map(|workload| {
        let device = report.device_name(workload.device);
        let who = manifest.identities.get(device)?;
        let words = [&*who.maker, &*who.model, &*who.serial, &*who.firmware];
        // What a board says of itself ends no comment.
        let words = words.join(" ").replace(char::is_control, " ");
        Some(format!("# {}: {device}, {words}.\n", workload.name))
    });
    std::iter::once(head).chain(boards).collect()
}
