//! Interlocks: which reading of which device makes the bench tell whom what, and how soon.

use drivers::catalog::Role;
use profiles::channel::ChannelSpec;
use profiles::command::{Command, Switch};
use profiles::time::Period;
use reports::event::DeviceId;
use reports::header::InterlockHeader;

use super::{DevicePlan, find, names};
use crate::config::Located;
use crate::config::interlock::RawInterlock;
use crate::config::refusal::Refusal;
use crate::plan::Planner;
use crate::plan::limits::beyond;

/// Who reacts later than this reacts to nothing.
const LONGEST: Period = Period::millis(60_000);

/// A rule between devices, which the bench keeps whatever the campaign tells them.
#[derive(Clone, Debug, PartialEq)]
pub struct Interlock {
    /// Its name.
    pub name: String,
    /// Whose reading it watches.
    pub device: DeviceId,
    /// On which channel.
    pub channel: u16,
    /// When it holds.
    pub holds: Holds,
    /// The same as people write it: `chamber.air above 60 °C`.
    pub when: String,
    /// What is told then.
    pub then: Vec<(DeviceId, Command)>,
    /// The same as people write it.
    pub told: Vec<String>,
    /// How long that may take, from the reading until all is carried out.
    pub within: Period,
}

/// When an interlock holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holds {
    /// Above a number.
    Above(f64),
    /// Below a number.
    Below(f64),
    /// In a state, by its number.
    Is(u16),
}

impl Interlock {
    /// What checks and reports need to know of it.
    pub(in crate::plan) fn header(&self) -> InterlockHeader {
        InterlockHeader {
            name: self.name.clone(),
            when: self.when.clone(),
            then: self.told.clone(),
            within_us: self.within.as_micros(),
        }
    }
}

impl Planner {
    /// The interlocks of the bench, and those that a campaign adds: it cannot take one away.
    pub(in crate::plan) fn interlocks(
        &mut self,
        raws: &[&RawInterlock],
        devices: &[DevicePlan],
    ) -> Vec<Interlock> {
        let mut interlocks: Vec<Interlock> = Vec::new();
        for raw in raws {
            if interlocks.iter().any(|known| known.name == raw.name.value) {
                let message = format!("two interlocks are named `{}`", raw.name.value);
                let help = "a campaign adds interlocks to those of the wiring, and replaces none";
                let refusal = Refusal::at(&raw.name.place, message, "expected another name");
                self.refuse(refusal.help(help));
            }
            interlocks.extend(self.interlock(raw, devices));
        }
        interlocks
    }

    fn interlock(&mut self, raw: &RawInterlock, devices: &[DevicePlan]) -> Option<Interlock> {
        let watched = self.watched(&raw.channel, devices);
        let then = self.reactions(raw, devices);
        let within = self.reaction_time(&raw.within);
        let (device, channel) = watched?;
        let spec = &device.wired().channels[channel];
        let (holds, when) = self.holds(raw, spec)?;
        let name_of = |id: &DeviceId| {
            let mut devices = devices.iter().map(DevicePlan::wired);
            let wired = devices.find(|wired| wired.id == *id);
            wired
                .map(|wired| wired.name.to_string())
                .unwrap_or_default()
        };
        let told = then.iter();
        let told = told.map(|(id, command)| format!("{}: {command}", name_of(id)));
        Some(Interlock {
            name: raw.name.value.clone(),
            device: device.wired().id,
            channel: channel as u16,
            holds,
            when: format!("{} {when}", raw.channel.value),
            told: told.collect(),
            then,
            within: within?,
        })
    }

    /// The device and the place of its channel that a rule watches.
    fn watched<'a>(
        &mut self,
        written: &Located<String>,
        devices: &'a [DevicePlan],
    ) -> Option<(&'a DevicePlan, usize)> {
        let Some((device, channel)) = written.value.split_once('.') else {
            let message = format!("`{}` names no channel", written.value);
            let expected = "expected a device and its channel, such as `chamber.air`";
            self.refuse(Refusal::at(&written.place, message, expected));
            return None;
        };
        let Some(found) = find(devices, device) else {
            let names = names(devices);
            let known = names.iter().map(AsRef::as_ref);
            self.unknown(&written.place, "device", device, known);
            return None;
        };
        let channels = &found.wired().channels;
        let place = channels.iter().position(|spec| &*spec.name == channel);
        if place.is_none() {
            let known = channels.iter().map(|spec| &*spec.name);
            let what = format!("channel of `{device}`");
            self.unknown(&written.place, &what, channel, known);
        }
        Some((found, place?))
    }

    /// When a rule holds, and how people write that.
    fn holds(&mut self, raw: &RawInterlock, spec: &ChannelSpec) -> Option<(Holds, String)> {
        let unit = &spec.unit;
        let written = (&raw.above, &raw.below, &raw.is);
        match written {
            (Some(above), None, None) if spec.states.is_empty() => {
                let when = format!("above {} {unit}", above.value);
                Some((Holds::Above(above.value), when))
            }
            (None, Some(below), None) if spec.states.is_empty() => {
                let when = format!("below {} {unit}", below.value);
                Some((Holds::Below(below.value), when))
            }
            (None, None, Some(is)) if !spec.states.is_empty() => {
                let state = spec.states.iter().position(|state| **state == *is.value);
                if state.is_none() {
                    let known = spec.states.iter().map(|state| &**state);
                    let what = format!("state of `{}`", spec.name);
                    self.unknown(&is.place, &what, &is.value, known);
                }
                Some((Holds::Is(state? as u16), format!("is {}", is.value)))
            }
            _ if !raw.is_whole => None,
            _ => {
                let expected = if spec.states.is_empty() {
                    "expected one of `above` and `below`: this channel has numbers"
                } else {
                    "expected `is`: this channel has states"
                };
                let message = format!("when does interlock `{}` hold?", raw.name.value);
                self.refuse(Refusal::at(&raw.channel.place, message, expected));
                None
            }
        }
    }

    /// What is told when a rule holds: nothing that could switch something on.
    fn reactions(
        &mut self,
        raw: &RawInterlock,
        devices: &[DevicePlan],
    ) -> Vec<(DeviceId, Command)> {
        let mut then = Vec::new();
        for set in &raw.then {
            let Some(device) = find(devices, &set.device.value) else {
                let names = names(devices);
                let known = names.iter().map(AsRef::as_ref);
                self.unknown(&set.device.place, "device", &set.device.value, known);
                continue;
            };
            if let Some(after) = &set.after {
                let message = "an interlock does not wait";
                let expected = "expected no `after`: it is told at once";
                self.refuse(Refusal::at(&after.place, message, expected));
            }
            for (command, place) in self.set_commands(set, device.wired().role) {
                let is_safe = matches!(
                    command,
                    Command::SupplyOutput(Switch::Off)
                        | Command::LoadInput(Switch::Off)
                        | Command::Chamber { .. }
                        | Command::Attenuate(_)
                );
                let limits = match device {
                    DevicePlan::Instrument(instrument) => Some(&instrument.limits),
                    DevicePlan::Board(_) => None,
                };
                let beyond = limits.and_then(|limits| beyond(&command, limits));
                if device.wired().role == Role::Accelerator || !is_safe {
                    let message = format!("an interlock would tell `{}`", device.wired().name);
                    let message = format!("{message} {command}");
                    let expected = "expected `output = \"off\"`, `input = \"off\"`, `celsius` or \
                                    `attenuation_db`: a reaction switches nothing on";
                    self.refuse(Refusal::at(&place, message, expected));
                } else if let Some(beyond) = beyond {
                    let message = format!("interlock `{}`: {beyond}", raw.name.value);
                    self.refuse(Refusal::at(&place, message, "expected one within it"));
                } else {
                    then.push((device.wired().id, command));
                }
            }
        }
        if raw.then.is_empty() && raw.is_whole {
            let message = format!("interlock `{}` tells nobody anything", raw.name.value);
            let expected = "expected `then = [{ device = …, output = \"off\" }]`";
            self.refuse(Refusal::at(&raw.place, message, expected));
        }
        then
    }

    fn reaction_time(&mut self, within: &Located<f64>) -> Option<Period> {
        let millis = within.value * 1e3;
        if (1.0..=f64::from(LONGEST.as_millis())).contains(&millis) {
            return Period::from_millis(millis.round() as u32);
        }
        let message = format!("a reaction within {} s", within.value);
        let expected = format!("expected from \"1 ms\" to \"{LONGEST}\"");
        self.refuse(Refusal::at(&within.place, message, expected));
        None
    }
}
