//! A run, told again by today's parsers and judged by today's checks.
//!
//! What boards sent is in the record where the run kept it (`bench run --wire`). It goes through
//! the drivers of today once more, and what they make of it takes the place of what was recorded.
//! Broken framing stays as recorded, for a driver that has not asked takes parts of answers for it.
//! Everything else is as it was, too: instruments answer what they are asked, so that their lines say
//! nothing without the questions of that day.

use std::collections::BTreeMap;
use std::path::Path;

use drivers::accelerator::{self, Accelerator, Heard as Told};
use drivers::catalog;
use drivers::model::BoardSetup;
use profiles::reading::{DamageKind, Reading};
use reports::event::{DeviceId, Event, EventKind};
use reports::header::Header;
use reports::judge::Judge;
use reports::record::Record;
use reports::verdict::Finding;

use super::{ExecuteError, RECORD_FILE, goldens_of};
use crate::plan::{DevicePlan, Plan};

/// What a replay found.
#[derive(Debug)]
pub struct Replay {
    /// The boards, with what was heard then and now.
    pub heard: Vec<Heard>,
    /// Each check: what was found then (if it was asked then), and now (if it is asked now).
    pub findings: Vec<(Option<Finding>, Option<Finding>)>,
}

/// What was heard of one board.
#[derive(Debug)]
pub struct Heard {
    /// Its name.
    pub device: String,
    /// Chunks in the record; none if the run did not keep them.
    pub chunks: u64,
    /// Readings and damages as recorded.
    pub then: (u64, u64),
    /// Readings and damages as the driver of today hears them.
    pub now: (u64, u64),
}

/// A board whose chunks are heard again.
struct Ear {
    driver: Box<dyn Accelerator>,
    heard: Heard,
}

/// Replays the run in `folder` with the checks of `plan`, which must be for the same devices.
///
/// # Errors
/// If the record cannot be read, or the plan is for other devices.
pub fn replay(folder: &Path, plan: &Plan) -> Result<Replay, ExecuteError> {
    let record = Record::open(&folder.join(RECORD_FILE))?;
    let recorded = record.header().clone();
    let goldens = goldens_of(folder, &recorded)?;
    let devices = |header: &Header| -> Vec<String> {
        header
            .devices
            .iter()
            .map(|device| device.name.clone())
            .collect()
    };
    let (then, now) = (devices(&recorded), devices(&plan.header));
    if then != now {
        let why = format!("the run had the devices {then:?}, the campaign of today has {now:?}");
        return Err(ExecuteError::Draw(why));
    }
    let today = Header {
        checks: plan.header.checks.clone(),
        ..recorded.clone()
    };
    let mut before = Judge::new(&recorded, &goldens)?;
    let mut after = Judge::new(&today, &plan.goldens)?;
    let mut ears = ears(plan, &record)?;
    record.for_each(&mut |event| {
        before.take(event);
        let ear = ears.get_mut(&event.device);
        match (ear, &event.kind) {
            (Some(ear), EventKind::Sampled { readings }) => {
                ear.heard.then.0 += readings.len() as u64;
            }
            (Some(ear), EventKind::Damaged { damage }) => {
                ear.heard.then.1 += 1;
                if damage.why == DamageKind::Framing {
                    ear.heard.now.1 += 1;
                    after.take(event);
                }
            }
            (
                Some(ear),
                EventKind::Wire {
                    sent: false,
                    octets,
                },
            ) => {
                ear.hear(event, octets, &mut after);
            }
            _ => after.take(event),
        }
    })?;
    Ok(Replay {
        heard: ears.into_values().map(|ear| ear.heard).collect(),
        findings: paired(before.conclude(), after.conclude()),
    })
}

/// The boards whose chunks the record holds.
fn ears(plan: &Plan, record: &Record) -> Result<BTreeMap<DeviceId, Ear>, ExecuteError> {
    let mut chunks: BTreeMap<DeviceId, u64> = BTreeMap::new();
    record.for_each(&mut |event| {
        if matches!(event.kind, EventKind::Wire { sent: false, .. }) {
            *chunks.entry(event.device).or_default() += 1;
        }
    })?;
    let mut ears = BTreeMap::new();
    for device in &plan.devices {
        let DevicePlan::Board(board) = device else {
            continue;
        };
        let wired = &board.wired;
        let Some(count) = chunks.get(&wired.id) else {
            continue;
        };
        let model = catalog::find(accelerator::MODELS, wired.model);
        let setup = BoardSetup {
            device: wired.name.clone(),
            options: wired.options.clone(),
        };
        let driver = model.map(|model| (model.drive)(setup));
        let Some(Ok(driver)) = driver else { continue };
        let heard = Heard {
            device: wired.name.to_string(),
            chunks: *count,
            then: (0, 0),
            now: (0, 0),
        };
        ears.insert(wired.id, Ear { driver, heard });
    }
    Ok(ears)
}

impl Ear {
    /// Hears a chunk and tells the judge what it says, as the station of a board does.
    fn hear(&mut self, event: &Event, octets: &[u8], judge: &mut Judge) {
        let (mut told, mut owed, mut readings) = (Vec::new(), Vec::new(), Vec::<Reading>::new());
        self.driver.hear(octets, &mut told, &mut owed);
        let mut tell = |kind| {
            judge.take(&Event {
                at: event.at,
                device: event.device,
                kind,
            });
        };
        for told in told {
            match told {
                Told::Reading(reading) => readings.push(reading),
                // Parts of answers look broken to who has not asked.
                Told::Damaged(damage) if damage.why != DamageKind::Framing => {
                    self.heard.now.1 += 1;
                    tell(EventKind::Damaged { damage });
                }
                _ => {}
            }
        }
        if !readings.is_empty() {
            self.heard.now.0 += readings.len() as u64;
            tell(EventKind::Sampled {
                readings: readings.into(),
            });
        }
    }
}

/// Findings of one check then and now.
fn paired(then: Vec<Finding>, now: Vec<Finding>) -> Vec<(Option<Finding>, Option<Finding>)> {
    let mut left: Vec<Option<Finding>> = now.into_iter().map(Some).collect();
    let mut pairs = Vec::new();
    for finding in then {
        let same = |other: &&mut Option<Finding>| {
            other
                .as_ref()
                .is_some_and(|other| other.check == finding.check)
        };
        let other = left.iter_mut().find(same).and_then(Option::take);
        pairs.push((Some(finding), other));
    }
    pairs.extend(left.into_iter().flatten().map(|new| (None, Some(new))));
    pairs
}
