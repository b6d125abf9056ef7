//! One device of a wiring: its model, link, limits, options and channels.

use drivers::accelerator;
use drivers::catalog::{self, Entry, Role};
use drivers::clock::Clock;
use drivers::instrument::Instrument;
use drivers::link::{Link, Pacing};
use drivers::model::{BoardSetup, DriverSetup};
use drivers::player::Room;
use profiles::channel::ChannelSpec;
use profiles::name::DeviceName;
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use reports::event::DeviceId;

use super::instrument::SOURCES;
use super::{BoardPlan, DevicePlan, Wired};
use crate::config::refusal::Refusal;
use crate::config::wiring::{RawDevice, RawWiring};
use crate::plan::{Planner, sky};
use crate::runtime::Pace;

/// Damage that a wiring may ask for on an emulated link.
const FAULTS: &[OptionSpec] = &[
    OptionSpec {
        name: "drop",
        kind: OptionKind::Number {
            min: 0.0,
            max: 1.0,
            unit: "of all chunks",
        },
        default: Some(OptionDefault::Number(0.0)),
        help: "share of chunks that never arrive",
    },
    OptionSpec {
        name: "flip",
        kind: OptionKind::Number {
            min: 0.0,
            max: 1.0,
            unit: "of all chunks",
        },
        default: Some(OptionDefault::Number(0.0)),
        help: "share of chunks in which one bit turns over",
    },
];

impl Planner {
    /// The devices of a wiring, in order of their names, whatever the order of the file.
    pub(in crate::plan) fn devices(
        &mut self,
        wiring: &RawWiring,
        has_orbit: bool,
        pace: Pace,
    ) -> Vec<DevicePlan> {
        let mut names: Vec<&str> = wiring
            .devices
            .iter()
            .map(|d| d.name.value.as_str())
            .collect();
        if has_orbit {
            names.push(sky::DEVICE);
        }
        names.sort_unstable();
        let id_of = |name: &str| {
            names
                .iter()
                .position(|&known| known == name)
                .map(|index| DeviceId(index as u16))
        };
        if pace == Pace::Real {
            self.lines(wiring);
            self.plant(wiring);
        }
        let mut raws: Vec<&RawDevice> = wiring.devices.iter().collect();
        raws.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        let mut devices = Vec::new();
        for raw in raws {
            let Some(wired) = id_of(&raw.name.value).and_then(|id| self.wired(raw, id, pace))
            else {
                self.broken.name(&raw.name.value);
                continue;
            };
            devices.push(match wired.role {
                Role::Accelerator => self.board(raw, wired, wiring, &id_of),
                _ => self.instrument(raw, wired, wiring, &id_of),
            });
        }
        self.buses(&devices, wiring);
        devices
    }

    fn wired(&mut self, raw: &RawDevice, id: DeviceId, pace: Pace) -> Option<Wired> {
        let name = match DeviceName::new(&raw.name.value) {
            Ok(name) if raw.name.value == sky::DEVICE => {
                let message = format!("`{name}` is the name of the orbit's own channels");
                self.refuse(Refusal::at(
                    &raw.name.place,
                    message,
                    "expected another name",
                ));
                return None;
            }
            Ok(name) => name,
            Err(error) => {
                let refusal = Refusal::at(&raw.name.place, error.to_string(), "this name");
                self.refuse(refusal);
                return None;
            }
        };
        let entry = self.entry(raw);
        let pacing = entry.map_or(Pacing::Instant, |entry| entry.pacing);
        let link = self.link(raw, pacing, pace);
        let reconnect = self.reconnect(raw, &link);
        let manners = self.manners(raw, &link);
        let faults = self.options("`faults`", &raw.place, &raw.faults, FAULTS);
        let entry = entry?;
        let options = self.options(
            &format!("`{}`", entry.name),
            &raw.place,
            &raw.options,
            entry.options,
        );
        let share = |key| faults.number(key).unwrap_or(0.0);
        let network = match entry.role {
            Role::Accelerator => self.network_file(raw, &options),
            _ => None,
        };
        let (channels, room) = self.known_by_driver(raw, entry, &name, &options)?;
        Some(Wired {
            id,
            name,
            role: entry.role,
            model: entry.name,
            link,
            reconnect,
            manners,
            pacing: match entry.role {
                Role::Accelerator => accelerator::pacing(entry.pacing, &options),
                _ => entry.pacing,
            },
            faults: (share("drop"), share("flip")),
            serial: raw.serial.as_ref().map(|serial| serial.value.clone()),
            options,
            accuracy: self.accuracy(raw, entry.name, &channels),
            channels,
            plays: self.plays(raw, entry.name, room),
            dictionary: self.dictionary.clone(),
            network,
            calibration: self.calibration(raw),
            fence: None,
        })
    }

    /// The row of the catalog that a device names.
    fn entry(&mut self, raw: &RawDevice) -> Option<Entry> {
        let roles = Role::ALL.map(Role::name);
        let (role, model) = (raw.role.as_ref()?, raw.model.as_ref()?);
        if !roles.contains(&role.value.as_str()) {
            self.unknown(&role.place, "role", &role.value, roles.iter().copied());
            return None;
        }
        let entries = catalog::entries();
        let of_role: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.role.name() == role.value)
            .collect();
        if let Some(entry) = of_role.iter().find(|entry| entry.name == model.value) {
            return Some(**entry);
        }
        let known = of_role.iter().map(|entry| entry.name);
        if let Some(entry) = entries.iter().find(|entry| entry.name == model.value) {
            let message = format!(
                "`{}` is no {}, but a {}",
                entry.name, role.value, entry.role
            );
            let expected = format!("expected one of: {}", known.collect::<Vec<_>>().join(", "));
            self.refuse(Refusal::at(&model.place, message, expected));
            return None;
        }
        self.unknown(&model.place, "model", &model.value, known);
        None
    }

    /// What a device measures, and which lists it can play: asked of its driver, on a link that
    /// leads nowhere.
    fn known_by_driver(
        &mut self,
        raw: &RawDevice,
        entry: Entry,
        name: &DeviceName,
        options: &Options,
    ) -> Option<(Vec<ChannelSpec>, Option<Room>)> {
        let clock = Clock::start();
        let setup = || DriverSetup {
            device: name.clone(),
            link: Link::pair(clock, Pacing::Instant).0,
            clock,
            options: options.clone(),
        };
        let known = match entry.role {
            Role::Accelerator => catalog::find(accelerator::MODELS, entry.name).map(|model| {
                let setup = BoardSetup {
                    device: name.clone(),
                    options: options.clone(),
                    dictionary: self.dictionary.clone(),
                    // What it measures does not depend on that.
                    network: None,
                };
                (model.drive)(setup).map(|driver| (driver.channels(), None))
            }),
            role => Instrument::open(role, entry.name, setup()).map(|opened| {
                opened.map(|mut instrument| {
                    let room = instrument.player().map(|player| player.room());
                    (instrument.channels(), room)
                })
            }),
        };
        match known? {
            Ok(known) => Some(known),
            Err(error) => {
                let message = format!("cannot set up {error}");
                self.refuse(Refusal::at(&raw.place, message, "this device"));
                None
            }
        }
    }

    fn board(
        &mut self,
        raw: &RawDevice,
        wired: Wired,
        wiring: &RawWiring,
        id_of: &impl Fn(&str) -> Option<DeviceId>,
    ) -> DevicePlan {
        if let Some(poll) = &raw.poll {
            let message = "a board is not polled: it speaks by itself";
            let help = "its options say how often, as `telemetry_hz`";
            let refusal = Refusal::at(&poll.place, message, "expected at instruments only");
            self.refuse(refusal.help(help));
        }
        if let Some(limit) = raw.limits.first() {
            let message = "a board has no limits of its own";
            let help = "give them to the supply and the chamber";
            self.refuse(Refusal::at(&limit.key.place, message, "nobody reads this").help(help));
        }
        if let Some(rule) = &raw.latch_up {
            let message = "a board has no `latch_up`";
            let expected = "expected at supplies and solar-array simulators";
            let refusal = Refusal::at(&rule.place, message, expected);
            self.refuse(refusal.help("whoever feeds it cuts its power"));
        }
        if let Some(measures) = &raw.measures {
            let message = "a board has no `measures`";
            let expected = "expected at power analysers only";
            self.refuse(Refusal::at(&measures.place, message, expected));
        }
        let powered_by = self.other(raw.powered_by.as_ref(), &SOURCES, wiring, id_of);
        let inside = &[Role::ThermalChamber];
        let inside = self.other(raw.inside.as_ref(), inside, wiring, id_of);
        DevicePlan::Board(BoardPlan {
            wired,
            powered_by,
            inside,
            work: None,
        })
    }
}
