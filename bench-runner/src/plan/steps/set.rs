//! What is told at the start of a step: entries of `set` to commands.

use drivers::catalog::Role;
use profiles::command::{Command, PowerMode, Switch, Work};
use profiles::quantity::{Amperes, Celsius, CelsiusPerMinute, Decibels, Volts};
use profiles::time::{BenchTime, Window};

use super::{PlacedCommand, Told};
use crate::config::Located;
use crate::config::campaign::RawSet;
use crate::config::refusal::{Place, Refusal};
use crate::plan::{Planner, TimedCommand};

impl Planner {
    pub(super) fn set(
        &mut self,
        told: &Told<'_>,
        window: Window,
        raw: &RawSet,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let Some(device) = self.device(told.devices, &raw.device) else {
            return;
        };
        self.breakable(raw, device);
        let at = self.set_time(window, raw);
        let role = device.wired().role;
        let before = self.loader.refusals.len();
        let commands = self.set_commands(raw, role);
        if commands.is_empty() && self.loader.refusals.len() == before && raw.is_whole {
            let message = format!("nothing to tell `{}`", raw.device.value);
            self.refuse(Refusal::at(&raw.place, message, needed(role)));
        }
        for (command, place) in commands {
            let command = TimedCommand {
                at,
                device: device.wired().id,
                command,
            };
            timeline.push(PlacedCommand {
                command,
                place,
                amps_place: raw.limit_amps.as_ref().map(|amps| amps.place.clone()),
            });
        }
    }

    /// The commands of one entry of `set`, each with the place of its value.
    pub(in crate::plan) fn set_commands(
        &mut self,
        raw: &RawSet,
        role: Role,
    ) -> Vec<(Command, Place)> {
        let mut commands = Vec::new();
        let mut stray: Vec<(&'static str, &Place)> = Vec::new();
        match (role, &raw.volts, &raw.limit_amps) {
            (Role::PowerSupply, Some(volts), Some(amps)) => {
                let volts_place = volts.place.clone();
                let (volts, limit) = (Volts(volts.value), Amperes(amps.value));
                commands.push((Command::Supply { volts, limit }, volts_place));
            }
            (Role::PowerSupply, Some(_), None) | (Role::PowerSupply, None, Some(_))
                if !raw.is_whole => {}
            (Role::PowerSupply, Some(one), None) | (Role::PowerSupply, None, Some(one)) => {
                let message = "a supply is told a voltage and a current limit together";
                let expected = "expected both `volts` and `limit_amps`";
                self.refuse(Refusal::at(&one.place, message, expected));
            }
            (_, volts, amps) => {
                stray.extend(volts.as_ref().map(|volts| ("volts", &volts.place)));
                stray.extend(amps.as_ref().map(|amps| ("limit_amps", &amps.place)));
            }
        }
        commands.extend(self.curve(raw, role, &mut stray));
        commands.extend(self.load(raw, role, &mut stray));
        match (role, &raw.output) {
            (Role::PowerSupply | Role::SolarArraySimulator, Some(state)) => {
                let switch = if state.value == "on" {
                    Switch::On
                } else {
                    Switch::Off
                };
                commands.push((Command::SupplyOutput(switch), state.place.clone()));
            }
            (_, output) => stray.extend(output.as_ref().map(|output| ("output", &output.place))),
        }
        match (role, &raw.celsius) {
            (Role::ThermalChamber, Some(celsius)) => {
                self.slew(raw.slew.as_ref());
                let slew = raw.slew.as_ref().map(|slew| CelsiusPerMinute(slew.value));
                let target = Celsius(celsius.value);
                commands.push((Command::Chamber { target, slew }, celsius.place.clone()));
            }
            (_, celsius) => {
                stray.extend(celsius.as_ref().map(|c| ("celsius", &c.place)));
                stray.extend(raw.slew.as_ref().map(|s| ("slew_k_per_min", &s.place)));
            }
        }
        match (role, &raw.attenuation) {
            (Role::Attenuator, Some(db)) => {
                let loss = Decibels(db.value);
                commands.push((Command::Attenuate(loss), db.place.clone()));
            }
            (_, db) => stray.extend(db.as_ref().map(|db| ("attenuation_db", &db.place))),
        }
        match (role, &raw.mode) {
            (Role::Accelerator, Some(mode)) => {
                let work = PowerMode::from_name(mode.value).unwrap_or_default();
                let command = Command::Accelerator(Work::Mode(work));
                commands.push((command, mode.place.clone()));
            }
            (_, mode) => stray.extend(mode.as_ref().map(|mode| ("mode", &mode.place))),
        }
        commands.extend(
            self.fault(raw, role)
                .map(|fault| (Command::Inject(fault), raw.place.clone())),
        );
        for (key, place) in stray {
            let message = format!("{} cannot be told `{key}`", role.with_article());
            self.refuse(Refusal::at(place, message, tellable(role)));
        }
        commands
    }

    fn slew(&mut self, slew: Option<&Located<f64>>) {
        if let Some(slew) = slew.filter(|slew| slew.value <= 0.0) {
            let message = format!("a rate of {} K/min", slew.value);
            let expected = "expected above 0; heating or cooling, the chamber knows";
            self.refuse(Refusal::at(&slew.place, message, expected));
        }
    }

    /// When it is told: on a whole millisecond within the step.
    fn set_time(&mut self, window: Window, raw: &RawSet) -> BenchTime {
        let Some(after) = &raw.after else {
            return window.start;
        };
        let at = window.start.plus_micros((after.value * 1e6).round() as u64);
        if at != at.ceil_millis() {
            let message = format!("`after` is {} ms", after.value * 1e3);
            let expected = "expected whole milliseconds";
            self.refuse(Refusal::at(&after.place, message, expected));
        } else if at >= window.end && !self.broken.is_timeless() {
            let message = format!("`after` is {} s: the step is over by then", after.value);
            let expected = format!("expected below {} s", window.seconds());
            self.refuse(Refusal::at(&after.place, message, expected));
        }
        at
    }
}

/// What an entry for a device of this role must have.
const fn needed(role: Role) -> &'static str {
    match role {
        Role::PowerSupply => "expected `volts` and `limit_amps`, or `output`",
        Role::SolarArraySimulator => {
            "expected `isc_amps`, `imp_amps`, `voc_volts` and `vmp_volts`, or `output`"
        }
        Role::ElectronicLoad => {
            "expected `sink_amps`, `sink_volts`, `sink_ohms` or `sink_watts`, or `input`"
        }
        Role::PowerAnalyser => "expected `inject`: it only looks",
        Role::ThermalChamber => "expected `celsius`",
        Role::Attenuator => "expected `attenuation_db`",
        Role::Accelerator => "expected `mode`, or `inject`",
    }
}

/// What a device of this role can be told.
const fn tellable(role: Role) -> &'static str {
    match role {
        Role::PowerSupply => "expected `volts`, `limit_amps`, `output` or `inject`",
        Role::SolarArraySimulator => {
            "expected `isc_amps`, `imp_amps`, `voc_volts`, `vmp_volts`, `output` or `inject`"
        }
        Role::ElectronicLoad => {
            "expected `sink_amps`, `sink_volts`, `sink_ohms`, `sink_watts`, `input` or `inject`"
        }
        Role::PowerAnalyser => "expected `inject`",
        Role::ThermalChamber => "expected `celsius`, `slew_k_per_min` or `inject`",
        Role::Attenuator => "expected `attenuation_db` or `inject`",
        Role::Accelerator => "expected `mode` or `inject`",
    }
}
