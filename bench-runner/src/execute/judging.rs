//! A run judged again, from its folder alone: its record, and the files that it was made from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use profiles::time::BenchTime;
use reports::digest;
use reports::event::{Event, ObserveError, Observer};
use reports::golden::{Golden, Goldens, ThroughputGolden};
use reports::header::{Header, InputFile};
use reports::record::{News, RecordError, read_once};
use reports::report::Manifest;
use reports::rows::Rows;
use reports::verdict::{Ending, Verdict};

use super::told::Told;
use super::{ExecuteError, MANIFEST_FILE, Outcome, RECORD_FILE, run_id};
use crate::config::folder::read_some;
use crate::plan::THROUGHPUT_FILE;
use crate::supervise::{SUPERVISOR_FILE, Takeover};

/// Judges a run again from its folder alone. Writes nothing.
///
/// # Errors
/// If the record or a file that it was made from is damaged.
pub fn judge(folder: &Path) -> Result<Outcome, ExecuteError> {
    judge_by(folder, goldens_of)
}

/// The same, as if there were no throughput golden.
pub(super) fn judge_without_throughput(folder: &Path) -> Result<Outcome, ExecuteError> {
    judge_by(folder, |folder, header| {
        let goldens = goldens_of(folder, header)?;
        Ok(Goldens {
            throughput: None,
            ..goldens
        })
    })
}

fn judge_by(
    folder: &Path,
    goldens: impl Fn(&Path, &Header) -> Result<Goldens, ExecuteError>,
) -> Result<Outcome, ExecuteError> {
    let mut heard: Option<Result<Heard, ExecuteError>> = None;
    let path = folder.join(RECORD_FILE);
    let read = read_once(&path, &mut |news| match (news, &mut heard) {
        (News::Begins(header), heard) => {
            *heard = Some(goldens(folder, header).and_then(|goldens| Heard::new(goldens, header)));
        }
        (News::Event(event), Some(Ok(told))) => told.take(event),
        (News::Rows(rows), Some(Ok(told))) => told.take_rows(rows),
        (News::Event(_) | News::Rows(_), _) => {}
    });
    // What failed first was told first.
    let heard = heard.transpose()?;
    let named = |error| ExecuteError::of_record(&path, error);
    let whole = read.map_err(named)?;
    let Heard {
        header,
        goldens,
        told,
        failed,
        last,
    } = heard.ok_or(named(RecordError::NoHeader))?;
    if let Some(error) = failed {
        return Err(ExecuteError::Draw(error.to_string()));
    }
    let torn = whole.torn;
    if let Some(oversized) = torn.and_then(|torn| torn.oversized) {
        return Err(named(RecordError::Oversized(oversized)));
    }
    // A record that says that all went well, but was not closed, may have lost what did not.
    let ended = told.ending.clone();
    let ended = ended.filter(|ending| torn.is_none() || *ending != Ending::Completed);
    let ending = ended.unwrap_or_else(|| {
        let at = torn.map_or(last, |torn| torn.at);
        cut_off(folder, at)
    });
    let manifest = match fs::read(folder.join(MANIFEST_FILE)) {
        Ok(text) => serde_json::from_slice::<Manifest>(&text).ok(),
        Err(_) => None,
    };
    let record = InputFile {
        path: RECORD_FILE.to_owned(),
        sha256: whole.sha256,
        bytes: whole.bytes,
    };
    if let Some(expected) = manifest.as_ref().and_then(|known| known.record.as_ref())
        && *expected != record
    {
        return Err(ExecuteError::Changed {
            path,
            expected: expected.sha256.clone(),
            found: record.sha256,
        });
    }
    // A run that was killed has no manifest; its record says the same but for the dates.
    let manifest = manifest.unwrap_or_else(|| Manifest {
        run_id: run_id(folder),
        ..bare(&header, ending.clone())
    });
    let manifest = Manifest {
        ending,
        record: Some(record),
        ..manifest
    };
    Ok(told.conclude(folder, manifest, &goldens))
}

/// What was heard of a record so far.
struct Heard {
    header: Header,
    goldens: Goldens,
    told: Told,
    failed: Option<ObserveError>,
    last: BenchTime,
}

impl Heard {
    fn new(goldens: Goldens, header: &Header) -> Result<Heard, ExecuteError> {
        Ok(Heard {
            told: Told::new(header, &goldens)?,
            header: header.clone(),
            goldens,
            failed: None,
            last: BenchTime::ZERO,
        })
    }

    fn take(&mut self, event: &Event) {
        self.last = self.last.max(event.at);
        let failed = self.told.observe(event).err();
        self.failed = self.failed.take().or(failed);
    }

    fn take_rows(&mut self, rows: &Rows<'_>) {
        self.last = rows
            .times()
            .last()
            .map_or(self.last, |at| self.last.max(*at));
        let failed = self.told.observe_rows(rows).err();
        self.failed = self.failed.take().or(failed);
    }
}

/// The manifest of a run that wrote none: what the header of its record knows.
pub(super) fn bare(header: &Header, ending: Ending) -> Manifest {
    Manifest {
        run_id: String::new(),
        started: String::new(),
        ended: String::new(),
        resumed: Vec::new(),
        versions: header.versions.clone(),
        seed: header.seed,
        pace: header.pace.clone(),
        campaign: header.campaign.clone(),
        wiring: String::new(),
        inputs: header.inputs.clone(),
        record: None,
        identities: BTreeMap::new(),
        ending,
        verdict: Verdict::Inconclusive,
        exit_code: 0,
        sim_seconds: 0.0,
    }
}

/// The ending of a run of which nothing is on record after `at`: interrupted; with what the supervisor
/// did, where it was on real lines. A bench that it could not leave safe outranks that.
pub(crate) fn cut_off(folder: &Path, at: BenchTime) -> Ending {
    let why = format!("the record ends at {at}: the run was cut off");
    let text = fs::read(folder.join(SUPERVISOR_FILE)).ok();
    let takeover = text.and_then(|text| serde_json::from_slice::<Takeover>(&text).ok());
    match takeover {
        None => Ending::Interrupted { why: Some(why) },
        Some(takeover) if takeover.is_safe => {
            let seconds = takeover.seconds;
            let why = format!("{why}; the supervisor left the bench safe within {seconds:.2} s");
            Ending::Interrupted { why: Some(why) }
        }
        Some(takeover) => {
            let devices = takeover
                .devices
                .iter()
                .filter(|left| left.state == "unsafe");
            let names: Vec<&str> = devices.map(|left| left.name.as_str()).collect();
            Ending::Unsafe {
                why: format!(
                    "{why}; the supervisor could not leave safe: {}",
                    names.join(", ")
                ),
            }
        }
    }
}

/// The goldens that a run was held against, from its own folder.
pub(crate) fn goldens_of(folder: &Path, header: &Header) -> Result<Goldens, ExecuteError> {
    let mut goldens = Goldens::default();
    let mut files: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for input in &header.inputs {
        let path = folder.join("inputs").join(&input.path);
        // A record that somebody else made does not say what is read elsewhere.
        let mut parts = Path::new(&input.path).components();
        if !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(ExecuteError::Outside(input.path.clone()));
        }
        let bytes = read_some(&path).map_err(|source| match source.kind() {
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
