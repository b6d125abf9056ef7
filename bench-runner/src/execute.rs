//! Executing a plan: the run, its folder, and everything that is told of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use profiles::time::{BenchTime, Period};
use reports::digest;
use reports::event::{Event, EventKind, ObserveError, Observer};
use reports::golden::{Band, Gauge, Golden, Goldens, ThroughputGolden};
use reports::header::{Header, InputFile};
use reports::judge::{Judge, JudgeError};
use reports::record::{Record, RecordError, Recorder};
use reports::render;
use reports::report::{Correctness, Gatherer, GoldenBand, Identity, Manifest, Report};
use reports::verdict::{Ending, Finding, Verdict};

use crate::exit::Exit;
use crate::plan::{Plan, THROUGHPUT_FILE};
use crate::run::{self, Stop};
use crate::runtime;

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

/// Why a run or a record could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The folder or a file in it.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a run's folder.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has a run already.
    #[error("{0} holds a run already; runs are never overwritten")]
    Occupied(PathBuf),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The checks.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A file of a run is not the one that was recorded.
    #[error(
        "{path} is not the file that the run was made from: its SHA-256 is {found}, the record says {expected}"
    )]
    Changed {
        /// Which.
        path: PathBuf,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A golden among a run's inputs.
    #[error("{path}: {why}")]
    Golden {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The report.
    #[error("cannot draw the report: {0}")]
    Draw(String),
}

impl ExecuteError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            ExecuteError::Occupied(_) | ExecuteError::Read { .. } => Exit::Refused,
            ExecuteError::Record(_)
            | ExecuteError::Changed { .. }
            | ExecuteError::Golden { .. }
            | ExecuteError::Judge(_) => Exit::Damaged,
            ExecuteError::Write { .. } | ExecuteError::Draw(_) => Exit::BenchFault,
        }
    }
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
    if folder.join(RECORD_FILE).exists() {
        return Err(ExecuteError::Occupied(folder.to_owned()));
    }
    for (path, bytes) in &plan.files {
        write(&folder.join("inputs").join(path), bytes)?;
    }
    let started = now();
    let mut recorder = Recorder::create(&folder.join(RECORD_FILE), &plan.header)?;
    let mut told = Told::new(&plan.header, &plan.goldens)?;
    let ending = {
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
    write_reports(&outcome)?;
    Ok(outcome)
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
    record.for_each(&mut |event| failed = told.observe(event).err())?;
    if let Some(error) = failed {
        return Err(ExecuteError::Draw(error.to_string()));
    }
    let torn = record.torn();
    let ending = told.ending.clone().unwrap_or_else(|| Ending::BenchFault {
        why: match torn {
            Some(torn) => format!("the record ends at {}: the run was cut off", torn.at),
            None => "the record has no end: the run was cut off".to_owned(),
        },
    });
    let manifest = match fs::read(folder.join(MANIFEST_FILE)) {
        Ok(text) => serde_json::from_slice::<Manifest>(&text).ok(),
        Err(_) => None,
    };
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
        record: Some(record_identity(folder)?),
        ..manifest
    };
    Ok(told.conclude(folder, manifest, &goldens))
}

/// Writes `report.pdf`, `junit.xml` and `summary.json` into the run's folder.
///
/// # Errors
/// If they cannot be drawn or written.
pub fn write_reports(outcome: &Outcome) -> Result<(), ExecuteError> {
    let folder = &outcome.folder;
    let pdf = render::pdf::bytes(&outcome.report);
    let pdf = pdf.map_err(|error| ExecuteError::Draw(error.to_string()))?;
    write(&folder.join("report.pdf"), &pdf)?;
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
        let bytes = fs::read(&path).map_err(|source| ExecuteError::Read {
            path: path.clone(),
            source,
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

/// The wall clock, for the manifest.
fn now() -> String {
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

/// Judges and gathers at once.
struct Told {
    judge: Judge,
    gatherer: Gatherer,
    identities: BTreeMap<String, Identity>,
    names: Vec<String>,
    ending: Option<Ending>,
    last: BenchTime,
}

impl Told {
    fn new(header: &Header, goldens: &Goldens) -> Result<Told, JudgeError> {
        Ok(Told {
            judge: Judge::new(header, goldens)?,
            gatherer: Gatherer::new(header),
            identities: BTreeMap::new(),
            names: header
                .devices
                .iter()
                .map(|device| device.name.clone())
                .collect(),
            ending: None,
            last: BenchTime::ZERO,
        })
    }

    fn conclude(self, folder: &Path, manifest: Manifest, goldens: &Goldens) -> Outcome {
        let findings = self.judge.conclude();
        let verdict = Verdict::of(&findings);
        let exit = Exit::of(&manifest.ending, verdict);
        let manifest = Manifest {
            identities: self.identities,
            verdict,
            exit_code: exit as u8,
            sim_seconds: self.last.as_secs_f64(),
            ..manifest
        };
        let correctness = findings.iter().filter_map(correctness).collect();
        let mut report = self.gatherer.finish(findings, manifest);
        report.goldens = bands(goldens);
        report.correctness = correctness;
        Outcome {
            folder: folder.to_owned(),
            report,
            exit,
        }
    }
}

impl Observer for Told {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.last = event.at;
        match &event.kind {
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            } => {
                if let Some(name) = self.names.get(usize::from(event.device.0)) {
                    let identity = Identity {
                        maker: maker.clone(),
                        model: model.clone(),
                        serial: serial.clone(),
                        firmware: firmware.clone(),
                    };
                    self.identities.insert(name.clone(), identity);
                }
            }
            EventKind::RunEnded { ending } => self.ending = Some(ending.clone()),
            _ => {}
        }
        self.judge.observe(event)?;
        self.gatherer.observe(event)
    }
}

/// Judges, and shows what is judged so far on the way.
struct Shown<'a> {
    told: &'a mut Told,
    console: &'a mut dyn Observer,
    next: BenchTime,
}

impl Observer for Shown<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.told.observe(event)?;
        if event.at >= self.next {
            self.next = event.at + Period::millis(1_000);
            self.console.standing(self.told.judge.failing());
        }
        self.console.observe(event)
    }
}

/// What the throughput golden expects, for the plots.
fn bands(goldens: &Goldens) -> Vec<GoldenBand> {
    let Some(golden) = &goldens.throughput else {
        return Vec::new();
    };
    let cells = golden.workloads.iter().flat_map(|(workload, phases)| {
        phases
            .iter()
            .map(move |(phase, cell)| (workload, phase, cell))
    });
    cells
        .map(|(workload, phase, cell)| GoldenBand {
            workload: workload.clone(),
            phase: phase.clone(),
            p50_us: cell.p50_ms * 1e3,
            p90_us: cell.p90_ms * 1e3,
            rate: cell.rate,
            tolerance: golden.band.slower,
        })
        .collect()
}

fn correctness(finding: &Finding) -> Option<Correctness> {
    (finding.kind == "matches_golden").then(|| Correctness {
        workload: finding.subject.clone(),
        measure: "worst element".to_owned(),
        compared: finding.samples,
        wrong: u64::from(finding.verdict == Verdict::Fail),
        worst: finding.value.unwrap_or(0.0),
        allowed: finding.limit.unwrap_or(0.0),
        unit: finding.unit.clone(),
    })
}

/// Takes a run's throughput as golden, into `file`.
///
/// # Errors
/// If the record cannot be read or the file not written.
pub fn accept_throughput(folder: &Path, file: &Path) -> Result<(), ExecuteError> {
    let record = Record::open(&folder.join(RECORD_FILE))?;
    let mut gauge = Gauge::new(record.header());
    record.for_each(&mut |event| gauge.observe(event))?;
    let golden = ThroughputGolden::accept(record.header(), &gauge.cells(), BAND);
    write(file, golden.to_toml().as_bytes())
}
