//! Steps: lengths to windows, and what is told in them to a timeline.

use drivers::catalog::Role;
use profiles::command::{Command, Fault, PowerMode, Switch, Work};
use profiles::orbit::{SupplyCeiling, chamber_timeline, supply_timeline};
use profiles::quantity::{Amperes, Celsius, CelsiusPerMinute, Volts};
use profiles::shape::Ramp;
use profiles::time::{BenchTime, Period, Window};
use reports::header::{Header, StepHeader};

use super::orbit::{Flight, Sky};
use super::stations::{self, DevicePlan};
use super::{Planner, TimedCommand};
use crate::config::Located;
use crate::config::campaign::{RawCampaign, RawLength, RawProfile, RawSet, RawStep};
use crate::config::refusal::{Place, Refusal};
use crate::run::ARMING;

/// What the bench takes to identify and arm its instruments before the first step of the
/// campaign: a supply at 9600 baud needs half a second.
const ARMING_LENGTH: Period = Period::millis(5_000);
/// How often a profile is told when the campaign does not say.
const EVERY_DEFAULT: Period = Period::millis(10_000);

/// A command, and the place in a file that asked for it.
#[derive(Clone, Debug)]
pub(super) struct PlacedCommand {
    pub(super) command: TimedCommand,
    pub(super) place: Place,
}

/// What a timeline is made from.
pub(super) struct Told<'a> {
    pub(super) campaign: &'a RawCampaign,
    pub(super) header: &'a Header,
    pub(super) devices: &'a [DevicePlan],
    pub(super) sky: Option<&'a Sky>,
}

impl Planner {
    /// The steps, one after the other from T0.
    pub(super) fn steps(
        &mut self,
        raws: &[RawStep],
        flight: Option<&Flight>,
    ) -> Option<Vec<StepHeader>> {
        if raws.is_empty() {
            self.refuse(Refusal::nowhere(
                "the campaign has no step: nothing would be tested",
            ));
            return None;
        }
        let start = BenchTime::from_micros(ARMING_LENGTH.as_micros());
        let window = Window {
            start: BenchTime::ZERO,
            end: start,
        };
        let mut steps = vec![StepHeader {
            name: ARMING.to_owned(),
            window,
        }];
        let mut start = start;
        for raw in raws {
            if steps.iter().any(|step| step.name == raw.name.value) {
                let message = format!("two steps are named `{}`", raw.name.value);
                self.refuse(Refusal::at(
                    &raw.name.place,
                    message,
                    "expected another name",
                ));
            }
            let seconds = match (raw.length.value, flight) {
                (RawLength::Seconds(seconds), _) => seconds,
                (RawLength::Orbits(count), Some(flight)) => count * flight.orbit.period_seconds(),
                (RawLength::Orbits(_), None) => {
                    let message = "a length in orbits needs an orbit";
                    let expected = "expected an [orbit], or a length in s, min or h";
                    self.refuse(Refusal::at(&raw.length.place, message, expected));
                    60.0
                }
            };
            if !(0.001..=366.0 * 86_400.0).contains(&seconds) {
                let expected = "expected from 1 ms to a year";
                let message = format!("a step of {seconds} s");
                self.refuse(Refusal::at(&raw.length.place, message, expected));
                return None;
            }
            let end = BenchTime::from_secs_f64(start.as_secs_f64() + seconds).ceil_millis();
            steps.push(StepHeader {
                name: raw.name.value.clone(),
                window: Window { start, end },
            });
            start = end;
        }
        Some(steps)
    }

    /// Everything that is told, in order of time; equal times keep the order of the campaign.
    pub(super) fn timeline(&mut self, told: &Told<'_>) -> Vec<PlacedCommand> {
        let mut timeline = Vec::new();
        for (raw, step) in told
            .campaign
            .steps
            .iter()
            .zip(told.header.steps.iter().skip(1))
        {
            for set in &raw.set {
                self.set(told, step.window, set, &mut timeline);
            }
            for profile in &raw.profiles {
                self.profile(told, step.window, profile, &mut timeline);
            }
        }
        workload_commands(told, &mut timeline);
        timeline.sort_by_key(|placed| placed.command.at);
        timeline
    }

    fn device<'a>(
        &mut self,
        devices: &'a [DevicePlan],
        name: &Located<String>,
    ) -> Option<&'a DevicePlan> {
        let found = stations::find(devices, &name.value);
        if found.is_none() {
            let names = stations::names(devices);
            self.unknown(
                &name.place,
                "device",
                &name.value,
                names.iter().map(AsRef::as_ref),
            );
        }
        found
    }

    fn set(
        &mut self,
        told: &Told<'_>,
        window: Window,
        raw: &RawSet,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let Some(device) = self.device(told.devices, &raw.device) else {
            return;
        };
        let at = window.start.plus_micros((raw.after * 1e6) as u64);
        if at >= window.end || at != at.ceil_millis() {
            let message = "a set point outside its step, or between milliseconds";
            let expected = format!("expected `after` on whole ms, below {} s", window.seconds());
            self.refuse(Refusal::at(&raw.place, message, expected));
        }
        self.breakable(raw, device);
        let role = device.wired().role;
        let before = self.loader.refusals.len();
        let commands = self.set_commands(raw, role);
        if commands.is_empty() && self.loader.refusals.len() == before {
            let message = format!("nothing to tell `{}`", raw.device.value);
            let expected = match role {
                Role::PowerSupply => "expected `volts` and `limit_amps`, or `output`",
                Role::ThermalChamber => "expected `celsius`",
                Role::Accelerator => "expected `mode`",
            };
            self.refuse(Refusal::at(&raw.place, message, expected));
        }
        for (command, place) in commands {
            let command = TimedCommand {
                at,
                device: device.wired().id,
                command,
            };
            timeline.push(PlacedCommand { command, place });
        }
    }

    /// The commands of one entry of `set`, each with the place of its value.
    fn set_commands(&mut self, raw: &RawSet, role: Role) -> Vec<(Command, Place)> {
        let mut commands = Vec::new();
        let mut stray: Vec<(&'static str, &Place)> = Vec::new();
        match (role, &raw.volts, &raw.limit_amps) {
            (Role::PowerSupply, Some(volts), Some(amps)) => {
                let (volts, limit) = (Volts(volts.value), Amperes(amps.value));
                commands.push((Command::Supply { volts, limit }, raw.place.clone()));
            }
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
        match (role, &raw.output) {
            (Role::PowerSupply, Some(state)) => {
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
                let slew = raw.slew.as_ref().map(|slew| CelsiusPerMinute(slew.value));
                let target = Celsius(celsius.value);
                commands.push((Command::Chamber { target, slew }, celsius.place.clone()));
            }
            (_, celsius) => stray.extend(celsius.as_ref().map(|c| ("celsius", &c.place))),
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
            self.fault(raw)
                .map(|fault| (Command::Inject(fault), raw.place.clone())),
        );
        for (key, place) in stray {
            let message = format!("a {role} cannot be told `{key}`");
            self.refuse(Refusal::at(place, message, "nobody reads this"));
        }
        commands
    }

    fn fault(&mut self, raw: &RawSet) -> Option<Fault> {
        let inject = raw.inject.as_ref()?;
        let fault = match (inject.value, &raw.byte, &raw.bit, &raw.length) {
            ("reset", ..) => Some(Fault::Reset),
            ("over-voltage-trip", ..) => Some(Fault::OverVoltageTrip),
            ("mute", _, _, Some(length)) => Some(Fault::Mute {
                millis: (length.value * 1e3) as u32,
            }),
            ("bit-flip", Some(byte), Some(bit), _) if bit.value < 8 => Some(Fault::BitFlip {
                byte: byte.value as u32,
                bit: bit.value as u8,
            }),
            _ => None,
        };
        if fault.is_none() {
            let expected = match inject.value {
                "mute" => "expected `length`, such as \"5 s\"",
                _ => "expected `byte`, and `bit` from 0 to 7",
            };
            let message = format!("`{}` needs more", inject.value);
            self.refuse(Refusal::at(&inject.place, message, expected));
        }
        fault
    }

    fn profile(
        &mut self,
        told: &Told<'_>,
        window: Window,
        raw: &RawProfile,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let Some(device) = self.device(told.devices, &raw.device) else {
            return;
        };
        let every = self.every(raw);
        let place = &raw.device.place;
        let wired = device.wired();
        let points = match (raw.kind.value, wired.role, told.sky) {
            ("orbit", Role::PowerSupply, Some(sky)) => {
                let limit = |key| match device {
                    DevicePlan::Instrument(plan) => plan.limits.get(key).copied(),
                    DevicePlan::Board(_) => None,
                };
                let ceiling = SupplyCeiling {
                    volts: Volts(limit("volts").unwrap_or(f64::MAX)),
                    amps: Amperes(limit("amps").unwrap_or(f64::MAX)),
                };
                supply_timeline(&sky.prediction, &wired.name, window, every, ceiling)
            }
            ("orbit", Role::ThermalChamber, Some(sky)) => {
                chamber_timeline(&sky.prediction, &wired.name, window, every)
            }
            ("orbit", Role::Accelerator, _) => {
                let message = "a board follows the orbit by its workload";
                let expected = "expected a power supply or a chamber";
                let help = "give the workload a `mode` for each phase";
                self.refuse(Refusal::at(place, message, expected).help(help));
                return;
            }
            ("orbit", _, None) => {
                let message = "a profile of kind `orbit` needs an orbit";
                self.refuse(Refusal::at(&raw.kind.place, message, "expected an [orbit]"));
                return;
            }
            _ => {
                self.ramp(raw, wired.id, window, timeline);
                return;
            }
        };
        for point in points.iter() {
            let command = TimedCommand {
                at: point.at,
                device: wired.id,
                command: point.command.clone(),
            };
            timeline.push(PlacedCommand {
                command,
                place: place.clone(),
            });
        }
    }

    fn every(&mut self, raw: &RawProfile) -> Period {
        let Some(every) = &raw.every else {
            return EVERY_DEFAULT;
        };
        let period = Period::from_millis((every.value * 1e3).round() as u32);
        match period.filter(|period| period.as_millis() >= 100) {
            Some(period) => period,
            None => {
                let message = "a profile cannot be told that often";
                self.refuse(Refusal::at(
                    &every.place,
                    message,
                    "expected at least \"100 ms\"",
                ));
                EVERY_DEFAULT
            }
        }
    }

    fn ramp(
        &mut self,
        raw: &RawProfile,
        device: reports::event::DeviceId,
        window: Window,
        timeline: &mut Vec<PlacedCommand>,
    ) {
        let every = self.every(raw);
        let (Some(from), Some(to)) = (&raw.from, &raw.to) else {
            let expected = "expected `from` and `to`";
            self.refuse(Refusal::at(
                &raw.kind.place,
                "a ramp needs two ends",
                expected,
            ));
            return;
        };
        let ramp = Ramp {
            from: from.value,
            to: to.value,
            over: window,
        };
        for (at, value) in ramp.sampled(window, every) {
            let command = match &raw.limit_amps {
                Some(limit) => Command::Supply {
                    volts: Volts(value),
                    limit: Amperes(limit.value),
                },
                None => Command::Chamber {
                    target: Celsius(value),
                    slew: None,
                },
            };
            let command = TimedCommand {
                at: at.ceil_millis(),
                device,
                command,
            };
            timeline.push(PlacedCommand {
                command,
                place: raw.device.place.clone(),
            });
        }
    }
}

/// Starts, stops and power modes of the workloads.
fn workload_commands(told: &Told<'_>, timeline: &mut Vec<PlacedCommand>) {
    for (raw, workload) in told.campaign.workloads.iter().zip(&told.header.workloads) {
        let windows = told.header.steps.iter().skip(1).filter(|step| {
            raw.during
                .as_ref()
                .is_none_or(|names| names.iter().any(|n| n.value == step.name))
        });
        for step in windows {
            let mut tell = |at, work| {
                let command = Command::Accelerator(work);
                let command = TimedCommand {
                    at,
                    device: workload.device,
                    command,
                };
                timeline.push(PlacedCommand {
                    command,
                    place: raw.name.place.clone(),
                });
            };
            for interval in &told.header.phases {
                let mode = raw.modes.iter().find(|(phase, _)| *phase == interval.phase);
                if let (Some((_, mode)), Some(window)) =
                    (mode, interval.window.overlap(&step.window))
                {
                    tell(window.start.ceil_millis(), Work::Mode(*mode));
                }
            }
            tell(step.window.start, Work::Start);
            tell(step.window.end - Period::millis(1), Work::Stop);
        }
    }
}
