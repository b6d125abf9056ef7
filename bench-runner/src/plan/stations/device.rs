//! One device of a wiring: its model, link, limits, options and channels.

use std::collections::BTreeMap;

use drivers::accelerator;
use drivers::catalog::{self, Entry, Role};
use drivers::clock::Clock;
use drivers::link::{Link, Pacing};
use drivers::model::{BoardSetup, DriverSetup};
use drivers::power_supply;
use drivers::solar_array_simulator;
use drivers::thermal_chamber;
use profiles::channel::ChannelSpec;
use profiles::name::DeviceName;
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::Period;
use reports::event::DeviceId;

use super::{BoardPlan, DevicePlan, InstrumentPlan, Wired};
use crate::config::campaign::{RawSetting, RawValue};
use crate::config::refusal::Refusal;
use crate::config::wiring::{RawDevice, RawWiring};
use crate::config::{Located, number_help};
use crate::plan::{Planner, sky};
use crate::runtime::Pace;

/// How often an instrument is asked when the wiring does not say.
const POLL_DEFAULT: Period = Period::millis(1_000);

/// An instrument that is asked less often is not watched.
const LONGEST_POLL: Period = Period::millis(60_000);

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
                Role::PowerSupply | Role::SolarArraySimulator | Role::ThermalChamber => {
                    self.instrument(raw, wired)
                }
            });
        }
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
        let channels = self.channels(raw, entry, &name, &options)?;
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
                Role::PowerSupply | Role::SolarArraySimulator | Role::ThermalChamber => {
                    entry.pacing
                }
            },
            faults: (share("drop"), share("flip")),
            serial: raw.serial.as_ref().map(|serial| serial.value.clone()),
            options,
            channels,
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

    /// What a device measures: asked of its driver, on a link that leads nowhere.
    fn channels(
        &mut self,
        raw: &RawDevice,
        entry: Entry,
        name: &DeviceName,
        options: &Options,
    ) -> Option<Vec<ChannelSpec>> {
        let clock = Clock::start();
        let setup = || DriverSetup {
            device: name.clone(),
            link: Link::pair(clock, Pacing::Instant).0,
            clock,
            options: options.clone(),
        };
        let channels = match entry.role {
            Role::PowerSupply => catalog::find(power_supply::MODELS, entry.name)
                .map(|model| (model.drive)(setup()).map(|driver| driver.channels())),
            Role::SolarArraySimulator => catalog::find(solar_array_simulator::MODELS, entry.name)
                .map(|model| (model.drive)(setup()).map(|driver| driver.channels())),
            Role::ThermalChamber => catalog::find(thermal_chamber::MODELS, entry.name)
                .map(|model| (model.drive)(setup()).map(|driver| driver.channels())),
            Role::Accelerator => catalog::find(accelerator::MODELS, entry.name).map(|model| {
                let setup = BoardSetup {
                    device: name.clone(),
                    options: options.clone(),
                };
                (model.drive)(setup).map(|driver| driver.channels())
            }),
        };
        match channels? {
            Ok(channels) => Some(channels),
            Err(error) => {
                let message = format!("cannot set up {error}");
                self.refuse(Refusal::at(&raw.place, message, "this device"));
                None
            }
        }
    }

    fn instrument(&mut self, raw: &RawDevice, wired: Wired) -> DevicePlan {
        for (key, value) in [("powered_by", &raw.powered_by), ("inside", &raw.inside)] {
            if let Some(value) = value {
                let message = format!("a {} has no `{key}`", wired.role);
                let expected = "expected at boards only";
                self.refuse(Refusal::at(&value.place, message, expected));
            }
        }
        let poll = self.poll(raw.poll.as_ref());
        let entries = catalog::entries();
        let ratings = entries.iter().find(|entry| entry.name == wired.model);
        let ratings = ratings.map(|entry| entry.ratings).unwrap_or_default();
        let ratings = power_supply::ratings(wired.model, &wired.options).unwrap_or(ratings);
        let mut limits: BTreeMap<String, f64> = ratings
            .iter()
            .map(|rating| {
                // A make that the wiring describes is rated there.
                let rated = wired.options.number(&format!("rated_{}", rating.name));
                (rating.name.to_owned(), rated.unwrap_or(rating.value))
            })
            .collect();
        for limit in &raw.limits {
            self.limit(limit, &mut limits);
        }
        if limits.get("min_celsius") >= limits.get("max_celsius")
            && limits.contains_key("max_celsius")
        {
            let message = "`min_celsius` is not below `max_celsius`";
            let place = raw.limits.first().map_or(&raw.place, |limit| &limit.place);
            self.refuse(Refusal::at(place, message, "expected one below the other"));
            // So that set points are not held against limits that nobody meant.
            limits.extend(
                ratings
                    .iter()
                    .map(|rating| (rating.name.to_owned(), rating.value)),
            );
        }
        DevicePlan::Instrument(InstrumentPlan {
            wired,
            poll,
            limits,
        })
    }

    fn poll(&mut self, poll: Option<&Located<f64>>) -> Period {
        let Some(poll) = poll else {
            return POLL_DEFAULT;
        };
        let millis = poll.value * 1e3;
        let whole = (millis - millis.round()).abs() < 1e-6;
        let longest = LONGEST_POLL.as_secs_f64() * 1e3;
        if whole && (1.0..=longest).contains(&millis) {
            return Period::from_millis(millis.round() as u32).unwrap_or(POLL_DEFAULT);
        }
        let message = format!("an instrument that is asked every {millis} ms");
        let expected = format!("expected whole milliseconds, from \"1 ms\" to \"{LONGEST_POLL}\"");
        self.refuse(Refusal::at(&poll.place, message, expected));
        POLL_DEFAULT
    }

    /// A limit: may only tighten what the hardware can do.
    fn limit(&mut self, limit: &RawSetting, limits: &mut BTreeMap<String, f64>) {
        let key = &limit.key;
        let Some(&rating) = limits.get(&key.value) else {
            let known: Vec<&str> = limits.keys().map(String::as_str).collect();
            self.unknown(&key.place, "limit", &key.value, known.into_iter());
            return;
        };
        let RawValue::Number(value) = limit.value else {
            let found = self.loader.sources.quoted(&limit.place);
            let message = format!("limit `{}` is {found}", key.value);
            let help = match &limit.value {
                RawValue::Text(text) => number_help(text),
                RawValue::Number(_) | RawValue::Other => None,
            };
            let refusal = Refusal::at(&limit.place, message, "expected a number");
            self.refuse(refusal.maybe_help(help));
            return;
        };
        let lowest = key.value.starts_with("min_");
        let looser = if lowest {
            value < rating
        } else {
            value > rating
        };
        let side = if lowest { "at least" } else { "at most" };
        let (message, expected) = if looser {
            (
                format!(
                    "limit `{}` is {value}: the hardware is not made for it",
                    key.value
                ),
                format!("expected {side} {rating}"),
            )
        } else if !key.value.ends_with("celsius") && value <= 0.0 {
            (
                format!("limit `{}` is {value}", key.value),
                format!("expected above 0, at most {rating}"),
            )
        } else {
            limits.insert(key.value.clone(), value);
            return;
        };
        self.refuse(Refusal::at(&limit.place, message, expected));
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
        let mut at = |named: &Option<Located<String>>, roles: &[Role]| {
            let role = roles[0];
            let named = named.as_ref()?;
            let of_role: Vec<&str> = wiring
                .devices
                .iter()
                .filter(|device| {
                    device
                        .role
                        .as_ref()
                        .is_some_and(|r| roles.iter().any(|role| r.value == role.name()))
                })
                .map(|device| device.name.value.as_str())
                .collect();
            if of_role.contains(&named.value.as_str()) {
                return id_of(&named.value);
            }
            // One whose role is wrong is refused already.
            let known = wiring.devices.iter().find(|d| d.name.value == named.value);
            let other = known.and_then(|device| device.role.as_ref());
            match other.filter(|role| Role::ALL.iter().any(|known| known.name() == role.value)) {
                Some(other) => {
                    let message = format!("`{}` is a {}, not a {role}", named.value, other.value);
                    let expected = format!("expected one of: {}", of_role.join(", "));
                    self.refuse(Refusal::at(&named.place, message, expected));
                }
                None if known.is_some() => {}
                None => {
                    let known = of_role.into_iter();
                    self.unknown(&named.place, role.name(), &named.value, known);
                }
            }
            None
        };
        let powered_by = at(
            &raw.powered_by,
            &[Role::PowerSupply, Role::SolarArraySimulator],
        );
        let inside = at(&raw.inside, &[Role::ThermalChamber]);
        DevicePlan::Board(BoardPlan {
            wired,
            powered_by,
            inside,
            work: None,
        })
    }
}
