//! What the satellite meets over the run: light, contacts, links, regions and particles.

pub(crate) mod orbit;
pub(crate) mod orbit_source;
mod satellite;
pub(crate) mod schedule;
pub(crate) mod surroundings;

use std::path::Path;

use drivers::catalog::Role;
use drivers::link::QemuMode;
use profiles::command::{Command, Fault};
use profiles::orbit::{
    Prediction, PropagationError, SolarArray, Utc, injections, phases, predict_in,
    radiation_effects,
};
use profiles::seed::Seed;
use profiles::time::{BenchTime, Window};
use reports::header::{NamedWindow, Pass, StepHeader};

pub(super) use orbit::{DEVICE, Flight};
use surroundings::regions;

use super::stations::{DevicePlan, Wired};
use super::steps::PlacedCommand;
use super::tables::rate_table;
use super::{Planner, TimedCommand};
use crate::config::campaign::RawCampaign;
use crate::config::folder::Folder;
use crate::config::orbit::surroundings::RawRadiation;
use crate::config::refusal::Refusal;

/// Most hits of one campaign: a board that is hit more often is never done starting.
const MOST_HITS: usize = 100_000;

/// What the satellite does over the run.
pub(super) struct Sky {
    pub(super) prediction: Prediction,
    /// The satellite's array, for who simulates it.
    pub(super) array: SolarArray,
    pub(super) start: Utc,
    pub(super) lines: Vec<String>,
    /// What tells where the satellite is.
    pub(super) model: &'static str,
    /// Contacts, links and regions, by their starts.
    pub(super) windows: Vec<NamedWindow>,
    /// Passes, where there is a down-link.
    pub(super) passes: Vec<Pass>,
}

impl Planner {
    /// What the satellite does over all steps.
    pub(super) fn predict(
        &mut self,
        flight: &Flight,
        steps: &[StepHeader],
        campaign: &RawCampaign,
    ) -> Option<Sky> {
        let span = Window {
            start: BenchTime::ZERO,
            end: steps.last()?.window.end,
        };
        match sky(flight, span) {
            Ok(sky) => Some(sky),
            Err(error) => {
                self.unflown(&error, campaign);
                None
            }
        }
    }

    fn unflown(&mut self, error: &PropagationError, campaign: &RawCampaign) {
        let source = campaign
            .orbit
            .as_ref()
            .and_then(|orbit| orbit.source.as_ref());
        let message = format!("the orbit cannot be flown to the campaign's end: {error}");
        self.refuse(match source {
            Some(source) => Refusal::at(source.place(), message, "this orbit")
                .help("has the satellite decayed by then?"),
            None => Refusal::nowhere(message),
        });
        self.broken.section("orbit");
    }

    /// What the particles do to each emulated board, by the same seed the same.
    pub(super) fn radiation(
        &mut self,
        folder: &Folder,
        campaign: &RawCampaign,
        flight: &Flight,
        (devices, seed, span): (&[DevicePlan], Seed, Window),
    ) -> Vec<PlacedCommand> {
        let raw = campaign.orbit.as_ref();
        let Some(raw) = raw.and_then(|orbit| orbit.around.radiation.as_ref()) else {
            return Vec::new();
        };
        let seed = raw.seed.map_or(seed, Seed);
        let rates = match &raw.rates {
            None => None,
            Some(path) => {
                let Some((table, text)) = rate_table(&mut self.loader, folder, path) else {
                    return Vec::new();
                };
                let name = Path::new(&path.value).file_name().unwrap_or_default();
                self.keep_file(&name.to_string_lossy(), text.as_bytes());
                Some(table)
            }
        };
        let mut timeline = Vec::new();
        for board in self.hit(raw, devices) {
            // A stream for each board: another board more leaves the others' hits as they are.
            let mut stream = seed.stream(board.name.as_str(), "radiation");
            let flown = (&flight.orbit, flight.start);
            let found = radiation_effects(flown, span, &raw.model, rates.as_ref(), &mut stream);
            let effects = match found {
                Ok(effects) => effects,
                Err(error) => {
                    self.unflown(&error, campaign);
                    return Vec::new();
                }
            };
            if effects.len() > MOST_HITS {
                let message = format!("particles hit `{}` {} times", board.name, effects.len());
                let expected = format!("expected at most {MOST_HITS} over the campaign");
                self.refuse(Refusal::at(&raw.place, message, expected));
                return Vec::new();
            }
            let memory = raw.memory.as_ref();
            let target = match board.link.qemu() {
                None => None,
                Some(_) => match self.target(board, memory, &raw.place) {
                    None => return Vec::new(),
                    target => target,
                },
            };
            let bytes = target.as_ref().map(|target| target.octets() as u32);
            let bytes = bytes.unwrap_or_else(|| memory_bytes(board));
            let points = injections(&effects, &board.name, bytes, seed);
            timeline.extend(points.iter().map(|point| PlacedCommand {
                command: TimedCommand {
                    at: point.at,
                    device: board.id,
                    command: match (&target, &point.command) {
                        (Some(target), Command::Inject(Fault::BitFlip { byte, bit })) => {
                            Command::Inject(target.flip(u64::from(*byte), *bit))
                        }
                        (_, command) => command.clone(),
                    },
                },
                place: raw.place.clone(),
                amps_place: None,
            }));
        }
        timeline
    }

    /// The boards that particles hit: those that are named, or all that are emulated here.
    fn hit<'a>(&mut self, raw: &RawRadiation, devices: &'a [DevicePlan]) -> Vec<&'a Wired> {
        let boards = devices.iter().map(DevicePlan::wired);
        let boards = boards.filter(|wired| wired.role == Role::Accelerator);
        let is_played = |wired: &Wired| wired.link.line().is_none() && wired.link.qemu().is_none();
        let keeps_step = |wired: &Wired| {
            let firmware = wired.link.qemu();
            firmware.is_some_and(|spec| spec.mode == QemuMode::LockStep)
        };
        let emulated = |wired: &Wired| is_played(wired) || keeps_step(wired);
        let Some(names) = &raw.boards else {
            // Real firmware is hit where somebody asks for it.
            let firmware = raw.memory.is_some();
            let hit = boards.filter(|wired| is_played(wired) || firmware && keeps_step(wired));
            return hit.collect();
        };
        let mut hit = Vec::new();
        for name in names {
            match boards
                .clone()
                .find(|wired| wired.name.as_str() == name.value)
            {
                Some(wired) if emulated(wired) => hit.push(wired),
                Some(_) => {
                    let message = format!("`{}` is not emulated in this process", name.value);
                    let expected = "expected an emulated board: nothing here radiates a real one";
                    self.refuse(Refusal::at(&name.place, message, expected));
                }
                None => {
                    let known = boards.clone().map(|wired| wired.name.as_str());
                    self.unknown(&name.place, "accelerator", &name.value, known);
                }
            }
        }
        hit
    }
}

/// How much memory particles can hit: that of the network which the board runs.
fn memory_bytes(board: &Wired) -> u32 {
    let network = board.network();
    network.map_or(u32::MAX, |network| network.image().len() as u32)
}

fn sky(flight: &Flight, span: Window) -> Result<Sky, PropagationError> {
    let flown = (&flight.orbit, flight.start);
    let contacts = flight.around.contacts(flown, span)?;
    let mut windows = flight.around.windows(flown, span, &contacts)?;
    windows.extend(regions(flown, span)?);
    windows.sort_by_key(|named| named.window.start);
    let phases = phases(flown.0, flown.1, span, flight.shadow)?;
    let mut spacecraft = flight.spacecraft.clone();
    let load = &mut spacecraft.load;
    flight.schedule.apply(load, &phases, &windows);
    let fidelity = flight.shadow.into();
    Ok(Sky {
        prediction: predict_in(phases, flown, span, &spacecraft, fidelity)?,
        array: spacecraft.solar_array,
        start: flight.start,
        lines: flight.lines.clone(),
        model: flight.orbit.model(),
        windows,
        passes: flight.around.passes(flown, &contacts)?,
    })
}
