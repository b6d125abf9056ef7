//! Executing a plan: the run, its folder, and everything that is told of it.

mod candidate;
mod error;
mod replay;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use profiles::time::BenchTime;
use reports::digest;
use reports::event::Observer;
use reports::golden::{Band, Gauge, Golden, Goldens, ThroughputGolden};
use reports::header::{Header, InputFile};
use reports::record::{Record, Recorder};
use reports::render;
use reports::report::{Manifest, Report};
use reports::verdict::{Ending, Verdict};

pub use candidate::candidate;
pub use error::ExecuteError;
pub use replay::{Heard, Replay, replay};
use told::{Shown, Told};

use crate::exit::Exit;
use crate::plan::{Plan, THROUGHPUT_FILE};
use crate::run::{self, Stop, World};
use crate::runtime;
use crate::supervise::{SUPERVISOR_FILE, Takeover};

/// The record in a run's folder.
pub const RECORD_FILE: &str = "record.mcap";
/// The manifest in a run's folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// How much slower than its golden a run may be: a bench's own run-to-run noise is below 3 %.
const BAND: Band = Band {
    slower: 0.03,
    faster: None,
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
    let (outcome, _world) = carry_out(plan, folder, console, stop)?;
    write_reports(&outcome)?;
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
    for (path, bytes) in &plan.files {
        write(&folder.join("inputs").join(path), bytes)?;
    }
    let started = now();
    let header = dated(&plan.header, &started);
    let mut recorder = Recorder::create(&folder.join(RECORD_FILE), &header)?;
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
    recorder.finish()?;
    let manifest = Manifest {
        run_id: folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        started,
        ended: now(),
        versions: plan.header.versions.clone(),
        seed: plan.seed.0,
        pace: plan.pace.to_string(),
        campaign: plan.header.campaign.clone(),
        wiring: plan.wiring_name.clone(),
        inputs: plan.header.inputs.clone(),
        record: Some(record_identity(folder)?),
        identities: BTreeMap::new(),
        ending,
        verdict: Verdict::Inconclusive,
        exit_code: 0,
        sim_seconds: 0.0,
    };
    let outcome = told.conclude(folder, manifest, &plan.goldens);
    let text = serde_json::to_string_pretty(&outcome.report.manifest).unwrap_or_default() + "\n";
    write(&folder.join(MANIFEST_FILE), text.as_bytes())?;
    Ok((outcome, world))
}

/// Judges a run again from its folder alone. Writes nothing.
///
/// # Errors
/// If the record or a file that it was made from is damaged.
pub fn judge(folder: &Path) -> Result<Outcome, ExecuteError> {
    let record = Record::open(&folder.join(RECORD_FILE))?;
    let header = record.header().clone();
    let goldens = goldens_of(folder, &header)?;
    let mut told = Told::new(&header, &goldens)?;
    let mut failed = None;
    record.for_each(&mut |event| failed = failed.take().or(told.observe(event).err()))?;
    if let Some(error) = failed {
        return Err(ExecuteError::Draw(error.to_string()));
    }
    let torn = record.torn();
    // A record that says that all went well, but was not closed, may have lost what did not.
    let ended = told.ending.clone();
    let ended = ended.filter(|ending| torn.is_none() || *ending != Ending::Completed);
    let ending = ended.unwrap_or_else(|| Ending::BenchFault {
        why: match torn {
            Some(torn) => format!("the record ends at {}: the run was cut off", torn.at),
            None => "the record has no end: the run was cut off".to_owned(),
        } + &supervised(folder),
    });
    let manifest = match fs::read(folder.join(MANIFEST_FILE)) {
        Ok(text) => serde_json::from_slice::<Manifest>(&text).ok(),
        Err(_) => None,
    };
    let record = record_identity(folder)?;
    if let Some(expected) = manifest.as_ref().and_then(|known| known.record.as_ref())
        && *expected != record
    {
        return Err(ExecuteError::Changed {
            path: folder.join(RECORD_FILE),
            expected: expected.sha256.clone(),
            found: record.sha256,
        });
    }
    // A run that was killed has no manifest; its record says the same but for the dates.
    let manifest = manifest.unwrap_or_else(|| Manifest {
        run_id: folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        started: String::new(),
        ended: String::new(),
        versions: header.versions.clone(),
        seed: header.seed,
        pace: header.pace.clone(),
        campaign: header.campaign.clone(),
        wiring: String::new(),
        inputs: header.inputs.clone(),
        record: None,
        identities: BTreeMap::new(),
        ending: ending.clone(),
        verdict: Verdict::Inconclusive,
        exit_code: 0,
        sim_seconds: 0.0,
    });
    let manifest = Manifest {
        ending,
        record: Some(record),
        ..manifest
    };
    Ok(told.conclude(folder, manifest, &goldens))
}

/// What the supervisor did, where a run was cut off on real lines.
fn supervised(folder: &Path) -> String {
    let text = fs::read(folder.join(SUPERVISOR_FILE)).ok();
    let takeover = text.and_then(|text| serde_json::from_slice::<Takeover>(&text).ok());
    match takeover {
        None => String::new(),
        Some(takeover) if takeover.is_safe => {
            let seconds = takeover.seconds;
            format!("; the supervisor left the bench safe within {seconds:.2} s")
        }
        Some(takeover) => {
            let devices = takeover
                .devices
                .iter()
                .filter(|left| left.state == "unsafe");
            let names: Vec<&str> = devices.map(|left| left.name.as_str()).collect();
            format!(
                "; the supervisor could not leave safe: {}",
                names.join(", ")
            )
        }
    }
}

/// Writes `report.pdf`, `report.html`, `junit.xml` and `summary.json` into the run's folder.
///
/// # Errors
/// If they cannot be drawn or written.
pub fn write_reports(outcome: &Outcome) -> Result<(), ExecuteError> {
    let folder = &outcome.folder;
    let pdf = render::pdf::bytes(&outcome.report);
    let pdf = pdf.map_err(|error| ExecuteError::Draw(error.to_string()))?;
    write(&folder.join("report.pdf"), &pdf)?;
    let html = render::html::document(&outcome.report);
    write(&folder.join("report.html"), html.as_bytes())?;
    write(
        &folder.join("junit.xml"),
        render::junit::xml(&outcome.report).as_bytes(),
    )?;
    write(
        &folder.join("summary.json"),
        render::summary::json(&outcome.report).as_bytes(),
    )
}

/// The goldens that a run was held against, from its own folder.
fn goldens_of(folder: &Path, header: &Header) -> Result<Goldens, ExecuteError> {
    let mut goldens = Goldens::default();
    let mut files: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for input in &header.inputs {
        let path = folder.join("inputs").join(&input.path);
        let bytes = fs::read(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ExecuteError::Gone(path.clone()),
            _ => ExecuteError::Read {
                path: path.clone(),
                source,
            },
        })?;
        let found = digest::sha256_hex(&bytes);
        if found != input.sha256 {
            return Err(ExecuteError::Changed {
                path,
                expected: input.sha256.clone(),
                found,
            });
        }
        if input.path == THROUGHPUT_FILE {
            let golden = ThroughputGolden::from_toml(&String::from_utf8_lossy(&bytes));
            let golden = golden.map_err(|error| ExecuteError::Golden {
                path,
                why: error.to_string(),
            })?;
            goldens.throughput = Some(golden);
        } else if let Some((name, file)) = input
            .path
            .strip_prefix("goldens/")
            .and_then(|rest| rest.split_once('/'))
        {
            files
                .entry(name)
                .or_default()
                .insert(file.to_owned(), bytes);
        }
    }
    for (name, files) in files {
        let path = folder.join("inputs/goldens").join(name);
        let golden = Golden::from_files(name, &files).map_err(|error| ExecuteError::Golden {
            path,
            why: error.to_string(),
        })?;
        goldens.workloads.insert(name.to_owned(), golden.into());
    }
    Ok(goldens)
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
    let report = judge(folder)?.report;
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
    let golden = ThroughputGolden::accept(record.header(), &gauge.cells(), BAND);
    write(file, golden.to_toml().as_bytes())
}
