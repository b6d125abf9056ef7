//! A run that is over: its outcome, and the files of its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::execute::{Outcome, RECORD_FILE, execute};
use bench_runner::plan::Plan;
use bench_runner::run::Stop;
use profiles::command::{Command, Switch};
use reports::event::{DeviceId, Event, EventKind, ObserveError, Observer};
use reports::record::Record;
use reports::verdict::{Ending, Finding};
use tempfile::TempDir;

/// The name of every run's folder: it is told in reports, and reports are compared.
const NAME: &str = "run";

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    /// What is told of it.
    pub outcome: Outcome,
    /// The files of its folder, by path.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Sees everything and says nothing.
struct Quiet;

impl Observer for Quiet {
    fn observe(&mut self, _event: &Event) -> Result<(), ObserveError> {
        Ok(())
    }
}

impl Ran {
    /// Runs a plan.
    ///
    /// # Panics
    /// If it cannot be recorded.
    pub fn of(plan: &Plan) -> Ran {
        let place = TempDir::new().expect("the system has a place for temporary files");
        let folder = place.path().join(NAME);
        let outcome = execute(plan, &folder, &mut Quiet, &Stop::default());
        let outcome = outcome.expect("a temporary folder can be written");
        Ran {
            outcome,
            files: files(&folder),
        }
    }

    /// Lays the run's folder out again: the place, to be kept, and the folder in it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn lay_out(&self) -> (TempDir, PathBuf) {
        let place = TempDir::new().expect("the system has a place for temporary files");
        let folder = place.path().join(NAME);
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            let made = fs::create_dir_all(path.parent().unwrap_or(&folder));
            made.expect("a temporary folder can be made");
            fs::write(path, bytes).expect("a temporary file can be written");
        }
        (place, folder)
    }

    /// A file of the run's folder.
    ///
    /// # Panics
    /// If it is not there.
    pub fn file(&self, path: &str) -> &[u8] {
        let found = self.files.get(Path::new(path));
        found.unwrap_or_else(|| panic!("the run left no {path}"))
    }

    /// The record, as it was written.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn record(&self) -> Record {
        Record::from_bytes(self.file(RECORD_FILE).to_vec()).expect("a run's record is readable")
    }

    /// The events of the record that `keep` keeps.
    ///
    /// # Panics
    /// If the record cannot be read.
    pub fn events(&self, keep: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        let read = self.record().for_each(&mut |event| {
            if keep(event) {
                events.push(event.clone());
            }
        });
        read.expect("a run's record is readable to its end");
        events
    }

    /// The finding of the check of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn finding(&self, check: &str) -> &Finding {
        let mut findings = self.outcome.report.findings.iter();
        let found = findings.find(|finding| finding.check == check);
        found.unwrap_or_else(|| panic!("no finding of `{check}`"))
    }

    /// How it ended.
    pub fn ending(&self) -> &Ending {
        &self.outcome.report.ending
    }

    /// The number of the device of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn device(&self, name: &str) -> DeviceId {
        let found = self.outcome.report.header.device(name);
        found.unwrap_or_else(|| panic!("no device `{name}`")).0
    }

    /// Whether a supply was ever told to switch on.
    pub fn switched_on(&self) -> bool {
        let on = |event: &Event| {
            let EventKind::SetPointApplied { command, .. } = &event.kind else {
                return false;
            };
            *command == Command::SupplyOutput(Switch::On)
        };
        !self.events(on).is_empty()
    }

    /// What is wrong with how the run was ended: the last event must be its end; each instrument
    /// that ever answered must be left safe, or the ending must say that it was not, and nothing
    /// may be told to it after that; one that never answered may be told nothing.
    pub fn unsafe_ends(&self) -> Vec<String> {
        let header = &self.outcome.report.header;
        let told = self.events(|event| {
            matches!(
                event.kind,
                EventKind::Identified { .. }
                    | EventKind::SetPointApplied { .. }
                    | EventKind::MadeSafe
                    | EventKind::NotMadeSafe { .. }
                    | EventKind::RunEnded { .. }
            )
        });
        let mut wrong = Vec::new();
        let ended = told.last().map(|event| &event.kind);
        if !matches!(ended, Some(EventKind::RunEnded { ending }) if ending == self.ending()) {
            wrong.push(format!("the last event is {ended:?}"));
        }
        for (number, device) in (0..).zip(&header.devices) {
            if !["power-supply", "thermal-chamber"].contains(&device.role.as_str()) {
                continue;
            }
            let mut own = told.iter().filter(|event| event.device == DeviceId(number));
            let admitted = matches!(self.ending(), Ending::Unsafe { .. });
            match own.next_back().map(|event| &event.kind) {
                Some(EventKind::MadeSafe) | None => {}
                Some(EventKind::NotMadeSafe { .. }) if admitted => {}
                last => wrong.push(format!("{} was left with {last:?}", device.name)),
            }
        }
        wrong
    }
}

/// All files under a folder, by path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("the run's folder is there") {
            let path = entry.expect("a folder can be read to its end").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inside = path.strip_prefix(folder).expect("it is inside").to_owned();
            found.insert(
                inside,
                fs::read(path).expect("the run's files are readable"),
            );
        }
    }
    found
}
