//! A run that was cut off, gone on with: from the last step or orbit that it completed, on the same bench
//! and with the same inputs, in the same record.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use reports::header::Header;
use reports::record::{Record, Recorder};
use reports::report::Manifest;
use reports::verdict::{Ending, Verdict};

use super::judging::{bare, cut_off};
use super::told::{Shown, Told};
use super::{
    ExecuteError, MANIFEST_FILE, Outcome, RECORD_FILE, REPORTS, closed, draw, goldens_of, now,
    run_id, write,
};
use crate::exit::Exit;
use crate::plan::steps::rest::whole;
use crate::plan::{Plan, Rest};
use crate::run::{self, Stop};
use crate::runtime;
use crate::supervise::SUPERVISOR_FILE;

/// Bench time from the last thing that was recorded until a run goes on, at least: it shows in figures.
const GAP_US: u64 = 1_000_000;

/// What a record says of how far its run came.
#[derive(Debug, Default)]
struct Reached {
    /// The last event, and the last that answers the campaign's questions.
    last: BenchTime,
    within: BenchTime,
    abandoned: bool,
    ending: Option<Ending>,
    /// Serial numbers of who answered.
    serials: BTreeMap<DeviceId, String>,
}

impl Reached {
    fn take(&mut self, event: &Event) {
        self.last = self.last.max(event.at);
        match &event.kind {
            EventKind::Resumed { .. } => (self.abandoned, self.ending) = (false, None),
            EventKind::StepsAbandoned => self.abandoned = true,
            EventKind::RunEnded { ending } => self.ending = Some(ending.clone()),
            EventKind::Identified { serial, .. } if !serial.is_empty() => {
                self.serials.insert(event.device, serial.clone());
            }
            _ => {}
        }
        if !self.abandoned {
            self.within = self.last;
        }
    }
}

/// A run that can be gone on with.
#[derive(Debug)]
pub struct Resumption {
    /// The plan with what is left of it.
    pub plan: Plan,
    /// The header of the whole run.
    pub header: Header,
    /// How the part before ended, in words.
    before: String,
    /// From the last thing that was recorded until it goes on.
    gap_us: u64,
    /// Bench time when the part begins that is to come.
    begins: BenchTime,
}

impl Resumption {
    /// How the run in `folder`, of which `plan` was made anew from its inputs, goes on. Chambers get
    /// `settle` seconds to come back to their temperatures, or as long as they probably need.
    ///
    /// # Errors
    /// If its record or its inputs are not what they were, if it is over, or if this program would do
    /// something else than the one that began it.
    pub fn of(
        folder: &Path,
        mut plan: Plan,
        settle: Option<f64>,
    ) -> Result<Resumption, ExecuteError> {
        let record = Record::open(&folder.join(RECORD_FILE))?;
        let known = record.header().clone();
        goldens_of(folder, &known)?;
        let mut reached = Reached::default();
        record.for_each(&mut |event| reached.take(event))?;
        let refuse = |why: String| Err(ExecuteError::Resume(why));
        match &reached.ending {
            Some(Ending::Completed) if record.torn().is_none() => {
                return refuse("it is complete; `bench judge` tells what it showed".to_owned());
            }
            Some(ending @ (Ending::Unsafe { .. } | Ending::Interlock { .. })) => {
                return refuse(format!(
                    "it ended so that somebody must look first: {ending}"
                ));
            }
            _ => {}
        }
        if reached.ending.is_none()
            && let ending @ Ending::Unsafe { .. } = cut_off(folder, reached.last)
        {
            return refuse(format!(
                "somebody must look first, and then remove its {SUPERVISOR_FILE}: {ending}"
            ));
        }
        if let Some(what) = differs(&known, &plan.header) {
            return refuse(what);
        }
        let got = match known.gaps.last() {
            None => reached.within,
            Some(gap) => {
                let since = reached.within.micros_since(gap.window.end);
                gap.planned.plus_micros(since)
            }
        };
        let rest = Rest::of(&plan, got, settle);
        let cut = reached.last.plus_micros(1).ceil_millis();
        // On whole seconds, so that times in both parts are easily compared.
        let begins = (cut.as_micros() + GAP_US).div_ceil(1_000_000) * 1_000_000;
        let (header, rest) = whole(&known, &plan, rest, (cut, begins));
        plan.rest = Some(rest);
        plan.header.wire = known.wire;
        for device in &mut plan.devices {
            let wired = device.wired_mut();
            let serial = reached.serials.get(&wired.id).cloned();
            wired.serial = wired.serial.take().or(serial);
        }
        let begins = BenchTime::from_micros(begins);
        Ok(Resumption {
            plan,
            header,
            before: match reached.ending.filter(|ending| *ending != Ending::Completed) {
                Some(ending) => format!("it ended at {}, {ending}", reached.last),
                None => format!("interrupted: the record ends at {}", reached.last),
            },
            gap_us: begins.micros_since(reached.last),
            begins,
        })
    }

    /// How the part before ended, in words: a run that was killed was interrupted.
    pub fn before(&self) -> &str {
        &self.before
    }

    /// With what it goes on, in words.
    pub fn with(&self) -> &str {
        self.plan.rest.as_ref().map_or("", |rest| &rest.with)
    }
}

/// What of a run's header is not so in that of a plan which was made of the same inputs.
fn differs(known: &Header, planned: &Header) -> Option<String> {
    let changed =
        |what: &str| format!("its {what} are not those that this program makes of its inputs");
    if known.versions != planned.versions {
        let told = |header: &Header| {
            let versions = header.versions.iter();
            let versions = versions.map(|(name, version)| format!("{name} {version}"));
            versions.collect::<Vec<_>>().join(", ")
        };
        return Some(format!(
            "it was begun by {}, and this is {}",
            told(known),
            told(planned)
        ));
    }
    let names = |header: &Header| -> Vec<(String, String, String)> {
        let devices = header.devices.iter();
        let named = devices.map(|d| (d.name.clone(), d.model.clone(), wherever(&d.link)));
        named.collect()
    };
    let inputs = |header: &Header| {
        let mut inputs = header.inputs.clone();
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        inputs
    };
    let checks = |header: &Header| -> Vec<String> {
        header
            .checks
            .iter()
            .map(|check| check.name.clone())
            .collect()
    };
    if names(known) != names(planned) {
        return Some(changed("devices"));
    }
    if inputs(known) != inputs(planned) {
        return Some(changed("input files"));
    }
    (checks(known) != checks(planned) || known.workloads != planned.workloads)
        .then(|| changed("checks and workloads"))
}

/// A link without the place of its firmware: the run has kept that, and the inputs say which it is.
fn wherever(link: &str) -> String {
    let Some(rest) = link.strip_prefix("qemu:") else {
        return link.to_owned();
    };
    let settings = rest.find(['@', ',']).map_or("", |at| &rest[at..]);
    format!("qemu:{settings}")
}

/// Goes on with the run in `folder`. `console` sees every event that is to come.
///
/// # Errors
/// If the folder cannot be written. Failures on the bench are no errors here but endings.
pub fn resume(
    folder: &Path,
    resumption: &Resumption,
    console: &mut dyn Observer,
    stop: &Stop,
) -> Result<Outcome, ExecuteError> {
    let Resumption { plan, header, .. } = resumption;
    let path = folder.join(RECORD_FILE);
    let mut told = Told::new(header, &plan.goldens)?;
    let mut failed = None;
    Record::open(&path)?
        .for_each(&mut |event| failed = failed.take().or(told.observe(event).err()))?;
    if let Some(error) = failed {
        return Err(ExecuteError::Draw(error.to_string()));
    }
    let begun = begun(folder, &path);
    let mut recorder = Recorder::resume(&path, header, resumption.begins)?;
    set_aside(folder, header.gaps.len());
    let dates = Manifest {
        run_id: run_id(folder),
        started: begun.0.clone(),
        resumed: begun.1.clone(),
        ..provisional(plan, header)
    };
    let text = serde_json::to_string_pretty(&dates).unwrap_or_default() + "\n";
    write(&folder.join(MANIFEST_FILE), text.as_bytes())?;
    let event = Event {
        at: resumption.begins,
        device: DeviceId::BENCH,
        kind: EventKind::Resumed {
            with: resumption.with().to_owned(),
            gap_us: resumption.gap_us,
        },
    };
    let (ending, _world) = {
        let mut shown = Shown {
            told: &mut told,
            console,
            next: BenchTime::ZERO,
        };
        recorder.record(&event)?;
        shown
            .observe(&event)
            .map_err(|error| ExecuteError::Draw(error.to_string()))?;
        let by = resumption.begins.as_micros();
        let mut recorded = Later {
            inner: &mut recorder,
            by,
        };
        let mut shown = Later {
            inner: &mut shown,
            by,
        };
        let observers: &mut [&mut dyn Observer] = &mut [&mut recorded, &mut shown];
        runtime::block_on(plan.pace, run::run(plan, observers, stop))
    };
    let mut outcome = closed(plan, folder, begun, (recorder, told), ending);
    draw(&mut outcome);
    Ok(outcome)
}

/// When a run began and went on, on the wall clock: its manifest says so, or else its record is as old.
fn begun(folder: &Path, record: &Path) -> (String, Vec<String>) {
    let text = fs::read(folder.join(MANIFEST_FILE)).ok();
    let manifest = text.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    let told = manifest.map(|manifest| (manifest.started, manifest.resumed));
    let (started, mut resumed) = told.unwrap_or_else(|| {
        let found = fs::metadata(record).and_then(|found| found.created());
        let at = found.ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
        let at = at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        (at.unwrap_or_default(), Vec::new())
    });
    resumed.push(now());
    (started, resumed)
}

/// The manifest of a run that has just gone on: it keeps the dates, should the run be killed again.
fn provisional(plan: &Plan, header: &Header) -> Manifest {
    let ending = Ending::Interrupted {
        why: Some("it went on, and has not ended since".to_owned()),
    };
    Manifest {
        wiring: plan.wiring_name.clone(),
        exit_code: Exit::of(&ending, Verdict::Inconclusive) as u8,
        ..bare(header, ending)
    }
}

/// What is told of the run as it was is kept only where it is not told anew: what a supervisor did.
fn set_aside(folder: &Path, gap: usize) {
    for file in REPORTS.into_iter().chain([MANIFEST_FILE]) {
        // What is not there need not go.
        let _not_there = fs::remove_file(folder.join(file));
    }
    let (path, kept) = (
        folder.join(SUPERVISOR_FILE),
        format!("supervisor-{gap}.json"),
    );
    let _not_there = fs::rename(path, folder.join(kept));
}

/// Tells of a part of a run in the times of the whole.
struct Later<'a> {
    inner: &'a mut dyn Observer,
    by: u64,
}

impl Observer for Later<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        let at = event.at.plus_micros(self.by);
        self.inner.observe(&Event {
            at,
            ..event.clone()
        })
    }

    fn settled(&mut self, now: BenchTime) -> Result<(), ObserveError> {
        self.inner.settled(now.plus_micros(self.by))
    }

    fn standing(&mut self, failing: usize) {
        self.inner.standing(failing);
    }
}
