//! Stations: the wiring's devices, each with its model, link, limits and options.

use std::collections::BTreeMap;
use std::sync::Arc;

use drivers::accelerator;
use drivers::catalog::{self, Entry, Role};
use drivers::clock::Clock;
use drivers::link::{Link, LinkSpec, Pacing};
use drivers::model::{BoardSetup, DriverSetup};
use drivers::power_supply;
use drivers::thermal_chamber;
use profiles::channel::ChannelSpec;
use profiles::name::DeviceName;
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::Period;
use reports::event::DeviceId;
use reports::header::DeviceHeader;

use super::workloads::BoardWork;
use super::{Planner, device_name, orbit};
use crate::config::Located;
use crate::config::campaign::{RawSetting, RawValue};
use crate::config::refusal::Refusal;
use crate::config::wiring::{RawDevice, RawWiring};
use crate::runtime::Pace;

/// How often an instrument is asked when the wiring does not say.
const POLL_DEFAULT: Period = Period::millis(1_000);

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

/// A device of the plan.
#[derive(Debug)]
pub enum DevicePlan {
    /// Something that is polled and told.
    Instrument(InstrumentPlan),
    /// Something that speaks by itself.
    Board(BoardPlan),
}

/// What both kinds have.
#[derive(Clone, Debug)]
pub struct Wired {
    /// Its number.
    pub id: DeviceId,
    /// Its name.
    pub name: DeviceName,
    /// Its role.
    pub role: Role,
    /// Its model.
    pub model: &'static str,
    /// What leads to it.
    pub link: LinkSpec,
    /// The pace of its line, where it is emulated.
    pub pacing: Pacing,
    /// Its options, checked.
    pub options: Options,
    /// Share of received chunks that are dropped, and damaged.
    pub faults: (f64, f64),
    /// The serial number that it must have.
    pub serial: Option<String>,
    /// Its channels.
    pub channels: Vec<ChannelSpec>,
}

/// An instrument of the plan.
#[derive(Debug)]
pub struct InstrumentPlan {
    /// What it is.
    pub wired: Wired,
    /// How often it is asked.
    pub poll: Period,
    /// What it may be told at most, by the keys of the wiring.
    pub limits: BTreeMap<String, f64>,
}

/// A board of the plan.
#[derive(Debug)]
pub struct BoardPlan {
    /// What it is.
    pub wired: Wired,
    /// The supply that feeds it, in the emulated plant.
    pub powered_by: Option<DeviceId>,
    /// The chamber that it stands in, in the emulated plant.
    pub inside: Option<DeviceId>,
    /// What it works on.
    pub work: Option<BoardWork>,
}

impl DevicePlan {
    /// What both kinds have.
    pub fn wired(&self) -> &Wired {
        match self {
            DevicePlan::Instrument(instrument) => &instrument.wired,
            DevicePlan::Board(board) => &board.wired,
        }
    }
}

/// The header's devices, and the orbit's own channels if there is one.
pub(super) fn headers(devices: &[DevicePlan], has_orbit: bool) -> Vec<DeviceHeader> {
    let mut headers: Vec<DeviceHeader> = devices
        .iter()
        .map(|device| {
            let wired = device.wired();
            DeviceHeader {
                name: wired.name.to_string(),
                role: wired.role.name().to_owned(),
                model: wired.model.to_owned(),
                link: wired.link.to_string(),
                emulated: wired.link.is_emulated(),
                channels: wired.channels.clone(),
            }
        })
        .collect();
    if has_orbit {
        headers.push(DeviceHeader {
            name: orbit::DEVICE.to_owned(),
            role: "profile".to_owned(),
            model: "sgp4".to_owned(),
            link: String::new(),
            emulated: false,
            channels: crate::run::context_channels(),
        });
    }
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}

/// Gives each board its work.
pub(super) fn with_work(
    devices: Vec<DevicePlan>,
    mut work: BTreeMap<DeviceId, BoardWork>,
) -> Vec<DevicePlan> {
    devices
        .into_iter()
        .map(|device| match device {
            DevicePlan::Board(board) => {
                let work = work.remove(&board.wired.id);
                DevicePlan::Board(BoardPlan { work, ..board })
            }
            instrument @ DevicePlan::Instrument(_) => instrument,
        })
        .collect()
}

impl Planner {
    /// The devices of a wiring, in order of their names, whatever the order of the file.
    pub(super) fn devices(
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
            names.push(orbit::DEVICE);
        }
        names.sort_unstable();
        let id_of = |name: &str| {
            names
                .iter()
                .position(|&known| known == name)
                .map(|index| DeviceId(index as u16))
        };
        let mut raws: Vec<&RawDevice> = wiring.devices.iter().collect();
        raws.sort_by(|a, b| a.name.value.cmp(&b.name.value));
        let mut devices = Vec::new();
        for raw in raws {
            let Some(wired) = id_of(&raw.name.value).and_then(|id| self.wired(raw, id, pace))
            else {
                continue;
            };
            devices.push(match wired.role {
                Role::Accelerator => self.board(raw, wired, wiring, &id_of),
                Role::PowerSupply | Role::ThermalChamber => self.instrument(raw, wired),
            });
        }
        devices
    }

    fn wired(&mut self, raw: &RawDevice, id: DeviceId, pace: Pace) -> Option<Wired> {
        let name = match DeviceName::new(&raw.name.value) {
            Ok(name) if raw.name.value == orbit::DEVICE => {
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
        let entry = self.entry(raw)?;
        let link = self.link(raw, pace);
        let options = self.options(
            &format!("`{}`", entry.name),
            &raw.place,
            &raw.options,
            entry.options,
        );
        let faults = self.options("`faults`", &raw.place, &raw.faults, FAULTS);
        let share = |key| faults.number(key).unwrap_or(0.0);
        let channels = self.channels(raw, entry, &name, &options)?;
        Some(Wired {
            id,
            name,
            role: entry.role,
            model: entry.name,
            link,
            pacing: match entry.role {
                Role::Accelerator => accelerator::pacing(entry.pacing, &options),
                Role::PowerSupply | Role::ThermalChamber => entry.pacing,
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
        if !roles.contains(&raw.role.value.as_str()) {
            self.unknown(
                &raw.role.place,
                "role",
                &raw.role.value,
                roles.iter().copied(),
            );
            return None;
        }
        let entries = catalog::entries();
        let of_role: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.role.name() == raw.role.value)
            .collect();
        if let Some(entry) = of_role.iter().find(|entry| entry.name == raw.model.value) {
            return Some(**entry);
        }
        if let Some(entry) = entries.iter().find(|entry| entry.name == raw.model.value) {
            let message = format!("`{}` is no {}", entry.name, raw.role.value);
            let expected = format!("this model is of role `{}`", entry.role);
            self.refuse(Refusal::at(&raw.model.place, message, expected));
            return None;
        }
        let known = of_role.iter().map(|entry| entry.name);
        self.unknown(&raw.model.place, "model", &raw.model.value, known);
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
        let poll = self.poll(raw.poll.as_ref());
        let entries = catalog::entries();
        let ratings = entries.iter().find(|entry| entry.name == wired.model);
        let ratings = ratings.map(|entry| entry.ratings).unwrap_or_default();
        let mut limits: BTreeMap<String, f64> = ratings
            .iter()
            .map(|rating| (rating.name.to_owned(), rating.value))
            .collect();
        for limit in &raw.limits {
            self.limit(limit, &mut limits);
        }
        if limits.get("min_celsius") >= limits.get("max_celsius")
            && limits.contains_key("max_celsius")
        {
            let message = "`min_celsius` is not below `max_celsius`";
            self.refuse(Refusal::at(
                &raw.place,
                message,
                "the limits of this device",
            ));
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
        match Period::from_millis(millis.round().min(f64::from(u32::MAX)) as u32) {
            Some(period) if whole => period,
            _ => {
                let message = "instruments are asked on whole milliseconds";
                self.refuse(Refusal::at(
                    &poll.place,
                    message,
                    "expected at least \"1 ms\"",
                ));
                POLL_DEFAULT
            }
        }
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
            let message = format!("limit `{}` is no number", key.value);
            self.refuse(Refusal::at(&limit.place, message, "expected a number"));
            return;
        };
        let lowest = key.value.starts_with("min_");
        let looser = if lowest {
            value < rating
        } else {
            value > rating
        };
        if looser || (!key.value.ends_with("celsius") && value <= 0.0) {
            let message = format!("limit `{}` is beyond the hardware's rating", key.value);
            let side = if lowest { "at least" } else { "at most" };
            self.refuse(Refusal::at(
                &limit.place,
                message,
                format!("expected {side} {rating}"),
            ));
            return;
        }
        limits.insert(key.value.clone(), value);
    }

    fn board(
        &mut self,
        raw: &RawDevice,
        wired: Wired,
        wiring: &RawWiring,
        id_of: &impl Fn(&str) -> Option<DeviceId>,
    ) -> DevicePlan {
        if let Some(limit) = raw.limits.first() {
            let message = "a board has no limits of its own";
            let help = "give them to the supply and the chamber";
            self.refuse(Refusal::at(&limit.key.place, message, "nobody reads this").help(help));
        }
        let mut at = |named: &Option<Located<String>>, role: Role| {
            let named = named.as_ref()?;
            let of_role: Vec<&str> = wiring
                .devices
                .iter()
                .filter(|device| device.role.value == role.name())
                .map(|device| device.name.value.as_str())
                .collect();
            if of_role.contains(&named.value.as_str()) {
                return id_of(&named.value);
            }
            self.unknown(&named.place, role.name(), &named.value, of_role.into_iter());
            None
        };
        let powered_by = at(&raw.powered_by, Role::PowerSupply);
        let inside = at(&raw.inside, Role::ThermalChamber);
        self.plant_of(raw, &wired.link, wiring);
        DevicePlan::Board(BoardPlan {
            wired,
            powered_by,
            inside,
            work: None,
        })
    }
}

/// The device of that name, by the name as files write it.
pub(super) fn find<'a>(devices: &'a [DevicePlan], name: &str) -> Option<&'a DevicePlan> {
    let name = device_name(name)?;
    devices.iter().find(|device| device.wired().name == name)
}

/// The names of the devices.
pub(super) fn names(devices: &[DevicePlan]) -> Vec<Arc<str>> {
    devices
        .iter()
        .map(|device| device.wired().name.as_str().into())
        .collect()
}
