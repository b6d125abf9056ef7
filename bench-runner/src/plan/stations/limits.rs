//! Limits: each set point against what the wiring allows, and the worst of them.

use std::collections::{BTreeMap, BTreeSet};

use drivers::catalog::Role;
use profiles::command::{Command, Sink};
use profiles::quantity::CelsiusPerMinute;
use profiles::time::BenchTime;
use reports::event::DeviceId;

use super::DevicePlan;
use super::rates::RATES;
use crate::config::refusal::{Place, Refusal};
use crate::plan::Planner;
use crate::plan::steps::PlacedCommand;

/// The set point that comes nearest to a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Whose.
    pub device: String,
    /// Which limit, as wirings spell it.
    pub limit: String,
    /// What it allows.
    pub allowed: f64,
    /// The set point.
    pub value: f64,
    /// When it is told.
    pub at: BenchTime,
    /// How many set points there are against this limit.
    pub count: usize,
}

impl Worst {
    /// Keeps the worse of the two, and counts both.
    pub(super) fn take(&mut self, other: Worst) {
        let count = self.count + other.count;
        if other.margin() < self.margin() {
            *self = other;
        }
        self.count = count;
    }

    /// Distance from the limit, positive inside.
    pub fn margin(&self) -> f64 {
        if self.limit.starts_with("min_") {
            self.value - self.allowed
        } else {
            self.allowed - self.value
        }
    }
}

/// The limit of how fast a chamber goes: no model has one, wirings may.
pub(crate) const SLEW: &str = "slew_k_per_min";

/// The limits that a role may have beside what its models are rated for.
pub(in crate::plan) fn unrated(role: Role) -> &'static [&'static str] {
    match role {
        Role::ThermalChamber => &[SLEW],
        role if role.feeds() => &RATES,
        _ => &[],
    }
}

/// Limits of what is never below zero.
const LOWEST_IS_ZERO: [&str; 3] = ["volts", "amps", "watts"];

/// The values of a command, each with the limit that it is held against.
fn values(command: &Command) -> Vec<(&'static str, f64)> {
    match command {
        Command::Supply { volts, limit } => vec![("volts", volts.0), ("amps", limit.0)],
        Command::Curve(points) => vec![
            ("volts", points.voc.0),
            ("amps", points.isc.0),
            ("watts", points.knee_watts().0),
        ],
        Command::Load(Sink::Amps(amps)) => vec![("amps", amps.0)],
        Command::Load(Sink::Volts(volts)) => vec![("volts", volts.0)],
        Command::Load(Sink::Watts(watts)) => vec![("watts", watts.0)],
        Command::Chamber { target, slew } => vec![
            ("min_celsius", target.0),
            ("max_celsius", target.0),
            // Left to itself, a chamber is as fast as it can.
            (SLEW, slew.map_or(f64::INFINITY, |slew| slew.0)),
        ],
        Command::Attenuate(loss) => vec![("min_db", loss.0), ("max_db", loss.0)],
        Command::Load(Sink::Ohms(_))
        | Command::LoadInput(_)
        | Command::SupplyOutput(_)
        | Command::Accelerator(_)
        | Command::Inject(_) => Vec::new(),
    }
}

/// What of a command lies beyond the limits of its device, or makes no sense, if anything does.
pub(crate) fn beyond(command: &Command, limits: &BTreeMap<String, f64>) -> Option<String> {
    values(command).into_iter().find_map(|(limit, value)| {
        if limit != SLEW && !value.is_finite() {
            return Some(format!("{value} is no number"));
        }
        if LOWEST_IS_ZERO.contains(&limit) && value < 0.0 {
            return Some(format!("{value} is below 0"));
        }
        let allowed = *limits.get(limit)?;
        let lowest = limit.starts_with("min_");
        let outside = if lowest {
            value < allowed
        } else {
            value > allowed
        };
        let side = if lowest { "below" } else { "above" };
        outside.then(|| format!("{value} is {side} the limit `{limit}`, {allowed}"))
    })
}

/// The worst set point from each place in the campaign against each limit.
pub(super) type ByPlace = BTreeMap<(DeviceId, &'static str, usize), (Worst, Place)>;

impl Planner {
    /// Has chambers whose rate is limited go no faster where the campaign leaves it to them.
    pub(in crate::plan) fn slews(timeline: &mut [PlacedCommand], devices: &[DevicePlan]) {
        for placed in timeline {
            let mut devices = devices.iter();
            let device = devices.find(|device| device.wired().id == placed.command.device);
            if let Command::Chamber { slew, .. } = &mut placed.command.command
                && slew.is_none()
                && let Some(DevicePlan::Instrument(device)) = device
            {
                *slew = device.limits.get(SLEW).copied().map(CelsiusPerMinute);
            }
        }
    }

    /// Refuses what goes beyond a limit, at each place that asks for it, and finds the worst set
    /// point against each limit.
    pub(in crate::plan) fn limits(
        &mut self,
        timeline: &[PlacedCommand],
        devices: &[DevicePlan],
    ) -> Vec<Worst> {
        let mut places = ByPlace::new();
        let mut negative = BTreeSet::new();
        for placed in timeline {
            let command = &placed.command;
            let device = devices
                .iter()
                .find(|device| device.wired().id == command.device);
            let Some(DevicePlan::Instrument(device)) = device else {
                continue;
            };
            for (limit, value) in values(&command.command) {
                let amps = placed.amps_place.as_ref().filter(|_| limit == "amps");
                let place = amps.unwrap_or(&placed.place);
                let Some(&allowed) = device.limits.get(limit) else {
                    continue;
                };
                let candidate = Worst {
                    device: device.wired.name.to_string(),
                    limit: limit.to_owned(),
                    allowed,
                    value,
                    at: command.at,
                    count: 1,
                };
                let key = (command.device, limit, place.span.start);
                // The lowest volts are never the nearest to a limit that is a highest.
                if value < 0.0 && LOWEST_IS_ZERO.contains(&limit) && negative.insert(key) {
                    let device = &device.wired.name;
                    let message = format!("`{device}` would be told {} {limit}", tidy(value));
                    self.refuse(Refusal::at(place, message, "expected at least 0"));
                }
                match places.get_mut(&key) {
                    None => {
                        places.insert(key, (candidate, place.clone()));
                    }
                    Some((worst, _)) => worst.take(candidate),
                }
            }
        }
        Planner::rates(timeline, devices, &mut places);
        let mut worst: BTreeMap<(DeviceId, &'static str), Worst> = BTreeMap::new();
        for ((device, limit, _), (here, place)) in places {
            self.within(&here, &place);
            match worst.get_mut(&(device, limit)) {
                None => {
                    worst.insert((device, limit), here);
                }
                Some(worst) => worst.take(here),
            }
        }
        worst.into_values().collect()
    }

    fn within(&mut self, worst: &Worst, place: &Place) {
        let value = tidy(worst.value);
        if worst.margin() >= 0.0 {
            return;
        }
        let (side, most) = if worst.limit.starts_with("min_") {
            ("below", "at least")
        } else {
            ("above", "at most")
        };
        let told = if RATES.contains(&&*worst.limit) {
            "to change by "
        } else {
            ""
        };
        let within = if told.is_empty() {
            ""
        } else {
            " within a second"
        };
        let message = format!(
            "`{}` would be told {told}{value}{within} at {}, {side} its limit `{}`",
            worst.device, worst.at, worst.limit
        );
        let expected = format!("expected {most} {}", worst.allowed);
        let help = "limits stand in the wiring and protect the hardware; change the campaign";
        self.refuse(Refusal::at(place, message, expected).help(help));
    }
}

/// A number with no more places than anybody reads.
fn tidy(value: f64) -> String {
    if value.abs() < 1e9 {
        format!("{}", (value * 1e3).round() / 1e3)
    } else {
        format!("{value:e}")
    }
}
