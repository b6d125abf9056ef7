//! A run, told again by today's parsers and judged by today's checks.
//!
//! What boards sent is in the record where the run kept it (`bench run --wire`). It goes through
//! the drivers of today once more, and what they make of it takes the place of what was recorded.
//! Broken framing stays as recorded, for a driver that has not asked takes parts of answers for it.
//! Everything else is as it was, too: instruments answer what they are asked, so that their lines say
//! nothing without the questions of that day.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use drivers::accelerator::{self, Accelerator, Heard as Told};
use drivers::catalog;
use drivers::telemetry::dictionary::Limits;
use profiles::channel::ChannelSpec;
use profiles::option::{OptionValue, Options};
use profiles::reading::{DamageKind, Reading};
use profiles::time::{BenchTime, Window};
use reports::event::{DeviceId, Event, EventKind};
use reports::header::{CheckSpec, Gap, Header, NamedWindow, Subject};
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

/// Replays the run in `folder` with the checks of `plan`, which must be for the same devices. The
/// limits of `plan`'s dictionary, if it has one, are checks, too.
///
/// # Errors
/// If the record cannot be read, the plan is for other devices, or there is a dictionary and no
/// packets in the record that it could be for.
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
        return Err(ExecuteError::Replay(why));
    }
    let mut ears = ears(plan, &record)?;
    let mut speakers = ears.values().filter(|ear| ear.driver.expected().is_some());
    if plan.has_dictionary() && speakers.next().is_none() {
        let why = "the record holds no raw bytes of a board that a dictionary could be for: \
                   bench run --wire keeps them";
        return Err(ExecuteError::Replay(why.to_owned()));
    }
    let mut today = Header {
        checks: plan.header.checks.clone(),
        devices: plan.header.devices.clone(),
        ..recorded.clone()
    };
    for (device, ear) in &ears {
        let limits = ear.driver.expected().unwrap_or_default();
        let checks = dictionary_checks(&plan.header, *device, limits);
        today.checks.extend(checks);
    }
    today.gaps = gaps_of(&recorded, &today, &plan.header);
    place(&mut today.checks, &recorded);
    let channels = Renumbered::new(&recorded, &today);
    let mut before = Judge::new(&recorded, &goldens)?;
    let mut after = Judge::new(&today, &plan.goldens)?;
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
            _ => after.take(&channels.of_today(event)),
        }
    })?;
    Ok(Replay {
        heard: ears.into_values().map(|ear| ear.heard).collect(),
        findings: paired(before.conclude(), after.conclude()),
    })
}

/// Has checks look where their stretches lie in the run.
fn place(checks: &mut [CheckSpec], recorded: &Header) {
    for check in checks {
        let placed = check.windows.iter().flat_map(|named| {
            let pieces = recorded.placed(named.window).into_iter();
            pieces.map(|window| NamedWindow {
                name: named.name.clone(),
                window,
            })
        });
        check.windows = placed.collect();
        check.windows.sort_by_key(|named| named.window.start);
    }
}

/// The gaps of a run, with the checks of today that see their stretch in two pieces: their windows are
/// still those of the plan.
fn gaps_of(recorded: &Header, today: &Header, planned: &Header) -> Vec<Gap> {
    let first = planned.steps.first();
    let first = first.map_or(BenchTime::ZERO, |step| step.window.end);
    let torn = |gap: &Gap| -> Vec<u16> {
        let checks = (0_u16..).zip(&today.checks);
        let is_torn = |check: &CheckSpec| {
            let mut windows = check.windows.iter();
            windows.any(|named| gap.tears(named.window, first))
        };
        let torn = checks.filter(|(_, check)| is_torn(check));
        torn.map(|(place, _)| place).collect()
    };
    let gaps = recorded.gaps.iter();
    let gaps = gaps.map(|gap| Gap {
        torn: torn(gap),
        ..gap.clone()
    });
    gaps.collect()
}

/// Channels of the record by their numbers of today, where a driver numbers them otherwise now.
struct Renumbered(BTreeMap<DeviceId, Vec<Option<u16>>>);

impl Renumbered {
    fn new(then: &Header, now: &Header) -> Renumbered {
        let devices = (0..).zip(then.devices.iter().zip(&now.devices));
        let changed = devices.filter(|(_, (then, now))| then.channels != now.channels);
        let places = changed.map(|(number, (then, now))| {
            let place = |channel: &ChannelSpec| {
                let mut known = now.channels.iter();
                let place = known.position(|known| known.name == channel.name)?;
                Some(place as u16)
            };
            (DeviceId(number), then.channels.iter().map(place).collect())
        });
        Renumbered(places.collect())
    }

    fn of_today<'a>(&self, event: &'a Event) -> Cow<'a, Event> {
        let (Some(places), EventKind::Sampled { readings }) =
            (self.0.get(&event.device), &event.kind)
        else {
            return Cow::Borrowed(event);
        };
        let readings = readings.iter().filter_map(|reading| {
            let channel = *places.get(usize::from(reading.channel))?;
            Some(Reading {
                channel: channel?,
                ..*reading
            })
        });
        let readings = readings.collect();
        Cow::Owned(Event {
            kind: EventKind::Sampled { readings },
            ..event.clone()
        })
    }
}

/// A check of kind `limits` for each channel of a device of which its dictionary has limits.
fn dictionary_checks(header: &Header, device: DeviceId, limits: &[Limits]) -> Vec<CheckSpec> {
    let Some(described) = header.device_at(device) else {
        return Vec::new();
    };
    let channels = (0..).zip(described.channels.iter().zip(limits));
    let limited = channels.filter(|(_, (_, limits))| limits.red.or(limits.yellow).is_some());
    let checks = limited.map(|(channel, (spec, limits))| {
        let name = format!("{}.{}", described.name, spec.name);
        let subject = Subject::Channel { device, channel };
        limits_check(&name, subject, limits, header.end)
    });
    checks.collect()
}

fn limits_check(name: &str, subject: Subject, limits: &Limits, end: BenchTime) -> CheckSpec {
    let mut options = Options::default();
    for (range, least, most) in [
        (limits.red, "red_min", "red_max"),
        (limits.yellow, "yellow_min", "yellow_max"),
    ] {
        if let Some([low, high]) = range {
            options.set(least, OptionValue::Number(low));
            options.set(most, OptionValue::Number(high));
        }
    }
    let whole = NamedWindow {
        name: "whole run".to_owned(),
        window: Window {
            start: BenchTime::ZERO,
            end,
        },
    };
    CheckSpec {
        name: format!("{name} within the dictionary's limits"),
        kind: "limits".to_owned(),
        subject,
        subject_text: name.to_owned(),
        during: whole.name.clone(),
        windows: vec![whole],
        options,
    }
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
        let driver = model.map(|model| (model.drive)(wired.board_setup()));
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
        self.driver.hear(event.at, octets, &mut told, &mut owed);
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
